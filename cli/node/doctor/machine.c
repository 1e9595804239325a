/* SPDX-License-Identifier: MIT */
#include "cli/confirm.h"
#include "cli/node/doctor/doctor.h"

#include "cli/node/times.h"
#include "cluster/cache_file.h"
#include "cluster/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PATH_TEXT = 4096, SKEW_S = 60 };

#define STATE_REMEDY                                                                                         \
    "give a directory of your own with --state-dir or DSTACK_P2P_STATE_DIR, best on a volume that outlives " \
    "the "                                                                                                   \
    "container"

/* ---- State directory ---- */

/* Whether files can be written there, by writing one. */
static bool takes_files(int dir_fd)
{
    char name[32];
    snprintf(name, sizeof name, "doctor-%ld", (long)getpid());
    if (!cluster_state_write(dir_fd, name, "ok\n", 3)) return false;
    return !unlinkat(dir_fd, name, 0);
}

static void path_of(int fd, char path[static PATH_TEXT])
{
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, PATH_TEXT - 1);
    path[len > 0 ? len : 0] = '\0';
}

static void check_state_dir(doctor *self)
{
    base_error error = {0};
    char path[PATH_TEXT];
    int fd = cluster_state_dir_open(&self->sdk->config, &error);
    if (fd < 0) {
        bool needed =
            error.code != DSTACK_P2P_ERR_SYSTEM || cluster_state_is_needed(&self->sdk->config, errno);
        doctor_find(self, "state_dir", needed ? DOCTOR_BAD : DOCTOR_WARNING, STATE_REMEDY, "%s%s", error.text,
                    needed ? "" : "; it goes without");
        return;
    }
    path_of(fd, path);
    if (takes_files(fd))
        doctor_find(self, "state_dir", DOCTOR_GOOD, NULL, "%s can be written", path);
    else
        doctor_find(self, "state_dir", DOCTOR_BAD, STATE_REMEDY, "%s cannot be written: %s", path,
                    strerror(errno));
    close(fd);
}

/* ---- Cache file ---- */

static void find_cache(doctor *self, const char *path, const base_error *error, const dstack_p2p_peers *list,
                       uint64_t saved_s)
{
    char age[NODE_TIME_TEXT];
    node_duration((uint64_t)time(NULL), saved_s, age);
    if (error->code)
        doctor_find(
            self, "cache_file", DOCTOR_WARNING,
            "remove it, or give another one with --cache-file: without a good one a restart knows no peers "
            "before a node answers",
            "%s: %s", path, error->text);
    else if (list)
        doctor_find(self, "cache_file", DOCTOR_GOOD, NULL, "%s holds %zu peers, saved %s ago", path,
                    dstack_p2p_peers_count(list), age);
    else
        doctor_find(self, "cache_file", DOCTOR_GOOD, NULL, "%s is not there yet", path);
}

static void check_cache_file(doctor *self)
{
    const cluster_config *config = &self->sdk->config;
    cluster_cache about = {.chain_id = config->chain_id};
    base_error error = {0};
    uint64_t saved_s = 0;
    if (!config->cache_file) {
        doctor_find(self, "cache_file", DOCTOR_SKIPPED, NULL, "none is configured");
    } else if (!config->chain_id || !config->has_contract) {
        doctor_find(self, "cache_file", DOCTOR_WARNING, "give the contract and --chain-id",
                    "%s is not used: it is not known which chain and contract it has to be of",
                    config->cache_file);
    } else {
        memcpy(about.contract20, config->contract20, 20);
        dstack_p2p_peers *list =
            cluster_cache_load(config->cache_file, self->sdk->clock, NULL, &about, &saved_s, &error);
        find_cache(self, config->cache_file, &error, list, saved_s);
        dstack_p2p_peers_free(list);
    }
}

/* ---- Clock ---- */

static void check_clock(doctor *self)
{
    char text[NODE_TIME_TEXT];
    uint64_t now = (uint64_t)time(NULL), block = self->block.time;
    if (!self->has_chain) {
        doctor_find(self, "clock", DOCTOR_SKIPPED, NULL, "there is no block to compare it with");
    } else if (block > now + SKEW_S) {
        node_duration(block, now, text);
        doctor_find(self, "clock", DOCTOR_WARNING, "set this machine's clock, by NTP for instance",
                    "it is %s behind the latest block", text);
    } else if (now > block + SKEW_S && self->chain_id != CLI_LOCAL_CHAIN) {
        node_duration(now, block, text);
        doctor_find(
            self, "clock", DOCTOR_WARNING,
            "set this machine's clock, by NTP for instance; if it is right, the nodes lag, or the chain "
            "stands still",
            "it is %s ahead of the latest block", text);
    } else {
        node_duration(now, block, text);
        doctor_find(self, "clock", DOCTOR_GOOD, NULL, "the latest block is %s old", text);
    }
}

void doctor_check_machine(doctor *self)
{
    check_clock(self);
    check_state_dir(self);
    check_cache_file(self);
}
