/* SPDX-License-Identifier: MIT */
#include "cli/owner/status_view.h"

#include "base/hex.h"
#include "cli/amounts.h"
#include "cli/table.h"
#include "eth/key.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TIME_TEXT = 32, OWNER_NAME_MAX = 300 };

static bool is_zero(const uint8_t address20[static 20])
{
    static const uint8_t zero[20];
    return !memcmp(address20, zero, 20);
}

/* ---- JSON ---- */

static json_t *address_json(const uint8_t address20[static 20])
{
    char text[43];
    if (is_zero(address20)) return json_null();
    eth_address_format(address20, text);
    return json_string(text);
}

static json_t *number_json(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *block_json(const cluster_block *block)
{
    char hash[67] = "0x";
    base_hex_encode(block->hash32, 32, hash + 2);
    return json_pack("{so so ss}", "number", number_json(block->number), "time", number_json(block->time),
                     "hash", hash);
}

static json_t *peer_json(const owner_status *it)
{
    if (!it->peer.url_len) return json_null();
    return json_pack("{ss so so so}", "url", it->url, "address", address_json(it->peer.address20),
                     "registered_at", number_json(it->peer.registered_at), "expires_at",
                     it->peer.expires_at ? number_json(it->peer.expires_at) : json_null());
}

static json_t *instance_json(const owner_status *it)
{
    return json_pack("{ss sb so sb so so}", "instance_id", it->instance.text, "nft", it->has_nft, "holder",
                     address_json(it->holder20), "banned", it->banned, "last_anchor",
                     number_json(it->last_anchor), "peer", peer_json(it));
}

static json_t *settings_json(const owner_status *it)
{
    const owner_settings *s = &it->settings;
    return json_pack("{so ss so so so so sb sb sb sb sb sb so so sb so so so so so so so}", "chain_id",
                     number_json(it->chain_id), "contract", it->contract, "block", block_json(&s->block),
                     "owner", address_json(s->owner20), "pending_owner", address_json(s->pending_owner20),
                     "kms_root", address_json(s->kms_root20), "dev_mode", s->dev_mode, "bound_urls",
                     s->bound_urls, "paused", s->paused, "require_nft", s->require_nft, "any_device",
                     s->any_device, "require_tcb", s->require_tcb, "lease_seconds",
                     number_json(s->lease_seconds), "max_nodes", number_json(s->max_nodes), "public_minting",
                     s->public_minting, "mint_price", cli_wei_json(owner_wei(s->mint_price32)),
                     "total_supply", number_json(s->total_supply), "fees", cli_wei_json(s->fees),
                     "peer_slots", number_json(s->peer_slots), "peers", number_json(it->listed), "version",
                     number_json(s->version), "policy_epoch", number_json(s->policy_epoch));
}

static json_t *to_json(const owner_status *it)
{
    char app[43];
    json_t *view = settings_json(it);
    eth_address_format(it->app.bytes32, app);
    if (view && it->domain.text)
        json_object_set_new(
            view, "domain",
            json_pack("{ss sb}", "base_domain", it->domain.text, "allowed", it->domain_allowed));
    if (view && it->app.text)
        json_object_set_new(view, "app", json_pack("{ss sb}", "app_id", app, "allowed", it->app_allowed));
    if (view && it->instance.text) json_object_set_new(view, "instance", instance_json(it));
    return view;
}

/* ---- For people ---- */

static void put(cli_table *table, const char *name, const char *value)
{
    cli_table_add(table, "%s", name);
    cli_table_add(table, "%s", value);
}

static void put_number(cli_table *table, const char *name, uint64_t value)
{
    cli_table_add(table, "%s", name);
    cli_table_add(table, "%" PRIu64, value);
}

static void put_switch(cli_table *table, const char *name, bool on)
{
    put(table, name, on ? "on" : "off");
}

static void put_address(cli_table *table, const char *name, const uint8_t address20[static 20])
{
    char text[43];
    eth_address_format(address20, text);
    put(table, name, is_zero(address20) ? "none" : text);
}

static void put_wei(cli_table *table, const char *name, eth_wei wei)
{
    char text[ETH_WEI_TEXT];
    eth_wei_format(wei, text);
    put(table, name, text);
}

static void put_time(cli_table *table, const char *name, uint64_t seconds)
{
    char text[TIME_TEXT] = "never";
    struct tm parts;
    time_t time = (time_t)seconds;
    if (seconds && (!gmtime_r(&time, &parts) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)))
        snprintf(text, sizeof text, "%" PRIu64, seconds);
    put(table, name, text);
}

