/* SPDX-License-Identifier: Apache-2.0 */
/* What a person types to name a server: accepted beside refused, and no text is read past its end. */
#include "check/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

static struct registry *registry;

static int setup(void **state)
{
    struct arena arena;
    struct doc_errors errors;
    struct why why;
    (void)state;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    enum err err = registry_load(NULL, &registry, &errors, &why);
    arena_release(&arena);
    return err == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    registry_free(registry);
    return 0;
}

/* clang-format off */
static const struct {
    const char *text, *host;
    unsigned port;
    enum security security;
    const char *provider, *user;
} good[] = {
    {"outlook",                        "smtp-mail.outlook.com", 587,  SECURITY_STARTTLS, "outlook", ""},
    {"jane@gmail.com",                 "smtp.gmail.com",        587,  SECURITY_STARTTLS, "gmail",   "jane@gmail.com"},
    {"smtp.gmail.com",                 "smtp.gmail.com",        587,  SECURITY_STARTTLS, "gmail",   ""},
    {"smtp.gmail.com:465",             "smtp.gmail.com",        465,  SECURITY_IMPLICIT, "gmail",   ""},
    {"SMTP.GMAIL.COM:465",             "smtp.gmail.com",        465,  SECURITY_IMPLICIT, "gmail",   ""},
    {"smtps://smtp.gmail.com",         "smtp.gmail.com",        465,  SECURITY_IMPLICIT, "gmail",   ""},
    {"smtp://smtp.gmail.com/",         "smtp.gmail.com",        587,  SECURITY_STARTTLS, "gmail",   ""},
    {"mail.example.com",               "mail.example.com",      587,  SECURITY_STARTTLS, NULL,      ""},
    {"mail.example.com:25",            "mail.example.com",      25,   SECURITY_STARTTLS, NULL,      ""},
    {"mail.example.com:465",           "mail.example.com",      465,  SECURITY_IMPLICIT, NULL,      ""},
    {"localhost:2465",                 "localhost",             2465, SECURITY_IMPLICIT, NULL,      ""},
    {"[2001:db8::1]:465",              "2001:db8::1",           465,  SECURITY_IMPLICIT, NULL,      ""},
    {"2001:db8::1",                    "2001:db8::1",           587,  SECURITY_STARTTLS, NULL,      ""},
    {"smtp://[::1]:25",                "::1",                   25,   SECURITY_STARTTLS, NULL,      ""},
    {"smtps://mail.example.com:2525",  "mail.example.com",      2525, SECURITY_IMPLICIT, NULL,      ""},
    {"smtp://jane%40x.example@mail.example.com", "mail.example.com", 587, SECURITY_STARTTLS, NULL,  "jane@x.example"},
    {"submissions://mail.example.com", "mail.example.com",      465,  SECURITY_IMPLICIT, NULL,      ""},
    {"smtp://mail.example.com%zz",     "mail.example.com%zz",   587,  SECURITY_STARTTLS, NULL,      ""},
};
static const struct {
    const char *text;
    enum err err;
    const char *says;
} bad[] = {
    {"outlok",                     ERR_NOT_FOUND, "did you mean 'outlook'?"},
    {"xyzzyplugh",                 ERR_NOT_FOUND, "a host alone is written host:587"},
    {"jane@nowhere.example",       ERR_NOT_FOUND, "no provider file knows the domain nowhere.example"},
    {"",                           ERR_NOT_FOUND, "no provider ''"},
    {"generic",                    ERR_INVALID,   "has no server of its own"},
    {"http://mail.example.com",    ERR_INVALID,   "'http://' is not mail submission"},
    {"imaps://mail.example.com",   ERR_INVALID,   "is not mail submission"},
    {"smtp://jane:pw@example.com", ERR_INVALID,   "a password has no place in an argument"},
    {"smtp://",                    ERR_INVALID,   "there is no host name"},
    {"smtp://mail.example.com/x",  ERR_INVALID,   "nothing may follow the host"},
    {"mail.example.com:",          ERR_INVALID,   "no port behind the colon"},
    {":587",                       ERR_INVALID,   "there is no host name"},
    {"mail.example.com:0",         ERR_INVALID,   "a port is a number from 1 to 65535"},
    {"mail.example.com:65536",     ERR_INVALID,   "a port is a number from 1 to 65535"},
    {"mail.example.com:smtp",      ERR_INVALID,   "not 'smtp'"},
    {"mail.example.com\r\nRCPT:25", ERR_INVALID,  "is no host name"},
    {"mail example.com",           ERR_INVALID,   "is no host name"},
    {"[2001:db8::1:587",           ERR_INVALID,   "is written [::1]:587"},
    {"[::1]587",                   ERR_INVALID,   "is written [::1]:587"},
};
/* clang-format on */

