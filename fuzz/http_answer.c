/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* memmem, strcasestr */
#include "http_answer.h"

#include "base/buf.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum { ANSWERS_MAX = 8 * 1024 * 1024, QUIET_STEPS = 3 };

static bool receive(int fd, base_buf *answers)
{
    char chunk[16 * 1024];
    ssize_t got = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);
    if (got > 0) FUZZ_REQUIRE(base_buf_append(answers, chunk, (size_t)got));
    return got > 0;
}

/* Until nothing has come for a few steps: a server that is run in steps has nothing more to say then. */
static void drain(int fd, base_buf *answers, fuzz_step step, void *context)
{
    for (int quiet = 0; quiet < QUIET_STEPS; quiet++) {
        step(context);
        while (receive(fd, answers))
            quiet = 0;
    }
}

/* What the server does not read any more, it need not get. */
static void send_piece(int fd, const uint8_t *data, size_t len, base_buf *answers, fuzz_step step,
                       void *context)
{
    while (len) {
        ssize_t sent = send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        drain(fd, answers, step, context);
        if (sent <= 0) return;
        data += sent;
        len -= (size_t)sent;
    }
}

static const char *header(const char *head, const char *name)
{
    const char *line = strcasestr(head, name);
    return line ? line + strlen(name) : "";
}

/* A JSON object in ASCII, as long as announced. */
static void check_json(const char *head, const char *body, size_t len, bool is_head)
{
    size_t announced = strtoul(header(head, "\r\nContent-Length: "), NULL, 10);
    if (is_head) return;
    FUZZ_REQUIRE(announced && announced <= len);
    for (size_t i = 0; i < announced; i++)
        FUZZ_REQUIRE(body[i] == '\n' || (body[i] >= 0x20 && body[i] <= 0x7e));
    json_t *object = json_loadb(body, announced, JSON_REJECT_DUPLICATES, NULL);
    FUZZ_REQUIRE(json_is_object(object));
    json_decref(object);
}

/* Nothing at all, or an answer with one of HTTP's statuses. Errors that the HTTP library finds have no JSON.
 */
static void check_answer(base_buf *answers, bool is_head)
{
    if (!answers->len) return;
    FUZZ_REQUIRE(answers->len > 12 && memcmp(answers->data, "HTTP/1.", 7) == 0);
    if (strncmp(answers->data + 9, "100", 3) == 0) return;
    FUZZ_REQUIRE(answers->data[9] >= '2' && answers->data[9] <= '5');
    char *end = strstr(answers->data, "\r\n\r\n");
    FUZZ_REQUIRE(end);
    end[2] = '\0';
    if (*header(answers->data, "\r\nContent-Type: application/json"))
        check_json(answers->data, end + 4, answers->len - (size_t)(end + 4 - answers->data), is_head);
}

void fuzz_http_exchange(int fd, const uint8_t *data, size_t len, fuzz_step step, void *context)
{
    fuzz_input input = {data, len};
    size_t first = fuzz_byte(&input);
    if (first > input.len) first = input.len;
    base_buf answers = base_buf_make(ANSWERS_MAX);
    bool is_head = memmem(input.data, input.len, "HEAD", 4);
    send_piece(fd, input.data, first, &answers, step, context);
    send_piece(fd, input.data + first, input.len - first, &answers, step, context);
    check_answer(&answers, is_head);
    base_buf_free(&answers);
}
