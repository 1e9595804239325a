/* SPDX-License-Identifier: MIT */
#include "cluster/locate.h"

#include "cluster/block.h"

enum { PROBES = 15, NEAR_ENOUGH = 256 };

/* Block `low` is before the time, as far as the node can be believed, and `high` is not. */
typedef struct bracket {
    uint64_t low, high;
} bracket;

static void narrow(bracket *it, const cluster_block *block, uint64_t time)
{
    if (block->number <= it->low || block->number >= it->high) return;
    if (block->time < time)
        it->low = block->number;
    else
        it->high = block->number;
}

static int probe(dstack_p2p *sdk, eth_rpc *rpc, const uint64_t *numbers, size_t count, uint64_t time,
                 bracket *it, base_error *error)
{
    eth_batch batch;
    eth_rpc_begin(&batch);
    for (size_t i = 0; i < count; i++)
        cluster_ask_block_at(&batch, numbers[i]);
    if (!cluster_exchange(sdk, rpc, &batch, error))
        for (size_t i = 0; i < count && !error->code; i++) {
            cluster_block block;
            if (!cluster_read_block(&batch.requests[1 + i], &block, error)) narrow(it, &block, time);
        }
    eth_batch_free(&batch);
    return error->code;
}

/* 1, 4, 16, ... blocks before the newest one. */
static size_t choose_far(uint64_t head, uint64_t *numbers)
{
    size_t count = 0;
    for (uint64_t distance = 1; count < PROBES && distance < head; distance *= 4)
        numbers[count++] = head - distance;
    return count;
}

static size_t choose_between(const bracket *it, uint64_t *numbers)
{
    uint64_t step = (it->high - it->low) / (PROBES + 1);
    for (size_t i = 0; i < PROBES; i++)
        numbers[i] = it->low + step * (i + 1);
    return PROBES;
}

int cluster_locate(dstack_p2p *sdk, eth_rpc *rpc, uint64_t head, uint64_t time, unsigned rounds,
                   uint64_t *block, base_error *error)
{
    uint64_t numbers[PROBES];
    bracket it = {.low = 0, .high = head};
    for (unsigned round = 0; round < rounds && it.high - it.low > NEAR_ENOUGH; round++) {
        size_t count = round ? choose_between(&it, numbers) : choose_far(head, numbers);
        if (probe(sdk, rpc, numbers, count, time, &it, error)) return error->code;
    }
    *block = it.low;
    return 0;
}
