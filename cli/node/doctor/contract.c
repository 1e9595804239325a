/* SPDX-License-Identifier: MIT */
#include "cli/node/doctor/doctor.h"

#include "cluster/conditions.h"
#include "registry/membership.h"

#include <stdio.h>
#include <string.h>

enum { REMEDY_TEXT = 320 };

const char *doctor_missing(const doctor *self)
{
    if (!self->has_chain) return "the chain cannot be asked";
    if (!self->has_contract) return "there is no contract to ask";
    if (!self->has_instance) return "it is not known who this node is";
    return self->has_state ? NULL : "the contract's answer could not be read";
}

/* ---- The contract itself ---- */

/* Without knowing who this node is only that can be told. */
static int ask_version(doctor *self, cluster_session *session, base_error *error)
{
    uint64_t version;
    eth_batch batch;
    eth_rpc_begin(&batch);
    size_t at = registry_ask_version(&batch, self->sdk->config.contract20, "latest");
    if (!cluster_send(session, &batch, error)) registry_read_version(&batch.requests[at], &version, error);
    eth_batch_free(&batch);
    return cluster_name_contract(self->sdk, error);
}

static int ask(doctor *self, base_error *error)
{
    cluster_session session;
    if (cluster_own_session(self->sdk, &session, error)) return error->code;
    if (!self->has_instance) return ask_version(self, &session, error);
    self->has_state = !cluster_look(&session, self->url_text, &self->seen, error);
    return error->code;
}

static const char *contract_remedy(int code)
{
    switch (code) {
    case DSTACK_P2P_ERR_NO_CONTRACT:
        return "give the address that it has on this chain (--contract, CONTRACT_ADDRESS), or another "
               "chain's node";
    case DSTACK_P2P_ERR_OTHER_CONTRACT:
        return "give the address of a DstackMembershipNFT (--contract, CONTRACT_ADDRESS)";
    default:
        return "try again; if it stays so, use another node (--rpc-url)";
    }
}

static void check_contract(doctor *self)
{
    base_error error = {0};
    const cluster_config *config = &self->sdk->config;
    if (!config->has_contract) {
        doctor_find(self, "contract", DOCTOR_BAD,
                    "give --contract in the measured compose, or CONTRACT_ADDRESS",
                    "no contract address is given");
    } else if (!self->has_chain) {
        doctor_find(self, "contract", DOCTOR_SKIPPED, NULL, "%s", doctor_missing(self));
    } else if (ask(self, &error)) {
        doctor_find(self, "contract", DOCTOR_BAD, contract_remedy(error.code), "%s", error.text);
    } else {
        self->has_contract = true;
        doctor_find(self, "contract", DOCTOR_GOOD, NULL, "%s is a DstackMembershipNFT",
                    config->contract_text);
    }
}

/* ---- Its conditions, each alone ---- */

/* What a node sees that nothing stands against: the SDK's own check then speaks of what is put in of the real
 * one. */
static registry_state perfect(const doctor *self)
{
    registry_state state = self->seen.state;
    memcpy(state.kms_root20, self->sdk->identity.kms_root20, 20);
    state.app_allowed = state.has_ticket = state.dev_mode = true;
    state.banned = state.paused = false;
    return state;
}

static void judge(doctor *self, const char *check, const registry_state *state, const char *good,
                  const char *remedy)
{
    cluster_session session;
    base_error error = {0};
    if (!cluster_own_session(self->sdk, &session, &error))
        cluster_check_conditions(&session, state, *self->url_text ? self->url_text : "any", &error);
    if (error.code)
        doctor_find(self, check, DOCTOR_BAD, remedy, "%s", error.text);
    else
        doctor_find(self, check, DOCTOR_GOOD, NULL, "%s", good);
}

static void check_root(doctor *self)
{
    char remedy[REMEDY_TEXT];
    registry_state state = perfect(self);
    memcpy(state.kms_root20, self->seen.state.kms_root20, 20);
    snprintf(
        remedy, sizeof remedy,
        "run the app under the KMS that the contract trusts; or, if this one is yours, the owner trusts it: "
        "dstack-p2p set-kms-root %s",
        self->sdk->identity.kms_root_text);
    judge(self, "kms_root", &state, "the contract trusts the root of this node's keys", remedy);
}

static void check_app(doctor *self)
{
    char remedy[REMEDY_TEXT];
    registry_state state = perfect(self);
    state.app_allowed = self->seen.state.app_allowed;
    snprintf(remedy, sizeof remedy, "the owner allows it: dstack-p2p allow-app %s",
             self->sdk->identity.app_id_text);
    judge(self, "app", &state, "the contract allows the app", remedy);
}

static void check_admission(doctor *self)
{
    char remedy[REMEDY_TEXT];
    const char *id = self->sdk->identity.instance_text;
    registry_state state = perfect(self);
    state.has_ticket = self->seen.state.has_ticket;
    snprintf(remedy, sizeof remedy, "the owner mints it: dstack-p2p mint %s", id);
    judge(self, "nft", &state, "the instance holds one", remedy);
    state = perfect(self);
    state.banned = self->seen.state.banned;
    snprintf(remedy, sizeof remedy, "the owner lifts it: dstack-p2p unban %s", id);
    judge(self, "banned", &state, "no", remedy);
    state = perfect(self);
    state.paused = self->seen.state.paused;
    judge(self, "paused", &state, "no", "wait until the owner resumes registration");
}

static void check_rules(doctor *self)
{
    registry_state state = perfect(self);
    state.dev_mode = self->seen.state.dev_mode;
    if (!*self->url_text)
        doctor_find(self, "url", DOCTOR_SKIPPED, NULL, "none is given: URL, --port or CONNECTION_URL");
    else
        judge(self, "url", &state,
              state.dev_mode ? "the contract is in dev mode and takes any" : "the contract takes it",
              "publish the gateway's URL of this instance (--port with --gateway-domain), under a base "
              "domain that the "
              "owner has added: dstack-p2p add-domain");
}

void doctor_check_contract(doctor *self)
{
    static const char *const checks[] = {"kms_root", "app", "nft", "banned", "paused", "url"};
    check_contract(self);
    const char *missing = doctor_missing(self);
    if (missing) {
        for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
            doctor_find(self, checks[i], DOCTOR_SKIPPED, NULL, "%s", missing);
        return;
    }
    check_root(self);
    check_app(self);
    check_admission(self);
    check_rules(self);
}
