/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds and hides secrets. The needles are what a secret looks like inside a blob (raw, base64 at
 * three alignments, hex); the text is searched as it is and through views that undo escapes and
 * line breaks. Both are linear in the text, so that a hostile server cannot make logging slow.
 */
#include "base/redact.h"

#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/needles.h"
#include "base/views.h"

static const char mask[] = "***";

struct redactor {
    struct needles *needles;
    char **names;
    size_t count;
};

struct redactor *redactor_new(void)
{
    struct redactor *r = mem_zalloc(1, sizeof *r);
    r->needles = needles_new();
    return r;
}

void redactor_free(struct redactor *r)
{
    if (r == NULL) {
        return;
    }
    needles_free(r->needles);
    for (size_t i = 0; i < r->count; i++) {
        free(r->names[i]);
    }
    free(r->names);
    free(r);
}

static void add_needle(struct redactor *r, struct slice text)
{
    struct needle needle = {.text = text, .owner = (uint32_t)(r->count - 1)};
    needles_add(r->needles, &needle);
}

/*
 * Base64 of the secret when `before` octets of its group of three stand in front of it. Only the
 * characters that the neighbours cannot change are the needle; the ones at its ends hold some of
 * its bits and are hidden with it.
 */
static void add_base64(struct redactor *r, struct slice secret, size_t before)
{
    typedef void encoder(struct slice in, struct buf * out);
    static encoder *const encoders[] = {base64_encode, base64url_encode};
    size_t first = (8 * before + 5) / 6;
    size_t end = 8 * (before + secret.n) / 6;
    for (size_t i = 0; i < COUNT(encoders); i++) {
        struct buf padded, encoded;
        buf_init(&padded, BUF_NO_CAP);
        buf_init(&encoded, BUF_NO_CAP);
        buf_add(&padded, slice_make("\0\0", before));
        buf_add(&padded, secret);
        encoders[i](buf_slice(&padded), &encoded);
        struct needle needle = {
            .text = slice_sub(buf_slice(&encoded), first, end - first),
            .left = before != 0 ? 1 : 0,
            .right = (before + secret.n) % 3 != 0 ? 1 : 0,
            .owner = (uint32_t)(r->count - 1),
        };
        needles_add(r->needles, &needle);
        buf_wipe(&padded);
        buf_wipe(&encoded);
        buf_release(&padded);
        buf_release(&encoded);
    }
}

static void add_hex(struct redactor *r, struct slice secret)
{
    struct buf hex;
    buf_init(&hex, BUF_NO_CAP);
    hex_encode(secret, &hex);
    add_needle(r, buf_slice(&hex));
    for (size_t i = 0; i < hex.n; i++) {
        bool is_letter = hex.p[i] >= 'a' && hex.p[i] <= 'f';
        hex.p[i] = is_letter ? (char)(hex.p[i] - 'a' + 'A') : hex.p[i];
    }
    add_needle(r, buf_slice(&hex));
    buf_wipe(&hex);
    buf_release(&hex);
}

/* A secret of several lines (a private key) is looked for in unfolded views without its own breaks.
 */
static void add_unfolded(struct redactor *r, struct slice secret)
{
    struct buf joined;
    buf_init(&joined, BUF_NO_CAP);
    for (size_t i = 0; i < secret.n; i++) {
        if (secret.p[i] != '\r' && secret.p[i] != '\n') {
            buf_add_char(&joined, secret.p[i]);
        }
    }
    if (joined.n != secret.n && joined.n >= REDACT_MIN) {
        add_needle(r, buf_slice(&joined));
    }
    buf_wipe(&joined);
    buf_release(&joined);
}

enum err redactor_add(struct redactor *r, const char *name, struct slice secret, struct why *why)
{
    if (secret.n < REDACT_MIN) {
        return why_set(why, ERR_LIMIT,
                       "the secret '%s' has %zu octets; at least %d are needed, because hiding a "
                       "shorter one would blank out ordinary words",
                       name, secret.n, (int)REDACT_MIN);
    }
    r->names = mem_realloc(r->names, (r->count + 1) * sizeof *r->names);
    r->names[r->count++] = mem_strdup(name);
    add_needle(r, secret);
    add_unfolded(r, secret);
    for (size_t before = 0; before < 3; before++) {
        add_base64(r, secret, before);
    }
    add_hex(r, secret);
    return ERR_OK;
}

