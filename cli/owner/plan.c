/* SPDX-License-Identifier: MIT */
#include "cli/owner/plan.h"

#include "cli/confirm.h"
#include "cli/owner/account.h"
#include "cli/owner/contract_code.h"
#include "cli/owner/root.h"
#include "registry/contract_abi.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY = 24 * 3600, YEAR = 365 * DAY };

/* Of a renewal with a gateway URL: measured, rounded up, as in the deployment script. */
enum { RENEWAL_GAS = 64000 };

/* ---- Options ---- */

/* A flag, whose variable may say no as well. */
static int read_production(const cli_run *run, bool *production)
{
    const char *text = cli_value(run, "production");
    *production = text && strcmp(text, "false") && strcmp(text, "0");
    if (!*production || !*text || !strcmp(text, "true") || !strcmp(text, "1")) return 0;
    return cli_misuse(run, "PRODUCTION is neither true nor false");
}

static int read_domain(const cli_run *run, owner_plan *plan, const char *text)
{
    if (plan->domain_count == OWNER_DOMAINS_MAX)
        return cli_misuse(run, "--base-domains takes %d at most: add the others with add-domain",
                          OWNER_DOMAINS_MAX);
    for (size_t i = 0; i < plan->domain_count; i++)
        if (!strcmp(plan->domains[i].text, text))
            return cli_misuse(run, "--base-domains: '%.128s' is given twice", text);
    return owner_read_argument(run, "each of --base-domains", OWNER_DOMAIN, text,
                               &plan->domains[plan->domain_count++]);
}

