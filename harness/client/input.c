/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Octets in. Two rules keep client and server in step: a reply counts for a step only if its first
 * octet came after the step's command was sent, and whatever else comes is kept as unsolicited.
 * Octets behind the 220 of STARTTLS end the session (RFC 3207 4.2, VU#555316).
 */
#include "client/state.h"

#include "base/text.h"

/* The first ones are enough to tell the story. What comes behind them is not even copied: a flood must
 * not fill the memory. */
static void keep_unsolicited(struct client *c, const struct reply *r)
{
    bool is_421 = r->code == 421;
    c->has_421 = c->has_421 || is_421;
    bool is_first_421 = is_421 && c->last_421.code == 0;
    if (c->report.unsolicited_count == UNSOLICITED_MAX && !is_first_421) {
        return;
    }
    struct client_reply reply;
    report_reply(c, r, &reply);
    if (is_first_421) {
        c->last_421 = reply;
    }
    if (c->report.unsolicited_count < UNSOLICITED_MAX) {
        c->unsolicited[c->report.unsolicited_count++] = reply;
    }
}

/* What came behind a reply, before we could have asked for more. An unfinished reply stays in the
 * reader, marked as early. */
static void keep_the_rest(struct client *c, struct slice bytes)
{
    c->is_early = false;
    while (bytes.n != 0) {
        struct reply r;
        size_t used = 0;
        enum read_result got = reply_read(&c->reader, bytes, &used, &r);
        bytes = slice_from(bytes, used);
        if (got == READ_MORE) {
            c->is_early = true;
            return;
        }
        keep_unsolicited(c, &r);
        if (got == READ_BAD) { /* nothing behind it can be made out any more */
            reply_reader_reset(&c->reader);
            return;
        }
    }
}

/* While QUIT waits: replies owed for a command that timed out come first. */
static bool quit_reply(struct client *c, enum read_result got, const struct reply *r)
{
    if ((got == READ_BAD || r->code != 221) && c->owed != 0) {
        c->owed--;
        keep_unsolicited(c, r);
        if (got == READ_BAD) { /* the tail of a reply whose beginning was given up */
            reply_reader_reset(&c->reader);
        }
        return false;
    }
    c->report.quit_answered = got == READ_REPLY && r->code == 221;
    if (got == READ_REPLY && r->code != 221) {
        keep_unsolicited(c, r);
    }
    flow_close(c);
    return true;
}

/* A TLS record where the greeting should be: alert or handshake (RFC 8446 5.1, RFC 8314 3.3). */
static bool speaks_tls(struct client *c, struct slice bytes)
{
    bool is_first = c->row == STEP_CONNECT && !c->is_tls &&
                    (c->reader.is_done || c->reader.raw.n == 0) && c->report.greeting.code == 0;
    return is_first && (bytes.p[0] == 0x15 || bytes.p[0] == 0x16);
}

static void read_bad(struct client *c, const struct reply *r)
{
    struct client_reply reply;
    if (client_rule(c->row)->on[HAPPENS_GARBAGE] == ARROW_END) {
        arrow_end(c, NULL);
        return;
    }
    bool is_endless = REPLY_HAS(r->notes, TOO_MANY_LINES) || REPLY_HAS(r->notes, TOO_MANY_OCTETS);
    report_reply(c, r, &reply);
    flow_result(c)->reply = reply;
    arrow_garbage(c, &reply, is_endless ? FAULT_REPLY_TOO_LONG : FAULT_PROTOCOL_ERROR);
}

/* The line that stands where a TLS record should, as the TLS filter quotes it when it comes later. */
static void quote(struct client *c, struct slice bytes)
{
    if (c->report.fault != FAULT_PLAINTEXT_INJECTION) {
        return; /* something else went wrong before, and decided */
    }
    struct buf text;
    struct slice line = bytes;
    (void)slice_take_until(&bytes, '\n', &line);
    buf_init(&text, sizeof c->report.detail - 32);
    text_visible(slice_sub(slice_trim_end(line, "\r"), 0, 64), TEXT_ONE_LINE, &text);
    report_detail(c, "behind the 220: \"%s\"", buf_text(&text));
    buf_release(&text);
}

/* One reply while a step waits. True when the step has ended with it. */
static bool step_reply(struct client *c, const struct reply *r, struct slice rest)
{
    enum arrow arrow = client_arrow(client_rule(c->row), r->code);
    if (arrow == ARROW_TLS && c->is_tls) {
        arrow = ARROW_ODD; /* there is no TLS inside TLS (RFC 3207 4.2) */
    }
    if (arrow == ARROW_KEEP || c->is_early) {
        c->is_early = false;
        keep_unsolicited(c, r);
        if (!flow_met_421(c)) {
            return false;
        }
        flow_end_step(c, false);
        flow_stop(c);
        return true;
    }
    struct client_reply reply;
    report_reply(c, r, &reply);
    if (arrow == ARROW_TLS && rest.n != 0) {
        c->may_not_talk = true;
        flow_result(c)->reply = reply;
        arrow_fault(c, FAULT_PLAINTEXT_INJECTION, &reply);
        quote(c, rest);
        keep_the_rest(c, rest); /* evidence */
        flow_end_step(c, false);
        flow_close(c);
        return true;
    }
    keep_the_rest(c, rest);
    arrow_take(c, arrow, &reply);
    return true;
}

void input_take(struct client *c, struct slice bytes)
{
    while (bytes.n != 0 && (c->phase == PHASE_WAITING || c->phase == PHASE_QUIT)) {
        struct reply r;
        size_t used = 0;
        if (c->phase == PHASE_WAITING && speaks_tls(c, bytes)) {
            c->may_not_talk = true;
            arrow_fault(c, FAULT_TLS_WRONG_MODE, NULL);
            flow_end_step(c, false);
            flow_close(c);
            return;
        }
        enum read_result got = reply_read(&c->reader, bytes, &used, &r);
        bytes = slice_from(bytes, used);
        if (got == READ_MORE) {
            return;
        }
        if (c->phase == PHASE_QUIT) {
            if (quit_reply(c, got, &r)) {
                return;
            }
        } else if (got == READ_BAD) {
            read_bad(c, &r);
            return;
        } else if (step_reply(c, &r, bytes)) {
            return;
        }
    }
}
