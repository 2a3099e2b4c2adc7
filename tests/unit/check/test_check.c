/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole check against fakes, in simulation. What a fake says for a cause is what the check
 * makes of it, for every provider and every reply that can be played; and whatever happens, these
 * laws hold: at most one login an attempt, no credential outside TLS, never usable without the
 * proof.
 */
#include "check/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/redact.h"
#include "fakeservers/service.h"
#include "net/tls.h"
#include "scenario/parts.h"

#define SECRET       "Check-Secret-0123456789"
#define APP_PASSWORD "abcdefghijklmnop"
enum { WALL_TIME = 1700000000 };

static struct {
    struct registry *registry;
    struct mapper *mapper;
    struct pki *pki;
    struct tls_setups *setups;
    struct tls_setup *tls;
} shared;

static int setup(void **state)
{
    struct arena arena;
    struct doc_errors errors;
    struct why why;
    (void)state;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    enum err err = registry_load(NULL, &shared.registry, &errors, &why);
    arena_release(&arena);
    err = err == ERR_OK ? mapper_new(shared.registry, &shared.mapper, &why) : err;
    err = err == ERR_OK ? pki_new(WALL_TIME, &shared.pki, &why) : err;
    if (err != ERR_OK) {
        return -1;
    }
    const struct tls_params params = {.min = TLS_VERSION_1_2,
                                      .trust_pem = pki_trust_pem(shared.pki)};
    shared.setups = tls_setups_new();
    return tls_setup_new(&params, &shared.tls, &why) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    tls_setup_free(shared.tls);
    tls_setups_free(shared.setups);
    pki_free(shared.pki);
    mapper_free(shared.mapper);
    registry_free(shared.registry);
    return 0;
}

/* ---- one check, played to its end ---- */

struct play {
    const struct provider *provider;
    const struct spec_rule *rules;
    size_t rule_count;
    struct check_params params; /* what is not set is filled in */
    const char *cert;           /* leaf; NULL: valid */
    const char *const *tls_lines;

    struct world *world;
    struct service *service;
    struct spec_server spec;
    struct check *check;
    char connect_to[64];
    bool is_done;
    struct buf clear; /* what crossed outside TLS */
    unsigned auths;   /* that the fake saw */
};

static void on_octets(void *context, unsigned session, enum driver_direction direction,
                      bool inside_tls, int64_t now_us, struct slice octets)
{
    struct play *p = context;
    (void)session;
    (void)direction;
    (void)now_us;
    if (!inside_tls) {
        buf_add(&p->clear, octets);
    }
}

static void on_closed(void *context, unsigned session, int64_t now_us,
                      const struct fake_report *report)
{
    struct play *p = context;
    (void)session;
    (void)now_us;
    p->auths += (unsigned)report->auth_count;
}

static void on_done(void *context)
{
    ((struct play *)context)->is_done = true;
}

static struct slice no_secret(const char *name, void *context)
{
    (void)name;
    (void)context;
    return (struct slice){NULL, 0};
}

static void start_service(struct play *p)
{
    struct why why;
    const struct provider_endpoint *e = &p->provider->endpoints[0];
    bool has_endpoint = p->provider->endpoint_count != 0;
    p->spec = (struct spec_server){.like = p->provider->name,
                                   .security = p->params.target.security,
                                   .accepts_any = true,
                                   .names_extra = "",
                                   .tls_lines = p->tls_lines,
                                   .rules = p->rules,
                                   .rule_count = p->rule_count,
                                   .tls = {.is_set = p->cert != NULL,
                                           .cert = p->cert != NULL ? p->cert : "",
                                           .min = "",
                                           .max = "",
                                           .ciphers = "",
                                           .fault = ""}};
    const struct service_params params = {.fake = {.spec = &p->spec,
                                                   .providers = shared.registry,
                                                   .pki = shared.pki,
                                                   .setups = shared.setups,
                                                   .host = has_endpoint ? e->host : "localhost",
                                                   .seed = 1,
                                                   .wall_time = WALL_TIME,
                                                   .secret = no_secret},
                                          .context = p,
                                          .on_octets = on_octets,
                                          .on_closed = on_closed};
    if (service_start(p->world, &params, &p->service, &why) != ERR_OK) {
        fail_msg("%s: %s", p->provider->name, why.text);
    }
    snprintf(p->connect_to, sizeof p->connect_to, "%s:%u", service_host(p->service),
             service_port(p->service));
}

