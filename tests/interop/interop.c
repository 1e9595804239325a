/* SPDX-License-Identifier: MIT */

/*
 * The library's encoders and decoders on a command line, for interop_test.sh to compare with cast.
 */

#include "base/hex.h"
#include "eth/abi.h"
#include "eth/keccak.h"
#include "eth/key.h"
#include "eth/rlp.h"
#include "eth/tx.h"
#include "registry/membership.h"
#include "registry/revert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX = 1 << 20 };

static void die(const char *why)
{
    fprintf(stderr, "interop: %s\n", why);
    exit(2);
}

static base_buf read_hex(const char *text)
{
    base_buf out = base_buf_make(MAX);
    text = base_hex_skip_prefix(text);
    for (; *text; text += 2) {
        uint8_t byte;
        if (!text[1] || !base_hex_decode(text, 2, &byte, 1) || !base_buf_append(&out, &byte, 1))
            die("no hex");
    }
    base_buf_append(&out, "", 0);
    return out;
}

static void read_fixed(const char *text, void *out, size_t len)
{
    text = base_hex_skip_prefix(text);
    if (!base_hex_decode(text, strlen(text), out, len)) die("hex of another length");
}

static eth_wei read_number(const char *text)
{
    eth_wei value = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (unsigned)(*text - '0');
    if (*text) die("no number");
    return value;
}

static void print_hex(const void *data, size_t len)
{
    base_buf text = base_buf_make(2 * MAX);
    base_buf_hex(&text, data, len);
    printf("0x%s\n", text.data);
    base_buf_free(&text);
}

/* splitmix64: inputs that a seed brings back. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void do_random(int count, char **args)
{
    (void)count;
    uint64_t state = strtoull(args[0], NULL, 10);
    size_t len = strtoul(args[1], NULL, 10);
    base_buf out = base_buf_make(MAX);
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)(next_random(&state) >> 56);
        base_buf_append(&out, &byte, 1);
    }
    print_hex(out.data, out.len);
    base_buf_free(&out);
}

static void do_keccak(int count, char **args)
{
    (void)count;
    uint8_t hash[32];
    base_buf data = read_hex(args[0]);
    eth_keccak256(data.data, data.len, hash);
    print_hex(hash, 32);
    base_buf_free(&data);
}

static void do_rlp(int count, char **args)
{
    base_buf items = base_buf_make(MAX), out = base_buf_make(MAX);
    for (int i = 0; i < count; i++) {
        base_buf item = read_hex(args[i]);
        eth_rlp_bytes(&items, item.data, item.len);
        base_buf_free(&item);
    }
    eth_rlp_list(&out, &items);
    print_hex(out.data, out.len);
    base_buf_free(&items);
    base_buf_free(&out);
}

static void do_rlp_number(int count, char **args)
{
    (void)count;
    base_buf out = base_buf_make(MAX);
    eth_rlp_uint(&out, read_number(args[0]));
    print_hex(out.data, out.len);
    base_buf_free(&out);
}

/* key chain nonce tip fee gas to value data: the raw transaction, then its hash. */
static void do_tx(int count, char **args)
{
    (void)count;
    uint8_t key[32], hash[32];
    base_buf data = read_hex(args[8]), raw = base_buf_make(MAX);
    eth_tx tx = {.chain_id = (uint64_t)read_number(args[1]),
                 .nonce = (uint64_t)read_number(args[2]),
                 .max_priority_fee = read_number(args[3]),
                 .max_fee = read_number(args[4]),
                 .gas_limit = (uint64_t)read_number(args[5]),
                 .value = read_number(args[7]),
                 .data = data.data,
                 .data_len = data.len};
    read_fixed(args[0], key, 32);
    read_fixed(args[6], tx.to, 20);
    if (!eth_tx_sign(&tx, key, &raw, hash)) die("cannot sign");
    print_hex(raw.data, raw.len);
    print_hex(hash, 32);
    base_buf_free(&data);
    base_buf_free(&raw);
}

