/* SPDX-License-Identifier: MIT */
#include "cluster/private_key.h"

#include "base/hex.h"
#include "base/secret.h"
#include "eth/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_FILE_MAX = 256 };

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

static int read_file(const char *path, const base_log *log, uint8_t key32[static 32], base_error *error)
{
    char text[KEY_FILE_MAX + 1];
    struct stat status;
    if (is_key(path))
        return base_fail(
            error, DSTACK_P2P_ERR_PRIVATE_KEY,
            "the name of the private key file is a key itself; give a file's name, or use PRIVATE_KEY");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return cannot_read(path, strerror(errno), error);
    if (fstat(fd, &status) == 0 && status.st_mode & (S_IRWXG | S_IRWXO))
        base_log_write(log, DSTACK_P2P_LOG_WARNING,
                       "the private key file '%.200s' is open to other users; chmod 600 it", path);
    ssize_t len = read_all(fd, text, sizeof text);
    if (len < 0)
        cannot_read(path, strerror(errno), error);
    else if (len > KEY_FILE_MAX)
        cannot_read(path, "it is longer than a key", error);
    else
        parse(text, (size_t)len, "the private key file", key32, error);
    base_wipe(text, sizeof text);
    close(fd);
    return error->code;
}

int cluster_private_key_load(const char *text, const char *file, const base_log *log, bool *found,
                             uint8_t key32[static 32], base_error *error)
{
    const char *variable_file = getenv("PRIVATE_KEY_FILE"), *variable = getenv("PRIVATE_KEY");
    *found = true;
    if (text) return parse(text, strlen(text), "the private key given", key32, error);
    if (file) return read_file(file, log, key32, error);
    if (variable_file && *variable_file) return read_file(variable_file, log, key32, error);
    if (variable) return parse(variable, strlen(variable), "PRIVATE_KEY", key32, error);
    *found = false;
    return 0;
}
