/* SPDX-License-Identifier: MIT */
/* What goes over the wire: heads, lengths, errors. dstack's clients are particular about it. */
#define _GNU_SOURCE /* strcasestr */
#include "harness.h"

#include "base/buf.h"
#include "base/hex.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static sim_folder folder;
static sim_process process;
static int idle_connection;
static double idle_since;

static int set_up(void **state)
{
    (void)state;
    folder = sim_folder_make();
    process = sim_start(folder.path, "--listen", "127.0.0.1:0", NULL);
    idle_connection = sim_connect(sim_tcp(&process));
    idle_since = sim_now();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close(idle_connection);
    sim_stop_clean(&process);
    sim_folder_remove(&folder);
    return 0;
}

/* A header's value, as a number. */
static long header(const char *head, const char *name)
{
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, strlen(name)) == 0 && line[2 + strlen(name)] == ':')
            return strtol(line + 3 + strlen(name), NULL, 10);
    return -1;
}

/* Sends a request, the client's half of the connection ends with it, and reads to the end. Insists on a
 * length that is right, no chunks, and nothing but ASCII. Returns the status. */
static int exchange(sim_target target, const char *request, char *answer, size_t room)
{
    int fd = sim_connect(target), status = 0;
    double start = sim_now();
    sim_send(fd, request);
    shutdown(fd, SHUT_WR);
    size_t len = sim_receive(fd, answer, room, room);
    close(fd);
    assert_true(sim_now() - start < 5);
    char *body = strstr(answer, "\r\n\r\n");
    assert_non_null(body);
    body += 4;
    assert_int_equal(header(answer, "Content-Length"), len - (size_t)(body - answer));
    assert_null(strcasestr(answer, "transfer-encoding"));
    for (size_t i = 0; i < len; i++)
        assert_in_range((unsigned char)answer[i], 1, 0x7e);
    assert_int_equal(sscanf(answer, "HTTP/1.1 %d ", &status), 1);
    return status;
}

static void test_answers_have_a_length_and_are_ascii(void **state)
{
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {"POST /Info HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 200},
        {"POST /Version HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 200},
        {"POST /GetKey HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n\r\n{\"path\":\"\xc3\xa9xx\"}", 200},
        {"GET /GetKey?path=%C3%A9 HTTP/1.1\r\nHost: x\r\n\r\n", 200},
        {"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        {"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", 404},
        {"POST /GetKey HTTP/1.1\r\nHost: x\r\nContent-Length: "
         "24\r\n\r\n{\"algorithm\":\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\"}",
         400},
        {"POST /Info HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n\xff", 400},
        {"PUT /Info HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 405},
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404},
    };
    char answer[32 * 1024];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(exchange(sim_tcp(&process), cases[i].request, answer, sizeof answer),
                         cases[i].status);
        assert_int_equal(exchange(sim_unix(process.unix_path), cases[i].request, answer, sizeof answer),
                         cases[i].status);
    }
}

/* libmicrohttpd's own answers, if any, to what is no HTTP: the connection ends, the simulator does not. */
static void test_malformed_http(void **state)
{
    static const char *const requests[] = {
        "nonsense\r\n\r\n",
        "POST /Info HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        "POST /Info HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "POST /Info HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{",
        "\r\n",
        "",
    };
    char answer[4096], id[41];
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        int fd = sim_connect(sim_unix(process.unix_path));
        double start = sim_now();
        sim_send(fd, requests[i]);
        shutdown(fd, SHUT_WR);
        sim_receive(fd, answer, sizeof answer, sizeof answer);
        assert_null(strstr(answer, "200 OK"));
        assert_true(sim_now() - start < 5);
        close(fd);
        sim_instance_id_of(sim_unix(process.unix_path), id);
    }
}

/* The end of the request comes later than the request, when the answer has long been read. */
static void test_late_half_close(void **state)
{
    char answer[4096];
    int fd = sim_connect(sim_unix(process.unix_path));
    (void)state;
    sim_send(fd, "GET /Version HTTP/1.1\r\nHost: x\r\n\r\n");
    sim_receive(fd, answer, sizeof answer, 100);
    assert_non_null(strstr(answer, "200 OK"));
    double start = sim_now();
    shutdown(fd, SHUT_WR);
    sim_receive(fd, answer, sizeof answer, sizeof answer);
    assert_true(sim_now() - start < 5);
    close(fd);
}

