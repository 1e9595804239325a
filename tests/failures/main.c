/* SPDX-License-Identifier: MIT */

/*
 * failures_test [--every N] [SCENARIO]: registers, reads peers, watches them and carries out orders once for
 * each allocation, each descriptor and each thread that this asks for, with that one refused, and once more
 * for each with all later ones refused as well. Each run ends in time, with success or a sentence, leaves no
 * memory and no descriptor behind, and the same goes well right afterwards. --every 20 takes every 20th
 * allocation only.
 */

#include "failures/live.h"
#include "failures/scenarios.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TIME_LIMIT_S = 20 };

static const scenario scenarios[] = {{"register", scenario_register},
                                     {"peers", scenario_peers},
                                     {"monitor", scenario_monitor},
                                     {"orders", scenario_orders}};

static const char *const kinds[INJECT_KINDS] = {"memory", "descriptors", "threads"};

/* Which run it is, for whoever has to look into it. */
static char now[128];

static void on_fault(int number)
{
    const char *what = number == SIGALRM ? "hangs: " : "ends: ";
    (void)!write(STDERR_FILENO, what, strlen(what));
    (void)!write(STDERR_FILENO, now, strlen(now));
    signal(number, SIG_DFL);
    raise(number);
}

static bool run_once(world *w, const scenario *what, refusal refused)
{
    snprintf(now, sizeof now, "%s, %s %zu%s refused\n", what->name, kinds[refused.kind], refused.nth,
             refused.all ? " and all later ones" : "");
    world_reset(w);
    live_begin();
    alarm(TIME_LIMIT_S);
    bool happened = what->run(w, refused);
    alarm(0);
    size_t left = live_end();
    if (left) live_print();
    REQUIRE(!left, "%zu allocations left; refused at %p", left, inject_victim());
    world_check_descriptors(w);
    return happened;
}

/* Until the last request is behind. Descriptors and threads are few: none is left out. */
static void run_all(world *w, const scenario *what, refusal refused, size_t every)
{
    size_t runs = 0, step = refused.kind == INJECT_MEMORY ? every : 1;
    for (; run_once(w, what, refused); runs++)
        refused.nth += step;
    printf("ok %s, %s%s: %zu runs, %zu requests\n", what->name, kinds[refused.kind],
           refused.all ? " from one on" : "", runs, refused.nth - 1);
    fflush(stdout);
}

static void run_scenario(world *w, const scenario *what, size_t every)
{
    static const refusal beyond = {INJECT_MEMORY, SIZE_MAX, false};
    /* What libraries make once and keep comes to be before anything is counted. */
    world_reset(w);
    live_begin();
    what->run(w, beyond);
    live_end();
    for (int kind = 0; kind < INJECT_KINDS; kind++) {
        run_all(w, what, (refusal){(inject_kind)kind, 1, false}, every);
        run_all(w, what, (refusal){(inject_kind)kind, 1, true}, every);
    }
}

static void catch_faults(void)
{
    static const int faults[] = {SIGALRM, SIGSEGV, SIGBUS, SIGABRT};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        signal(faults[i], on_fault);
}

int main(int argc, char **argv)
{
    world w;
    size_t every = 1, passed = 0;
    const char *only = NULL;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--every") && i + 1 < argc)
            every = strtoul(argv[++i], NULL, 10);
        else
            only = argv[i];
    }
    catch_faults();
    world_make(&w);
    inject_watch();
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        if (only && strcmp(only, scenarios[i].name) != 0) continue;
        run_scenario(&w, &scenarios[i], every);
        passed += 2 * INJECT_KINDS;
    }
    puts("Calls that failed:");
    scenario_print_codes();
    world_unmake(&w);
    printf("%zu passed, 0 failed\n", passed);
    return EXIT_SUCCESS;
}
