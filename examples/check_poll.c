/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many checks at once in one thread, driven by our own poll(2): an account at several places, one line
 * for each as it is done. What has not answered after some seconds is cancelled.
 *
 *   cc check_poll.c $(pkg-config --cflags --libs smtpdx-check) -o check_poll
 *   SMTPDX_PASSWORD=… ./check_poll SECONDS TARGET USER CA-FILE CONNECT-TO…
 */
#include <poll.h>
#include <smtpdx_check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MANY = 16 };

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void show(const char *place, struct smtpdx_check *c)
{
    printf("%s %s %s\n", place, smtpdx_check_verdict(c),
           smtpdx_check_cause(c)[0] != '\0' ? smtpdx_check_cause(c) : smtpdx_check_reason(c));
    fflush(stdout);
}

static void run(struct smtpdx_check **checks, char **places, int count, long long until_ms)
{
    int left = count, is_late = 0;
    while (left != 0) {
        struct pollfd fds[MANY];
        long long remains = until_ms - now_ms();
        int wait = is_late ? -1 : remains > 0 ? (int)remains : 0;
        for (int i = 0; i < count; i++) { /* poll(2) passes over those that have finished */
            int ms = checks[i] != NULL ? smtpdx_check_wait_ms(checks[i]) : -1;
            wait = ms >= 0 && (wait < 0 || ms < wait) ? ms : wait;
            fds[i].fd = checks[i] != NULL ? smtpdx_check_fd(checks[i]) : -1;
            fds[i].events = POLLIN;
        }
        poll(fds, (nfds_t)count, wait);
        if (!is_late && now_ms() >= until_ms) {
            is_late = 1;
            for (int i = 0; i < count; i++) {
                if (checks[i] != NULL) {
                    smtpdx_check_cancel(checks[i]);
                }
            }
        }
        for (int i = 0; i < count; i++) {
            if (checks[i] != NULL && smtpdx_check_step(checks[i])) {
                show(places[i], checks[i]);
                smtpdx_check_free(checks[i]);
                checks[i] = NULL;
                left--;
            }
        }
    }
}

int main(int argc, char **argv)
{
    struct smtpdx_check_params params = SMTPDX_CHECK_PARAMS_INIT;
    struct smtpdx_check *checks[MANY];
    struct smtpdx_mapper *mapper;
    char error[500];
    int count = argc - 5;
    if (count < 1 || count > MANY) {
        fprintf(stderr, "usage: check_poll SECONDS TARGET USER CA-FILE CONNECT-TO…\n");
        return 2;
    }
    if (smtpdx_mapper_open(NULL, &mapper, error, sizeof error) != SMTPDX_OK) {
        fprintf(stderr, "check_poll: %s\n", error);
        return 3;
    }
    params.mapper = mapper; /* one for all of them */
    params.target = argv[2];
    params.user = argv[3];
    params.ca_file = argv[4];
    params.secret = getenv("SMTPDX_PASSWORD");
    params.credential = params.secret != NULL ? "password" : NULL;
    params.retries = -1;
    for (int i = 0; i < count; i++) {
        params.connect_to = argv[5 + i];
        if (smtpdx_check_start(&params, &checks[i], error, sizeof error) != SMTPDX_OK) {
            fprintf(stderr, "check_poll: %s\n", error);
            while (i-- > 0) {
                smtpdx_check_free(checks[i]);
            }
            smtpdx_mapper_close(mapper);
            return 2;
        }
    }
    run(checks, argv + 5, count, now_ms() + atoi(argv[1]) * 1000LL);
    smtpdx_mapper_close(mapper);
    return 0;
}
