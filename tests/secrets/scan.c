/* SPDX-License-Identifier: MIT */
#include "secrets/scan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024, QUARTER = 8, DIGITS = 2 * QUARTER, MAPS_MAX = 4096 };

/* Larger ones are reserved, not used: a sanitizer's shadow. */
static const uintptr_t region_max = (uintptr_t)1 << 30;

typedef struct region {
    uintptr_t first, last;
    char name[64];
} region;

static uint8_t chunk[CHUNK + DIGITS];
static bool may_begin[256]; /* bytes that a form of a quarter begins with */
static region regions[MAPS_MAX];

/* Read as a whole before anything is searched, because reading makes mappings move. */
static size_t read_regions(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512], access[8];
    size_t count = 0;
    while (maps && count < MAPS_MAX && fgets(line, sizeof line, maps)) {
        region *it = &regions[count];
        int at = 0;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s %*s %*s %*s %n", &it->first, &it->last, access, &at) <
            3)
            continue;
        snprintf(it->name, sizeof it->name, "%.*s", (int)strcspn(line + at, "\n"), line + at);
        if (access[1] == 'w' && it->last - it->first <= region_max) count++;
    }
    if (maps) fclose(maps);
    return count;
}

static bool has_bytes(const uint8_t *data, const uint8_t *masked8)
{
    for (int i = 0; i < QUARTER; i++)
        if ((data[i] ^ masked8[i]) != SCAN_MASK) return false;
    return true;
}

static bool has_number(const uint8_t *data, const uint8_t *masked8)
{
    for (int i = 0; i < QUARTER; i++)
        if ((data[i] ^ masked8[QUARTER - 1 - i]) != SCAN_MASK) return false;
    return true;
}

static int digit_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool has_digits(const uint8_t *data, const uint8_t *masked8)
{
    for (int i = 0; i < QUARTER; i++) {
        int high = digit_value(data[2 * i]), low = digit_value(data[2 * i + 1]);
        if (high < 0 || low < 0 || ((high << 4 | low) ^ masked8[i]) != SCAN_MASK) return false;
    }
    return true;
}

static bool is_allowed(uintptr_t at, const uint8_t *const allowed[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (at - (uintptr_t)allowed[i] < 32) return true;
    /* Our own copy of what is searched. */
    return at - (uintptr_t)chunk < sizeof chunk;
}

static void prepare(const uint8_t masked32[static 32])
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    memset(may_begin, 0, sizeof may_begin);
    for (int i = 0; i < 32; i += QUARTER) {
        uint8_t first = masked32[i] ^ SCAN_MASK;
        may_begin[first] = may_begin[masked32[i + QUARTER - 1] ^ SCAN_MASK] = true;
        may_begin[(uint8_t)digits[first >> 4]] = may_begin[(uint8_t)digits[(first >> 4) + 16]] = true;
    }
}

static const char *form_at(const uint8_t *data, const uint8_t masked32[static 32])
{
    for (int i = 0; i < 32; i += QUARTER) {
        if (has_bytes(data, masked32 + i)) return "bytes";
        if (has_number(data, masked32 + i)) return "a number";
        if (has_digits(data, masked32 + i)) return "digits";
    }
    return NULL;
}

/* A chunk, and the beginning of the next one for what lies across; false when there is nothing in it. */
static bool read_chunk(int memory, uintptr_t at, uintptr_t last)
{
    memset(chunk, 0, sizeof chunk);
    size_t len = last - at < sizeof chunk ? last - at : sizeof chunk;
    if (pread(memory, chunk, len, (off_t)at) <= 0) return false;
    return chunk[0] || memcmp(chunk, chunk + 1, sizeof chunk - 1) != 0;
}

size_t scan_for(const uint8_t masked32[static 32], const uint8_t *const allowed[], size_t count)
{
    size_t found = 0, total = read_regions();
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    prepare(masked32);
    for (size_t i = 0; i < total; i++) {
        for (uintptr_t at = regions[i].first; at < regions[i].last; at += CHUNK) {
            if (!read_chunk(memory, at, regions[i].last)) continue;
            for (size_t k = 0; k < CHUNK; k++) {
                const char *form = may_begin[chunk[k]] ? form_at(chunk + k, masked32) : NULL;
                if (!form || is_allowed(at + k, allowed, count)) continue;
                printf("%s at %" PRIxPTR " in %s\n", form, at + k, regions[i].name);
                found++;
            }
        }
    }
    memset(chunk, 0, sizeof chunk);
    close(memory);
    return found;
}
