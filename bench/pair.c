/* SPDX-License-Identifier: MIT */
/*
 * Times two commands in turn, A B A B ..., from fork to exit:   bench_pair RUNS A B
 * Each is given to sh -c with the run's number in $RUN. Prints the medians in ms, the median of the ratios
 * A/B pair by pair, and each command's largest resident set in MiB. The first pair is not counted.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_MAX = 1000 };

typedef struct sample {
    double ms;
    long kib;
} sample;

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static sample run(const char *command, int number)
{
    char text[16];
    int status;
    struct rusage usage;
    snprintf(text, sizeof text, "%d", number);
    setenv("RUN", text, 1);
    double start = now_ms();
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY); /* made, but not looked at */
        if (null < 0 || dup2(null, STDOUT_FILENO) < 0) _exit(126);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) < 0 || status != 0) {
        fprintf(stderr, "bench_pair: failed: %s\n", command);
        exit(1);
    }
    return (sample){now_ms() - start, usage.ru_maxrss};
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

int main(int argc, char **argv)
{
    static double a[RUNS_MAX], b[RUNS_MAX], ratio[RUNS_MAX];
    long a_kib = 0, b_kib = 0;
    int runs = argc == 4 ? atoi(argv[1]) : 0;
    if (runs < 1 || runs > RUNS_MAX) {
        fprintf(stderr, "usage: bench_pair RUNS A B\n");
        return 2;
    }
    for (int i = -1; i < runs; i++) {
        sample first = run(argv[2], i + 1), second = run(argv[3], i + 1);
        if (i < 0) continue;
        a[i] = first.ms, b[i] = second.ms, ratio[i] = first.ms / second.ms;
        if (first.kib > a_kib) a_kib = first.kib;
        if (second.kib > b_kib) b_kib = second.kib;
    }
    printf("%.2f %.2f %.2f %.1f %.1f\n", median(a, runs), median(b, runs), median(ratio, runs),
           (double)a_kib / 1024, (double)b_kib / 1024);
    return 0;
}
