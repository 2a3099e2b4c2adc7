/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workflow commands that put failures beside the lines of a scenario file on GitHub. It shows ten
 * errors and ten warnings a step and drops the rest, so the most important come first and the last
 * one says how many more there are. Text of a server can start no command of its own: line breaks
 * in a message are escaped, and every line here begins with our own command.
 */
#include "reports/formats.h"

#include "base/text.h"
#include "reports/report_case.h"

enum { SHOWN_MAX = 10, MESSAGE_MAX = 4096 };

/* Most important first. */
enum rank { RANK_MUST, RANK_FAILED, RANK_ERROR, RANK_WARNING, RANK_COUNT, RANK_NONE };

static enum rank rank_of(const struct report_case *c)
{
    if (report_case_is_failure(c)) {
        struct slice level = json_slice(json_get(c->result, "level"));
        return slice_eq_text(level, "must") ? RANK_MUST : RANK_FAILED;
    }
    if (c->verdict == VERDICT_ERROR) {
        return RANK_ERROR;
    }
    return c->is_warning || c->verdict == VERDICT_FLAKY ? RANK_WARNING : RANK_NONE;
}

static void add_escaped(struct slice s, const char *also, struct buf *out)
{
    struct buf visible;
    buf_init(&visible, BUF_NO_CAP);
    text_visible(s, TEXT_KEEP_LINES, &visible);
    for (size_t i = 0; i < visible.n; i++) {
        char c = visible.p[i];
        bool is_special =
            c == '%' || c == '\r' || c == '\n' || slice_find_char(slice_of(also), c) != SIZE_MAX;
        if (is_special) {
            buf_addf(out, "%%%02X", (unsigned char)c);
        } else {
            buf_add_char(out, c);
        }
    }
    buf_release(&visible);
}

static bool take_number(struct slice *s, unsigned *out)
{
    struct slice digits = *s;
    uint64_t value = 0;
    digits.n = 0;
    while (digits.n < s->n && s->p[digits.n] >= '0' && s->p[digits.n] <= '9') {
        digits.n++;
    }
    if (!slice_to_u64(digits, &value) || value > INT32_MAX) {
        return false;
    }
    *s = slice_from(*s, digits.n);
    *out = (unsigned)value;
    return true;
}

struct place {
    unsigned line, col;
};

/* Where the text says it went wrong ("file:33:72: …"): nearer than the line where the case begins.
 */
static struct place place_of(const struct report_case *c)
{
    struct place begin = {c->line, 0}, place = {0, 0};
    size_t at = c->file.n != 0 ? slice_find(c->text, c->file) : SIZE_MAX;
    struct slice rest = at != SIZE_MAX ? slice_from(c->text, at + c->file.n) : SLICE("");
    if (!slice_has_prefix(rest, SLICE(":"))) {
        return begin;
    }
    rest = slice_from(rest, 1);
    if (!take_number(&rest, &place.line) || !slice_has_prefix(rest, SLICE(":"))) {
        return begin;
    }
    rest = slice_from(rest, 1);
    return take_number(&rest, &place.col) ? place : begin;
}

static void add_message(const struct report_case *c, struct buf *out)
{
    struct buf message;
    buf_init(&message, MESSAGE_MAX);
    bool begins_with_message = slice_has_prefix(c->text, c->message);
    if (!begins_with_message) {
        buf_add(&message, c->message);
        buf_add_text(&message, c->text.n != 0 ? "\n" : "");
    }
    if (c->text.n != 0) {
        buf_add(&message, slice_trim_end(c->text, "\n"));
    }
    add_escaped(buf_slice(&message), "", out);
    buf_release(&message);
}

static void add_annotation(const char *command, const struct report_case *c, struct buf *out)
{
    static const char also[] = ":,";
    struct place place = place_of(c);
    buf_addf(out, "::%s ", command);
    if (c->file.n != 0) {
        buf_add_text(out, "file=");
        add_escaped(c->file, also, out);
        buf_add_char(out, ',');
    }
    if (place.line != 0) {
        buf_addf(out, "line=%u,", place.line);
    }
    if (place.col != 0) {
        buf_addf(out, "col=%u,", place.col);
    }
    buf_add_text(out, "title=");
    add_escaped(c->id, also, out);
    buf_add_text(out, "::");
    add_message(c, out);
    buf_add_char(out, '\n');
}

/* One command's annotations, ranks from … to in order. */
static void add_all(const struct run_record *run, const char *command, enum rank from, enum rank to,
                    struct buf *out)
{
    size_t total = 0, shown = 0;
    for (size_t i = 0; i < run->count; i++) {
        struct report_case c = report_case_at(run, i);
        total += rank_of(&c) >= from && rank_of(&c) <= to ? 1 : 0;
    }
    size_t room = total > SHOWN_MAX ? SHOWN_MAX - 1 : SHOWN_MAX;
    for (enum rank rank = from; rank <= to; rank++) {
        for (size_t i = 0; i < run->count && shown < room; i++) {
            struct report_case c = report_case_at(run, i);
            if (rank_of(&c) == rank) {
                add_annotation(command, &c, out);
                shown++;
            }
        }
    }
    if (total > shown) {
        buf_addf(out, "::%s title=smtpdx::and %zu more\n", command, total - shown);
    }
}

enum err github_write(const struct run_record *run, const struct report_options *options,
                      struct buf *out, struct why *why)
{
    (void)options;
    (void)why;
    add_all(run, "error", RANK_MUST, RANK_ERROR, out);
    add_all(run, "warning", RANK_WARNING, RANK_WARNING, out);
    return ERR_OK;
}
