/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* asprintf */
#include "instances.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAIL(error, ...) (base_fail(error, DSTACK_P2P_ERR_SYSTEM, __VA_ARGS__), false)

/* `made` tells whether the folder is ours to remove. */
static bool make_folder(const char *folder, bool *made, base_error *error)
{
    struct stat file;
    *made = mkdir(folder, 0700) == 0;
    if (*made) return true;
    if (errno != EEXIST) return FAIL(error, "%s: the folder cannot be made: %s", folder, strerror(errno));
    if (stat(folder, &file) == 0 && S_ISDIR(file.st_mode)) return true;
    return FAIL(error, "%s: is there and is not a folder", folder);
}

static void free_instance(sim_instance *instance)
{
    if (!instance) return;
    if (instance->path) sim_listen_unix_end(instance->path, &instance->socket);
    if (instance->made_folder) rmdir(instance->folder);
    free(instance->folder);
    free(instance->path);
    free(instance);
}

static bool set_paths(sim_instance *instance, const char *dir, const char *name)
{
    if (asprintf(&instance->folder, *name ? "%s/%s" : "%s", dir, name) < 0) instance->folder = NULL;
    if (!instance->folder) return false;
    if (asprintf(&instance->path, "%s/dstack.sock", instance->folder) < 0) instance->path = NULL;
    return instance->path != NULL;
}

static sim_instance *make_instance(const sim_instances *instances, const char *name, base_error *error)
{
    sim_instance *instance = calloc(1, sizeof *instance);
    if (!instance) {
        base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
        return NULL;
    }
    instance->socket.fd = -1;
    memcpy(instance->name, name, strlen(name));
    if (!sim_instance_id(instances->app, name, instance->id20) || !set_paths(instance, instances->dir, name))
        base_fail(error, DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    else if (make_folder(instance->folder, &instance->made_folder, error) &&
             sim_listen_unix(instance->path, &instance->socket, error) &&
             instances->born(instances->context, instance, error))
        return instance;
    free_instance(instance);
    return NULL;
}

sim_instance *sim_instances_get(sim_instances *instances, const char *name, base_error *error)
{
    for (size_t i = 0; i < instances->count; i++)
        if (strcmp(instances->items[i]->name, name) == 0) return instances->items[i];
    if (*name && !sim_name_valid(name)) {
        base_fail(error, DSTACK_P2P_ERR_INVALID_ARGUMENT,
                  "\"%.64s\" is no instance name: 1 to %d of the characters a-z, 0-9 and -", name,
                  SIM_NAME_MAX);
        return NULL;
    }
    if (instances->count > instances->max) {
        base_fail(error, DSTACK_P2P_ERR_INVALID_ARGUMENT,
                  "there are %zu named instances already, the most this simulator can keep", instances->max);
        return NULL;
    }
    sim_instance *instance = make_instance(instances, name, error);
    if (instance) instances->items[instances->count++] = instance;
    return instance;
}

static bool lock_folder(sim_instances *instances, base_error *error)
{
    instances->lock = open(instances->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (instances->lock < 0) return FAIL(error, "%s: %s", instances->dir, strerror(errno));
    if (flock(instances->lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return true;
    return FAIL(error, "%s: another simulator runs there: stop it, or use another --dir", instances->dir);
}

bool sim_instances_open(sim_instances *instances, const sim_app *app, const char *dir, size_t max,
                        sim_instance_fn born, void *context, base_error *error)
{
    *instances =
        (sim_instances){.app = app, .dir = dir, .max = max, .lock = -1, .born = born, .context = context};
    if (!make_folder(dir, &instances->made_dir, error) || !lock_folder(instances, error)) return false;
    return sim_instances_get(instances, "", error) != NULL;
}

static bool holds_socket(int dir, const char *name)
{
    struct stat file;
    char path[NAME_MAX + sizeof "/dstack.sock"];
    snprintf(path, sizeof path, "%s/dstack.sock", name);
    return fstatat(dir, path, &file, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(file.st_mode);
}

bool sim_instances_revive(sim_instances *instances, base_error *error)
{
    DIR *dir = opendir(instances->dir);
    const struct dirent *entry = NULL;
    if (!dir) return FAIL(error, "%s: %s", instances->dir, strerror(errno));
    while (!error->code && (entry = readdir(dir)) != NULL)
        if (sim_name_valid(entry->d_name) && holds_socket(dirfd(dir), entry->d_name))
            sim_instances_get(instances, entry->d_name, error);
    closedir(dir);
    return !error->code;
}

void sim_instances_close(sim_instances *instances)
{
    while (instances->count)
        free_instance(instances->items[--instances->count]);
    if (instances->lock >= 0) close(instances->lock);
    instances->lock = -1;
    if (instances->made_dir) rmdir(instances->dir);
    instances->made_dir = false;
}
