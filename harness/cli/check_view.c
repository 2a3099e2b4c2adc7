/* SPDX-License-Identifier: Apache-2.0 */
/* See check_view.h. No colours: it can be pasted into a ticket as it is. */
#include "cli/check_view.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/explain.h"

enum { TEXT_AT = 21, TIME_WIDTH = 9, TEXT_LEAST = 24 };

static const char *security_words(enum security security)
{
    static const char *const words[] = {
        [SECURITY_STARTTLS] = "STARTTLS",
        [SECURITY_IMPLICIT] = "TLS from the first octet",
        [SECURITY_NONE] = "without TLS",
    };
    return words[security];
}

static void add_head(const struct check_params *p, struct buf *out)
{
    const struct check_target *t = &p->target;
    bool is_ipv6 = strchr(t->host, ':') != NULL;
    buf_addf(out, "  %s%s%s:%u  %s  (%s)\n", is_ipv6 ? "[" : "", t->host, is_ipv6 ? "]" : "",
             t->port, security_words(t->security),
             t->provider != NULL ? t->provider->file : t->found_by);
}

static void add_indented(struct slice text, size_t width, struct buf *out)
{
    struct slice rest = text;
    while (rest.n != 0) {
        buf_addf(out, "%*s", TEXT_AT, "");
        buf_add(out, slice_trim(explain_take_line(&rest, width)));
        buf_add_char(out, '\n');
    }
}

/* "  ok    TLS          TLSv1.3, …                     41 ms" */
static void add_line(const struct check_line *line, size_t columns, struct buf *out)
{
    static const char *const marks[] = {"ok", "FAIL", "note"};
    struct buf safe, time;
    size_t width =
        columns > TEXT_AT + TIME_WIDTH + TEXT_LEAST ? columns - TEXT_AT - TIME_WIDTH : TEXT_LEAST;
    buf_init(&safe, BUF_NO_CAP);
    buf_init(&time, 64);
    text_visible(slice_of(line->text), TEXT_ONE_LINE, &safe);
    struct slice rest = slice_trim(buf_slice(&safe));
    struct slice first = slice_trim(explain_take_line(&rest, width));
    buf_addf(out, "  %-5s %-12s ", marks[line->mark], line->name);
    if (strlen(line->name) > 12) { /* a long mechanism: the text begins below it */
        buf_addf(out, "\n%*s", TEXT_AT, "");
    }
    buf_add(out, first);
    if (line->us >= 0) {
        size_t used = text_columns(first);
        text_add_duration(&time, line->us);
        buf_addf(out, "%*s%*s", (int)(width > used ? width - used : 0), "", TIME_WIDTH,
                 buf_text(&time));
    }
    buf_add_char(out, '\n');
    add_indented(rest, width, out);
    buf_release(&safe);
    buf_release(&time);
}

static void field(const char *name, const char *text, size_t columns, struct buf *out)
{
    if (text[0] != '\0') {
        explain_field(name, slice_of(text), columns, out);
    }
}

static const char *verdict_words(enum check_verdict verdict)
{
    static const char *const words[] = {
        [CHECK_USABLE] = "Usable",
        [CHECK_REACHED] = "Reached",
        [CHECK_NOT_USABLE] = "Not usable",
        [CHECK_UNKNOWN] = "Could not tell",
    };
    _Static_assert(COUNT(words) == CHECK_VERDICT_COUNT, "words for each");
    return words[verdict];
}

static void add_diagnosis(const struct check_result *r, size_t columns, struct buf *out)
{
    struct buf text;
    const struct diagnosis *d = &r->diagnosis;
    buf_init(&text, BUF_NO_CAP);
    for (size_t i = 0; i < d->because_count; i++) {
        field(i == 0 ? "  because" : "", d->because[i], columns, out);
    }
    field("  who", explain_who(d->who), columns, out);
    field("  do", d->advice, columns, out);
    field("  retry", explain_retry(d->retry), columns, out);
    field("  more", d->link, columns, out);
    for (size_t i = 0; i < d->alternative_count; i++) {
        buf_truncate(&text, 0);
        buf_addf(&text, "%s, if: %s", cause_slug(d->alternatives[i].cause),
                 d->alternatives[i].tell);
        field(i == 0 ? "  or" : "", buf_text(&text), columns, out);
    }
    buf_release(&text);
}

