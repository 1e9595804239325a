/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include "base/hex.h"
#include "base/secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A secret's block has a page of its own in any case. */
enum { SECRET_FIRST = 4096 };

base_buf base_buf_make(size_t max)
{
    return (base_buf){.max = max};
}

base_buf base_buf_make_secret(size_t max)
{
    return (base_buf){.max = max, .secret = true};
}

/* realloc() would leave a copy of a secret behind in the old block. */
static char *move(const base_buf *buf, size_t cap)
{
    if (!buf->secret) return realloc(buf->data, cap);
    char *data = base_secret_new(cap, NULL);
    if (data && buf->data) {
        memcpy(data, buf->data, buf->len);
        base_secret_free(buf->data, buf->cap);
    }
    return data;
}

bool base_buf_reserve(base_buf *buf, size_t more)
{
    if (buf->overflow || buf->no_memory) return false;
    if (more > buf->max - buf->len) {
        buf->overflow = true;
        return false;
    }
    size_t need = buf->len + more + 1;
    if (need <= buf->cap) return true;
    size_t cap = buf->cap < 128 ? (buf->secret ? SECRET_FIRST : 256) : buf->cap * 2;
    if (cap < need) cap = need;
    if (cap > buf->max + 1) cap = buf->max + 1;
    char *data = move(buf, cap);
    if (!data) {
        buf->no_memory = true;
        return false;
    }
    buf->data = data;
    buf->cap = cap;
    return true;
}

bool base_buf_append(base_buf *buf, const void *data, size_t len)
{
    if (!base_buf_reserve(buf, len)) return false;
    if (len) memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
    return true;
}

bool base_buf_puts(base_buf *buf, const char *text)
{
    return base_buf_append(buf, text, strlen(text));
}

bool base_buf_printf(base_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (!base_buf_reserve(buf, len < 0 ? SIZE_MAX : (size_t)len)) return false;
    va_start(args, format);
    vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
    return true;
}

bool base_buf_hex(base_buf *buf, const void *data, size_t len)
{
    if (!base_buf_reserve(buf, len > SIZE_MAX / 2 ? SIZE_MAX : 2 * len)) return false;
    base_hex_encode(data, len, buf->data + buf->len);
    buf->len += 2 * len;
    return true;
}

void *base_buf_extend(base_buf *buf, size_t len)
{
    if (!base_buf_reserve(buf, len)) return NULL;
    char *data = buf->data + buf->len;
    buf->len += len;
    buf->data[buf->len] = '\0';
    return data;
}

bool base_buf_failed(const base_buf *buf)
{
    return buf->overflow || buf->no_memory;
}

void base_buf_reset(base_buf *buf)
{
    if (buf->secret && buf->data) base_wipe(buf->data, buf->cap);
    buf->len = 0;
    buf->overflow = buf->no_memory = false;
    if (buf->data) buf->data[0] = '\0';
}

void base_buf_free(base_buf *buf)
{
    if (buf->secret)
        base_secret_free(buf->data, buf->cap);
    else
        free(buf->data);
    size_t max = buf->max;
    bool secret = buf->secret;
    *buf = (base_buf){.max = max, .secret = secret};
}
