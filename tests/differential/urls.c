/* SPDX-License-Identifier: MIT */
/*
 * Asks the library about the texts of urls.mjs and compares its answers:   differential_urls FILE...
 * Prints what it compared and the first disagreements; exit status 1 when there is any.
 */
#include "base/hex.h"
#include "registry/connection_url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The bits of a verdict, as in grammar.mjs. */
enum { DEV = 1, PRODUCTION = 2, ALLOWED = 4, BOUND = 8, BASE_DOMAIN = 16 };

enum {
    SCHEME = 8,
    /* The library knows a base domain only as a part of a URL, and of the shortest one that is the rest. */
    DOMAIN_MAX = 256 - (SCHEME + 2),
    SHOWN_MAX = 10
};

typedef struct rules {
    uint8_t instance20[20];
    char base[254];
} rules;

/* A text, and what is said about it. */
typedef struct answer {
    unsigned verdict;
    size_t label_len, base_len;
} answer;

typedef struct tally {
    size_t compared, with_nul, long_domains, wrong;
} tally;

static void die(const char *file, const char *why)
{
    fprintf(stderr, "differential_urls: %s: %s\n", file, why);
    exit(2);
}

/* The bytes of the next line, or NULL at the end. Owned by the caller. */
static uint8_t *read_line(FILE *in, const char *name, size_t *len)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t got = getline(&line, &size, in);
    uint8_t *bytes = NULL;
    if (got >= 0) {
        *len = ((size_t)got - 3) / 2; /* 0x and the line's end */
        bytes = malloc(*len + 1);
        if (got < 5 || !bytes || !base_hex_decode(line + 2, (size_t)got - 3, bytes, *len))
            die(name, "no line of hex");
    }
    free(line);
    return bytes;
}

static rules read_rules(FILE *in, const char *name)
{
    rules it = {0};
    size_t len = 0;
    uint8_t *bytes = read_line(in, name, &len);
    if (!bytes || len <= 20 || len - 20 >= sizeof it.base) die(name, "no instance id and base domain");
    memcpy(it.instance20, bytes, 20);
    memcpy(it.base, bytes + 20, len - 20);
    free(bytes);
    return it;
}

static unsigned judge_domain(const char *text)
{
    char url[SCHEME + 2 + DOMAIN_MAX + 1];
    const char *base;
    size_t len;
    snprintf(url, sizeof url, "https://a.%s", text);
    if (registry_url_check_production(url, &base, &len)) return 0;
    return len == strlen(text) && memcmp(base, text, len) == 0 ? BASE_DOMAIN : 0;
}

static answer judge(const rules *it, const char *text)
{
    const char *base;
    answer out = {registry_url_is_printable(text) ? DEV : 0, 0, 0};
    bool bound = registry_url_is_bound(text, it->instance20);
    if (!registry_url_check_production(text, &base, &out.base_len)) {
        out.label_len = (size_t)(base - text) - SCHEME - 1;
        out.verdict |= PRODUCTION | (bound ? BOUND : 0);
        if (out.base_len == strlen(it->base) && memcmp(base, it->base, out.base_len) == 0)
            out.verdict |= ALLOWED;
    }
    if (strlen(text) <= DOMAIN_MAX) out.verdict |= judge_domain(text);
    return out;
}

/* A gateway URL is what is accepted in every mode and ends behind the base domain. */
static bool judges_gateway(const rules *it, const char *text, answer wanted)
{
    const unsigned all = DEV | PRODUCTION | ALLOWED | BOUND;
    bool ends = strlen(text) == SCHEME + wanted.label_len + 1 + wanted.base_len;
    bool is_gateway = (wanted.verdict & PRODUCTION) && (wanted.verdict & ALLOWED) &&
                      registry_url_is_gateway(text, it->instance20);
    return is_gateway == ((wanted.verdict & all) == all && ends);
}

static void show(const char *name, const char *text, answer wanted, answer got)
{
    printf("%s: ", name);
    for (; *text; text++)
        printf(*text > ' ' && *text < 0x7f ? "%c" : "\\x%02x", (uint8_t)*text);
    printf("\n    verdict 0x%02x, label %zu, base %zu; the library: 0x%02x, %zu, %zu\n", wanted.verdict,
           wanted.label_len, wanted.base_len, got.verdict, got.label_len, got.base_len);
}

static bool same(answer a, answer b)
{
    return a.verdict == b.verdict && a.label_len == b.label_len && a.base_len == b.base_len;
}

/* One case: verdict, lengths, text. The text gets a block of its own size, so that ASan sees overruns. */
static void compare(const rules *it, const char *name, const uint8_t *bytes, size_t len, tally *sum)
{
    answer wanted = {bytes[0], bytes[1], bytes[2]}, got;
    char *text = calloc(1, len - 3 + 1);
    if (!text) die(name, "out of memory");
    memcpy(text, bytes + 3, len - 3);
    if (strlen(text) != len - 3) {
        sum->with_nul++; /* a C string cannot hold it */
    } else {
        if (len - 3 > DOMAIN_MAX) {
            sum->long_domains++;
            wanted.verdict &= ~(unsigned)BASE_DOMAIN;
        }
        got = judge(it, text);
        sum->compared++;
        if ((!same(wanted, got) || !judges_gateway(it, text, wanted)) && sum->wrong++ < SHOWN_MAX)
            show(name, text, wanted, got);
    }
    free(text);
}

static void compare_file(const char *name, tally *sum)
{
    FILE *in = fopen(name, "r");
    if (!in) die(name, "cannot be read");
    rules it = read_rules(in, name);
    size_t len = 0;
    for (uint8_t *bytes; (bytes = read_line(in, name, &len)); free(bytes)) {
        if (len < 3) die(name, "a line too short");
        compare(&it, name, bytes, len, sum);
    }
    fclose(in);
}

int main(int argc, char **argv)
{
    tally sum = {0};
    for (int i = 1; i < argc; i++)
        compare_file(argv[i], &sum);
    printf("%zu texts: %zu compared, %zu wrong, %zu with a NUL; %zu too long to ask as a base domain\n",
           sum.compared + sum.with_nul, sum.compared, sum.wrong, sum.with_nul, sum.long_domains);
    return sum.wrong || !sum.compared;
}
