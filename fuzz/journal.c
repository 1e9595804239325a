/* SPDX-License-Identifier: MIT */

/*
 * A journal, as it may be found on disk: with the checksum that its bytes call for, or with its own. One that
 * is taken says the same when it is written again; one that is not leaves the ledger as it was.
 */

#include "cluster/journal.h"
#include "eth/keccak.h"
#include "fuzz.h"

#include <string.h>

static const cluster_journal_owner owner = {
    .chain_id = 31337, .contract20 = {1}, .payer20 = {2}, .instance20 = {3}};
static const cluster_journal_time now = {.monotonic_ms = 1000000, .wall_ms = 1700000000000};

static void check_again(const cluster_ledger *ledger)
{
    cluster_ledger again = {0};
    base_buf text = base_buf_make(CLUSTER_JOURNAL_MAX);
    cluster_journal_write(&text, &owner, ledger, &now);
    FUZZ_REQUIRE(!base_buf_failed(&text));
    FUZZ_REQUIRE(!cluster_journal_read(text.data, text.len, &owner, &now, &again));
    FUZZ_REQUIRE(again.live == ledger->live && again.nonce == ledger->nonce && again.spent == ledger->spent);
    base_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    bool mends = fuzz_byte(&input) & 1;
    size_t len = input.len;
    uint8_t *record = fuzz_bytes(&input, &len);
    cluster_ledger ledger = {.nonce = 77}, before = ledger;
    if (mends && len > 32) eth_keccak256(record, len - 32, record + len - 32);
    const char *wrong = cluster_journal_read(record, len, &owner, &now, &ledger);
    if (wrong)
        FUZZ_REQUIRE(!memcmp(&ledger, &before, sizeof ledger) && fuzz_is_printable(wrong));
    else
        check_again(&ledger);
    free(record);
    return 0;
}
