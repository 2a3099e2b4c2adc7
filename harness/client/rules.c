/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the SMTP client, and the names of what is in it. */
#include "client/rules.h"

#include <assert.h>

/* clang-format off */
#define ROW(stage, timer, only, two, three, four, five, garbage, close, time, source)               \
    { STAGE_##stage, TIMER_##timer, only,                                                           \
      { ARROW_##two, ARROW_##three, ARROW_##four, ARROW_##five, ARROW_##garbage, ARROW_##close,     \
        ARROW_##time }, source }

static const struct client_rule rules[] = {
    /*                          stage     timer     only  2xx   3xx        4xx      5xx      garbage  close time    source */
    [STEP_CONNECT]      = ROW(GREETING, GREETING, 220,  NEXT, ODD,       REFUSED, REFUSED, GARBAGE, LOST, SILENT, "RFC 5321 3.1, 4.3.1; RFC 7504"),
    [STEP_EHLO]         = ROW(EHLO,     COMMAND,  0,    NEXT, ODD,       REFUSED, HELO,    GARBAGE, LOST, SILENT, "RFC 5321 3.2, 4.1.1.1"),
    [STEP_HELO]         = ROW(EHLO,     COMMAND,  0,    NEXT, ODD,       REFUSED, REFUSED, GARBAGE, LOST, SILENT, "RFC 5321 4.1.1.1"),
    [STEP_STARTTLS]     = ROW(STARTTLS, COMMAND,  220,  TLS,  ODD,       REFUSED, REFUSED, GARBAGE, LOST, SILENT, "RFC 3207 4"),
    [STEP_AUTH]         = ROW(AUTH,     COMMAND,  235,  NEXT, CHALLENGE, REFUSED, REFUSED, GARBAGE, LOST, SILENT, "RFC 4954 4, 6"),
    [STEP_MAIL]         = ROW(MAIL,     COMMAND,  0,    NEXT, ODD,       REFUSED, REFUSED, GARBAGE, LOST, SILENT, "RFC 5321 3.3, 4.1.1.2"),
    [STEP_RCPT]         = ROW(RCPT,     COMMAND,  0,    NEXT, ODD,       REFUSED, REFUSED, GARBAGE, LOST, SILENT, "RFC 5321 3.3, 4.1.1.3"),
    [STEP_DATA]         = ROW(DATA,     DATA,     354,  ODD,  NEXT,      REFUSED, REFUSED, GARBAGE, LOST, SILENT, "RFC 5321 3.3, 4.1.1.4"),
    [STEP_BODY]         = ROW(BODY,     CONTENT,  0,    NEXT, ODD,       REFUSED, REFUSED, GARBAGE, LOST, SILENT, "RFC 5321 4.1.1.4, 4.5.3.2.6"),
    [STEP_BDAT]         = ROW(BODY,     CONTENT,  0,    NEXT, ODD,       REFUSED, REFUSED, GARBAGE, LOST, SILENT, "RFC 3030 2"),
    [STEP_RSET]         = ROW(MAIL,     COMMAND,  0,    NEXT, ODD,       REFUSED, REFUSED, GARBAGE, LOST, SILENT, "RFC 5321 4.1.1.5"),
    [STEP_NOOP]         = ROW(EHLO,     COMMAND,  0,    NEXT, ODD,       REFUSED, REFUSED, GARBAGE, LOST, SILENT, "RFC 5321 4.1.1.9"),
    [STEP_VRFY]         = ROW(EHLO,     COMMAND,  0,    NEXT, ODD,       REFUSED, REFUSED, GARBAGE, LOST, SILENT, "RFC 5321 4.1.1.6"),
    [STEP_QUIT]         = ROW(QUIT,     QUIT,     0,    END,  END,       END,     END,     END,     END,  END,    "RFC 5321 4.1.1.10"),
    [STEP_RAW]          = ROW(EHLO,     COMMAND,  0,    NEXT, NEXT,      REFUSED, REFUSED, GARBAGE, LOST, SILENT, "as the scenario says"),
    [STEP_SEND_RAW]     = ROW(EHLO,     NONE,     0,    KEEP, KEEP,      KEEP,    KEEP,    GARBAGE, LOST, NEXT,   "as the scenario says"),
    [STEP_WAIT]         = ROW(EHLO,     STEP,     0,    KEEP, KEEP,      KEEP,    KEEP,    GARBAGE, LOST, NEXT,   "as the scenario says"),
    [STEP_EXPECT_CLOSE] = ROW(QUIT,     STEP,     0,    KEEP, KEEP,      KEEP,    KEEP,    GARBAGE, NEXT, SILENT, "as the scenario says"),
};
static_assert(COUNT(rules) == STEP_COUNT, "one row per step");

static const char *const verb_slugs[] = {
    [STEP_NONE] = "", [STEP_CONNECT] = "connect", [STEP_EHLO] = "ehlo", [STEP_HELO] = "helo",
    [STEP_STARTTLS] = "starttls", [STEP_AUTH] = "auth", [STEP_MAIL] = "mail", [STEP_RCPT] = "rcpt",
    [STEP_DATA] = "data", [STEP_BODY] = "body", [STEP_BDAT] = "bdat", [STEP_RSET] = "rset",
    [STEP_NOOP] = "noop", [STEP_VRFY] = "vrfy", [STEP_QUIT] = "quit", [STEP_RAW] = "raw",
    [STEP_SEND_RAW] = "send_raw", [STEP_WAIT] = "wait", [STEP_EXPECT_CLOSE] = "expect_close",
};
static_assert(COUNT(verb_slugs) == STEP_COUNT, "one name per step");

static const char *const outcome_slugs[] = {
    [OUTCOME_OK] = "ok", [OUTCOME_REFUSED] = "refused", [OUTCOME_FAILED] = "failed",
    [OUTCOME_UNPROVEN] = "unproven", [OUTCOME_UNSUPPORTED] = "unsupported",
};
static_assert(COUNT(outcome_slugs) == OUTCOME_COUNT, "one name per outcome");
/* clang-format on */

const struct client_rule *client_rule(enum client_verb verb)
{
    must(verb > STEP_NONE && verb < STEP_COUNT);
    return &rules[verb];
}

enum happening client_happening(unsigned code)
{
    must(code >= 200 && code <= 599);
    return (enum happening)(HAPPENS_2XX + code / 100 - 2);
}

enum arrow client_arrow(const struct client_rule *rule, unsigned code)
{
    enum happening happening = client_happening(code);
    bool is_the_class = rule->only != 0 && client_happening(rule->only) == happening;
    if (is_the_class && rule->only != code) {
        return ARROW_ODD;
    }
    enum arrow arrow = rule->on[happening];
    return arrow == ARROW_CHALLENGE && code != 334 ? ARROW_ODD : arrow; /* RFC 4954 4 */
}

const char *client_verb_slug(enum client_verb verb)
{
    must(verb < STEP_COUNT);
    return verb_slugs[verb];
}

bool client_verb_from_slug(struct slice slug, enum client_verb *out)
{
    for (int verb = STEP_CONNECT; verb < STEP_COUNT; verb++) {
        if (slice_eq_text(slug, verb_slugs[verb])) {
            *out = (enum client_verb)verb;
            return true;
        }
    }
    return false;
}

const char *client_outcome_slug(enum client_outcome outcome)
{
    must(outcome < OUTCOME_COUNT);
    return outcome_slugs[outcome];
}