static void test_connections_are_kept(void **state)
{
    char answer[4096];
    int fd = sim_connect(sim_unix(process.unix_path));
    (void)state;
    for (int i = 0; i < 3; i++) {
        sim_send(fd, "POST /Version HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
        sim_receive(fd, answer, sizeof answer, 100);
        assert_non_null(strstr(answer, "200 OK"));
        assert_null(strcasestr(answer, "connection: close"));
    }
    close(fd);
}

static void test_requests_that_are_refused(void **state)
{
    static const struct {
        const char *path, *body;
        long status;
        const char *part;
    } cases[] = {
        {"/GetKey", "{", 400, "not valid JSON"},
        {"/GetKey", "{} {}", 400, "not valid JSON"},
        {"/GetKey", "{\"path\":\"a\",\"path\":\"b\"}", 400, "duplicate"},
        {"/GetKey", "{\"path\":\"\xff\"}", 400, "unable to decode byte 0xff"},
        {"/GetKey", "{\"path\":\"\\ud800\"}", 400, "not valid JSON"},
        {"/GetKey", "[]", 400, "not an object"},
        {"/GetKey", "null", 400, "not valid JSON"},
        {"/Info", "\"\"", 400, "not valid JSON"},
        {"/GetKey", "{\"path\":1}", 400, "path is not a string"},
        {"/GetKey", "{\"path\":null}", 400, "path is not a string"},
        {"/GetKey", "{\"purpose\":[]}", 400, "purpose is not a string"},
        {"/GetKey", "{\"algorithm\":{}}", 400, "algorithm is not a string"},
        {"/GetKey", "{\"algorithm\":\"rsa\"}", 400, "Unsupported algorithm: \"rsa\""},
        {"/GetKey", "{\"algorithm\":\"K256\"}", 400, "Unsupported algorithm"},
        {"/GetKey", "{\"algorithm\":\"k256\\u0000\"}", 400, "Unsupported algorithm"},
        {"/GetKey?path=a&path=b", NULL, 400, "twice"},
        {"/GetKey?path=%FF", NULL, 400, "UTF-8"},
        {"/GetKey?%FF=1", NULL, 400, "UTF-8"},
        {"/GetKey?a%00b=1", NULL, 400, "NUL"},
        {"/Nothing", "{}", 400, "no method Nothing"},
        {"/getkey", "{}", 400, "no method getkey"},
        {"/GetKey/", "{}", 404, "nothing is here"},
        {"/i//Info", "{}", 404, "nothing is here"},
        {"/i/a/b/Info", "{}", 404, "nothing is here"},
        {"/i/a/", "{}", 404, "nothing is here"},
        {"//Info", "{}", 404, "nothing is here"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        sim_expect_error(sim_tcp(&process), cases[i].path, cases[i].body, cases[i].status, cases[i].part);
}

static void test_other_verbs(void **state)
{
    static const char *const verbs[] = {"PUT", "DELETE", "OPTIONS", "PATCH"};
    (void)state;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        sim_reply reply = sim_request_bytes(sim_tcp(&process), verbs[i], "/Info", NULL, 0);
        assert_int_equal(reply.status, 405);
        assert_non_null(strstr(sim_reply_text(&reply, "error"), "POST or GET"));
        sim_reply_free(&reply);
    }
}

static void member(const json_t *object, const char *name, size_t digits)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (!text || strlen(text) != digits || !base_hex_is_lower(text, digits))
        fail_msg("%s is \"%s\", not %zu hex digits", name, text ? text : "missing", digits);
}

static void sha384(const void *data, size_t len, uint8_t hash[static 48])
{
    assert_int_equal(EVP_Digest(data, len, hash, NULL, EVP_sha384(), NULL), 1);
}

/* The registers are what the log adds up to: register = SHA-384(register || digest) for each line. */
static void check_replay(const json_t *tcb)
{
    uint8_t registers[4][96] = {0};
    size_t index;
    const json_t *event;
    json_array_foreach(json_object_get(tcb, "event_log"), index, event)
    {
        json_int_t imr = json_integer_value(json_object_get(event, "imr"));
        assert_in_range(imr, 0, 3);
        member(event, "digest", 96);
        base_hex_decode(json_string_value(json_object_get(event, "digest")), 96, registers[imr] + 48, 48);
        sha384(registers[imr], 96, registers[imr]);
    }
    for (size_t i = 0; i < 4; i++) {
        char name[8], hex[97];
        snprintf(name, sizeof name, "rtmr%zu", i);
        base_hex_encode(registers[i], 48, hex);
        assert_string_equal(json_string_value(json_object_get(tcb, name)), hex);
    }
}

static const json_t *find_event(const json_t *tcb, const char *name)
{
    size_t index;
    const json_t *event;
    json_array_foreach(json_object_get(tcb, "event_log"), index, event)
    {
        if (strcmp(json_string_value(json_object_get(event, "event")), name) == 0) return event;
    }
    fail_msg("no event %s", name);
    return NULL;
}

static void check_tcb_info(const sim_reply *reply)
{
    static const char *const registers[] = {"mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3"};
    static const char *const hashes[] = {"mr_aggregated", "os_image_hash", "compose_hash", "device_id"};
    json_t *tcb = json_loads(sim_reply_text(reply, "tcb_info"), JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_is_object(tcb));
    for (size_t i = 0; i < 5; i++)
        member(tcb, registers[i], 96);
    for (size_t i = 0; i < 4; i++) {
        member(tcb, hashes[i], 64);
        assert_string_equal(json_string_value(json_object_get(tcb, hashes[i])),
                            sim_reply_text(reply, hashes[i]));
    }
    check_replay(tcb);
    /* A digest that a real machine has written, of an event that is the same everywhere. */
    assert_string_equal(json_string_value(json_object_get(find_event(tcb, "system-preparing"), "digest")),
                        "f9974020ef507068183313d0ca808e0d1ca9b2d1ad0c61f5784e7157c362c065"
                        "36f5ddacdad4451693f48fcc72fff624");
    assert_string_equal(json_string_value(json_object_get(find_event(tcb, "instance-id"), "event_payload")),
                        sim_reply_text(reply, "instance_id"));
    assert_string_equal(json_string_value(json_object_get(find_event(tcb, "app-id"), "event_payload")),
                        sim_reply_text(reply, "app_id"));
    assert_string_equal(json_string_value(json_object_get(find_event(tcb, "compose-hash"), "event_payload")),
                        sim_reply_text(reply, "compose_hash"));
    uint8_t hash[32];
    char hex[65];
    const char *compose = json_string_value(json_object_get(tcb, "app_compose"));
    assert_int_equal(EVP_Digest(compose, strlen(compose), hash, NULL, EVP_sha256(), NULL), 1);
    base_hex_encode(hash, 32, hex);
    assert_string_equal(hex, sim_reply_text(reply, "compose_hash"));
    json_decref(tcb);
}

static void test_info(void **state)
{
    (void)state;
    sim_reply reply = sim_request(sim_tcp(&process), "/Info", "{}");
    assert_int_equal(reply.status, 200);
    assert_int_equal(json_object_size(reply.json), 13);
    member(reply.json, "app_id", 40);
    member(reply.json, "instance_id", 40);
    assert_string_equal(sim_reply_text(&reply, "app_id"), "5bb4ff9a3837357f19dc176407a5709c62eb6c56");
    assert_non_null(strstr(sim_reply_text(&reply, "app_cert"), "BEGIN CERTIFICATE"));
    assert_non_null(strstr(sim_reply_text(&reply, "key_provider_info"), "\"name\":\"kms\""));
    assert_non_null(strstr(sim_reply_text(&reply, "vm_config"), "\"cpu_count\":1"));
    sim_reply_text(&reply, "app_name");
    sim_reply_text(&reply, "cloud_vendor");
    sim_reply_text(&reply, "cloud_product");
    check_tcb_info(&reply);
    sim_reply_free(&reply);
}

static void test_version(void **state)
{
    (void)state;
    sim_reply reply = sim_request(sim_tcp(&process), "/Version", NULL);
    assert_int_equal(reply.status, 200);
    assert_int_equal(json_object_size(reply.json), 2);
    assert_true(*sim_reply_text(&reply, "version") && *sim_reply_text(&reply, "rev"));
    sim_reply_free(&reply);
}

/* Last in the list: by now most of the time is over. */
static void test_silent_connections_are_closed_after_ten_seconds(void **state)
{
    char answer[64];
    (void)state;
    assert_int_equal(sim_receive(idle_connection, answer, sizeof answer, 1), 0);
    assert_true(sim_now() - idle_since > 8);
    assert_true(sim_now() - idle_since < 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_have_a_length_and_are_ascii),
        cmocka_unit_test(test_malformed_http),
        cmocka_unit_test(test_late_half_close),
        cmocka_unit_test(test_connections_are_kept),
        cmocka_unit_test(test_requests_that_are_refused),
        cmocka_unit_test(test_other_verbs),
        cmocka_unit_test(test_info),
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_silent_connections_are_closed_after_ten_seconds),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
