/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What does this reply mean? The smallest program that uses libsmtpdx.
 *
 *   cc explain.c $(pkg-config --cflags --libs smtpdx) -o explain
 *   ./explain office365 auth "535 5.7.139 Authentication unsuccessful, basic authentication is disabled."
 */
#include <smtpdx.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    struct smtpdx_mapper *mapper;
    struct smtpdx_diagnosis *d;
    struct smtpdx_evidence evidence = SMTPDX_EVIDENCE_INIT;
    char error[500];
    if (argc != 4) {
        fprintf(stderr, "usage: explain PROVIDER STAGE REPLY\n");
        return 2;
    }
    if (smtpdx_mapper_open(NULL, &mapper, error, sizeof error) != SMTPDX_OK) {
        fprintf(stderr, "explain: %s\n", error);
        return 3;
    }
    evidence.provider = argv[1];
    evidence.stage = argv[2];
    evidence.reply = argv[3];
    if (smtpdx_diagnose(mapper, &evidence, &d, error, sizeof error) != SMTPDX_OK) {
        fprintf(stderr, "explain: %s\n", error);
        smtpdx_mapper_close(mapper);
        return 2;
    }
    printf("%s (%s): %s\n", smtpdx_cause(d), smtpdx_sure(d), smtpdx_sentence(d));
    printf("who acts: %s; trying again helps: %s\n", smtpdx_who(d), smtpdx_retry(d));
    if (smtpdx_advice(d)[0] != '\0') {
        printf("%s\n", smtpdx_advice(d));
    }
    for (size_t i = 0; i < smtpdx_alternative_count(d); i++) {
        printf("or: %s, %s\n", smtpdx_alternative(d, i), smtpdx_alternative_tell(d, i));
    }
    smtpdx_diagnosis_free(d);
    smtpdx_mapper_close(mapper);
    return 0;
}
