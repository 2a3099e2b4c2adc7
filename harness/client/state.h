/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a client, shared by the files of this folder and by nobody else.
 *   client.c  life, and the session's face: news, octets and time in, acts out
 *   rules.c   the table
 *   plan.c    the list of steps, and the check of everything that will stand in a command
 *   steps.c   what each step sends
 *   flow.c    going through the steps     input.c   octets in
 *   arrows.c  what follows from what came
 *   auth.c    the SASL exchange        tls.c     STARTTLS and implicit TLS
 *   report.c  the report
 */
#ifndef SMTPDX_CLIENT_STATE_H
#define SMTPDX_CLIENT_STATE_H

#include "client/client.h"
#include "client/rules.h"
#include "sasl/sasl.h"
#include "wire/dots.h"
#include "wire/ehlo.h"
#include "wire/reply.h"

enum phase {
    PHASE_DIALLING, /* before SESSION_CONNECTED */
    PHASE_TLS,      /* between START_TLS and the news about it */
    PHASE_WAITING,  /* a step is running: for a reply, a close or the time */
    PHASE_QUIT,     /* our own QUIT behind the steps */
    PHASE_DONE,
};

enum auth_state {
    AUTH_IDLE,
    AUTH_EXCHANGE,
    AUTH_CANCELLED, /* "*" was sent */
};

enum { ACTS_MAX = 8, SASL_ROUNDS_MAX = 16, UNSOLICITED_MAX = 64 };

struct planned_act {
    enum session_act_kind kind;
    size_t from, n; /* in out */
};

struct client {
    struct client_params params;
    struct client_report report;
    struct arena arena; /* what the report points at, the plan, the message */
    /* the plan */
    struct client_step *plan;
    struct client_step_result *results; /* one per step of the plan */
    size_t plan_count, at;
    enum client_verb row; /* of the table: the present step's, or HELO after a refused EHLO */
    bool is_explicit;     /* steps were given: every one is carried out */
    struct slice message;
    struct message_measure measure;
    bool has_message;
    bool needs_smtputf8;
    /* the connection */
    enum phase phase;
    bool is_open;         /* octets can be exchanged */
    bool is_tls;          /* the handshake succeeded */
    bool may_not_talk;    /* TLS failed or was poisoned: nothing more in clear */
    bool is_eof;          /* the peer has closed its side */
    enum fault refusal;   /* of the last problem, whether it decided or not */
    char cancel_why[512]; /* why "*" was sent */
    bool is_reset;        /* the last close was a reset */
    bool is_graceful;     /* the last close came with close_notify */
    bool is_total_over;   /* the time for the whole session ended */
    bool is_in_content;   /* 354 came and the final dot was not sent: a command would be content */
    bool is_content_sent; /* the reply to the final dot is awaited */
    size_t unsent;        /* octets of ours that the network does not take */
    unsigned owed;        /* replies the server has not given in time */
    struct ehlo offered;  /* by the last EHLO in the present TLS state; borrows from the report */
    struct reply_reader reader;
    bool is_early; /* the reply being read began before the present command was sent */
    bool has_421;  /* an unsolicited 421 came */
    struct client_reply last_421; /* the first that came */
    /* the SASL exchange */
    struct sasl_session *sasl;
    enum auth_state auth;
    unsigned auth_rounds;
    struct buf binding;
    /* what is to be done */
    struct buf out;
    struct planned_act acts[ACTS_MAX];
    size_t act_count, act_next;
    /* time */
    bool has_started;
    int64_t deadline_us, total_us, now_us;
    int64_t stage_from_us;
    /* the verdict */
    bool has_verdict; /* it is settled: the first problem counts */
    size_t rcpt_tried, rcpt_accepted;
    struct client_reply first_rcpt_refusal;
    enum stage reached;
    struct client_reply unsolicited[UNSOLICITED_MAX];
};

/* plan.c: errors as client_new. */
enum err plan_make(struct client *c, struct why *why) MUST_USE;
/* Splits "<addr> PARAM…" or a bare address; an empty argument gives fallback. */
struct slice plan_address(struct slice argument, struct slice fallback, struct slice *parameters);
/* Gets the argument of a late step and checks it as plan_make did the others. False: a problem is
 * recorded. */
bool plan_complete(struct client *c);
/* What BODY and BDAT send without an argument of their own. */
struct slice plan_content(const struct client *c, const struct client_step *step);

/* steps.c: sends what the step sends. False: refused by ourselves, a problem is recorded. */
bool step_send(struct client *c, const struct client_step *step);
/* The timer the step runs on once it has been sent; INT64_MAX for none. */
int64_t step_timeout_us(const struct client *c, const struct client_step *step);

/* flow.c */
void flow_start(struct client *c);                           /* TCP, and implicit TLS, is up */
void flow_next(struct client *c);                            /* the present step is done */
void flow_stop(struct client *c);                            /* no more steps: QUIT, then close */
void flow_close(struct client *c);                           /* close without a word */
const struct client_step *flow_step(const struct client *c); /* the present one */
struct client_step_result *flow_result(struct client *c);    /* its result */
enum stage flow_stage(const struct client *c);               /* its stage */
void flow_end_step(struct client *c, bool is_ok);            /* notes time and stage */
/* An unsolicited 421 came and is now the decisive reply; true when nothing more is to be asked. */
bool flow_met_421(struct client *c);

/* arrows.c */
void arrow_take(struct client *c, enum arrow arrow, const struct client_reply *reply);
void arrow_happens(struct client *c, enum happening happening); /* CLOSE or TIME */
void arrow_garbage(struct client *c, const struct client_reply *reply, enum fault why);
void arrow_end(struct client *c, const struct client_reply *reply); /* reply may be NULL */
void arrow_fault(struct client *c, enum fault fault, const struct client_reply *reply);

/* input.c */
void input_take(struct client *c, struct slice bytes);

/* tls.c */
void tls_begin(struct client *c);
void tls_news(struct client *c, const struct session_news *news);

/* auth.c */
bool auth_enter(struct client *c);
void auth_challenge(struct client *c, const struct client_reply *r);
/* A 2yz reply: false when it may not be believed; a problem is recorded. */
bool auth_believe(struct client *c, const struct client_reply *r);
/* A 4yz or 5yz reply: the problem it makes. */
void auth_refused(struct client *c, const struct client_reply *r);
void auth_end(struct client *c); /* keeps the error document, drops the session */

/* report.c */
void report_reply(struct client *c, const struct reply *r, struct client_reply *out);
void report_ehlo(struct client *c, const struct client_reply *r);
void report_stage(struct client *c, enum stage stage, bool is_ok); /* from stage_from_us to now */
/* The first problem decides, and true is returned; later ones change nothing. reply may be NULL. */
bool report_problem(struct client *c, enum client_outcome outcome, enum stage stage,
                    enum fault fault, const struct client_reply *reply);
void report_detail(struct client *c, const char *format, ...) PRINTF(2, 3);
void report_verdict(struct client *c); /* when the steps are done and nothing was wrong */

/* client.c */
void client_act(struct client *c, enum session_act_kind kind);
void client_send(struct client *c, size_t from); /* out from there to its end */
void client_arm(struct client *c, int64_t timeout_us);

#endif