static void the_laws_hold(const struct play *p, const char *name)
{
    struct why why;
    const struct check_result *r = check_result(p->check);
    struct redactor *redactor = redactor_new();
    assert_int_equal(redactor_add(redactor, "secret", p->params.secret, &why), ERR_OK);
    if (redactor_find(redactor, buf_slice(&p->clear)) != NULL) {
        fail_msg("%s: the credential crossed in clear", name);
    }
    redactor_free(redactor);
    assert_int_equal(r->logins, p->auths);
    assert_true(r->logins <= r->attempt_count);
    if (r->verdict == CHECK_USABLE) {
        assert_true(r->report->auth_accepted && r->report->auth_inside_tls &&
                    r->report->tls_facts.is_verified);
    }
    assert_true(r->verdict == CHECK_USABLE || r->verdict == CHECK_REACHED || r->has_diagnosis ||
                r->because[0] != '\0');
    assert_true(r->line_count != 0);
}

static void play(struct play *p, const char *name)
{
    struct why why;
    struct check_params *params = &p->params;
    struct arena arena;
    arena_init(&arena);
    p->world = world_new_simulation();
    buf_init(&p->clear, 1 << 20);
    if (params->target.host == NULL) {
        bool has_endpoint = p->provider->endpoint_count != 0;
        params->target = (struct check_target){.provider = p->provider,
                                               .host = has_endpoint ? p->provider->endpoints[0].host
                                                                    : "localhost",
                                               .port = 587,
                                               .security = params->target.security,
                                               .found_by = "test"};
    }
    start_service(p);
    params->mapper = shared.mapper;
    params->tls = shared.tls;
    params->wall_time = WALL_TIME;
    params->connect_to = p->connect_to;
    params->kind = params->kind != CREDENTIAL_NONE ? params->kind : CREDENTIAL_PASSWORD;
    params->secret = params->secret.n != 0 ? params->secret : SLICE(SECRET);
    params->user = params->user.n != 0 ? params->user : SLICE("jane@example.com");
    if (check_new(params, &p->check, &why) != ERR_OK) {
        fail_msg("%s: %s", name, why.text);
    }
    check_start(p->check, p->world, on_done, p);
    world_run(p->world);
    assert_true(p->is_done);
    arena_release(&arena);
    service_free(p->service);
    p->service = NULL;
    the_laws_hold(p, name);
}

static void release(struct play *p)
{
    check_free(p->check);
    world_free(p->world);
    buf_release(&p->clear);
}

static const struct provider *provider(const char *name)
{
    const struct provider *p = registry_find(shared.registry, slice_of(name));
    assert_non_null(p);
    return p;
}

/* ---- what went well ---- */

static void test_usable(void **state)
{
    struct play p = {.provider = provider("gmail"),
                     .params = {.user = SLICE("jane@gmail.com"), .secret = SLICE(APP_PASSWORD)}};
    (void)state;
    play(&p, "usable");
    const struct check_result *r = check_result(p.check);
    assert_int_equal(r->verdict, CHECK_USABLE);
    assert_int_equal(r->logins, 1);
    assert_false(r->report->mail_accepted);
    assert_true(r->report->quit_sent);
    struct json *json = check_to_json(p.check, SLICE("gmail"), true);
    assert_true(slice_eq_text(json_slice(json_get(json, "verdict")), "usable"));
    assert_true(slice_eq_text(json_slice(json_path(json, "proof.mechanism")), "PLAIN"));
    assert_true(slice_eq_text(json_slice(json_get(json, "credential")), "app_password"));
    assert_true(json_count(json_get(json, "transcript")) > 5);
    json_free(json);
    release(&p);
}

/* Of some providers it is not known what they offer; their fakes offer nothing. */
static bool is_known(const struct provider *one)
{
    return one->endpoint_count != 0 && one->tls != NULL && one->tls[0] != NULL;
}

