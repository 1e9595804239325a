/* SPDX-License-Identifier: MIT */
#include "support/fake_server.h"

#include "base/buf.h"
#include "base/event.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HEAD_MAX = 16 * 1024, BODY_MAX = 4 * 1024 * 1024, BACKLOG = 64 };

struct fake_reply {
    fake_server *server;
    int fd;            /* -1 once closed; changed under the server's lock */
    atomic_bool close; /* a WebSocket is written to by other threads than the one that reads */
    pthread_t thread;
    fake_reply *next;
};

struct fake_server {
    fake_handler handler;
    void *context;
    int listen_fd, stop_fd;
    char endpoint[128], dir[64];
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    fake_reply *connections;
    size_t count, streamed;
};

static void must(bool ok, const char *what)
{
    if (ok) return;
    perror(what);
    abort();
}

/* ---- One connection ---- */

static void send_all(fake_reply *reply, const void *data, size_t len)
{
    const char *at = data;
    while (len) {
        ssize_t sent = send(reply->fd, at, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            reply->close = true;
            return;
        }
        at += sent;
        len -= (size_t)sent;
    }
}

void fake_send_raw(fake_reply *reply, const void *data, size_t len)
{
    send_all(reply, data, len);
}

void fake_send_as(fake_reply *reply, int status, const char *type, const char *headers, const char *body)
{
    char head[512];
    int len =
        snprintf(head, sizeof head, "HTTP/1.1 %d Status\r\nContent-Type: %s\r\n%sContent-Length: %zu\r\n\r\n",
                 status, type, headers, strlen(body));
    send_all(reply, head, (size_t)len);
    send_all(reply, body, strlen(body));
}

void fake_send(fake_reply *reply, int status, const char *body)
{
    fake_send_as(reply, status, "application/json", "", body);
}

void fake_send_half(fake_reply *reply, const char *body)
{
    char head[128];
    int len = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(body));
    send_all(reply, head, (size_t)len);
    send_all(reply, body, strlen(body) / 2);
    reply->close = true;
}

void fake_stream(fake_reply *reply, size_t total, bool announced)
{
    static const char chunk[16 * 1024] = {'['}; /* the rest are NULs */
    char head[128];
    int len = announced ? snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", total)
                        : snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    send_all(reply, head, (size_t)len);
    while (total && !reply->close) {
        size_t part = total < sizeof chunk ? total : sizeof chunk;
        send_all(reply, chunk, part);
        total -= part;
        pthread_mutex_lock(&reply->server->lock);
        reply->server->streamed += part;
        pthread_mutex_unlock(&reply->server->lock);
    }
    reply->close = true;
}

size_t fake_receive(fake_reply *reply, void *data, size_t size)
{
    ssize_t got = recv(reply->fd, data, size, 0);
    if (got <= 0) reply->close = true;
    return got > 0 ? (size_t)got : 0;
}

void fake_close(fake_reply *reply)
{
    reply->close = true;
}

void fake_hang_up(fake_reply *reply)
{
    pthread_mutex_lock(&reply->server->lock);
    if (reply->fd >= 0) (void)shutdown(reply->fd, SHUT_RDWR);
    pthread_mutex_unlock(&reply->server->lock);
}

bool fake_delay(fake_reply *reply, unsigned ms)
{
    struct pollfd items[] = {{.fd = reply->server->stop_fd, .events = POLLIN},
                             {.fd = reply->fd, .events = POLLRDHUP}};
    if (poll(items, 2, (int)ms) == 0) return true;
    reply->close = true;
    return false;
}

/* Reads until the buffer holds `len` bytes. */
static bool fill(const fake_reply *reply, base_buf *in, size_t len)
{
    char chunk[4096];
    while (in->len < len) {
        ssize_t got = recv(reply->fd, chunk, sizeof chunk, 0);
        if (got <= 0 || !base_buf_append(in, chunk, (size_t)got)) return false;
    }
    return true;
}

/* Reads until the buffer holds a whole head; its length, or 0. */
static size_t fill_head(const fake_reply *reply, base_buf *in)
{
    for (;;) {
        const char *end = in->len ? strstr(in->data, "\r\n\r\n") : NULL;
        if (end) return (size_t)(end + 4 - in->data);
        if (in->len > HEAD_MAX || !fill(reply, in, in->len + 1)) return 0;
    }
}

static size_t body_length(const char *head)
{
    const char *header = strcasestr(head, "\r\nContent-Length:");
    return header ? strtoul(header + strlen("\r\nContent-Length:"), NULL, 10) : 0;
}

static void answer(fake_reply *reply, char *head, const char *body, size_t body_len)
{
    fake_request request = {.method = head, .path = "", .body = body, .body_len = body_len, .headers = ""};
    char *lines = strstr(head, "\r\n");
    if (lines) request.headers = lines + 2;
    char *path = strchr(head, ' ');
    if (path) {
        *path++ = '\0';
        path[strcspn(path, " \r\n")] = '\0';
        request.path = path;
    }
    pthread_mutex_lock(&reply->server->lock);
    reply->server->count++;
    pthread_mutex_unlock(&reply->server->lock);
    reply->server->handler(reply->server->context, &request, reply);
}

/* Reads a request and has it answered; false when the connection is done for. */
static bool serve_one(fake_reply *reply, base_buf *in)
{
    size_t head_len = fill_head(reply, in);
    size_t body_len = head_len ? body_length(in->data) : 0;
    if (!head_len || body_len > BODY_MAX || !fill(reply, in, head_len + body_len)) return false;
    char *body = strndup(in->data + head_len, body_len);
    must(body, "strndup");
    in->data[head_len - 1] = '\0';
    answer(reply, in->data, body, body_len);
    free(body);
    base_buf_reset(in);
    return !reply->close;
}

