/* SPDX-License-Identifier: Apache-2.0 */
/* Which attempts at a case may be followed by another, and what the document of several says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "result/log.h"
#include "run/rerun.h"

enum stage_of_row { FAKE, REAL };
enum probe_of_row { PLAIN, LOGS_IN, SENDS, STEPS };

/* clang-format off */
static const struct {
    const char *name;
    enum stage_of_row stage;
    enum probe_of_row probe;
    size_t done;
    const char *document;
    const char *refusal; /* a part of it; NULL: may be tried again; "" nothing to say */
} rows[] = {
    { "listed cause",       FAKE, LOGS_IN, 1, "{'verdict':'fail','kind':'expect','cause':'server.busy'}", NULL },
    { "listed area",        FAKE, LOGS_IN, 2, "{'verdict':'fail','kind':'expect','cause':'network.read_timeout'}", NULL },
    { "area by half a word", FAKE, LOGS_IN, 1, "{'verdict':'fail','kind':'expect','cause':'networking'}", "not listed" },
    { "spent",              FAKE, LOGS_IN, 3, "{'verdict':'fail','kind':'expect','cause':'server.busy'}", "" },
    { "passed",             FAKE, LOGS_IN, 1, "{'verdict':'pass','cause':'server.busy'}", "" },
    { "skipped",            FAKE, LOGS_IN, 1, "{'verdict':'skip'}", "" },
    { "other cause",        FAKE, LOGS_IN, 1, "{'verdict':'fail','kind':'expect','cause':'tls.starttls_missing'}", "not listed" },
    { "cause by prefix",    FAKE, LOGS_IN, 1, "{'verdict':'fail','kind':'expect','cause':'server.busyness'}", "not listed" },
    { "no cause",           FAKE, LOGS_IN, 1, "{'verdict':'fail','kind':'expect','cause':null}", NULL },
    { "tool",               FAKE, LOGS_IN, 1, "{'verdict':'error','kind':'tool.aborted'}", NULL },
    { "crash",              FAKE, LOGS_IN, 1, "{'verdict':'error','kind':'tool.crashed'}", "not listed" },
    { "login",              FAKE, LOGS_IN, 1, "{'verdict':'fail','kind':'expect','cause':'auth.temporary'}", "lock accounts" },
    { "leak",               FAKE, LOGS_IN, 1, "{'verdict':'fail','kind':'client.leaked_secret','cause':null}", "defect" },
    { "leak beside",        FAKE, LOGS_IN, 1, "{'verdict':'fail','kind':'expect','cause':'server.busy','server_saw':{'secrets':'in clear: pw'}}", "defect" },
    { "no leak",            FAKE, LOGS_IN, 1, "{'verdict':'fail','kind':'expect','cause':'server.busy','server_saw':{'secrets':'none'}}", NULL },
    { "session left",       FAKE, LOGS_IN, 1, "{'verdict':'fail','kind':'client.leaked_session','cause':'server.busy'}", "defect" },
    { "real, nothing sent", REAL, LOGS_IN, 1, "{'verdict':'error','kind':'server.busy','cause':'server.busy','proof':{'auth_sent':false},'delivery':'none'}", NULL },
    { "real, AUTH sent",    REAL, LOGS_IN, 1, "{'verdict':'error','kind':'server.busy','cause':'server.busy','proof':{'auth_sent':true},'delivery':'none'}", "real server" },
    { "real, nobody knows", REAL, LOGS_IN, 1, "{'verdict':'error','kind':'tool.aborted'}", "real server" },
    { "real, no login",     REAL, PLAIN,   1, "{'verdict':'error','kind':'tool.aborted'}", NULL },
    { "real, mail lost",    REAL, SENDS,   1, "{'verdict':'error','kind':'server.busy','cause':'server.busy','proof':{'auth_sent':false},'delivery':'unknown'}", "real server" },
    { "real, steps",        REAL, STEPS,   1, "{'verdict':'error','kind':'server.busy','cause':'server.busy','proof':{'auth_sent':false},'delivery':'none'}", "real server" },
};
/* clang-format on */

