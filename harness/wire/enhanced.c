/* SPDX-License-Identifier: Apache-2.0 */
/* Enhanced status codes: one strict little grammar, so that addresses and versions are left alone.
 */
#include "wire/enhanced.h"

#include <stdio.h>

/* 1*3DIGIT without a leading zero (RFC 3463 2). */
static bool take_number(struct slice *s, unsigned *out)
{
    size_t n = 0;
    unsigned value = 0;
    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9') {
        if (n == 3) {
            return false;
        }
        value = value * 10 + (unsigned)(s->p[n++] - '0');
    }
    if (n == 0 || (n > 1 && s->p[0] == '0')) {
        return false;
    }
    *s = slice_from(*s, n);
    *out = value;
    return true;
}

static bool take_dot(struct slice *s)
{
    if (s->n == 0 || s->p[0] != '.') {
        return false;
    }
    *s = slice_from(*s, 1);
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool enhanced_take(struct slice text, struct enhanced *out, struct slice *rest)
{
    struct slice s = text;
    struct enhanced e = {0};
    *out = (struct enhanced){0};
    *rest = text;
    if (!take_number(&s, &e.class) || !take_dot(&s) || !take_number(&s, &e.subject) ||
        !take_dot(&s) || !take_number(&s, &e.detail)) {
        return false;
    }
    if ((e.class != 2 && e.class != 4 && e.class != 5) || (s.n != 0 && !is_blank(s.p[0]))) {
        return false;
    }
    while (s.n != 0 && is_blank(s.p[0])) {
        s = slice_from(s, 1);
    }
    *out = e;
    *rest = s;
    return true;
}

bool enhanced_fits(const struct enhanced *e, unsigned reply_code)
{
    return e->class == 0 || e->class == reply_code / 100;
}

bool enhanced_eq(const struct enhanced *a, const struct enhanced *b)
{
    return a->class == b->class && a->subject == b->subject && a->detail == b->detail;
}

void enhanced_text(const struct enhanced *e, char out[ENHANCED_TEXT])
{
    out[0] = '\0';
    if (e->class != 0) {
        snprintf(out, ENHANCED_TEXT, "%u.%u.%u", e->class % 1000, e->subject % 1000,
                 e->detail % 1000);
    }
}
