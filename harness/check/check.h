/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pre-flight check: can mail be submitted to this server with this credential; if not, at which
 * stage, why, and who must do what. One endpoint, one credential, one mechanism; a login that is
 * refused is never repeated, and nothing is delivered unless that is asked for.
 *
 * It never blocks: everything goes on from callbacks of the world, in either world.
 */
#ifndef SMTPDX_CHECK_CHECK_H
#define SMTPDX_CHECK_CHECK_H

#include "check/preflight.h"
#include "check/round_trip.h"
#include "check/target.h"
#include "client/client.h"
#include "diagnose/diagnose.h"
#include "net/world.h"
#include "result/transcript.h"
#include "scenario/spec.h"

struct tls_setup;

enum check_mark { CHECK_MARK_OK, CHECK_MARK_FAIL, CHECK_MARK_NOTE, CHECK_MARK_COUNT };
const char *check_mark_slug(enum check_mark mark); /* ok fail note */

/* One line of what a person reads. Strings live as long as the check. */
struct check_line {
    const char *name; /* "connect", "AUTH LOGIN" */
    enum stage stage;
    enum check_mark mark;
    const char *text;
    int64_t us; /* how long it took; -1: not measured */
};

/* Everything is borrowed until check_free. Zero means the default given here. */
struct check_params {
    const struct mapper *mapper;
    struct check_target target;
    const char *connect_to, *proxy; /* as in struct dial_params */
    const char *const *resolve;     /* likewise */
    size_t resolve_count;
    enum address_family family;
    struct tls_setup *tls;
    struct slice user, secret;
    enum credential_kind kind; /* NONE: no login */
    struct slice mechanism;    /* empty: the best that provider, server and we know */
    struct slice helo;         /* default "[127.0.0.1]" */
    enum stage until;          /* default: AUTH, without a login what is offered for it; BODY only with may_send */
    bool may_send;             /* the message is delivered */
    struct slice from, rcpt;   /* from: default the user */
    struct slice message_id;   /* without <> */
    enum purpose purpose;
    bool is_strict;            /* doubts stop it, as refusals do */
    bool is_forced;            /* nothing that was found beforehand stops it */
    int64_t wall_time;         /* seconds since 1970 */
    struct {
        int64_t connect /* 15 s */, command /* 30 s */, total /* 2 min, each attempt */;
    } timeout;                 /* microseconds */
    struct spec_retry retry;   /* of what is temporary; max 0: none */
    uint64_t seed;             /* of the jitter */
    int warn_cert_days;        /* a certificate with fewer days left is a doubt */
    int warn_token_days;       /* and a sign-in that ends sooner */
    int64_t token_end_s;       /* when it does, in seconds since 1970; 0: never, or not known */
    const struct check_line *before; /* what was done before it begins: lines that stand first */
    size_t before_count;
    const char *token_text;    /* where the token comes from, for a line of its own; NULL: none */
};

enum check_verdict {
    CHECK_USABLE,     /* AUTH was sent inside verified TLS, and accepted */
    CHECK_REACHED,    /* all that was asked for went well; no login was part of it */
    CHECK_NOT_USABLE, /* somebody has to act */
    CHECK_UNKNOWN,    /* the way there, or something temporary: nothing is known of the account */
    CHECK_VERDICT_COUNT
};
const char *check_verdict_slug(enum check_verdict verdict); /* usable reached not_usable unknown */

enum { CHECK_LINES_MAX = 32, CHECK_ATTEMPTS_MAX = 8 };

struct check_attempt {
    enum check_verdict verdict;
    enum stage stage;
    unsigned code;      /* of the decisive reply; 0: none */
    const char *cause;  /* slug; "" when it went well */
    int64_t waited_us;  /* before it */
};

struct check_result {
    enum check_verdict verdict;
    const char *because; /* a sentence for the verdict where no diagnosis says it; "" */
    struct check_line lines[CHECK_LINES_MAX];
    size_t line_count;
    struct preflight_finding findings[PREFLIGHT_MAX];
    size_t finding_count;
    bool has_diagnosis;
    struct diagnosis diagnosis;
    struct evidence evidence;  /* what the mapper was asked with */
    enum stage stage;          /* that was reached, or that failed */
    const char *address;       /* dialled; "" */
    const char *tried;         /* all that were, in that order, with ", " between them; "" */
    const struct client_report *report; /* of the last attempt; NULL: nothing was dialled */
    struct check_attempt attempts[CHECK_ATTEMPTS_MAX];
    size_t attempt_count;
    unsigned logins;           /* AUTH commands that were sent */
    struct round_trip round_trip; /* of the message, when check_add_round_trip was called */
    bool was_cancelled;
    int64_t us;                /* from start to end */
};

struct check; /* opaque */

/* Looks at what can be known beforehand. Errors: ERR_INVALID, ERR_NOT_FOUND (a parameter that cannot
 * be put into a command; a mechanism that we do not know). */
enum err check_new(const struct check_params *params, struct check **out, struct why *why) MUST_USE;
/* on_done is called once, from the world's loop. */
void check_start(struct check *c, struct world *world, void (*on_done)(void *context),
                 void *context);
/* Will a credential be sent, if everything before goes well? */
bool check_plans_login(const struct check *c);
/* Before check_start: it is not to begin, for this reason, and nothing is known then. */
void check_hold(struct check *c, const char *because);
/* The same, as the token endpoint gave no token: its answer (document), or what happened on the way. */
void check_token_failed(struct check *c, enum fault fault, const char *detail,
                        struct slice document);
/* Once it is done: drops what the mapper says of it. The verdict stays, because is what was replied. */
void check_forget_diagnosis(struct check *c);
/* Ends it as it stands; on_done follows from the loop. A dial that is under way is dropped. */
void check_cancel(struct check *c);
const struct check_result *check_result(const struct check *c);
const struct check_params *check_params(const struct check *c);
const struct transcript *check_transcript(const struct check *c);
int64_t check_start_us(const struct check *c); /* the transcript's times are relative to it */
/* At any time before the world's end, but not from inside on_done's callers: from on_done itself, or later.
 * NULL is fine. */
void check_free(struct check *c);

#endif
