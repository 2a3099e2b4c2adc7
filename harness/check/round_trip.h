/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Did the message that a check has sent arrive, and where? What came of the look into the mailbox
 * (net/mailbox.h) as a part of the check's result: the state, who must do what, the verdict.
 *
 * The submission was accepted by then, so that the account is usable. A message in the junk folder
 * is a doubt; one that does not arrive, and a mailbox that cannot be read, leave the question open.
 */
#ifndef SMTPDX_CHECK_ROUND_TRIP_H
#define SMTPDX_CHECK_ROUND_TRIP_H

#include "diagnose/diagnose.h"
#include "net/mailbox.h"

enum round_trip_state {
    ROUND_TRIP_NONE, /* not asked for, or no message was accepted */
    ROUND_TRIP_ARRIVED,
    ROUND_TRIP_NOT_THERE,
    ROUND_TRIP_UNREADABLE,
    ROUND_TRIP_INTERRUPTED,
    ROUND_TRIP_COUNT
};
/* none arrived not_there unreadable interrupted */
const char *round_trip_slug(enum round_trip_state state);

/* Strings live as long as the check. */
struct round_trip {
    enum round_trip_state state;
    const char *folder; /* ARRIVED; else "" */
    bool is_junk;
    int64_t us; /* from the acceptance of the message until it was seen, or given up */
    unsigned looks, logins;
    bool has_cause; /* UNREADABLE */
    enum cause cause;
    enum cause_who who;
    const char *text;   /* of the line: "arrived in INBOX after 3.2 s" */
    const char *advice; /* what to do; "" */
};

/* What a look means. before_us: what had passed since the acceptance when it began; is_token: of
 * the login. Texts are made in the arena. */
void round_trip_judge(const struct mailbox_answer *answer, int64_t before_us, bool is_token,
                      struct arena *arena, struct round_trip *out);

struct check;
/* After the check has ended, its message accepted: adds the line, the round trip and its say in the
 * verdict to the result. */
void check_add_round_trip(struct check *c, const struct mailbox_answer *answer, int64_t before_us,
                          bool is_token);

#endif
