/* SPDX-License-Identifier: MIT */
#ifndef SIMULATOR_INSTANCES_H
#define SIMULATOR_INSTANCES_H

#include "listen.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The instances of one app: the default one, reachable as <dir>/dstack.sock, and any number of named ones,
 * <dir>/<name>/dstack.sock. An instance is its identity and its socket, nothing else; keys belong to the app.
 *
 * Instance ids: the default instance of dstack's public development app has that app's public instance id.
 * Any other id is
 *     sha256("dstack-simulator-instance-v1:" || app id (20 bytes) || name)[:20]
 * with an empty name for the default instance, so that a name means the same id everywhere and for ever.
 */

enum {
    SIM_NAME_MAX = 32,
    SIM_INSTANCES_MAX = 1024, /**< named ones */
};

/** What all instances share. */
typedef struct sim_app {
    uint8_t app_id20[20];
    bool no_instance_id; /**< as apps with dstack's `no_instance_id` */
} sim_app;

/** App id of dstack's public development simulator. */
extern const uint8_t sim_public_app_id20[20];

typedef struct sim_instance {
    char name[SIM_NAME_MAX + 1]; /**< "" for the default instance */
    uint8_t id20[20];
    char *folder, *path; /**< of the socket, owned */
    bool made_folder;
    sim_socket socket;
} sim_instance;

/** Called for each instance that comes to life, before anybody can have connected. False refuses it. */
typedef bool (*sim_instance_fn)(void *context, sim_instance *instance, base_error *error);

typedef struct sim_instances {
    const sim_app *app;
    const char *dir;
    size_t max; /**< named ones at the same time, at most SIM_INSTANCES_MAX */
    bool made_dir;
    int lock; /**< the folder's descriptor, locked against a second simulator */
    sim_instance_fn born;
    void *context;
    sim_instance *items[SIM_INSTANCES_MAX + 1]; /**< the default one first */
    size_t count;
} sim_instances;

/** Whether it is [a-z0-9-]{1,32}. */
bool sim_name_valid(const char *name);

/** The id of a valid name's instance, or with "" of the default one; false when out of memory. */
bool sim_instance_id(const sim_app *app, const char *name, uint8_t id20[static 20]);

/** Makes the folder if need be, locks it, and brings the default instance to life. */
bool sim_instances_open(sim_instances *instances, const sim_app *app, const char *dir, size_t max,
                        sim_instance_fn born, void *context, base_error *error);

/** The instance of a name, "" for the default one; brought to life if it is new. NULL with an error. */
sim_instance *sim_instances_get(sim_instances *instances, const char *name, base_error *error);

/** Brings those to life whose folder holds a socket, as a killed simulator leaves it behind. */
bool sim_instances_revive(sim_instances *instances, base_error *error);

/** Removes the sockets, and the folders it made where nothing else is in them. */
void sim_instances_close(sim_instances *instances);

#endif
