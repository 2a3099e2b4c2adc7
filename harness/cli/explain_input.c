/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be explained, as it comes: JSON lines, replies or a session. One line is held at a
 * time, and what was judged is written before more is waited for, so that a program may talk to us
 * line by line.
 */
#include "cli/explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lines.h"
#include "base/text.h"
#include "diagnose/json_line.h"
#include "diagnose/paste.h"
#include "doc/json_out.h"

enum {
    LINE_MAX_OCTETS = 1 << 20,
    REPLY_MAX_OCTETS = 64 * 1024,
    OUT_SOFT = 256 * 1024,
    LOOK_LINES = 400, /* that tell a session from a list of replies */
};

void explain_flush(struct explain *x)
{
    if (x->out.n != 0) {
        (void)!fwrite(x->out.p, 1, x->out.n, stdout); /* main() looks at ferror */
        fflush(stdout);
    }
    buf_reset(&x->out);
}

/* ---- one answer ---- */

void explain_count(struct explain *x, const struct diagnosis *d)
{
    x->explained++;
    x->unknown += d->cause == CAUSE_UNKNOWN;
}

void explain_between(struct explain *x)
{
    if (x->has_printed && !x->is_json) {
        buf_add_char(&x->out, '\n');
    }
    x->has_printed = true;
}

static void add_answer(struct explain *x, const struct evidence *e, const struct diagnosis *d)
{
    explain_between(x);
    explain_count(x, d);
    if (!x->is_json) {
        explain_text(d, e, x->columns, &x->out);
        return;
    }
    buf_add_char(&x->out, '{');
    json_out_pair("reply", slice_sub(slice_trim(e->reply), 0, REPLY_MAX_OCTETS), &x->out);
    json_out_pair("stage", slice_of(stage_slug(e->stage)), &x->out);
    json_line_add_diagnosis(d, &x->out);
    buf_add(&x->out, SLICE("}\n"));
}

void explain_reply(struct explain *x, const struct evidence *e)
{
    struct arena arena;
    struct diagnosis d;
    arena_init(&arena);
    mapper_diagnose(x->mapper, e, &arena, &d);
    add_answer(x, e, &d);
    arena_release(&arena);
}

/* ---- JSON lines ---- */

static void add_bad_line(struct explain *x, const struct json_line *l, unsigned long number,
                         const struct why *why)
{
    x->bad++;
    explain_between(x);
    if (!x->is_json) {
        fprintf(stderr, "smtpdx explain: line %lu, column %u: %s\n", number, why->col, why->text);
        return;
    }
    buf_add_char(&x->out, '{');
    json_line_add_kept(l, &x->out);
    json_out_key("line", &x->out);
    buf_addf(&x->out, "%lu", number);
    if (why->col != 0) {
        json_out_key("column", &x->out);
        buf_addf(&x->out, "%u", why->col);
    }
    json_out_pair("error", slice_of(why->text), &x->out);
    buf_add(&x->out, SLICE("}\n"));
}

static void add_json_answer(struct explain *x, const struct json_line *l, struct arena *arena)
{
    struct diagnosis d;
    if (l->session.n != 0) {
        explain_session_object(x, l);
        return;
    }
    mapper_diagnose(x->mapper, &l->evidence, arena, &d);
    if (!x->is_json) {
        add_answer(x, &l->evidence, &d);
        return;
    }
    explain_count(x, &d);
    buf_add_char(&x->out, '{');
    json_line_add_kept(l, &x->out);
    if (l->unknown_provider.n != 0) {
        json_out_key("note", &x->out);
        buf_add_char(&x->out, '"');
        buf_add_text(&x->out, "no provider file has this name; judged without\"");
    }
    json_line_add_diagnosis(&d, &x->out);
    if (d.cause == CAUSE_UNKNOWN) {
        json_out_pair("reply", slice_sub(l->evidence.reply, 0, REPLY_MAX_OCTETS), &x->out);
    }
    buf_add(&x->out, SLICE("}\n"));
}

static void take_json(struct explain *x, struct json_line *l, const struct line *line,
                      struct arena *arena)
{
    struct why why = {.line = 0};
    if (slice_trim(line->text).n == 0) {
        return;
    }
    l->count = 0;
    if (line->is_cut) {
        (void)why_set(&why, ERR_LIMIT, "the line is longer than %d octets", LINE_MAX_OCTETS);
        add_bad_line(x, l, line->number, &why);
    } else if (json_line_read(l, line->text, &x->given, &why) != ERR_OK) {
        add_bad_line(x, l, line->number, &why);
    } else {
        add_json_answer(x, l, arena);
    }
}

