/* SPDX-License-Identifier: MIT */

/* The state directory: what a process leaves behind for the next one, and what others may have left there. */

#include "bad_input/world.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The path of the only file whose name ends so. */
static void find_file(const world *w, const char *ending, char *path, size_t size)
{
    DIR *dir = opendir(w->state_dir);
    size_t found = 0;
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));) {
        size_t len = strlen(entry->d_name), end = strlen(ending);
        if (len < end || strcmp(entry->d_name + len - end, ending) != 0) continue;
        snprintf(path, size, "%s/%s", w->state_dir, entry->d_name);
        found++;
    }
    closedir(dir);
    assert_int_equal(found, 1);
}

static void assert_registers(world *w)
{
    world_open(w, FAKE_CONTRACT, URL);
    if (dstack_p2p_register(w->sdk)) fail_msg("%s", dstack_p2p_errmsg(w->sdk));
    assert_string_equal(world_node(w)->listed_url, URL);
}

/* A process sends a transaction and is gone before it is mined. */
static void leave_one_behind(world *w)
{
    world_node(w)->outcome = NODE_NEVER_MINED;
    world_open(w, FAKE_CONTRACT, URL);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_UNCONFIRMED, "the transaction 0x");
    assert_int_equal(world_node(w)->taken, 1);
    world_node(w)->outcome = NODE_MINED;
    w->keeps_state = true;
}

/* ---- The next process ---- */

/* It never reached anybody: the same one is sent again. */
static void lost_transaction_is_sent_again(void **state)
{
    world *w = *state;
    leave_one_behind(w);
    fake_node_state *node = world_node(w);
    assert_registers(w);
    assert_sends(w, 2);
    assert_int_equal(node->took[1].nonce, node->took[0].nonce);
    assert_int_equal(node->took[1].anchor, node->took[0].anchor);
    assert_int_equal(node->registrations, 1);
    assert_int_equal(node->nonce, 8);
}

/* It was mined while nobody looked. */
static void mined_meanwhile(void **state)
{
    world *w = *state;
    world_node(w)->fault = NODE_CLOSES; /* before the answer */
    world_node(w)->fault_method = "eth_getTransactionReceipt";
    world_node(w)->sync_without_answer = true;
    world_open(w, FAKE_CONTRACT, URL);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_UNCONFIRMED, "the transaction 0x");
    world_node(w)->fault = NODE_HEALTHY;
    w->keeps_state = true;
    assert_registers(w);
    assert_sends(w, 1);
    world_node(w)->listed_url[0] = '\0'; /* and removed: the first one's receipt is looked for, too */
    assert_registers(w);
    assert_sends(w, 2);
    assert_int_equal(world_node(w)->last_nonce, 8);
}

/* The process that took over wants to leave: what is on its way must not land. */
static void registration_of_an_earlier_process_is_withdrawn(void **state)
{
    world *w = *state;
    leave_one_behind(w);
    world_open(w, FAKE_CONTRACT, NULL);
    assert_int_equal(dstack_p2p_withdraw(w->sdk), DSTACK_P2P_OK);
    assert_int_equal(world_node(w)->last_nonce, 7);
    assert_sends(w, 2);
    world_open(w, FAKE_CONTRACT, NULL);
    assert_int_equal(dstack_p2p_withdraw(w->sdk), DSTACK_P2P_OK);
    assert_sends(w, 2);
}

static void spending_outlives_the_process(void **state)
{
    world *w = *state;
    w->keeps_state = true;
    w->options.max_fee_per_day = UINT64_C(1500000) * 1000000000;
    int code = 0;
    for (int i = 0; i < 100 && !code; i++) {
        world_open(w, FAKE_CONTRACT, URL);
        code = i % 2 ? dstack_p2p_withdraw(w->sdk) : dstack_p2p_register(w->sdk);
    }
    assert_failed(w->sdk, DSTACK_P2P_ERR_SPEND_CEILING, "ceiling of 0.0015 ether", NULL);
    assert_in_range(world_node(w)->taken, 3, 8);
}

/* It holds what is needed, for the user alone, and no key. */
static void journal_is_private_and_holds_no_key(void **state)
{
    static const char key[] = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
    char path[320], byte[3] = "";
    unsigned char data[8192], wanted[32];
    struct stat info;
    world *w = *state;
    w->options.private_key = key;
    leave_one_behind(w);
    find_file(w, ".journal", path, sizeof path);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    FILE *file = fopen(path, "r");
    size_t len = fread(data, 1, sizeof data, file);
    fclose(file);
    for (size_t i = 0; i < 32; i++) {
        memcpy(byte, key + 2 * i, 2);
        wanted[i] = (unsigned char)strtoul(byte, NULL, 16);
    }
    assert_in_range(len, 300, sizeof data - 1);
    for (size_t i = 0; i + 6 <= len; i++)
        for (size_t k = 0; k + 6 <= 32; k++)
            assert_true(memcmp(data + i, wanted + k, 6) != 0);
}

