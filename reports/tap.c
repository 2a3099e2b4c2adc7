/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TAP version 14. The plan comes first and once; the rows of a table are subtests. What the format
 * would read as its own (a backslash, a number sign) is escaped. A failed `should` is a TODO: the
 * one way TAP has to say "not well, but no failure".
 */
#include "reports/formats.h"

#include "base/text.h"
#include "reports/report_case.h"

static const char subtest_indent[] = "    ";

/* Harmless on one line, then escaped for a description or a reason. */
static void add_escaped(struct slice s, struct buf *out)
{
    struct buf visible;
    buf_init(&visible, BUF_NO_CAP);
    text_visible(s, TEXT_ONE_LINE, &visible);
    for (size_t i = 0; i < visible.n; i++) {
        if (visible.p[i] == '\\' || visible.p[i] == '#') {
            buf_add_char(out, '\\');
        }
        buf_add_char(out, visible.p[i]);
    }
    buf_release(&visible);
}

/* YAML's double-quoted form is JSON's. */
static void add_quoted(struct slice s, struct buf *out)
{
    struct json *v = json_string(s);
    json_print(v, JSON_COMPACT, out);
    json_free(v);
}

static void add_yaml_line(const char *indent, const char *key, struct slice value, struct buf *out)
{
    if (value.n != 0) {
        buf_addf(out, "%s  %s: ", indent, key);
        add_quoted(value, out);
        buf_add_char(out, '\n');
    }
}

static void add_block(const char *indent, struct slice text, struct buf *out)
{
    struct buf visible, capped;
    struct slice line;
    buf_init(&visible, BUF_NO_CAP);
    buf_init(&capped, BUF_NO_CAP);
    text_visible(text, TEXT_KEEP_LINES, &visible);
    report_add_capped(buf_slice(&visible), &capped);
    buf_addf(out, "%s  text: |2\n", indent);
    struct slice rest = buf_slice(&capped);
    while (slice_take_until(&rest, '\n', &line)) {
        buf_addf(out, "%s    ", line.n != 0 ? indent : "");
        buf_add(out, line);
        buf_add_char(out, '\n');
    }
    buf_release(&visible);
    buf_release(&capped);
}

static void add_details(const char *indent, const struct report_case *c, struct buf *out)
{
    buf_addf(out, "%s  ---\n", indent);
    add_yaml_line(indent, "severity", slice_of(verdict_slug(c->verdict)), out);
    add_yaml_line(indent, "kind", c->kind, out);
    add_yaml_line(indent, "message", c->message, out);
    add_yaml_line(indent, "file", c->file, out);
    if (c->line != 0) {
        buf_addf(out, "%s  line: %u\n", indent, c->line);
    }
    buf_addf(out, "%s  duration_ms: %lld\n", indent, (long long)c->ms);
    if (c->text.n != 0) {
        add_block(indent, c->text, out);
    }
    buf_addf(out, "%s  ...\n", indent);
}

static bool is_ok(const struct report_case *c)
{
    bool is_good = c->verdict == VERDICT_PASS || c->verdict == VERDICT_FLAKY;
    return is_good || c->verdict == VERDICT_SKIP;
}

static void add_directive(const struct report_case *c, struct buf *out)
{
    const char *word = c->verdict == VERDICT_SKIP                     ? " # SKIP "
                       : c->verdict == VERDICT_XFAIL || c->is_warning ? " # TODO "
                                                                      : NULL;
    if (word != NULL) {
        buf_add_text(out, word);
        add_escaped(c->message, out);
    }
}

static void add_test(const char *indent, size_t number, struct slice name,
                     const struct report_case *c, struct buf *out)
{
    buf_addf(out, "%s%sok %zu - ", indent, is_ok(c) ? "" : "not ", number);
    add_escaped(name, out);
    add_directive(c, out);
    buf_add_char(out, '\n');
    if (!is_ok(c) || c->verdict == VERDICT_FLAKY) {
        add_details(indent, c, out);
    }
}

/* "suite::table" of "suite::table[row][axis=value]"; the whole id when it is no row. */
static struct slice table_of(struct slice id)
{
    size_t at = slice_find_char(id, '[');
    return at != SIZE_MAX && at != 0 ? slice_sub(id, 0, at) : id;
}

/* Cases from the i-th on that are rows of one table; 1 for a case that is no row. */
static size_t rows_from(const struct run_record *run, size_t i)
{
    struct slice id = report_case_at(run, i).id;
    struct slice table = table_of(id);
    size_t n = 1;
    for (; table.n != id.n && i + n < run->count; n++) {
        struct slice next = report_case_at(run, i + n).id;
        if (table_of(next).n == next.n || !slice_eq(table_of(next), table)) {
            break;
        }
    }
    return n;
}

/* Whether every row lets its table pass: a TODO does. */
static bool add_rows(const struct run_record *run, size_t from, size_t count, struct buf *out)
{
    bool is_good = true;
    buf_addf(out, "%s1..%zu\n", subtest_indent, count);
    for (size_t i = 0; i < count; i++) {
        struct report_case c = report_case_at(run, from + i);
        struct slice row = slice_from(c.id, table_of(c.id).n);
        add_test(subtest_indent, i + 1, row, &c, out);
        is_good = is_good && (is_ok(&c) || c.is_warning || c.verdict == VERDICT_XFAIL);
    }
    return is_good;
}

static void add_table(const struct run_record *run, size_t from, size_t count, size_t number,
                      struct buf *out)
{
    struct slice table = table_of(report_case_at(run, from).id);
    buf_add_text(out, "# Subtest: ");
    add_escaped(table, out);
    buf_add_char(out, '\n');
    bool is_good = add_rows(run, from, count, out);
    buf_addf(out, "%sok %zu - ", is_good ? "" : "not ", number);
    add_escaped(table, out);
    buf_add_char(out, '\n');
}

enum err tap_write(const struct run_record *run, const struct report_options *options,
                   struct buf *out, struct why *why)
{
    (void)options;
    (void)why;
    size_t plan = 0, number = 0;
    for (size_t i = 0; i < run->count; i += rows_from(run, i)) {
        plan++;
    }
    buf_addf(out, "TAP version 14\n1..%zu%s\n", plan, plan == 0 ? " # SKIP nothing selected" : "");
    for (size_t i = 0, n = 0; i < run->count; i += n) {
        struct report_case c = report_case_at(run, i);
        bool is_row = table_of(c.id).n != c.id.n;
        n = rows_from(run, i);
        number++;
        if (is_row) {
            add_table(run, i, n, number, out);
        } else {
            add_test("", number, c.id, &c, out);
        }
    }
    if (run->is_interrupted) {
        buf_add_text(out, "Bail out! interrupted\n");
    }
    return ERR_OK;
}
