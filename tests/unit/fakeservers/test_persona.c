/* SPDX-License-Identifier: Apache-2.0 */
/* Personas from the provider files that ship: what every one of them says, and their own ways with
 * user names, passwords and tokens; certificates for every leaf. */
#include "peer.h"

#include "base/codec.h"

#include <stdio.h>

static struct registry *registry;

static int load(void **state)
{
    (void)state;
    struct arena arena;
    struct doc_errors errors;
    struct why why = {0};
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    enum err err = registry_load(NULL, &registry, &errors, &why);
    arena_release(&arena);
    return err == ERR_OK ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    registry_free(registry);
    return 0;
}

/* ---- every playable reply of every provider is said as it stands ---- */

static const char *occasion(enum stage stage)
{
    static const char *const names[STAGE_COUNT] = {
        [STAGE_GREETING] = "greeting", [STAGE_EHLO] = "EHLO", [STAGE_STARTTLS] = "STARTTLS",
        [STAGE_AUTH] = "AUTH",         [STAGE_MAIL] = "MAIL", [STAGE_RCPT] = "RCPT",
        [STAGE_DATA] = "DATA",         [STAGE_BODY] = "body"};
    return names[stage];
}

/* The longest stretch of the text without a placeholder or a line end. */
static struct slice fixed_part(const char *text)
{
    struct slice best = {0};
    const char *from = text;
    for (const char *p = text;; p++) {
        if (*p == '{' || *p == '\n' || *p == '\0') {
            if ((size_t)(p - from) > best.n) {
                best = slice_make(from, (size_t)(p - from));
            }
            while (*p == '{' && strchr(p, '}') != NULL && *p != '}') {
                p = strchr(p, '}');
            }
            from = p + 1;
        }
        if (*p == '\0') {
            return best;
        }
    }
}

static void play_provider_reply(const struct provider *provider, const struct provider_reply *reply)
{
    const struct spec_action says = {
        .kind = ACTION_SAYS, .cause = reply->cause, .variant = reply->variant};
    const struct spec_rule rule = {
        .on = occasion(reply->stage), .actions = &says, .action_count = 1};
    const char *const caps[] = {"AUTH PLAIN LOGIN", NULL};
    const struct spec_server spec = {.like = provider->name,
                                     .security = SECURITY_NONE,
                                     .clear = reply->stage == STAGE_AUTH ? caps : NULL,
                                     .tls_lines = (const char *const[]){"SIZE 1000", NULL},
                                     .rules = &rule,
                                     .rule_count = 1};
    const char *steps[] = {"EHLO c\r\n",
                           "STARTTLS\r\n",
                           "AUTH PLAIN\r\nAGphbmVAYS50ZXN0AHg=\r\n",
                           "MAIL FROM:<a@b>\r\n",
                           "RCPT TO:<c@d>\r\n",
                           "DATA\r\n",
                           "x\r\n.\r\n",
                           NULL};
    char *seen = peer_play(&spec, registry, steps, 0);
    struct slice part = fixed_part(reply->text);
    if (slice_find(slice_of(seen), part) == SIZE_MAX) {
        fail_msg("%s:%u: '" SLICE_FMT "' was not said:\n%s", provider->file, reply->line,
                 SLICE_ARG(part), seen);
    }
    free(seen);
}

static void every_reply(void **state)
{
    (void)state;
    size_t played = 0;
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct provider *p = registry_at(registry, i);
        for (size_t k = 0; k < p->reply_count; k++) {
            const struct provider_reply *r = &p->replies[k];
            const struct provider_reply *chosen =
                provider_reply_for(p, slice_of(r->cause), slice_of(r->variant), r->stage);
            if (r->may_play && !r->is_mx && occasion(r->stage) != NULL && chosen == r) {
                play_provider_reply(p, r);
                played++;
            }
        }
    }
    assert_true(played > 100);
}

static void every_greeting(void **state)
{
    (void)state;
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct provider *p = registry_at(registry, i);
        struct spec_server spec = {.like = p->name, .security = SECURITY_STARTTLS};
        const char *steps[] = {"EHLO c\r\n", "QUIT\r\n", NULL};
        peer_check(p->name, &spec, registry, steps, "220 *250*\r\n221 *\r\n<FIN><DONE>");
        char *seen = peer_play(&spec, registry, steps, 0);
        assert_null(strchr(seen, '{')); /* every placeholder was filled */
        free(seen);
    }
}

