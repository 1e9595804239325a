/* SPDX-License-Identifier: MIT */
#include "cli/owner/begun.h"

#include "eth/key.h"
#include "registry/contract_abi.h"
#include "registry/membership.h"

#include <string.h>

/* Where the batch holds the questions. */
typedef struct places {
    size_t settings, app, domains;
} places;

static size_t ask_about(eth_batch *batch, const dstack_p2p *sdk, uint32_t selector, const eth_abi_arg *arg)
{
    return registry_ask_view(batch, sdk->config.contract20, selector, arg, 1, "latest");
}

static void ask(eth_batch *batch, const dstack_p2p *sdk, const owner_plan *plan, places *at)
{
    const eth_abi_arg app = {.address20 = plan->app.bytes32};
    eth_rpc_begin(batch);
    at->settings = owner_ask_settings(batch, sdk->config.contract20);
    at->app = ask_about(batch, sdk, CONTRACT_SEL_IS_APP_ID_ALLOWED, &app);
    at->domains = at->app + 1;
    for (size_t i = 0; i < plan->domain_count; i++)
        ask_about(batch, sdk, CONTRACT_SEL_IS_BASE_DOMAIN_ALLOWED, &plan->domains[i].abi);
}

static int read(const eth_batch *batch, const places *at, const owner_plan *plan, owner_settings *settings,
                owner_progress *progress, base_error *error)
{
    const eth_request *answers = batch->requests;
    if (owner_read_settings(batch, at->settings, settings, error) ||
        registry_read_bool(&answers[at->app], &progress->app_allowed, error))
        return error->code;
    for (size_t i = 0; i < plan->domain_count; i++)
        if (registry_read_bool(&answers[at->domains + i], &progress->domains_allowed[i], error))
            return error->code;
    progress->bound_urls = settings->bound_urls;
    progress->dev_mode = settings->dev_mode;
    progress->lease_seconds = settings->lease_seconds;
    return 0;
}

static int check(const cli_run *run, const dstack_p2p *sdk, const owner_settings *settings,
                 const uint8_t from20[static 20], const owner_plan *plan)
{
    char owner[43], root[43];
    const char *contract = sdk->config.contract_text;
    eth_address_format(settings->owner20, owner);
    eth_address_format(settings->kms_root20, root);
    if (memcmp(settings->owner20, from20, 20) != 0)
        return cli_fail(run, DSTACK_P2P_ERR_NOT_AUTHORISED, "%s belongs to %s, not to the sender", contract,
                        owner);
    if (memcmp(settings->kms_root20, plan->kms_root.bytes32, 20) != 0)
        return cli_fail(run, DSTACK_P2P_ERR_WRONG_KMS_ROOT,
                        "%s trusts the KMS root %s, not the one that is wanted; set-kms-root changes it",
                        contract, root);
    return CLI_OK;
}

int owner_look_at_begun(const cli_run *run, dstack_p2p *sdk, const uint8_t contract20[static 20],
                        const uint8_t from20[static 20], const owner_plan *plan, owner_progress *progress)
{
    places at;
    eth_batch batch;
    base_error error = {0};
    owner_settings settings;
    cluster_config *config = &sdk->config;
    memcpy(config->contract20, contract20, 20);
    eth_address_format(contract20, config->contract_text);
    config->has_contract = true;
    ask(&batch, sdk, plan, &at);
    int status = owner_ask(run, sdk, &batch);
    if (!status && read(&batch, &at, plan, &settings, progress, &error))
        status = owner_fail(run, sdk, &error);
    eth_batch_free(&batch);
    return status ? status : check(run, sdk, &settings, from20, plan);
}
