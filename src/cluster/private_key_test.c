/* SPDX-License-Identifier: MIT */
#include "cluster/private_key.h"

#include "cluster/key_variable.h"
#include "unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY   "4a07a5fc91559ff3656683097804e01d70310f33eccf624bb7f445ce363200df"
#define OTHER "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"

static char file[] = "/tmp/private-key-XXXXXX";
static int warnings;
static char lines[4096];

static void on_line(void *context, dstack_p2p_log_level level, const char *message)
{
    (void)context;
    warnings += level == DSTACK_P2P_LOG_WARNING;
    snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%s\n", message);
}

static const base_log collecting = {on_line, NULL, DSTACK_P2P_LOG_DEBUG};

static int setup(void **state)
{
    (void)state;
    unsetenv("PRIVATE_KEY");
    unsetenv("PRIVATE_KEY_FILE");
    cluster_key_variable_forget();
    warnings = 0;
    lines[0] = '\0';
    strcpy(file, "/tmp/private-key-XXXXXX");
    int fd = mkstemp(file);
    close(fd);
    return fd < 0;
}

static int teardown(void **state)
{
    (void)state;
    return unlink(file);
}

static void write_file(const char *text, size_t len)
{
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, len, out), len);
    fclose(out);
}

/* No eight digits of the key in a row are in the text. */
static void expect_secret_kept(const char *text, const char *key)
{
    for (size_t at = 0; strlen(key) >= 8 && at + 8 <= strlen(key); at++) {
        char part[9];
        memcpy(part, key + at, 8);
        part[8] = '\0';
        if (strspn(part, "0123456789abcdefABCDEF") == 8 && strstr(text, part))
            fail_msg("'%s' is in: %s", part, text);
    }
}

static void expect_key(const char *text, const char *path, const char *expected)
{
    uint8_t *key;
    base_error error = {0};
    cluster_private_key_load(text, path, &collecting, &key, &error);
    expect_ok(&error);
    assert_int_equal(key != NULL, expected != NULL);
    if (expected) assert_hex(key, 32, expected);
    cluster_private_key_free(key);
    expect_secret_kept(lines, KEY);
}

static void expect_failure(const char *text, const char *path, const char *key, const char *part)
{
    uint8_t *out;
    base_error error = {0};
    cluster_private_key_load(text, path, &collecting, &out, &error);
    assert_null(out);
    expect_secret_kept(error.text, key);
    expect_secret_kept(lines, key);
    expect_error(&error, DSTACK_P2P_ERR_PRIVATE_KEY, part);
}

static void test_none(void **state)
{
    (void)state;
    expect_key(NULL, NULL, NULL);
    setenv("PRIVATE_KEY_FILE", "", 1);
    expect_key(NULL, NULL, NULL);
}

static void test_forms(void **state)
{
    static const char *const forms[] = {KEY,
                                        "0x" KEY,
                                        " " KEY,
                                        KEY "\n",
                                        "\t\r\n 0x" KEY " \r\n",
                                        "4A07A5FC91559FF3656683097804E01D70310F33ECCF624BB7F445CE363200DF"};
    (void)state;
    for (size_t i = 0; i < COUNT(forms); i++) {
        expect_key(forms[i], NULL, KEY);
        write_file(forms[i], strlen(forms[i]));
        expect_key(NULL, file, KEY);
    }
    assert_int_equal(warnings, 0);
}

static void test_first_found(void **state)
{
    (void)state;
    write_file(KEY, 64);
    setenv("PRIVATE_KEY", OTHER, 1);
    expect_key(NULL, NULL, OTHER);
    setenv("PRIVATE_KEY_FILE", file, 1);
    expect_key(NULL, NULL, KEY);
    setenv("PRIVATE_KEY_FILE", "/nonexistent", 1);
    expect_key(NULL, file, KEY);
    expect_key(OTHER, "/nonexistent", OTHER);
    expect_failure(NULL, NULL, KEY, "/nonexistent");
    expect_failure("", file, KEY, "the private key given is empty");
}

