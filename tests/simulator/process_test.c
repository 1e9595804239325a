/* SPDX-License-Identifier: MIT */
/* Starting and ending: arguments, sockets that are taken, signals. */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static sim_folder folder;

static int set_up(void **state)
{
    (void)state;
    folder = sim_folder_make();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sim_folder_remove(&folder);
    return 0;
}

static void expect_end(sim_end end, int status, const char *part)
{
    if (end.status != status || !strstr(end.err, part))
        fail_msg("ended with %d and said: %s; expected %d and \"%s\"", end.status, end.err, status, part);
    assert_string_equal(end.out, ""); /* no ready line, in particular */
}

static void test_wrong_usage(void **state)
{
    (void)state;
    expect_end(sim_run("--nothing", NULL), 2, "--nothing");
    expect_end(sim_run("stray", NULL), 2, "unexpected argument stray");
    expect_end(sim_run("--dir", NULL), 2, "requires an argument");
    expect_end(sim_run("--dir", "", NULL), 2, "--dir is empty");
    expect_end(sim_run("--instance", "Alice", NULL), 2, "not Alice");
    expect_end(sim_run("--instance", "", NULL), 2, "--instance takes");
    expect_end(sim_run("--app-id", "12", NULL), 2, "40 hex digits");
    expect_end(sim_run("--app-id", "zz112233445566778899aabbccddeeff00112233", NULL), 2, "40 hex digits");
}

static void test_help_and_version(void **state)
{
    (void)state;
    sim_end end = sim_run("--help", NULL);
    assert_int_equal(end.status, 0);
    assert_non_null(strstr(end.out, "usage: dstack-simulator"));
    assert_string_equal(end.err, "");
    end = sim_run("--version", NULL);
    assert_int_equal(end.status, 0);
    assert_string_equal(end.out, "dstack-simulator 0.1.0\n");
}

