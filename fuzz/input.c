/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <string.h>

static void *allocate(size_t size)
{
    void *data = malloc(size);
    if (!data) abort();
    return data;
}

static size_t take(fuzz_input *input, void *out, size_t len)
{
    size_t taken = len < input->len ? len : input->len;
    if (taken) memcpy(out, input->data, taken);
    input->data += taken;
    input->len -= taken;
    return taken;
}

void fuzz_fill(fuzz_input *input, void *out, size_t len)
{
    memset(out, 0, len);
    take(input, out, len);
}

uint8_t fuzz_byte(fuzz_input *input)
{
    uint8_t byte;
    fuzz_fill(input, &byte, 1);
    return byte;
}

uint64_t fuzz_u64(fuzz_input *input)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | fuzz_byte(input);
    return value;
}

uint8_t *fuzz_bytes(fuzz_input *input, size_t *len)
{
    if (*len > input->len) *len = input->len;
    uint8_t *bytes = allocate(*len);
    take(input, bytes, *len);
    return bytes;
}

static char *take_text(fuzz_input *input, size_t len)
{
    char *text = allocate(len + 1);
    take(input, text, len);
    text[len] = '\0';
    return text;
}

char *fuzz_line(fuzz_input *input)
{
    const uint8_t *end = input->len ? memchr(input->data, '\n', input->len) : NULL;
    char *line = take_text(input, end ? (size_t)(end - input->data) : input->len);
    fuzz_byte(input);
    return line;
}

char *fuzz_text(fuzz_input *input)
{
    return take_text(input, input->len);
}

bool fuzz_is_printable(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e) return false;
    return true;
}
