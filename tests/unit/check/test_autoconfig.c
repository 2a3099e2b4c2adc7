/* SPDX-License-Identifier: Apache-2.0 */
/* Autoconfiguration documents: what is secure is taken, in order, with the address in its places;
 * all else is passed over, and no document is more than nothing. */
#include "check/autoconfig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

#define HEAD "<clientConfig version=\"1.1\"><emailProvider id=\"x\">"
#define TAIL "</emailProvider></clientConfig>"
#define SERVER(host, port, mode, user)                                                             \
    "<outgoingServer type=\"smtp\"><hostname>" host "</hostname><port>" port                       \
    "</port><socketType>" mode "</socketType><username>" user "</username></outgoingServer>"

/* clang-format off */
static const struct {
    const char *name, *text;
    size_t count;
    const char *host;
    unsigned port;
    enum security security;
    const char *user;
} rows[] = {
    {"STARTTLS", HEAD SERVER("mail.x.test", "587", "STARTTLS", "%EMAILADDRESS%") TAIL, 1, "mail.x.test", 587, SECURITY_STARTTLS, "jane@x.test"},
    {"TLS", HEAD SERVER("smtp.%EMAILDOMAIN%", "465", "SSL", "%EMAILLOCALPART%") TAIL, 1, "smtp.x.test", 465, SECURITY_IMPLICIT, "jane"},
    {"in clear", HEAD SERVER("mail.x.test", "25", "plain", "u") TAIL, 0, NULL, 0, 0, NULL},
    {"the secure one of two", HEAD SERVER("a.test", "25", "plain", "u") SERVER("b.test", "587", "STARTTLS", "%EMAILLOCALPART%+%EMAILDOMAIN%") TAIL, 1, "b.test", 587, SECURITY_STARTTLS, "jane+x.test"},
    {"blanks around", HEAD SERVER(" mail.x.test\n", " 587 ", " STARTTLS ", "") TAIL, 1, "mail.x.test", 587, SECURITY_STARTTLS, ""},
    {"IMAP is none", HEAD "<incomingServer type=\"imap\"><hostname>a</hostname><port>993</port><socketType>SSL</socketType></incomingServer>" TAIL, 0, NULL, 0, 0, NULL},
    {"a host with a blank", HEAD SERVER("mail x.test", "587", "STARTTLS", "u") TAIL, 0, NULL, 0, 0, NULL},
    {"a host with a line end", HEAD SERVER("mail.x.test&#13;&#10;RCPT", "587", "STARTTLS", "u") TAIL, 0, NULL, 0, 0, NULL},
    {"an unknown place", HEAD SERVER("%REALNAME%.test", "587", "STARTTLS", "u") TAIL, 0, NULL, 0, 0, NULL},
    {"port 0", HEAD SERVER("a.test", "0", "STARTTLS", "u") TAIL, 0, NULL, 0, 0, NULL},
    {"port 65536", HEAD SERVER("a.test", "65536", "STARTTLS", "u") TAIL, 0, NULL, 0, 0, NULL},
    {"no port", HEAD SERVER("a.test", "", "STARTTLS", "u") TAIL, 0, NULL, 0, 0, NULL},
    {"no document", "", 0, NULL, 0, 0, NULL},
    {"HTML", "<html><body>x</body></html>", 0, NULL, 0, 0, NULL},
    {"not well-formed", HEAD SERVER("a.test", "587", "STARTTLS", "u"), 0, NULL, 0, 0, NULL},
    {"an entity that grows", "<!DOCTYPE c [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>" HEAD SERVER("&b;.test", "587", "STARTTLS", "u") TAIL, 0, NULL, 0, 0, NULL},
    {"an entity of a file", "<!DOCTYPE c [<!ENTITY a SYSTEM \"file:///etc/hostname\">]>" HEAD SERVER("a.test", "587", "STARTTLS", "&a;") TAIL, 0, NULL, 0, 0, NULL},
};
/* clang-format on */

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct autoconfig_server servers[AUTOCONFIG_SERVERS_MAX];
        size_t n = strlen(rows[i].text);
        char *copy = malloc(n + 1);
        assert_non_null(copy);
        memcpy(copy, rows[i].text, n);
        arena_init(&arena);
        size_t count = autoconfig_read(slice_make(copy, n), SLICE("jane@x.test"), &arena, servers);
        if (count != rows[i].count) {
            fail_msg("%s: %zu servers%s%s", rows[i].name, count, count != 0 ? ", the first " : "",
                     count != 0 ? servers[0].host : "");
        }
        if (count != 0) {
            assert_string_equal(servers[0].host, rows[i].host);
            assert_int_equal(servers[0].port, rows[i].port);
            assert_int_equal(servers[0].security, rows[i].security);
            assert_string_equal(servers[0].user, rows[i].user);
        }
        arena_release(&arena);
        free(copy);
    }
}

static void test_many(void **state)
{
    struct buf text;
    struct arena arena;
    struct autoconfig_server servers[AUTOCONFIG_SERVERS_MAX];
    (void)state;
    buf_init(&text, 1 << 20);
    arena_init(&arena);
    buf_add_text(&text, HEAD);
    for (int i = 0; i < 100; i++) {
        buf_add_text(&text, SERVER("a.test", "587", "STARTTLS", "u"));
    }
    buf_add_text(&text, TAIL);
    assert_int_equal(autoconfig_read(buf_slice(&text), SLICE("j@x.test"), &arena, servers),
                     AUTOCONFIG_SERVERS_MAX);
    arena_release(&arena);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
