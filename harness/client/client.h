/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SMTP submission client (probe), sans-I/O: RFC 5321, 3207, 4954, 6409, 8314. It executes a list
 * of steps; `until` is turned into the usual list. What the server does is data in the report; the
 * client never retries (that is the caller's policy), never tries another mechanism, never sends a
 * credential outside TLS unless told so in so many words, and says QUIT whenever the connection
 * lives, whatever failed before.
 */
#ifndef SMTPDX_CLIENT_CLIENT_H
#define SMTPDX_CLIENT_CLIENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/facts.h"
#include "base/session.h"

enum client_verb { /* steps of a scenario, in the words of the language */
    STEP_NONE,
    STEP_CONNECT, /* waits for the greeting too */
    STEP_EHLO, STEP_HELO, STEP_STARTTLS, STEP_AUTH,
    STEP_MAIL, STEP_RCPT, STEP_DATA /* DATA and 354 */, STEP_BODY /* message and final dot */,
    STEP_BDAT, STEP_RSET, STEP_NOOP, STEP_VRFY, STEP_QUIT,
    STEP_RAW,          /* sends argument as it is, waits for one reply */
    STEP_SEND_RAW,     /* sends argument, waits for nothing */
    STEP_WAIT,         /* duration_us of silence; what arrives is kept as unsolicited */
    STEP_EXPECT_CLOSE, /* the server has to close */
    STEP_COUNT
};
const char *client_verb_slug(enum client_verb verb);
bool client_verb_from_slug(struct slice slug, enum client_verb *out);

struct client_step {
    enum client_verb verb;
    struct slice argument; /* EHLO name, address, raw octets, message; empty: from the parameters */
    int64_t duration_us;   /* WAIT */
    bool is_last_chunk;    /* BDAT */
    bool is_late;          /* the argument is asked for when the step begins: see late_argument */
};

enum client_initial_response { INITIAL_AUTO /* when offered and the line fits 512 octets */, INITIAL_ALWAYS, INITIAL_NEVER };

/* All slices are borrowed until client_free. Zero means the default given here. */
struct client_params {
    enum security security;
    bool may_skip_tls;       /* SECURITY_NONE, and AUTH in clear is allowed: asked for in so many words */
    struct slice helo;       /* default "[127.0.0.1]"; must be a domain or address literal */
    struct slice host;       /* server name, for SASL */
    unsigned port;
    struct slice mechanism;  /* empty: none, no AUTH. The caller has chosen; see client_choose */
    struct slice user, authzid, secret;
    struct slice nonce;      /* SCRAM, for repeatable runs */
    enum client_initial_response initial_response;
    bool ignore_offer;       /* sends AUTH though the server does not offer it */
    enum stage until;        /* CONNECT … BODY; ignored with steps */
    struct slice from, rcpt; /* envelope; until MAIL and later */
    const struct slice *more_rcpts; size_t more_rcpt_count;
    struct slice message;    /* empty: a minimal correct message is made */
    int64_t date;            /* seconds since 1970, for the message */
    struct slice message_id; /* without <>, for the message */
    const struct client_step *steps; size_t step_count;
    /* Gives the argument of a late step, borrowed until client_free, from what the steps before it came
     * to (client_report). False when it has none: the step then is not carried out. Never asks the
     * network. */
    bool (*late_argument)(void *context, size_t step, struct slice *out);
    void *late_context;
    struct {                 /* microseconds; 0: the default after RFC 5321 4.5.3.2 */
        int64_t connect /* 15 s */, greeting /* 5 min */, command /* 5 min */, data /* DATA: 2 min */,
            block /* 3 min */, final_dot /* 10 min */, quit /* 5 s */, total /* none */;
    } timeout;
    size_t max_reply_bytes;  /* 64 KiB */
    unsigned max_reply_lines; /* 1000 */
};

enum client_outcome { OUTCOME_OK, OUTCOME_REFUSED, OUTCOME_FAILED, OUTCOME_UNPROVEN, OUTCOME_UNSUPPORTED, OUTCOME_COUNT };
const char *client_outcome_slug(enum client_outcome outcome);

/* A reply as the report keeps it. */
struct client_reply {
    unsigned code;             /* 0: none */
    char enhanced[16];         /* "5.7.139", "" if none */
    const struct slice *lines; /* text of each line without code, separator and enhanced code */
    size_t line_count;
    const char *const *notes;  /* deviations: "bare LF", "codes differ", … ; see wire/reply.h */
    size_t note_count;
    struct slice raw;          /* as it came */
};

struct client_stage_time { enum stage stage; int64_t from_us, to_us; bool is_ok; };

struct client_step_result {
    enum client_verb verb;
    struct client_reply reply; /* code 0 when there was none */
    enum fault fault;
    bool was_run;
    int64_t from_us, to_us;
};

enum { CLIENT_STAGE_MAX = 32 };

/* Owned by the client; complete once the session is DONE, readable before. */
struct client_report {
    enum client_outcome outcome;
    enum stage stage;     /* reached on success, or where it went wrong */
    enum fault fault;     /* FAULT_NONE when the reply says it all */
    char detail[256];     /* more words to the fault, e.g. which mechanism was not offered */
    struct client_reply reply;    /* the decisive one */
    struct client_reply greeting;
    struct slice error_document;  /* the SASL 334 JSON, decoded; empty if none */
    const struct slice *clear; size_t clear_count; /* EHLO lines (first line left out) before TLS */
    const struct slice *tls; size_t tls_count;     /* after TLS */
    bool has_clear_ehlo, has_tls_ehlo;
    struct tls_facts tls_facts;
    bool auth_sent, auth_accepted, auth_inside_tls;
    char mechanism[32];   /* used; "" if none */
    bool quit_sent, quit_answered;
    bool mail_accepted;   /* 250 after the final dot */
    bool delivery_unknown; /* the answer to the final dot was lost */
    struct client_stage_time stages[CLIENT_STAGE_MAX]; size_t stage_count;
    const struct client_step_result *steps; size_t step_count;
    const struct client_reply *unsolicited; size_t unsolicited_count;
};

struct client; /* opaque */

/* Errors: ERR_INVALID (an address, name or parameter that cannot be put into a command), ERR_NOT_FOUND
 * (mechanism). Then nothing must be dialled. */
enum err client_new(const struct client_params *params, struct client **out, struct why *why) MUST_USE;
void client_free(struct client *c); /* wipes what held secrets; NULL is fine */
struct session client_session(struct client *c);
const struct client_report *client_report(const struct client *c);
/* Dialling begins: the time for connecting and the time for everything count from now. Without it they
 * count from the first call into the session. */
void client_start(struct client *c, int64_t now_us);
/* To be called before SESSION_TLS_UP is handed in, when the TLS layer has an exporter (RFC 9266). */
void client_set_binding(struct client *c, struct slice binding);

/*
 * The mechanism to use of those offered: the first of `preferred` (space-separated, best first) that
 * stands in the AUTH capability of `lines`. Used by callers when nobody named one. Empty if none.
 * The client calls it itself when mechanism is "auto:LIST".
 */
struct slice client_choose(const struct slice *lines, size_t count, struct slice preferred);

#endif