/* A copy without a NUL behind it, so that reading on is seen. */
static enum err read_exactly(const char *text, struct arena *arena, struct check_target *out,
                             struct why *why)
{
    size_t n = strlen(text);
    char *copy = malloc(n != 0 ? n : 1);
    assert_non_null(copy);
    memcpy(copy, text, n);
    enum err err = check_target_read(registry, slice_make(copy, n), arena, out, why);
    free(copy);
    return err;
}

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct arena arena;
        struct check_target t;
        struct why why = {.text = ""};
        arena_init(&arena);
        if (read_exactly(good[i].text, &arena, &t, &why) != ERR_OK) {
            fail_msg("%s: refused: %s", good[i].text, why.text);
        }
        if (strcasecmp(t.host, good[i].host) != 0 || t.port != good[i].port ||
            t.security != good[i].security || !slice_eq_text(t.user, good[i].user)) {
            fail_msg("%s: got %s:%u %s user '" SLICE_FMT "'", good[i].text, t.host, t.port,
                     security_slug(t.security), SLICE_ARG(t.user));
        }
        const char *provider = t.provider != NULL ? t.provider->name : NULL;
        if ((provider == NULL) != (good[i].provider == NULL) ||
            (provider != NULL && strcmp(provider, good[i].provider) != 0)) {
            fail_msg("%s: got provider %s", good[i].text, provider != NULL ? provider : "none");
        }
        assert_true(t.found_by[0] != '\0');
        arena_release(&arena);
    }
}

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct arena arena;
        struct check_target t;
        struct why why = {.text = ""};
        arena_init(&arena);
        enum err err = read_exactly(bad[i].text, &arena, &t, &why);
        if (err != bad[i].err || strstr(why.text, bad[i].says) == NULL) {
            fail_msg("%s: got %s: %s", bad[i].text, err_name(err), why.text);
        }
        arena_release(&arena);
    }
}

/* Every provider with an endpoint is a target, by its name, by its host, and by a domain of its own. */
static void test_every_provider(void **state)
{
    (void)state;
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct provider *p = registry_at(registry, i);
        struct arena arena;
        struct check_target t;
        struct why why;
        arena_init(&arena);
        enum err err = check_target_read(registry, slice_of(p->name), &arena, &t, &why);
        assert_int_equal(err, p->endpoint_count != 0 ? ERR_OK : ERR_INVALID);
        for (size_t k = 0; k < p->endpoint_count; k++) {
            const struct provider_endpoint *e = &p->endpoints[k];
            const char *text = arena_printf(&arena, "%s:%u", e->host, e->port);
            assert_int_equal(check_target_read(registry, slice_of(text), &arena, &t, &why), ERR_OK);
            assert_int_equal(t.security, e->security);
        }
        arena_release(&arena);
    }
}

/* ---- where a mailbox is ---- */

/* clang-format off */
static const struct {
    const char *text, *host;
    unsigned port;
    enum security security;
    const char *user; /* NULL: refused, and host is a part of why */
} mailboxes[] = {
    {"imaps://imap.example.com",            "imap.example.com", 993,  SECURITY_IMPLICIT, ""},
    {"IMAPS://imap.example.com/",           "imap.example.com", 993,  SECURITY_IMPLICIT, ""},
    {"imap://imap.example.com",             "imap.example.com", 143,  SECURITY_STARTTLS, ""},
    {"imap://jane@imap.example.com:993",    "imap.example.com", 993,  SECURITY_STARTTLS, "jane"},
    {"imaps://jane%40x.example@[::1]:1993", "::1",              1993, SECURITY_IMPLICIT, "jane@x.example"},
    {"imaps://a@b@imap.example.com",        "imap.example.com", 993,  SECURITY_IMPLICIT, "a@b"},
    {"imap.example.com",                    "a mailbox is imaps://HOST", 0, 0, NULL},
    {"smtps://imap.example.com",            "a mailbox is imaps://HOST", 0, 0, NULL},
    {"",                                    "a mailbox is imaps://HOST", 0, 0, NULL},
    {"imaps://jane:pw@imap.example.com",    "SMTPDX_MAILBOX_PASSWORD",   0, 0, NULL},
    {"imaps://",                            "no host name",              0, 0, NULL},
    {"imaps://imap.example.com?x",          "is no host name",           0, 0, NULL},
    {"imaps://imap.example.com#x",          "is no host name",           0, 0, NULL},
    {"imaps://imap example.com",            "is no host name",           0, 0, NULL},
    {"imaps://imap.example.com/INBOX",      "nothing may follow",        0, 0, NULL},
    {"imaps://imap.example.com:0",          "a port is a number",        0, 0, NULL},
};
/* clang-format on */

static void test_mailboxes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(mailboxes); i++) {
        struct arena arena;
        struct check_target t;
        struct why why = {.text = ""};
        size_t n = strlen(mailboxes[i].text);
        char *copy = malloc(n != 0 ? n : 1);
        assert_non_null(copy);
        memcpy(copy, mailboxes[i].text, n);
        arena_init(&arena);
        enum err err = check_mailbox_read(slice_make(copy, n), &arena, &t, &why);
        free(copy);
        if (mailboxes[i].user == NULL) {
            if (err != ERR_INVALID || strstr(why.text, mailboxes[i].host) == NULL) {
                fail_msg("%s: got %s: %s", mailboxes[i].text, err_name(err), why.text);
            }
        } else if (err != ERR_OK || strcmp(t.host, mailboxes[i].host) != 0 ||
                   t.port != mailboxes[i].port || t.security != mailboxes[i].security ||
                   !slice_eq_text(t.user, mailboxes[i].user)) {
            fail_msg("%s: got %s: %s", mailboxes[i].text, err_name(err), why.text);
        }
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_every_provider),
        cmocka_unit_test(test_mailboxes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
