/* SPDX-License-Identifier: Apache-2.0 */
/* The C library through its header alone, and the law that it says what the mapper says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose/regress.h"
#include "doc/node.h"
#include "smtpdx.h"

static int set_up(void **state)
{
    struct smtpdx_mapper *mapper;
    char error[300];
    if (smtpdx_mapper_open(NULL, &mapper, error, sizeof error) != SMTPDX_OK) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    *state = mapper;
    return 0;
}

static int tear_down(void **state)
{
    smtpdx_mapper_close(*state);
    return 0;
}

/* The whole regression set, with the provider and without: the same cause, sureness and rule. */
static void test_says_what_the_mapper_says(void **state)
{
    struct arena arena;
    struct doc_errors errors;
    struct why why;
    struct registry *registry;
    struct mapper *mapper;
    struct regress_set set;
    struct slice text;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    const char *path = SMTPDX_SOURCE_DIR "/scenarios/mapper/replies.jsonl";
    assert_int_equal(registry_load(NULL, &registry, &errors, &why), ERR_OK);
    assert_int_equal(mapper_new(registry, &mapper, &why), ERR_OK);
    assert_int_equal(doc_read_file(path, 1 << 24, &arena, &text, &why), ERR_OK);
    assert_int_equal(regress_read(text, path, &arena, &set, &why), ERR_OK);
    assert_true(set.count > 200);
    for (size_t i = 0; i < 2 * set.count; i++) {
        const struct regress_row *row = &set.rows[i / 2];
        struct evidence e = regress_evidence(row, registry, i % 2 == 0);
        struct diagnosis want;
        struct smtpdx_diagnosis *got;
        struct smtpdx_evidence in = SMTPDX_EVIDENCE_INIT;
        mapper_diagnose(mapper, &e, &arena, &want);
        in.provider = e.provider != NULL ? e.provider->name : NULL;
        in.stage = stage_slug(e.stage);
        in.reply = row->reply.p;
        in.reply_length = row->reply.n;
        in.mechanism = row->mechanism.p;
        in.user = row->user.p;
        in.claims = row->claims.p;
        assert_int_equal(smtpdx_diagnose(*state, &in, &got, NULL, 0), SMTPDX_OK);
        assert_string_equal(smtpdx_cause(got), cause_slug(want.cause));
        assert_string_equal(smtpdx_sure(got), sureness_slug(want.sure));
        assert_string_equal(smtpdx_rule(got), want.rule);
        assert_int_equal(smtpdx_because_count(got), want.because_count);
        assert_non_null(strstr(smtpdx_diagnosis_json(got), cause_slug(want.cause)));
        smtpdx_diagnosis_free(got);
    }
    mapper_free(mapper);
    registry_free(registry);
    arena_release(&arena);
}