/* One search over all views. */
struct search {
    const struct redactor *r;
    size_t text_n;
    size_t
        *starts; /* of what ends at an offset of the text: the least start; NULL: nothing found */
    const char *name; /* of the first hit */
    bool stops_at_first;
};

static bool is_base64(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '-' || c == '_';
}

static void note_range(struct search *s, size_t from, size_t to)
{
    if (s->starts == NULL) {
        s->starts = mem_alloc((s->text_n + 1) * sizeof *s->starts);
        for (size_t i = 0; i <= s->text_n; i++) {
            s->starts[i] = i;
        }
    }
    s->starts[to] = from < s->starts[to] ? from : s->starts[to];
}

/* last is the place in the view where the needle ends. */
static void note_hit(struct search *s, const struct view *v, size_t last,
                     const struct needle_end *end)
{
    size_t first = last + 1 >= end->length ? last + 1 - end->length : 0;
    bool is_wider = end->right != 0 && last + 1 < v->n && is_base64(v->octets[last + 1]);
    last += is_wider ? 1 : 0;
    note_range(s, v->from != NULL ? v->from[first] : first, v->to != NULL ? v->to[last] : last + 1);
}

static bool search_view(void *context, const struct view *v)
{
    struct search *s = context;
    uint32_t state = 0;
    for (size_t i = 0; i < v->n; i++) {
        state = needles_step(s->r->needles, state, (unsigned char)v->octets[i]);
        const struct needle_end *end = needles_end(s->r->needles, state);
        if (end->length == 0) {
            continue;
        }
        s->name = s->name != NULL ? s->name : s->r->names[end->owner];
        if (s->stops_at_first) {
            return false;
        }
        note_hit(s, v, i, end);
    }
    return true;
}

static const char *search_all(const struct redactor *r, struct slice in, size_t **starts)
{
    struct search s = {.r = r, .text_n = in.n, .stops_at_first = starts == NULL};
    if (r == NULL || r->count == 0) {
        return NULL;
    }
    needles_prepare(r->needles);
    views_walk(in, search_view, &s);
    if (starts != NULL) {
        *starts = s.starts;
    }
    return s.name;
}

const char *redactor_find(const struct redactor *r, struct slice in)
{
    return search_all(r, in, NULL);
}

/* Appends in with every range hidden; ranges that touch become one. Uses starts up. */
static void add_masked(struct slice in, size_t *starts, struct buf *out)
{
    size_t reach = in.n; /* from the right: the least start of a range that ends here or later */
    for (size_t end = in.n; end > 0; end--) {
        reach = starts[end] < reach ? starts[end] : reach;
        starts[end] = reach < end; /* now: is the octet before `end` hidden? */
    }
    size_t from = 0;
    while (from < in.n) {
        size_t to = from;
        while (to < in.n && (starts[to + 1] != 0) == (starts[from + 1] != 0)) {
            to++;
        }
        if (starts[from + 1] != 0) {
            buf_add_text(out, mask);
        } else {
            buf_add(out, slice_sub(in, from, to - from));
        }
        from = to;
    }
}

/*
 * Hiding may uncover: the mask can be part of a secret, and half of an escape can be left over. So
 * it goes on until nothing is found. Every round makes the text shorter, and one or two is what
 * happens.
 */
void redactor_apply(const struct redactor *r, struct slice in, struct buf *out)
{
    struct buf text, next;
    buf_init(&text, BUF_NO_CAP);
    buf_init(&next, BUF_NO_CAP);
    size_t *starts = NULL;
    while (search_all(r, in, &starts) != NULL) {
        buf_reset(&next);
        add_masked(in, starts, &next);
        free(starts);
        starts = NULL;
        struct buf swapped = text;
        text = next;
        next = swapped;
        in = buf_slice(&text);
    }
    buf_add(out, in);
    buf_release(&text);
    buf_release(&next);
}
