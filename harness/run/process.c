/* SPDX-License-Identifier: Apache-2.0 */
/* Parent and child, and how neither outlives or outwaits the other. */
#include "run/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STOP_MS = 10000 /* sanitizers look for leaks at the end */ };

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void process_end_with_parent(pid_t parent)
{
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    if (getppid() != parent) { /* it has gone already */
        _exit(EXIT_FAILURE);
    }
}

void process_wait_or_kill(pid_t pid, bool at_once)
{
    int64_t deadline = now_ms() + (at_once ? 0 : STOP_MS);
    pid_t ended = 0;
    while (ended == 0 && now_ms() < deadline) {
        ended = waitpid(pid, NULL, WNOHANG);
        if (ended == 0) {
            poll(NULL, 0, 1);
        }
    }
    if (ended == 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
}
