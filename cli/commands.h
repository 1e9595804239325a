/* SPDX-License-Identifier: MIT */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

/* The cluster owner's. */
extern const cli_command command_deploy;
extern const cli_command command_mint;
extern const cli_command command_revoke;
extern const cli_command command_reassign;
extern const cli_command command_deactivate;
extern const cli_command command_ban;
extern const cli_command command_unban;
extern const cli_command command_prune;
extern const cli_command command_fund;
extern const cli_command command_allow_app;
extern const cli_command command_disallow_app;
extern const cli_command command_add_domain;
extern const cli_command command_remove_domain;
extern const cli_command command_set_dev_mode;
extern const cli_command command_set_bound_urls;
extern const cli_command command_set_kms_root;
extern const cli_command command_set_lease;
extern const cli_command command_set_paused;
extern const cli_command command_set_config;
extern const cli_command command_add_compose_hash;
extern const cli_command command_remove_compose_hash;
extern const cli_command command_add_device;
extern const cli_command command_remove_device;
extern const cli_command command_set_any_device;
extern const cli_command command_set_require_tcb;
extern const cli_command command_set_require_nft;
extern const cli_command command_transfer_ownership;
extern const cli_command command_accept_ownership;
extern const cli_command command_withdraw_fees;
extern const cli_command command_status;
extern const cli_command command_identity;
extern const cli_command command_register;
extern const cli_command command_withdraw;
extern const cli_command command_run;
extern const cli_command command_doctor;
extern const cli_command command_peers;
extern const cli_command command_watch;
extern const cli_command command_wait;
extern const cli_command command_verify;
extern const cli_command command_kms_root;

#endif
