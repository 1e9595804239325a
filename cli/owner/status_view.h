/* SPDX-License-Identifier: MIT */
#ifndef CLI_OWNER_STATUS_VIEW_H
#define CLI_OWNER_STATUS_VIEW_H

#include "cli/owner/argument.h"
#include "cli/owner/settings.h"
#include "registry/membership.h"

/** All that `status` shows. Of what was not asked for, `text` is NULL. */
typedef struct owner_status {
    uint64_t chain_id;
    const char *contract;
    owner_settings settings;
    bool counted; /**< `listed` is known */
    size_t listed;

    owner_argument domain, app, instance;
    bool domain_allowed, app_allowed;

    bool has_nft, banned;
    uint8_t holder20[20];
    uint64_t last_anchor;
    registry_peer peer; /**< url_len 0 when not listed */
    char url[REGISTRY_URL_MAX + 1];
} owner_status;

/** Prints it, as a table or JSON. CLI_OK, CLI_OUTPUT or NO_MEMORY. */
int owner_status_print(const cli_run *run, const owner_status *it);

#endif
