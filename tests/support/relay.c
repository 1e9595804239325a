/* SPDX-License-Identifier: MIT */
#include "support/relay.h"

#include "base/event.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 16 * 1024, LOOK_MS = 20 };

typedef struct connection {
    relay *line;
    int client, server; /* sockets */
    bool is_websocket, has_begun, breaks, done;
    unsigned drop; /* the relay's count when it was made */
    size_t breaks_after;
    pthread_t thread;
    struct connection *next;
} connection;

struct relay {
    int listen_fd, stop_fd;
    unsigned port, target_port;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    relay_faults faults;
    uint64_t random;
    unsigned drops, count, broken;
    connection *connections;
};

static void must(bool ok, const char *what)
{
    if (ok) return;
    perror(what);
    abort();
}

static uint64_t next_random(relay *line)
{
    line->random ^= line->random << 13;
    line->random ^= line->random >> 7;
    return line->random ^= line->random << 17;
}

static struct sockaddr_in local(unsigned port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* ---- A connection ---- */

/* Whether it is to end now, and how the line is. */
static bool look(connection *it, relay_faults *faults)
{
    pthread_mutex_lock(&it->line->lock);
    *faults = it->line->faults;
    bool dropped = it->is_websocket && it->drop != it->line->drops;
    pthread_mutex_unlock(&it->line->lock);
    return dropped || faults->down || (it->is_websocket && faults->websockets_down);
}

static bool pass(connection *it, const char *data, size_t len, int to, bool is_answer)
{
    if (is_answer && it->breaks && len >= it->breaks_after) {
        (void)send(to, data, it->breaks_after, MSG_NOSIGNAL);
        return false;
    }
    if (is_answer && it->breaks) it->breaks_after -= len;
    while (len) {
        ssize_t sent = send(to, data, len, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        data += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* Passes a piece on; false at the end. */
static bool relay_piece(connection *it, int from, int to)
{
    static _Thread_local char piece[PIECE];
    relay_faults faults;
    ssize_t got = recv(from, piece, sizeof piece, 0);
    if (got <= 0) return false;
    if (!it->has_begun) it->is_websocket = !memcmp(piece, "GET ", 4);
    it->has_begun = true;
    if (look(it, &faults)) return false;
    struct pollfd stop = {.fd = it->line->stop_fd, .events = POLLIN};
    if (faults.delay_ms && poll(&stop, 1, (int)faults.delay_ms)) return false;
    return pass(it, piece, (size_t)got, to, from == it->server);
}

static void *carry(void *context)
{
    connection *it = context;
    struct pollfd items[] = {{.fd = it->line->stop_fd, .events = POLLIN},
                             {.fd = it->client, .events = POLLIN},
                             {.fd = it->server, .events = POLLIN}};
    relay_faults faults;
    while (!look(it, &faults)) {
        int ready = poll(items, faults.stuck ? 1 : 3, LOOK_MS);
        if (ready < 0 || items[0].revents) break;
        if (ready == 0 || faults.stuck) continue;
        if (items[1].revents && !relay_piece(it, it->client, it->server)) break;
        if (items[2].revents && !relay_piece(it, it->server, it->client)) break;
    }
    pthread_mutex_lock(&it->line->lock);
    close(it->client);
    close(it->server);
    it->done = true;
    pthread_mutex_unlock(&it->line->lock);
    return NULL;
}

/* ---- The relay ---- */

static int dial(unsigned port)
{
    struct sockaddr_in address = local(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    must(fd >= 0, "socket");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!connect(fd, (struct sockaddr *)&address, sizeof address)) return fd;
    close(fd);
    return -1;
}

static void join_done(relay *line)
{
    for (connection **at = &line->connections; *at;) {
        connection *it = *at;
        pthread_mutex_lock(&line->lock);
        bool done = it->done;
        pthread_mutex_unlock(&line->lock);
        if (!done) {
            at = &it->next;
            continue;
        }
        pthread_join(it->thread, NULL);
        *at = it->next;
        free(it);
    }
}

static void begin(relay *line, int client, int server)
{
    connection *it = calloc(1, sizeof *it);
    must(it, "calloc");
    *it = (connection){.line = line, .client = client, .server = server, .next = line->connections};
    pthread_mutex_lock(&line->lock);
    it->drop = line->drops;
    it->breaks = next_random(line) % 1000 < line->faults.breaks_permille;
    it->breaks_after = (size_t)(next_random(line) % 300);
    line->broken += it->breaks;
    pthread_mutex_unlock(&line->lock);
    line->connections = it;
    must(!pthread_create(&it->thread, NULL, carry, it), "pthread_create");
}

static void accept_one(relay *line)
{
    int client = accept4(line->listen_fd, NULL, NULL, SOCK_CLOEXEC), on = 1;
    if (client < 0) return;
    (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    pthread_mutex_lock(&line->lock);
    bool down = line->faults.down;
    line->count++;
    pthread_mutex_unlock(&line->lock);
    int server = down ? -1 : dial(line->target_port);
    if (server < 0)
        close(client);
    else
        begin(line, client, server);
    join_done(line);
}

static void *listen_on(void *context)
{
    relay *line = context;
    struct pollfd items[] = {{.fd = line->stop_fd, .events = POLLIN},
                             {.fd = line->listen_fd, .events = POLLIN}};
    while (poll(items, 2, -1) >= 0 && !items[0].revents)
        accept_one(line);
    return NULL;
}

relay *relay_start(unsigned target_port, uint64_t seed)
{
    struct sockaddr_in address = local(0);
    socklen_t len = sizeof address;
    relay *line = calloc(1, sizeof *line);
    must(line, "calloc");
    line->target_port = target_port;
    line->random = seed * 2 + 1;
    line->stop_fd = base_event_new();
    line->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(line->listen_fd >= 0 && !bind(line->listen_fd, (struct sockaddr *)&address, len) &&
             !getsockname(line->listen_fd, (struct sockaddr *)&address, &len) &&
             !listen(line->listen_fd, 128),
         "listen");
    line->port = ntohs(address.sin_port);
    pthread_mutex_init(&line->lock, NULL);
    must(!pthread_create(&line->thread, NULL, listen_on, line), "pthread_create");
    return line;
}

unsigned relay_port(const relay *line)
{
    return line->port;
}

void relay_set(relay *line, relay_faults faults)
{
    pthread_mutex_lock(&line->lock);
    line->faults = faults;
    pthread_mutex_unlock(&line->lock);
}

void relay_drop_websockets(relay *line)
{
    pthread_mutex_lock(&line->lock);
    line->drops++;
    pthread_mutex_unlock(&line->lock);
}

static unsigned read_counter(relay *line, const unsigned *counter)
{
    pthread_mutex_lock(&line->lock);
    unsigned value = *counter;
    pthread_mutex_unlock(&line->lock);
    return value;
}

unsigned relay_connections(relay *line)
{
    return read_counter(line, &line->count);
}

unsigned relay_broken(relay *line)
{
    return read_counter(line, &line->broken);
}

/* A connection may wait for somebody to read what it passes on, and look at nothing else. */
static void shut_down(relay *line)
{
    pthread_mutex_lock(&line->lock);
    for (const connection *it = line->connections; it; it = it->next) {
        if (it->done) continue;
        (void)shutdown(it->client, SHUT_RDWR);
        (void)shutdown(it->server, SHUT_RDWR);
    }
    pthread_mutex_unlock(&line->lock);
}

void relay_stop(relay *line)
{
    if (!line) return;
    base_event_set(line->stop_fd);
    pthread_join(line->thread, NULL);
    shut_down(line);
    for (connection *it = line->connections, *next; it; it = next) {
        next = it->next;
        pthread_join(it->thread, NULL);
        free(it);
    }
    close(line->listen_fd);
    base_event_free(line->stop_fd);
    pthread_mutex_destroy(&line->lock);
    free(line);
}
