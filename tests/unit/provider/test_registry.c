/* SPDX-License-Identifier: Apache-2.0 */
/* Provider files: the schema's errors, lookup, user-name rules, placeholders, and what ships. */
#include "provider/provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct registry *registry;

static int load_all(void **state)
{
    struct arena arena;
    struct doc_errors errors;
    struct why why = {.text = ""};
    (void)state;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    enum err err = registry_load(NULL, &registry, &errors, &why);
    if (err != ERR_OK) {
        struct buf out;
        buf_init(&out, 65536);
        doc_errors_print(&errors, &out);
        print_error("%s\n%s\n", why.text, buf_text(&out));
        buf_release(&out);
    }
    arena_release(&arena);
    return err == ERR_OK ? 0 : -1;
}

static int free_all(void **state)
{
    (void)state;
    registry_free(registry);
    return 0;
}

static const struct provider *provider(const char *name)
{
    const struct provider *p = registry_find(registry, slice_of(name));
    assert_non_null(p);
    return p;
}

/* ---- the schema ---- */

#define HEAD "title: T\nfamily: f\n"

static const struct schema_row {
    const char *name, *text;
    const char *says; /* part of the error; NULL: loads */
} schema_rows[] = {
    {"smallest", HEAD, NULL},
    {"title missing", "family: f\n", "'title' is missing"},
    {"unknown key", HEAD "replys: []\n", "did you mean 'replies'?"},
    {"list for map", HEAD "username: [a]\n", "expected a mapping"},
    {"map for list", HEAD "endpoints: {a: b}\n", "expected a list"},
    {"not a map", "- a\n", "a provider file is a mapping"},
    {"endpoint", HEAD "endpoints: [{host: h, port: 587, security: starttls, source: RFC 1}]\n",
     NULL},
    {"endpoint without source", HEAD "endpoints: [{host: h, port: 587, security: starttls}]\n",
     "every fact names its source"},
    {"port 0", HEAD "endpoints: [{host: h, port: 0, security: starttls, source: RFC 1}]\n",
     "1 to 65535"},
    {"port word", HEAD "endpoints: [{host: h, port: smtp, security: starttls, source: RFC 1}]\n",
     "1 to 65535"},
    {"security", HEAD "endpoints: [{host: h, port: 1, security: ssl, source: RFC 1}]\n",
     "no TLS mode"},
    {"short source listed",
     "title: T\nfamily: f\nsources: {x: https://a}\nusername: {rule: any, source: x}\n", NULL},
    {"short source unlisted", HEAD "username: {rule: any, source: x}\n", "not listed"},
    {"rule", HEAD "username: {rule: adress, source: RFC 1}\n", "not known here"},
    {"literal without word", HEAD "username: {rule: literal, source: RFC 1}\n", "'literal'"},
    {"literal", HEAD "username: {rule: literal, literal: apikey, source: RFC 1}\n", NULL},
    {"credential kind", HEAD "credentials: [{kind: passwd, accepted: yes, source: RFC 1}]\n",
     "no kind of credential"},
    {"flag", HEAD "credentials: [{kind: password, accepted: maybe, source: RFC 1}]\n",
     "not known here"},
    {"form", HEAD "credentials: [{kind: password, accepted: yes, form: '(', source: RFC 1}]\n",
     "not a regular expression"},
    {"reply", HEAD "replies: [{cause: a.b, stage: auth, text: 535 no, source: RFC 1}]\n", NULL},
    {"reply without source", HEAD "replies: [{cause: a.b, stage: auth, text: 535 no}]\n",
     "every fact names its source"},
    {"reply stage", HEAD "replies: [{cause: a.b, stage: login, text: 535 no, source: RFC 1}]\n",
     "no stage"},
    {"reply cause form", HEAD "replies: [{cause: ab, stage: auth, text: 535 no, source: RFC 1}]\n",
     "area.thing"},
    {"reply cause dots",
     HEAD "replies: [{cause: a.b.c, stage: auth, text: 535 no, source: RFC 1}]\n", "area.thing"},
    {"reply sure",
     HEAD "replies: [{cause: a.b, stage: auth, text: 535 no, sure: very, source: RFC 1}]\n",
     "not known here"},
    {"reply date",
     HEAD "replies: [{cause: a.b, stage: auth, text: 535 no, seen: 1.2.24, source: RFC 1}]\n",
     "YYYY"},
    {"placeholder",
     HEAD "replies: [{cause: a.b, stage: auth, text: \"535 {when} no\", source: RFC 1}]\n",
     "braces hold one of"},
    {"codes differ",
     HEAD "replies: [{cause: a.b, stage: auth, text: \"535-a\\n534 b\", source: RFC 1}]\n",
     "same code"},
    {"separator",
     HEAD "replies: [{cause: a.b, stage: auth, text: \"535 a\\n535 b\", source: RFC 1}]\n",
     "behind the code"},
    {"only a hyphen", HEAD "replies: [{cause: a.b, stage: auth, text: 535-a, source: RFC 1}]\n",
     "behind the code"},
    {"twins",
     HEAD "replies:\n- {cause: a.b, stage: auth, text: 535 a, source: RFC 1}\n"
          "- {cause: a.b, stage: auth, text: 535 c, source: RFC 1}\n",
     "name a variant"},
    {"variants",
     HEAD "replies:\n- {cause: a.b, stage: auth, text: 535 a, source: RFC 1}\n"
          "- {cause: a.b, variant: v, stage: auth, text: 535 c, source: RFC 1}\n",
     NULL},
    {"the usual one by name",
     HEAD "replies: [{cause: a.b, variant: usual, stage: auth, text: 535 no, source: RFC 1}]\n",
     "leave it out"},
    {"advice link", HEAD "advice: [{cause: a.b, text: t, link: \"http://x\", source: RFC 1}]\n",
     "https://"},
    {"advice who", HEAD "advice: [{cause: a.b, text: t, who: me, source: RFC 1}]\n",
     "not known here"},
    {"extends nobody", HEAD "extends: gmial\n", "did you mean 'gmail'?"},
    {"extends itself", HEAD "extends: subject\n", "circle"},
    {"empty scalar", HEAD "extends:\n", "leave the key out"},
};

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fputs(text, f) < 0, 0);
    assert_int_equal(fclose(f), 0);
}

