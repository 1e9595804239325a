/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* SO_PEERCRED, memfd_create, nftw */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

double sim_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

sim_folder sim_folder_make(void)
{
    sim_folder folder = {"/tmp/simulator-XXXXXX"};
    assert_non_null(mkdtemp(folder.path));
    return folder;
}

static int remove_one(const char *path, const struct stat *file, int type, struct FTW *where)
{
    (void)file, (void)type, (void)where;
    return remove(path);
}

void sim_folder_remove(const sim_folder *folder)
{
    assert_int_equal(nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static sim_process spawn(char **arguments)
{
    int out[2];
    /* A file, because nobody reads it before the end, and a full pipe would stop the simulator. */
    int err = memfd_create("stderr", MFD_CLOEXEC);
    pid_t parent = getpid();
    assert_true(err >= 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    sim_process process = {.pid = fork(), .out = out[0], .err = err};
    assert_true(process.pid >= 0);
    if (process.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(126);
        dup2(out[1], 1);
        dup2(err, 2);
        execv(SIMULATOR, arguments);
        _exit(127);
    }
    close(out[1]);
    return process;
}

static size_t read_some(int fd, char *text, size_t used, double until)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    double left = until - sim_now();
    if (left <= 0 || poll(&wait, 1, (int)(left * 1000) + 1) < 1)
        fail_msg("the simulator said nothing in time");
    ssize_t len = read(fd, text + used, SIM_TEXT - 1 - used);
    assert_true(len >= 0);
    text[used + (size_t)len] = '\0';
    return (size_t)len;
}

/* That another simulator answers at our path must never look like success. */
static void check_owner(const sim_process *process)
{
    struct ucred owner = {0};
    socklen_t len = sizeof owner;
    int fd = sim_connect(sim_unix(process->unix_path));
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &owner, &len), 0);
    close(fd);
    assert_int_equal(owner.pid, process->pid);
}

static void await_ready(sim_process *process)
{
    char text[SIM_TEXT] = "";
    size_t used = 0, more = 1;
    double until = sim_now() + 30;
    while (!strchr(text, '\n') && more)
        used += more = read_some(process->out, text, used, until);
    if (!more) {
        sim_end end = sim_stop(process, 0);
        fail_msg("the simulator ended with %d: %s", end.status, end.err);
    }
    int found = sscanf(text, "ready: unix:%159s %79s\n", process->unix_path, process->url);
    assert_true(found == 1 || found == 2);
    check_owner(process);
}

sim_process sim_start(const char *dir, ...)
{
    char *arguments[SIM_ARGUMENTS] = {(char[]){SIMULATOR}, (char[]){"--dir"}, (char[32]){0}};
    va_list list;
    snprintf(arguments[2], 32, "%s", dir);
    va_start(list, dir);
    for (size_t i = 3; i < SIM_ARGUMENTS - 1 && (arguments[i] = va_arg(list, char *)) != NULL; i++)
        ;
    va_end(list);
    sim_process process = spawn(arguments);
    await_ready(&process);
    return process;
}

static void drain(int fd, char *text)
{
    size_t used = 0, more = 1;
    double until = sim_now() + 30;
    while (more)
        used += more = read_some(fd, text, used, until);
    close(fd);
}

sim_end sim_stop(sim_process *process, int signal)
{
    static sim_end end;
    int status = 0;
    double start = sim_now();
    memset(&end, 0, sizeof end);
    if (signal) kill(process->pid, signal);
    drain(process->out, end.out);
    assert_int_equal(waitpid(process->pid, &status, 0), process->pid);
    assert_true(pread(process->err, end.err, SIM_TEXT - 1, 0) >= 0);
    close(process->err);
    end.seconds = sim_now() - start;
    end.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    process->pid = 0;
    return end;
}

void sim_stop_clean(sim_process *process)
{
    sim_end end = sim_stop(process, SIGTERM);
    if (end.status) fail_msg("the simulator ended with %d: %s", end.status, end.err);
}

sim_end sim_run(const char *first, ...)
{
    char *arguments[SIM_ARGUMENTS] = {(char[]){SIMULATOR}, NULL};
    va_list list;
    size_t count = 1;
    va_start(list, first);
    for (const char *next = first; next && count < SIM_ARGUMENTS - 1; next = va_arg(list, const char *))
        arguments[count++] = strdup(next);
    va_end(list);
    sim_process process = spawn(arguments);
    sim_end end = sim_stop(&process, 0);
    while (--count)
        free(arguments[count]);
    return end;
}