static void do_sign(int count, char **args)
{
    (void)count;
    uint8_t key[32], hash[32], signature[65];
    read_fixed(args[0], key, 32);
    read_fixed(args[1], hash, 32);
    if (!eth_key_sign(key, hash, signature)) die("cannot sign");
    signature[64] = (uint8_t)(signature[64] + 27);
    print_hex(signature, 65);
}

static void do_address(int count, char **args)
{
    (void)count;
    uint8_t key[32], public_key[33], address[20];
    char text[43];
    read_fixed(args[0], key, 32);
    if (!eth_key_public(key, public_key) || !eth_key_address(public_key, address)) die("no key");
    eth_address_format(address, text);
    puts(text);
}

/* selector, then n:NUMBER, a:ADDRESS, b:HEX, s:TEXT */
static void do_call(int count, char **args)
{
    enum { ARGS = 16 };
    eth_abi_arg list[ARGS] = {0};
    uint8_t addresses[ARGS][20], selector[4];
    base_buf texts[ARGS] = {0}, out = base_buf_make(MAX);
    if (count > ARGS) die("too many arguments");
    read_fixed(args[0], selector, 4);
    for (int i = 1; i < count; i++) {
        const char *value = args[i] + 2;
        if (args[i][0] == 'n') {
            list[i - 1].value = (uint64_t)read_number(value);
        } else if (args[i][0] == 'a') {
            read_fixed(value, addresses[i], 20);
            list[i - 1].address20 = addresses[i];
        } else if (args[i][0] == 's') {
            list[i - 1] = (eth_abi_arg){.data = value, .len = strlen(value)};
        } else {
            texts[i] = read_hex(value);
            list[i - 1] = (eth_abi_arg){.data = texts[i].data, .len = texts[i].len};
        }
    }
    eth_abi_encode_call(&out,
                        (uint32_t)selector[0] << 24 | (uint32_t)selector[1] << 16 |
                            (uint32_t)selector[2] << 8 | selector[3],
                        list, (size_t)count - 1);
    print_hex(out.data, out.len);
    for (int i = 0; i < ARGS; i++)
        base_buf_free(&texts[i]);
    base_buf_free(&out);
}

/* What getPeers returned: total, version, then a line per peer. */
static void do_page(int count, char **args)
{
    (void)count;
    registry_page page;
    base_error error = {0};
    eth_request answer = {.method = "eth_call", .result = json_string(args[0])};
    if (registry_open_page(&answer, &page, &error)) die(error.text);
    printf("%llu %llu\n", (unsigned long long)page.total, (unsigned long long)page.version);
    for (size_t i = 0; i < page.count; i++) {
        registry_peer peer;
        char id[41], address[43];
        if (registry_next_peer(&page, &peer, &error)) die(error.text);
        base_hex_encode(peer.instance20, 20, id);
        eth_address_format(peer.address20, address);
        printf("0x%s %s %llu %llu %.*s\n", id, address, (unsigned long long)peer.registered_at,
               (unsigned long long)peer.expires_at, (int)peer.url_len, peer.url);
    }
    registry_close_page(&page);
    json_decref(answer.result);
}

static void do_revert(int count, char **args)
{
    (void)count;
    base_error error = {0};
    base_buf data = read_hex(args[0]);
    registry_explain_revert((const uint8_t *)data.data, data.len, &error);
    puts(error.text);
    base_buf_free(&data);
}

static const struct {
    const char *name;
    int least; /* arguments */
    void (*run)(int count, char **args);
} commands[] = {{"random", 2, do_random}, {"keccak", 1, do_keccak},         {"rlp", 0, do_rlp},
                {"tx", 9, do_tx},         {"rlp-number", 1, do_rlp_number}, {"sign", 2, do_sign},
                {"call", 1, do_call},     {"address", 1, do_address},       {"page", 1, do_page},
                {"revert", 1, do_revert}};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].least) {
            commands[i].run(argc - 2, argv + 2);
            return 0;
        }
    die("unknown command, or arguments missing");
}