static void test_every_provider_is_usable(void **state)
{
    (void)state;
    for (size_t i = 0; i < registry_count(shared.registry); i++) {
        const struct provider *one = registry_at(shared.registry, i);
        if (!is_known(one)) {
            continue;
        }
        struct play p = {
            .provider = one,
            .params = {.is_forced = true, .target.security = one->endpoints[0].security}};
        play(&p, one->name);
        const struct check_result *r = check_result(p.check);
        bool has_auth = r->report->auth_sent;
        if (r->verdict != CHECK_USABLE && has_auth) {
            fail_msg("%s: got %s at %s", one->name, check_verdict_slug(r->verdict),
                     stage_slug(r->stage));
        }
        release(&p);
    }
}

static void test_without_a_login(void **state)
{
    struct play p = {.provider = provider("gmail")};
    (void)state;
    p.params.until = STAGE_TLS;
    play(&p, "until tls");
    assert_int_equal(check_result(p.check)->verdict, CHECK_REACHED);
    assert_int_equal(check_result(p.check)->stage, STAGE_TLS);
    assert_int_equal(check_result(p.check)->logins, 0);
    release(&p);
}

static void test_a_message(void **state)
{
    struct play p = {.provider = provider("gmail"),
                     .params = {.user = SLICE("jane@gmail.com"),
                                .secret = SLICE(APP_PASSWORD),
                                .may_send = true,
                                .rcpt = SLICE("joe@example.com"),
                                .message_id = SLICE("x@smtpdx.invalid")}};
    (void)state;
    play(&p, "a message");
    assert_int_equal(check_result(p.check)->verdict, CHECK_USABLE);
    assert_true(check_result(p.check)->report->mail_accepted);
    release(&p);
    struct play q = {.provider = provider("gmail"),
                     .params = {.user = SLICE("jane@gmail.com"),
                                .secret = SLICE(APP_PASSWORD),
                                .until = STAGE_RCPT,
                                .rcpt = SLICE("joe@example.com")}};
    play(&q, "until rcpt");
    assert_int_equal(check_result(q.check)->verdict, CHECK_USABLE);
    assert_false(check_result(q.check)->report->mail_accepted);
    release(&q);
}

/* ---- what was refused ---- */

/* The verdict that a cause has: somebody has to act, or nothing is known. */
static enum check_verdict verdict_of(const struct diagnosis *d)
{
    bool is_of_the_way = slice_has_prefix(slice_of(cause_slug(d->cause)), SLICE("network.")) &&
                         d->cause != CAUSE_NETWORK_INTERCEPTED;
    bool is_unknown =
        d->retry == RETRY_LATER || is_of_the_way || d->cause == CAUSE_AUTH_NOT_OFFERED;
    return is_unknown ? CHECK_UNKNOWN : CHECK_NOT_USABLE;
}

/* Without the mapper's words: the same verdict, and the reply in the place of the cause. */
static void what_was_replied_stays(const struct play *p, const char *name)
{
    const struct check_result *r = check_result(p->check);
    enum check_verdict verdict = r->verdict;
    char code[16];
    snprintf(code, sizeof code, "%u", r->report->reply.code);
    check_forget_diagnosis(p->check);
    if (r->has_diagnosis || r->verdict != verdict || r->attempts[0].cause[0] != '\0' ||
        strncmp(r->because, code, strlen(code)) != 0) {
        fail_msg("%s: without a diagnosis it is %s: %s", name, check_verdict_slug(r->verdict),
                 r->because);
    }
}