static void test_schema(void **state)
{
    char folder[] = "/tmp/smtpdx-provider-XXXXXX", path[128];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/subject.yaml", folder);
    for (size_t i = 0; i < COUNT(schema_rows); i++) {
        const struct schema_row *row = &schema_rows[i];
        struct arena arena;
        struct doc_errors errors;
        struct registry *r = NULL;
        struct why why = {.text = ""};
        struct buf out;
        arena_init(&arena);
        doc_errors_init(&errors, &arena);
        buf_init(&out, 65536);
        write_file(path, row->text);
        enum err err = registry_load(folder, &r, &errors, &why);
        doc_errors_print(&errors, &out);
        bool is_right = row->says == NULL ? err == ERR_OK && r != NULL
                                          : err == ERR_INVALID && r == NULL &&
                                                strstr(buf_text(&out), row->says) != NULL &&
                                                strstr(buf_text(&out), "subject.yaml:") != NULL;
        if (!is_right) {
            fail_msg("%s: want %s, got %s: %s", row->name, row->says != NULL ? row->says : "ok",
                     err_name(err), buf_text(&out));
        }
        registry_free(r);
        buf_release(&out);
        arena_release(&arena);
    }
    unlink(path);
    rmdir(folder);
}

static void test_folder_missing(void **state)
{
    struct arena arena;
    struct doc_errors errors;
    struct registry *r = NULL;
    struct why why = {.text = ""};
    (void)state;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    assert_int_equal(registry_load("/nonexistent/providers", &r, &errors, &why), ERR_IO);
    assert_null(r);
    assert_non_null(strstr(why.text, "/nonexistent/providers"));
    arena_release(&arena);
}

/* A file of the same name takes the embedded one's place, and others may build on it. */
static void test_folder_replaces(void **state)
{
    char folder[] = "/tmp/smtpdx-provider-XXXXXX", gmail[128], mine[128];
    struct arena arena;
    struct doc_errors errors;
    struct registry *r = NULL;
    struct why why = {.text = ""};
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(gmail, sizeof gmail, "%s/gmail.yaml", folder);
    snprintf(mine, sizeof mine, "%s/mine.yaml", folder);
    write_file(gmail,
               "title: Changed\nfamily: google\n"
               "replies: [{cause: auth.required, stage: mail, text: 530 no, source: RFC 1}]\n");
    write_file(mine, "title: Mine\nfamily: f\nextends: google-relay\n");
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    assert_int_equal(registry_load(folder, &r, &errors, &why), ERR_OK);
    assert_string_equal(registry_find(r, SLICE("gmail"))->title, "Changed");
    assert_int_equal(registry_count(r), registry_count(registry) + 1);
    const struct provider *p = registry_find(r, SLICE("mine"));
    assert_non_null(p);
    assert_null(p->imap);
    assert_int_equal(p->endpoint_count, 0); /* who a provider is, is not inherited */
    assert_non_null(provider_reply_for(p, SLICE("auth.required"), slice_of(""), STAGE_NONE));
    const struct provider_reply *relay =
        provider_reply_for(p, SLICE("server.ehlo_name_rejected"), slice_of(""), STAGE_EHLO);
    assert_non_null(relay);
    assert_string_equal(relay->file, "providers/google-relay.yaml");
    registry_free(r);
    arena_release(&arena);
    unlink(gmail);
    unlink(mine);
    rmdir(folder);
}

