/* SPDX-License-Identifier: MIT */
#include "guest/endpoint.h"

#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void expect_tcp(const char *text, const char *url, const char *shown)
{
    guest_endpoint end;
    base_error error = {0};
    guest_endpoint_parse(text, &end, &error);
    expect_ok(&error);
    assert_string_equal(end.url, url);
    assert_string_equal(end.unix_path, "");
    assert_string_equal(end.shown, shown);
}

static void expect_unix(const char *text, const char *path)
{
    guest_endpoint end;
    base_error error = {0};
    guest_endpoint_parse(text, &end, &error);
    expect_ok(&error);
    assert_string_equal(end.unix_path, path);
    assert_string_equal(end.shown, path);
    assert_string_equal(end.url, "http://dstack");
}

static void expect_malformed(const char *text)
{
    guest_endpoint end;
    base_error error = {0};
    if (guest_endpoint_parse(text, &end, &error) != DSTACK_P2P_ERR_CONFIG) fail_msg("accepted: '%s'", text);
}

static void test_tcp(void **state)
{
    (void)state;
    expect_tcp("http://localhost:8090", "http://localhost:8090", "http://localhost:8090");
    expect_tcp("http://localhost:8090/", "http://localhost:8090", "http://localhost:8090");
    expect_tcp("http://localhost:8090///", "http://localhost:8090", "http://localhost:8090");
    expect_tcp("http://h/i/alice", "http://h/i/alice", "http://h/...");
    expect_tcp("http://h/i/alice/", "http://h/i/alice", "http://h/...");
    expect_tcp("https://user:secret@h:1/x", "https://user:secret@h:1/x", "https://h:1/...");
    expect_tcp("HTTP://h", "HTTP://h", "HTTP://h");
    expect_tcp("http://[::1]:80", "http://[::1]:80", "http://[::1]:80");
}

static void test_unix(void **state)
{
    (void)state;
    expect_unix("/var/run/dstack.sock", "/var/run/dstack.sock");
    expect_unix("./simulator/dstack.sock", "./simulator/dstack.sock");
    expect_unix("dstack.sock", "dstack.sock");
    expect_unix("unix:/run/x.sock", "/run/x.sock");
    expect_unix("unix:///run/x.sock", "/run/x.sock");
    expect_unix("/tmp/with space/x", "/tmp/with space/x");
}

static void test_malformed(void **state)
{
    (void)state;
    expect_malformed("ftp://h");
    expect_malformed("ws://h");
    expect_malformed("http://");
    expect_malformed("http:///");
    expect_malformed("http://h?x=1");
    expect_malformed("http://h#x");
    expect_malformed("http://h/ x");
    expect_malformed("http://h\n");
    expect_malformed("http://h:99999");
    expect_malformed("unix:");
    expect_malformed("unix://");
}

static void test_length_of_a_socket_path(void **state)
{
    char path[sizeof((struct sockaddr_un *)0)->sun_path + 1];
    (void)state;
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[sizeof path - 2] = '\0';
    expect_unix(path, path);
    path[sizeof path - 2] = 'x';
    path[sizeof path - 1] = '\0';
    expect_malformed(path);
}

static void test_length_of_a_url(void **state)
{
    char url[GUEST_ENDPOINT_MAX + 2];
    (void)state;
    memset(url, 'x', sizeof url);
    memcpy(url, "http://h/", 9);
    url[GUEST_ENDPOINT_MAX] = '\0';
    expect_tcp(url, url, "http://h/...");
    url[GUEST_ENDPOINT_MAX] = 'x';
    url[GUEST_ENDPOINT_MAX + 1] = '\0';
    expect_malformed(url);
}

/* Without an endpoint: the usual places, at the time of the call. Those under /run need not be absent on
 * the machine at hand; the last one is the test's own. */
static void test_usual_places(void **state)
{
    static const char *const system_places[] = {"/var/run/dstack.sock", "/run/dstack.sock",
                                                "/var/run/dstack/dstack.sock", "/run/dstack/dstack.sock"};
    char folder[] = "/tmp/endpoint-XXXXXX", before[4096];
    (void)state;
    for (size_t i = 0; i < COUNT(system_places); i++)
        if (access(system_places[i], F_OK) == 0) skip();
    assert_non_null(getcwd(before, sizeof before));
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    expect_unix(NULL, "./simulator/dstack.sock"); /* there is none at all */
    expect_unix("", "./simulator/dstack.sock");
    assert_int_equal(mkdir("simulator", 0700), 0);
    close(open("simulator/dstack.sock", O_CREAT | O_WRONLY, 0600));
    expect_unix(NULL, "./simulator/dstack.sock");
    assert_true(guest_endpoint_exists(NULL));
    assert_true(guest_endpoint_exists("simulator/dstack.sock"));
    unlink("simulator/dstack.sock");
    assert_false(guest_endpoint_exists(NULL));
    assert_false(guest_endpoint_exists("simulator/dstack.sock"));
    assert_true(guest_endpoint_exists("http://127.0.0.1:1"));
    assert_false(guest_endpoint_exists("ftp://127.0.0.1"));
    rmdir("simulator");
    assert_int_equal(chdir(before), 0);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_unix),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_length_of_a_socket_path),
        cmocka_unit_test(test_length_of_a_url),
        cmocka_unit_test(test_usual_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
