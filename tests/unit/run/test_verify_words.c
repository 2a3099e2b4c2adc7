/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What OpenSSL says of a certificate means the same to the probe, which has its number, and to
 * whoever pastes its words, alone or in a session: every verification error of OpenSSL 3.0, in
 * the words of several programs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509_vfy.h>

#include "diagnose/paste.h"
#include "net/tls_parts.h"

static struct registry *registry;
static struct mapper *mapper;
static struct arena arena;

static int set_up(void **state)
{
    struct doc_errors errors;
    (void)state;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    must(registry_load(NULL, &registry, &errors, NULL) == ERR_OK);
    must(mapper_new(registry, &mapper, NULL) == ERR_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mapper_free(mapper);
    registry_free(registry);
    arena_release(&arena);
    return 0;
}

/* As a line of a session that somebody pastes. */
static enum cause pasted(const char *line)
{
    struct paste_result r;
    enum cause cause = CAUSE_UNKNOWN;
    struct paste *p = paste_new(registry);
    paste_add(p, SLICE("*   Trying 192.0.2.1:587..."));
    paste_add(p, slice_of(line));
    if (paste_end(p, &(struct evidence){.stage = STAGE_NONE}, &r) == PASTE_FAILED) {
        struct diagnosis d;
        mapper_diagnose(mapper, &r.evidence, &arena, &d);
        cause = d.cause;
    }
    paste_free(p);
    return cause;
}

static enum cause cause_of(struct evidence e)
{
    struct diagnosis d;
    e.stage = STAGE_TLS;
    mapper_diagnose(mapper, &e, &arena, &d);
    return d.cause;
}

/* Not about a certificate: our own memory, our own use of the library. */
static bool is_about_us(int error)
{
    return error == X509_V_ERR_OUT_OF_MEM || error == X509_V_ERR_INVALID_CALL ||
           error == X509_V_ERR_APPLICATION_VERIFICATION;
}

static void test_words_and_numbers_agree(void **state)
{
    static const char *const forms[] = {
        "curl: (60) SSL certificate problem: %s",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: %s (_ssl.c:1006)",
        "verify error:num=18:%s",
    };
    int seen = 0, other_than_untrusted = 0;
    (void)state;
    for (int error = X509_V_ERR_UNSPECIFIED + 1; error <= X509_V_ERR_EC_KEY_EXPLICIT_PARAMS;
         error++) {
        const char *words = X509_verify_cert_error_string(error);
        if (strstr(words, "unknown certificate verification error") != NULL || is_about_us(error)) {
            continue;
        }
        enum cause want = cause_of((struct evidence){.fault = tls_verdict_of_verify(error)});
        seen++;
        other_than_untrusted += want != CAUSE_TLS_UNTRUSTED_ISSUER;
        for (size_t i = 0; i < COUNT(forms); i++) {
            char text[200];
            snprintf(text, sizeof text, forms[i], words);
            enum cause got = cause_of((struct evidence){.reply = slice_of(text)});
            enum cause session = pasted(text);
            if (got != want || session != want) {
                fail_msg("%d: '%s' is %s, in a session %s, and the number %s", error, text,
                         cause_slug(got), cause_slug(session), cause_slug(want));
            }
        }
    }
    assert_true(seen > 80);
    assert_true(other_than_untrusted > 60);
}

/* A certificate that a program prints on the way is no failure. */
static void test_a_printed_certificate_is_none(void **state)
{
    static const char *const lines[] = {
        "            X509v3 Key Usage: critical",
        "            X509v3 Subject Key Identifier:",
        "            X509v3 Basic Constraints: CA:FALSE, path length 0",
        "            X509v3 Name Constraints: permitted subtree",
        "        Signature Algorithm: certificate signature algorithm ecdsa-with-SHA384",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        if (pasted(lines[i]) != CAUSE_UNKNOWN) {
            fail_msg("'%s' is %s", lines[i], cause_slug(pasted(lines[i])));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words_and_numbers_agree),
                                       cmocka_unit_test(test_a_printed_certificate_is_none)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