/* ---- replies ---- */

struct replies {
    struct buf text; /* of the reply that is not yet at its end */
    char code[3];
    bool is_open;
};

static void end_of_reply(struct explain *x, struct replies *r)
{
    struct evidence e = x->given;
    e.reply = buf_slice(&r->text);
    if (slice_trim(e.reply).n != 0) {
        explain_reply(x, &e);
    }
    buf_reset(&r->text);
    r->is_open = false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "535-…" goes on until "535 …"; everything else is a reply by itself. */
static void take_reply_line(struct explain *x, struct replies *r, struct slice line)
{
    bool has_code =
        line.n >= 3 && is_digit(line.p[0]) && is_digit(line.p[1]) && is_digit(line.p[2]);
    bool goes_on = has_code && line.n > 3 && line.p[3] == '-';
    bool is_next = r->is_open && has_code && memcmp(line.p, r->code, 3) == 0;
    if (r->is_open && !is_next) {
        end_of_reply(x, r);
    }
    if (has_code) {
        memcpy(r->code, line.p, 3);
    }
    if (r->text.n != 0) {
        buf_add_char(&r->text, '\n');
    }
    buf_add(&r->text, line);
    r->is_open = true;
    if (!goes_on) {
        end_of_reply(x, r);
    }
}

/* ---- whatever it is ---- */

struct intake {
    struct explain *x;
    enum explain_form form;
    struct json_line *json;
    struct arena arena;
    struct replies replies;
    struct paste *paste;
    struct paste_look look;
    struct buf held; /* the first lines, until it is known what they are */
    unsigned long held_lines;
};

static void take_line(struct intake *in, const struct line *line)
{
    switch (in->form) {
    case EXPLAIN_JSON:
        take_json(in->x, in->json, line, &in->arena);
        arena_reset(&in->arena);
        break;
    case EXPLAIN_REPLIES:
        take_reply_line(in->x, &in->replies, slice_sub(line->text, 0, REPLY_MAX_OCTETS));
        break;
    case EXPLAIN_SESSION:
        explain_session_line(in->x, in->paste, slice_sub(line->text, 0, REPLY_MAX_OCTETS));
        break;
    case EXPLAIN_AUTO:
        break;
    }
}

static void settle(struct intake *in, enum explain_form form)
{
    struct slice rest = buf_slice(&in->held), text;
    in->form = form;
    if (form == EXPLAIN_SESSION && in->paste == NULL) {
        in->paste = paste_new(in->x->registry);
    }
    for (unsigned long n = 1; slice_take_until(&rest, '\n', &text); n++) {
        take_line(in, &(struct line){.text = text, .number = n});
    }
    buf_release(&in->held);
}

/* A line while it is not known what is to come; '{' as the first octet means JSON. */
static void hold(struct intake *in, const struct line *line)
{
    struct slice text = slice_sub(line->text, 0, REPLY_MAX_OCTETS);
    bool is_first = slice_trim(buf_slice(&in->held)).n == 0;
    if (is_first && slice_has_prefix(slice_trim(text), SLICE("{"))) {
        in->form = EXPLAIN_JSON;
        take_line(in, line);
        return;
    }
    paste_look_at(&in->look, text);
    buf_add(&in->held, text);
    buf_add_char(&in->held, '\n');
    in->held_lines++;
    bool is_clear = in->look.has_client || in->look.has_mark;
    if (is_clear || in->held_lines == LOOK_LINES || in->held.n > (size_t)4 * REPLY_MAX_OCTETS) {
        settle(in, paste_is_session(&in->look) ? EXPLAIN_SESSION : EXPLAIN_REPLIES);
    }
}

static void intake_line(struct intake *in, struct line *line)
{
    static const struct slice mark =
        SLICE_INIT("\xef\xbb\xbf"); /* Windows editors put it in front */
    if (line->number == 1 && slice_has_prefix(line->text, mark)) {
        line->text = slice_from(line->text, mark.n);
    }
    if (in->form == EXPLAIN_AUTO) {
        hold(in, line);
    } else {
        take_line(in, line);
    }
    if (in->x->out.n > OUT_SOFT) {
        explain_flush(in->x);
    }
}

static void intake_begin(struct intake *in, struct explain *x)
{
    *in = (struct intake){.x = x, .form = x->form, .json = mem_alloc(sizeof *in->json)};
    json_line_init(in->json, x->registry);
    arena_init(&in->arena);
    buf_init(&in->replies.text, REPLY_MAX_OCTETS);
    buf_init(&in->held, BUF_NO_CAP);
    if (x->form == EXPLAIN_SESSION) {
        settle(in, EXPLAIN_SESSION);
    }
}

static void intake_end(struct intake *in)
{
    if (in->form == EXPLAIN_AUTO) {
        settle(in, paste_is_session(&in->look) ? EXPLAIN_SESSION : EXPLAIN_REPLIES);
    }
    if (in->form == EXPLAIN_SESSION) {
        explain_session_end(in->x, in->paste);
    } else if (in->form == EXPLAIN_REPLIES) {
        end_of_reply(in->x, &in->replies);
    }
    paste_free(in->paste);
    arena_release(&in->arena);
    json_line_release(in->json);
    free(in->json);
    buf_release(&in->replies.text);
    buf_release(&in->held);
}

static ssize_t read_some(struct lines *l, int fd)
{
    size_t room;
    char *to = lines_room(l, &room);
    ssize_t n;
    do {
        n = read(fd, to, room);
    } while (n < 0 && errno == EINTR);
    if (n >= 0) {
        lines_added(l, (size_t)n);
    }
    return n;
}

bool explain_stream(struct explain *x, int fd, const char *name)
{
    struct intake in;
    struct lines lines;
    struct line line;
    ssize_t n;
    intake_begin(&in, x);
    lines_init(&lines, LINE_MAX_OCTETS);
    do {
        n = read_some(&lines, fd);
        while (lines_next(&lines, &line)) {
            intake_line(&in, &line);
        }
        explain_flush(x);
    } while (n > 0 && ferror(stdout) == 0);
    if (n < 0) {
        fprintf(stderr, "smtpdx explain: %s: %s\n", name, strerror(errno));
    }
    intake_end(&in);
    explain_flush(x);
    lines_release(&lines);
    return n >= 0;
}

/* Line breaks that a log wrote as \r\n become ones. */
static void add_unescaped(struct slice text, struct buf *out)
{
    for (size_t at = 0; at < text.n; at++) {
        bool is_break = text.p[at] == '\\' && at + 1 < text.n && text.p[at + 1] == 'n';
        bool is_return = text.p[at] == '\\' && at + 3 < text.n && text.p[at + 1] == 'r' &&
                         text.p[at + 2] == '\\' && text.p[at + 3] == 'n';
        if (is_break || is_return) {
            buf_add_char(out, '\n');
            at += is_return ? 3 : 1;
        } else {
            buf_add_char(out, text.p[at]);
        }
    }
}

/* One object, as a line of input would be. */
static void argument_json(struct explain *x, struct slice text)
{
    struct arena arena;
    struct json_line *l = mem_alloc(sizeof *l);
    arena_init(&arena);
    json_line_init(l, x->registry);
    take_json(x, l, &(struct line){.text = text, .number = 1}, &arena);
    json_line_release(l);
    free(l);
    arena_release(&arena);
    explain_flush(x);
}

void explain_argument(struct explain *x, struct slice text)
{
    bool may_be_json = x->form == EXPLAIN_AUTO || x->form == EXPLAIN_JSON;
    if (may_be_json && slice_has_prefix(slice_trim(text), SLICE("{"))) {
        argument_json(x, text);
        return;
    }
    struct paste_look look = {.has_client = false};
    struct evidence e = x->given;
    struct buf clean;
    struct slice rest, line;
    buf_init(&clean, BUF_NO_CAP);
    add_unescaped(text, &clean);
    rest = buf_slice(&clean);
    while (x->form != EXPLAIN_REPLIES && slice_take_until(&rest, '\n', &line)) {
        paste_look_at(&look, line);
    }
    if (x->form == EXPLAIN_SESSION || paste_is_session(&look)) {
        struct paste *p = paste_new(x->registry);
        rest = buf_slice(&clean);
        while (slice_take_until(&rest, '\n', &line)) {
            explain_session_line(x, p, line);
        }
        explain_session_end(x, p);
        paste_free(p);
    } else {
        e.reply = buf_slice(&clean);
        if (slice_trim(e.reply).n != 0) {
            explain_reply(x, &e);
        }
    }
    explain_flush(x);
    buf_release(&clean);
}