static struct json *document_of(const char *text)
{
    char json[512];
    struct json *out = NULL;
    struct why why;
    snprintf(json, sizeof json, "%s", text);
    for (char *p = json; *p != '\0'; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    if (json_parse(slice_of(json), &out, &why) != ERR_OK) {
        fail_msg("%s: %s", json, why.text);
    }
    return out;
}

static void tries_again_only_what_is_listed_and_harmless(void **state)
{
    static const char *const causes[] = {"server.busy", "network.*", "tool.aborted", "expect",
                                         NULL};
    static const struct spec_rerun policy = {.max = 2, .causes = causes};
    static const struct spec_endpoint endpoint = {.name = "real"};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct spec_probe probe = {.has_auth = rows[i].probe == LOGS_IN,
                                   .send = rows[i].probe == SENDS,
                                   .step_count = rows[i].probe == STEPS};
        struct spec_case c = {.probe = &probe,
                              .rerun = &policy,
                              .endpoint = rows[i].stage == REAL ? &endpoint : NULL};
        struct json *document = document_of(rows[i].document);
        const char *got = rerun_refusal(&c, rows[i].done, document);
        bool is_ok = rows[i].refusal == NULL || got == NULL ? got == rows[i].refusal
                     : rows[i].refusal[0] == '\0'           ? got[0] == '\0'
                                                            : strstr(got, rows[i].refusal) != NULL;
        if (!is_ok) {
            fail_msg("%s: got %s, want %s", rows[i].name, got != NULL ? got : "another attempt",
                     rows[i].refusal != NULL ? rows[i].refusal : "another attempt");
        }
        c.rerun = NULL; /* law: nobody asked, nothing is tried again and nothing is said */
        assert_string_equal(rerun_refusal(&c, rows[i].done, document), "");
        json_free(document);
    }
}

/* clang-format off */
static const struct {
    const char *name;
    const char *documents[3];
    const char *verdict, *message;
} merges[] = {
    { "flaky",  { "{'verdict':'fail','message':'m1','ms':1}", "{'verdict':'pass','ms':2}" },
      "flaky", "passed on attempt 2; attempt 1: m1" },
    { "all fail", { "{'verdict':'fail','message':'m1','ms':1}", "{'verdict':'fail','message':'m2','ms':2}" },
      "fail", "m1" },
    { "a failure outweighs", { "{'verdict':'error','message':'m1','ms':1}", "{'verdict':'fail','message':'m2','ms':1}", "{'verdict':'error','message':'m3','ms':1}" },
      "fail", "m2" },
    { "all errors", { "{'verdict':'error','message':'m1','ms':1}", "{'verdict':'error','message':'m2','ms':2}" },
      "error", "m1" },
};
/* clang-format on */

static void several_attempts_make_one_document(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(merges); i++) {
        struct json *documents[3];
        int64_t after_us[3] = {0, 10000, 20000};
        size_t count = 0;
        double ms = 0;
        while (count < 3 && merges[i].documents[count] != NULL) {
            documents[count] = document_of(merges[i].documents[count]);
            ms += json_to_real(json_get(documents[count], "ms")) + (double)after_us[count] / 1000;
            count++;
        }
        struct json *one = rerun_merge(documents, after_us, count);
        assert_string_equal(json_slice(json_get(one, "verdict")).p, merges[i].verdict);
        assert_true(slice_eq_text(json_slice(json_get(one, "message")), merges[i].message));
        assert_true(json_to_real(json_get(one, "ms")) == ms);
        const struct json *runs = json_get(one, "runs");
        assert_int_equal(json_count(runs), count);
        for (size_t k = 0; k < count; k++) { /* law: what each attempt came to stays as it was */
            struct json *was = document_of(merges[i].documents[k]);
            struct slice verdict = json_slice(json_get(was, "verdict"));
            assert_true(slice_eq(json_slice(json_get(json_at(runs, k), "verdict")), verdict));
            assert_int_equal(json_to_int(json_get(json_at(runs, k), "n")), k + 1);
            json_free(was);
        }
        json_free(one);
    }
}

static void the_limit_has_room_for_all_attempts(void **state)
{
    (void)state;
    static const struct spec_rerun policy = {.max = 2, .wait = {.max_delay_us = 1000}};
    struct spec_case c = {.timeout_us = 500, .rerun = NULL};
    assert_int_equal(rerun_limit_us(&c), 500);
    c.rerun = &policy;
    assert_true(rerun_limit_us(&c) >= 3 * 500 + 2 * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tries_again_only_what_is_listed_and_harmless),
        cmocka_unit_test(several_attempts_make_one_document),
        cmocka_unit_test(the_limit_has_room_for_all_attempts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