static void date_in_the_greeting(void **state)
{
    (void)state;
    const struct spec_server spec = {.like = "office365", .security = SECURITY_STARTTLS};
    struct fake *f = fake_of(&spec, registry);
    struct peer p, later;
    peer_begin(&p, f, 1000000);
    assert_true(is_like("*ready at Mon, 21 Sep 2026 14:13:20 +0000\r\n", buf_text(&p.seen)));
    peer_begin(&later, f, 62000000);
    assert_true(is_like("*ready at Mon, 21 Sep 2026 14:14:21 +0000\r\n", buf_text(&later.seen)));
    peer_end(&p);
    peer_end(&later);
    fake_free(f);
}

/* ---- their ways with credentials ---- */

static const struct spec_part secret[] = {{SPEC_LITERAL, {"secret", 6}}};
static const struct spec_part app[] = {{SPEC_LITERAL, {"abcdefghijklmnop", 16}}};
static const struct spec_part token[] = {{SPEC_LITERAL, {"tok", 3}}};
#define USER                                                                                       \
    {                                                                                              \
        "jane@a.test", 11                                                                          \
    }
#define MAIL_SCOPE                                                                                 \
    {                                                                                              \
        "https://mail.google.com/", 24                                                             \
    }

static const struct {
    const char *name, *like;
    struct spec_account account;
    const char *mechanism, *response; /* response as octets: ^ is NUL, ~ is ^A */
    const char *want;                 /* behind the AUTH command */
} logins[] = {
    {"password",
     "icloud",
     {.user = USER, .password = {secret, 1, NULL}},
     "PLAIN",
     "^jane@a.test^secret",
     "235 *"},
    {"local part at iCloud",
     "icloud",
     {.user = USER, .password = {secret, 1, NULL}},
     "PLAIN",
     "^jane^secret",
     "535 *"},
    {"local part, plain server",
     "esmtp",
     {.user = {"jane", 4}, .password = {secret, 1, NULL}},
     "PLAIN",
     "^jane^secret",
     "235 *"},
    {"Gmail's own password",
     "gmail",
     {.user = USER, .password = {secret, 1, NULL}, .app_password = {app, 1, NULL}},
     "PLAIN",
     "^jane@a.test^secret",
     "53*"},
    {"Gmail's app password",
     "gmail",
     {.user = USER, .password = {secret, 1, NULL}, .app_password = {app, 1, NULL}},
     "PLAIN",
     "^jane@a.test^abcdefghijklmnop",
     "235 *"},
    {"token",
     "gmail",
     {.user = USER, .token = {token, 1, NULL}, .token_scope = MAIL_SCOPE},
     "XOAUTH2",
     "user=jane@a.test~auth=Bearer tok~~",
     "235 *"},
    {"bad token at Gmail: a document first",
     "gmail",
     {.user = USER, .token = {token, 1, NULL}},
     "XOAUTH2",
     "user=jane@a.test~auth=Bearer bad~~",
     "334 "
     "eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8"
     "ifQ==\r\n535*"},
    {"Gmail, another scope",
     "gmail",
     {.user = USER,
      .token = {token, 1, NULL},
      .token_scope = {"https://www.googleapis.com/auth/gmail.send", 42}},
     "XOAUTH2",
     "user=jane@a.test~auth=Bearer tok~~",
     "334 *\r\n535*"},
    {"bad token at Microsoft: at once",
     "office365",
     {.user = USER, .token = {token, 1, NULL}},
     "XOAUTH2",
     "user=jane@a.test~auth=Bearer bad~~",
     "535 5.7.3 *"},
    {"Microsoft, a token for Graph",
     "office365",
     {.user = USER,
      .token = {token, 1, NULL},
      .token_audience = {"https://graph.microsoft.com", 27}},
     "XOAUTH2",
     "user=jane@a.test~auth=Bearer tok~~",
     "535 5.7.3 *"},
    {"Microsoft, a token for Outlook",
     "office365",
     {.user = USER,
      .token = {token, 1, NULL},
      .token_audience = {"https://outlook.office.com", 26}},
     "XOAUTH2",
     "user=jane@a.test~auth=Bearer tok~~",
     "235 *"},
    {"basic authentication disabled: passwords",
     "office365",
     {.user = USER,
      .password = {secret, 1, NULL},
      .token = {token, 1, NULL},
      .state = "auth.basic_auth_disabled"},
     "LOGIN",
     "jane@a.test",
     "334 UGFzc3dvcmQ6\r\n535 5.7.139 *basic authentication is disabled*"},
    {"basic authentication disabled: tokens pass",
     "office365",
     {.user = USER,
      .password = {secret, 1, NULL},
      .token = {token, 1, NULL},
      .state = "auth.basic_auth_disabled"},
     "XOAUTH2",
     "user=jane@a.test~auth=Bearer tok~~",
     "235 *"},
};

