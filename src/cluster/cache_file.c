/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* mkostemp */
#include "cluster/cache_file.h"

#include "base/file.h"
#include "base/hex.h"
#include "eth/keccak.h"
#include "eth/key.h"
#include "registry/connection_url.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 512 * 1024 * 1024, SUM_LINE = 7 + 64 + 1, PATH_TEXT = 4096 };

#define HEAD_LINE    "dstack-p2p peers 1"
#define CHECKED_LINE "checked\n"

/* ---- Writing ---- */

static void put_hash(base_buf *out, const char *name, const uint8_t hash32[static 32])
{
    base_buf_puts(out, name);
    base_buf_hex(out, hash32, 32);
    base_buf_puts(out, "\n");
}

static void put_peer(base_buf *out, const dstack_p2p_peer *peer)
{
    base_buf_printf(out, "peer %s %s %" PRIu64 " %" PRIu64 " %s\n", peer->instance_id, peer->instance_address,
                    peer->registered_at, peer->expires_at, peer->connection_url);
}

static bool write_text(const cluster_cache *about, const dstack_p2p_peers *list, uint64_t wall_s,
                       base_buf *out)
{
    uint8_t sum[32];
    base_buf_printf(out, HEAD_LINE "\nchain %" PRIu64 "\ncontract 0x", about->chain_id);
    base_buf_hex(out, about->contract20, 20);
    base_buf_puts(out, "\n");
    if (about->has_genesis) put_hash(out, "genesis ", about->genesis32);
    put_hash(out, "hash ", list->block_hash32);
    base_buf_printf(out, "block %" PRIu64 " %" PRIu64 "\nversion %" PRIu64 "\nsaved %" PRIu64 "\n",
                    list->block_number, list->block_time, list->version, wall_s);
    base_buf_printf(out, "%speers %zu\n", list->checked ? CHECKED_LINE : "", list->count);
    for (size_t i = 0; i < list->count; i++)
        put_peer(out, &list->peers[i]->record);
    if (base_buf_failed(out)) return false;
    eth_keccak256(out->data, out->len, sum);
    put_hash(out, "keccak ", sum);
    return !base_buf_failed(out);
}

static int cannot_write(const char *path, base_error *error)
{
    return base_fail(error, DSTACK_P2P_ERR_SYSTEM, "cannot write the cache file '%.200s': %s", path,
                     strerror(errno));
}

static int replace(const char *path, const base_buf *text, base_error *error)
{
    char fresh[PATH_TEXT];
    int len = snprintf(fresh, sizeof fresh, "%s.XXXXXX", path);
    if (len < 0 || (size_t)len >= sizeof fresh)
        return base_fail(error, DSTACK_P2P_ERR_SYSTEM, "the cache file's name is too long");
    int fd = mkostemp(fresh, O_CLOEXEC); /* mode 0600 */
    if (fd < 0) return cannot_write(path, error);
    bool ok = base_file_write(fd, text->data, text->len);
    if (!ok) cannot_write(path, error);
    ok = close(fd) == 0 && ok;
    if (ok && rename(fresh, path) == 0) return 0;
    cannot_write(path, error); /* unless it is known already */
    unlink(fresh);
    return error->code;
}

int cluster_cache_save(const char *path, const cluster_cache *about, const dstack_p2p_peers *list,
                       uint64_t wall_s, base_error *error)
{
    base_buf text = base_buf_make(FILE_MAX);
    if (write_text(about, list, wall_s, &text))
        replace(path, &text, error);
    else
        base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory while writing the cache file");
    base_buf_free(&text);
    return error->code;
}

/* ---- Reading ---- */

/* What is left of the text; the first thing that does not fit makes it empty for good. */
typedef struct cursor {
    char *at;
    bool bad;
} cursor;

/* The next line, without its newline, if it begins so: what follows; otherwise NULL and bad. */
static char *line(cursor *in, const char *start)
{
    size_t len = strlen(start);
    char *end = in->bad ? NULL : strchr(in->at, '\n');
    if (!end || strncmp(in->at, start, len) != 0) {
        in->bad = true;
        return NULL;
    }
    char *text = in->at + len;
    *end = '\0';
    in->at = end + 1;
    return text;
}

/* Cuts a decimal number off the front of a line, and the space behind it. */
static uint64_t number(cursor *in, char **text)
{
    char *end;
    if (in->bad || !*text || **text < '0' || **text > '9') {
        in->bad = true;
        return 0;
    }
    errno = 0;
    unsigned long long value = strtoull(*text, &end, 10);
    if (errno || (*end && (*end != ' ' || !end[1]))) in->bad = true;
    *text = *end ? end + 1 : end;
    return value;
}

static uint64_t number_line(cursor *in, const char *start)
{
    char *text = line(in, start);
    uint64_t value = number(in, &text);
    if (text && *text) in->bad = true;
    return value;
}

static void hash_line(cursor *in, const char *start, uint8_t hash32[static 32])
{
    const char *text = line(in, start);
    if (!text || !base_hex_decode(text, strlen(text), hash32, 32)) in->bad = true;
}

