/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* memfd_create, posix_spawn_file_actions_addclosefrom_np, environ */
#include "cli/peers/child.h"

#include "base/file.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Its environment ---- */

static bool is_secret(const char *entry)
{
    return !strncmp(entry, "PRIVATE_KEY=", 12) || !strncmp(entry, "HOST_PRIVATE_KEY=", 17);
}

static bool is_replaced(const char *entry, const peers_variable *variables)
{
    for (; variables->name; variables++) {
        size_t len = strlen(variables->name);
        if (!strncmp(entry, variables->name, len) && entry[len] == '=') return true;
    }
    return false;
}

static char *join(const peers_variable *variable)
{
    size_t len = strlen(variable->name) + strlen(variable->value) + 2;
    char *text = malloc(len);
    if (text) snprintf(text, len, "%s=%s", variable->name, variable->value);
    return text;
}

static void free_environment(char **entries, size_t own)
{
    for (size_t i = 0; entries && i < own; i++)
        free(entries[i]);
    free(entries);
}

/* Our own variables but for secrets. */
static void inherit(char **entries, const peers_variable *variables)
{
    for (size_t i = 0; environ[i]; i++)
        if (!is_secret(environ[i]) && !is_replaced(environ[i], variables)) *entries++ = environ[i];
}

/* The first `*own` entries are the caller's to free, as the array is. NULL when memory is exhausted. */
static char **make_environment(const peers_variable *variables, size_t *own)
{
    size_t count = 0, more = 0;
    while (environ[count])
        count++;
    while (variables[more].name)
        more++;
    char **entries = calloc(count + more + 1, sizeof *entries);
    for (*own = 0; entries && *own < more; ++*own)
        if (!(entries[*own] = join(&variables[*own]))) break;
    if (!entries || *own < more) {
        free_environment(entries, *own);
        return NULL;
    }
    inherit(entries + more, variables);
    return entries;
}

/* ---- Starting ---- */

/* A file without a name: nobody has to write while the command reads, or does not. */
static int make_input(const void *input, size_t len)
{
    int fd = memfd_create("peers", MFD_CLOEXEC);
    if (fd < 0 || (base_file_write(fd, input, len) && !lseek(fd, 0, SEEK_SET))) return fd;
    int problem = errno;
    close(fd);
    errno = problem;
    return -1;
}

static int set_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, ignored;
    sigemptyset(&none);
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGPIPE); /* by us; what is caught comes back by itself */
    int problem = posix_spawnattr_setsigmask(attributes, &none);
    if (!problem) problem = posix_spawnattr_setsigdefault(attributes, &ignored);
    if (!problem) problem = posix_spawnattr_setpgroup(attributes, 0);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP;
    return problem ? problem : posix_spawnattr_setflags(attributes, flags);
}

static int set_descriptors(posix_spawn_file_actions_t *actions, int input, bool output_to_error)
{
    int problem = posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO);
    if (!problem && output_to_error)
        problem = posix_spawn_file_actions_adddup2(actions, STDERR_FILENO, STDOUT_FILENO);
    /* Not all that libraries open is closed by itself. */
    return problem ? problem : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}

static int spawn(pid_t *pid, const char *command, int input, char **environment, bool output_to_error)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    char shell[] = "sh", option[] = "-c", *text = strdup(command);
    char *const arguments[] = {shell, option, text, NULL};
    int problem = text ? 0 : ENOMEM;
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    if (!problem) problem = set_signals(&attributes);
    if (!problem) problem = set_descriptors(&actions, input, output_to_error);
    if (!problem) problem = posix_spawn(pid, "/bin/sh", &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(text);
    return problem;
}

int peers_child_start(peers_child *child, const char *command, const void *input, size_t len,
                      const peers_variable *variables, bool output_to_error)
{
    size_t own;
    *child = (peers_child){.due_ms = UINT64_MAX};
    char **environment = make_environment(variables, &own);
    int fd = environment ? make_input(input, len) : -1;
    int problem = environment ? errno : ENOMEM;
    if (fd >= 0) problem = spawn(&child->pid, command, fd, environment, output_to_error);
    if (problem) child->pid = 0;
    if (fd >= 0) close(fd);
    free_environment(environment, own);
    return problem;
}

/* ---- Ending ---- */

void peers_child_stop(peers_child *child, uint64_t now)
{
    if (!child->pid) return;
    kill(-child->pid, child->asked ? SIGKILL : SIGTERM);
    child->due_ms = child->asked ? UINT64_MAX : now + PEERS_CHILD_GRACE_MS;
    child->asked = true;
}

void peers_child_tend(peers_child *child, uint64_t now)
{
    if (child->pid && now >= child->due_ms) peers_child_stop(child, now);
}

bool peers_child_has_ended(peers_child *child)
{
    siginfo_t info = {.si_pid = 0};
    if (!child->pid) return false;
    /* Looked at first: until it is taken away, its number cannot be that of another group. */
    if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) || !info.si_pid) return false;
    if (child->asked) kill(-child->pid, SIGKILL);
    while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR)
        continue;
    child->pid = 0;
    return true;
}
