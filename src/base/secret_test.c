/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_wipe(void **state)
{
    uint8_t secret[40];
    (void)state;
    memset(secret, 0x5a, sizeof secret);
    base_wipe(secret + 4, 32);
    assert_hex(secret + 4, 32, "0000000000000000000000000000000000000000000000000000000000000000");
    assert_hex(secret, 4, "5a5a5a5a");
    assert_hex(secret + 36, 4, "5a5a5a5a");
    base_wipe(NULL, 0);
}

static void test_wipe_free(void **state)
{
    (void)state;
    base_wipe_free(unit_copy("secret", 7));
    base_wipe_free(NULL);
}

/* AddressSanitizer turns mlock() into nothing, and says that it went well. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { LOCKS = 0 };
#else
enum { LOCKS = 1 };
#endif

/* The flags that the kernel keeps for the mapping that holds an address, " rd wr ... ". */
static void read_flags(const void *address, char *flags, size_t size)
{
    FILE *maps = fopen("/proc/self/smaps", "re");
    char line[512];
    uintptr_t first, last, at = (uintptr_t)address;
    bool inside = false;
    assert_non_null(maps);
    flags[0] = '\0';
    while (fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &first, &last) == 2) inside = first <= at && at < last;
        if (inside && !strncmp(line, "VmFlags:", 8)) snprintf(flags, size, "%s", line + 8);
    }
    fclose(maps);
}

static void test_block(void **state)
{
    char flags[512];
    bool locked;
    (void)state;
    uint8_t *block = base_secret_new(40, &locked);
    assert_non_null(block);
    for (int i = 0; i < 40; i++)
        assert_int_equal(block[i], 0);
    block[39] = 1;
    read_flags(block, flags, sizeof flags);
    assert_non_null(strstr(flags, " dd")); /* not in core dumps */
    assert_non_null(strstr(flags, " wf")); /* wiped when the process forks */
    if (LOCKS) assert_int_equal(locked, strstr(flags, " lo") != NULL);
    base_secret_free(block, 40);
    base_secret_free(NULL, 40);
}

/* Where nothing may be locked, the block is there all the same. */
static void test_nothing_may_be_locked(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct rlimit none = {0, 0};
        bool locked = true;
        if (geteuid() == 0 && seteuid(65534)) _exit(2); /* root may lock anything */
        if (setrlimit(RLIMIT_MEMLOCK, &none)) _exit(3);
        uint8_t *block = base_secret_new(40, &locked);
        _exit(!block || (LOCKS && locked) || block[0]);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_child_has_no_secret(void **state)
{
    (void)state;
    uint8_t *block = base_secret_new(40, NULL);
    memset(block, 0x5a, 40);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) _exit(block[0] || block[39]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(block[0], 0x5a);
    base_secret_free(block, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wipe),
        cmocka_unit_test(test_wipe_free),
        cmocka_unit_test(test_block),
        cmocka_unit_test(test_nothing_may_be_locked),
        cmocka_unit_test(test_child_has_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
