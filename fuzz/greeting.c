/* SPDX-License-Identifier: MIT */

/*
 * What a peer answers to a greeting: whole HTTP answers, read by curl as hello_p2p sets it up, over a socket
 * pair that holds the run's bytes already. What is kept of them is short and drives no terminal.
 */

#include "greeting.h"
#include "fuzz.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = 128 * 1024, MESSAGE_MAX = 256 };

static curl_socket_t give_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    (void)address;
    return *(curl_socket_t *)context;
}

/* Curl's call: the socket pair is connected already. */
__attribute__((visibility("default"))) int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    (void)fd;
    (void)address;
    (void)len;
    return 0;
}

/* The peer has said all it will. Returns our end. */
static int peer_that_said(const uint8_t *data, size_t size, int *peer)
{
    int ends[2], room = 2 * ANSWER_MAX;
    FUZZ_REQUIRE(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
    FUZZ_REQUIRE(!setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room));
    size_t len = size < ANSWER_MAX ? size : ANSWER_MAX;
    FUZZ_REQUIRE(send(ends[1], data, len, MSG_DONTWAIT) == (ssize_t)len);
    shutdown(ends[1], SHUT_WR);
    *peer = ends[1];
    return ends[0];
}

static void check(const greeting_answer *answer)
{
    FUZZ_REQUIRE(!answer->message != !answer->error);
    FUZZ_REQUIRE(answer->timestamp >= -1 && answer->peers_known >= -1);
    if (answer->message)
        FUZZ_REQUIRE(strlen(answer->message) <= MESSAGE_MAX && fuzz_is_printable(answer->message));
    if (answer->error)
        FUZZ_REQUIRE(strlen(answer->error) < CURL_ERROR_SIZE + 32 && fuzz_is_printable(answer->error));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int peer;
    hello_target target = {.id = "00000000000000000000000000000000000000aa",
                           .own_id = "1691ed1b47506cad7d08834668691d88246f5b1f",
                           .url = strdup("http://192.0.2.1:1/")};
    greeting_answer answer;
    curl_socket_t fd = peer_that_said(data, size, &peer);
    hello_greeting *greeting = greeting_new(&target, &answer);
    FUZZ_REQUIRE(greeting);
    curl_easy_setopt(greeting->easy, CURLOPT_OPENSOCKETFUNCTION, give_socket);
    curl_easy_setopt(greeting->easy, CURLOPT_OPENSOCKETDATA, &fd);
    CURLcode code = curl_easy_perform(greeting->easy);
    answer = greeting_result(greeting, code);
    check(&answer);
    FUZZ_REQUIRE(greeting->len <= GREETING_BODY_MAX);
    greeting_answer_free(&answer);
    greeting_free(greeting);
    close(peer);
    return 0;
}
