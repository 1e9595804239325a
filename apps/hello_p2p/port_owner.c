/* SPDX-License-Identifier: MIT */
#include "port_owner.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STATE_LISTEN = 0x0a };

/* The inode of the socket that listens on `port`, from a table like /proc/net/tcp; 0: none. */
static unsigned long inode_in(const char *table, uint16_t port)
{
    char line[512];
    unsigned long found = 0;
    FILE *file = fopen(table, "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        unsigned local, state;
        unsigned long inode;
        if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*u %lu", &local,
                   &state, &inode) == 3 &&
            local == port && state == STATE_LISTEN)
            found = inode;
    }
    if (file) fclose(file);
    return found;
}

static bool holds(const char *pid, const char *socket_name)
{
    char path[300], target[64];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%s/fd", pid);
    DIR *files = opendir(path);
    const struct dirent *item;
    while (files && !found && (item = readdir(files))) {
        ssize_t len = readlinkat(dirfd(files), item->d_name, target, sizeof target - 1);
        if (len < 0) continue;
        target[len] = '\0';
        found = !strcmp(target, socket_name);
    }
    if (files) closedir(files);
    return found;
}

static void describe(const char *pid, char *out, size_t size)
{
    char path[300], name[32] = "a process";
    snprintf(path, sizeof path, "/proc/%s/comm", pid);
    FILE *file = fopen(path, "re");
    if (file && fgets(name, sizeof name, file)) name[strcspn(name, "\n")] = '\0';
    if (file) fclose(file);
    snprintf(out, size, "%s (process %.10s)", name, pid);
}

bool port_owner(uint16_t port, char *out, size_t size)
{
    unsigned long inode = inode_in("/proc/net/tcp", port);
    if (!inode) inode = inode_in("/proc/net/tcp6", port);
    char name[64];
    snprintf(name, sizeof name, "socket:[%lu]", inode);
    DIR *processes = inode ? opendir("/proc") : NULL;
    const struct dirent *item;
    bool found = false;
    while (processes && !found && (item = readdir(processes))) {
        if (item->d_name[0] < '1' || item->d_name[0] > '9' || !holds(item->d_name, name)) continue;
        describe(item->d_name, out, size);
        found = true;
    }
    if (processes) closedir(processes);
    return found;
}
