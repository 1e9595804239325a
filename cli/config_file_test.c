/* SPDX-License-Identifier: MIT */
#include "cli/config_file.h"
#include "cli/parse.h"

#include "said.h"
#include "unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const variables[] = {"RPC_URL",          "CHAIN_ID",        "CONTRACT_ADDRESS",
                                        "CONNECTION_URL",   "PRIVATE_KEY",     "DSTACK_P2P_CONFIG",
                                        "PRIVATE_KEY_FILE", "XDG_CONFIG_HOME", "HOME"};

static char folder[] = "/tmp/config-test-XXXXXX";

static int set_up(void **state)
{
    for (size_t i = 0; i < COUNT(variables); i++)
        unsetenv(variables[i]);
    return said_begin(state);
}

static cli_run make_run(const char *option, const char *value)
{
    static char name[] = "peers", option_copy[64], value_copy[512];
    char *argv[] = {name, option_copy, value_copy, NULL};
    cli_run run;
    snprintf(option_copy, sizeof option_copy, "%s", option ? option : "");
    snprintf(value_copy, sizeof value_copy, "%s", value ? value : "");
    assert_int_equal(cli_parse(&run, cli_command_find("peers"), option ? 3 : 1, argv), CLI_GO);
    return run;
}

static int read_text(const char *text)
{
    cli_run run = make_run(NULL, NULL);
    char *copy = unit_copy(text, strlen(text) + 1);
    int status = cli_config_text_read(&run, "x.conf", copy);
    free(copy);
    return status;
}

static void expect_set(const char *name, const char *value)
{
    const char *found = getenv(name);
    if (!value) assert_null(found);
    if (value) {
        assert_non_null(found);
        assert_string_equal(found, value);
    }
}

/* ---- Texts ---- */

static void test_lines(void **state)
{
    (void)state;
    assert_int_equal(read_text("# a comment, with an = in it\n\n  \t\n"
                               "RPC_URL=http://a,http://b\n"
                               "  # another one\n"
                               " CHAIN_ID = 5 \n"
                               "CONNECTION_URL=postgres://h:1/db?a=b&c=d#e"),
                     0);
    expect_set("RPC_URL", "http://a,http://b");
    expect_set("CHAIN_ID", "5");
    expect_set("CONNECTION_URL", "postgres://h:1/db?a=b&c=d#e");
}

static void test_line_ends_of_windows(void **state)
{
    (void)state;
    assert_int_equal(read_text("RPC_URL=http://a\r\n\r\nCHAIN_ID=\"7\"\r\n"), 0);
    expect_set("RPC_URL", "http://a");
    expect_set("CHAIN_ID", "7");
}

static void test_quotation_marks(void **state)
{
    (void)state;
    assert_int_equal(read_text("RPC_URL=\" http://a \"\nCHAIN_ID='5'\nCONNECTION_URL=a\"b'c\"\n"), 0);
    expect_set("RPC_URL", " http://a ");
    expect_set("CHAIN_ID", "5");
    expect_set("CONNECTION_URL", "a\"b'c\"");
}

static void test_quotation_marks_that_are_not_around_it(void **state)
{
    static const char *const bad[] = {"RPC_URL=\"a", "RPC_URL='a\"", "RPC_URL=\"", "RPC_URL=\"a\" # why",
                                      "RPC_URL=\"a\"b\""};
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(read_text(bad[i]), CLI_USAGE);
        expect_said("x.conf, line 1: the quotation marks are not around the value");
    }
}

static void test_what_is_in_the_environment_wins(void **state)
{
    (void)state;
    setenv("RPC_URL", "http://env", 1);
    setenv("CHAIN_ID", "", 1);
    assert_int_equal(read_text("RPC_URL=http://file\nCHAIN_ID=9\nCONTRACT_ADDRESS=\n"), 0);
    expect_set("RPC_URL", "http://env");
    expect_set("CHAIN_ID", "9");
    expect_set("CONTRACT_ADDRESS", NULL);
}

