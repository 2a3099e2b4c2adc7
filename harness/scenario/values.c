/* SPDX-License-Identifier: Apache-2.0 */
/* Scalars: the schema says what a text means, so `5.10` stays "5.10" and `no` stays "no". */
#include "scenario/capture.h"

#include "base/text.h"

#include <string.h>

static bool refuse_runtime_part(struct bind *b, const char *what, const struct node *n)
{
    size_t at = slice_find_char(n->text, BIND_PART_BEGIN);
    if (at == SIZE_MAX) {
        return false;
    }
    struct slice name = slice_from(n->text, at + 1);
    size_t end = slice_find_char(name, BIND_PART_END);
    if (slice_has_prefix(name, SLICE("capture:"))) {
        doc_error_at(b->errors, n,
                     "'${" SLICE_FMT "}' cannot stand in '%s': it is captured while the case runs, "
                     "and goes into later steps and into assertions",
                     SLICE_ARG(slice_sub(name, 8, end - 8)), what);
        return true;
    }
    doc_error_at(b->errors, n,
                 "'${" SLICE_FMT
                 "}' cannot stand in '%s': it is known only when the case runs, and "
                 "goes into password, app_password, token, steps",
                 SLICE_ARG(slice_sub(name, 0, end)), what);
    return true;
}

static bool is_scalar(struct bind *b, const char *what, const struct node *n)
{
    if (n->kind != NODE_SCALAR) {
        doc_error_at(b->errors, n, "'%s' is a text, not %s%s", what, node_kind_name(n->kind),
                     n->kind == NODE_MAP ? " (quote a text that holds ': ')" : "");
        return false;
    }
    if (n->is_plain && n->text.n == 0) {
        doc_error_at(b->errors, n, "'%s' is empty: give a value, or \"\" for an empty text", what);
        return false;
    }
    return true;
}

bool bind_text(struct bind *b, const char *what, const struct node *n, struct slice *out)
{
    if (!is_scalar(b, what, n) || refuse_runtime_part(b, what, n)) {
        return false;
    }
    *out = n->text;
    return true;
}

bool bind_count(struct bind *b, const char *what, const struct node *n, unsigned min, unsigned max,
                unsigned *out)
{
    struct slice text;
    if (!bind_text(b, what, n, &text)) {
        return false;
    }
    uint64_t value = 0;
    if (!slice_to_u64(text, &value)) {
        doc_error_at(b->errors, n, "'%s' is a whole number, not '" SLICE_FMT "'", what,
                     SLICE_ARG(slice_sub(text, 0, 40)));
        return false;
    }
    if (value < min || value > max) {
        doc_error_at(b->errors, n, "'%s' is from %u to %u", what, min, max);
        return false;
    }
    *out = (unsigned)value;
    return true;
}

bool bind_duration(struct bind *b, const char *what, const struct node *n, int64_t *out)
{
    struct slice text;
    if (!bind_text(b, what, n, &text)) {
        return false;
    }
    if (!text_duration(text, out)) {
        uint64_t bare = 0;
        doc_error_at(b->errors, n, "'%s' is a duration, %s: 500ms, 15s, 2m", what,
                     slice_to_u64(text, &bare) ? "and needs a unit" : "a number and a unit");
        return false;
    }
    return true;
}

bool bind_bool(struct bind *b, const char *what, const struct node *n, bool *out)
{
    struct slice text;
    if (!bind_text(b, what, n, &text)) {
        return false;
    }
    *out = slice_eq_text(text, "true");
    if (!*out && !slice_eq_text(text, "false")) {
        doc_error_at(b->errors, n, "'%s' is true or false, not '" SLICE_FMT "'", what,
                     SLICE_ARG(slice_sub(text, 0, 40)));
        return false;
    }
    return true;
}

static void list_words(const struct choices *choices, struct buf *out)
{
    for (size_t i = 0; i < choices->count; i++) {
        buf_addf(out, "%s%s", i != 0 ? ", " : "", choices->list[i].slug);
    }
}

