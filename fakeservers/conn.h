/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the fake server: the state of a case and of one connection, shared by the files of this
 * folder. A unit of input becomes an event; the polite machine works out an answer without changing
 * anything; the rules of the scenario may say something else; and what was said in the end, by its
 * code, decides how the state goes on. So a scripted "250" to MAIL opens a transaction, and a
 * scripted "451" does not.
 */
#ifndef SMTPDX_FAKESERVERS_CONN_H
#define SMTPDX_FAKESERVERS_CONN_H

#include "fakeservers/address.h"
#include "fakeservers/auth.h"
#include "fakeservers/fake.h"
#include "fakeservers/inlet.h"
#include "fakeservers/outlet.h"
#include "fakeservers/persona.h"
#include "fakeservers/record.h"
#include "fakeservers/tls_cache.h"

enum {
    FAKE_COMMANDS_MAX = 4096,     /* per connection; then 421 */
    FAKE_RECORDED_MAX = 4 << 20,  /* octets of command lines per connection; then 421 */
    FAKE_CONNECTIONS_MAX = 16384, /* per case; more are reset */
    FAKE_RCPTS_MAX = 1000,
    FAKE_MESSAGE_MAX = 64 << 20, /* kept of a message when SIZE says no less */
    FAKE_ENDLESS_DEFAULT = 100000,
};

/* Where a conversation stands between commands. */
enum phase {
    PHASE_HELLO, /* greeting said, EHLO awaited (again after STARTTLS) */
    PHASE_READY,
    PHASE_MAIL, /* a sender, no recipient yet */
    PHASE_RCPT,
    PHASE_CHUNKS,  /* between two BDATs */
    PHASE_REFUSED, /* 554 greeting: only QUIT (RFC 5321 3.1) */
    PHASE_COUNT
};

/* What the next octets are. */
enum reading { READ_NOTHING, READ_COMMAND, READ_SASL, READ_BODY, READ_CHUNK, READ_SCRIPT };

/* The answer worked out for an event: lines separated by LF, no LF at the end. */
struct answer {
    struct buf text;
    bool closes;     /* the connection ends behind it */
    bool is_verdict; /* of AUTH: credentials were judged */
};

struct transaction {
    struct buf from;
    struct slice *rcpts; /* each in the fake's arena */
    size_t rcpt_count, rcpt_space;
    struct buf data;
    uint64_t size;                /* octets of data, kept or not */
    struct address_params params; /* of MAIL */
};

struct conn {
    struct fake *fake;
    unsigned index;
    int64_t now_us; /* of the call into the session that runs */
    struct rng rng; /* for the ids in replies */
    enum phase phase;
    enum reading reading;
    bool inside_tls, is_authed;
    bool has_begun;    /* the greeting is on its way … */
    bool is_greeted;   /* … and complete */
    bool said_quit;    /* the client did */
    bool said_421;     /* we did: leaving without QUIT is no leak then */
    bool is_tls_talk;  /* the client began with a TLS record where clear text was spoken */
    bool has_dropped_tls; /* we did, in the middle of the session */
    bool is_talkative; /* early talk was noted */
    bool is_over;
    struct inlet in;
    struct outlet out;
    struct transaction mail;
    struct auth_dialog auth;
    struct buf argument;          /* path of the MAIL or RCPT just read … */
    struct address_params params; /* … and its parameters */
    uint64_t chunk_left;
    bool chunk_is_last, chunk_is_bad; /* bad: out of sequence or too large; read and refused */
    enum body_state body;
    const struct spec_tls *next_tls; /* an action asked for it; NULL: the server's */
    size_t script_at;
    size_t commands, recorded;
    char binding[32];
    size_t binding_n;
};

struct fake {
    struct fake_params params;
    const struct spec_server *spec;
    struct arena arena;
    struct persona persona;
    struct tls_cache tls;
    struct record record;
    struct conn **conns;
    size_t conn_count, conn_space;
    unsigned *seen;   /* per rule: occurrences of its event */
    unsigned *fired;  /* per rule: how often it was applied */
    unsigned *own_counters; /* what both point into, unless the caller keeps them */
    int64_t start_us; /* the first connection came; the case's clock starts here */
};

/* What happened, for rules and the polite machine. */
struct event {
    struct slice on;       /* "greeting", "body", "sasl" or a verb in upper case */
    struct slice also;     /* a second name it answers to: the last BDAT is a "body" too */
    struct slice argument; /* what `when` looks at */
    enum stage stage;
    unsigned success; /* the code that polite success has; endless lines carry it */
    /* Changes the state after the answer; code is what was said last, 0 when nothing was. */
    void (*effect)(struct conn *c, unsigned code);
};

/* Lines of a text (separated by LF) as they go on the wire, each ended by CRLF. */
void conn_wire(struct slice text, struct buf *out);
void conn_reset_mail(struct conn *c);
/* Queues the handshake; what was read and not yet looked at is thrown away (RFC 3207 5). */
void conn_start_tls(struct conn *c);
void conn_hang_up(struct conn *c, const char *complaint); /* 421 and close */
const char *const *conn_capabilities(const struct conn *c);
uint64_t conn_max_message(const struct conn *c);
/* Fills the placeholders of a text of the persona. */
void conn_fill(struct conn *c, struct slice user, const char *text, struct buf *out);
void conn_record(struct conn *c, const struct inlet_line *line, struct slice verb);

/* Carries the event out: rules first, the polite answer otherwise, then the effect. */
void perform_event(struct conn *c, const struct event *event, const struct answer *polite);
/* Is every cause worded, and does every rule make sense? Errors: ERR_INVALID. */
enum err perform_check(const struct fake *f, struct why *why) MUST_USE;

void verbs_connect(struct conn *c); /* rules on `connect`; politely nothing happens */
void verbs_greet(struct conn *c);
void verbs_command(struct conn *c, const struct inlet_line *line);
void verbs_sasl(struct conn *c, const struct inlet_line *line);
void verbs_body(struct conn *c);  /* the message is complete */
void verbs_chunk(struct conn *c); /* the octets of a BDAT are complete */

/* Strict script: plays what it can. False when it waits for the client. */
bool script_advance(struct conn *c);
void script_end(struct conn *c); /* the client has gone */

extern const struct session_ops conn_ops;
struct conn *conn_new(struct fake *f, unsigned index, int64_t now_us);
void conn_free(struct conn *c);

#endif
