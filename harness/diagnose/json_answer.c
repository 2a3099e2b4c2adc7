/* SPDX-License-Identifier: Apache-2.0 */
/* The answer of json_line.h. Pairs stand in the order in which a person would read them. */
#include "diagnose/json_line.h"

#include <string.h>

#include "base/text.h"
#include "doc/json_out.h"
#include "doc/json_plain.h"

/* A value of the caller's, as it stands; what is not UTF-8 in it (strings only) made visible. */
static void add_raw(struct slice raw, struct buf *out)
{
    size_t from = 0;
    for (size_t at = json_ascii(raw.p, raw.n); at < raw.n;) {
        size_t n = (unsigned char)raw.p[at] < 0x80 ? 1 : text_utf8_length(slice_from(raw, at));
        if (n == 0) {
            buf_add(out, slice_sub(raw, from, at - from));
            buf_addf(out, "\\\\x%02x", (unsigned char)raw.p[at]);
            from = ++at;
        } else {
            at += n;
        }
    }
    buf_add(out, slice_from(raw, from));
}

void json_line_add_kept(const struct json_line *l, struct buf *out)
{
    for (size_t i = 0; i < l->count; i++) {
        if ((l->kept >> i & 1) != 0) {
            buf_add(out, out->n != 0 && out->p[out->n - 1] == '{' ? SLICE("") : SLICE(","));
            add_raw(l->pairs[i].key.raw, out);
            buf_add_char(out, ':');
            add_raw(l->pairs[i].value.raw, out);
        }
    }
}

/* Keys are written with what stands around them: half the time went into putting them together. */
#define KEY(name)       SLICE(",\"" name "\":")
#define KEY_QUOTE(name) SLICE(",\"" name "\":\"")

/* A slug or a code: known to need no escapes. */
static void add_word(struct slice key_quote, const char *word, struct buf *out)
{
    buf_add(out, key_quote);
    buf_add(out, (struct slice){word, strlen(word)});
    buf_add_char(out, '"');
}

static void add_text(struct slice key, const char *text, struct buf *out)
{
    buf_add(out, key);
    json_out_text(text, out);
}

static void add_because(const struct diagnosis *d, struct buf *out)
{
    buf_add(out, SLICE(",\"because\":["));
    for (size_t i = 0; i < d->because_count; i++) {
        if (i != 0) {
            buf_add_char(out, ',');
        }
        json_out_text(d->because[i], out);
    }
    buf_add_char(out, ']');
}

static void add_alternatives(const struct diagnosis *d, struct buf *out)
{
    buf_add(out, SLICE(",\"alternatives\":["));
    for (size_t i = 0; i < d->alternative_count; i++) {
        add_word(i != 0 ? SLICE(",{\"cause\":\"") : SLICE("{\"cause\":\""),
                 cause_slug(d->alternatives[i].cause), out);
        add_text(KEY("tell"), d->alternatives[i].tell, out);
        buf_add_char(out, '}');
    }
    buf_add_char(out, ']');
}

void json_line_add_diagnosis(const struct diagnosis *d, struct buf *out)
{
    char code[16] = {(char)('0' + d->code / 100 % 10), (char)('0' + d->code / 10 % 10),
                     (char)('0' + d->code % 10)};
    json_out_key("provider", out);
    if (d->provider != NULL) {
        json_out_text(d->provider->name, out);
    } else {
        buf_add(out, SLICE("null"));
    }
    buf_add(out, KEY("code"));
    buf_add_text(out, d->code == 0 ? "null" : code);
    add_text(KEY("enhanced"), d->enhanced, out);
    add_word(KEY_QUOTE("cause"), cause_slug(d->cause), out);
    add_word(KEY_QUOTE("sure"), sureness_slug(d->sure), out);
    add_word(KEY_QUOTE("who"), cause_who_slug(d->who), out);
    add_word(KEY_QUOTE("retry"), cause_retry_slug(d->retry), out);
    add_text(KEY("sentence"), cause_sentence(d->cause), out);
    add_because(d, out);
    add_text(KEY("rule"), d->rule, out);
    add_alternatives(d, out);
    add_text(KEY("advice"), d->advice, out);
    add_text(KEY("link"), d->link, out);
}
