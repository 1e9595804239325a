/* SPDX-License-Identifier: MIT */
#include "eth/subscription.h"

#include "base/event.h"
#include "support/fake_websocket.h"
#include "unit.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, REQUESTS = 3, TEXTS = 3 };

#define CHAIN "{\"id\":1,\"result\":\"0x7a69\"}"
#define HEADS "{\"id\":2,\"result\":\"0xa\"}"
#define LOGS  "{\"id\":3,\"result\":\"0xb\"}"
#define LOG(name, number, removed)                                                                           \
    "{\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"" name                                  \
    "\",\"result\":{\"topics\":[],\"blockNumber\":\"" number "\",\"removed\":" removed "}}}"

/* A node, and what it says to each of the three requests. */
typedef struct node {
    fake_server *server;
    pthread_mutex_t lock; /* guards what follows */
    const char *replies[REQUESTS][TEXTS];
    fake_websocket *socket;
    fake_reply *line;
    unsigned asked;
    char requests[REQUESTS][256];
    int cancel_fd; /* set when all has been asked for */
    bool hangs;    /* reads nothing more then, so that it does not answer pings either */
    bool drops;    /* ends the connection then */

    eth_subscription *subscription;
    size_t logs, removed; /* handed out */
} node;

static uint64_t now_ms;

static uint64_t fake_now(void *context)
{
    (void)context;
    return now_ms;
}

static const base_clock stopped = {.now_ms = fake_now};

/* ---- The node ---- */

/* Which request a text is: they are numbered from 1. */
static size_t place_of(const char *text)
{
    const char *id = strstr(text, "\"id\":");
    return id ? strtoul(id + 5, NULL, 10) - 1 : REQUESTS;
}

static void on_text(void *context, fake_websocket *socket, const char *text)
{
    node *it = context;
    size_t at = place_of(text);
    pthread_mutex_lock(&it->lock);
    if (at == 0) it->socket = socket;
    /* An earlier connection may have something left to read when the next one begins. */
    bool newest = socket == it->socket;
    if (newest) it->asked++;
    if (newest && at < REQUESTS) snprintf(it->requests[at], sizeof it->requests[at], "%s", text);
    bool last = newest && at == REQUESTS - 1, hangs = last && it->hangs, drops = last && it->drops;
    for (size_t i = 0; at < REQUESTS && i < TEXTS && it->replies[at][i]; i++)
        fake_websocket_send(socket, it->replies[at][i]);
    if (last) base_event_set(it->cancel_fd);
    pthread_mutex_unlock(&it->lock);
    if (hangs) fake_delay(it->line, 60000);
    if (drops) fake_websocket_drop(socket);
}

static void handle(void *context, const fake_request *request, fake_reply *reply)
{
    node *it = context;
    pthread_mutex_lock(&it->lock);
    it->line = reply;
    it->asked = 0;
    pthread_mutex_unlock(&it->lock);
    if (fake_websocket_is_asked(request))
        fake_websocket_serve(reply, request, on_text, NULL, it);
    else
        fake_send(reply, 400, "{}");
}

/* What the node answers to a request, while nothing is under way. */
static void set_reply(node *it, int request, const char *text)
{
    pthread_mutex_lock(&it->lock);
    it->replies[request][0] = text;
    pthread_mutex_unlock(&it->lock);
}

static void set_cancel(node *it, int fd)
{
    pthread_mutex_lock(&it->lock);
    it->cancel_fd = fd;
    pthread_mutex_unlock(&it->lock);
}

static int setup(void **state)
{
    node *it = calloc(1, sizeof *it);
    if (!it) return -1;
    pthread_mutex_init(&it->lock, NULL);
    it->replies[0][0] = CHAIN;
    it->replies[1][0] = HEADS;
    it->replies[2][0] = LOGS;
    it->cancel_fd = -1;
    it->server = fake_server_tcp(handle, it);
    now_ms = 1000000;
    *state = it;
    return 0;
}

static int teardown(void **state)
{
    node *it = *state;
    eth_subscription_free(it->subscription);
    fake_server_stop(it->server);
    pthread_mutex_destroy(&it->lock);
    free(it);
    return 0;
}

/* ---- Opening ---- */

