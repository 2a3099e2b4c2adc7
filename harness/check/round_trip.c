/* SPDX-License-Identifier: Apache-2.0 */
/* See round_trip.h. */
#include "check/round_trip.h"

#include "base/text.h"
#include "check/judge.h"

static const char *const slugs[] = {"none", "arrived", "not_there", "unreadable", "interrupted"};
_Static_assert(COUNT(slugs) == ROUND_TRIP_COUNT, "one word for each");

const char *round_trip_slug(enum round_trip_state state)
{
    must((unsigned)state < ROUND_TRIP_COUNT);
    return slugs[state];
}

/* What servers say in brackets when they refuse a login (RFC 5530 3), and what that means for a
 * password and for a token. */
static const struct refusal {
    const char *code;
    enum cause password, token;
} refusals[] = {
    {"EXPIRED", CAUSE_AUTH_PASSWORD_EXPIRED, CAUSE_AUTH_TOKEN_EXPIRED},
    {"UNAVAILABLE", CAUSE_AUTH_TEMPORARY_FAILURE, CAUSE_AUTH_TEMPORARY_FAILURE},
    {"PRIVACYREQUIRED", CAUSE_AUTH_ENCRYPTION_REQUIRED, CAUSE_AUTH_ENCRYPTION_REQUIRED},
    {"LIMIT", CAUSE_AUTH_RATE_LIMITED, CAUSE_AUTH_RATE_LIMITED},
    {"CONTACTADMIN", CAUSE_AUTH_ACCOUNT_DISABLED, CAUSE_AUTH_ACCOUNT_DISABLED},
    {"", CAUSE_AUTH_CREDENTIALS_REJECTED,
     CAUSE_AUTH_TOKEN_REJECTED}, /* AUTHENTICATIONFAILED, or none */
};

static enum cause cause_of_refusal(const char *code, bool is_token)
{
    size_t i = 0;
    while (refusals[i].code[0] != '\0' && !slice_eq_nocase_text(slice_of(code), refusals[i].code)) {
        i++;
    }
    return is_token ? refusals[i].token : refusals[i].password;
}

static void set_cause(struct round_trip *out, enum cause cause)
{
    out->has_cause = true;
    out->cause = cause;
    out->who = cause_who(cause);
}

/* ---- each state ---- */

static const char *duration(struct arena *arena, int64_t us)
{
    struct buf out;
    buf_init(&out, 64);
    text_add_duration(&out, us);
    const char *text = arena_text(arena, buf_slice(&out));
    buf_release(&out);
    return text;
}

static void judge_arrived(const struct mailbox_answer *a, struct arena *arena,
                          struct round_trip *out)
{
    out->folder = arena_text(arena, slice_of(a->folder));
    out->is_junk = a->is_junk;
    const char *after = duration(arena, out->us);
    if (!a->is_junk) {
        out->text = arena_printf(arena, "arrived in %s after %s", out->folder, after);
        return;
    }
    out->text = arena_printf(arena, "in the junk folder (%s) after %s", out->folder, after);
    out->advice = "The recipient's filter holds it for junk: look at what it wrote into the "
                  "message's header, and at SPF, DKIM and DMARC of the sender's domain.";
}

static void judge_not_there(const struct mailbox_answer *a, struct arena *arena,
                            struct round_trip *out)
{
    out->text =
        arena_printf(arena, "not there after %s, looked %u time%s in INBOX%s",
                     duration(arena, out->us), a->looks, a->looks == 1 ? "" : "s",
                     a->has_junk_folder ? " and the junk folder" : "; there is no junk folder");
    out->advice =
        "Look for a bounce in the sender's mailbox, and whether --to and --mailbox are the "
        "same mailbox. It may come later (--verify-timeout), be moved into another folder, "
        "or have been given another Message-ID on its way.";
}

static void judge_no_login(const struct mailbox_answer *a, bool is_token, struct arena *arena,
                           struct round_trip *out)
{
    bool is_refused = a->fault == FAULT_NONE;
    set_cause(out,
              is_refused ? cause_of_refusal(a->code, is_token) : CAUSE_AUTH_MECHANISM_UNSUPPORTED);
    out->text =
        is_refused
            ? arena_printf(arena, "the mailbox cannot be read: the login was refused: %s",
                           a->detail)
            : arena_printf(arena, "the mailbox cannot be read: the server offers no login for a %s",
                           is_token ? "token (OAUTHBEARER, XOAUTH2)" : "password");
    out->advice =
        !is_refused ? "Give the mailbox the other kind of credential: SMTPDX_MAILBOX_PASSWORD or "
                      "SMTPDX_MAILBOX_TOKEN."
        : out->cause == CAUSE_AUTH_TEMPORARY_FAILURE || out->cause == CAUSE_AUTH_RATE_LIMITED
            ? "Try again later; the credential may be right."
        : is_token
            ? "The token has to be good for IMAP, with a scope of its own at some providers: "
              "give another one in SMTPDX_MAILBOX_TOKEN."
            : "Check the user in --mailbox and its password (SMTPDX_MAILBOX_PASSWORD); some "
              "providers want IMAP switched on first, or an app password.";
}

