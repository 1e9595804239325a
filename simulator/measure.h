/* SPDX-License-Identifier: MIT */
#ifndef SIMULATOR_MEASURE_H
#define SIMULATOR_MEASURE_H

#include "appkeys.h"
#include "instances.h"

#include <jansson.h>

/*
 * What a real machine's firmware measures, made up: stable values that nobody could mistake for real ones
 * since they are hashes of what they are called. The event log replays to the registers, as a real one does.
 */
typedef struct sim_measures {
    uint8_t mrtd48[48], rtmr48[4][48];
    uint8_t mr_aggregated32[32], os_image_hash32[32], compose_hash32[32], device_id32[32];
    json_t *event_log; /**< an array, owned */
} sim_measures;

/** The app's compose file as dstack keeps it, JSON text; its SHA-256 is the compose hash. */
extern const char sim_app_compose[];

/** dstack's {"name", "id"} of who gave the app its keys, JSON text owned by the caller; NULL: no memory. */
char *sim_key_provider_info(const sim_appkeys *keys);

/** False when out of memory. sim_measures_free() in either case. */
bool sim_measure(sim_measures *measures, const sim_appkeys *keys, const sim_app *app,
                 const sim_instance *instance);

void sim_measures_free(sim_measures *measures);

#endif