static eth_subscription *open_on(node *it, uint64_t chain_id, uint32_t timeout_ms, int cancel_fd,
                                 base_error *error)
{
    char url[128];
    snprintf(url, sizeof url, "ws%s/key", fake_server_endpoint(it->server) + 4);
    eth_subscription_config config = {.url = url,
                                      .chain_id = chain_id,
                                      .timeout_ms = timeout_ms,
                                      .cancel_fd = cancel_fd,
                                      .clock = &stopped};
    memset(config.contract20, 0xcc, sizeof config.contract20);
    return eth_subscription_open(&config, error);
}

static void open_well(node *it)
{
    base_error error = {0};
    it->subscription = open_on(it, 31337, PATIENCE_MS, -1, &error);
    expect_ok(&error);
    assert_non_null(it->subscription);
}

static void expect_refused(node *it, int code, const char *part)
{
    base_error error = {0};
    assert_null(open_on(it, 31337, PATIENCE_MS, -1, &error));
    assert_null(strstr(error.text, "key")); /* the path may be one */
    expect_error(&error, code, part);
}

static void test_opening(void **state)
{
    node *it = *state;
    open_well(it);
    pthread_mutex_lock(&it->lock);
    assert_int_equal(it->asked, REQUESTS);
    assert_string_equal(it->requests[0],
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":[]}");
    assert_string_equal(it->requests[1], "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"eth_subscribe\","
                                         "\"params\":[\"newHeads\"]}");
    assert_string_equal(it->requests[2],
                        "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"eth_subscribe\",\"params\":[\"logs\","
                        "{\"address\":\"0xcccccccccccccccccccccccccccccccccccccccc\"}]}");
    pthread_mutex_unlock(&it->lock);
    assert_int_equal(eth_subscription_chain_id(it->subscription), 31337);
    assert_false(eth_subscription_has_more(it->subscription));
    assert_true(eth_subscription_fd(it->subscription) >= 0);
}

static void test_other_orders(void **state)
{
    node *it = *state;
    it->replies[0][0] = NULL;
    it->replies[1][0] = NULL;
    it->replies[2][1] = HEADS;
    it->replies[2][2] = CHAIN;
    open_well(it);
}

static void test_chain(void **state)
{
    static const char *const bad[] = {"",        "0x",   "31337", "0x0",  "0xg",
                                      "0x 7a69", "0x-1", "-0x1",  " 0x1", "0x10000000000000000"};
    node *it = *state;
    base_error error = {0};
    for (size_t i = 0; i < COUNT(bad); i++) {
        char text[64];
        snprintf(text, sizeof text, "{\"id\":1,\"result\":\"%s\"}", bad[i]);
        it->replies[0][0] = text;
        expect_refused(it, DSTACK_P2P_ERR_RPC_ANSWER, "no chain id");
    }
    it->replies[0][0] = "{\"id\":1,\"result\":\"0x7a6a\"}";
    expect_refused(it, DSTACK_P2P_ERR_WRONG_CHAIN, "on chain 31338, not on chain 31337");
    it->subscription = open_on(it, 0, PATIENCE_MS, -1, &error);
    expect_ok(&error);
    assert_int_equal(eth_subscription_chain_id(it->subscription), 31338);
}

static void test_refusals(void **state)
{
    static const struct {
        int request;
        const char *reply;
        int code;
        const char *part;
    } cases[] = {
        {0, "{\"id\":1,\"error\":{\"message\":\"not now\"}}", DSTACK_P2P_ERR_RPC_ERROR,
         "eth_chainId: not now"},
        {1, "{\"id\":2,\"error\":{\"message\":\"not here\"}}", DSTACK_P2P_ERR_RPC_ERROR,
         "a subscription: not here"},
        {2, "{\"id\":3,\"error\":{\"message\":\"no logs\"}}", DSTACK_P2P_ERR_RPC_ERROR,
         "a subscription: no logs"},
        {1, "{\"id\":null,\"error\":{\"message\":\"too many\"}}", DSTACK_P2P_ERR_RPC_ERROR, "too many"},
        {1, "{\"id\":2,\"result\":\"\"}", DSTACK_P2P_ERR_RPC_ANSWER, "no name"},
        {1, "{\"id\":2,\"result\":null}", DSTACK_P2P_ERR_RPC_ANSWER, "no result"},
        {2, "{\"id\":3,\"result\":[]}", DSTACK_P2P_ERR_RPC_ANSWER, "no result"},
        {2, "nonsense", DSTACK_P2P_ERR_RPC_ANSWER, "no JSON object"},
    };
    node *it = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *good = it->replies[cases[i].request][0];
        it->replies[cases[i].request][0] = cases[i].reply;
        expect_refused(it, cases[i].code, cases[i].part);
        it->replies[cases[i].request][0] = good;
    }
    open_well(it);
}

