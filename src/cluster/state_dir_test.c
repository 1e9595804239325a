/* SPDX-License-Identifier: MIT */
#include "cluster/state_dir.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[32];
static int dir_fd = -1;

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/p2p-state-XXXXXX");
    assert_non_null(mkdtemp(folder));
    cluster_config config = {.state_dir = folder};
    base_error error = {0};
    dir_fd = cluster_state_dir_open(&config, &error);
    expect_ok(&error);
    assert_true(dir_fd >= 0);
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"a", "a.new", "lock"};
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        unlinkat(dir_fd, names[i], 0);
    close(dir_fd);
    return rmdir(folder);
}

static void expect_content(const char *content)
{
    base_buf found = base_buf_make(100);
    assert_true(cluster_state_read(dir_fd, "a", &found));
    assert_int_equal(found.len, strlen(content));
    if (found.len) assert_string_equal(found.data, content);
    base_buf_free(&found);
}

static void test_written_and_read(void **state)
{
    (void)state;
    assert_true(cluster_state_write(dir_fd, "a", "first one, which is longer", 26));
    expect_content("first one, which is longer");
    assert_true(cluster_state_write(dir_fd, "a", "second", 6));
    expect_content("second");
    assert_true(cluster_state_write(dir_fd, "a", "", 0));
    expect_content("");
    assert_int_equal(faccessat(dir_fd, "a.new", F_OK, 0), -1);
}

/* Whoever has the old one open keeps the old one, whole. */
static void test_replaced_at_once(void **state)
{
    char text[16] = "";
    (void)state;
    assert_true(cluster_state_write(dir_fd, "a", "old", 3));
    int fd = openat(dir_fd, "a", O_RDONLY);
    assert_true(cluster_state_write(dir_fd, "a", "new one", 7));
    assert_int_equal(read(fd, text, sizeof text), 3);
    assert_string_equal(text, "old");
    close(fd);
}

static void test_not_read(void **state)
{
    base_buf small = base_buf_make(4);
    (void)state;
    assert_false(cluster_state_read(dir_fd, "a", &small)); /* missing */
    assert_true(cluster_state_write(dir_fd, "a", "12345", 5));
    assert_false(cluster_state_read(dir_fd, "a", &small)); /* too long */
    base_buf_free(&small);
}

static void test_lock_file(void **state)
{
    struct stat info;
    (void)state;
    int fd = cluster_state_lock_file(dir_fd, "lock");
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    close(fd);
}

static void test_default_place(void **state)
{
    char place[64], made[80];
    base_error error = {0};
    (void)state;
    snprintf(place, sizeof place, "%s/run", folder);
    assert_int_equal(mkdir(place, 0700), 0);
    cluster_config config = {.runtime_dir = place};
    int fd = cluster_state_dir_open(&config, &error);
    expect_ok(&error);
    close(fd);
    snprintf(made, sizeof made, "%s/dstack-p2p", place);
    assert_int_equal(rmdir(made), 0);
    assert_int_equal(rmdir(place), 0);
    assert_int_equal(cluster_state_dir_open(&config, &error), -1); /* can be done without */
    expect_error(&error, DSTACK_P2P_ERR_SYSTEM, made);
}

/* What is lacking at the moment is no reason to do without for ever. */
static void test_done_without(void **state)
{
    static const int lasting[] = {EROFS, EACCES, ENOENT, ENOSPC, EPERM}, passing[] = {EMFILE, ENFILE, ENOMEM};
    const cluster_config none = {0}, given = {.state_dir = folder};
    (void)state;
    for (size_t i = 0; i < COUNT(lasting); i++) {
        assert_false(cluster_state_is_needed(&none, lasting[i]));
        assert_true(cluster_state_is_needed(&given, lasting[i]));
    }
    for (size_t i = 0; i < COUNT(passing); i++)
        assert_true(cluster_state_is_needed(&none, passing[i]));
}

/* No descriptor left: an error, and none that is mistaken for a place where nothing can be kept. */
static void test_no_descriptors(void **state)
{
    struct rlimit before, none;
    base_error error = {0};
    const cluster_config config = {.runtime_dir = folder};
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int fd = cluster_state_dir_open(&config, &error), why = errno;
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(fd, -1);
    expect_error(&error, DSTACK_P2P_ERR_SYSTEM, "cannot be had");
    assert_true(cluster_state_is_needed(&config, why));
    assert_int_equal(unlinkat(dir_fd, "dstack-p2p", AT_REMOVEDIR), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(test_written_and_read), TEST(test_replaced_at_once),
                                       TEST(test_not_read),         TEST(test_lock_file),
                                       TEST(test_default_place),    TEST(test_done_without),
                                       TEST(test_no_descriptors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
