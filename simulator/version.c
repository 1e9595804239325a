/* SPDX-License-Identifier: MIT */
#include "methods.h"

/* dstack's clients take an answer as the sign that GetKey knows ed25519 and do not read it. */
void sim_version(const sim_call *call, sim_answer *answer)
{
    (void)call;
    sim_answer_json(answer, json_pack("{s:s, s:s}", "version", "0.5.7", "rev",
                                      "dstack-p2p-simulator-" DSTACK_P2P_VERSION));
}
