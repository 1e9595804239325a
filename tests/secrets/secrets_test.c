/* SPDX-License-Identifier: MIT */

/*
 * Where private keys are in memory while a handle is used, and after: in their own blocks only. Node and
 * guest agent are another process, and so is whoever writes the key down: this one must not know it from
 * elsewhere.
 */

#include "cluster/key_variable.h"
#include "cluster/sdk.h"
#include "secrets/scan.h"
#include "support/fake_node.h"
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* The derived key of the fake agent's instance, which is dstack's public development one. */
static const uint8_t masked[32] = {0x10, 0x5d, 0xff, 0xa6, 0xcb, 0x0f, 0xc5, 0xa9, 0x3f, 0x3c, 0xd9,
                                   0x53, 0x22, 0x5e, 0xba, 0x47, 0x2a, 0x6b, 0x55, 0x69, 0xb6, 0x95,
                                   0x38, 0x11, 0xed, 0xae, 0x1f, 0x94, 0x6c, 0x68, 0x5a, 0x85};

static char node_url[64], agent_path[128];
/* Of this run alone: in the usual one a day's ceiling is reached after a few dozen. */
static char state_dir[] = "/tmp/secrets-state-XXXXXX";
static pid_t fakes;

static int start_fakes(void **state)
{
    int out[2];
    char line[256] = "";
    (void)state;
    if (!mkdtemp(state_dir) || pipe(out)) return -1;
    fakes = fork();
    if (fakes == 0) {
        dup2(out[1], STDOUT_FILENO);
        execl(FAKE_NODE, FAKE_NODE, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    for (size_t len = 0; len < sizeof line - 1 && !strchr(line, '\n'); len++)
        if (read(out[0], line + len, 1) != 1) break;
    close(out[0]);
    return sscanf(line, "ready: %63s %127s", node_url, agent_path) == 2 ? 0 : -1;
}

static void remove_state(void)
{
    DIR *dir = opendir(state_dir);
    if (!dir) return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(state_dir);
}

static int stop_fakes(void **state)
{
    (void)state;
    remove_state();
    kill(fakes, SIGTERM);
    return waitpid(fakes, NULL, 0) == fakes ? 0 : -1;
}

/* Writes the key's digits, unmasked one by one in a child process. */
static void write_key(int fd)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        for (size_t i = 0; i < sizeof masked; i++)
            dprintf(fd, "%02x", masked[i] ^ SCAN_MASK);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static dstack_p2p *open_handle(const char *key_file)
{
    dstack_p2p_options options = {.rpc_url = node_url,
                                  .guest_endpoint = agent_path,
                                  .guest_wait_ms = DSTACK_P2P_NO_WAIT,
                                  .private_key_file = key_file,
                                  .state_dir = state_dir,
                                  .evidence = DSTACK_P2P_EVIDENCE_OFF};
    dstack_p2p *sdk = dstack_p2p_new_with_options(FAKE_CONTRACT, "http://localhost:8080", &options);
    assert_non_null(sdk);
    return sdk;
}

static void use(dstack_p2p *sdk)
{
    int code = dstack_p2p_register(sdk);
    if (code) fail_msg("%s", dstack_p2p_errmsg(sdk));
    code = dstack_p2p_withdraw(sdk);
    if (code) fail_msg("%s", dstack_p2p_errmsg(sdk));
}

/* The search finds what is there: otherwise its silence says nothing. */
static void test_search(void **state)
{
    static uint8_t plain[32], turned[32];
    static char digits[65];
    (void)state;
    for (size_t i = 0; i < 32; i++) {
        plain[i] = masked[i] ^ SCAN_MASK;
        turned[31 - i] = masked[i] ^ SCAN_MASK;
        snprintf(digits + 2 * i, 3, "%02x", masked[i] ^ SCAN_MASK);
    }
    assert_int_equal(scan_for(masked, (const uint8_t *[]){plain}, 1), 8);
    assert_int_equal(scan_for(masked, (const uint8_t *[]){plain, turned}, 2), 4);
    memset(plain, 0, sizeof plain);
    memset(turned, 0, sizeof turned);
    memset(digits, 0, sizeof digits);
    assert_int_equal(scan_for(masked, NULL, 0), 0);
}

static void test_derived_key(void **state)
{
    (void)state;
    dstack_p2p *sdk = open_handle(NULL);
    use(sdk);
    assert_int_equal(sdk->identity.derived_key32[0], masked[0] ^ SCAN_MASK);
    assert_int_equal(scan_for(masked, (const uint8_t *[]){sdk->identity.derived_key32}, 1), 0);
    dstack_p2p_free(sdk);
    assert_int_equal(scan_for(masked, NULL, 0), 0);
}

static void test_key_in_a_file(void **state)
{
    char path[] = "/tmp/secrets-XXXXXX";
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    write_key(fd);
    close(fd);
    dstack_p2p *sdk = open_handle(path);
    unlink(path);
    use(sdk);
    assert_null(sdk->identity.derived_key32);
    assert_int_equal(sdk->config.key32[0], masked[0] ^ SCAN_MASK);
    assert_int_equal(scan_for(masked, (const uint8_t *[]){sdk->config.key32}, 1), 0);
    dstack_p2p_free(sdk);
    assert_int_equal(scan_for(masked, NULL, 0), 0);
}

/* AddressSanitizer copies the environment for itself when the process starts. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SCANS = 0 };
#else
enum { SCANS = 1 };
#endif

/* A process that was started with the key in its environment, as /proc shows it. */
static bool environment_has_key(void)
{
    static char text[64 * 1024];
    int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
    ssize_t len = read(fd, text, sizeof text);
    close(fd);
    bool named = false;
    for (ssize_t i = 0; i + 14 < len; i++)
        if (!memcmp(text + i, "PRIVATE_KEY=", 12)) named = text[i + 12];
    memset(text, 0, sizeof text);
    return named;
}

static void test_key_in_the_environment(void **state)
{
    (void)state;
    assert_true(environment_has_key());
    dstack_p2p *sdk = open_handle(NULL), *second;
    use(sdk);
    assert_false(environment_has_key());
    assert_null(getenv("PRIVATE_KEY"));
    second = open_handle(NULL);
    assert_true(second->config.has_key);
    cluster_key_variable_forget();
    if (SCANS)
        assert_int_equal(scan_for(masked, (const uint8_t *[]){sdk->config.key32, second->config.key32}, 2),
                         0);
    dstack_p2p_free(sdk);
    dstack_p2p_free(second);
    if (SCANS) assert_int_equal(scan_for(masked, NULL, 0), 0);
}

/* Runs this program again, PRIVATE_KEY in its environment. */
static void test_process_with_variable(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        char digits[65];
        for (size_t i = 0; i < 32; i++)
            snprintf(digits + 2 * i, 3, "%02x", masked[i] ^ SCAN_MASK);
        setenv("PRIVATE_KEY", digits, 1);
        execl("/proc/self/exe", "secrets_test", "--variable", (char *)NULL);
        _exit(127);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest inner[] = {cmocka_unit_test(test_key_in_the_environment)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_derived_key),
        cmocka_unit_test(test_key_in_a_file),
        cmocka_unit_test(test_process_with_variable),
    };
    if (argc > 1 && !strcmp(argv[1], "--variable"))
        return cmocka_run_group_tests(inner, start_fakes, stop_fakes);
    return cmocka_run_group_tests(tests, start_fakes, stop_fakes);
}
