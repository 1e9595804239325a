/* SPDX-License-Identifier: MIT */

/*
 * fake_node [--fault NAME]...: the fake node and the fake guest agent as a process, for tests of programs.
 * Prints "ready: NODE-URL AGENT-SOCKET" when both listen, runs until SIGTERM or SIGINT, and prints how many
 * transactions it was handed, "sends: 0".
 */

#include "support/fake_guest.h"
#include "support/fake_node.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    guest_fault info, key;
} guest_faults[] = {
    {"guest-400", GUEST_400, GUEST_400},
    {"guest-half", GUEST_HALF, GUEST_HALF},
    {"guest-html", GUEST_HTML, GUEST_HTML},
    {"guest-huge", GUEST_HUGE, GUEST_HUGE},
    {"guest-bad-signature", GUEST_HEALTHY, GUEST_GARBAGE_SIGNATURE},
};

static bool break_guest(fake_guest_state *guest, const char *name)
{
    for (size_t i = 0; i < sizeof guest_faults / sizeof *guest_faults; i++) {
        if (strcmp(guest_faults[i].name, name) != 0) continue;
        guest->info = guest_faults[i].info;
        guest->key = guest_faults[i].key;
        return true;
    }
    if (!strcmp(name, "no-instance-id"))
        guest->instance_id = "";
    else if (!strcmp(name, "no-kms-signature"))
        guest->kms_signature = "";
    else
        return false;
    return true;
}

static bool break_answers(fake_node_state *node, const char *name)
{
    for (int fault = 0; node_fault_name(fault); fault++) {
        if (strcmp(node_fault_name(fault), name) != 0) continue;
        node->fault = (node_fault)fault;
        node->retry_after = "Retry-After: 30\r\n"; /* longer than a call lasts */
        return true;
    }
    return false;
}

static bool break_contract(fake_node_state *node, const char *name)
{
    if (!strcmp(name, "no-code"))
        node->no_code = true;
    else if (!strcmp(name, "other-code"))
        node->other_code = "";
    else if (!strcmp(name, "no-nft"))
        node->has_ticket = false;
    else if (!strcmp(name, "banned"))
        node->banned = true;
    else if (!strcmp(name, "paused"))
        node->paused = true;
    else if (!strcmp(name, "app-not-allowed"))
        node->app_allowed = false;
    else if (!strcmp(name, "other-kms-root"))
        node->kms_root = "0x00000000219ab540356cbb839cbe05303d7705fa";
    else if (!strcmp(name, "production"))
        node->dev_mode = false;
    else if (!strcmp(name, "no-balance"))
        node->balance = 0;
    else if (!strcmp(name, "dear"))
        node->base_fee = UINT64_C(600000000000);
    else if (!strcmp(name, "reverts"))
        node->outcome = NODE_REVERTED;
    else
        return false;
    return true;
}

static bool apply(fake_node *node, fake_guest *guest, const char *name)
{
    fake_node_state *state = fake_node_lock(node);
    bool known =
        break_answers(state, name) || break_contract(state, name) || break_guest(fake_guest_set(guest), name);
    fake_node_unlock(node);
    if (!known) fprintf(stderr, "fake_node: there is no fault '%s'\n", name);
    return known;
}

static bool apply_all(fake_node *node, fake_guest *guest, int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2)
        if (strcmp(argv[i], "--fault") != 0 || i + 1 == argc || !apply(node, guest, argv[i + 1]))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    int signal_number;
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL); /* before there are threads */
    fake_node *node = fake_node_start();
    fake_guest *guest = fake_guest_start(false);
    bool ok = apply_all(node, guest, argc, argv);
    if (ok) {
        printf("ready: %s %s\n", fake_node_url(node), fake_server_endpoint(fake_guest_server(guest)));
        fflush(stdout);
        sigwait(&ends, &signal_number);
        printf("sends: %u\n", fake_node_lock(node)->sends);
        fake_node_unlock(node);
    } else {
        fputs("usage: fake_node [--fault NAME]...\n", stderr);
    }
    fake_node_stop(node);
    fake_guest_stop(guest);
    return ok ? EXIT_SUCCESS : 2;
}