/* Where mailboxes are read: always inside TLS, and never somebody else's. */
static void test_mailboxes(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct provider_endpoint *imap = registry_at(registry, i)->imap;
        if (imap != NULL) {
            assert_true(imap->security != SECURITY_NONE && imap->port != 0);
            assert_true(imap->host[0] != '\0' && imap->source[0] != '\0');
            count++;
        }
    }
    assert_true(count >= 6);
    assert_string_equal(registry_find(registry, SLICE("gmail"))->imap->host, "imap.gmail.com");
    assert_string_equal(registry_find(registry, SLICE("aol"))->imap->host, "imap.aol.com");
    assert_null(registry_find(registry, SLICE("office365-cn"))->imap); /* extends office365 */
}

/* ---- lookup ---- */

static const struct find_row {
    const char *name, *by, *want;
} host_rows[] = {
    {"endpoint", "smtp.gmail.com", "gmail"},
    {"case", "SMTP.Gmail.Com", "gmail"},
    {"rooted", "smtp.gmail.com.", "gmail"},
    {"alias", "smtp.googlemail.com", "gmail"},
    {"relay", "smtp-relay.gmail.com", "google-relay"},
    {"consumer", "smtp-mail.outlook.com", "outlook"},
    {"business", "smtp.office365.com", "office365"},
    {"glob", "SN7P220CA0005.outlook.office365.com", "office365"},
    {"apple", "smtp.mail.me.com", "icloud"},
    {"apple cluster", "outbound.st.icloud.com", "icloud"},
    {"suffix only", "evil-smtp.gmail.com", NULL},
    {"prefix only", "smtp.gmail.com.example.net", NULL},
    {"other", "mail.example.net", NULL},
    {"one's own machine", "127.0.0.1",
     NULL}, /* an endpoint of proton-bridge, and of anybody else */
    {"empty", "", NULL},
};

static const struct find_row address_rows[] = {
    {"gmail", "jane@gmail.com", "gmail"},
    {"case", "Jane@GMail.COM", "gmail"},
    {"hotmail", "j@hotmail.com", "outlook"},
    {"me", "j@me.com", "icloud"},
    {"last at counts", "\"a@gmail.com\"@icloud.com", "icloud"},
    {"own domain", "j@example.org", NULL},
    {"no at", "gmail.com", NULL},
    {"empty", "", NULL},
};

static void check_find(const struct find_row *row, const struct provider *got)
{
    const char *name = got == NULL ? NULL : got->name;
    if ((name == NULL) != (row->want == NULL) || (name != NULL && strcmp(name, row->want) != 0)) {
        fail_msg("%s: want %s, got %s", row->name, row->want ? row->want : "nobody",
                 name ? name : "nobody");
    }
}

static void test_find(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(host_rows); i++) {
        check_find(&host_rows[i], registry_by_host(registry, slice_of(host_rows[i].by)));
    }
    for (size_t i = 0; i < COUNT(address_rows); i++) {
        check_find(&address_rows[i], registry_by_address(registry, slice_of(address_rows[i].by)));
    }
    assert_null(registry_find(registry, SLICE("gmai")));
    assert_string_equal(registry_nearest(registry, SLICE("outlok")), "outlook");
    for (size_t i = 1; i < registry_count(registry); i++) {
        assert_true(strcmp(registry_at(registry, i - 1)->name, registry_at(registry, i)->name) < 0);
    }
}

/* ---- user names ---- */

static const struct username_row {
    const char *provider, *username;
    bool is_ok;
} username_rows[] = {
    {"icloud", "jane@icloud.com", true},
    {"icloud", "jane", false},
    {"icloud", "", false},
    {"icloud", "@icloud.com", false},
    {"icloud", "jane@", false},
    {"icloud", "jane@icloud", false},
    {"icloud", "jane@icloud.com.", false},
    {"icloud", "ja ne@icloud.com", false},
    {"icloud", "jane@icloud.com\r\n", false},
    {"gmail", "jane@example.org", true},
    {"gmail", "jane", false},
    {"outlook", "jane@outlook.com", true},
    {"outlook", "jane", false},
    {"esmtp", "anything", true},
    {"esmtp", "", false},
    {"exchange", "DOMAIN\\jane", true},
};

