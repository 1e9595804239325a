/* SPDX-License-Identifier: MIT */

/* One schedule of faults, of any length: chaos [--seed S] [--changes N] [--nodes 1|2] [--reorganise]
 * [--block latest|safe|finalized] [--verbose]. The same seed gives the same schedule. */

#include "base/clock.h"
#include "chaos/schedule.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const struct option long_options[] = {{"seed", required_argument, NULL, 's'},
                                             {"changes", required_argument, NULL, 'c'},
                                             {"nodes", required_argument, NULL, 'n'},
                                             {"block", required_argument, NULL, 'b'},
                                             {"reorganise", no_argument, NULL, 'r'},
                                             {"verbose", no_argument, NULL, 'v'},
                                             {NULL, 0, NULL, 0}};

static bool read_option(int option, schedule_options *options)
{
    switch (option) {
    case 's':
        options->seed = strtoull(optarg, NULL, 10);
        return true;
    case 'c':
        options->changes = strtoull(optarg, NULL, 10);
        return true;
    case 'n':
        options->nodes = strtoul(optarg, NULL, 10);
        return options->nodes == 1 || options->nodes == 2;
    case 'b':
        options->block = !strcmp(optarg, "safe")        ? DSTACK_P2P_BLOCK_SAFE
                         : !strcmp(optarg, "finalized") ? DSTACK_P2P_BLOCK_FINALIZED
                                                        : DSTACK_P2P_BLOCK_LATEST;
        return true;
    case 'r':
        return options->reorganises = true;
    case 'v':
        return options->verbose = true;
    default:
        return false;
    }
}

static uint64_t random_seed(void)
{
    uint32_t seed = 1;
    (void)!getrandom(&seed, sizeof seed, 0);
    return seed;
}

static void print(const schedule_options *options, const schedule_counts *counts, uint64_t ms)
{
    printf(
        "seed %llu: %llu changes in %llu blocks, %llu reorganisations, %llu faults, %llu checks; %llu calls "
        "told, %llu requests; %llu s of virtual time in %.1f s\n",
        (unsigned long long)options->seed, (unsigned long long)counts->changes,
        (unsigned long long)counts->blocks, (unsigned long long)counts->reorganisations,
        (unsigned long long)counts->faults, (unsigned long long)counts->checks,
        (unsigned long long)counts->told, (unsigned long long)counts->requests,
        (unsigned long long)counts->virtual_ms / 1000, (double)ms / 1000);
}

int main(int argc, char **argv)
{
    schedule_options options = {.seed = random_seed(), .changes = 1000, .nodes = 1};
    schedule_counts counts;
    for (int option; (option = getopt_long(argc, argv, "", long_options, NULL)) >= 0;)
        if (!read_option(option, &options)) {
            fprintf(stderr, "usage: chaos [--seed S] [--changes N] [--nodes 1|2] [--reorganise]\n"
                            "             [--block latest|safe|finalized] [--verbose]\n");
            return 2;
        }
    printf("seed %llu\n", (unsigned long long)options.seed);
    fflush(stdout);
    uint64_t start = base_now_ms(base_clock_system());
    bool ok = schedule_run(&options, &counts);
    print(&options, &counts, base_now_ms(base_clock_system()) - start);
    return ok ? 0 : 1;
}
