/* SPDX-License-Identifier: Apache-2.0 */
/* What the SASL tests share: exact-size copies, and a session that must start. */
#ifndef SMTPDX_TESTS_SASL_ROWS_H
#define SMTPDX_TESTS_SASL_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sasl/sasl.h"

/* A copy without a byte to spare, so that a read past the end is seen by the sanitizer. */
static inline char *exact_copy(struct slice s)
{
    char *p = malloc(s.n ? s.n : 1);
    assert_non_null(p);
    if (s.n != 0) {
        memcpy(p, s.p, s.n);
    }
    return p;
}

static inline struct sasl_session *must_start(const char *mechanism, const struct sasl_params *p)
{
    struct sasl_session *s = NULL;
    struct why why = {{0}, {0}, 0, 0};
    const struct sasl_mechanism *m = sasl_find(slice_of(mechanism));
    assert_non_null(m);
    enum err err = sasl_new(m, p, &s, &why);
    if (err != ERR_OK) {
        fail_msg("%s: %s: %s", mechanism, err_name(err), why.text);
    }
    return s;
}

static inline enum sasl_step challenge_exact(struct sasl_session *s, struct slice challenge,
                                             struct buf *out, struct why *why)
{
    char *copy = exact_copy(challenge);
    enum sasl_step step = sasl_challenge(s, slice_make(copy, challenge.n), out, why);
    free(copy);
    return step;
}

static inline void check_octets(const char *name, const char *what, struct slice got,
                                struct slice want)
{
    if (!slice_eq(got, want)) {
        fail_msg("%s: %s: got \"" SLICE_FMT "\" (%zu), want \"" SLICE_FMT "\" (%zu)", name, what,
                 SLICE_ARG(got), got.n, SLICE_ARG(want), want.n);
    }
}

#endif
