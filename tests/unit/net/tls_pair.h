/* SPDX-License-Identifier: Apache-2.0 */
/* Two TLS filters against each other in memory, with the network's cuts as a parameter. */
#ifndef SMTPDX_TESTS_TLS_PAIR_H
#define SMTPDX_TESTS_TLS_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/pki.h"
#include "net/tls.h"

enum { NOW = 1800000000, STEPS_MAX = 64 };

static inline void must_ok(enum err err, const struct why *why)
{
    if (err != ERR_OK) {
        fail_msg("%s: %s", err_name(err), why->text);
    }
}

static inline struct pki *make_pki(void)
{
    struct pki *p = NULL;
    struct why why;
    must_ok(pki_new(NOW, &p, &why), &why);
    return p;
}

static inline struct tls_setup *make_setup(const struct tls_params *params)
{
    struct tls_setup *s = NULL;
    struct why why;
    must_ok(tls_setup_new(params, &s, &why), &why);
    return s;
}

static inline void issue(struct pki *pki, enum pki_leaf leaf, struct tls_params *params)
{
    static const char *const names[] = {"mail.example.test", "*.wild.example.test", "127.0.0.1",
                                        "::1"};
    struct why why;
    must_ok(pki_issue(pki, leaf, names, COUNT(names), &params->cert_pem, &params->key_pem, &why),
            &why);
}

static inline struct tls_setup *server_setup(struct pki *pki, enum pki_leaf leaf,
                                             enum tls_fault fault, enum tls_version max)
{
    struct tls_params p = {.is_server = true, .fault = fault, .max = max};
    issue(pki, leaf, &p);
    return make_setup(&p);
}

static inline struct tls_setup *client_setup(const struct pki *pki)
{
    struct tls_params p = {.trust_pem = pki_trust_pem(pki)};
    return make_setup(&p);
}

/* Feeds in pieces of cut octets (0: all at once), each an exact-size copy. */
static inline void feed_cut(struct tls_filter *f, struct slice bytes, size_t cut)
{
    while (bytes.n != 0) {
        size_t n = cut == 0 || cut > bytes.n ? bytes.n : cut;
        char *copy = malloc(n);
        memcpy(copy, bytes.p, n);
        tls_filter_feed(f, slice_make(copy, n));
        free(copy);
        bytes = slice_from(bytes, n);
    }
}

/* Carries what waits from one end to the other; true when there was anything. */
static inline bool carry(struct tls_filter *from, struct tls_filter *to, size_t cut)
{
    struct buf *out = tls_filter_cipher_out(from);
    if (out->n == 0) {
        return false;
    }
    size_t n = out->n;
    char *copy = malloc(n);
    memcpy(copy, out->p, n);
    buf_reset(out);
    feed_cut(to, slice_make(copy, n), cut);
    free(copy);
    return true;
}

/* Carries both ways until nothing moves; a side that wants to close does so. */
static inline void settle(struct tls_filter *client, struct tls_filter *server, size_t cut)
{
    for (int step = 0;; step++) {
        assert_true(step < STEPS_MAX);
        bool moved = carry(client, server, cut);
        moved = carry(server, client, cut) || moved;
        if (!moved) {
            break;
        }
    }
    if (tls_filter_wants_close(server)) {
        tls_filter_eof(client);
    }
}

#endif
