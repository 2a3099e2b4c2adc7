/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person sees while scenarios run. On a terminal the last line is a progress bar that is
 * taken away before anything else is printed; in a pipe nothing but plain lines. Everything a
 * server said goes through text_visible: it must not steer the terminal.
 */
#include "reports/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "reports/report_case.h"
#include "reports/summary.h"

enum {
    COLUMNS_USUAL = 80,
    BAR_MOST = 52,       /* a longer bar says no more */
    BAR_LEAST = 10,      /* a shorter one says nothing */
    BAR_FRAME = 4,       /* "  [" and "]" */
    FAILED_COLUMNS = 24, /* "   99 failed   99 errors" */
    NAME_COLUMNS = 20,   /* for what is running, before the bar may grow */
    RUNNING_MAX = 256,   /* cases in flight whose names are kept */
    DRAWS = 400,         /* progress lines of a run, about: thousands of cases finish in a second */
    PLAIN_FROM = 100,    /* in a pipe, runs of so many cases say ten times how far they are */
    PLAIN_LINES = 10,
};

struct console {
    struct report_options options;
    int fd;
    size_t selected, done, failed, errors;
    const char *running[RUNNING_MAX]; /* borrowed ids, in the order of their start */
    size_t running_count;
    bool has_progress; /* the progress line stands on the terminal */
    size_t events, drawn_at;
};

struct console *console_new(const struct report_options *options, int fd)
{
    struct console *c = mem_zalloc(1, sizeof *c);
    c->options = *options;
    c->fd = fd;
    c->options.columns = options->columns != 0 ? options->columns : COLUMNS_USUAL;
    return c;
}

void console_free(struct console *c)
{
    free(c);
}

static void print(const struct console *c, const struct buf *text)
{
    struct slice rest = buf_slice(text);
    while (rest.n != 0) {
        ssize_t n = write(c->fd, rest.p, rest.n);
        if (n < 0 && errno != EINTR) {
            return; /* nobody reads it any more */
        }
        rest = slice_from(rest, n > 0 ? (size_t)n : 0);
    }
}

/* clang-format off */
enum look { LOOK_GOOD, LOOK_BAD, LOOK_ODD, LOOK_WARN, LOOK_DIM, LOOK_COUNT };
static const char *const look_codes[LOOK_COUNT] = {
    [LOOK_GOOD] = "\x1b[32m", [LOOK_BAD] = "\x1b[1;31m", [LOOK_ODD] = "\x1b[1;35m",
    [LOOK_WARN] = "\x1b[33m", [LOOK_DIM] = "\x1b[2m",
};
/* clang-format on */

static void add_coloured(const struct console *c, enum look look, const char *text, struct buf *out)
{
    buf_add_text(out, c->options.has_colour ? look_codes[look] : "");
    buf_add_text(out, text);
    buf_add_text(out, c->options.has_colour ? "\x1b[0m" : "");
}

static void take_progress_away(struct console *c, struct buf *out)
{
    if (c->has_progress) {
        buf_add_text(out, "\r\x1b[K");
        c->has_progress = false;
    }
}

/* "  127/158   2 failed" */
static void add_count(const struct console *c, struct buf *out)
{
    buf_addf(out, "  %zu/%zu", c->done, c->selected);
    if (c->failed != 0) {
        buf_addf(out, "   %zu failed", c->failed);
    }
    if (c->errors != 0) {
        buf_addf(out, "   %zu error%s", c->errors, c->errors == 1 ? "" : "s");
    }
}

static void add_bar(const struct console *c, size_t width, struct buf *out)
{
    size_t full = c->selected != 0 ? c->done * width / c->selected : width;
    buf_add_text(out, "  [");
    for (size_t i = 0; i < width; i++) {
        buf_add_char(out, i < full ? '#' : '-');
    }
    buf_add_char(out, ']');
}

/* The same through the whole run, so that the bar only ever grows; 0 where there is no room for it.
 */
static size_t bar_width(const struct console *c, size_t room)
{
    char all[64];
    int n = snprintf(all, sizeof all, "  %zu/%zu", c->selected, c->selected);
    size_t beside = BAR_FRAME + (size_t)n + FAILED_COLUMNS;
    if (room < beside + BAR_LEAST) {
        return 0;
    }
    size_t most = room > beside + NAME_COLUMNS ? room - beside - NAME_COLUMNS : 0;
    most = most < BAR_MOST ? most : BAR_MOST;
    return most > BAR_LEAST ? most : BAR_LEAST;
}

/* One line that never reaches the last column: a terminal would wrap it and leave litter behind. */
static void add_progress(const struct console *c, struct buf *out)
{
    struct buf count, name;
    buf_init(&count, 128);
    buf_init(&name, 1024);
    add_count(c, &count);
    if (c->running_count != 0) {
        text_visible(slice_of(c->running[0]), TEXT_ONE_LINE, &name);
    }
    size_t room = c->options.columns - 1; /* columns are never 0 */
    size_t bar = bar_width(c, room);
    if (bar != 0) {
        add_bar(c, bar, out);
        room -= bar + BAR_FRAME;
    }
    buf_add(out, text_cut(buf_slice(&count), room));
    room -= count.n < room ? count.n : room;
    if (room > 3 && name.n != 0) {
        buf_add_text(out, "   ");
        buf_add(out, text_cut(buf_slice(&name), room - 3));
    }
    buf_release(&count);
    buf_release(&name);
}

static void draw_progress(struct console *c, bool is_due)
{
    size_t pause = c->selected / DRAWS;
    c->events++;
    if (!c->options.is_terminal ||
        (!is_due && c->has_progress && c->events - c->drawn_at <= pause)) {
        return;
    }
    struct buf out;
    buf_init(&out, 4096);
    take_progress_away(c, &out);
    add_progress(c, &out);
    print(c, &out);
    buf_release(&out);
    c->has_progress = true;
    c->drawn_at = c->events;
}