static void *serve(void *context)
{
    fake_reply *reply = context;
    base_buf in = base_buf_make(HEAD_MAX + BODY_MAX);
    while (serve_one(reply, &in)) {
    }
    base_buf_free(&in);
    pthread_mutex_lock(&reply->server->lock);
    close(reply->fd);
    reply->fd = -1;
    pthread_mutex_unlock(&reply->server->lock);
    return NULL;
}

/* ---- The server ---- */

/* Takes the connections that have ended from the list, so that their threads do not pile up. */
static fake_reply *take_ended(fake_server *server)
{
    fake_reply *ended = NULL;
    pthread_mutex_lock(&server->lock);
    for (fake_reply **at = &server->connections; *at;) {
        fake_reply *one = *at;
        if (one->fd >= 0) {
            at = &one->next;
            continue;
        }
        *at = one->next;
        one->next = ended;
        ended = one;
    }
    pthread_mutex_unlock(&server->lock);
    return ended;
}

static void join_all(fake_reply *connections)
{
    for (fake_reply *at = connections, *next; at; at = next) {
        next = at->next;
        pthread_join(at->thread, NULL);
        free(at);
    }
}

static void accept_one(fake_server *server)
{
    int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC), on = 1;
    if (fd < 0) return;
    join_all(take_ended(server));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fake_reply *reply = calloc(1, sizeof *reply);
    must(reply, "calloc");
    reply->server = server;
    reply->fd = fd;
    pthread_mutex_lock(&server->lock);
    reply->next = server->connections;
    server->connections = reply;
    pthread_mutex_unlock(&server->lock);
    must(!pthread_create(&reply->thread, NULL, serve, reply), "pthread_create");
}

static void *listen_on(void *context)
{
    fake_server *server = context;
    struct pollfd items[] = {{.fd = server->stop_fd, .events = POLLIN},
                             {.fd = server->listen_fd, .events = POLLIN}};
    while (poll(items, 2, -1) >= 0 && !items[0].revents)
        accept_one(server);
    return NULL;
}

static fake_server *start(fake_server *server, fake_handler handler, void *context)
{
    server->handler = handler;
    server->context = context;
    server->stop_fd = base_event_new();
    must(server->stop_fd >= 0 && !listen(server->listen_fd, BACKLOG), "listen");
    pthread_mutex_init(&server->lock, NULL);
    must(!pthread_create(&server->thread, NULL, listen_on, server), "pthread_create");
    return server;
}

static int bind_tcp(char *url, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0 && !bind(fd, (struct sockaddr *)&address, len) &&
             !getsockname(fd, (struct sockaddr *)&address, &len),
         "bind");
    snprintf(url, size, "http://127.0.0.1:%u", ntohs(address.sin_port));
    return fd;
}

int fake_refused_port(char url[static 64])
{
    return bind_tcp(url, 64);
}

/* A backlog that is full: the kernel then drops what asks for a connection. */
void fake_deaf_port(char url[static 64], int fds[static FAKE_DEAF_FDS])
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    fds[0] = bind_tcp(url, 64);
    must(!getsockname(fds[0], (struct sockaddr *)&address, &len) && !listen(fds[0], 0), "listen");
    for (size_t i = 1; i < FAKE_DEAF_FDS; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        must(fds[i] >= 0 && (!connect(fds[i], (struct sockaddr *)&address, len) || errno == EINPROGRESS),
             "connect");
    }
}

fake_server *fake_server_tcp(fake_handler handler, void *context)
{
    fake_server *server = calloc(1, sizeof *server);
    must(server, "calloc");
    server->listen_fd = bind_tcp(server->endpoint, sizeof server->endpoint);
    return start(server, handler, context);
}

fake_server *fake_server_unix(fake_handler handler, void *context)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    fake_server *server = calloc(1, sizeof *server);
    must(server, "calloc");
    snprintf(server->dir, sizeof server->dir, "/tmp/fake-server-XXXXXX");
    must(mkdtemp(server->dir), "mkdtemp");
    snprintf(server->endpoint, sizeof server->endpoint, "%s/agent.sock", server->dir);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/agent.sock", server->dir);
    server->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(server->listen_fd >= 0 && !bind(server->listen_fd, (struct sockaddr *)&address, sizeof address),
         "bind");
    return start(server, handler, context);
}

const char *fake_server_endpoint(const fake_server *server)
{
    return server->endpoint;
}

static size_t read_counter(fake_server *server, const size_t *counter)
{
    pthread_mutex_lock(&server->lock);
    size_t value = *counter;
    pthread_mutex_unlock(&server->lock);
    return value;
}

size_t fake_server_count(fake_server *server)
{
    return read_counter(server, &server->count);
}

size_t fake_server_streamed(fake_server *server)
{
    return read_counter(server, &server->streamed);
}

void fake_remove_dir(const char *dir)
{
    char path[512];
    DIR *open_dir = opendir(dir);
    for (struct dirent *entry; open_dir && (entry = readdir(open_dir));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        remove(path);
    }
    if (open_dir) closedir(open_dir);
    rmdir(dir);
}

static void end_connections(fake_server *server)
{
    pthread_mutex_lock(&server->lock);
    for (fake_reply *at = server->connections; at; at = at->next)
        if (at->fd >= 0) shutdown(at->fd, SHUT_RDWR);
    pthread_mutex_unlock(&server->lock);
    join_all(server->connections);
}

void fake_server_stop(fake_server *server)
{
    if (!server) return;
    base_event_set(server->stop_fd);
    pthread_join(server->thread, NULL);
    close(server->listen_fd);
    end_connections(server);
    base_event_free(server->stop_fd);
    pthread_mutex_destroy(&server->lock);
    if (server->dir[0]) fake_remove_dir(server->dir);
    free(server);
}