static void personal_logins(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(logins); i++) {
        const struct spec_server spec = {.like = logins[i].like,
                                         .security = SECURITY_STARTTLS,
                                         .accounts = &logins[i].account,
                                         .account_count = 1};
        struct buf raw, line;
        char want[500];
        buf_init(&raw, 1000);
        buf_init(&line, 1000);
        for (const char *p = logins[i].response; *p != '\0'; p++) {
            buf_add_char(&raw, *p == '^' ? '\0' : *p == '~' ? '\001' : *p);
        }
        buf_addf(&line, "EHLO c\r\nAUTH %s ", logins[i].mechanism);
        base64_encode(buf_slice(&raw), &line);
        bool is_login = strcmp(logins[i].mechanism, "LOGIN") == 0;
        buf_add_text(&line, is_login ? "\r\nc2VjcmV0\r\n" : "\r\n");
        const char *steps[] = {"EHLO c\r\nSTARTTLS\r\n", "!tls", buf_text(&line),
                               strncmp(logins[i].want, "334", 3) == 0 && !is_login ? "\r\n" : "",
                               NULL};
        snprintf(want, sizeof want, "*<TLS>250-*\r\n250 *\r\n%s", logins[i].want);
        peer_check(logins[i].name, &spec, registry, steps, want);
        buf_release(&raw);
        buf_release(&line);
    }
}

/* ---- certificates ---- */

static void certificates(void **state)
{
    (void)state;
    struct pki *pki = NULL;
    struct why why = {0};
    assert_int_equal(pki_new(1790000000, &pki, &why), ERR_OK);
    static const struct {
        struct spec_tls tls;
        enum err err;
    } specs[] = {
        {{0}, ERR_OK},
        {{.is_set = true, .cert = "expired", .max = "TLSv1.2"}, ERR_OK},
        {{.is_set = true, .fault = "garbage"}, ERR_OK},
        {{.is_set = true, .cert = "golden"}, ERR_INVALID},
        {{.is_set = true, .min = "TLSv9"}, ERR_INVALID},
        {{.is_set = true, .fault = "boredom"}, ERR_INVALID},
    };
    for (size_t i = 0; i < COUNT(specs); i++) {
        const struct spec_action actions[] = {{.kind = ACTION_TLS, .tls = specs[i].tls}};
        const struct spec_rule rule = {
            .on = "STARTTLS", .times = 1, .actions = actions, .action_count = 1};
        const struct spec_server spec = {
            .security = SECURITY_STARTTLS, .rules = &rule, .rule_count = 1};
        struct fake_params params = {
            .spec = &spec, .pki = pki, .host = "mx.example.test", .providers = registry};
        struct fake *f = NULL;
        assert_int_equal(fake_new(&params, &f, &why), specs[i].err);
        if (f == NULL) {
            continue;
        }
        assert_null(fake_implicit_tls(f));
        const struct tls_setup *setups[2] = {NULL, NULL}; /* the action's, then the server's own */
        for (size_t n = 0; n < 2; n++) {
            struct session s = fake_accept(f, 0);
            struct session_news news = {.event = SESSION_CONNECTED};
            struct session_act act = {.kind = SESSION_SEND};
            s.ops->on_news(s.self, 0, &news);
            s.ops->on_input(s.self, 0, SLICE("EHLO c\r\nSTARTTLS\r\n"));
            while (act.kind == SESSION_SEND) {
                s.ops->next(s.self, 0, &act);
            }
            assert_int_equal(act.kind, SESSION_START_TLS);
            setups[n] = act.tls;
            assert_non_null(setups[n]);
        }
        assert_true(setups[0] != setups[1]);
        fake_free(f);
    }
    pki_free(pki);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_greeting),       cmocka_unit_test(every_reply),
        cmocka_unit_test(date_in_the_greeting), cmocka_unit_test(personal_logins),
        cmocka_unit_test(certificates),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
