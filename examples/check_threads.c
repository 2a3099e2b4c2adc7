/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks in many threads with one mapper, half of them cancelled by another thread while they run: each
 * that was not cancelled has to come to the same verdict.
 *
 *   cc check_threads.c $(pkg-config --cflags --libs smtpdx-check) -pthread -o check_threads
 *   SMTPDX_PASSWORD=… ./check_threads TARGET USER CONNECT-TO CA-FILE VERDICT
 */
#include <pthread.h>
#include <smtpdx_check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, ROUNDS = 6 };

static struct smtpdx_check_params params = SMTPDX_CHECK_PARAMS_INIT;
static const char *verdict;

static void *cancel(void *check)
{
    smtpdx_check_cancel(check);
    return NULL;
}

static int is_right(int is_cancelled)
{
    struct smtpdx_check *c;
    pthread_t other;
    if (smtpdx_check_start(&params, &c, NULL, 0) != SMTPDX_OK) {
        return 0;
    }
    int has_other = is_cancelled && pthread_create(&other, NULL, cancel, c) == 0;
    smtpdx_check_wait(c);
    if (has_other) {
        pthread_join(other, NULL);
    }
    const char *got = smtpdx_check_verdict(c);
    int is_same = strcmp(got, verdict) == 0 || (has_other && smtpdx_check_was_cancelled(c));
    is_same = is_same && strstr(smtpdx_check_json(c, 1), got) != NULL;
    smtpdx_check_free(c);
    return is_same;
}

static void *work(void *context)
{
    int wrong = 0;
    for (int i = 0; i < ROUNDS; i++) {
        wrong += !is_right(i % 2);
    }
    return wrong == 0 ? NULL : context;
}

int main(int argc, char **argv)
{
    struct smtpdx_mapper *mapper;
    pthread_t threads[THREADS];
    char error[500];
    int bad = 0;
    if (argc != 6) {
        fprintf(stderr, "usage: check_threads TARGET USER CONNECT-TO CA-FILE VERDICT\n");
        return 2;
    }
    if (smtpdx_mapper_open(NULL, &mapper, error, sizeof error) != SMTPDX_OK) {
        fprintf(stderr, "check_threads: %s\n", error);
        return 3;
    }
    params.mapper = mapper;
    params.target = argv[1];
    params.user = argv[2];
    params.connect_to = argv[3];
    params.ca_file = argv[4];
    params.secret = getenv("SMTPDX_PASSWORD");
    params.credential = "password";
    verdict = argv[5];
    for (int i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, work, &params) != 0) {
            perror("pthread_create");
            return 3;
        }
    }
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        bad += result != NULL;
    }
    smtpdx_mapper_close(mapper);
    printf("%d threads, %d of them with another answer\n", THREADS, bad);
    return bad != 0;
}