/* A name is kept whole, or not at all: cut, it would be nobody's. */
static void test_long_names(void **state)
{
    node *it = *state;
    char text[256], name[ETH_SUBSCRIPTION_TEXT + 1] = "";
    memset(name, 'n', ETH_SUBSCRIPTION_TEXT);
    snprintf(text, sizeof text, "{\"id\":3,\"result\":\"%s\"}", name);
    it->replies[2][0] = text;
    expect_refused(it, DSTACK_P2P_ERR_RPC_ANSWER, "a long one");
    snprintf(text, sizeof text, "{\"id\":3,\"result\":\"%.*s\"}", ETH_SUBSCRIPTION_TEXT - 1, name);
    open_well(it);
}

static void test_only_one_answered(void **state)
{
    node *it = *state;
    for (int i = 0; i < REQUESTS; i++) {
        base_error error = {0};
        const char *good = it->replies[i][0];
        set_reply(it, i, NULL);
        assert_null(open_on(it, 31337, 200, -1, &error));
        expect_error(&error, DSTACK_P2P_ERR_RPC_TIMEOUT, "no answer to eth_subscribe");
        set_reply(it, i, good);
    }
    set_reply(it, 2, "{\"id\":7,\"result\":\"0xb\"}"); /* to nothing that was asked */
    base_error error = {0};
    assert_null(open_on(it, 31337, 200, -1, &error));
    expect_error(&error, DSTACK_P2P_ERR_RPC_TIMEOUT, "no answer to eth_subscribe");
}

static void test_cancel(void **state)
{
    node *it = *state;
    base_error error = {0};
    int cancel = base_event_new();
    set_reply(it, 2, NULL);
    set_cancel(it, cancel);
    assert_null(open_on(it, 31337, PATIENCE_MS, cancel, &error));
    expect_error(&error, DSTACK_P2P_ERR_CANCELLED, "cancelled");
    set_cancel(it, -1);
    assert_null(open_on(it, 31337, PATIENCE_MS, cancel, &error));
    expect_error(&error, DSTACK_P2P_ERR_CANCELLED, "cancelled");
    base_event_free(cancel);
}

static void test_cannot_open(void **state)
{
    node *it = *state;
    char url[64];
    base_error error = {0};
    int fd = fake_refused_port(url);
    eth_subscription_config config = {
        .url = url, .timeout_ms = PATIENCE_MS, .cancel_fd = -1, .clock = &stopped};
    assert_null(eth_subscription_open(&config, &error));
    expect_error(&error, DSTACK_P2P_ERR_RPC_UNREACHABLE, "no WebSocket to http://127.0.0.1");
    close(fd);
    it->replies[2][0] = NULL;
    it->drops = true;
    expect_refused(it, DSTACK_P2P_ERR_RPC_UNREACHABLE, "the connection has ended");
}

/* ---- Hints ---- */

static void count_log(void *context, const json_t *log, bool removed)
{
    node *it = context;
    assert_non_null(json_object_get(log, "topics"));
    it->logs++;
    it->removed += removed;
}

static fake_websocket *socket_of(node *it)
{
    pthread_mutex_lock(&it->lock);
    fake_websocket *socket = it->socket;
    pthread_mutex_unlock(&it->lock);
    return socket;
}

static void push(node *it, const char *text)
{
    fake_websocket_send(socket_of(it), text);
}

static unsigned pings(node *it)
{
    return fake_websocket_pings(socket_of(it));
}

/* Reads until a log entry that marks the end has come; what was heard of up to it. */
static eth_hints read_all(node *it)
{
    eth_hints hints = {0};
    base_error error = {0};
    size_t before = it->removed;
    push(it, LOG("0xb", "0x0", "true"));
    while (it->removed == before) {
        struct pollfd item = {.fd = eth_subscription_fd(it->subscription), .events = POLLIN};
        if (!eth_subscription_has_more(it->subscription)) assert_int_equal(poll(&item, 1, PATIENCE_MS), 1);
        eth_subscription_read(it->subscription, &hints, count_log, it, &error);
        expect_ok(&error);
    }
    return hints;
}

