/* SPDX-License-Identifier: MIT */
#include "eth/turns.h"

static bool takes_part(const eth_turns *turns, size_t i)
{
    return !turns->health[i].refused && !(turns->out & UINT32_C(1) << i);
}

static bool is_left(const eth_turns *turns, size_t i, uint64_t now_ms)
{
    return takes_part(turns, i) && !(turns->had & UINT32_C(1) << i) &&
           turns->health[i].barred_until <= now_ms;
}

bool eth_turns_next(const eth_turns *turns, uint64_t now_ms, size_t *index)
{
    uint64_t earliest = UINT64_MAX;
    for (size_t i = 0; i < turns->count; i++) {
        uint64_t rest = turns->health[i].rests_until;
        if (rest <= now_ms) rest = 0;
        if (!is_left(turns, i, now_ms) || rest >= earliest) continue;
        earliest = rest;
        *index = i;
    }
    return earliest != UINT64_MAX;
}

size_t eth_turns_left(const eth_turns *turns, uint64_t now_ms)
{
    size_t left = 0;
    for (size_t i = 0; i < turns->count; i++)
        left += is_left(turns, i, now_ms);
    return left;
}

uint64_t eth_turns_again(const eth_turns *turns, uint64_t now_ms, uint64_t pause_ms)
{
    uint64_t again = UINT64_MAX;
    for (size_t i = 0; i < turns->count; i++) {
        const eth_health *health = &turns->health[i];
        bool barred = health->barred_until > now_ms;
        uint64_t at = barred ? health->barred_until : now_ms + pause_ms;
        bool hopeless = !barred && !health->was_reached && at > turns->start_ms + ETH_TURNS_STRANGER_MS;
        if (takes_part(turns, i) && !hopeless && at < again) again = at;
    }
    return again;
}
