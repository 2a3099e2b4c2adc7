/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict, linear scripts: octets exactly as written, and a complaint for the first thing that does
 * not happen as written; then the connection is closed, because all that follows would be noise.
 * Every connection plays the script from its start.
 */
#include "fakeservers/address.h"
#include "fakeservers/conn.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* '*' is any text; all else is itself. */
static bool is_like(struct slice pattern, struct slice text)
{
    size_t star = SIZE_MAX, back = 0, p = 0, t = 0;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            back = t;
        } else if (p < pattern.n && pattern.p[p] == text.p[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++back;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*') {
        p++;
    }
    return p == pattern.n;
}

static const struct spec_script_line *script_line(const struct conn *c)
{
    const struct spec_server *spec = c->fake->spec;
    return c->script_at < spec->script_count ? &spec->script[c->script_at] : NULL;
}

static void script_deviates(struct conn *c, const char *want, struct slice wanted, struct slice got)
{
    struct buf shown;
    buf_init(&shown, 512);
    buf_addf(&shown, "script line %zu: wanted %s", c->script_at + 1, want);
    if (wanted.n > 0) {
        buf_add_text(&shown, " '");
        text_visible(slice_sub(wanted, 0, 150), TEXT_ONE_LINE, &shown);
        buf_add_text(&shown, "'");
    }
    buf_add_text(&shown, ", got '");
    text_visible(slice_sub(got, 0, 150), TEXT_ONE_LINE, &shown);
    buf_add_text(&shown, "'");
    record_complain(&c->fake->record, "%s", buf_text(&shown));
    buf_release(&shown);
    inlet_clear(&c->in);
    outlet_do(&c->out, OUT_CLOSE);
    c->reading = READ_NOTHING;
}

static bool play_send(struct conn *c, const struct spec_script_line *line)
{
    outlet_send(&c->out, line->text);
    outlet_send(&c->out, SLICE("\r\n"));
    c->said_421 = c->said_421 || slice_has_prefix(line->text, SLICE("421"));
    return true;
}

static bool play_send_raw(struct conn *c, const struct spec_script_line *line)
{
    outlet_send(&c->out, line->text);
    c->said_421 = c->said_421 || slice_has_prefix(line->text, SLICE("421"));
    return true;
}

static bool play_recv(struct conn *c, const struct spec_script_line *line)
{
    struct inlet_line got;
    if (!inlet_line(&c->in, INLET_SASL_MAX, &got)) {
        return false;
    }
    char upper[VERB_NAME_MAX + 1];
    struct slice argument, verb = verb_name(got.text, upper, &argument);
    conn_record(c, &got, verb);
    c->said_quit = c->said_quit || slice_eq_text(verb, "QUIT");
    if (got.has_bare_lf || got.is_too_long || !is_like(line->text, got.text)) {
        script_deviates(c, got.has_bare_lf ? "a line ended by CR LF" : "the line", line->text,
                        got.text);
        return false;
    }
    return true;
}

static bool play_recv_raw(struct conn *c, const struct spec_script_line *line)
{
    struct slice seen = inlet_peek(&c->in);
    size_t n = seen.n < line->text.n ? seen.n : line->text.n;
    if (!slice_eq(slice_sub(seen, 0, n), slice_sub(line->text, 0, n))) {
        script_deviates(c, "the octets", line->text, seen);
        return false;
    }
    if (n < line->text.n) {
        return false;
    }
    struct inlet_line got = {.text = slice_sub(seen, 0, n), .at_us = c->now_us};
    conn_record(c, &got, slice_of(""));
    inlet_take(&c->in, n);
    return true;
}

static bool play_starttls(struct conn *c, const struct spec_script_line *line)
{
    (void)line;
    conn_start_tls(c);
    return true;
}

static bool play_delay(struct conn *c, const struct spec_script_line *line)
{
    outlet_wait(&c->out, line->duration_us);
    return true;
}

/* The client has to close; script_end sees that it did. */
static bool play_expect_close(struct conn *c, const struct spec_script_line *line)
{
    (void)line;
    if (inlet_peek(&c->in).n > 0) {
        script_deviates(c, "the client to close", slice_of(""), inlet_peek(&c->in));
    }
    return false;
}

static bool play_close(struct conn *c, const struct spec_script_line *line)
{
    static const enum out_kind kinds[] = {
        [CLOSE_FIN] = OUT_CLOSE, [CLOSE_RST] = OUT_RESET, [CLOSE_HALF] = OUT_HALF_CLOSE};
    must(line->close_how < CLOSE_HOW_COUNT);
    outlet_do(&c->out, kinds[line->close_how]);
    return true;
}

/* clang-format off */
static bool (*const players[])(struct conn *c, const struct spec_script_line *line) = {
    [SCRIPT_SEND]         = play_send,
    [SCRIPT_SEND_RAW]     = play_send_raw,
    [SCRIPT_RECV]         = play_recv,
    [SCRIPT_RECV_RAW]     = play_recv_raw,
    [SCRIPT_STARTTLS]     = play_starttls,
    [SCRIPT_DELAY]        = play_delay,
    [SCRIPT_EXPECT_CLOSE] = play_expect_close,
    [SCRIPT_CLOSE]        = play_close,
};
_Static_assert(COUNT(players) == SCRIPT_VERB_COUNT, "one row per verb");
static const char *const verb_names[SCRIPT_VERB_COUNT] = {
    [SCRIPT_SEND] = "send",         [SCRIPT_SEND_RAW] = "send_raw", [SCRIPT_RECV] = "recv",
    [SCRIPT_RECV_RAW] = "recv_raw", [SCRIPT_STARTTLS] = "starttls", [SCRIPT_DELAY] = "delay",
    [SCRIPT_EXPECT_CLOSE] = "expect_close", [SCRIPT_CLOSE] = "close",
};
/* clang-format on */

bool script_advance(struct conn *c)
{
    const struct spec_script_line *line = script_line(c);
    if (line == NULL) {
        if (inlet_peek(&c->in).n > 0) {
            script_deviates(c, "nothing more: the script is over", slice_of(""),
                            inlet_peek(&c->in));
        }
        return false;
    }
    if (!players[line->verb](c, line)) {
        return false;
    }
    c->script_at++;
    return true;
}

void script_end(struct conn *c)
{
    const struct spec_script_line *line = script_line(c);
    if (c->reading != READ_SCRIPT || line == NULL || c->out.is_closed) {
        return;
    }
    if (line->verb == SCRIPT_EXPECT_CLOSE && inlet_peek(&c->in).n == 0) {
        c->script_at++;
        line = script_line(c);
    }
    if (line != NULL && line->verb != SCRIPT_CLOSE) {
        record_complain(&c->fake->record, "script line %zu (%s) was not met: the client has gone",
                        c->script_at + 1, verb_names[line->verb]);
    }
}
