/* SPDX-License-Identifier: MIT */
#include "cli/parse.h"

#include "unit.h"

#include <ctype.h>
#include <stdio.h>

/*
 * What must hold of every command's rows, whoever adds one: help, manual and completions are made of them.
 */

enum { HELP_MAX = 400, SUMMARY_MAX = 90, WORDS_MAX = 64 };

static void check_each(void (*check)(const cli_command *command))
{
    const cli_command *command;
    for (size_t i = 0; (command = cli_command_at(i)); i++)
        check(command);
}

static size_t collect(const cli_command *command, const cli_option **out)
{
    size_t count = 0;
    const cli_option *table;
    for (size_t i = 0; (table = cli_command_options(command, i)); i++)
        for (; table->name; table++) {
            assert_true(count < CLI_VALUES_MAX);
            out[count++] = table;
        }
    return count;
}

static bool is_name(const char *text)
{
    for (const char *at = text; *at; at++)
        if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at) && *at != '-') return false;
    return *text && *text != '-';
}

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (!isprint((unsigned char)*text)) return false;
    return true;
}

static void check_command(const cli_command *command)
{
    assert_true(is_name(command->name));
    assert_ptr_equal(cli_command_find(command->name), command); /* no two of one name */
    assert_true(command->group < CLI_GROUPS);
    assert_true(command->least <= command->most);
    if (!*command->arguments != !command->most) fail_msg("%s: arguments", command->name);
    if (!is_printable(command->summary) || strlen(command->summary) > SUMMARY_MAX)
        fail_msg("%s: '%s'", command->name, command->summary);
    assert_non_null(command->run);
}

static void test_commands(void **state)
{
    (void)state;
    check_each(check_command);
    assert_null(cli_command_find("nothing"));
}

static void check_options(const cli_command *command)
{
    const cli_option *options[CLI_VALUES_MAX];
    size_t count = collect(command, options);
    for (size_t i = 0; i < count; i++) {
        const cli_option *it = options[i];
        if (!is_name(it->name)) fail_msg("%s: --%s", command->name, it->name);
        if (!is_printable(it->help) || !*it->help || strlen(it->help) > HELP_MAX ||
            it->help[strlen(it->help) - 1] == '.')
            fail_msg("%s: --%s: '%s'", command->name, it->name, it->help);
        if (it->argument && (!*it->argument || strchr(it->argument, ' ')))
            fail_msg("%s: --%s %s", command->name, it->name, it->argument);
        for (size_t j = 0; j < i; j++) {
            if (!strcmp(options[j]->name, it->name)) fail_msg("%s: --%s twice", command->name, it->name);
            if (it->letter && options[j]->letter == it->letter)
                fail_msg("%s: -%c twice", command->name, it->letter);
        }
    }
}

static void test_options(void **state)
{
    (void)state;
    check_each(check_options);
}

/* Paragraphs are separated by an empty line, and have no breaks within. */
static void check_description(const cli_command *command)
{
    size_t ticks = 0;
    const char *text = command->description;
    for (const char *at = text; *at; at++) {
        bool half = *at == '\n' && at[1] != '\n' && (at == text || at[-1] != '\n');
        if (half || (*at != '\n' && !isprint((unsigned char)*at)))
            fail_msg("%s: description at '%.20s'", command->name, at);
        ticks += *at == '`';
    }
    if (!*text || ticks % 2) fail_msg("%s: description", command->name);
}

static void test_descriptions(void **state)
{
    (void)state;
    check_each(check_description);
}

/* ---- Examples ---- */

/* Cuts a word off a shell's line, without its quotation marks; false at the end of the command. */
static bool next_word(const char **line, char *word, size_t size)
{
    size_t len = 0;
    char quote = 0;
    const char *at = *line + strspn(*line, " ");
    if (!*at || strchr("|&;<>)\n", *at)) return false;
    for (; *at && *at != '\n' && (quote || !strchr(" |&;<>)", *at)); at++) {
        if (quote ? *at == quote : strchr("\"'", *at) != NULL)
            quote = quote ? 0 : *at;
        else if (len + 1 < size)
            word[len++] = *at;
    }
    word[len] = '\0';
    *line = at;
    return true;
}

static void check_call(const char *line)
{
    static char words[WORDS_MAX][512];
    char *argv[WORDS_MAX + 1] = {NULL};
    int argc = 0;
    const char *rest = line;
    cli_run run;
    while (argc < WORDS_MAX && next_word(&rest, words[argc], sizeof words[argc])) {
        argv[argc] = words[argc];
        argc++;
    }
    const cli_command *command = argc ? cli_command_find(argv[0]) : NULL;
    if (!command) fail_msg("no command: %s", line);
    int status = cli_parse(&run, command, argc, argv);
    if (status != CLI_GO && status != CLI_HELP) fail_msg("misuse: %.*s", (int)strcspn(line, "\n"), line);
}

/* Every call of the tool on a line, wherever it is on it. */
static size_t check_line(const char *line, size_t len)
{
    static const char name[] = "dstack-p2p ";
    size_t calls = 0;
    for (const char *at = line; (at = strstr(at, name)) && at < line + len; calls++) {
        at += sizeof name - 1;
        check_call(at);
    }
    return calls;
}

static void check_examples(const cli_command *command)
{
    size_t examples = 0;
    const char *text = command->examples;
    for (size_t len; *text; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        if (strspn(text, " ") == 2 && text[2] == '#') continue;
        if (!check_line(text, len)) fail_msg("%s: no call in '%.*s'", command->name, (int)len, text);
        examples++;
    }
    if (!examples || text[-1] != '\n') fail_msg("%s: examples", command->name);
}

static void test_examples(void **state)
{
    (void)state;
    check_each(check_examples);
}

/* What the splitting of lines is good for. */
static void test_words(void **state)
{
    char word[64];
    const char *line = "peers --format '{url} \"x\"' \"a|b\" | head";
    static const char *const wanted[] = {"peers", "--format", "{url} \"x\"", "a|b"};
    (void)state;
    for (size_t i = 0; i < COUNT(wanted); i++) {
        assert_true(next_word(&line, word, sizeof word));
        assert_string_equal(word, wanted[i]);
    }
    assert_false(next_word(&line, word, sizeof word));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_commands), cmocka_unit_test(test_options),
                                       cmocka_unit_test(test_descriptions), cmocka_unit_test(test_words),
                                       cmocka_unit_test(test_examples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
