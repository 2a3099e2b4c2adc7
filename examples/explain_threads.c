/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mapper, many threads: each explains the same replies and has to come to the same answers.
 *
 *   cc explain_threads.c $(pkg-config --cflags --libs smtpdx) -pthread -o explain_threads
 */
#include <pthread.h>
#include <smtpdx.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 8, ROUNDS = 300 };

static const struct {
    const char *provider, *reply, *cause;
} rows[] = {
    {"outlook", "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
     "auth.basic_auth_disabled"},
    {"office365",
     "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. "
     "Visit https://aka.ms/smtp_auth_disabled for more information.",
     "auth.smtp_auth_disabled"},
    {NULL, "454 4.7.0 Temporary authentication failure", "auth.temporary_failure"},
    {NULL, "599 what is this", "unknown"},
};

static void *work(void *context)
{
    const struct smtpdx_mapper *mapper = context;
    size_t wrong = 0;
    for (size_t i = 0; i < (size_t)ROUNDS * (sizeof rows / sizeof rows[0]); i++) {
        size_t row = i % (sizeof rows / sizeof rows[0]);
        struct smtpdx_evidence evidence = SMTPDX_EVIDENCE_INIT;
        struct smtpdx_diagnosis *d;
        evidence.provider = rows[row].provider;
        evidence.stage = "auth";
        evidence.reply = rows[row].reply;
        if (smtpdx_diagnose(mapper, &evidence, &d, NULL, 0) != SMTPDX_OK) {
            wrong++;
            continue;
        }
        wrong += strcmp(smtpdx_cause(d), rows[row].cause) != 0;
        wrong += strstr(smtpdx_diagnosis_json(d), rows[row].cause) == NULL;
        smtpdx_diagnosis_free(d);
    }
    return wrong == 0 ? NULL : context;
}

int main(void)
{
    struct smtpdx_mapper *mapper;
    pthread_t threads[THREADS];
    char error[500];
    int bad = 0;
    if (smtpdx_mapper_open(NULL, &mapper, error, sizeof error) != SMTPDX_OK) {
        fprintf(stderr, "explain_threads: %s\n", error);
        return 3;
    }
    for (int i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, work, mapper) != 0) {
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
