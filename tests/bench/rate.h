/* SPDX-License-Identifier: Apache-2.0 */
/* What a bench program does COUNT times in PROCESSES processes; prints how often per second. */
#ifndef SMTPDX_TESTS_BENCH_RATE_H
#define SMTPDX_TESTS_BENCH_RATE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double rate_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* work does its thing count times, or ends the process with another status than 0. */
static inline int rate_main(int argc, char **argv, void (*work)(long count, void *context),
                            void *context)
{
    long count = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
    long processes = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (count < 1 || processes < 1 || processes > 64) {
        fprintf(stderr, "usage: %s COUNT PROCESSES\n", argv[0]);
        return 2;
    }
    double start = rate_seconds();
    for (long p = 0; p < processes; p++) {
        if (fork() == 0) {
            work(count / processes, context);
            _exit(0);
        }
    }
    int status, bad = 0;
    while (wait(&status) > 0) {
        bad += status != 0;
    }
    long done = count / processes * processes;
    printf("%.0f\n", bad == 0 ? (double)done / (rate_seconds() - start) : 0.0);
    return bad != 0;
}

#endif