static void test_malformed(void **state)
{
    static const struct {
        const char *text, *part;
    } cases[] = {{"", "is empty"},
                 {" \n", "is empty"},
                 {"0x", "64 hex digits"},
                 {"4a07a5fc91559ff3656683097804e01d70310f33eccf624bb7f445ce363200d", "64 hex digits"},
                 {KEY "0", "64 hex digits"},
                 {KEY KEY, "64 hex digits"},
                 {"0x0x" KEY, "64 hex digits"},
                 {"0X" KEY, "64 hex digits"},
                 {"zz07a5fc91559ff3656683097804e01d70310f33eccf624bb7f445ce363200df", "64 hex digits"},
                 {"4a07a5fc91559ff3 656683097804e01d70310f33eccf624bb7f445ce363200df", "64 hex digits"},
                 {"0000000000000000000000000000000000000000000000000000000000000000", "zero"},
                 {"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", "order"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *text = cases[i].text;
        expect_failure(text, NULL, text, cases[i].part);
        write_file(text, strlen(text));
        expect_failure(NULL, file, text, cases[i].part);
        setenv("PRIVATE_KEY", text, 1);
        expect_failure(NULL, NULL, text, cases[i].part);
        unsetenv("PRIVATE_KEY");
    }
}

static void test_files_that_hold_no_key(void **state)
{
    char large[300];
    (void)state;
    memset(large, '7', sizeof large);
    write_file(large, 257);
    expect_failure(NULL, file, KEY, "longer than a key");
    write_file("4a07a5fc\0", 9);
    expect_failure(NULL, file, KEY, "64 hex digits");
    expect_failure(NULL, "/tmp", KEY, "/tmp");
    expect_failure(NULL, "/nonexistent/key", KEY, "No such file");
    expect_failure(NULL, "", KEY, "cannot read");
}

/* The key itself where the file's name belongs. */
static void test_key_as_file_name(void **state)
{
    (void)state;
    expect_failure(NULL, KEY, KEY, "is a key itself");
    expect_failure(NULL, "0x" KEY, KEY, "is a key itself");
    setenv("PRIVATE_KEY_FILE", KEY, 1);
    expect_failure(NULL, NULL, KEY, "is a key itself");
}

/* It is taken out of the environment, for good, and later handles have it all the same. */
static void test_variable_is_taken(void **state)
{
    (void)state;
    setenv("PRIVATE_KEY", KEY, 1);
    const char *value = getenv("PRIVATE_KEY");
    expect_key(NULL, NULL, KEY);
    assert_null(getenv("PRIVATE_KEY"));
    for (size_t i = 0; i < sizeof KEY; i++)
        assert_int_equal(value[i], 0);
    expect_key(NULL, NULL, KEY);
    setenv("PRIVATE_KEY", OTHER, 1);
    expect_key(NULL, NULL, OTHER);
    expect_key(NULL, NULL, OTHER);
    cluster_key_variable_forget();
    expect_key(NULL, NULL, NULL);
}

/* One that is not used is nobody's business. */
static void test_variable_is_left(void **state)
{
    (void)state;
    setenv("PRIVATE_KEY", KEY, 1);
    expect_key(OTHER, NULL, OTHER);
    assert_string_equal(getenv("PRIVATE_KEY"), KEY);
}

static void test_malformed_variable_is_taken(void **state)
{
    char large[600];
    (void)state;
    memset(large, '7', sizeof large);
    large[sizeof large - 1] = '\0';
    setenv("PRIVATE_KEY", large, 1);
    for (int i = 0; i < 2; i++) {
        expect_failure(NULL, NULL, large, "64 hex digits");
        assert_null(getenv("PRIVATE_KEY"));
    }
}

static void test_file_that_others_can_write(void **state)
{
    static const mode_t modes[] = {0620, 0602, 0660, 0666, 0777};
    (void)state;
    write_file(KEY, 64);
    for (size_t i = 0; i < COUNT(modes); i++) {
        assert_int_equal(chmod(file, modes[i]), 0);
        expect_failure(NULL, file, KEY, "other users can write it; chmod 600");
    }
}

/* As root only: nobody else can give files away. */
static void test_file_of_another_user(void **state)
{
    (void)state;
    if (geteuid() != 0) skip();
    write_file(KEY, 64);
    assert_int_equal(chmod(file, 0444), 0);
    assert_int_equal(seteuid(65534), 0);
    expect_key(NULL, file, KEY); /* root's, as container secrets are */
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(chown(file, 12345, 12345), 0);
    expect_key(NULL, file, KEY); /* root may use anybody's */
    assert_int_equal(seteuid(65534), 0);
    expect_failure(NULL, file, KEY, "belongs to another user");
    assert_int_equal(seteuid(0), 0);
}

static void test_link_to_a_file(void **state)
{
    char path[64];
    (void)state;
    write_file(KEY, 64);
    snprintf(path, sizeof path, "%s.link", file);
    assert_int_equal(symlink(file, path), 0);
    expect_key(NULL, path, KEY);
    assert_int_equal(warnings, 0);
    unlink(path);
}

static void test_open_file_is_warned_about(void **state)
{
    static const mode_t open_modes[] = {0640, 0604, 0440, 0444};
    (void)state;
    write_file(KEY, 64);
    for (size_t i = 0; i < COUNT(open_modes); i++) {
        warnings = 0;
        assert_int_equal(chmod(file, open_modes[i]), 0);
        expect_key(NULL, file, KEY);
        assert_int_equal(warnings, 1);
    }
    warnings = 0;
    chmod(file, 0400);
    expect_key(NULL, file, KEY);
    assert_int_equal(warnings, 0);
}

/* A pipe without a writer does not hang. */
static void test_pipe(void **state)
{
    (void)state;
    unlink(file);
    assert_int_equal(mkfifo(file, 0600), 0);
    expect_failure(NULL, file, KEY, "is empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forms, setup, teardown),
        cmocka_unit_test_setup_teardown(test_first_found, setup, teardown),
        cmocka_unit_test_setup_teardown(test_malformed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_that_hold_no_key, setup, teardown),
        cmocka_unit_test_setup_teardown(test_key_as_file_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_variable_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_variable_is_left, setup, teardown),
        cmocka_unit_test_setup_teardown(test_malformed_variable_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file_that_others_can_write, setup, teardown),
        cmocka_unit_test_setup_teardown(test_file_of_another_user, setup, teardown),
        cmocka_unit_test_setup_teardown(test_link_to_a_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_open_file_is_warned_about, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pipe, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