static void push_head(node *it, const char *name, uint64_t number, uint8_t branch, uint8_t parent)
{
    char text[512], own[65], last[65];
    for (size_t i = 0; i < 32; i++) {
        snprintf(own + 2 * i, 3, "%02x", i ? branch : (unsigned)(number & 0xff));
        snprintf(last + 2 * i, 3, "%02x", i ? parent : (unsigned)((number - 1) & 0xff));
    }
    snprintf(text, sizeof text,
             "{\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"%s\",\"result\":{\"number\":"
             "\"0x%llx\",\"timestamp\":\"0x20\",\"hash\":\"0x%s\",\"parentHash\":\"0x%s\"}}}",
             name, (unsigned long long)number, own, last);
    push(it, text);
}

/* The mark breaks the hints, for it was taken back: here the last head is waited for instead. */
static eth_hints read_heads(node *it, uint64_t last)
{
    eth_hints hints = {0};
    base_error error = {0};
    while (!hints.has_head || hints.head.number != last) {
        struct pollfd item = {.fd = eth_subscription_fd(it->subscription), .events = POLLIN};
        assert_int_equal(poll(&item, 1, PATIENCE_MS), 1);
        eth_subscription_read(it->subscription, &hints, count_log, it, &error);
        expect_ok(&error);
    }
    assert_false(hints.has_log);
    return hints;
}

static void expect_head(node *it, uint64_t number, uint8_t branch, uint8_t parent, bool broken)
{
    push_head(it, "0xa", number, branch, parent);
    eth_hints hints = read_heads(it, number);
    assert_int_equal(hints.broken, broken);
    assert_int_equal(hints.head.time, 32);
    assert_int_equal(hints.head.hash32[31], branch);
}

static void test_heads(void **state)
{
    node *it = *state;
    open_well(it);
    expect_head(it, 100, 1, 1, false); /* the first one fits anything */
    expect_head(it, 101, 1, 1, false); /* follows */
    expect_head(it, 101, 1, 1, false); /* again */
    expect_head(it, 105, 1, 1, false); /* blocks are left out */
    expect_head(it, 106, 2, 1, false);
    expect_head(it, 106, 3, 1, true); /* another one in its place */
    expect_head(it, 107, 3, 2, true); /* does not stand on the one before */
    expect_head(it, 105, 3, 3, true); /* back */
    expect_head(it, 106, 3, 3, false);
    expect_head(it, INT64_MAX, 3, 3, false);
    expect_head(it, 0, 3, 3, true);
    expect_head(it, 1, 3, 3, false);
}

/* Several at once: what is broken stays so until it has been told. */
static void test_heads_at_once(void **state)
{
    node *it = *state;
    open_well(it);
    push_head(it, "0xa", 100, 1, 1);
    push_head(it, "0xa", 100, 2, 1);
    push_head(it, "0xa", 101, 2, 2);
    push_head(it, "0xa", 102, 2, 2);
    assert_true(read_heads(it, 102).broken);
    expect_head(it, 103, 2, 2, false);
}

static void test_other_names(void **state)
{
    node *it = *state;
    open_well(it);
    push_head(it, "0xc", 200, 1, 1);
    push_head(it, "0xb", 201, 1, 1); /* a head by the name of the logs */
    push_head(it, "", 202, 1, 1);
    push(it, LOG("0xa", "0x99", "false"));
    push(it, LOG("0xc", "0x99", "true"));
    push(it, "{\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"0xa\",\"result\":{}}}");
    push(it, "{\"id\":9,\"result\":\"0x1\"}");
    eth_hints hints = read_all(it);
    assert_false(hints.has_head);
    assert_int_equal(hints.log_number, 0);
    assert_int_equal(it->logs, 1); /* the mark */
}

/* What comes before the answers has no name yet: it happened before the opening was over. */
static void test_early_notifications(void **state)
{
    node *it = *state;
    it->replies[2][0] = LOG("0xb", "0x50", "false");
    it->replies[2][1] = LOGS;
    open_well(it);
    eth_hints hints = read_all(it);
    assert_int_equal(hints.log_number, 0);
    assert_int_equal(it->logs, 1);
}

