/* SPDX-License-Identifier: MIT */
#include "cli/peers/template.h"

#include "cluster/list.h"
#include "unit.h"

#include <string.h>

/* Three peers: the second is this node, the third has a URL that nobody should paste. */
static const char *const urls[] = {"https://a.example:8443/x", "10.0.0.2:5432", "http://h;x'\"#$(id)/{}\\"};

static dstack_p2p_peers *list;

static int make_list(void **state)
{
    (void)state;
    base_error error = {0};
    list = cluster_list_new(base_clock_system());
    assert_non_null(list);
    for (size_t i = 0; i < COUNT(urls); i++) {
        registry_peer peer = {.registered_at = 10 + i, .url = urls[i], .url_len = strlen(urls[i])};
        memset(peer.instance20, (int)i + 1, 20);
        peer.expires_at = i == 1 ? 99 : 0;
        assert_true(cluster_list_add(list, &peer, i == 1));
    }
    list->version = 7;
    list->block_number = 8;
    list->block_time = 9;
    cluster_list_finish(list, &error);
    expect_ok(&error);
    return 0;
}

static int free_list(void **state)
{
    (void)state;
    dstack_p2p_peers_free(list);
    return 0;
}

/* What a template, or a format, makes of the first so many. */
static void expect_text(const char *source, bool is_format, size_t count, const char *text)
{
    char problem[PEERS_PROBLEM_TEXT];
    peers_selection selection;
    base_buf out = base_buf_make(1024 * 1024);
    peers_template *it = peers_template_read(source, strlen(source), is_format, problem);
    if (!it) fail_msg("%s: %s", source, problem);
    assert_true(peers_select(&selection, list, false));
    selection.count = count;
    if (is_format)
        peers_format_render(it, &selection, &out, NULL);
    else
        peers_template_render(it, &selection, &out);
    assert_true(base_buf_puts(&out, ""));
    assert_string_equal(out.data, text);
    base_buf_free(&out);
    peers_selection_free(&selection);
    peers_template_free(it);
}

static void expect_problem(const char *source, bool is_format, const char *part)
{
    char problem[PEERS_PROBLEM_TEXT];
    peers_template *it = peers_template_read(source, strlen(source), is_format, problem);
    if (it) fail_msg("%s is taken", source);
    if (!strstr(problem, part)) fail_msg("%s: '%s' is not in: %s", source, part, problem);
}

static void test_formats(void **state)
{
    (void)state;
    expect_text("{url}", true, 2, "https://a.example:8443/x\n10.0.0.2:5432\n");
    expect_text("{host}\\t{port}\\n\\\\", true, 1, "a.example\t8443\n\\\n");
    expect_text("{{{host}}}", true, 1, "{a.example}\n");
    expect_text("{{url}}", true, 1, "{url}\n");
    expect_text("{index}{first}{last}{count}{version}{block}{block_time}", true, 2,
                "0truefalse2789\n1falsetrue2789\n");
    expect_text("{#port}:{port}{/port}{^port}-{/port}", true, 3, ":8443\n:5432\n-\n");
    expect_text("{registered_at} {expires_at} {is_self}", true, 2, "10 0 false\n11 99 true\n");
    expect_text("{#expires_at}until {expires_at}{/expires_at}", true, 2, "\nuntil 99\n");
    expect_text("{instance_id} {address}", true, 1,
                "0101010101010101010101010101010101010101 0x0000000000000000000000000000000000000000\n");
    expect_text("", true, 2, "\n\n");
}

static void test_filters(void **state)
{
    (void)state;
    expect_text("{#peers}{#last}{url|json}{/last}{/peers}", false, 3,
                "\"http://h;x'\\u0022#$(id)/{}\\u005c\"");
    expect_text("{#peers}{#last}{url|shell}{/last}{/peers}", false, 3, "'http://h;x'\\''\"#$(id)/{}\\'");
    expect_text("{#peers}{#last}{url|raw}{/last}{/peers}", false, 3, urls[2]);
    expect_text("{port|json} {host|json} {is_self|json}", true, 3,
                "8443 \"a.example\" false\n5432 \"10.0.0.2\" true\nnull \"\" false\n");
}

static void test_configurations(void **state)
{
    (void)state;
    expect_text("upstream app {{\n  {#peers}\n    server {host_port};\n  {/peers}\n}}\n", false, 2,
                "upstream app {\n    server a.example:8443;\n    server 10.0.0.2:5432;\n}\n");
    expect_text(
        "backend b\n{#peers}\n    server n{index} {host_port} check{^is_self} backup{/is_self}\n{/peers}\n",
        false, 2,
        "backend b\n    server n0 a.example:8443 check backup\n    server n1 10.0.0.2:5432 check\n");
    expect_text("bootstrap.servers={#peers}{host_port}{^last},{/last}{/peers}\n", false, 2,
                "bootstrap.servers=a.example:8443,10.0.0.2:5432\n");
    expect_text("{#peers}{#first}{^is_self}replicaof {host} {port}{/is_self}{/first}{/peers}\n", false, 2,
                "replicaof a.example 8443\n");
    expect_text("{#peers}\n{#first}\nprimary_conninfo = 'host={host} port={port}'\n{/first}\n{/peers}\n",
                false, 2, "primary_conninfo = 'host=a.example port=8443'\n");
    expect_text("{{\"n\": {count}, \"urls\": [{#peers}{url|json}{^last}, {/last}{/peers}]}}", false, 2,
                "{\"n\": 2, \"urls\": [\"https://a.example:8443/x\", \"10.0.0.2:5432\"]}");
}

