/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* O_CLOEXEC */
#include "cli/peers/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const peers_signal_names = "HUP, INT, QUIT, TERM, USR1, USR2, WINCH, CONT";

int peers_signal_find(const char *name)
{
    static const struct {
        const char *name;
        int signal;
    } signals[] = {{"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT},   {"TERM", SIGTERM},
                   {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"WINCH", SIGWINCH}, {"CONT", SIGCONT}};
    if (!strncasecmp(name, "SIG", 3)) name += 3;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (!strcasecmp(name, signals[i].name)) return signals[i].signal;
    return 0;
}

static int refuse(char problem[static PEERS_NOTIFY_TEXT], const char *path, const char *what)
{
    snprintf(problem, PEERS_NOTIFY_TEXT, "%.150s: %s", path, what);
    return -1;
}

/* Digits, with white space around them; 0 when it is something else. */
static pid_t parse(char *text)
{
    char *end;
    static const char blanks[] = " \t\r\n";
    text += strspn(text, blanks);
    if (*text < '1' || *text > '9') return 0;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno || end[strspn(end, blanks)] || value > 0x7fffffff) return 0;
    return (pid_t)value;
}

/* -1 when there is no such file, with errno; 0 when no process id is in it. A pipe must not hold us up. */
static pid_t read_pid(const char *path)
{
    char text[64];
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return -1;
    bool is_file = !fstat(fd, &info) && S_ISREG(info.st_mode);
    ssize_t len = is_file ? read(fd, text, sizeof text - 1) : 0;
    close(fd);
    if (len <= 0) return 0;
    text[len] = '\0';
    return (size_t)len == sizeof text - 1 ? 0 : parse(text);
}

int peers_notify(const char *pid_file, int signal, char problem[static PEERS_NOTIFY_TEXT])
{
    pid_t pid = read_pid(pid_file);
    if (pid < 0) return refuse(problem, pid_file, strerror(errno));
    if (!pid || pid == getpid()) return refuse(problem, pid_file, "it holds no process id");
    return kill(pid, signal) ? refuse(problem, pid_file, strerror(errno)) : 0;
}
