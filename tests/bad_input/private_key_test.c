/* SPDX-License-Identifier: MIT */

/* The key that pays for gas: wrong in every way, and never a part of any sentence or log line. */

#include "bad_input/world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No key of anybody's: 64 digits whose every run of six is its own. */
#define DIGITS "8f3c5a17e92b64d0c7815e3fa9d24b6078e1c35f9a02d47b6c813e5af9207d4b"

static const struct {
    const char *text, *word;
} keys[] = {
    {"", "is empty; unset it"},
    {"   \n", "is empty; unset it"},
    {"0x", "64 hex digits"},
    {"hello, this is my secret", "64 hex digits"},
    {"8f3c5a17e92b64d0c7815e3fa9d24b6078e1c35f9a02d47b6c813e5af9207d4", "64 hex digits"},
    {DIGITS "0", "64 hex digits"},
    {"0x" DIGITS "ab", "64 hex digits"},
    {"8f3c5a17e92b64d0c7815e3fa9d24b60 78e1c35f9a02d47b6c813e5af9207d4b", "64 hex digits"},
    {"gf3c5a17e92b64d0c7815e3fa9d24b6078e1c35f9a02d47b6c813e5af9207d4b", "64 hex digits"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "zero or not below the order"},
    {"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", "zero or not below the order"},
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "zero or not below the order"},
};

/* One that cannot be in a sentence for another reason. */
static bool is_tellable(const char *key)
{
    return strlen(key) > 20 && strncmp(key, "0000", 4) != 0;
}

static void assert_bad_key(world *w, const char *source, const char *word, const char *secret)
{
    world_open(w, FAKE_CONTRACT, URL);
    assert_failed(w->sdk, DSTACK_P2P_ERR_PRIVATE_KEY, source, word, NULL);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_PRIVATE_KEY, source, word);
    assert_int_equal(fake_server_count(fake_node_server(w->node)), 0);
    assert_int_equal(fake_server_count(fake_guest_server(w->guest)), 0);
    if (is_tellable(secret)) assert_secret_kept(w, secret);
}

static void given_as_option(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        w->options.private_key = keys[i].text;
        assert_bad_key(w, "the private key given", keys[i].word, keys[i].text);
    }
}

static void given_as_variable(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        set_variable("PRIVATE_KEY", keys[i].text);
        assert_bad_key(w, "PRIVATE_KEY", keys[i].word, keys[i].text);
    }
}

/* A directory of the test's own, and a path in it. */
static void make_dir(char dir[static 32], char path[static 64])
{
    snprintf(dir, 32, "/tmp/bad-key-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, 64, "%s/key", dir);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    fchmod(fd, mode);
    close(fd);
}

static void given_in_a_file(void **state)
{
    world *w = *state;
    char dir[32], path[64];
    make_dir(dir, path);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        write_file(path, keys[i].text, 0600);
        w->options.private_key_file = path;
        assert_bad_key(w, "the private key file", keys[i].word, keys[i].text);
        w->options.private_key_file = NULL;
        set_variable("PRIVATE_KEY_FILE", path);
        assert_bad_key(w, "the private key file", keys[i].word, keys[i].text);
    }
    fake_remove_dir(dir);
}

static void file_that_cannot_be_read(void **state)
{
    world *w = *state;
    char dir[32], path[64], longer[300];
    make_dir(dir, path);
    w->options.private_key_file = path;
    assert_bad_key(w, path, "No such file", DIGITS);
    w->options.private_key_file = dir;
    assert_bad_key(w, dir, "Is a directory", DIGITS);
    memset(longer, ' ', sizeof longer);
    memcpy(longer, DIGITS, 64);
    longer[257] = '\0';
    write_file(path, longer, 0600);
    w->options.private_key_file = path;
    assert_bad_key(w, path, "longer than a key", DIGITS);
    fake_remove_dir(dir);
}

/* Neither a writer that does not come nor one that says nothing may block the caller. */
static void file_that_is_a_fifo(void **state)
{
    world *w = *state;
    char dir[32], path[64];
    make_dir(dir, path);
    assert_int_equal(mkfifo(path, 0600), 0);
    w->options.private_key_file = path;
    assert_bad_key(w, "the private key file", "empty", DIGITS);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_bad_key(w, path, "cannot read", DIGITS);
    close(fd);
    fake_remove_dir(dir);
}

static void file_open_to_others_is_warned_about(void **state)
{
    world *w = *state;
    char dir[32], path[64];
    make_dir(dir, path);
    write_file(path, "0x" DIGITS "\n", 0644);
    w->options.private_key_file = path;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(dstack_p2p_errcode(w->sdk), DSTACK_P2P_OK);
    assert_logged(w, "chmod 600");
    assert_secret_kept(w, DIGITS);
    fake_remove_dir(dir);
}

/* A healthy registration at the most talkative level, then one that fails at the last step. */
static void good_key_is_never_told(void **state)
{
    world *w = *state;
    w->options.private_key = DIGITS;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_string_not_equal(dstack_p2p_payer_address(w->sdk), dstack_p2p_instance_address(w->sdk));
    assert_secret_kept(w, DIGITS);
    world_node(w)->balance = 0;
    world_open(w, FAKE_CONTRACT, "http://localhost:8081");
    const char *payer = dstack_p2p_payer_address(w->sdk);
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_NO_FUNDS, payer);
    assert_secret_kept(w, DIGITS);
    /* The node's derived key is a secret, too. */
    assert_secret_kept(w, "4a07a5fc91559ff3656683097804e01d70310f33eccf624bb7f445ce363200df");
}

/* An address, a URL and a number are told back to who gave them: not when it is the key by mistake. */
static void key_in_the_wrong_place(void **state)
{
    world *w = *state;
    world_open(w, "0x" DIGITS, URL);
    assert_failed(w->sdk, DSTACK_P2P_ERR_CONTRACT_ADDRESS, "40 hex digits", NULL);
    assert_secret_kept(w, DIGITS);
    world_open(w, DIGITS, URL);
    assert_failed(w->sdk, DSTACK_P2P_ERR_CONTRACT_ADDRESS, "40 hex digits", NULL);
    assert_secret_kept(w, DIGITS);
    set_variable("CHAIN_ID", DIGITS);
    world_open(w, FAKE_CONTRACT, URL);
    assert_failed(w->sdk, DSTACK_P2P_ERR_CONFIG, "CHAIN_ID", NULL);
    assert_secret_kept(w, DIGITS);
    w->options.chain_id = 1;
    w->options.rpc_url = DIGITS;
    world_open(w, FAKE_CONTRACT, URL);
    assert_failed(w->sdk, DSTACK_P2P_ERR_CONFIG, "RPC URL", NULL);
    assert_secret_kept(w, DIGITS);
    w->options.rpc_url = NULL;
    w->options.private_key_file = "0x" DIGITS;
    world_open(w, FAKE_CONTRACT, URL);
    assert_failed(w->sdk, DSTACK_P2P_ERR_PRIVATE_KEY, "is a key itself", NULL);
    assert_secret_kept(w, DIGITS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_unmake)
    const struct CMUnitTest tests[] = {
        TEST(given_as_option),        TEST(given_as_variable),
        TEST(given_in_a_file),        TEST(file_that_cannot_be_read),
        TEST(file_that_is_a_fifo),    TEST(file_open_to_others_is_warned_about),
        TEST(good_key_is_never_told), TEST(key_in_the_wrong_place)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
