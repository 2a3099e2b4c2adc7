/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fake submission server: sans-I/O sessions over one shared state per case. Polite unless told
 * otherwise: it keeps the protocol of its persona (greeting, EHLO before and after TLS, AUTH with
 * accounts, MAIL, RCPT, DATA, BDAT, RSET, NOOP, VRFY, QUIT, sizes, sequence errors), and every rule
 * of a spec_server changes it at a counted place. It records what it saw: that is the evidence.
 * It shares no SMTP or SASL code with the client: own command splitter, libgsasl as verifier.
 */
#ifndef SMTPDX_FAKESERVERS_FAKE_H
#define SMTPDX_FAKESERVERS_FAKE_H

#include "base/redact.h"
#include "base/rng.h"
#include "base/session.h"
#include "net/pki.h"
#include "net/tls_setups.h"
#include "scenario/spec.h"

struct fake; /* opaque: one per case */

struct fake_params {
    const struct spec_server *spec;   /* borrowed */
    const struct registry *providers; /* borrowed */
    struct pki *pki;                  /* borrowed */
    struct tls_setups *setups;        /* borrowed: TLS setups shared with other fakes; may be NULL */
    const char *host;                 /* name the certificate is for, besides localhost and loopback IPs */
    uint64_t seed;
    int64_t wall_time;                /* seconds since 1970 at the start of the case, for dates in replies */
    /* Value of a secret by name; empty when unknown. Borrowed for the life of the fake. */
    struct slice (*secret)(const char *name, void *context);
    void *secret_context;
    /* Two per rule, borrowed: how often it met its event and acted. They go on counting, so that a
     * server which recovers has recovered for the next attempt at the case. NULL: from nothing. */
    unsigned *counters;
};

/* Errors: ERR_INVALID (a persona or a cause the persona does not word), ERR_LIBRARY. */
enum err fake_new(const struct fake_params *params, struct fake **out, struct why *why) MUST_USE;
void fake_free(struct fake *f);

/* A new connection. The session belongs to the fake and lives as long as it does. */
struct session fake_accept(struct fake *f, int64_t now_us);
/* TLS from the first octet (implicit)? Then the driver starts TLS with this setup. NULL: STARTTLS or none. */
struct tls_setup *fake_implicit_tls(const struct fake *f);

/* The tls-exporter channel binding (RFC 9266) of a connection, before its SESSION_TLS_UP is handed in;
 * without it the -PLUS mechanisms refuse. Copied. */
void fake_set_binding(const struct session *session, struct slice binding);

struct fake_command {
    int64_t at_us;
    unsigned connection; /* from 0 */
    bool inside_tls;
    struct slice verb;   /* upper case, "" for a line that is no command ("sasl" responses, body) */
    struct slice line;   /* whole line as received, without CRLF; credentials still in it */
    bool is_sasl;        /* a SASL response line */
    bool has_bare_lf;    /* ended by LF alone */
};
struct fake_auth {
    unsigned connection;
    bool inside_tls;
    char mechanism[32]; /* as sent */
    bool has_initial_response;
    struct slice user;  /* as decoded, empty if it could not be */
    bool accepted;
    bool cancelled;
};
struct fake_message { struct slice from; const struct slice *rcpts; size_t rcpt_count; struct slice data; bool inside_tls; };

struct fake_report {
    unsigned connections;
    unsigned quits;            /* connections that said QUIT */
    unsigned leaked;           /* connections closed by the client without QUIT while the server lived */
    unsigned closed_by_us;
    const struct fake_command *commands; size_t command_count;
    const struct fake_auth *auths; size_t auth_count;
    const struct fake_message *messages; size_t message_count;
    unsigned tls_handshakes, tls_failures;
    char tls_version[16], sni[128];
    const char *const *complaints; size_t complaint_count; /* script lines not met, early talk, … */
    struct slice clear_bytes;  /* everything received outside TLS, for the search for secrets */
    bool any_early_talk;       /* octets before our greeting was complete */
};
/* Borrowed until fake_free; may be called at any time. */
const struct fake_report *fake_report(struct fake *f);

#endif