static void add_round_trip(const struct round_trip *t, size_t columns, struct buf *out)
{
    if (t->has_cause) {
        struct buf text;
        buf_init(&text, 512);
        buf_addf(&text, "%s (%s)", explain_who(t->who), cause_slug(t->cause));
        field("  who", buf_text(&text), columns, out);
        buf_release(&text);
    }
    if (t->state != ROUND_TRIP_NONE) {
        field("  do", t->advice, columns, out);
    }
}

static void add_wrapped(const struct buf *text, size_t columns, struct buf *out)
{
    struct slice rest = buf_slice(text);
    while (rest.n != 0) {
        struct slice line = slice_trim(explain_take_line(&rest, columns - 2));
        buf_addf(out, "  " SLICE_FMT "\n", SLICE_ARG(line));
    }
}

/* "said QUIT, nothing was delivered, 1 login used, 3 attempts" */
static void add_tail(const struct check_result *r, size_t columns, struct buf *out)
{
    struct buf text;
    const struct client_report *report = r->report;
    if (report == NULL || report->stage == STAGE_RESOLVE || report->stage == STAGE_CONNECT) {
        buf_add_text(out, "  nothing was sent\n");
        return;
    }
    buf_init(&text, 512);
    buf_addf(&text, "%s, %s, %u login%s used",
             report->quit_sent && report->quit_answered ? "said QUIT"
             : report->quit_sent                        ? "said QUIT, which was not answered"
                                                        : "the connection was gone before QUIT",
             report->mail_accepted      ? "the message was accepted"
             : report->delivery_unknown ? "whether the message was accepted is not known"
                                        : "nothing was delivered",
             r->logins, r->logins == 1 ? "" : "s");
    if (r->round_trip.logins != 0) {
        buf_addf(&text, ", %u at the mailbox, where nothing was changed", r->round_trip.logins);
    }
    if (r->attempt_count > 1) {
        buf_addf(&text, ", %zu attempts", r->attempt_count);
    }
    add_wrapped(&text, columns, out);
    buf_release(&text);
}

static unsigned doubts(const struct check_result *r)
{
    unsigned n = 0;
    for (size_t i = 0; i < r->finding_count; i++) {
        n += r->findings[i].weight >= PREFLIGHT_DOUBT;
    }
    return n + r->round_trip.is_junk;
}

static void add_verdict(const struct check *c, size_t columns, struct buf *out)
{
    const struct check_result *r = check_result(c);
    const struct client_report *report = r->report;
    struct buf text;
    buf_init(&text, BUF_NO_CAP);
    buf_addf(&text, "%s: ", verdict_words(r->verdict));
    if (r->has_diagnosis) {
        buf_addf(&text, "%s (%s, %s)", cause_sentence(r->diagnosis.cause),
                 cause_slug(r->diagnosis.cause), sureness_slug(r->diagnosis.sure));
    } else if (r->verdict == CHECK_USABLE) {
        buf_addf(&text, "the login with %s was accepted inside verified TLS", report->mechanism);
        unsigned n = doubts(r);
        if (n != 0) {
            buf_addf(&text, "; %u doubt%s, see the note%s", n, n == 1 ? "" : "s", n == 1 ? "" : "s");
        }
    } else if (r->verdict == CHECK_REACHED) {
        buf_addf(&text, "it went well as far as %s; %s", stage_title(r->stage), r->because);
    } else { /* it may be what the server replied */
        text_visible(slice_of(r->because), TEXT_ONE_LINE, &text);
    }
    add_wrapped(&text, columns, out);
    buf_release(&text);
}

void check_view(const struct check *c, const struct check_look *look, struct buf *out)
{
    const struct check_result *r = check_result(c);
    if (!look->is_quiet) {
        add_head(check_params(c), out);
    }
    for (size_t i = 0; i < r->line_count; i++) {
        if (!look->is_quiet || r->lines[i].mark == CHECK_MARK_NOTE) {
            add_line(&r->lines[i], look->columns, out);
        }
    }
    if (!look->is_quiet) {
        buf_add_char(out, '\n');
    }
    add_verdict(c, look->columns, out);
    if (r->has_diagnosis) {
        add_diagnosis(r, look->columns, out);
    }
    add_round_trip(&r->round_trip, look->columns, out);
    if (!look->is_quiet) {
        add_tail(r, look->columns, out);
    }
    if (look->is_verbose && check_transcript(c)->count != 0) {
        buf_add_char(out, '\n');
        transcript_print(check_transcript(c), check_start_us(c), check_transcript(c)->count,
                         SIZE_MAX, out);
    }
}