/* ---- A journal that is none ---- */

static void write_file(const char *path, const char *data, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    fclose(file);
}

/* It is not believed and not in the way: the next nonce is the node's. */
static void assert_ignored(world *w, bool with_words)
{
    w->log_len = 0;
    world_node(w)->listed_url[0] = '\0';
    unsigned before = world_node(w)->taken;
    assert_registers(w);
    if (with_words) assert_logged(w, "is ignored: ");
    assert_int_equal(world_node(w)->taken, before + 1);
}

static void spoiled_journal(void **state)
{
    enum { TOO_LONG = 100000 };
    char path[320], old[8192], *data = calloc(1, TOO_LONG);
    world *w = *state;
    leave_one_behind(w);
    find_file(w, ".journal", path, sizeof path);
    FILE *file = fopen(path, "r");
    size_t len = fread(old, 1, sizeof old, file);
    fclose(file);
    static const size_t cuts[] = {1, 7, 39, 40, 100};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        write_file(path, old, cuts[i]);
        assert_ignored(w, true);
    }
    memcpy(data, old, len);
    data[len / 2] ^= 1;
    write_file(path, data, len);
    assert_ignored(w, true);
    data[len / 2] ^= 1;
    data[6] = '2'; /* the version */
    write_file(path, data, len);
    assert_ignored(w, true);
    write_file(path, data, TOO_LONG);
    assert_ignored(w, false);
    free(data);
}

static void journal_that_is_no_file(void **state)
{
    char path[320], fresh[344];
    world *w = *state;
    leave_one_behind(w);
    find_file(w, ".journal", path, sizeof path);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    unlink(path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_ignored(w, false);
    unlink(path);
    assert_int_equal(symlink("/etc/passwd", fresh), 0); /* where the next one would be written */
    assert_ignored(w, false);
    assert_logged(w, "cannot be written");
    unlink(fresh);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_ignored(w, false);
}

/* ---- The directory ---- */

static void assert_refused_directory(world *w, const char *path, const char *word)
{
    w->options.state_dir = path;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_CONFIG, path, word, "DSTACK_P2P_STATE_DIR");
}

static void directory_of_others(void **state)
{
    char inner[64], link[64];
    world *w = *state;
    snprintf(inner, sizeof inner, "%s/inner", w->state_dir);
    snprintf(link, sizeof link, "%s.link", w->state_dir);
    w->keeps_state = true;
    assert_int_equal(mkdir(inner, 0700), 0);
    assert_int_equal(chmod(inner, 0770), 0);
    assert_refused_directory(w, inner, "others can write");
    assert_int_equal(chmod(inner, 0707), 0);
    assert_refused_directory(w, inner, "others can write");
    assert_int_equal(chmod(inner, 0700), 0);
    assert_int_equal(symlink(inner, link), 0);
    assert_refused_directory(w, link, "symbolic link");
    unlink(link);
    rmdir(inner);
    assert_refused_directory(w, "/dev/null", "no directory");
    assert_refused_directory(w, "/nonexistent/state", "cannot be had");
    if (geteuid() != 0) assert_refused_directory(w, "/", "another user");
}

static void directory_is_made(void **state)
{
    char path[64];
    struct stat info;
    world *w = *state;
    w->keeps_state = true;
    snprintf(path, sizeof path, "%s/deep", w->state_dir);
    set_variable("DSTACK_P2P_STATE_DIR", path);
    w->options.state_dir = NULL;
    assert_registers(w);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", path);
    assert_int_equal(system(command), 0);
}

/* No default one can be had, as on a read-only file system: that is said once, and all works. */
static void no_directory_at_all(void **state)
{
    world *w = *state;
    set_variable("XDG_RUNTIME_DIR", "/nonexistent");
    w->options.state_dir = NULL;
    assert_registers(w);
    assert_logged(
        w, "nothing is known of a transaction on its way: the state directory /nonexistent/dstack-p2p");
    w->log_len = 0;
    memset(w->log, 0, sizeof w->log);
    assert_int_equal(dstack_p2p_withdraw(w->sdk), DSTACK_P2P_OK);
    if (strstr(w->log, "state directory")) fail_msg("said again: %s", w->log);
    unsetenv("XDG_RUNTIME_DIR");
}

/* ---- The wallet's lock ---- */