static void test_words_that_are_not_known(void **state)
{
    static const struct {
        struct smtpdx_evidence in;
        const char *text; /* NULL: no error */
    } rows[] = {
        {{.size = sizeof rows[0].in, .provider = "gmial"},
         "unknown provider 'gmial' (did you mean 'gmail'?)"},
        {{.size = sizeof rows[0].in, .provider = "jane@nobody.example"}, NULL},
        {{.size = sizeof rows[0].in, .provider = "mail.nobody.example"}, NULL},
        {{.size = sizeof rows[0].in, .provider = ""}, NULL},
        {{.size = sizeof rows[0].in, .stage = "auht"},
         "unknown stage 'auht' (did you mean 'auth'?)"},
        {{.size = sizeof rows[0].in, .credential = "oauth"},
         "unknown credential 'oauth' (did you mean 'oauth2'?)"},
        {{.size = sizeof rows[0].in, .event = "tls-expierd"}, "unknown event 'tls-expierd'"},
        {{.size = sizeof rows[0].in, .event = "tls-expired", .stage = "tls"}, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct smtpdx_diagnosis *d;
        char error[200] = "", small[8] = "";
        enum smtpdx_status status = smtpdx_diagnose(*state, &rows[i].in, &d, error, sizeof error);
        assert_int_equal(status, rows[i].text != NULL ? SMTPDX_UNKNOWN_NAME : SMTPDX_OK);
        assert_string_equal(error, rows[i].text != NULL ? rows[i].text : "");
        assert_true((d == NULL) == (rows[i].text != NULL));
        smtpdx_diagnosis_free(d);
        (void)smtpdx_diagnose(*state, &rows[i].in, &d, small, sizeof small);
        assert_true(strlen(small) < sizeof small);
        smtpdx_diagnosis_free(d);
    }
}

/* A program that was built against a header with fewer members. */
static void test_an_older_caller(void **state)
{
    struct smtpdx_evidence in = SMTPDX_EVIDENCE_INIT;
    struct smtpdx_diagnosis *d;
    in.size = offsetof(struct smtpdx_evidence, greeting);
    in.provider = "outlook";
    in.stage = "auth";
    in.reply = "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.";
    in.event = "nonsense that lies behind what it knows";
    assert_int_equal(smtpdx_diagnose(*state, &in, &d, NULL, 0), SMTPDX_OK);
    assert_string_equal(smtpdx_cause(d), "auth.basic_auth_disabled");
    assert_string_equal(smtpdx_sure(d), "certain");
    assert_string_equal(smtpdx_who(d), "developer");
    assert_string_equal(smtpdx_provider(d), "outlook");
    assert_int_equal(smtpdx_code(d), 535);
    assert_string_equal(smtpdx_enhanced(d), "5.7.139");
    assert_non_null(smtpdx_because(d, 0));
    assert_null(smtpdx_because(d, 99));
    assert_null(smtpdx_alternative(d, 99));
    assert_null(smtpdx_alternative_tell(d, 99));
    smtpdx_diagnosis_free(d);
}

/* What an older header lacks: the token's claims, and what the server offered. */
static void test_claims_and_offers(void **state)
{
    struct smtpdx_evidence in = SMTPDX_EVIDENCE_INIT;
    struct smtpdx_diagnosis *d;
    in.provider = "office365";
    in.stage = "auth";
    in.mechanism = "XOAUTH2";
    in.reply = "535 5.7.3 Authentication unsuccessful";
    in.claims = "{\"scp\":\"SMTP.Send\",\"exp\":2000}";
    in.now = 2000;
    assert_int_equal(smtpdx_diagnose(*state, &in, &d, NULL, 0), SMTPDX_OK);
    assert_string_equal(smtpdx_cause(d), "auth.token_expired");
    smtpdx_diagnosis_free(d);
    in.size = offsetof(struct smtpdx_evidence, claims); /* the program does not know of them */
    assert_int_equal(smtpdx_diagnose(*state, &in, &d, NULL, 0), SMTPDX_OK);
    assert_string_equal(smtpdx_cause(d), "auth.token_rejected");
    smtpdx_diagnosis_free(d);

    in = (struct smtpdx_evidence)SMTPDX_EVIDENCE_INIT;
    in.stage = "auth";
    in.reply = "503 Bad sequence of commands";
    in.offered_clear = "PIPELINING\r\n\r\nSTARTTLS\r\nSIZE";
    assert_int_equal(smtpdx_diagnose(*state, &in, &d, NULL, 0), SMTPDX_OK);
    assert_string_equal(smtpdx_cause(d), "auth.encryption_required");
    smtpdx_diagnosis_free(d);
    in.offered_tls = "PIPELINING\nSIZE";
    in.inside_tls = 1;
    assert_int_equal(smtpdx_diagnose(*state, &in, &d, NULL, 0), SMTPDX_OK);
    assert_string_equal(smtpdx_cause(d), "auth.not_offered");
    smtpdx_diagnosis_free(d);

    in = (struct smtpdx_evidence)SMTPDX_EVIDENCE_INIT;
    in.provider = "gmail";
    in.stage = "tls";
    in.event = "tls-hostname";
    in.certificate_names = "mail.example\n*.outlook.com\n";
    assert_int_equal(smtpdx_diagnose(*state, &in, &d, NULL, 0), SMTPDX_OK);
    assert_string_equal(smtpdx_cause(d), "network.intercepted");
    smtpdx_diagnosis_free(d);
}

/* An answer is complete in itself. */
static void test_an_answer_outlives_its_mapper(void **state)
{
    struct smtpdx_mapper *mapper;
    struct smtpdx_diagnosis *d;
    struct smtpdx_evidence in = SMTPDX_EVIDENCE_INIT;
    (void)state;
    assert_int_equal(smtpdx_mapper_open(NULL, &mapper, NULL, 0), SMTPDX_OK);
    in.provider = "outlook";
    in.stage = "auth";
    in.reply = "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.";
    assert_int_equal(smtpdx_diagnose(mapper, &in, &d, NULL, 0), SMTPDX_OK);
    smtpdx_mapper_close(mapper);
    assert_true(strlen(smtpdx_advice(d)) > 10);
    assert_true(strncmp(smtpdx_link(d), "https://", 8) == 0);
    assert_non_null(strstr(smtpdx_because(d, 0), "provider"));
    assert_non_null(strstr(smtpdx_diagnosis_json(d), "\"who\":\"developer\""));
    smtpdx_diagnosis_free(d);
}

static void test_hostile_replies(void **state)
{
    struct smtpdx_diagnosis *d;
    struct smtpdx_evidence in = SMTPDX_EVIDENCE_INIT;
    size_t n = 1 << 20;
    char *reply = malloc(n); /* exact size: an over-read shows */
    assert_non_null(reply);
    for (size_t i = 0; i < n; i++) {
        reply[i] = (char)(i * 2654435761U >> 7);
    }
    in.reply = reply;
    in.reply_length = n;
    assert_int_equal(smtpdx_diagnose(*state, &in, &d, NULL, 0), SMTPDX_OK);
    assert_string_equal(smtpdx_cause(d), "unknown");
    assert_true(strlen(smtpdx_diagnosis_json(d)) < 10000);
    smtpdx_diagnosis_free(d);
    free(reply);
}

static void test_a_folder_that_is_wrong(void **state)
{
    struct smtpdx_mapper *mapper;
    char error[300] = "";
    (void)state;
    assert_int_equal(smtpdx_mapper_open("/nonexistent", &mapper, error, sizeof error),
                     SMTPDX_BAD_FILE);
    assert_null(mapper);
    assert_non_null(strstr(error, "/nonexistent"));
    smtpdx_mapper_close(NULL);
    smtpdx_diagnosis_free(NULL);
}

static void test_causes(void **state)
{
    (void)state;
    size_t n = smtpdx_cause_count();
    assert_true(n > 80);
    for (size_t i = 0; i < n; i++) {
        assert_true(strlen(smtpdx_cause_name(i)) > 3);
        assert_true(strlen(smtpdx_cause_sentence(i)) > 3);
    }
    assert_null(smtpdx_cause_name(n));
    assert_null(smtpdx_cause_sentence(n));
    assert_string_equal(smtpdx_version(), SMTPDX_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_what_the_mapper_says),
        cmocka_unit_test(test_words_that_are_not_known),
        cmocka_unit_test(test_an_older_caller),
        cmocka_unit_test(test_claims_and_offers),
        cmocka_unit_test(test_an_answer_outlives_its_mapper),
        cmocka_unit_test(test_hostile_replies),
        cmocka_unit_test(test_a_folder_that_is_wrong),
        cmocka_unit_test(test_causes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