static void test_nobody(void **state)
{
    (void)state;
    expect_text("{^peers}none{/peers}{#peers}some{/peers}{#count}x{/count}", false, 0, "none");
    expect_text("{^peers}none{/peers}{#peers}some{/peers}{#count}x{/count}", false, 1, "somex");
    expect_text("{url}", true, 0, "");
}

static void test_lines_of_tags_leave_none(void **state)
{
    (void)state;
    expect_text("a\n{#peers}\r\nb\r\n\t{/peers} \nc", false, 2, "a\nb\r\nb\r\nc");
    expect_text("{#peers}x{/peers}\ny", false, 1, "x\ny");
    expect_text("{#peers}\n  {/peers}", false, 2, "");
}

static void test_wrong_ones_are_named_with_their_line(void **state)
{
    (void)state;
    expect_problem("a\n{nothing}", false, "line 2: there is no field {nothing}");
    expect_problem("{nothing}", true, "instance_id, url, host, port");
    expect_problem("a\nb\n{url}", false, "line 3: {url} stands outside of {#peers}");
    expect_problem("\n{#peers}\n{url}\n", false, "line 2: the section {#peers} is not ended");
    expect_problem("{#peers}\n{#first}\n{/peers}", false, "line 3: {/peers} ends no section");
    expect_problem("{/peers}", false, "line 1: {/peers} ends no section");
    expect_problem("{#peers}{#peers}{/peers}{/peers}", false, "none within another");
    expect_problem("{peers}", false, "is the loop");
    expect_problem("{#peers}{/peers}", true, "is the loop");
    expect_problem("server { }", false, "line 1: '{ }' is no field; for a brace write {{");
    expect_problem("x }\n", false, "line 1: a '}' alone");
    expect_problem("{", true, "is no field");
    expect_problem("{url", true, "is no field");
    expect_problem("{url|}", true, "there is no filter |;");
    expect_problem("{url|html}", true, "there is no filter |html; there are: raw, json, shell");
    expect_problem("{#url|raw}", true, "is no field");
    expect_problem("{URL}", true, "is no field");
    expect_problem("\\x", true, "a \\ is followed by");
    expect_problem("\\", true, "a \\ is followed by");
    expect_problem(
        "{#first}{#first}{#first}{#first}{#first}{#first}{#first}{#first}{#first}{#first}{#first}{#first}"
        "{#first}{#first}{#first}{#first}{#first}",
        true, "more than 16");
}

static void test_no_text_is_none(void **state)
{
    (void)state;
    char problem[PEERS_PROBLEM_TEXT];
    assert_null(peers_template_read("a\0b", 3, false, problem));
    assert_non_null(strstr(problem, "no text"));
}

static peers_field refused(const char *source, size_t index)
{
    char problem[PEERS_PROBLEM_TEXT];
    peers_template *it = peers_template_read(source, strlen(source), false, problem);
    if (!it) fail_msg("%s", problem);
    peers_field field = peers_template_refuses(it, dstack_p2p_peers_at(list, index));
    peers_template_free(it);
    return field;
}

static void test_what_a_template_refuses(void **state)
{
    (void)state;
    assert_int_equal(refused("{#peers}{url}{/peers}", 0), PEERS_FIELDS_COUNT);
    assert_int_equal(refused("{#peers}{url}{/peers}", 2), PEERS_FIELD_URL);
    assert_int_equal(refused("{#peers}{url|raw}{url|json}{url|shell}{/peers}", 2), PEERS_FIELDS_COUNT);
    assert_int_equal(refused("{#peers}{port}{/peers}", 2), PEERS_FIELD_PORT);
    assert_int_equal(refused("{#peers}{#port}{port}{/port}{/peers}", 2), PEERS_FIELDS_COUNT);
    assert_int_equal(refused("{#peers}{^port}{port}{/port}{/peers}", 2), PEERS_FIELD_PORT);
    assert_int_equal(refused("{#peers}{#port}{port}{/port}{port}{/peers}", 2), PEERS_FIELD_PORT);
    assert_int_equal(refused("{#peers}{instance_id}{expires_at}{/peers}", 2), PEERS_FIELDS_COUNT);
}

static void test_what_is_harmless(void **state)
{
    (void)state;
    static const char *const harmless[] = {
        "", "a", "https://a.b:1/c?d=e%20@f", "[::1]:80", "10.0.0.1:5432", "a~b+c_d"};
    for (size_t i = 0; i < COUNT(harmless); i++)
        assert_true(peers_is_harmless(harmless[i]));
    for (int byte = 1; byte < 256; byte++) {
        char text[] = {'a', (char)byte, '\0'};
        bool expected = byte < 128 && (strchr("-._~:/?@=%+[]", byte) || (byte >= '0' && byte <= '9') ||
                                       ((byte | 32) >= 'a' && (byte | 32) <= 'z'));
        assert_int_equal(peers_is_harmless(text), expected);
    }
    assert_false(peers_is_harmless("-oProxyCommand=x"));
    assert_false(peers_is_harmless("/etc/passwd"));
    assert_false(peers_is_harmless("~root"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_configurations),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_lines_of_tags_leave_none),
        cmocka_unit_test(test_wrong_ones_are_named_with_their_line),
        cmocka_unit_test(test_no_text_is_none),
        cmocka_unit_test(test_what_a_template_refuses),
        cmocka_unit_test(test_what_is_harmless),
    };
    return cmocka_run_group_tests(tests, make_list, free_list);
}