static void read_peer(cursor *in, dstack_p2p_peers *list, const uint8_t *self20)
{
    registry_peer peer;
    char *text = line(in, "peer ");
    enum { ID = 40, ADDRESS = 42 };
    if (!text || strlen(text) < ID + 1 + ADDRESS + 1 || text[ID] != ' ' || text[ID + 1 + ADDRESS] != ' ') {
        in->bad = true;
        return;
    }
    text[ID] = text[ID + 1 + ADDRESS] = '\0';
    in->bad |= !base_hex_is_lower(text, ID) || !base_hex_decode(text, ID, peer.instance20, 20) ||
               !eth_address_parse(text + ID + 1, peer.address20);
    text += ID + 1 + ADDRESS + 1;
    peer.registered_at = number(in, &text);
    peer.expires_at = number(in, &text);
    peer.url = text;
    peer.url_len = in->bad ? 0 : strlen(text);
    if (!peer.url_len || !registry_url_is_printable(text) ||
        !cluster_list_add(list, &peer, self20 && !memcmp(peer.instance20, self20, 20)))
        in->bad = true;
}

/* Whether the last line is the checksum of all others; cuts it off. */
static bool check_sum(base_buf *text)
{
    uint8_t sum[32], expected[32];
    if (text->len < SUM_LINE || memchr(text->data, '\0', text->len)) return false;
    size_t len = text->len - SUM_LINE;
    const char *last = text->data + len;
    if (memcmp(last, "keccak ", 7) != 0 || !base_hex_is_lower(last + 7, 64) || last[7 + 64] != '\n' ||
        !base_hex_decode(last + 7, 64, expected, 32))
        return false;
    eth_keccak256(text->data, len, sum);
    text->data[len] = '\0';
    return !memcmp(sum, expected, 32);
}

static int refuse(const char *path, const char *why, base_error *error)
{
    return base_fail(error, DSTACK_P2P_ERR_CONFIG, "the cache file '%.200s' is not used: %s", path, why);
}

/* The lines before the peers. */
static int read_head(cursor *in, const char *path, cluster_cache *about, dstack_p2p_peers *list,
                     uint64_t *wall_s, base_error *error)
{
    uint8_t contract[20] = {0};
    const char *first = line(in, HEAD_LINE);
    uint64_t chain_id = number_line(in, "chain ");
    const char *text = line(in, "contract 0x");
    if (!first || *first || !text || !base_hex_decode(text, strlen(text), contract, 20))
        return refuse(path, "malformed", error);
    if (chain_id != about->chain_id || memcmp(contract, about->contract20, 20) != 0)
        return refuse(path, "it is of another chain or contract", error);
    about->has_genesis = !strncmp(in->at, "genesis ", 8);
    if (about->has_genesis) hash_line(in, "genesis ", about->genesis32);
    hash_line(in, "hash ", list->block_hash32);
    char *block = line(in, "block ");
    list->block_number = number(in, &block);
    list->block_time = number(in, &block);
    if (block && *block) in->bad = true;
    list->version = number_line(in, "version ");
    *wall_s = number_line(in, "saved ");
    list->checked = !in->bad && !strncmp(in->at, CHECKED_LINE, strlen(CHECKED_LINE));
    if (list->checked) in->at += strlen(CHECKED_LINE);
    return in->bad ? refuse(path, "malformed", error) : 0;
}

static int read_text(base_buf *text, const char *path, cluster_cache *about, const uint8_t *self20,
                     dstack_p2p_peers *list, uint64_t *wall_s, base_error *error)
{
    if (!check_sum(text)) return refuse(path, "it is cut or damaged", error);
    cursor in = {.at = text->data};
    if (read_head(&in, path, about, list, wall_s, error)) return error->code;
    for (uint64_t left = number_line(&in, "peers "); left && !in.bad; left--)
        read_peer(&in, list, self20);
    if (in.bad || *in.at) return refuse(path, "malformed", error);
    base_error twice = {0};
    return cluster_list_finish(list, &twice) ? refuse(path, "a peer is in it twice", error) : 0;
}

static int cannot_read(const char *path, base_error *error)
{
    return base_fail(error, DSTACK_P2P_ERR_SYSTEM, "cannot read the cache file '%.200s': %s", path,
                     strerror(errno));
}

/* Before anything is read: a device has no end, and a pipe may have no beginning. */
static int check_kind(int fd, const char *path, base_error *error)
{
    struct stat about;
    if (fstat(fd, &about)) return cannot_read(path, error);
    if (!S_ISREG(about.st_mode)) return refuse(path, "it is no regular file", error);
    return about.st_size > FILE_MAX ? refuse(path, "it is too large", error) : 0;
}

static int read_open(int fd, const char *path, base_buf *text, base_error *error)
{
    char chunk[16384];
    ssize_t got;
    if (check_kind(fd, path, error)) return error->code;
    while ((got = read(fd, chunk, sizeof chunk)) > 0)
        if (!base_buf_append(text, chunk, (size_t)got)) return refuse(path, "it is too large", error);
    return got < 0 ? cannot_read(path, error) : 0;
}

/* False when there is no such file, or it cannot be read: then with an error. */
static bool read_file(const char *path, base_buf *text, base_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        if (errno != ENOENT) cannot_read(path, error);
        return false;
    }
    read_open(fd, path, text, error);
    close(fd);
    return !error->code;
}

dstack_p2p_peers *cluster_cache_load(const char *path, const base_clock *clock, const uint8_t *self20,
                                     cluster_cache *about, uint64_t *wall_s, base_error *error)
{
    base_buf text = base_buf_make(FILE_MAX);
    dstack_p2p_peers *list = cluster_list_new(clock);
    if (!list) base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    bool found = list && read_file(path, &text, error);
    if (found && !read_text(&text, path, about, self20, list, wall_s, error)) {
        list->knows_self = self20;
    } else {
        dstack_p2p_peers_free(list);
        list = NULL;
    }
    base_buf_free(&text);
    return list;
}