static void play_reply(const struct provider *one, const struct provider_reply *reply)
{
    const struct spec_action action = {
        .kind = ACTION_SAYS, .enhanced = "", .cause = reply->cause, .variant = reply->variant};
    const struct spec_rule rule = {
        .on = server_occasion(reply->stage), .actions = &action, .action_count = 1};
    struct play p = {.provider = one, .rules = &rule, .rule_count = 1};
    char name[200];
    snprintf(name, sizeof name, "%s %s/%s", one->name, reply->cause, reply->variant);
    p.params.is_forced = true;
    p.params.target.security =
        one->endpoint_count != 0 ? one->endpoints[0].security : SECURITY_STARTTLS;
    p.params.rcpt = SLICE("joe@example.net");
    p.params.may_send = reply->stage >= STAGE_DATA;
    p.params.until = reply->stage >= STAGE_DATA ? STAGE_BODY : STAGE_RCPT;
    play(&p, name);
    const struct check_result *r = check_result(p.check);
    if (!r->has_diagnosis || strcmp(cause_slug(r->diagnosis.cause), reply->cause) != 0) {
        fail_msg("%s: got %s", name,
                 r->has_diagnosis ? cause_slug(r->diagnosis.cause) : "no diagnosis");
    }
    assert_int_equal(r->verdict, verdict_of(&r->diagnosis));
    assert_int_equal(r->attempt_count, 1); /* no retry was asked for */
    bool has_failed_line = false;
    for (size_t i = 0; i < r->line_count; i++) {
        has_failed_line = has_failed_line || r->lines[i].mark == CHECK_MARK_FAIL;
    }
    assert_true(has_failed_line);
    what_was_replied_stays(&p, name);
    release(&p);
}

/* Is this reply the one that the fake says for cause and variant, at a stage where it can? */
static bool is_played(const struct provider *one, const struct provider_reply *reply)
{
    return reply->may_play && !reply->is_mx && server_occasion(reply->stage) != NULL &&
           provider_reply_for(
               one, slice_of(reply->cause),
               slice_of(reply->variant[0] != '\0' ? reply->variant : PROVIDER_VARIANT_USUAL),
               STAGE_NONE) == reply &&
           reply->variant[0] != '\0';
}

static void test_the_round_trip(void **state)
{
    unsigned played = 0;
    (void)state;
    for (size_t i = 0; i < registry_count(shared.registry); i++) {
        const struct provider *one = registry_at(shared.registry, i);
        for (size_t k = 0; k < one->reply_count && is_known(one); k++) {
            if (is_played(one, &one->replies[k]) && strcmp(one->replies[k].sure, "certain") == 0) {
                play_reply(one, &one->replies[k]);
                played++;
            }
        }
    }
    assert_true(played > 150);
}

static void test_certificates(void **state)
{
    static const struct {
        const char *leaf;
        enum cause cause;
    } rows[] = {
        {"expired", CAUSE_TLS_CERTIFICATE_EXPIRED},
        {"wrong-host", CAUSE_TLS_HOSTNAME_MISMATCH},
        {"self-signed", CAUSE_TLS_SELF_SIGNED},
        {"untrusted", CAUSE_TLS_UNTRUSTED_ISSUER},
        {"revoked", CAUSE_TLS_CERTIFICATE_REVOKED},
        {"not-yet-valid", CAUSE_TLS_CERTIFICATE_NOT_YET_VALID},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct play p = {.provider = provider("gmail"), .cert = rows[i].leaf};
        p.params.is_forced = true;
        play(&p, rows[i].leaf);
        const struct check_result *r = check_result(p.check);
        assert_true(r->has_diagnosis);
        assert_string_equal(cause_slug(r->diagnosis.cause), cause_slug(rows[i].cause));
        assert_int_equal(r->verdict, CHECK_NOT_USABLE);
        assert_int_equal(r->logins, 0);
        release(&p);
    }
}

/* A server that offers no AUTH proves nothing, either way. */
static void test_no_auth_offered(void **state)
{
    static const char *const lines[] = {"PIPELINING", "SIZE 1000000", NULL};
    struct play p = {.provider = provider("esmtp"), .tls_lines = lines};
    (void)state;
    play(&p, "no AUTH");
    assert_int_equal(check_result(p.check)->verdict, CHECK_UNKNOWN);
    assert_int_equal(check_result(p.check)->logins, 0);
    assert_string_equal(cause_slug(check_result(p.check)->diagnosis.cause), "auth.not_offered");
    release(&p);
}

/* ---- before and around it ---- */

static void test_refused_beforehand(void **state)
{
    struct play p = {.provider = provider("icloud"), .params = {.user = SLICE("jane")}};
    (void)state;
    play(&p, "local part");
    const struct check_result *r = check_result(p.check);
    assert_int_equal(r->verdict, CHECK_NOT_USABLE);
    assert_int_equal(r->stage, STAGE_LOCAL);
    assert_null(r->report);
    assert_int_equal(p.clear.n, 0);
    assert_string_equal(cause_slug(r->diagnosis.cause), "local.username_format");
    release(&p);
}

