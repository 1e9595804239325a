/* SPDX-License-Identifier: MIT */
#include "cluster/private_key.h"

#include "base/hex.h"
#include "base/secret.h"
#include "cluster/key_variable.h"
#include "eth/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_FILE_MAX = CLUSTER_KEY_TEXT - 2 };

static int parse(const char *text, size_t len, const char *source, uint8_t key32[static 32],
                 base_error *error)
{
    static const char space[] = " \t\r\n";
    while (len && strchr(space, text[0]) && text[0])
        text++, len--;
    while (len && strchr(space, text[len - 1]) && text[len - 1])
        len--;
    if (!len)
        return base_fail(error, DSTACK_P2P_ERR_PRIVATE_KEY,
                         "%s is empty; unset it to let the node's own derived key pay for gas", source);
    if (len >= 2 && strncmp(text, "0x", 2) == 0) text += 2, len -= 2;
    if (!base_hex_decode(text, len, key32, 32))
        return base_fail(error, DSTACK_P2P_ERR_PRIVATE_KEY, "%s is not a private key of 64 hex digits",
                         source);
    if (!eth_key_valid(key32))
        return base_fail(error, DSTACK_P2P_ERR_PRIVATE_KEY,
                         "%s is not a private key: it is zero or not below the order of secp256k1", source);
    return 0;
}

/* A key where a file's name belongs would be told in a sentence. */
static bool is_key(const char *path)
{
    uint8_t key[32];
    const char *digits = base_hex_skip_prefix(path);
    bool yes = base_hex_decode(digits, strlen(digits), key, sizeof key);
    base_wipe(key, sizeof key);
    return yes;
}

static int cannot_read(const char *path, const char *why, base_error *error)
{
    return base_fail(error, DSTACK_P2P_ERR_PRIVATE_KEY, "cannot read the private key file '%.200s': %s", path,
                     why);
}

static ssize_t read_all(int fd, char *text, size_t size)
{
    size_t len = 0;
    for (ssize_t got = 1; got > 0 && len < size; len += (size_t)got) {
        got = read(fd, text + len, size - len);
        if (got < 0) return -1;
    }
    return (ssize_t)len;
}

/*
 * Whoever can write the file chooses who pays; that is refused. Whoever can read it has the key; but where
 * secrets are mounted into containers they often are readable for all in there, so that is only warned about.
 * A link is as good as what it leads to: Kubernetes mounts links.
 */
static int check_access(int fd, const char *path, const base_log *log, base_error *error)
{
    struct stat status;
    if (fstat(fd, &status)) return cannot_read(path, strerror(errno), error);
    uid_t user = geteuid();
    if (status.st_uid != user && status.st_uid != 0 && user != 0)
        return cannot_read(path, "it belongs to another user, who could change it; chown it", error);
    if (status.st_mode & (S_IWGRP | S_IWOTH))
        return cannot_read(path, "other users can write it; chmod 600 it", error);
    if (status.st_mode & (S_IRWXG | S_IRWXO))
        base_log_write(log, DSTACK_P2P_LOG_WARNING,
                       "the private key file '%.200s' is open to other users; chmod 600 it", path);
    return 0;
}

/* `text` is a block for secrets. */
static int read_file(const char *path, const base_log *log, char text[static CLUSTER_KEY_TEXT],
                     uint8_t key32[static 32], base_error *error)
{
    if (is_key(path))
        return base_fail(
            error, DSTACK_P2P_ERR_PRIVATE_KEY,
            "the name of the private key file is a key itself; give a file's name, or use PRIVATE_KEY");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return cannot_read(path, strerror(errno), error);
    ssize_t len = check_access(fd, path, log, error) ? 0 : read_all(fd, text, KEY_FILE_MAX + 1);
    if (len < 0)
        cannot_read(path, strerror(errno), error);
    else if (len > KEY_FILE_MAX)
        cannot_read(path, "it is longer than a key", error);
    else if (!error->code)
        parse(text, (size_t)len, "the private key file", key32, error);
    close(fd);
    return error->code;
}

/* Whether there is a key, or what should be one. */
static bool find(const char *given, const char *file, const base_log *log, char text[static CLUSTER_KEY_TEXT],
                 uint8_t key32[static 32], base_error *error)
{
    const char *variable_file = getenv("PRIVATE_KEY_FILE");
    if (!file && variable_file && *variable_file) file = variable_file;
    if (given)
        parse(given, strlen(given), "the private key given", key32, error);
    else if (file)
        read_file(file, log, text, key32, error);
    else if (cluster_key_variable(text))
        parse(text, strlen(text), "PRIVATE_KEY", key32, error);
    else
        return false;
    return true;
}

int cluster_private_key_load(const char *text, const char *file, const base_log *log, uint8_t **key32,
                             base_error *error)
{
    bool locked;
    uint8_t *key = base_secret_new(32, &locked);
    char *room = base_secret_new(CLUSTER_KEY_TEXT, NULL);
    bool found = key && room && find(text, file, log, room, key, error);
    if (!key || !room) base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    if (found && !error->code && !locked)
        base_log_write(log, DSTACK_P2P_LOG_INFO,
                       "the private key cannot be kept out of swap: memory may not be locked (ulimit -l)");
    base_secret_free(room, CLUSTER_KEY_TEXT);
    *key32 = found && !error->code ? key : NULL;
    if (!*key32) cluster_private_key_free(key);
    return error->code;
}

void cluster_private_key_free(uint8_t *key32)
{
    base_secret_free(key32, 32);
}