static void put_lease(cli_table *table, uint64_t seconds)
{
    cli_table_add(table, "lease");
    if (!seconds)
        cli_table_add(table, "none");
    else if (seconds % 3600)
        cli_table_add(table, "%" PRIu64 " s", seconds);
    else
        cli_table_add(table, "%" PRIu64 " h", seconds / 3600);
}

static void put_supply(cli_table *table, const owner_settings *s)
{
    cli_table_add(table, "NFTs");
    if (s->max_nodes)
        cli_table_add(table, "%" PRIu64 " of %" PRIu64, s->total_supply, s->max_nodes);
    else
        cli_table_add(table, "%" PRIu64, s->total_supply);
}

static void put_rules(cli_table *table, const owner_settings *s)
{
    put_address(table, "owner", s->owner20);
    put_address(table, "offered to", s->pending_owner20);
    put_address(table, "KMS root", s->kms_root20);
    put_switch(table, "dev mode", s->dev_mode);
    put_switch(table, "bound URLs", s->bound_urls);
    put_switch(table, "paused", s->paused);
    put_lease(table, s->lease_seconds);
    put_switch(table, "NFT needed to boot", s->require_nft);
    put_switch(table, "any device", s->any_device);
    put_switch(table, "TCB must be up to date", s->require_tcb);
}

static void put_numbers(cli_table *table, const owner_status *it)
{
    const owner_settings *s = &it->settings;
    put_switch(table, "public minting", s->public_minting);
    put_wei(table, "mint price", owner_wei(s->mint_price32));
    put_supply(table, s);
    put_wei(table, "fees", s->fees);
    put_number(table, "peers", it->listed);
    put_number(table, "slots", s->peer_slots);
    put_number(table, "version", s->version);
    put_number(table, "policy epoch", s->policy_epoch);
    put_number(table, "block", s->block.number);
    put_time(table, "block time", s->block.time);
}

static void put_instance(cli_table *table, const owner_status *it)
{
    put(table, "instance", it->instance.text);
    put(table, "  NFT", it->has_nft ? "yes" : "none");
    if (it->has_nft) put_address(table, "  held by", it->holder20);
    put(table, "  banned", it->banned ? "yes" : "no");
    put_number(table, "  last anchor", it->last_anchor);
    put(table, "  URL", it->peer.url_len ? it->url : "not listed");
    if (!it->peer.url_len) return;
    put_address(table, "  address", it->peer.address20);
    put_time(table, "  registered", it->peer.registered_at);
    put_time(table, "  expires", it->peer.expires_at);
}

int owner_status_print(const cli_run *run, const owner_status *it)
{
    static const char *const heads[] = {"WHAT", "VALUE"};
    char name[OWNER_NAME_MAX];
    cli_table table = cli_table_make(heads, 2);
    if (run->json) return cli_print_json(run, to_json(it));
    put(&table, "contract", it->contract);
    put_number(&table, "chain", it->chain_id);
    put_rules(&table, &it->settings);
    put_numbers(&table, it);
    if (it->domain.text) {
        snprintf(name, sizeof name, "domain %s", it->domain.text);
        put(&table, name, it->domain_allowed ? "allowed" : "not allowed");
    }
    if (it->app.text) {
        snprintf(name, sizeof name, "app %s", it->app.text);
        put(&table, name, it->app_allowed ? "allowed" : "not allowed");
    }
    if (it->instance.text) put_instance(&table, it);
    return cli_table_print(run, &table);
}