static void test_logs(void **state)
{
    node *it = *state;
    open_well(it);
    push(it, LOG("0xb", "0x10", "false"));
    push(it, LOG("0xb", "0x12", "false"));
    push(it, LOG("0xb", "0x11", "false"));
    eth_hints hints = {0};
    base_error error = {0};
    while (it->logs < 3) {
        struct pollfd item = {.fd = eth_subscription_fd(it->subscription), .events = POLLIN};
        assert_int_equal(poll(&item, 1, PATIENCE_MS), 1);
        eth_subscription_read(it->subscription, &hints, count_log, it, &error);
        expect_ok(&error);
    }
    assert_true(hints.has_log);
    assert_false(hints.broken || hints.has_head);
    assert_int_equal(hints.log_number, 0x12);
    push(it, LOG("0xb", "0x13", "false"));
    hints = read_all(it);
    assert_true(hints.broken); /* the mark was taken back */
    assert_int_equal(hints.log_number, 0x13);
    assert_int_equal(it->logs, 5);
    assert_int_equal(it->removed, 1);
}

static void test_nobody_to_tell(void **state)
{
    node *it = *state;
    base_error error = {0};
    eth_hints hints = {0};
    open_well(it);
    push(it, LOG("0xb", "0x10", "false"));
    struct pollfd item = {.fd = eth_subscription_fd(it->subscription), .events = POLLIN};
    assert_int_equal(poll(&item, 1, PATIENCE_MS), 1);
    eth_subscription_read(it->subscription, &hints, NULL, NULL, &error);
    expect_ok(&error);
    assert_int_equal(hints.log_number, 0x10);
}

/* ---- The end ---- */

/* What came before is told all the same, and what comes behind is not. */
static void expect_end(node *it, int code, const char *part)
{
    base_error error = {0};
    eth_hints hints = {0};
    while (!error.code) {
        struct pollfd item = {.fd = eth_subscription_fd(it->subscription), .events = POLLIN};
        assert_int_equal(poll(&item, 1, PATIENCE_MS), 1);
        eth_subscription_read(it->subscription, &hints, count_log, it, &error);
    }
    assert_true(hints.has_log);
    assert_int_equal(it->logs, 1);
    expect_error(&error, code, part);
    eth_subscription_free(it->subscription);
    it->subscription = NULL;
    it->logs = 0;
}

static void test_nonsense(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *part;
    } cases[] = {
        {"nonsense", DSTACK_P2P_ERR_RPC_ANSWER, "no JSON object"},
        {"{}", DSTACK_P2P_ERR_RPC_ANSWER, "without an id"},
        {"{\"method\":\"eth_subscription\"}", DSTACK_P2P_ERR_RPC_ANSWER, "without a subscription"},
        {LOG("0xb", "zzz", "false"), DSTACK_P2P_ERR_RPC_ANSWER, "without a block"},
        {"{\"id\":null,\"error\":{\"message\":\"go\\u001b[2J away\"}}", DSTACK_P2P_ERR_RPC_ERROR,
         "go?[2J away"},
        {"{\"id\":1,\"result\":\"0x1\"}", DSTACK_P2P_ERR_WRONG_CHAIN, "on chain 1"},
    };
    node *it = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        open_well(it);
        push(it, LOG("0xb", "0x10", "false"));
        push(it, cases[i].text);
        push(it, LOG("0xb", "0x11", "false"));
        expect_end(it, cases[i].code, cases[i].part);
    }
}

static void test_dropped(void **state)
{
    node *it = *state;
    open_well(it);
    push(it, LOG("0xb", "0x10", "false"));
    fake_websocket_drop(socket_of(it));
    expect_end(it, DSTACK_P2P_ERR_RPC_UNREACHABLE, "the connection has ended");
}

/* ---- Signs of life ---- */

static void expect_tended(node *it)
{
    base_error error = {0};
    eth_subscription_tend(it->subscription, &error);
    expect_ok(&error);
}

/* A ping after 15 s of silence; the answer is a sign of life, and the next silence begins with it. */
static void test_ping(void **state)
{
    node *it = *state;
    eth_hints hints = {0};
    base_error error = {0};
    open_well(it);
    for (unsigned round = 1; round <= 3; round++) {
        uint64_t start = now_ms;
        assert_int_equal(eth_subscription_due_ms(it->subscription), start + 15000);
        now_ms = start + 14999;
        expect_tended(it);
        assert_int_equal(pings(it), round - 1);
        now_ms = start + 15000;
        expect_tended(it);
        assert_int_equal(eth_subscription_due_ms(it->subscription), start + 25000);
        struct pollfd item = {.fd = eth_subscription_fd(it->subscription), .events = POLLIN};
        assert_int_equal(poll(&item, 1, PATIENCE_MS), 1);
        now_ms = start + 24000;
        eth_subscription_read(it->subscription, &hints, NULL, NULL, &error);
        expect_ok(&error);
        assert_int_equal(pings(it), round);
    }
}