static void test_doubts_count_when_strict(void **state)
{
    for (int is_strict = 0; is_strict <= 1; is_strict++) {
        struct play p = {.provider = provider("gmail"),
                         .params = {.user = SLICE("jane@gmail.com"),
                                    .secret = SLICE(APP_PASSWORD),
                                    .purpose = PURPOSE_ONBOARDING,
                                    .is_strict = is_strict != 0}};
        play(&p, "onboarding");
        const struct check_result *r = check_result(p.check);
        assert_int_equal(r->finding_count, 1);
        assert_int_equal(r->verdict, is_strict != 0 ? CHECK_NOT_USABLE : CHECK_USABLE);
        assert_int_equal(r->logins, is_strict != 0 ? 0 : 1);
        release(&p);
    }
    (void)state;
}

static void test_days_left(void **state)
{
    struct play p = {.provider = provider("gmail"),
                     .params = {.is_forced = false,
                                .user = SLICE("jane@gmail.com"),
                                .secret = SLICE(APP_PASSWORD),
                                .warn_cert_days = 3000,
                                .is_strict = true}};
    (void)state;
    play(&p, "days");
    assert_int_equal(check_result(p.check)->verdict, CHECK_NOT_USABLE);
    assert_non_null(strstr(check_result(p.check)->because, "days left"));
    release(&p);
}

/* Days until a person has to sign in again: seven are there. */
static void test_days_of_the_sign_in(void **state)
{
    enum { END = WALL_TIME + 7 * 86400 };
    static const struct {
        int64_t end_s;
        int wanted;
        bool is_strict, has_line;
        enum check_verdict verdict;
    } rows[] = {
        {END, 0, true, false, CHECK_USABLE},        {END, 7, true, false, CHECK_USABLE},
        {END, 8, false, true, CHECK_USABLE},        {END, 8, true, true, CHECK_NOT_USABLE},
        {END - 1, 7, true, true, CHECK_NOT_USABLE}, {0, 3650, true, false, CHECK_USABLE},
        {1, 1, true, true, CHECK_NOT_USABLE},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct play p = {.provider = provider("gmail"),
                         .params = {.user = SLICE("jane@gmail.com"),
                                    .secret = SLICE(APP_PASSWORD),
                                    .token_text = "of the store",
                                    .token_end_s = rows[i].end_s,
                                    .warn_token_days = rows[i].wanted,
                                    .is_strict = rows[i].is_strict}};
        bool has_line = false;
        play(&p, "days of the sign-in");
        const struct check_result *r = check_result(p.check);
        for (size_t k = 0; k < r->line_count; k++) {
            has_line = has_line || strcmp(r->lines[k].name, "sign-in") == 0;
        }
        if (r->verdict != rows[i].verdict || has_line != rows[i].has_line) {
            fail_msg("row %zu: %s, line %d: %s", i, check_verdict_slug(r->verdict), has_line,
                     r->because);
        }
        release(&p);
    }
}

/* What is temporary is tried again after growing pauses, and a refused login never. */
static void test_retries(void **state)
{
    static const struct spec_action busy = {
        .kind = ACTION_SAYS, .enhanced = "", .cause = "server.unavailable", .variant = ""};
    static const struct spec_rule twice = {
        .on = "greeting", .times = 2, .actions = &busy, .action_count = 1};
    static const struct spec_action no = {
        .kind = ACTION_SAYS, .enhanced = "", .cause = "auth.credentials_rejected", .variant = ""};
    static const struct spec_rule once = {
        .on = "AUTH", .times = 1, .actions = &no, .action_count = 1};
    const struct spec_retry retry = {.max = 3, .base_us = 1000000, .factor = 2};
    struct play p = {
        .provider = provider("gmail"),
        .rules = &twice,
        .rule_count = 1,
        .params = {.user = SLICE("jane@gmail.com"), .secret = SLICE(APP_PASSWORD), .retry = retry}};
    (void)state;
    play(&p, "recovers");
    const struct check_result *r = check_result(p.check);
    assert_int_equal(r->verdict, CHECK_USABLE);
    assert_int_equal(r->attempt_count, 3);
    assert_int_equal(r->attempts[1].waited_us, 1000000);
    assert_int_equal(r->attempts[2].waited_us, 2000000);
    assert_true(r->us >= 3000000);
    release(&p);
    struct play q = {
        .provider = provider("gmail"),
        .rules = &once,
        .rule_count = 1,
        .params = {.user = SLICE("jane@gmail.com"), .secret = SLICE(APP_PASSWORD), .retry = retry}};
    play(&q, "a refused login");
    assert_int_equal(check_result(q.check)->attempt_count, 1);
    assert_int_equal(check_result(q.check)->logins, 1);
    release(&q);
}

