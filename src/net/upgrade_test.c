/* SPDX-License-Identifier: MIT */
#include "net/upgrade.h"

#include "unit.h"

/* The example of RFC 6455, section 1.3. */
#define KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define GOOD                                                                                                 \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"                      \
    "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n"

static void test_key(void **state)
{
    char key[NET_UPGRADE_KEY_TEXT];
    (void)state;
    net_upgrade_key((const uint8_t *)"the sample nonce", key);
    assert_string_equal(key, KEY);
}

static void expect_request(const char *url, const char *line, const char *host, const char *authorization)
{
    base_buf out = base_buf_make(8192);
    assert_true(net_upgrade_request(url, KEY, &out));
    char start[256], header[256];
    snprintf(start, sizeof start, "GET %s HTTP/1.1\r\nHost: %s\r\n", line, host);
    assert_memory_equal(out.data, start, strlen(start));
    assert_non_null(strstr(out.data, "\r\nSec-WebSocket-Key: " KEY "\r\n"));
    assert_string_equal(out.data + out.len - 4, "\r\n\r\n");
    snprintf(header, sizeof header, "\r\nAuthorization: Basic %s\r\n", authorization ? authorization : "");
    assert_int_equal(strstr(out.data, "Authorization") != NULL, authorization != NULL);
    if (authorization) assert_non_null(strstr(out.data, header));
    assert_null(strstr(out.data, "secret"));
    base_buf_free(&out);
}

static void test_requests(void **state)
{
    base_buf out = base_buf_make(8192);
    (void)state;
    expect_request("ws://localhost:8545", "/", "localhost:8545", NULL);
    expect_request("wss://node.example/v2/key?a=b", "/v2/key?a=b", "node.example", NULL);
    expect_request("http://[::1]:8545/x", "/x", "[::1]:8545", NULL);
    expect_request("wss://user:secret@node.example/", "/", "node.example", "dXNlcjpzZWNyZXQ=");
    assert_false(net_upgrade_request("no url", KEY, &out));
    assert_false(net_upgrade_request("ws://node.example/a\r\nX: y", KEY, &out));
    assert_false(net_upgrade_request("ws://node.example/a b", KEY, &out));
    assert_int_equal(out.len, 0);
    base_buf_free(&out);
}

/* A name with control characters is no name, and a password with other special ones is what it says. */
static void test_credentials(void **state)
{
    base_buf out = base_buf_make(8192);
    (void)state;
    expect_request("ws://us%0d%0aer:secret@h/", "/", "h", NULL);
    expect_request("ws://user:a%20%40b@h/", "/", "h", "dXNlcjphIEBi");
    expect_request("ws://user@h/", "/", "h", "dXNlcjo=");
    char url[2048] = "ws://h/";
    memset(url + 5, 'u', 1500);
    memcpy(url + 1505, "@h/", 4); /* longer than any provider's: it is refused by the server, unsent */
    assert_true(net_upgrade_request(url, KEY, &out));
    assert_null(strstr(out.data, "Authorization"));
    base_buf_free(&out);
}

static void test_request_too_long(void **state)
{
    base_buf out = base_buf_make(100);
    (void)state;
    assert_false(net_upgrade_request("ws://h/", KEY, &out));
    base_buf_free(&out);
}

static void expect_answer(const char *answer, int head)
{
    char reason[256] = "";
    assert_int_equal(net_upgrade_check(answer, strlen(answer), KEY, reason, sizeof reason), head);
    assert_int_equal(reason[0] != '\0', head < 0);
}

/* An answer with this value in its header Connection. */
static void expect_connection(const char *value)
{
    char answer[256];
    int len = snprintf(answer, sizeof answer,
                       "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: %s\r\n"
                       "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
                       value);
    expect_answer(answer, len);
}

static void test_answers(void **state)
{
    (void)state;
    expect_answer(GOOD, sizeof GOOD - 1);
    expect_answer(GOOD "\x81\x02{}", sizeof GOOD - 1);
    expect_connection("keep-alive, Upgrade");
    expect_connection("upgrade,keep-alive");
    expect_connection(" , \tUPGRADE\t,");
    expect_answer("HTTP/1.1 101 OK\r\nUPGRADE:WebSocket\r\nserver: x\r\nconnection:\tupgrade \r\n"
                  "sec-websocket-accept:" ACCEPT "\r\n\r\n",
                  15 + 2 + 17 + 2 + 9 + 2 + 20 + 2 + 49 + 4);
}

static void test_refusals(void **state)
{
    static const char *const bad[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 1010 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT
        "\r\n\r\n",
        "HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
        "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
        "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: NoUpgrade, Upgrades, Up,grade\r\n"
        "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
        "HTTP/1.1 101 OK\r\nUpgrade: websocket, h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT
        "\r\n\r\n",
        "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT
        "x\r\n\r\n",
        "HTTP/1.1 101 Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " ACCEPT "\r\n\r\n",
        "HTTP/1.0 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT
        "\r\n\r\n",
        "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        "SSH-2.0-OpenSSH\r\n",
        "HTTX",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        expect_answer(bad[i], -1);
}

/* Cut anywhere it is not whole yet, and never taken for another answer. */
static void test_cut_answers(void **state)
{
    char reason[256];
    (void)state;
    for (size_t len = 1; len < sizeof GOOD - 1; len++)
        assert_int_equal(net_upgrade_check(GOOD, len, KEY, reason, sizeof reason), 0);
}

static void test_endless_head(void **state)
{
    char reason[256], *head = malloc(NET_UPGRADE_HEAD_MAX);
    (void)state;
    memset(head, 'x', NET_UPGRADE_HEAD_MAX);
    memcpy(head, "HTTP/1.1 101 ", 13);
    assert_int_equal(net_upgrade_check(head, NET_UPGRADE_HEAD_MAX - 1, KEY, reason, sizeof reason), 0);
    assert_int_equal(net_upgrade_check(head, NET_UPGRADE_HEAD_MAX, KEY, reason, sizeof reason), -1);
    free(head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key),         cmocka_unit_test(test_requests),
        cmocka_unit_test(test_credentials), cmocka_unit_test(test_request_too_long),
        cmocka_unit_test(test_answers),     cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_cut_answers), cmocka_unit_test(test_endless_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