static void test_no_answer_to_a_ping(void **state)
{
    node *it = *state;
    base_error error = {0};
    it->hangs = true;
    open_well(it);
    uint64_t start = now_ms;
    now_ms = start + 15000;
    expect_tended(it);
    now_ms = start + 24999;
    expect_tended(it);
    now_ms = start + 25000;
    eth_subscription_tend(it->subscription, &error);
    expect_error(&error, DSTACK_P2P_ERR_RPC_TIMEOUT, "no sign of life for 25 seconds");
}

/* A thread that was busy, or a machine that slept: there has to be time for the answer all the same. */
static void test_tended_late(void **state)
{
    node *it = *state;
    base_error error = {0};
    it->hangs = true;
    open_well(it);
    uint64_t start = now_ms;
    now_ms = start + 86400000;
    expect_tended(it);
    expect_tended(it);
    assert_int_equal(eth_subscription_due_ms(it->subscription), now_ms + 10000);
    now_ms += 9999;
    expect_tended(it);
    now_ms += 1;
    eth_subscription_tend(it->subscription, &error);
    expect_error(&error, DSTACK_P2P_ERR_RPC_TIMEOUT, "no sign of life for 86410 seconds");
}

static void test_a_message_is_a_sign_of_life(void **state)
{
    node *it = *state;
    open_well(it);
    uint64_t start = now_ms;
    now_ms = start + 14000;
    push_head(it, "0xa", 100, 1, 1);
    read_heads(it, 100);
    now_ms = start + 28999;
    expect_tended(it);
    assert_int_equal(eth_subscription_due_ms(it->subscription), start + 29000);
    assert_int_equal(pings(it), 0);
}

/* ---- Too much ---- */

/* A megabyte at a time, so that a flood does not keep its reader from everything else. */
static void test_flood(void **state)
{
    enum { MEGABYTE = 1024 * 1024, TIMES = 32, PADDED = 100 * 1024 };
    static const char entry[] = LOG("0xb", "0x10", "false");
    node *it = *state;
    bool had_more = false;
    base_error error = {0};
    eth_hints hints = {0};
    char *text = malloc(PADDED + 1);
    memset(text, ' ', PADDED);
    memcpy(text, entry, sizeof entry - 1);
    text[PADDED] = '\0';
    open_well(it);
    fake_websocket *socket = socket_of(it);
    for (size_t sent = 0, read = 0; read < TIMES; read = it->logs) {
        for (; sent < TIMES && sent - read < 16;
             sent++) /* more than is read at once, less than may be held up */
            fake_websocket_send(socket, text);
        struct pollfd item = {.fd = eth_subscription_fd(it->subscription), .events = POLLIN};
        if (!eth_subscription_has_more(it->subscription)) assert_int_equal(poll(&item, 1, PATIENCE_MS), 1);
        eth_subscription_read(it->subscription, &hints, count_log, it, &error);
        expect_ok(&error);
        assert_true(it->logs - read <= MEGABYTE / PADDED + 1);
        had_more |= eth_subscription_has_more(it->subscription);
    }
    assert_false(eth_subscription_has_more(it->subscription));
    assert_true(had_more);
    free(text);
}

static void test_message_too_long(void **state)
{
    enum { TOO_LONG = 128 * 1024 + 1 };
    node *it = *state;
    char *text = malloc(TOO_LONG + 1);
    memset(text, ' ', TOO_LONG);
    text[TOO_LONG] = '\0';
    open_well(it);
    push(it, LOG("0xb", "0x10", "false"));
    push(it, text);
    expect_end(it, DSTACK_P2P_ERR_RPC_UNREACHABLE, "the connection has ended");
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_opening),     TEST(test_other_orders),
        TEST(test_chain),       TEST(test_refusals),
        TEST(test_long_names),  TEST(test_only_one_answered),
        TEST(test_cancel),      TEST(test_cannot_open),
        TEST(test_heads),       TEST(test_heads_at_once),
        TEST(test_other_names), TEST(test_early_notifications),
        TEST(test_logs),        TEST(test_nobody_to_tell),
        TEST(test_nonsense),    TEST(test_dropped),
        TEST(test_ping),        TEST(test_no_answer_to_a_ping),
        TEST(test_tended_late), TEST(test_a_message_is_a_sign_of_life),
        TEST(test_flood),       TEST(test_message_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