static void test_bad_addresses(void **state)
{
    static const char *const cases[][2] = {
        {"8090", "not HOST:PORT"},
        {"127.0.0.1", "not HOST:PORT"},
        {"127.0.0.1:", "not HOST:PORT"},
        {":8090", "not HOST:PORT"},
        {"127.0.0.1:65536", "not HOST:PORT"},
        {"127.0.0.1:1x", "not HOST:PORT"},
        {"::1:0", "not HOST:PORT"},
        {"nothing.invalid:0", "nothing.invalid"},
        {"0.0.0.0:0", "--allow-remote"},
        {"[::]:0", "--allow-remote"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_end(sim_run("--dir", folder.path, "--listen", cases[i][0], NULL), 1, cases[i][1]);
}

static void test_remote_addresses_when_allowed(void **state)
{
    (void)state;
    sim_process process = sim_start(folder.path, "--listen", "0.0.0.0:0", "--allow-remote", NULL);
    unsigned port = 0;
    char url[64], id[41];
    assert_int_equal(sscanf(process.url, "http://0.0.0.0:%u", &port), 1);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
    sim_instance_id_of((sim_target){NULL, url}, id);
    sim_stop_clean(&process);
}

static void test_localhost_is_ipv4(void **state)
{
    (void)state;
    sim_process process = sim_start(folder.path, "--listen", "localhost:0", NULL);
    assert_memory_equal(process.url, "http://127.0.0.1:", 17);
    sim_stop_clean(&process);
}

static void test_port_in_use(void **state)
{
    (void)state;
    sim_process process = sim_start(folder.path, "--listen", "127.0.0.1:0", NULL);
    sim_folder other = sim_folder_make();
    expect_end(sim_run("--dir", other.path, "--listen", process.url + strlen("http://"), NULL), 1,
               "Address already in use");
    sim_folder_remove(&other);
    sim_stop_clean(&process);
}

static void test_second_simulator_in_a_folder(void **state)
{
    char id[41];
    (void)state;
    sim_process process = sim_start(folder.path, NULL);
    expect_end(sim_run("--dir", folder.path, NULL), 1, "another simulator runs there");
    sim_instance_id_of(sim_unix(process.unix_path), id); /* and the first one has kept its socket */
    /* The folder is locked as well: two that start at the same moment would both find the socket stale. */
    assert_int_equal(unlink(process.unix_path), 0);
    expect_end(sim_run("--dir", folder.path, NULL), 1, "another simulator runs there");
    sim_stop_clean(&process);
}

/* A live socket that is no simulator of ours: it does not lock the folder. */
static void test_live_socket_of_somebody_else(void **state)
{
    char path[64], id[41];
    (void)state;
    sim_folder other = sim_folder_make();
    sim_process process = sim_start(other.path, NULL);
    snprintf(path, sizeof path, "%s/dstack.sock", folder.path);
    assert_int_equal(link(process.unix_path, path), 0);
    expect_end(sim_run("--dir", folder.path, NULL), 1, "another simulator runs there");
    sim_instance_id_of(sim_unix(path), id);
    sim_stop_clean(&process);
    sim_folder_remove(&other);
}

static void test_stale_socket_is_replaced(void **state)
{
    char id[41];
    (void)state;
    sim_process process = sim_start(folder.path, NULL);
    assert_int_equal(sim_stop(&process, SIGKILL).status, -SIGKILL);
    assert_int_equal(access(process.unix_path, F_OK), 0);
    process = sim_start(folder.path, NULL);
    sim_instance_id_of(sim_unix(process.unix_path), id);
    sim_stop_clean(&process);
}

static void test_path_is_no_socket(void **state)
{
    char path[64];
    (void)state;
    snprintf(path, sizeof path, "%s/dstack.sock", folder.path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    expect_end(sim_run("--dir", folder.path, NULL), 1, "is not a socket");
    assert_int_equal(access(path, F_OK), 0);
}

static void test_bad_folders(void **state)
{
    char path[256];
    (void)state;
    snprintf(path, sizeof path, "%s/no/such", folder.path);
    expect_end(sim_run("--dir", path, NULL), 1, "cannot be made");
    snprintf(path, sizeof path, "%s/%0100d", folder.path, 0);
    expect_end(sim_run("--dir", path, NULL), 1, "use a shorter --dir");
    assert_int_equal(access(path, F_OK), -1);
    expect_end(sim_run("--dir", "/dev/null", NULL), 1, "is not a folder");
}

static void test_folder_is_made(void **state)
{
    char path[40];
    struct stat file;
    (void)state;
    snprintf(path, sizeof path, "%s/new", folder.path);
    sim_process process = sim_start(path, NULL);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0700);
    sim_stop_clean(&process);
}

static void test_signals_end_it_at_once(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        sim_process process = sim_start(folder.path, "--listen", "127.0.0.1:0", NULL);
        int open = sim_connect(sim_tcp(&process)); /* which it must not wait for */
        sim_send(open, "POST /Info HTTP/1.1\r\n");
        sim_end end = sim_stop(&process, signals[i]);
        close(open);
        assert_int_equal(end.status, 0);
        assert_true(end.seconds < 3);
        assert_int_equal(access(process.unix_path, F_OK), -1);
    }
}

static void test_it_says_that_its_keys_are_public(void **state)
{
    (void)state;
    sim_process process = sim_start(folder.path, NULL);
    sim_end end = sim_stop(&process, SIGTERM);
    assert_non_null(strstr(end.err, "its keys are public and must never guard anything"));
    assert_non_null(strstr(end.err, "KMS root 0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf"));
}

static void test_no_instance_id(void **state)
{
    (void)state;
    sim_process process = sim_start(folder.path, "--no-instance-id", NULL);
    sim_reply reply = sim_request(sim_unix(process.unix_path), "/Info", "{}");
    assert_string_equal(sim_reply_text(&reply, "instance_id"), "");
    sim_reply_free(&reply);
    sim_stop_clean(&process);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_wrong_usage),
        TEST(test_help_and_version),
        TEST(test_bad_addresses),
        TEST(test_remote_addresses_when_allowed),
        TEST(test_localhost_is_ipv4),
        TEST(test_port_in_use),
        TEST(test_second_simulator_in_a_folder),
        TEST(test_live_socket_of_somebody_else),
        TEST(test_stale_socket_is_replaced),
        TEST(test_path_is_no_socket),
        TEST(test_bad_folders),
        TEST(test_folder_is_made),
        TEST(test_signals_end_it_at_once),
        TEST(test_it_says_that_its_keys_are_public),
        TEST(test_no_instance_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
