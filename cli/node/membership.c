/* SPDX-License-Identifier: MIT */
#include "cli/node/membership.h"

#include "cli/amounts.h"
#include "cli/confirm.h"
#include "cli/node/plan.h"
#include "cli/node/times.h"
#include "cli/spend.h"
#include "cluster/register.h"

#include <inttypes.h>
#include <stdio.h>

enum { SENTENCE = 512 };

/* ---- What it would take ---- */

static void cost_sentence(const dstack_p2p *sdk, const node_plan *plan, char text[static SENTENCE])
{
    char expected[ETH_WEI_TEXT], most[ETH_WEI_TEXT], balance[ETH_WEI_TEXT], ceiling[ETH_WEI_TEXT];
    eth_wei_format(plan->expected, expected);
    eth_wei_format(plan->fees.most, most);
    eth_wei_format(plan->seen.balance, balance);
    eth_wei_format(sdk->config.max_fee_per_day, ceiling);
    snprintf(text, SENTENCE,
             "a transaction on chain %" PRIu64 " by %s, which has %s: about %s, at most %s (%" PRIu64
             " gas%s), and if it has to be replaced never more than %s",
             dstack_p2p_chain_id(sdk), sdk->identity.payer_text, balance, expected, most,
             plan->fees.gas_limit, plan->grows ? ", to be estimated on this chain" : "", ceiling);
}

static json_t *plan_json(const dstack_p2p *sdk, const char *url, const node_plan *plan)
{
    return json_pack("{sb ss so sb sI ss so sI so so so so}", "dry_run", 1, "instance_id",
                     sdk->identity.instance_text, "url", *url ? json_string(url) : json_null(), "needed",
                     plan->needed, "chain_id", (json_int_t)dstack_p2p_chain_id(sdk), "from",
                     sdk->identity.payer_text, "balance", cli_wei_json(plan->seen.balance), "gas",
                     (json_int_t)plan->fees.gas_limit, "expected_cost", cli_wei_json(plan->expected),
                     "most_cost", cli_wei_json(plan->fees.most), "ceiling",
                     cli_wei_json(plan->needed ? sdk->config.max_fee_per_day : 0), "max_fee_per_gas",
                     cli_wei_json(plan->fees.max_fee));
}

static int show(const cli_run *run, const dstack_p2p *sdk, const char *url, const node_plan *plan)
{
    char sentence[SENTENCE];
    if (run->json) return cli_print_json(run, plan_json(sdk, url, plan));
    if (plan->needed)
        cost_sentence(sdk, plan, sentence);
    else
        snprintf(sentence, sizeof sentence, "no transaction is needed: %s",
                 *url ? "it is registered with this URL" : "it is not registered");
    if (*url) printf("%s\n", url);
    printf("dry run, nothing was sent: %s\n", sentence);
    return cli_flush(run);
}

/* ---- Doing it ---- */

/* As the public functions do, which do not tell whether they sent something. */
static int act(dstack_p2p *sdk, const char *url, cluster_standing *standing, base_error *error)
{
    cluster_session session;
    if (!cluster_own_session(sdk, &session, error)) cluster_register(&session, url, error);
    *standing = session.standing;
    return error->code;
}

static json_t *report_json(const dstack_p2p *sdk, const char *url, const cluster_standing *standing)
{
    return json_pack("{ss so sb sb sI sI ss ss sI}", "instance_id", sdk->identity.instance_text, "url",
                     *url ? json_string(url) : json_null(), "registered", *url != '\0', "sent",
                     standing->sent, "expires_at", (json_int_t)(*url ? standing->expires_at : 0), "block",
                     (json_int_t)standing->block_number, "contract", sdk->config.contract_text,
                     "payer_address", sdk->identity.payer_text, "chain_id",
                     (json_int_t)dstack_p2p_chain_id(sdk));
}

static void note_registered(const cli_run *run, const cluster_standing *standing)
{
    char lease[NODE_TIME_TEXT] = "";
    if (standing->expires_at) node_duration(standing->expires_at, standing->block_time, lease);
    cli_note(run, "%s in block %" PRIu64 "%s%s",
             standing->sent ? "registered" : "registered already, nothing was sent; seen",
             standing->block_number, *lease ? "; the lease ends in " : "; it has no end", lease);
}

/* What was sent and could not be printed is told elsewhere. */
static int print_report(const cli_run *run, json_t *view, bool sent)
{
    json_t *again = sent ? json_incref(view) : NULL;
    int status = cli_print_json(run, view);
    if (status && again)
        cli_tell_json(again);
    else
        json_decref(again);
    return status;
}

static int report(const cli_run *run, const dstack_p2p *sdk, const char *url,
                  const cluster_standing *standing)
{
    if (run->json) return print_report(run, report_json(sdk, url, standing), standing->sent);
    if (*url) {
        note_registered(run, standing);
        printf("%s\n", url);
    } else if (standing->sent) {
        cli_note(run, "withdrawn in block %" PRIu64 "; the NFT stays", standing->block_number);
    } else {
        cli_note(run, "it is not registered, nothing was sent");
    }
    return cli_flush(run);
}

int node_membership(const cli_run *run, dstack_p2p *sdk, const char *url)
{
    node_plan plan;
    base_error error = {0};
    char sentence[SENTENCE];
    cluster_standing standing;
    bool dry = cli_has(run, "dry-run");
    if (node_plan_make(sdk, url, !dry, &plan, &error)) return cli_fail_payment(run, &error);
    if (dry) return show(run, sdk, url, &plan);
    if (plan.needed) {
        cost_sentence(sdk, &plan, sentence);
        int status = cli_confirm(run, dstack_p2p_chain_id(sdk), *url ? "register" : "withdraw", sentence);
        if (status) return status;
    }
    if (act(sdk, url, &standing, &error)) return cli_fail_payment(run, &error);
    return report(run, sdk, url, &standing);
}

/* The gateway's URL holds the instance id, and the handle wants the URL when it is made. */
static int choose_url(const cli_run *run, const node_url *url, char text[static NODE_URL_TEXT])
{
    int status;
    if (!url->port) return node_url_write(run, url, NULL, text);
    dstack_p2p *sdk = cli_open(run, NULL, &status);
    if (!sdk) return status;
    const char *id = dstack_p2p_instance_id(sdk);
    status = id ? node_url_write(run, url, id, text) : cli_fail_sdk(run, sdk);
    cli_close(sdk);
    return status;
}

int node_register(const cli_run *run, const node_url *url)
{
    char text[NODE_URL_TEXT];
    int status = choose_url(run, url, text);
    dstack_p2p *sdk = status ? NULL : cli_open(run, text, &status);
    if (!sdk) return status;
    status = node_membership(run, sdk, text);
    cli_close(sdk);
    return status;
}