void console_start(struct console *c, size_t selected, const char *world)
{
    c->selected = selected;
    if (selected == 0 || !c->options.is_verbose) {
        return;
    }
    struct buf out;
    buf_init(&out, 256);
    buf_addf(&out, "%zu case%s, %s\n", selected, selected == 1 ? "" : "s", world);
    print(c, &out);
    buf_release(&out);
}

void console_resize(struct console *c, unsigned columns)
{
    c->options.columns = columns;
}

void console_case_start(struct console *c, const char *id)
{
    if (c->running_count < RUNNING_MAX) {
        c->running[c->running_count++] = id;
    }
    draw_progress(c, false);
}

static void forget_running(struct console *c, struct slice id)
{
    for (size_t i = 0; i < c->running_count; i++) {
        if (!slice_eq_text(id, c->running[i])) {
            continue;
        }
        c->running_count--;
        for (size_t k = i; k < c->running_count; k++) {
            c->running[k] = c->running[k + 1];
        }
        return;
    }
}

struct headline {
    const char *word;
    enum look look;
    bool is_quiet; /* shown with --verbose only */
};

static struct headline headline_of(const struct report_case *c)
{
    static const struct headline headlines[] = {
        [VERDICT_PASS] = {"ok", LOOK_GOOD, true},      [VERDICT_FAIL] = {"FAIL", LOOK_BAD, false},
        [VERDICT_ERROR] = {"ERROR", LOOK_ODD, false},  [VERDICT_SKIP] = {"skip", LOOK_DIM, true},
        [VERDICT_XFAIL] = {"xfail", LOOK_DIM, true},   [VERDICT_XPASS] = {"XPASS", LOOK_BAD, false},
        [VERDICT_FLAKY] = {"FLAKY", LOOK_WARN, false},
    };
    static const struct headline warning = {"WARN", LOOK_WARN, false};
    return c->is_warning ? warning : headlines[c->verdict];
}

static void add_headline(const struct console *c, const struct report_case *r, struct buf *out)
{
    struct headline headline = headline_of(r);
    add_coloured(c, headline.look, headline.word, out);
    buf_add_char(out, ' ');
    text_visible(r->id, TEXT_ONE_LINE, out);
    struct buf level;
    buf_init(&level, 1024);
    report_case_add_level(r, &level);
    if (level.n != 0) {
        buf_add_text(out, "  [");
        text_visible(buf_slice(&level), TEXT_ONE_LINE, out);
        buf_add_char(out, ']');
    }
    buf_release(&level);
    buf_add_text(out, "  ");
    report_add_seconds(r->ms, out);
    buf_add_text(out, "s\n");
}

static void add_indented(struct slice text, struct buf *out)
{
    struct buf visible, capped;
    buf_init(&visible, BUF_NO_CAP);
    buf_init(&capped, BUF_NO_CAP);
    text_visible(text, TEXT_KEEP_LINES, &visible);
    report_add_capped(buf_slice(&visible), &capped);
    struct slice rest = buf_slice(&capped), line;
    while (slice_take_until(&rest, '\n', &line)) {
        buf_add_text(out, line.n != 0 ? "  " : "");
        buf_add(out, line);
        buf_add_char(out, '\n');
    }
    buf_release(&visible);
    buf_release(&capped);
}

static void print_result(struct console *c, const struct report_case *r)
{
    bool is_quiet = headline_of(r).is_quiet;
    struct buf out;
    buf_init(&out, BUF_NO_CAP);
    take_progress_away(c, &out);
    add_headline(c, r, &out);
    if (!is_quiet) {
        add_indented(r->text.n != 0 ? r->text : r->message, &out);
        buf_add_char(&out, '\n');
    } else if (r->verdict != VERDICT_PASS) {
        add_indented(r->message, &out);
    }
    print(c, &out);
    buf_release(&out);
}

/* In a pipe: how far a long run is, ten times. */
static void print_plain_progress(const struct console *c)
{
    size_t step = c->selected / PLAIN_LINES;
    bool is_due = !c->options.is_terminal && c->selected >= PLAIN_FROM && c->done % step == 0 &&
                  c->done < c->selected;
    if (!is_due) {
        return;
    }
    struct buf out;
    buf_init(&out, 256);
    add_count(c, &out);
    buf_add_char(&out, '\n');
    print(c, &out);
    buf_release(&out);
}

void console_result(struct console *c, const char *id, const struct json *result)
{
    struct report_case r = report_case_of(result, id, c->options.should_fails);
    c->done++;
    c->failed += report_case_is_failure(&r) ? 1 : 0;
    c->errors += r.verdict == VERDICT_ERROR ? 1 : 0;
    forget_running(c, r.id);
    bool is_shown = !headline_of(&r).is_quiet || c->options.is_verbose;
    if (is_shown) {
        print_result(c, &r);
    }
    print_plain_progress(c);
    draw_progress(c, is_shown || c->done == c->selected);
}

static void add_written(const struct console_written *w, struct buf *out)
{
    buf_addf(out, "   %s: ", w->title);
    text_visible(strcmp(w->path, "-") == 0 ? SLICE("standard output") : slice_of(w->path),
                 TEXT_ONE_LINE, out);
}

void console_finish(struct console *c, const struct run_record *run,
                    const struct console_written *written, size_t count)
{
    struct buf out;
    buf_init(&out, 64 * 1024);
    take_progress_away(c, &out);
    summary_add(run, &out);
    for (size_t i = 0; i < count; i++) {
        add_written(&written[i], &out);
    }
    buf_add_char(&out, '\n');
    print(c, &out);
    buf_release(&out);
}
