/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"
#include "cli/owner/begun.h"
#include "eth/key.h"
#include "eth/quantity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- deploy: a new contract ---- */

typedef struct deployment {
    const cli_run *run;
    dstack_p2p *sdk;
    owner_plan plan;
    owner_argument resumed; /* `text` NULL = a new contract */
    uint8_t from20[20], contract20[20];
    char contract[43];
    owner_orders *orders;
} deployment;

static void name_contract(deployment *it)
{
    eth_address_format(it->contract20, it->contract);
}

/* ---- A new one ---- */

/* The address follows from the account and its next nonce. */
static int foresee_address(deployment *it)
{
    char from[43];
    uint64_t nonce;
    eth_batch batch;
    base_error error = {0};
    eth_address_format(it->from20, from);
    eth_rpc_begin(&batch);
    size_t at = eth_batch_add(&batch, "eth_getTransactionCount", "[\"%s\",\"pending\"]", from);
    int status = owner_ask(it->run, it->sdk, &batch);
    if (!status && !eth_request_check(&batch.requests[at], &error)) {
        if (!eth_quantity_u64(batch.requests[at].result, &nonce))
            base_fail(&error, DSTACK_P2P_ERR_RPC_ANSWER, "the node's nonce is malformed");
        else if (!cluster_created_address(it->from20, nonce, it->contract20))
            base_fail(&error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    }
    if (error.code) status = owner_fail(it->run, it->sdk, &error);
    eth_batch_free(&batch);
    name_contract(it);
    return status;
}

static int plan_new(deployment *it)
{
    static const owner_progress created = {.dev_mode = true};
    int status = foresee_address(it);
    if (status) return status;
    owner_plan_create(&it->plan, it->orders);
    /* It is what was asked about, and what is printed. */
    memcpy(it->orders->orders[0].created20, it->contract20, 20);
    owner_plan_settle(&it->plan, it->contract20, &created, true, it->orders);
    return CLI_OK;
}

/* ---- One that was begun ---- */

static int plan_rest(deployment *it)
{
    owner_progress progress = {0};
    memcpy(it->contract20, it->resumed.bytes32, 20);
    name_contract(it);
    int status = owner_look_at_begun(it->run, it->sdk, it->contract20, it->from20, &it->plan, &progress);
    if (!status) owner_plan_settle(&it->plan, it->contract20, &progress, false, it->orders);
    return status;
}

/* ---- What is said ---- */

static void compose_intent(const deployment *it, char intent[static OWNER_INTENT])
{
    char root[43];
    const owner_plan *plan = &it->plan;
    eth_address_format(plan->kms_root.bytes32, root);
    snprintf(intent, OWNER_INTENT, "%s %s in %s, with the KMS root %s",
             it->resumed.text ? "complete the contract" : "deploy a contract to", it->contract,
             plan->production ? "production mode" : "development mode, where any URL passes", root);
}

static json_t *report_json(const deployment *it)
{
    char root[43], owner[43], app[43];
    const owner_plan *plan = &it->plan;
    json_t *domains = json_array();
    eth_address_format(plan->kms_root.bytes32, root);
    eth_address_format(it->from20, owner);
    eth_address_format(plan->app.bytes32, app);
    for (size_t i = 0; i < plan->domain_count; i++)
        json_array_append_new(domains, json_string(plan->domains[i].text));
    return json_pack("{ss ss ss so so sb sb sI sI}", "contract", it->contract, "owner", owner, "kms_root",
                     root, "app_id", plan->app.text ? json_string(app) : json_null(), "base_domains", domains,
                     "production", plan->production, "bound_urls", plan->binds_urls, "lease_seconds",
                     (json_int_t)plan->lease_seconds, "renewal_gas_per_year",
                     (json_int_t)owner_plan_renewals(plan));
}

/* The address alone is the output; the rest is for people. */
static int report(const deployment *it)
{
    char owner[43], root[43];
    const owner_plan *plan = &it->plan;
    const cli_run *run = it->run;
    eth_address_format(it->from20, owner);
    eth_address_format(plan->kms_root.bytes32, root);
    printf("%s\n", it->contract);
    cli_note(run, "DstackMembershipNFT %s on chain %" PRIu64, it->contract, atomic_load(&it->sdk->chain_id));
    cli_note(run, "  owner     %s", owner);
    cli_note(run, "  KMS root  %s", root);
    if (plan->app.text) cli_note(run, "  app       %s", plan->app.text);
    for (size_t i = 0; i < plan->domain_count; i++)
        cli_note(run, "  domain    %s", plan->domains[i].text);
    if (!plan->production) cli_note(run, "  dev mode: any URL passes");
    if (plan->lease_seconds)
        cli_note(run,
                 "  lease of %" PRIu64 " s; a node renews at half of it; gas for a year of that: %" PRIu64,
                 plan->lease_seconds, owner_plan_renewals(plan));
    return cli_flush(run);
}

/* After a failure: whether there is a contract, and how to go on with it. */
static void tell_how_to_go_on(deployment *it)
{
    const cluster_outcome *created = &it->orders->receipts.outcomes[0];
    bool is_there = it->resumed.text || created->state == CLUSTER_ORDER_DONE;
    if (!it->resumed.text) {
        if (created->state != CLUSTER_ORDER_DONE && created->state != CLUSTER_ORDER_UNCONFIRMED) return;
        cluster_created_address(it->from20, created->nonce, it->contract20);
        name_contract(it);
    }
    if (it->run->json)
        cli_tell_json(json_pack("{ss sb}", "contract", it->contract, "exists", is_there));
    else
        cli_note(it->run, "%s %s. Go on with: dstack-p2p deploy --resume %s and the same options",
                 is_there ? "the contract is at" : "if it gets into a block, the contract is at",
                 it->contract, it->contract);
}

/* ---- The command ---- */

static int send_all(deployment *it)
{
    bool sent = false;
    char intent[OWNER_INTENT];
    const cli_run *run = it->run;
    owner_orders *orders = it->orders;
    compose_intent(it, intent);
    int status = orders->count ? owner_orders_spend(run, it->sdk, intent, orders, &sent) : CLI_OK;
    if (status && status != CLI_DECLINED) tell_how_to_go_on(it);
    if (status) return status;
    if (orders->count && !sent) {
        cli_note(run, "the contract's address is %s", it->contract);
        return CLI_OK;
    }
    if (!orders->count) cli_note(run, "nothing is to be done: the contract has all of it");
    if (run->json && orders->count)
        return cli_report(run, orders->orders, orders->count, &orders->receipts, report_json(it));
    return run->json ? cli_print_json(run, owner_nothing_json(run, report_json(it))) : report(it);
}

static int deploy(deployment *it)
{
    int status = owner_plan_complete(it->run, it->sdk, &it->plan);
    if (!status) status = cli_sender(it->run, it->sdk, it->from20);
    if (!status) status = it->resumed.text ? plan_rest(it) : plan_new(it);
    return status ? status : send_all(it);
}

static int run_deploy(cli_run *run)
{
    deployment it = {.run = run};
    const char *resumed = cli_value(run, "resume");
    int status = owner_plan_read(run, &it.plan);
    if (!status && resumed)
        status = owner_read_argument(run, "--resume", OWNER_ADDRESS, resumed, &it.resumed);
    if (!status && !(it.orders = owner_orders_new(run))) status = DSTACK_P2P_ERR_NO_MEMORY;
    if (!status) it.sdk = owner_open(run, &status);
    if (!status) status = deploy(&it);
    cli_close(it.sdk);
    owner_orders_free(it.orders);
    owner_plan_free(&it.plan);
    return status;
}

static const cli_option options[] = {
    {"production", 0, NULL, "PRODUCTION",
     "no dev mode, URLs bound to their instance, a lease of 24 hours; needs --base-domains"},
    {"kms-root", 0, "ADDRESS", "KMS_ROOT_ADDRESS",
     "the KMS root, which certifies app keys (on chain 31337 dstack's public development root)"},
    {"app-id", 0, "APP", "APP_ID",
     "an app whose instances may register, besides the contract's own (on chain 31337 dstack's public "
     "development app)"},
    {"base-domains", 0, "DOMAIN[,DOMAIN...]", "BASE_DOMAINS", "the base domains of URLs"},
    {"lease", 0, "TIME", NULL,
     "for how long a registration is listed; 0 is for ever (24h with --production)"},
    {"bound-urls", 0, "on|off", NULL, "whether a URL must name its instance (on with --production)"},
    {"resume", 0, "ADDRESS", NULL, "complete this contract, of which some settings are missing"},
    {0}};

const cli_command command_deploy = {
    .name = "deploy",
    .group = CLI_OWNER,
    .arguments = "",
    .summary = "deploy a membership contract",
    .description =
        "Deploys the contract that this version of the tool belongs to, and sets it up; the sender becomes "
        "its "
        "owner. Prints its address. It takes several transactions, which are quoted, confirmed and sent "
        "together. If something fails half way, the same command with --resume and the contract's address "
        "sends what is missing.\n\n"
        "Without --production the contract is in dev mode, where any URL passes, and registrations last for "
        "ever. On a chain other than 31337 a private key and the KMS root are required, and dstack's public "
        "development root is refused, since anyone can sign with it. `dstack-p2p kms-root` on a node prints "
        "the root of its own keys.",
    .options = options,
    .takes = CLI_CHAIN | CLI_NO_CONTRACT | CLI_PAYS | CLI_SPENDS,
    .examples = "dstack-p2p deploy\n  # on a local chain, for development\n"
                "dstack-p2p deploy --production --base-domains dstack-pha-prod7.phala.network --kms-root "
                "0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --private-key-file owner.key --dry-run\n"
                "  # what it would cost; again without --dry-run to do it\n"
                "dstack-p2p deploy --production --base-domains dstack-pha-prod7.phala.network --kms-root "
                "0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --private-key-file owner.key --resume "
                "0x5FbDB2315678afecb367f032d93F642f64180aa3\n"
                "  # go on with one that was not completed\n",
    .run = run_deploy};
