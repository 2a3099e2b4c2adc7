/* SPDX-License-Identifier: Apache-2.0 */
/* The answer of json_line.h. Pairs stand in the order in which a person would read them. */
#include "diagnose/json_line.h"
#include "diagnose/rules.h"

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
        if (i != 0) {
            buf_add_char(out, ',');
        }
        buf_add(out, d->causes[d->alternatives[i].cause].alternative);
    }
    buf_add_char(out, ']');
}

static struct slice rendered(struct buf *room, struct arena *arena)
{
    struct slice out = arena_copy(arena, buf_slice(room));
    buf_reset(room);
    return out;
}

void cause_render(enum cause cause, const char *tell, struct arena *arena, struct cause_json *out)
{
    struct buf room;
    buf_init(&room, BUF_NO_CAP);
    add_word(KEY_QUOTE("cause"), cause_slug(cause), &room);
    out->cause = rendered(&room, arena);
    add_text(KEY("sentence"), cause_sentence(cause), &room);
    out->sentence = rendered(&room, arena);
    add_word(SLICE("{\"cause\":\""), cause_slug(cause), &room);
    add_text(KEY("tell"), tell, &room);
    buf_add_char(&room, '}');
    out->alternative = rendered(&room, arena);
    buf_release(&room);
}

void advice_render(struct advice *a, struct arena *arena)
{
    struct buf room;
    buf_init(&room, BUF_NO_CAP);
    add_word(KEY_QUOTE("who"), cause_who_slug(a->who), &room);
    a->json_who = rendered(&room, arena);
    add_text(KEY("advice"), a->text != NULL ? a->text->text : "", &room);
    add_text(KEY("link"), a->text != NULL ? a->text->link : "", &room);
    a->json_text = rendered(&room, arena);
    buf_release(&room);
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
    add_word(KEY_QUOTE("enhanced"), d->enhanced, out); /* digits and points */
    buf_add(out, d->causes[d->cause].cause);
    add_word(KEY_QUOTE("sure"), sureness_slug(d->sure), out);
    buf_add(out, d->advised->json_who);
    add_word(KEY_QUOTE("retry"), cause_retry_slug(d->retry), out);
    buf_add(out, d->causes[d->cause].sentence);
    add_because(d, out);
    add_text(KEY("rule"), d->rule, out);
    add_alternatives(d, out);
    buf_add(out, d->advised->json_text);
}
