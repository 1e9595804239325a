/* SPDX-License-Identifier: MIT */
#include "cli/deadline.h"
#include "cli/node/doctor/doctor.h"
#include "cli/node/times.h"
#include "cluster/list.h"

#include <stdio.h>
#include <string.h>

enum { READING_MS = 20000 };

static void check_registration(doctor *self)
{
    char left[NODE_TIME_TEXT];
    const char *missing = doctor_missing(self);
    const registry_state *state = &self->seen.state;
    if (missing) {
        doctor_find(self, "registration", DOCTOR_SKIPPED, NULL, "%s", missing);
        return;
    }
    node_duration(state->peer.expires_at, self->seen.block.time, left);
    if (!*state->url)
        doctor_find(self, "registration", DOCTOR_GOOD, NULL,
                    "none yet: 'dstack-p2p register' or 'dstack-p2p run' makes it");
    else if (*self->url_text && strcmp(state->url, self->url_text))
        doctor_find(
            self, "registration", DOCTOR_WARNING,
            "register with the new one: dstack-p2p register; if nobody here published the other, another "
            "process has this instance too",
            "the contract lists another URL: %s", state->url);
    else if (state->peer.expires_at)
        doctor_find(self, "registration", DOCTOR_GOOD, NULL, "%s, the lease ends in %s", state->url, left);
    else
        doctor_find(self, "registration", DOCTOR_GOOD, NULL, "%s, without an end", state->url);
}

static void find_evidence(doctor *self, const dstack_p2p_peers *list)
{
    char count[32];
    size_t number = dstack_p2p_peers_count(list);
    snprintf(count, sizeof count, "%zu peer%s", number, number == 1 ? "" : "s");
    if (self->sdk->config.evidence == DSTACK_P2P_EVIDENCE_OFF)
        doctor_find(self, "evidence", DOCTOR_SKIPPED, NULL, "%s, not checked (--evidence off)", count);
    else if (!list->checked)
        doctor_find(self, "evidence", DOCTOR_WARNING, "give --kms-root, or run where there is a guest agent",
                    "%s, as the node says: the KMS root to check them against is not known", count);
    else if (list->left_out)
        doctor_find(self, "evidence", DOCTOR_WARNING,
                    "'dstack-p2p verify' says what is wrong with each; the owner can ban them",
                    "%s whose evidence holds, and %u left out", count, (unsigned)list->left_out);
    else if (!number)
        doctor_find(self, "evidence", DOCTOR_GOOD, NULL, "there are no peers yet");
    else
        doctor_find(self, "evidence", DOCTOR_GOOD, NULL, "%s, and the evidence of each holds", count);
}

static void check_evidence(doctor *self)
{
    cli_deadline deadline;
    if (!self->has_chain || !self->has_contract) {
        doctor_find(self, "evidence", DOCTOR_SKIPPED, NULL, "%s", doctor_missing(self));
        return;
    }
    cli_deadline_begin(&deadline, self->sdk, READING_MS);
    dstack_p2p_peers *list = dstack_p2p_get_peers(self->sdk);
    bool late = cli_deadline_end(&deadline);
    if (list)
        find_evidence(self, list);
    else if (late)
        doctor_find(self, "evidence", DOCTOR_BAD, "use a faster node, or one that serves logs (--rpc-url)",
                    "the peers' evidence is not read within %d s", READING_MS / 1000);
    else
        doctor_find(self, "evidence", DOCTOR_BAD, "use another node, one that serves eth_getLogs (--rpc-url)",
                    "%s", dstack_p2p_errmsg(self->sdk));
    dstack_p2p_peers_free(list);
    if (late && !cli_interrupted()) dstack_p2p_resume(self->sdk);
}

void doctor_check_peers(doctor *self)
{
    check_registration(self);
    if (!cli_interrupted()) check_evidence(self);
}