static void expect_rpc_url(const char *flag, const char *value)
{
    cli_run run = make_run(flag ? "--rpc-url" : NULL, flag);
    const char *found = cli_value(&run, "rpc-url");
    if (!value) assert_null(found);
    if (value) assert_string_equal(found, value);
}

static void test_flag_environment_file_default(void **state)
{
    (void)state;
    expect_rpc_url(NULL, NULL);
    assert_int_equal(read_text("RPC_URL=http://file\n"), 0);
    expect_rpc_url(NULL, "http://file");
    expect_rpc_url("http://flag", "http://flag");
    setenv("RPC_URL", "http://env", 1);
    assert_int_equal(read_text("RPC_URL=http://file\n"), 0);
    expect_rpc_url(NULL, "http://env");
    expect_rpc_url("http://flag", "http://flag");
}

static void expect_refused(const char *text, const char *sentence)
{
    assert_int_equal(read_text(text), CLI_USAGE);
    expect_said(sentence);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    expect_refused("RPC_URL=a\nRPC_ULR=b", "x.conf, line 2: 'RPC_ULR' is no setting");
    expect_refused("export RPC_URL=a", "'export RPC_URL' is no setting");
    expect_refused("rpc_url=a", "'rpc_url' is no setting");
    expect_refused("PATH=/tmp", "'PATH' is no setting");
    expect_refused("LD_PRELOAD=/tmp/x", "'LD_PRELOAD' is no setting");
    expect_refused("DSTACK_P2P_CONFIG=/tmp/x", "'DSTACK_P2P_CONFIG' is no setting");
    expect_refused("=a", "line 1: '' is no setting");
    expect_refused("\n\nRPC_URL", "x.conf, line 3: KEY=value is expected");
    expect_refused("RPC_URL=a\nCHAIN_ID=1\nRPC_URL=a", "x.conf, line 3: the key is there twice");
    expect_refused("RPC_URL=\nRPC_URL=", "line 2: the key is there twice");
}

/* Neither taken nor told. */
static void test_private_keys_do_not_belong_there(void **state)
{
    (void)state;
    expect_refused("PRIVATE_KEY=0x1234", "x.conf, line 1: keys do not belong here");
    expect_refused(" PRIVATE_KEY = 0x1234", "keys do not belong here");
    expect_set("PRIVATE_KEY", NULL);
}

static void test_too_many_lines(void **state)
{
    char text[1001 + 1];
    (void)state;
    memset(text, '\n', sizeof text);
    text[999] = '\0';
    assert_int_equal(read_text(text), 0);
    text[999] = '\n';
    text[1000] = '\0';
    expect_refused(text, "x.conf, line 1001: too many lines");
}

/* ---- Files ---- */

static const char *write_file(const char *name, const void *data, size_t len)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void expect_file(const char *path, int status, const char *sentence)
{
    cli_run run = make_run("--config", path);
    assert_int_equal(cli_config_file_read(&run), status);
    if (sentence) expect_said(sentence);
}

static void test_a_file_that_is_named(void **state)
{
    (void)state;
    expect_file(write_file("a.conf", "CHAIN_ID=3\n", 11), 0, NULL);
    expect_set("CHAIN_ID", "3");
    expect_file("/no/such/file", CLI_USAGE, "/no/such/file: No such file or directory");
    expect_file(folder, CLI_USAGE, "Is a directory");
    setenv("DSTACK_P2P_CONFIG", "/no/such/variable", 1);
    cli_run run = make_run(NULL, NULL);
    assert_int_equal(cli_config_file_read(&run), CLI_USAGE);
    expect_said("/no/such/variable: No such file");
}

static void test_files_that_are_none(void **state)
{
    static char large[64 * 1024 + 1];
    (void)state;
    memset(large, '#', sizeof large);
    expect_file(write_file("large.conf", large, sizeof large), CLI_USAGE, "is longer than 65536 bytes");
    expect_file(write_file("full.conf", large, sizeof large - 1), 0, NULL);
    expect_file(write_file("nul.conf", "CHAIN_ID=1\0RPC_URL=x\n", 21), CLI_USAGE, "is no text");
    expect_file(write_file("elf.conf", "\177ELF\2\1\1=\n", 9), CLI_USAGE, "line 1: '?ELF?");
    expect_file(write_file("empty.conf", "", 0), 0, NULL);
}