/* Comma-separated; blanks between them are ignored. */
static int read_domains(const cli_run *run, owner_plan *plan)
{
    const char *given = cli_value(run, "base-domains");
    if (!given) return 0;
    char *to = plan->domain_texts = malloc(strlen(given) + 1);
    if (!to) return cli_fail(run, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    for (; *given; given++)
        if (*given != ' ') *to++ = *given;
    *to = '\0';
    for (char *rest = plan->domain_texts, *one; (one = strsep(&rest, ","));)
        if (read_domain(run, plan, one)) return CLI_USAGE;
    return 0;
}

static int read_one(const cli_run *run, const char *name, owner_kind kind, owner_argument *out)
{
    char what[32];
    const char *text = cli_value(run, name);
    snprintf(what, sizeof what, "--%s", name);
    return text ? owner_read_argument(run, what, kind, text, out) : 0;
}

int owner_plan_read(const cli_run *run, owner_plan *plan)
{
    owner_argument lease = {0}, bound = {0};
    memset(plan, 0, sizeof *plan);
    if (read_production(run, &plan->production) ||
        read_one(run, "kms-root", OWNER_ADDRESS, &plan->kms_root) ||
        read_one(run, "app-id", OWNER_APP, &plan->app) || read_one(run, "lease", OWNER_SECONDS, &lease) ||
        read_one(run, "bound-urls", OWNER_SWITCH, &bound))
        return CLI_USAGE;
    int status = read_domains(run, plan);
    if (status) return status;
    if (plan->production && !plan->domain_count)
        return cli_misuse(run, "--base-domains is required with --production: no URL could pass");
    plan->ends_dev_mode = plan->production;
    plan->binds_urls = bound.text ? bound.abi.value : plan->production;
    plan->lease_seconds = lease.text ? lease.abi.value : plan->production ? DAY : 0;
    return 0;
}

void owner_plan_free(owner_plan *plan)
{
    free(plan->domain_texts);
}

/* ---- The chain ---- */

int owner_plan_complete(const cli_run *run, dstack_p2p *sdk, owner_plan *plan)
{
    uint64_t chain_id;
    int status = owner_chain(run, sdk, &chain_id);
    if (status) return status;
    bool local = chain_id == CLI_LOCAL_CHAIN;
    if (!plan->kms_root.text && !local)
        return cli_misuse(run, "--kms-root is required on chain %" PRIu64, chain_id);
    if (!plan->kms_root.text && owner_read_argument(run, "the development root", OWNER_ADDRESS,
                                                    OWNER_DEVELOPMENT_ROOT, &plan->kms_root))
        return CLI_USAGE;
    if (!plan->app.text && local &&
        owner_read_argument(run, "the development app", OWNER_APP, OWNER_DEVELOPMENT_APP, &plan->app))
        return CLI_USAGE;
    return owner_refuse_public_root(run, sdk, &plan->kms_root);
}

/* ---- The transactions ---- */

/* What a call costs, as measured on a contract that was just created; tests/cli_deploy_test.sh compares. */
enum {
    ALLOW_APP_GAS = 47500,
    ADD_DOMAIN_GAS = 81100, /* of two labels */
    DOMAIN_LABEL_GAS = 1950,
    DOMAIN_BYTE_GAS = 12,
    DOMAIN_SLOT_GAS = 22750, /* for each 32 bytes of one that does not fit in one slot with its length */
    BOUND_URLS_GAS = 36900,
    DEV_MODE_GAS = 37500,
    LEASE_GAS = 30250,
    FIRST_GAS = 17100 /* for the first domain and the first tightening: a slot was zero */
};

/* What the orders so far have made of a fresh contract. */
typedef struct settling {
    const uint8_t *contract20;
    owner_orders *orders;
    bool fresh, has_tightened, has_domain;
} settling;

static void add(settling *it, const char *function, const char *text, uint32_t selector,
                const eth_abi_arg *arg, uint64_t gas)
{
    cluster_order *order = owner_orders_call(it->orders, it->contract20, function, text, selector, arg, 1);
    if (order && it->fresh) order->gas = gas;
}

static void add_domain(settling *it, const owner_argument *domain)
{
    uint64_t len = domain->abi.len, slots = len < 32 ? 0 : (len + 31) / 32, dots = 0;
    for (const char *dot = domain->text; (dot = strchr(dot, '.')); dot++)
        dots++;
    uint64_t gas =
        ADD_DOMAIN_GAS + (dots - 1) * DOMAIN_LABEL_GAS + len * DOMAIN_BYTE_GAS + slots * DOMAIN_SLOT_GAS;
    add(it, "addBaseDomain", domain->text, CONTRACT_SEL_ADD_BASE_DOMAIN, &domain->abi,
        gas + (it->has_domain ? 0 : FIRST_GAS));
    it->has_domain = true;
}

static void tighten(settling *it, const char *function, uint32_t selector, bool on, uint64_t gas)
{
    const eth_abi_arg arg = {.value = on};
    add(it, function, on ? "on" : "off", selector, &arg, gas + (it->has_tightened ? 0 : FIRST_GAS));
    it->has_tightened = true;
}

static void set_lease(settling *it, uint64_t seconds)
{
    char text[32];
    const eth_abi_arg arg = {.value = seconds};
    snprintf(text, sizeof text, "%" PRIu64 " s", seconds);
    add(it, "setLeaseDuration", text, CONTRACT_SEL_SET_LEASE_DURATION, &arg, LEASE_GAS);
}

void owner_plan_create(const owner_plan *plan, owner_orders *orders)
{
    static const uint8_t nobody[20];
    cluster_order *order = owner_orders_add(orders, nobody, "DstackMembershipNFT");
    base_buf *data = owner_orders_data(orders);
    order->creates = true;
    base_buf_append(data, contract_code, contract_code_size);
    base_buf_append(data, nobody, ETH_ABI_WORD - 20);
    base_buf_append(data, plan->kms_root.bytes32, 20);
}

void owner_plan_settle(const owner_plan *plan, const uint8_t contract20[static 20],
                       const owner_progress *progress, bool fresh, owner_orders *orders)
{
    settling it = {.contract20 = contract20, .orders = orders, .fresh = fresh};
    if (plan->app.text && !progress->app_allowed)
        add(&it, "allowApp", plan->app.text, CONTRACT_SEL_ALLOW_APP, &plan->app.abi, ALLOW_APP_GAS);
    for (size_t i = 0; i < plan->domain_count; i++)
        if (!progress->domains_allowed[i]) add_domain(&it, &plan->domains[i]);
    if (plan->binds_urls && !progress->bound_urls)
        tighten(&it, "setInstanceBoundUrls", CONTRACT_SEL_SET_INSTANCE_BOUND_URLS, true, BOUND_URLS_GAS);
    if (plan->ends_dev_mode && progress->dev_mode)
        tighten(&it, "setDevMode", CONTRACT_SEL_SET_DEV_MODE, false, DEV_MODE_GAS);
    if (plan->lease_seconds && plan->lease_seconds != progress->lease_seconds)
        set_lease(&it, plan->lease_seconds);
}

uint64_t owner_plan_renewals(const owner_plan *plan)
{
    return plan->lease_seconds ? UINT64_C(2) * YEAR * RENEWAL_GAS / plan->lease_seconds : 0;
}
