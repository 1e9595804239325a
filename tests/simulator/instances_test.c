/* SPDX-License-Identifier: MIT */
/* Names, what they become, and what is on disk while they live and afterwards. */
#include "harness.h"

#include "base/hex.h"

#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static sim_folder folder;
static sim_process process;

static int set_up(void **state)
{
    (void)state;
    folder = sim_folder_make();
    process = sim_start(folder.path, "--listen", "127.0.0.1:0", NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (process.pid) sim_stop_clean(&process);
    sim_folder_remove(&folder);
    return 0;
}

static char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder.path, name);
    return path;
}

static bool is_there(const char *name)
{
    struct stat file;
    return lstat(path_of(name), &file) == 0;
}

static void id_by_url(const char *name, char *id)
{
    char url[128];
    snprintf(url, sizeof url, "%s/i/%s", process.url, name);
    sim_instance_id_of((sim_target){NULL, url}, id);
}

static void test_default_instance_is_the_public_one(void **state)
{
    char id[41];
    json_t *vectors = sim_vectors();
    (void)state;
    sim_instance_id_of(sim_unix(process.unix_path), id);
    assert_string_equal(id, json_string_value(json_object_get(vectors, "instance_id")));
    sim_instance_id_of(sim_tcp(&process), id);
    assert_string_equal(id, json_string_value(json_object_get(vectors, "instance_id")));
    json_decref(vectors);
}

/* The formula that instances.h promises. */
static void expected_id(const char *app_id, const char *name, char *id)
{
    uint8_t input[128], hash[32];
    size_t len = (size_t)sprintf((char *)input, "dstack-simulator-instance-v1:");
    assert_true(base_hex_decode(app_id, 40, input + len, 20));
    memcpy(input + len + 20, name, strlen(name));
    assert_int_equal(EVP_Digest(input, len + 20 + strlen(name), hash, NULL, EVP_sha256(), NULL), 1);
    base_hex_encode(hash, 20, id);
}

static void test_ids_are_deterministic(void **state)
{
    static const char *const names[] = {"alice", "bob", "0", "a-b-", "abcdefghijklmnopqrstuvwxyz012345"};
    char id[41], expected[41];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        id_by_url(names[i], id);
        expected_id("5bb4ff9a3837357f19dc176407a5709c62eb6c56", names[i], expected);
        assert_string_equal(id, expected);
    }
}

static void test_ids_survive_a_restart(void **state)
{
    char alice[41], bob[41], again[41];
    (void)state;
    id_by_url("alice", alice);
    id_by_url("bob", bob);
    assert_string_not_equal(alice, bob);
    sim_stop_clean(&process);
    process = sim_start(folder.path, "--listen", "127.0.0.1:0", NULL);
    id_by_url("alice", again);
    assert_string_equal(again, alice);
}

static void check_mode(const char *name, mode_t type, mode_t mode)
{
    struct stat file;
    assert_int_equal(lstat(path_of(name), &file), 0);
    assert_int_equal(file.st_mode & S_IFMT, type);
    assert_int_equal(file.st_mode & 07777, mode);
}

static void test_asking_over_tcp_makes_the_socket(void **state)
{
    char id[41], same[41];
    (void)state;
    assert_false(is_there("alice"));
    id_by_url("alice", id);
    check_mode("alice", S_IFDIR, 0700);
    check_mode("alice/dstack.sock", S_IFSOCK, 0600);
    check_mode("dstack.sock", S_IFSOCK, 0600);
    sim_instance_id_of(sim_unix(path_of("alice/dstack.sock")), same);
    assert_string_equal(same, id);
}

/* Also from the socket of another instance. */
static void test_asking_over_a_unix_socket_makes_it_too(void **state)
{
    char alice[41], bob[41], expected[41];
    (void)state;
    sim_instance_id_of((sim_target){process.unix_path, "http://x/i/alice"}, alice);
    sim_instance_id_of((sim_target){path_of("alice/dstack.sock"), "http://x/i/bob"}, bob);
    expected_id("5bb4ff9a3837357f19dc176407a5709c62eb6c56", "bob", expected);
    assert_string_equal(bob, expected);
    assert_true(is_there("bob/dstack.sock"));
}

