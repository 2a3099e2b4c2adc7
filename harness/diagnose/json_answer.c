/* SPDX-License-Identifier: Apache-2.0 */
/* The answer of json_line.h. Pairs stand in the order in which a person would read them. */
#include "diagnose/json_line.h"

#include "base/text.h"
#include "doc/json_out.h"

/* A value of the caller's, as it stands; what is not UTF-8 in it (strings only) made visible. */
static void add_raw(struct slice raw, struct buf *out)
{
    size_t from = 0;
    for (size_t at = 0; at < raw.n;) {
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

static void add_text(const char *key, const char *text, struct buf *out)
{
    json_out_key(key, out);
    json_out_text(text, out);
}

static void add_because(const struct diagnosis *d, struct buf *out)
{
    json_out_key("because", out);
    buf_add_char(out, '[');
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
    json_out_key("alternatives", out);
    buf_add_char(out, '[');
    for (size_t i = 0; i < d->alternative_count; i++) {
        buf_add(out, i != 0 ? SLICE(",{") : SLICE("{"));
        add_text("cause", cause_slug(d->alternatives[i].cause), out);
        add_text("tell", d->alternatives[i].tell, out);
        buf_add_char(out, '}');
    }
    buf_add_char(out, ']');
}

void json_line_add_diagnosis(const struct diagnosis *d, struct buf *out)
{
    json_out_key("provider", out);
    if (d->provider != NULL) {
        json_out_text(d->provider->name, out);
    } else {
        buf_add(out, SLICE("null"));
    }
    json_out_key("code", out);
    buf_addf(out, "%u", d->code);
    add_text("enhanced", d->enhanced, out);
    add_text("cause", cause_slug(d->cause), out);
    add_text("sure", sureness_slug(d->sure), out);
    add_text("who", cause_who_slug(d->who), out);
    add_text("retry", cause_retry_slug(d->retry), out);
    add_text("sentence", cause_sentence(d->cause), out);
    add_because(d, out);
    add_text("rule", d->rule, out);
    add_alternatives(d, out);
    add_text("advice", d->advice, out);
    add_text("link", d->link, out);
}
