/* SPDX-License-Identifier: MIT */
/*
 * Random registrations and what the library makes of them, for the contract to be compared with:
 *
 *   differential_registrations SEED COUNT
 *
 * prints a case a line, in the columns that print_case() shows, and says on stderr what they are. Every
 * second one was changed after it was signed; the library must refuse these, but for harmless changes, and
 * accept all others.
 */
#include "registration.h"

#include "base/buf.h"
#include "registry/key_chain.h"
#include "registry/membership.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *why)
{
    fprintf(stderr, "differential_registrations: %s\n", why);
    exit(1);
}

static void put_hex(base_buf *out, const void *data, size_t len)
{
    base_buf_puts(out, out->len ? " 0x" : "0x");
    base_buf_hex(out, data, len);
}

static void put_number(base_buf *out, uint64_t number)
{
    uint8_t bytes[8];
    for (int i = 7; i >= 0; i--, number >>= 8)
        bytes[i] = (uint8_t)number;
    put_hex(out, bytes, sizeof bytes);
}

static void put_call(base_buf *out, const registration *it)
{
    base_buf data = base_buf_make(2048);
    uint8_t packed73[73], packed118[118];
    registry_pack_app_signature(it->app_signature65, it->statement.anchor_number, packed73);
    registry_pack_kms_signature(it->kms_signature65, it->app_key33, it->app_id20, packed118);
    registry_encode_register(&data, &it->statement, it->derived_key33, packed73, packed118);
    put_hex(out, data.data, data.len);
    base_buf_free(&data);
}

static void print_case(const registration *it, const registration_outcome *outcome)
{
    const registry_statement *statement = &it->statement;
    uint8_t accepted = outcome->accepted, url_fits = outcome->url_fits;
    base_buf line = base_buf_make(8192);
    put_number(&line, statement->chain_id);
    put_hex(&line, statement->contract20, 20);
    put_hex(&line, statement->instance20, 20);
    put_hex(&line, statement->url, strlen(statement->url));
    put_number(&line, statement->anchor_number);
    put_hex(&line, statement->anchor_hash32, 32);
    put_hex(&line, it->app_id20, 20);
    put_hex(&line, it->kms_root20, 20);
    put_call(&line, it);
    put_hex(&line, outcome->statement32, 32);
    put_hex(&line, outcome->purpose, strlen(outcome->purpose));
    put_hex(&line, outcome->app_message32, 32);
    put_hex(&line, outcome->kms_message32, 32);
    put_hex(&line, outcome->instance20, 20);
    put_hex(&line, outcome->app20, 20);
    put_hex(&line, outcome->app_signer20, 20);
    put_hex(&line, outcome->root_signer20, 20);
    put_hex(&line, &url_fits, 1);
    put_hex(&line, &accepted, 1);
    if (base_buf_failed(&line) || puts(line.data) < 0) die("cannot write");
    base_buf_free(&line);
}

/* Makes, changes, judges and prints one; whether it was accepted. `change` may be NULL. */
static bool make_case(const mutation *change, random_source *random)
{
    registration it;
    registration_outcome outcome;
    registration_make(&it, random);
    if (change) change->apply(&it, random);
    registration_conclude(&it, &outcome);
    print_case(&it, &outcome);
    if (outcome.accepted != (!change || change->harmless)) {
        fprintf(stderr, "%s: %s\n", change ? change->name : "unchanged",
                outcome.accepted ? "accepted" : "refused");
        die("the library is wrong about the last case");
    }
    return outcome.accepted;
}

int main(int argc, char **argv)
{
    if (argc != 3) die("usage: differential_registrations SEED COUNT");
    random_source random = {strtoull(argv[1], NULL, 10)};
    size_t count = strtoul(argv[2], NULL, 10), accepted = 0;
    for (size_t i = 0; i < count; i++) /* each change as often as another */
        accepted += make_case(i % 2 ? &mutations[i / 2 % mutations_count] : NULL, &random);
    fprintf(stderr, "%zu registrations of seed %s: %zu accepted, %zu refused; %zu kinds of changes\n", count,
            argv[1], accepted, count - accepted, mutations_count);
    return 0;
}