static void test_the_usual_places(void **state)
{
    char path[300];
    cli_run run = make_run(NULL, NULL);
    (void)state;
    setenv("XDG_CONFIG_HOME", folder, 1);
    write_file("dstack-p2p.conf", "CHAIN_ID=4\n", 11);
    assert_int_equal(cli_config_file_read(&run), 0);
    expect_set("CHAIN_ID", "4");
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("CHAIN_ID");
    setenv("HOME", folder, 1);
    snprintf(path, sizeof path, "%s/.config", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file(".config/dstack-p2p.conf", "CHAIN_ID=6\n", 11);
    assert_int_equal(cli_config_file_read(&run), 0);
    expect_set("CHAIN_ID", "6");
    unsetenv("CHAIN_ID");
    setenv("HOME", "relative", 1); /* not a place */
    assert_int_equal(cli_config_file_read(&run), 0);
    expect_set("CHAIN_ID", NULL);
}

/* One that cannot be opened, though it is there, is not passed over. */
static void test_a_usual_file_that_cannot_be_read(void **state)
{
    char path[300];
    cli_run run = make_run(NULL, NULL);
    (void)state;
    setenv("XDG_CONFIG_HOME", folder, 1);
    snprintf(path, sizeof path, "%s/dstack-p2p.conf", folder);
    unlink(path);
    assert_int_equal(symlink(path, path), 0);
    assert_int_equal(cli_config_file_read(&run), CLI_USAGE);
    expect_said("dstack-p2p.conf: Too many levels of symbolic links");
    assert_int_equal(unlink(path), 0);
}

/* Root may look into everything. */
static int read_without_privileges(const cli_run *run)
{
    bool root = geteuid() == 0;
    if (root) assert_int_equal(seteuid(65534), 0);
    int status = cli_config_file_read(run);
    if (root) assert_int_equal(seteuid(0), 0);
    return status;
}

/* Such as root's, where HOME is still that. */
static void test_a_folder_that_may_not_be_entered(void **state)
{
    char path[300], file[400];
    cli_run run = make_run(NULL, NULL);
    (void)state;
    snprintf(path, sizeof path, "%s/closed", folder);
    snprintf(file, sizeof file, "%s/dstack-p2p.conf", path);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file("closed/dstack-p2p.conf", "CHAIN_ID=8\n", 11);
    setenv("XDG_CONFIG_HOME", path, 1);
    assert_int_equal(chmod(path, 0), 0);
    assert_int_equal(read_without_privileges(&run), 0);
    expect_set("CHAIN_ID", NULL);
    /* The other way round it is there, and might say something. */
    assert_int_equal(chmod(folder, 0755) | chmod(path, 0755) | chmod(file, 0), 0);
    assert_int_equal(read_without_privileges(&run), CLI_USAGE);
    expect_said("closed/dstack-p2p.conf: Permission denied");
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"a.conf",          "large.conf",
                                        "full.conf",       "nul.conf",
                                        "elf.conf",        "empty.conf",
                                        "dstack-p2p.conf", ".config/dstack-p2p.conf",
                                        ".config",         "closed/dstack-p2p.conf",
                                        "closed"};
    char path[300];
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    return rmdir(folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, said_end)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_lines),
                                       TEST(test_line_ends_of_windows),
                                       TEST(test_quotation_marks),
                                       TEST(test_quotation_marks_that_are_not_around_it),
                                       TEST(test_what_is_in_the_environment_wins),
                                       TEST(test_flag_environment_file_default),
                                       TEST(test_what_is_refused),
                                       TEST(test_private_keys_do_not_belong_there),
                                       TEST(test_too_many_lines),
                                       TEST(test_a_file_that_is_named),
                                       TEST(test_files_that_are_none),
                                       TEST(test_the_usual_places),
                                       TEST(test_a_usual_file_that_cannot_be_read),
                                       TEST(test_a_folder_that_may_not_be_entered)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