/* Cancelled at every moment of its life: it ends, says so, and leaks nothing. */
static void test_cancelled(void **state)
{
    (void)state;
    for (unsigned steps = 0; steps < 60; steps++) {
        struct play p = {.provider = provider("gmail")};
        struct why why;
        p.world = world_new_simulation();
        buf_init(&p.clear, 1 << 20);
        p.params = (struct check_params){
            .mapper = shared.mapper,
            .tls = shared.tls,
            .wall_time = WALL_TIME,
            .kind = CREDENTIAL_APP_PASSWORD,
            .user = SLICE("jane@gmail.com"),
            .secret = SLICE(APP_PASSWORD),
            .target = {
                .provider = p.provider, .host = "smtp.gmail.com", .port = 587, .found_by = "test"}};
        start_service(&p);
        p.params.connect_to = p.connect_to;
        assert_int_equal(check_new(&p.params, &p.check, &why), ERR_OK);
        check_start(p.check, p.world, on_done, &p);
        for (unsigned i = 0; i < steps && !p.is_done; i++) {
            (void)world_run_once(p.world, 0);
        }
        bool was_done = p.is_done;
        check_cancel(p.check);
        world_run(p.world);
        assert_true(p.is_done);
        assert_int_equal(check_result(p.check)->was_cancelled, !was_done);
        assert_int_equal(check_result(p.check)->verdict, was_done ? CHECK_USABLE : CHECK_UNKNOWN);
        service_free(p.service);
        release(&p);
    }
}

static void test_wishes(void **state)
{
    static const struct {
        struct check_params params;
        const char *says;
    } rows[] = {
        {{.until = STAGE_BODY,
          .rcpt = SLICE_INIT("a@b.example"),
          .from = SLICE_INIT("a@b.example")},
         "--send"},
        {{.until = STAGE_RCPT, .from = SLICE_INIT("a@b.example")}, "--to"},
        {{.until = STAGE_MAIL}, "--from"},
        {{.mechanism = SLICE_INIT("PLAYN"),
          .kind = CREDENTIAL_PASSWORD,
          .user = SLICE_INIT("jane"),
          .secret = SLICE_INIT("x")},
         "no SASL mechanism 'PLAYN'"},
        {{.helo = SLICE_INIT("a b")}, "EHLO name"},
        {{.until = STAGE_MAIL, .from = SLICE_INIT("a\r\nRCPT TO:<x@y>")}, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct check *check = NULL;
        struct why why = {.text = ""};
        struct check_params params = rows[i].params;
        params.target = (struct check_target){.host = "mail.example.com", .port = 587};
        params.mapper = shared.mapper;
        if (check_new(&params, &check, &why) == ERR_OK || strstr(why.text, rows[i].says) == NULL) {
            fail_msg("row %zu: got '%s'", i, why.text);
        }
        assert_null(check);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usable),
        cmocka_unit_test(test_every_provider_is_usable),
        cmocka_unit_test(test_without_a_login),
        cmocka_unit_test(test_a_message),
        cmocka_unit_test(test_the_round_trip),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_no_auth_offered),
        cmocka_unit_test(test_refused_beforehand),
        cmocka_unit_test(test_doubts_count_when_strict),
        cmocka_unit_test(test_days_left),
        cmocka_unit_test(test_days_of_the_sign_in),
        cmocka_unit_test(test_retries),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_wishes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
