/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cases: { replies: PROVIDER }`: the rows that come of a provider file; and the guard that every
 * provider file which words causes has its round trip among the shipped scenarios. Laws over all
 * providers: one row per reply, ids unique, and a row's cause and variant name that reply and no
 * other.
 */
#include "scenario/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct registry *providers;

static int set_up(void **state)
{
    (void)state;
    struct arena arena;
    struct doc_errors errors;
    struct why why;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    enum err err = registry_load(NULL, &providers, &errors, &why);
    arena_release(&arena);
    return err == ERR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    registry_free(providers);
    return 0;
}

static const struct node *rows_of(struct arena *arena, const char *cases)
{
    struct doc_errors errors;
    const struct node *n;
    doc_errors_init(&errors, arena);
    assert_int_equal(
        doc_parse_yaml("f.yaml", slice_of(cases), &node_limits_default, arena, &errors, &n),
        ERR_OK);
    struct bind b = {.arena = arena, .errors = &errors, .providers = providers};
    const struct node *rows = replies_rows(&b, n);
    if (errors.errors != 0) {
        fail_msg("%s: %s", cases, errors.list[0].text);
    }
    return rows;
}

/* clang-format off */
static const struct row {
    const char *cases, *id; /* the row to look at */
    const char *column, *value;
} rows[] = {
    { "replies: icloud", "send.dmarc_failed", "variant", "usual" },
    { "replies: icloud", "send.dmarc_failed/550", "variant", "550" },
    { "replies: icloud", "send.dmarc_failed/550", "stage", "body" },
    { "replies: icloud", "send.dmarc_failed/550", "code", "550" },
    { "replies: icloud", "send.dmarc_failed/550", "enhanced", "5.7.1" },
    { "replies: icloud", "send.dmarc_failed/550", "mx", "true" },
    { "replies: icloud", "send.rate_limited", "reply", "421 [HCM1] Your mail from 192.0.2.7 was deferred." },
    { "replies: icloud", "send.rate_limited", "enhanced", "" },
    { "replies: icloud", "send.rate_limited", "closes", "true" },
    { "replies: icloud", "auth.credentials_rejected", "sure", "likely" },
    { "replies: icloud", "auth.credentials_rejected", "alternatives", "auth.app_password_required auth.username_format" },
    { "replies: icloud", "auth.credentials_rejected", "credential", "app_password" },
    { "replies: icloud", "auth.credentials_rejected", "mechanism", "PLAIN" },
    /* what the file says is refused with this cause is what comes */
    { "replies: gmail", "auth.app_password_required", "credential", "password" },
    { "replies: outlook", "auth.basic_auth_disabled", "credential", "password" },
    { "replies: outlook", "auth.basic_auth_disabled", "mechanism", "LOGIN" },
    /* behind the login: what the provider takes */
    { "replies: outlook", "send.ip_blocked/network", "credential", "oauth2" },
    { "replies: office365", "auth.token_rejected", "mechanism", "XOAUTH2" },
    { "replies: esmtp", "auth.scope_insufficient", "credential", "oauth2" },
    /* without any credential in the file */
    { "replies: generic", "auth.credentials_rejected/code", "mechanism", "PLAIN" },
    { "replies: generic", "auth.mechanism_unsupported/exim", "reply", "504 something authentication mechanism not supported" },
    { "replies: generic", "auth.mechanism_unsupported/exim", "said", "false" },
    /* no words, no code, a stage that nobody speaks at: nothing a fake can say */
    { "replies: generic", "auth.credentials_rejected", "said", "false" },
    { "replies: gmail", "send.content_rejected", "said", "false" },
    { "replies: gmail", "send.content_rejected", "code", "" },
    { "replies: generic", "server.unavailable", "said", "false" },
    { "replies: gmail", "auth.rate_limited", "said", "true" },
    { "{ replies: outlook, where: { said: true, stage: [starttls, mail] } }", "tls.required", "place", "providers/office365.yaml:156" },
};
/* clang-format on */

static const struct node *row_with(const struct node *list, const char *id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (node_is_text(node_get(list->items[i], "id"), id)) {
            return list->items[i];
        }
    }
    return NULL;
}

static void test_columns(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        arena_init(&arena);
        const struct node *row = row_with(rows_of(&arena, rows[i].cases), rows[i].id);
        assert_non_null(row);
        struct slice got = node_text(node_get(row, rows[i].column));
        bool is_place = strcmp(rows[i].column, "place") == 0; /* lines move */
        size_t n = is_place ? slice_find_char(slice_of(rows[i].value), ':') : SIZE_MAX;
        struct slice want = slice_sub(slice_of(rows[i].value), 0, n);
        if (!slice_eq(slice_sub(got, 0, n), want)) {
            fail_msg("%s %s: %s is '" SLICE_FMT "', want '%s'", rows[i].cases, rows[i].id,
                     rows[i].column, SLICE_ARG(got), rows[i].value);
        }
        arena_release(&arena);
    }
}

static void test_where(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    const struct node *all = rows_of(&arena, "replies: gmail");
    const struct node *some =
        rows_of(&arena, "{ replies: gmail, where: { stage: [mail, rcpt], closes: true } }");
    size_t want = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct node *row = all->items[i], *stage = node_get(row, "stage");
        want += node_is_text(node_get(row, "closes"), "true") &&
                (node_is_text(stage, "mail") || node_is_text(stage, "rcpt"));
    }
    assert_true(want != 0 && want < all->count);
    assert_int_equal(some->count, want);
    arena_release(&arena);
}

static void test_laws(void **state)
{
    (void)state;
    for (size_t i = 0; i < registry_count(providers); i++) {
        const struct provider *p = registry_at(providers, i);
        struct arena arena;
        char cases[128];
        arena_init(&arena);
        snprintf(cases, sizeof cases, "replies: %s", p->name);
        const struct node *list = rows_of(&arena, cases);
        assert_int_equal(list->count, p->reply_count);
        for (size_t k = 0; k < list->count; k++) {
            const struct node *row = list->items[k];
            assert_ptr_equal(row_with(list, arena_text(&arena, node_text(node_get(row, "id")))),
                             row);
            assert_ptr_equal(provider_reply_for(p, node_text(node_get(row, "cause")),
                                                node_text(node_get(row, "variant")), STAGE_NONE),
                             &p->replies[k]);
        }
        arena_release(&arena);
    }
}

/* ---- the shipped round trips ---- */

static bool is_row(const struct spec_case *c, const struct provider_reply *r)
{
    char part[256];
    snprintf(part, sizeof part, "[%s%s%s]", r->cause, r->variant[0] != '\0' ? "/" : "", r->variant);
    return strstr(c->name, part) != NULL;
}

static bool is_understood_by(const struct spec_case *c, const struct provider *p,
                             const struct provider_reply *r)
{
    bool is_meant = c->classify != NULL && c->server == NULL && is_row(c, r) &&
                    (c->classify->provider == p || strcmp(p->name, "generic") == 0);
    return is_meant && c->classify->stage == r->stage && node_get(c->expect, "cause") != NULL &&
           (r->code == 0 || slice_find(c->classify->reply, slice_of(r->enhanced)) != SIZE_MAX);
}

static bool is_said_by(const struct spec_case *c, const struct provider *p,
                       const struct provider_reply *r)
{
    if (c->server == NULL || c->probe == NULL || c->classify != NULL ||
        c->server->rule_count != 1 || strcmp(c->server->like, p->name) != 0) {
        return false;
    }
    const struct spec_action *a = c->server->rules[0].actions;
    return a->kind == ACTION_SAYS && strcmp(a->cause, r->cause) == 0 &&
           strcmp(a->variant, r->variant[0] != '\0' ? r->variant : PROVIDER_VARIANT_USUAL) == 0 &&
           c->probe->until >= r->stage && node_path(c->expect, "reply.code") != NULL &&
           node_path(c->expect, "server_saw.secrets") != NULL &&
           node_get(c->expect, "cause") != NULL;
}

static bool has_case(const struct suite_set *set, const struct provider *p,
                     const struct provider_reply *r,
                     bool (*is_it)(const struct spec_case *c, const struct provider *p,
                                   const struct provider_reply *r))
{
    for (size_t i = 0; i < suites_count(set); i++) {
        const struct suite *s = suites_at(set, i);
        for (size_t k = 0; k < s->case_count; k++) {
            if (is_it(&s->cases[k], p, r)) {
                return true;
            }
        }
    }
    return false;
}

static size_t missing_of(const struct suite_set *set, const struct provider *p)
{
    size_t missing = 0;
    for (size_t k = 0; k < p->reply_count; k++) {
        const struct provider_reply *r = &p->replies[k];
        bool is_sayable = r->may_play && server_occasion(r->stage) != NULL;
        bool is_there = has_case(set, p, r, is_understood_by) &&
                        (!is_sayable || has_case(set, p, r, is_said_by));
        if (!is_there) {
            print_error("%s, %s '%s' (%s:%u): no scenario of scenarios/providers makes the round "
                        "trip; add `cases: { replies: %s }`\n",
                        p->name, r->cause, r->variant, r->file, r->line, p->name);
        }
        missing += !is_there;
    }
    return missing;
}

static struct suite_set *load(const struct load_options *options, const char *path)
{
    struct suite_set *set = NULL;
    struct buf errors;
    buf_init(&errors, BUF_NO_CAP);
    if (suites_load(options, &path, 1, &set, &errors) != ERR_OK) {
        fail_msg("%s", buf_text(&errors));
    }
    buf_release(&errors);
    return set;
}

static void test_every_provider_makes_the_round_trip(void **state)
{
    (void)state;
    struct load_options options = {.providers = providers};
    struct suite_set *set = load(&options, "scenarios/providers");
    size_t missing = 0;
    for (size_t i = 0; i < registry_count(providers); i++) {
        missing += missing_of(set, registry_at(providers, i));
    }
    suites_free(set);
    assert_int_equal(missing, 0);
}

/* The guard is none if it cannot fail: a new provider file without scenarios. */
static void test_a_new_provider_is_missed(void **state)
{
    (void)state;
    static const char text[] = "title: new\nfamily: none\nreplies:\n"
                               "  - { cause: auth.credentials_rejected, stage: auth, text: 535 no "
                               "way in, source: RFC 4954 }\n";
    char folder[] = "/tmp/smtpdx-replies-XXXXXX", path[128];
    struct registry *more = NULL;
    struct arena arena;
    struct doc_errors errors;
    struct why why;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/newcomer.yaml", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    enum err err = registry_load(folder, &more, &errors, &why);
    unlink(path);
    rmdir(folder);
    if (err != ERR_OK) {
        fail_msg("%s", errors.count != 0 ? errors.list[0].text : why.text);
    }
    struct load_options options = {.providers = more};
    struct suite_set *set = load(&options, "scenarios/providers/icloud.yaml");
    assert_int_equal(missing_of(set, registry_find(more, SLICE("icloud"))), 0);
    assert_int_equal(missing_of(set, registry_find(more, SLICE("newcomer"))), 1);
    suites_free(set);
    registry_free(more);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_where),
        cmocka_unit_test(test_laws),
        cmocka_unit_test(test_every_provider_makes_the_round_trip),
        cmocka_unit_test(test_a_new_provider_is_missed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
