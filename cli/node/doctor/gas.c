/* SPDX-License-Identifier: MIT */
#include "cli/node/doctor/doctor.h"

#include "cli/node/plan.h"
#include "cli/node/times.h"

#include <inttypes.h>
#include <stdio.h>

/* The gas of a renewal with a gateway's URL, measured, rounded up: see bench/README.md. */
enum { RENEWAL_GAS = 64000, FEW_RENEWALS = 10, REMEDY_TEXT = 200 };

/* As long as a gateway's URL usually is, where none is given. */
static const char usual_url[] =
    "https://0000000000000000000000000000000000000000-00000s.dstack-pha-prod0.phala.network";

static void remedy_for(const doctor *self, int code, char remedy[static REMEDY_TEXT])
{
    if (code == DSTACK_P2P_ERR_FEE_CEILING)
        snprintf(remedy, REMEDY_TEXT, "wait until gas is cheaper, or raise --max-fee-per-gas");
    else if (code == DSTACK_P2P_ERR_SPEND_CEILING)
        snprintf(remedy, REMEDY_TEXT, "raise --max-cost");
    else
        snprintf(remedy, REMEDY_TEXT, "send ether to %s, or let another account pay (--private-key-file)",
                 self->sdk->identity.payer_text);
}

/* How often the balance pays for a renewal at today's fees; each needs the most that it can cost at hand. */
static uint64_t renewals(const doctor *self, const node_plan *plan)
{
    const cluster_view *seen = &self->seen;
    eth_wei each = eth_wei_mul(eth_wei_add(seen->block.base_fee, plan->fees.max_priority_fee), RENEWAL_GAS);
    if (seen->balance < plan->fees.most) return 0;
    eth_wei count = each ? (seen->balance - plan->fees.most) / each + 1 : UINT32_MAX;
    return count < UINT32_MAX ? (uint64_t)count : UINT32_MAX;
}

static void find_enough(doctor *self, const node_plan *plan)
{
    char balance[ETH_WEI_TEXT], most[ETH_WEI_TEXT], lasts[NODE_TIME_TEXT], remedy[REMEDY_TEXT];
    uint64_t count = renewals(self, plan), lease = self->seen.state.lease_duration;
    doctor_verdict verdict = lease && count < FEW_RENEWALS ? DOCTOR_WARNING : DOCTOR_GOOD;
    eth_wei_format(self->seen.balance, balance);
    eth_wei_format(plan->fees.most, most);
    remedy_for(self, DSTACK_P2P_ERR_NO_FUNDS, remedy);
    const char *why = verdict == DOCTOR_WARNING ? remedy : NULL;
    if (!lease) {
        doctor_find(
            self, "gas", verdict, why,
            "%s has %s, a registration takes at most %s; leases do not end, so there is nothing to renew",
            self->sdk->identity.payer_text, balance, most);
        return;
    }
    node_duration(count * (lease < 1000000000 ? lease : 1000000000) / 2, 0, lasts);
    doctor_find(self, "gas", verdict, why,
                "%s has %s, a registration takes at most %s; enough for about %" PRIu64
                " renewals, which is %s",
                self->sdk->identity.payer_text, balance, most, count, lasts);
}

void doctor_check_gas(doctor *self)
{
    base_error error = {0};
    char remedy[REMEDY_TEXT];
    node_plan plan = {.seen = self->seen};
    const char *missing = doctor_missing(self);
    if (missing) {
        doctor_find(self, "gas", DOCTOR_SKIPPED, NULL, "%s", missing);
        return;
    }
    if (!node_plan_price(self->sdk, *self->url_text ? self->url_text : usual_url, &plan, &error)) {
        find_enough(self, &plan);
        return;
    }
    remedy_for(self, error.code, remedy);
    doctor_find(self, "gas", DOCTOR_BAD, remedy, "%s", error.text);
}