static void test_usernames(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(username_rows); i++) {
        const struct username_row *row = &username_rows[i];
        size_t n = strlen(row->username);
        char *exact = mem_alloc(n + 1); /* +1: malloc(0) may be NULL */
        memcpy(exact, row->username, n);
        exact = mem_realloc(exact, n != 0 ? n : 1);
        struct buf out;
        buf_init(&out, 1024);
        bool got = provider_username_ok(provider(row->provider), slice_make(exact, n), &out);
        if (got != row->is_ok || (out.n == 0) != got) {
            fail_msg("%s '%s': got %d with '%s'", row->provider, row->username, got,
                     buf_text(&out));
        }
        /* law: the user name itself is never repeated */
        assert_true(n < 6 || row->username[0] == '@' ||
                    strstr(buf_text(&out), row->username) == NULL);
        buf_release(&out);
        free(exact);
    }
}

/* ---- replies ---- */

static void test_reply_for(void **state)
{
    const struct provider *outlook = provider("outlook");
    (void)state;
    const struct provider_reply *r =
        provider_reply_for(outlook, SLICE("auth.smtp_auth_disabled"), slice_of(""), STAGE_NONE);
    assert_string_equal(r->variant, "tenant");
    assert_int_equal(r->code, 535);
    assert_string_equal(r->enhanced, "5.7.139");
    assert_string_equal(r->file, "providers/office365.yaml");
    assert_string_equal(r->sure, "certain");
    assert_true(r->line > 1 && r->may_play);
    r = provider_reply_for(outlook, SLICE("auth.smtp_auth_disabled"), SLICE("mailbox"), STAGE_AUTH);
    assert_string_equal(r->variant, "mailbox");
    assert_null(
        provider_reply_for(outlook, SLICE("auth.smtp_auth_disabled"), SLICE("house"), STAGE_AUTH));
    assert_null(
        provider_reply_for(outlook, SLICE("auth.smtp_auth_disabled"), slice_of(""), STAGE_EHLO));
    assert_null(provider_reply_for(provider("icloud"), SLICE("auth.token_expired"), slice_of(""),
                                   STAGE_NONE));
    /* own advice goes before inherited advice */
    assert_string_equal(provider_advice_for(outlook, SLICE("auth.smtp_auth_disabled"))->who,
                        "user");
    assert_string_equal(
        provider_advice_for(provider("office365"), SLICE("auth.smtp_auth_disabled"))->who, "admin");
}

/* What a fake server needs of a persona, and what every fact needs. */
static void test_what_ships(void **state)
{
    static const char *const personas[] = {"gmail",     "google-relay", "icloud", "outlook",
                                           "office365", "exchange",     "esmtp"};
    (void)state;
    for (size_t i = 0; i < COUNT(personas); i++) {
        const struct provider *p = provider(personas[i]);
        bool has_starttls = false, has_auth = false, has_early_auth = false;
        for (size_t k = 0; p->clear[k] != NULL; k++) {
            has_starttls |= strcmp(p->clear[k], "STARTTLS") == 0;
            has_early_auth |= strncmp(p->clear[k], "AUTH", 4) == 0;
        }
        for (size_t k = 0; p->tls[k] != NULL; k++) {
            has_auth |= strncmp(p->tls[k], "AUTH ", 5) == 0;
            assert_string_not_equal(p->tls[k], "STARTTLS");
        }
        assert_true(has_starttls && has_auth);
        assert_true(!has_early_auth || strcmp(p->name, "exchange") == 0);
        assert_int_equal(strncmp(p->greeting, "220 ", 4), 0);
        assert_true(p->hello[0] != '\0' && p->polite != NULL);
    }
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct provider *p = registry_at(registry, i);
        for (size_t k = 0; k < p->reply_count; k++) {
            assert_true(p->replies[k].source[0] != '\0' && p->replies[k].line != 0);
            assert_true(!p->replies[k].may_play || p->replies[k].code >= 400);
        }
    }
}

static void test_fill(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {"220 {host} ready", "220 mx.example ready"},
        {"{id}{id}", "i1i1"},
        {"[{host} {time} {id}]", "[mx.example T i1]"},
        {"{address} {ip} {user}", "a@b 192.0.2.1 u"},
        {"{any} {nothing} {", "{any} {nothing} {"},
        {"{{host}}", "{mx.example}"},
        {"}{host", "}{host"},
    };
    const struct provider_fill fill = {SLICE("mx.example"), SLICE("i1"),        SLICE("T"),
                                       SLICE("a@b"),        SLICE("192.0.2.1"), SLICE("u")};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out;
        buf_init(&out, 256);
        provider_fill(rows[i].text, &fill, &out);
        assert_string_equal(buf_text(&out), rows[i].want);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema),          cmocka_unit_test(test_folder_missing),
        cmocka_unit_test(test_folder_replaces), cmocka_unit_test(test_find),
        cmocka_unit_test(test_mailboxes),       cmocka_unit_test(test_usernames),       cmocka_unit_test(test_reply_for),
        cmocka_unit_test(test_what_ships),      cmocka_unit_test(test_fill),
    };
    return cmocka_run_group_tests(tests, load_all, free_all);
}
