/* SPDX-License-Identifier: MIT */

/*
 * A cache file, as it may be found on disk, with the checksum that its lines call for. What is taken is a
 * list of peers that could have been read from a contract.
 */

#define _GNU_SOURCE /* memfd_create */
#include "cluster/cache_file.h"
#include "base/hex.h"
#include "eth/keccak.h"
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void check_list(const dstack_p2p_peers *list)
{
    for (size_t i = 0; i < dstack_p2p_peers_count(list); i++) {
        const dstack_p2p_peer *peer = dstack_p2p_peers_at(list, i);
        FUZZ_REQUIRE(strlen(peer->instance_id) == 40 && base_hex_is_lower(peer->instance_id, 40));
        FUZZ_REQUIRE(strlen(peer->connection_url) >= 1 && strlen(peer->connection_url) <= 256);
        FUZZ_REQUIRE(fuzz_is_printable(peer->connection_url) && !strchr(peer->connection_url, ' '));
    }
}

static void load(const char *text, size_t len)
{
    char path[64], sum[65];
    uint8_t hash[32];
    uint64_t saved;
    base_error error = {0};
    cluster_cache about = {.chain_id = 31337, .contract20 = {0x5f}};
    int fd = memfd_create("cache", MFD_CLOEXEC);
    if (fd < 0) abort();
    eth_keccak256(text, len, hash);
    base_hex_encode(hash, sizeof hash, sum);
    if (write(fd, text, len) < 0 || dprintf(fd, "keccak %s\n", sum) < 0) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    dstack_p2p_peers *list = cluster_cache_load(path, base_clock_system(), NULL, &about, &saved, &error);
    FUZZ_REQUIRE(!list == (error.code != 0) && fuzz_is_printable(error.text));
    check_list(list);
    dstack_p2p_peers_free(list);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    size_t len = size;
    char *text = (char *)fuzz_bytes(&input, &len);
    load(text, len);
    free(text);
    return 0;
}
