/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where one session ends and another begins in a text that holds several: a program that tried
 * again, a log of a day. Nothing is split before the session has come to an end of its own, so that
 * addresses tried one after the other, and the 220 of STARTTLS, stay parts of one.
 */
#include <string.h>

#include "diagnose/paste_parts.h"
#include "wire/reply.h"

/* What programs say before they connect. */
static const struct slice openings[] = {
    SLICE_INIT("Trying "),             /* swaks, curl, telnet */
    SLICE_INIT("connect: ("),          /* smtplib */
    SLICE_INIT("Connection: opening"), /* PHPMailer */
    SLICE_INIT("Connecting to "),      /* s_client and others */
    SLICE_INIT("CONNECTED("),          /* s_client */
    SLICE_INIT("Connected to "),       /* MailKit, curl */
    SLICE_INIT("loaded system trust"), /* msmtp */
};

static bool is_opening(struct slice note)
{
    struct slice text = slice_trim(note);
    for (size_t i = 0; i < COUNT(openings); i++) {
        if (slice_has_prefix_nocase(text, openings[i])) {
            return true;
        }
    }
    return false;
}

/* A greeting names a host or the protocol; the 220 of STARTTLS begins with an enhanced code, speaks
 * of TLS, or both (RFC 5321 4.2, RFC 3207 4). */
static bool is_greeting(struct slice reply)
{
    struct slice rest = slice_from(reply, 4), word;
    if (!slice_has_prefix(reply, SLICE("220")) || !slice_take_word(&rest, &word) ||
        (word.p[0] >= '0' && word.p[0] <= '9')) {
        return false;
    }
    bool names_host = slice_find_char(word, '.') != SIZE_MAX;
    bool names_protocol = slice_find_nocase(rest, SLICE("SMTP")) != SIZE_MAX;
    return (names_host || names_protocol) && slice_find_nocase(rest, SLICE("TLS")) == SIZE_MAX;
}

bool paste_is_next(const struct paste *p, struct slice line)
{
    bool is_over = p->has_reply && p->reply_code == 0 && !p->is_body &&
                   (p->is_quitting || p->failure_count != 0 || p->fault != FAULT_NONE ||
                    (p->has_commands && p->waiting == 0));
    if (!is_over) {
        return false;
    }
    struct paste_line l = paste_classify(line);
    if (l.who == PASTE_SERVER) {
        return p->has_commands && p->waiting == 0 && is_greeting(l.text);
    }
    bool has_ended = p->is_quitting || p->failure_count != 0 || p->fault != FAULT_NONE;
    return l.who != PASTE_CLIENT && has_ended && is_opening(l.text);
}

/* What the sessions before sent stays hidden, as a program may go on to print it; of a day's log
 * that is two generations of secrets, at least those of the last session. */
void paste_begin(struct paste *p)
{
    if (p->secret_count > SECRETS_MAX / 2) {
        redactor_free(p->old_secrets);
        p->old_secrets = p->secrets;
        p->secrets = redactor_new();
        p->secret_count = 0;
    }
    struct paste fresh = {.providers = p->providers,
                          .secrets = p->secrets,
                          .old_secrets = p->old_secrets,
                          .secret_count = p->secret_count,
                          .line = p->line,
                          .arena = p->arena,
                          .reply = p->reply};
    *p = fresh;
    arena_reset(&p->arena);
    buf_reset(&p->reply);
}