/* Holds a lock as another process would. */
static int hold(const world *w, const char *ending, int how)
{
    char path[320];
    find_file(w, ending, path, sizeof path);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, how | LOCK_NB), 0);
    return fd;
}

/* Registers once, so that the files are there, and is no peer again. */
static void prepare_files(world *w)
{
    assert_registers(w);
    world_node(w)->listed_url[0] = '\0';
    world_node(w)->sends = 0;
    w->keeps_state = true;
}

static void busy_wallet_ends_in_time(void **state)
{
    world *w = *state;
    prepare_files(w);
    int fd = hold(w, ".wallet", LOCK_EX);
    uint64_t start = now_ms();
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_SYSTEM, "kept the wallet", "nothing was sent");
    assert_in_range(now_ms() - start, 600, 7000);
    close(fd);
    assert_registers(w);
}

static void busy_instance_ends_in_time(void **state)
{
    world *w = *state;
    prepare_files(w);
    int fd = hold(w, ".lock", LOCK_EX);
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_SYSTEM, "another process is busy", "nothing was sent");
    close(fd);
    assert_registers(w);
}

static void *cancel_soon(void *context)
{
    sleep_ms(100);
    dstack_p2p_cancel(((world *)context)->sdk);
    return NULL;
}

static void waiting_for_a_lock_is_cancelled(void **state)
{
    static const char *const endings[] = {".wallet", ".lock"};
    world *w = *state;
    prepare_files(w);
    w->options.confirm_timeout_ms = 60000;
    for (size_t i = 0; i < 2; i++) {
        pthread_t thread;
        int fd = hold(w, endings[i], LOCK_EX);
        world_open(w, FAKE_CONTRACT, URL);
        assert_int_equal(pthread_create(&thread, NULL, cancel_soon, w), 0);
        ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_CANCELLED, "cancelled while waiting for");
        pthread_join(thread, NULL);
        assert_sends(w, 0);
        close(fd);
    }
}

/* Others wait: the receipt is waited for without the lock. */
static void wallet_is_given_back_when_others_wait(void **state)
{
    world *w = *state;
    prepare_files(w);
    int fd = hold(w, ".queue", LOCK_SH);
    world_node(w)->rules[0] =
        (fake_rule){.method = "eth_sendRawTransactionSync", .code = -32000, .message = "not this one"};
    assert_registers(w);
    assert_sends(w, 1);
    close(fd);
}

static void *release_soon(void *context)
{
    sleep_ms(100);
    close(*(int *)context);
    return NULL;
}

/* The other one has sent meanwhile: the nonce is read again. */
static void nonce_is_read_again_after_waiting(void **state)
{
    world *w = *state;
    pthread_t thread;
    prepare_files(w);
    int fd = hold(w, ".wallet", LOCK_EX);
    world_node(w)->nonce = world_node(w)->mined_nonce = 9;
    world_node(w)->rules[0] =
        (fake_rule){.method = "eth_getTransactionCount", .result = "\"0x7\"", .times = 1};
    assert_int_equal(pwrite(fd, "00000000000000000009\n", 21, 0), 21);
    w->options.confirm_timeout_ms = 20000;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(pthread_create(&thread, NULL, release_soon, &fd), 0);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    pthread_join(thread, NULL);
    assert_sends(w, 1);
    assert_int_equal(world_node(w)->last_nonce, 9);
}

/* A mark that is not true, as after the chain was started anew: one look more, and all is well. */
static void wrong_mark(void **state)
{
    static const char *const marks[] = {"99999999999999999999\n", "nonsense", "", "00000000000000000500\n"};
    world *w = *state;
    prepare_files(w);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        char path[320];
        find_file(w, ".wallet", path, sizeof path);
        write_file(path, marks[i], strlen(marks[i]));
        world_node(w)->listed_url[0] = '\0';
        assert_registers(w);
        assert_sends(w, (unsigned)i + 1);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_unmake)
    const struct CMUnitTest tests[] = {TEST(lost_transaction_is_sent_again),
                                       TEST(mined_meanwhile),
                                       TEST(registration_of_an_earlier_process_is_withdrawn),
                                       TEST(spending_outlives_the_process),
                                       TEST(journal_is_private_and_holds_no_key),
                                       TEST(spoiled_journal),
                                       TEST(journal_that_is_no_file),
                                       TEST(directory_of_others),
                                       TEST(directory_is_made),
                                       TEST(no_directory_at_all),
                                       TEST(busy_wallet_ends_in_time),
                                       TEST(busy_instance_ends_in_time),
                                       TEST(waiting_for_a_lock_is_cancelled),
                                       TEST(wallet_is_given_back_when_others_wait),
                                       TEST(nonce_is_read_again_after_waiting),
                                       TEST(wrong_mark)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