const struct choice *bind_choice(struct bind *b, const char *what, const struct node *n,
                                 const struct choices *choices)
{
    struct slice text;
    if (!bind_text(b, what, n, &text)) {
        return NULL;
    }
    const struct choice *c = choices_find(choices, text);
    const char *nearest = c == NULL ? choices_nearest(choices, text) : NULL;
    if (c == NULL && nearest != NULL) {
        doc_error_at(b->errors, n, "'" SLICE_FMT "' is no value of '%s' (did you mean '%s'?)",
                     SLICE_ARG(slice_sub(text, 0, 40)), what, nearest);
    } else if (c == NULL && choices == &choices_causes) {
        doc_error_at(b->errors, n, "'" SLICE_FMT "' is no cause: docs/causes.md has them all",
                     SLICE_ARG(slice_sub(text, 0, 40)));
    } else if (c == NULL) {
        struct buf known;
        buf_init(&known, 1024);
        list_words(choices, &known);
        doc_error_at(b->errors, n, "'" SLICE_FMT "' is no value of '%s': it is one of %s",
                     SLICE_ARG(slice_sub(text, 0, 40)), what, buf_text(&known));
        buf_release(&known);
    }
    return c;
}

static struct spec_part part_of(struct slice name)
{
    if (slice_eq_text(name, "server.host")) {
        return (struct spec_part){.kind = SPEC_SERVER_HOST};
    }
    if (slice_eq_text(name, "server.port")) {
        return (struct spec_part){.kind = SPEC_SERVER_PORT};
    }
    if (slice_eq_text(name, "server.addr")) {
        return (struct spec_part){.kind = SPEC_SERVER_ADDR};
    }
    if (slice_has_prefix(name, SLICE("capture:"))) {
        return (struct spec_part){.kind = SPEC_CAPTURE, .text = slice_from(name, 8)};
    }
    must(slice_has_prefix(name, SLICE("secret:")));
    return (struct spec_part){.kind = SPEC_SECRET, .text = slice_from(name, 7)};
}

bool bind_parts(struct bind *b, const char *what, const struct node *n, struct spec_text *out)
{
    bool is_early = capture_is_marked(n) && !b->may_capture;
    if (!is_scalar(b, what, n) || (is_early && refuse_runtime_part(b, what, n))) {
        return false;
    }
    struct spec_part *parts = NULL;
    size_t count = 0;
    struct slice rest = n->text;
    while (rest.n != 0 || count == 0) {
        parts = bind_grow(b, parts, count, sizeof *parts);
        bool is_part = rest.n != 0 && rest.p[0] == BIND_PART_BEGIN;
        size_t end = slice_find_char(rest, is_part ? BIND_PART_END : BIND_PART_BEGIN);
        end = end < rest.n ? end : rest.n;
        parts[count++] = is_part ? part_of(slice_sub(rest, 1, end - 1))
                                 : (struct spec_part){.text = slice_sub(rest, 0, end)};
        rest = slice_from(rest, end + is_part);
    }
    *out = (struct spec_text){.parts = parts, .count = count, .at = n};
    return true;
}

void read_date(struct bind *b, const struct field *f, const struct node *value, void *out)
{
    static const char form[] = "dddd-dd-dd";
    struct slice text;
    if (!bind_text(b, f->key, value, &text)) {
        return;
    }
    bool is_date = text.n == sizeof form - 1;
    for (size_t i = 0; i < text.n && is_date; i++) {
        bool is_digit = text.p[i] >= '0' && text.p[i] <= '9';
        is_date = form[i] == 'd' ? is_digit : text.p[i] == form[i];
    }
    int month = is_date ? (text.p[5] - '0') * 10 + text.p[6] - '0' : 0;
    int day = is_date ? (text.p[8] - '0') * 10 + text.p[9] - '0' : 0;
    if (month < 1 || month > 12 || day < 1 || day > 31) {
        doc_error_at(b->errors, value, "'%s' is a date, YYYY-MM-DD", f->key);
        return;
    }
    memcpy((char *)out + f->offset, text.p, text.n);
}
