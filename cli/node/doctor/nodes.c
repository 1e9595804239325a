/* SPDX-License-Identifier: MIT */
#include "cli/confirm.h"
#include "cli/node/doctor/probe.h"
#include "cli/node/times.h"

#include "eth/chains.h"
#include "eth/endpoints.h"
#include "eth/subscription.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LAG_BLOCKS = 3 };

/* One that is dead among several that live does no harm now. */
static void find_probe(doctor *self, const doctor_node *it, bool others_live)
{
    char age[NODE_TIME_TEXT];
    bool named = strstr(it->error.text, it->shown); /* the sentence says which one it is */
    node_duration((uint64_t)time(NULL), it->block.time, age);
    if (it->error.code)
        doctor_find(
            self, "rpc", others_live ? DOCTOR_WARNING : DOCTOR_BAD,
            "check the URL and its API key (--rpc-url, RPC_URL), and that the network lets it through",
            "%s%s%s", named ? "" : it->shown, named ? "" : ": ", it->error.text);
    else
        doctor_find(self, "rpc", DOCTOR_GOOD, NULL,
                    "%s: chain %" PRIu64 ", block %" PRIu64 " of %s ago, answered in %" PRIu64 " ms%s%s",
                    it->shown, it->chain_id, it->block.number, age, it->ms,
                    it->batches ? ", takes batches" : ", takes no batches (slower)",
                    it->sync ? ", answers a transaction with its receipt" : "");
}

static void find_subscriptions(doctor *self, const char *list)
{
    char url[ETH_ENDPOINT_URL], shown[NET_URL_TEXT];
    for (size_t i = 0; eth_endpoints_for_subscriptions(list, i, url); i++) {
        base_error error = {0};
        eth_subscription_config config = {.url = url,
                                          .timeout_ms = self->sdk->config.rpc_timeout_ms,
                                          .cancel_fd = self->sdk->cancel_fd,
                                          .clock = self->sdk->clock};
        memcpy(config.contract20, self->sdk->config.contract20, 20);
        net_url_redact(url, shown);
        eth_subscription *subscription = eth_subscription_open(&config, &error);
        if (subscription)
            doctor_find(self, "subscription", DOCTOR_GOOD, NULL, "%s tells of changes", shown);
        else
            doctor_find(self, "subscription", DOCTOR_WARNING,
                        "check the URL; without subscriptions the contract is looked at every 2 s", "%s: %s",
                        shown, error.text);
        eth_subscription_free(subscription);
    }
}

/* The newest block, and how far the last of them is behind; `*same` whether all are on the chain of the
 * first. */
static const doctor_node *compare(const doctor_node *probes, size_t count, uint64_t *lag, bool *same)
{
    const doctor_node *newest = NULL, *oldest = NULL;
    *same = true;
    for (size_t i = 0; i < count; i++) {
        const doctor_node *it = &probes[i];
        if (it->error.code) continue;
        if (newest && it->chain_id != newest->chain_id) *same = false;
        if (!newest || it->block.number > newest->block.number) newest = it;
        if (!oldest || it->block.number < oldest->block.number) oldest = it;
    }
    *lag = newest ? newest->block.number - oldest->block.number : 0;
    return newest;
}

static void find_chain(doctor *self, const doctor_node *probes, size_t count)
{
    bool same;
    uint64_t lag, wanted = self->sdk->config.chain_id;
    const doctor_node *newest = compare(probes, count, &lag, &same);
    if (!newest) {
        doctor_find(self, "chain", DOCTOR_SKIPPED, NULL, "no node can be asked");
        return;
    }
    if (!same) {
        doctor_find(self, "chain", DOCTOR_BAD, "list nodes of one chain only in RPC_URL",
                    "the nodes are on different chains");
        return;
    }
    if (wanted && newest->chain_id != wanted) {
        doctor_find(self, "chain", DOCTOR_BAD,
                    "give nodes of that chain (--rpc-url), or the right --chain-id",
                    "the node is on chain %" PRIu64 ", and it has to be %" PRIu64, newest->chain_id, wanted);
        return;
    }
    if (!eth_chain_has_block_hashes(newest->chain_id)) {
        doctor_find(self, "chain", DOCTOR_BAD, "use a chain with Ethereum's block.number and blockhash",
                    "chain %" PRIu64
                    " shows contracts no hashes of its own blocks, and a registration is anchored in one",
                    newest->chain_id);
        return;
    }
    self->has_chain = true;
    self->chain_id = newest->chain_id;
    self->block = newest->block;
    if (lag > LAG_BLOCKS)
        doctor_find(
            self, "chain", DOCTOR_WARNING, "list the nodes that keep up first, or leave the others out",
            "chain %" PRIu64 "; one node is %" PRIu64 " blocks behind another", newest->chain_id, lag);
    else
        doctor_find(self, "chain", DOCTOR_GOOD, NULL, "%" PRIu64, newest->chain_id);
}

static void find_pinned(doctor *self)
{
    uint64_t wanted = self->sdk->config.chain_id;
    if (wanted)
        doctor_find(self, "chain_pinned", DOCTOR_GOOD, NULL, "no other chain than %" PRIu64 " is taken",
                    wanted);
    else if (self->chain_id == CLI_LOCAL_CHAIN)
        doctor_find(self, "chain_pinned", DOCTOR_GOOD, NULL, "no, and it is a local chain");
    else
        doctor_find(self, "chain_pinned", DOCTOR_WARNING,
                    "give --chain-id in the measured compose, or CHAIN_ID",
                    "whatever chain a node says it is on is taken");
}

void doctor_check_nodes(doctor *self)
{
    size_t count = 0, alive = 0;
    char url[ETH_ENDPOINT_URL];
    doctor_node probes[ETH_ENDPOINTS_MAX];
    const char *list = self->sdk->config.rpc_urls;
    for (; count < ETH_ENDPOINTS_MAX && !cli_interrupted() && eth_endpoints_for_calls(list, count, url);
         count++) {
        doctor_probe(self, url, &probes[count]);
        alive += !probes[count].error.code;
    }
    for (size_t i = 0; i < count; i++)
        find_probe(self, &probes[i], alive > 0);
    if (!cli_interrupted()) find_subscriptions(self, list);
    find_chain(self, probes, count);
    find_pinned(self);
}
