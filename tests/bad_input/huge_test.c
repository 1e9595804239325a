/* SPDX-License-Identifier: MIT */
#include "dstack_p2p.h"
#include "support/fake_server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * Answers without end, from a process of their own, so that the memory of this one is the library's. Under a
 * sanitizer sizes mean nothing: there only the outcome counts.
 */

#define CONTRACT "0x5FbDB2315678afecb367f032d93F642f64180aa3"
#define GIGABYTE ((size_t)1 << 30)

enum { DEEP = 100000, RESIDENT_MAX_KB = 32 * 1024 };

/* What the other side sends. */
typedef enum flood { ENDLESS, ANNOUNCED, DEEP_ARRAYS, DEEP_OBJECTS, WIDE, LONG_STRING } flood;

static void send_deep(fake_reply *reply, const char *opening)
{
    size_t len = strlen(opening);
    char head[128], *body = test_malloc(DEEP * len + 1);
    for (size_t i = 0; i < DEEP; i++)
        memcpy(body + i * len, opening, len);
    body[DEEP * len] = '\0';
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", DEEP * len);
    fake_send_raw(reply, head, strlen(head));
    fake_send_raw(reply, body, DEEP * len);
    test_free(body);
}

/* 15 MiB, just below what is let in: of empty arrays, or of one string. */
static void send_large(fake_reply *reply, const char *start, const char *piece, const char *end)
{
    size_t len = strlen(piece), pieces = (15 << 20) / len;
    char head[128];
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
             strlen(start) + pieces * len + strlen(end));
    fake_send_raw(reply, head, strlen(head));
    fake_send_raw(reply, start, strlen(start));
    for (size_t i = 0; i < pieces; i++)
        fake_send_raw(reply, piece, len);
    fake_send_raw(reply, end, strlen(end));
}

static void handle(void *context, const fake_request *request, fake_reply *reply)
{
    (void)request;
    switch (*(const flood *)context) {
    case ENDLESS:
    case ANNOUNCED:
        fake_stream(reply, GIGABYTE, *(const flood *)context == ANNOUNCED);
        break;
    case DEEP_ARRAYS:
        send_deep(reply, "[");
        break;
    case DEEP_OBJECTS:
        send_deep(reply, "{\"a\":");
        break;
    case WIDE:
        send_large(reply, "[[]", ",[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]", "]");
        break;
    case LONG_STRING:
        send_large(reply, "[\"", "....................................................", "\"]");
        break;
    }
}

/* A process that answers everything so, and the URL that it listens at. */
static pid_t start_flood(flood kind, char url[static 64])
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        fake_server *server = fake_server_tcp(handle, &kind);
        (void)!write(ends[1], fake_server_endpoint(server), strlen(fake_server_endpoint(server)) + 1);
        for (;;)
            pause();
    }
    close(ends[1]);
    assert_true(read(ends[0], url, 64) > 0);
    close(ends[0]);
    return pid;
}

static void stop_flood(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void check_memory(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    printf("resident at most %ld KiB\n", usage.ru_maxrss);
    assert_true(usage.ru_maxrss < RESIDENT_MAX_KB);
#endif
}

static void test_node(void **state)
{
    char url[64];
    (void)state;
    for (flood kind = ENDLESS; kind <= DEEP_OBJECTS; kind++) {
        pid_t pid = start_flood(kind, url);
        dstack_p2p_options options = {.rpc_url = url, .evidence = DSTACK_P2P_EVIDENCE_OFF};
        dstack_p2p *sdk = dstack_p2p_new_with_options(CONTRACT, NULL, &options);
        assert_null(dstack_p2p_get_peers(sdk));
        assert_int_equal(dstack_p2p_errcode(sdk), DSTACK_P2P_ERR_RPC_ANSWER);
        dstack_p2p_free(sdk);
        stop_flood(pid);
    }
    check_memory();
}

static void test_guest_agent(void **state)
{
    char url[64];
    (void)state;
    for (flood kind = ENDLESS; kind <= DEEP_OBJECTS; kind++) {
        pid_t pid = start_flood(kind, url);
        dstack_p2p_options options = {.guest_endpoint = url, .guest_wait_ms = DSTACK_P2P_NO_WAIT};
        dstack_p2p *sdk = dstack_p2p_new_with_options(CONTRACT, NULL, &options);
        assert_null(dstack_p2p_instance_id(sdk));
        assert_int_equal(dstack_p2p_errcode(sdk), DSTACK_P2P_ERR_GUEST_ANSWER);
        dstack_p2p_free(sdk);
        stop_flood(pid);
    }
    check_memory();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_node),
        cmocka_unit_test(test_guest_agent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
