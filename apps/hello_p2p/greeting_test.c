/* SPDX-License-Identifier: MIT */
#include "greeting.h"

#include "support/fake_server.h"
#include "unit.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define NAME "rebinding.example"

/* What NAME resolves to, in turn: the last answer stays. Linked before libc's, so libcurl calls this one. */
static const char *const name_answers[] = {"8.8.8.8", "127.0.0.1"};
static atomic_size_t lookups;

__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints, struct addrinfo **out)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!node || strcmp(node, NAME) != 0) return real(node, service, hints, out);
    size_t turn = atomic_fetch_add(&lookups, 1);
    return real(name_answers[turn < COUNT(name_answers) ? turn : COUNT(name_answers) - 1], service, hints,
                out);
}

/* Takes connections to any address of this machine, and never answers. */
static int listen_everywhere(unsigned *port)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    socklen_t len = sizeof any;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), off = 0;
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &len), 0);
    *port = ntohs(any.sin6_port);
    return fd;
}

static greeting_answer turn_to(const char *url, bool may_be_private, bool asks)
{
    hello_target target = {.url = strdup(url), .may_be_private = may_be_private, .asks = asks};
    greeting_answer answer;
    memset(target.own_id, 'a', sizeof target.own_id - 1);
    hello_greeting *one = greeting_new(&target, &answer);
    if (!one) {
        free(target.url);
        return answer;
    }
    answer = greeting_result(one, curl_easy_perform(one->easy));
    greeting_free(one);
    return answer;
}

static greeting_answer greet(const char *url, bool may_be_private)
{
    return turn_to(url, may_be_private, false);
}

static void expect_kept_out(int listener, const char *url, bool asks)
{
    greeting_answer answer = turn_to(url, false, asks);
    if (!answer.error || !strstr(answer.error, "not a public one")) fail_msg("%s: %s", url, answer.error);
    assert_false(answer.final);
    assert_null(answer.message);
    greeting_answer_free(&answer);
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0) fail_msg("%s was connected to", url);
}

/* No spelling of an address of this machine gets a connection. */
static void test_private_addresses(void **state)
{
    static const char *const hosts[] = {
        "127.0.0.1", "127.1",       "0x7f000001",         "2130706433",      "017700000001",
        "0x7f.1",    "127.255.0.1", "localhost",          "0.0.0.0",         "0",
        "[::1]",     "[::]",        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "%31%32%37.0.0.1"};
    unsigned port;
    char url[128];
    int listener = listen_everywhere(&port);
    (void)state;
    for (size_t i = 0; i < COUNT(hosts); i++) {
        snprintf(url, sizeof url, "http://%s:%u", hosts[i], port);
        expect_kept_out(listener, url, false);
        expect_kept_out(listener, url, true);
    }
    close(listener);
}

/* The name looks public to whoever asks first, and is this machine when it is connected to. */
static void test_name_that_changes_its_answer(void **state)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *first;
    unsigned port;
    char url[128];
    int listener = listen_everywhere(&port);
    (void)state;
    atomic_store(&lookups, 0);
    assert_int_equal(getaddrinfo(NAME, NULL, &hints, &first), 0);
    assert_int_equal(((struct sockaddr_in *)first->ai_addr)->sin_addr.s_addr, inet_addr("8.8.8.8"));
    freeaddrinfo(first);
    snprintf(url, sizeof url, "http://" NAME ":%u", port);
    expect_kept_out(listener, url, false);
    assert_true(atomic_load(&lookups) >= 2);
    close(listener);
}

static void on_request(void *context, const fake_request *request, fake_reply *reply)
{
    (void)request;
    fake_send_as(reply, 200, "application/json", "", context);
}

static greeting_answer answer_to(const char *body)
{
    fake_server *server = fake_server_tcp(on_request, (void *)(uintptr_t)body);
    greeting_answer answer = greet(fake_server_endpoint(server), true);
    fake_server_stop(server);
    return answer;
}

static void test_private_addresses_when_allowed(void **state)
{
    (void)state;
    greeting_answer answer = answer_to("{\"message\": \"hi\", \"timestamp\": 7, \"peers_known\": 3}");
    assert_string_equal(answer.message, "hi");
    assert_int_equal(answer.timestamp, 7);
    assert_int_equal(answer.peers_known, 3);
    assert_null(answer.error);
    greeting_answer_free(&answer);
}

typedef struct peer_words {
    size_t len; /* of the answer's body */
    const char *body;
    char path[128];
} peer_words;