static void judge_broken(const struct mailbox_answer *a, struct arena *arena,
                         struct round_trip *out)
{
    enum cause cause = CAUSE_UNKNOWN;
    (void)!cause_from_slug(slice_of(fault_cause(a->fault)), &cause);
    bool is_imap = a->fault == FAULT_PROTOCOL_ERROR || a->fault == FAULT_UNEXPECTED_REPLY;
    bool is_tls = slice_has_prefix(slice_of(cause_slug(cause)), SLICE("tls.")) &&
                  a->fault != FAULT_STARTTLS_MISSING && a->fault != FAULT_TLS_WRONG_MODE;
    const char *words =
        is_imap ? "what the server says is not what is wanted of IMAP" : fault_sentence(a->fault);
    set_cause(out, cause);
    out->text = arena_printf(arena, "the mailbox cannot be read: %s%s%s", words,
                             a->detail[0] != '\0' ? ": " : "", a->detail);
    out->advice = is_tls ? "Check the host in --mailbox; --ca trusts another authority. The "
                           "certificate is always verified."
                  : !a->is_logged_in
                      ? "Check host and port in --mailbox: imaps:// is TLS from the first "
                        "octet (993), imap:// is STARTTLS (143)."
                      : "The login was accepted, and is not repeated: run the check again, "
                        "or look into the mailbox by other means.";
}

void round_trip_judge(const struct mailbox_answer *answer, int64_t before_us, bool is_token,
                      struct arena *arena, struct round_trip *out)
{
    static const enum round_trip_state states[] = {
        [MAILBOX_ARRIVED] = ROUND_TRIP_ARRIVED,     [MAILBOX_NOT_THERE] = ROUND_TRIP_NOT_THERE,
        [MAILBOX_NO_LOGIN] = ROUND_TRIP_UNREADABLE, [MAILBOX_BROKEN] = ROUND_TRIP_UNREADABLE,
        [MAILBOX_HELD] = ROUND_TRIP_UNREADABLE,     [MAILBOX_CANCELLED] = ROUND_TRIP_INTERRUPTED};
    _Static_assert(COUNT(states) == MAILBOX_COUNT, "one state for each");
    *out = (struct round_trip){.state = states[answer->state],
                               .folder = "",
                               .us = before_us + answer->us,
                               .looks = answer->looks,
                               .logins = answer->logins,
                               .advice = ""};
    switch (answer->state) {
    case MAILBOX_ARRIVED:
        judge_arrived(answer, arena, out);
        break;
    case MAILBOX_NOT_THERE:
        judge_not_there(answer, arena, out);
        break;
    case MAILBOX_NO_LOGIN:
        judge_no_login(answer, is_token, arena, out);
        break;
    case MAILBOX_BROKEN:
        judge_broken(answer, arena, out);
        break;
    case MAILBOX_HELD:
        out->text = arena_printf(arena, "the mailbox was not looked into: %s", answer->detail);
        break;
    case MAILBOX_CANCELLED:
    case MAILBOX_COUNT:
        out->text = "interrupted before it was there";
        break;
    }
}

/* ---- in the check ---- */

static enum check_mark mark_of(const struct check *c)
{
    const struct round_trip *t = &c->result.round_trip;
    bool is_good = t->state == ROUND_TRIP_ARRIVED && !t->is_junk;
    bool is_note = t->state == ROUND_TRIP_INTERRUPTED ||
                   (t->state == ROUND_TRIP_ARRIVED && !c->params.is_strict);
    return is_good ? CHECK_MARK_OK : is_note ? CHECK_MARK_NOTE : CHECK_MARK_FAIL;
}

void check_add_round_trip(struct check *c, const struct mailbox_answer *answer, int64_t before_us,
                          bool is_token)
{
    struct check_result *r = &c->result;
    struct round_trip *t = &r->round_trip;
    round_trip_judge(answer, before_us, is_token, &c->arena, t);
    enum check_mark mark = mark_of(c);
    if (r->line_count < CHECK_LINES_MAX) {
        r->lines[r->line_count++] = (struct check_line){"delivery", STAGE_BODY, mark, t->text, -1};
    }
    bool is_open = t->state != ROUND_TRIP_ARRIVED;
    if (r->verdict == CHECK_USABLE && (is_open || mark == CHECK_MARK_FAIL)) {
        r->verdict = is_open ? CHECK_UNKNOWN : CHECK_NOT_USABLE;
        r->because = arena_printf(&c->arena, "the message was accepted, and is %s",
                                  is_open ? "not known to have arrived" : "in the junk folder");
    }
}