static void test_bad_names(void **state)
{
    static const char *const names[] = {
        "Alice",
        "a.b",
        "a_b",
        "%20",
        "%C3%A9",
        "..",
        ".",
        "a%2e",
        "a:b",
        "abcdefghijklmnopqrstuvwxyz0123456",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"};
    char path[128];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "/i/%s/Info", names[i]);
        sim_expect_error(sim_tcp(&process), path, "{}", 400, "is no instance name");
        sim_expect_error(sim_unix(process.unix_path), path, NULL, 400, "is no instance name");
    }
    struct stat file;
    assert_int_equal(stat(folder.path, &file), 0);
    assert_int_equal(file.st_nlink, 2); /* no folder was made in it */
}

static void test_a_failed_request_makes_nothing(void **state)
{
    (void)state;
    sim_expect_error(sim_tcp(&process), "/i/alice/Nothing", "{}", 400, "no method Nothing");
    sim_expect_error(sim_tcp(&process), "/i/alice/Info", "[", 400, "not valid JSON");
    sim_expect_error(sim_tcp(&process), "/i/alice", "{}", 404, "/i/<name>/<Method>");
    assert_false(is_there("alice"));
}

static void test_a_folder_that_cannot_be_made(void **state)
{
    (void)state;
    FILE *file = fopen(path_of("alice"), "w");
    assert_non_null(file);
    fclose(file);
    sim_expect_error(sim_tcp(&process), "/i/alice/Info", "{}", 500, "is not a folder");
    char id[41];
    id_by_url("bob", id); /* the others are none the worse */
}

static void test_the_end_removes_what_was_made(void **state)
{
    char id[41];
    (void)state;
    assert_int_equal(mkdir(path_of("mine"), 0755), 0);
    id_by_url("mine", id);
    id_by_url("alice", id);
    id_by_url("bob", id);
    FILE *file = fopen(path_of("bob/notes"), "w");
    assert_non_null(file);
    fclose(file);
    sim_stop_clean(&process);
    assert_false(is_there("dstack.sock"));
    assert_false(is_there("alice"));
    assert_true(is_there("mine"));
    assert_false(is_there("mine/dstack.sock"));
    assert_true(is_there("bob/notes"));
    assert_false(is_there("bob/dstack.sock"));
}

/* Somebody else's file at our path is not ours to remove. */
static void test_the_end_leaves_a_replaced_socket(void **state)
{
    (void)state;
    assert_int_equal(unlink(path_of("dstack.sock")), 0);
    FILE *file = fopen(path_of("dstack.sock"), "w");
    assert_non_null(file);
    fclose(file);
    sim_stop_clean(&process);
    assert_true(is_there("dstack.sock"));
}

/* What a killed simulator leaves is taken over: its instances live again before anybody asks. */
static void test_killed_simulators_instances_live_again(void **state)
{
    char before[41], after[41];
    (void)state;
    id_by_url("alice", before);
    assert_int_equal(sim_stop(&process, SIGKILL).status, -SIGKILL);
    assert_true(is_there("alice/dstack.sock"));
    assert_int_equal(mkdir(path_of("empty"), 0755), 0);
    process = sim_start(folder.path, "--listen", "127.0.0.1:0", NULL);
    sim_instance_id_of(sim_unix(path_of("alice/dstack.sock")), after);
    assert_string_equal(after, before);
    assert_false(is_there("empty/dstack.sock"));
}

static void test_instances_from_the_command_line(void **state)
{
    char id[41], expected[41];
    (void)state;
    sim_stop_clean(&process);
    process = sim_start(folder.path, "--instance", "carol", "--instance", "dave", "--instance", "carol",
                        "--app-id", "00112233445566778899aabbccddeeff00112233", NULL);
    assert_string_equal(process.url, "");
    sim_instance_id_of(sim_unix(path_of("carol/dstack.sock")), id);
    expected_id("00112233445566778899aabbccddeeff00112233", "carol", expected);
    assert_string_equal(id, expected);
    sim_instance_id_of(sim_unix(process.unix_path), id);
    expected_id("00112233445566778899aabbccddeeff00112233", "", expected);
    assert_string_equal(id, expected);
    assert_true(is_there("dave/dstack.sock"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_default_instance_is_the_public_one),
        TEST(test_ids_are_deterministic),
        TEST(test_ids_survive_a_restart),
        TEST(test_asking_over_tcp_makes_the_socket),
        TEST(test_asking_over_a_unix_socket_makes_it_too),
        TEST(test_bad_names),
        TEST(test_a_failed_request_makes_nothing),
        TEST(test_a_folder_that_cannot_be_made),
        TEST(test_the_end_removes_what_was_made),
        TEST(test_the_end_leaves_a_replaced_socket),
        TEST(test_killed_simulators_instances_live_again),
        TEST(test_instances_from_the_command_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
