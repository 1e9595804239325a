/* SPDX-License-Identifier: MIT */
#include "cli/node/doctor/doctor.h"
#include "cli/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- doctor: what keeps this node from being a peer ---- */

enum { RPC_TIMEOUT_MS = 5000 };

/* An id as good as any, to see whether a URL can be made. */
static const char no_id[] = "0000000000000000000000000000000000000000";

/* Whether the locale's characters are UTF-8, by the variables that decide on them. */
static bool is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (!value || !*value) continue;
        size_t len = strcspn(value, ".");
        return !strncasecmp(value + len, ".utf-8", 6) || !strncasecmp(value + len, ".utf8", 5);
    }
    return false;
}

/* A malformed one is misuse, and known before anything is asked. */
static int read_url(doctor *self)
{
    int status = node_url_read(self->run, &self->url);
    if (status || (!self->url.given && !self->url.port)) return status;
    return node_url_write(self->run, &self->url, no_id, self->url_text);
}

static void name_instance(doctor *self)
{
    if (!self->url.port) return;
    *self->url_text = '\0';
    if (self->has_instance)
        (void)node_url_write(self->run, &self->url, self->sdk->identity.instance_text, self->url_text);
}

static void examine(doctor *self)
{
    static void (*const checks[])(doctor *) = {
        doctor_check_guest,    name_instance,    doctor_check_nodes, doctor_check_machine,
        doctor_check_contract, doctor_check_gas, doctor_check_url,   doctor_check_peers};
    for (size_t i = 0; i < sizeof checks / sizeof *checks && !cli_interrupted(); i++)
        checks[i](self);
}

static int report(doctor *self)
{
    int status = CLI_OK;
    if (cli_interrupted()) return cli_fail(self->run, DSTACK_P2P_ERR_CANCELLED, "interrupted");
    if (self->run->json) {
        status = cli_print_json(self->run, self->findings);
        self->findings = NULL;
    } else {
        status = cli_flush(self->run);
    }
    if (status) return status;
    return self->failed ? CLI_NO : CLI_OK;
}

static int run_doctor(cli_run *run)
{
    dstack_p2p_options options;
    doctor self = {.run = run, .utf8 = is_utf8(), .coloured = cli_may_colour(STDOUT_FILENO)};
    int status = read_url(&self);
    if (status || (status = cli_sdk_options(run, &options))) return status;
    if (!options.rpc_timeout_ms) options.rpc_timeout_ms = RPC_TIMEOUT_MS;
    if (!run->verbose) options.log_level = DSTACK_P2P_LOG_ERROR; /* the findings say it */
    options.cache_file = cli_value(run, "cache-file");
    self.sdk = cli_open_with(run, NULL, &options, &status);
    if (!self.sdk) return status;
    self.findings = json_array();
    examine(&self);
    status = report(&self);
    json_decref(self.findings);
    cli_close(self.sdk);
    return status;
}

static const cli_option options[] = {NODE_URL_OPTIONS,
                                     {"cache-file", 0, "FILE", "DSTACK_P2P_CACHE_FILE",
                                      "the file that keeps the last list of peers, to be checked"},
                                     {0}};

const cli_command command_doctor = {
    .name = "doctor",
    .group = CLI_NODE,
    .arguments = "[URL]",
    .most = 1,
    .summary = "check all that a node needs to be a peer, and say what to do about what it lacks",
    .description =
        "Checks, one after the other: the guest agent, the node's keys, each Ethereum node by itself, the "
        "chain, the "
        "clock, the state directory, the cache file, the contract and its KMS root, whether it allows the "
        "app, whether "
        "the instance holds an NFT and is not banned or paused, the URL by the contract's rules, gas, "
        "whether the URL "
        "can be reached from here, the registration, and the other peers' evidence. Sends nothing.\n\n"
        "Each has a tick, or a cross with the remedy; an exclamation mark where it works and could be "
        "better; a dash "
        "where it could not be checked, and why. It goes on after a failure, and each check ends in time: "
        "questions to "
        "nodes after --rpc-timeout (5s here).\n\n"
        "Exit status 0 when all that is needed holds, 1 otherwise. With --json an array of {check, ok, "
        "detail, remedy}: "
        "ok is null for what could not be checked, and a remedy with ok true is advice.",
    .options = options,
    .takes = CLI_CONTRACT | CLI_CHAIN | CLI_GUEST | CLI_TRUST | CLI_PAYS,
    .examples = "dstack-p2p doctor http://10.0.1.1:5432\n"
                "dstack-p2p doctor --port 5432 --gateway-domain dstack-pha-prod7.phala.network\n"
                "dstack-p2p doctor --json | jq -r '.[] | select(.ok == false) | .remedy'\n"
                "  # what to do\n",
    .run = run_doctor};