static void on_question(void *context, const fake_request *request, fake_reply *reply)
{
    peer_words *words = context;
    char *body = malloc(words->len + 1);
    assert_non_null(body);
    memset(body, ' ', words->len);
    memcpy(body, words->body, strlen(words->body));
    body[words->len] = '\0';
    snprintf(words->path, sizeof words->path, "%s", request->path);
    fake_send_as(reply, 200, "application/json", "", body);
    free(body);
}

static greeting_answer told_by(peer_words *words)
{
    fake_server *server = fake_server_tcp(on_question, words);
    greeting_answer answer = turn_to(fake_server_endpoint(server), true, true);
    fake_server_stop(server);
    return answer;
}

/* The question goes to /peers, names nobody, and takes a longer answer than a greeting, but none of any
 * length. */
static void test_a_peer_is_asked_whom_it_greeted(void **state)
{
    peer_words words = {.len = HEARSAY_BODY_MAX,
                        .body =
                            "{\"peer_info\": [{\"instance_id\": \"00000000000000000000000000000000000000aa\","
                            " \"last_contact\": 7}]}"};
    (void)state;
    greeting_answer answer = told_by(&words);
    assert_string_equal(words.path, "/peers");
    assert_null(answer.error);
    assert_null(answer.message);
    assert_int_equal(answer.told_count, 1);
    assert_int_equal(answer.told[0].at, 7);
    greeting_answer_free(&answer);
    words.len++;
    answer = told_by(&words);
    assert_string_equal(answer.error, "the answer is too long");
    assert_null(answer.told);
    greeting_answer_free(&answer);
    words = (peer_words){.len = 100, .body = "<html>"};
    answer = told_by(&words);
    assert_string_equal(answer.error, "the answer is not JSON");
    greeting_answer_free(&answer);
}

/* What a terminal or a reader could be driven with: controls, DEL, C1, overrides of direction, no UTF-8. */
static void test_messages_are_printable(void **state)
{
    static const struct {
        const char *body, *message;
    } cases[] = {
        {"{\"message\": \"\\u001b[31m\\u0007\\r\\nfake\"}", "?[31m???fake"},
        {"{\"message\": \"a\\u007fb\\u009b2Jc\"}", "a?b??2Jc"},
        {"{\"message\": \"\\u202egpj.exe\\u2066\"}", "???gpj.exe???"},
        {"{\"message\": \"\xf0\x9f\x98\x80\"}", "????"},
        {"{\"message\": \"nul\\u0000\"}", NULL},
        {"{\"message\": \"\xff\xfe\"}", NULL},
        {"{\"message\": \"\xc0\x80\"}", NULL},
        {"{\"message\": \"\xed\xa0\x80\"}", NULL},
        {"{\"message\": \"\x1b[31m\"}", NULL},
        {"{\"message\": 1e999}", NULL},
        {"{\"message\": \"a\", \"timestamp\": 99999999999999999999}", NULL},
        {"{\"message\": \"a\", \"timestamp\": -5, \"peers_known\": 9223372036854775807}", "a"},
        {"[\"message\"]", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        greeting_answer answer = answer_to(cases[i].body);
        if (cases[i].message) {
            assert_string_equal(answer.message, cases[i].message);
            assert_null(answer.error);
            assert_true(answer.timestamp >= -1);
        } else {
            assert_null(answer.message);
            assert_non_null(answer.error);
        }
        for (const char *at = answer.error ? answer.error : ""; *at; at++)
            assert_true(*at >= 0x20 && *at <= 0x7e);
        greeting_answer_free(&answer);
    }
}

static void test_urls_that_are_not_greeted(void **state)
{
    static const char *const urls[] = {"https://user@8.8.8.8/",
                                       "https://user:pass@8.8.8.8/",
                                       "http://:x@8.8.8.8/",
                                       "gopher://8.8.8.8/",
                                       "file:///etc/passwd",
                                       "http://8.8.8.8/?a=b",
                                       "http://8.8.8.8/#a",
                                       "http://",
                                       "8.8.8.8:80",
                                       "unix:/var/run/x",
                                       "http://8.8.8.8%00.example/",
                                       "http://a%0ab/"};
    (void)state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        greeting_answer answer = greet(urls[i], false);
        if (!answer.final || !answer.error) fail_msg("%s", urls[i]);
        greeting_answer_free(&answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_private_addresses),
        cmocka_unit_test(test_name_that_changes_its_answer),
        cmocka_unit_test(test_private_addresses_when_allowed),
        cmocka_unit_test(test_a_peer_is_asked_whom_it_greeted),
        cmocka_unit_test(test_messages_are_printable),
        cmocka_unit_test(test_urls_that_are_not_greeted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
