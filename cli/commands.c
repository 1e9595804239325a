/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <string.h>

/* In the order of the help. */
static const cli_command *const commands[] = {
    &command_deploy,
    &command_mint,
    &command_revoke,
    &command_reassign,
    &command_deactivate,
    &command_ban,
    &command_unban,
    &command_prune,
    &command_fund,
    &command_allow_app,
    &command_disallow_app,
    &command_add_domain,
    &command_remove_domain,
    &command_set_dev_mode,
    &command_set_bound_urls,
    &command_set_kms_root,
    &command_set_lease,
    &command_set_paused,
    &command_set_config,
    &command_add_compose_hash,
    &command_remove_compose_hash,
    &command_add_device,
    &command_remove_device,
    &command_set_any_device,
    &command_set_require_tcb,
    &command_set_require_nft,
    &command_transfer_ownership,
    &command_accept_ownership,
    &command_withdraw_fees,
    &command_status,
    &command_identity,
    &command_register,
    &command_withdraw,
    &command_run,
    &command_doctor,
    &command_peers,
    &command_watch,
    &command_wait,
    &command_verify,
    &command_kms_root,
};

const cli_command *cli_command_at(size_t index)
{
    return index < sizeof commands / sizeof *commands ? commands[index] : NULL;
}

const cli_command *cli_command_find(const char *name)
{
    const cli_command *command;
    for (size_t i = 0; (command = cli_command_at(i)); i++)
        if (!strcmp(command->name, name)) return command;
    return NULL;
}

const char *cli_group_name(cli_group group)
{
    static const char *const names[CLI_GROUPS] = {"Cluster owner", "Node", "Everyone"};
    return names[group];
}
