/* SPDX-License-Identifier: Apache-2.0 */
/* Reads result documents for reports. Any key may be missing or of another kind: nothing is
 * trusted. */
#include "reports/report_case.h"

#include "base/text.h"

/* suite::name */
static void split_id(struct report_case *c)
{
    size_t at = slice_find(c->id, SLICE("::"));
    struct slice suite = at != SIZE_MAX && at != 0 ? slice_sub(c->id, 0, at) : SLICE("smtpdx");
    struct slice name = at != SIZE_MAX ? slice_from(c->id, at + 2) : c->id;
    c->suite = c->suite.n != 0 ? c->suite : suite;
    c->name = c->name.n != 0 ? c->name : name.n != 0 ? name : SLICE("(no name)");
}

static struct slice string_of(const struct json *result, const char *key)
{
    return json_slice(json_get(result, key));
}

static unsigned line_of(const struct json *result)
{
    int64_t line = json_to_int(json_get(result, "line"));
    return line > 0 && line < INT32_MAX ? (unsigned)line : 0;
}

struct report_case report_case_of(const struct json *result, const char *id, bool should_fails)
{
    struct report_case c = {
        .result = result,
        .verdict = result != NULL ? result_verdict(result) : VERDICT_SKIP,
        .is_warning = result_is_warning(result, should_fails),
        .id = string_of(result, "id"),
        .suite = string_of(result, "suite"),
        .name = string_of(result, "name"),
        .file = string_of(result, "file"),
        .kind = result != NULL ? string_of(result, "kind") : SLICE("not-run"),
        .message = result != NULL ? slice_trim(string_of(result, "message")) : SLICE("not run"),
        .text = string_of(result, "text"),
        .line = line_of(result),
        .ms = result_ms(result),
    };
    c.id = c.id.n != 0 ? c.id : slice_of(id);
    split_id(&c);
    c.kind = c.kind.n != 0 ? c.kind : slice_of(verdict_slug(c.verdict));
    c.message = c.message.n != 0 ? c.message : c.kind;
    return c;
}

struct report_case report_case_at(const struct run_record *run, size_t i)
{
    const struct json *result = run->results != NULL ? run->results[i] : NULL;
    struct report_case c =
        report_case_of(result, run->ids != NULL ? run->ids[i] : NULL, run->should_fails);
    if (result == NULL && run->is_interrupted) {
        c.message = SLICE("not run: interrupted");
    }
    return c;
}

bool report_case_is_failure(const struct report_case *c)
{
    return (c->verdict == VERDICT_FAIL && !c->is_warning) || c->verdict == VERDICT_XPASS;
}

void report_case_add_level(const struct report_case *c, struct buf *out)
{
    size_t before = out->n;
    report_add_value(json_get(c->result, "level"), out);
    const struct json *refs = json_get(c->result, "refs");
    for (size_t i = 0; json_kind(refs) == JSON_LIST && i < json_count(refs); i++) {
        buf_add_text(out, out->n > before ? ", " : "");
        report_add_value(json_at(refs, i), out);
    }
}

/* A number without a needless fraction; printf would ask the locale for the point. */
static void add_real(double value, struct buf *out)
{
    struct json *v = json_real(value);
    json_print(v, JSON_COMPACT, out);
    json_free(v);
}

void report_add_value(const struct json *v, struct buf *out)
{
    enum json_kind kind = json_kind(v);
    if (kind == JSON_STRING) {
        buf_add(out, json_slice(v));
    } else if (kind == JSON_BOOL) {
        buf_add_text(out, json_to_bool(v) ? "true" : "false");
    } else if (kind == JSON_INT) {
        buf_addf(out, "%lld", (long long)json_to_int(v));
    } else if (kind == JSON_REAL) {
        add_real(json_to_real(v), out);
    }
}

/* Milliseconds with one decimal. */
static void add_instant(double ms, struct buf *out)
{
    static const double most = 1e15;
    int64_t tenths = ms > -most && ms < most ? (int64_t)(ms * 10 + (ms < 0 ? -0.5 : 0.5)) : 0;
    int64_t size = tenths < 0 ? -tenths : tenths;
    buf_addf(out, "%s%lld.%dms", tenths < 0 ? "-" : "+", (long long)(size / 10), (int)(size % 10));
}

bool report_case_has_transcript(const struct report_case *c)
{
    const struct json *runs = json_get(c->result, "runs");
    bool has_one = json_count(json_get(c->result, "transcript")) != 0;
    for (size_t i = 0; json_kind(runs) == JSON_LIST && i < json_count(runs); i++) {
        has_one = has_one || json_count(json_get(json_at(runs, i), "transcript")) != 0;
    }
    return has_one;
}

void report_case_add_transcript(const struct report_case *c, struct buf *out)
{
    report_add_transcript(json_get(c->result, "transcript"), out);
}

void report_add_transcript(const struct json *list, struct buf *out)
{
    for (size_t i = 0; json_kind(list) == JSON_LIST && i < json_count(list); i++) {
        const struct json *entry = json_at(list, i);
        const struct json *tls = json_get(entry, "tls");
        add_instant(json_to_real(json_get(entry, "ms")), out);
        buf_add_text(out, json_kind(tls) == JSON_BOOL && !json_to_bool(tls) ? " (clear) " : " ");
        report_add_value(json_get(entry, "who"), out);
        buf_add_text(out, ": ");
        text_visible(json_slice(json_get(entry, "text")), TEXT_ONE_LINE, out);
        buf_add_char(out, '\n');
    }
}

void report_add_seconds(int64_t ms, struct buf *out)
{
    ms = ms > 0 ? ms : 0;
    buf_addf(out, "%lld.%03d", (long long)(ms / 1000), (int)(ms % 1000));
}

static bool is_inside_code_point(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

void report_add_capped(struct slice s, struct buf *out)
{
    report_add_at_most(s, REPORT_TEXT_MAX, out);
}

void report_add_at_most(struct slice s, size_t most, struct buf *out)
{
    if (s.n <= most) {
        buf_add(out, s);
        return;
    }
    size_t head = most / 4 * 3, tail = s.n - most / 4;
    /* at most three steps each, so that text without any code point's start is cut all the same */
    for (int i = 0; i < 3 && is_inside_code_point(s.p[head]); i++) {
        head--;
    }
    for (int i = 0; i < 3 && is_inside_code_point(s.p[tail]); i++) {
        tail++;
    }
    buf_add(out, slice_sub(s, 0, head));
    buf_addf(out, "\n[%zu bytes omitted]\n", tail - head);
    buf_add(out, slice_from(s, tail));
}
