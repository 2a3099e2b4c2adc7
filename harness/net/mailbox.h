/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits for a message to arrive in a mailbox, over IMAP: libcurl makes the connection, TLS and the
 * login, imap_look.c asks. Blocks. Always TLS with certificate and name verified; one login, which
 * is never repeated; nothing in the mailbox is changed, and nothing of a message is read.
 */
#ifndef SMTPDX_NET_MAILBOX_H
#define SMTPDX_NET_MAILBOX_H

#include "base/err.h"
#include "base/facts.h"

struct mailbox_request {
    const char *host;
    unsigned port;
    enum security security; /* IMPLICIT or STARTTLS */
    const char *user, *secret;
    bool is_token;              /* XOAUTH2 or OAUTHBEARER; else a password */
    struct slice trust_pem;     /* empty: the system's store */
    const char *connect_to;     /* "host:port" dialled in its place, or NULL */
    const char *proxy;          /* as curl's --proxy, or NULL */
    struct slice message_id;    /* without <> */
    int64_t limit_us;           /* from the call until the last look */
    bool (*is_cancelled)(void); /* asked ten times a second; NULL: never */
};

enum mailbox_state {
    MAILBOX_ARRIVED,
    MAILBOX_NOT_THERE, /* until the time was over */
    MAILBOX_NO_LOGIN,  /* refused, or none of what it offers will do; fault and detail say which */
    MAILBOX_BROKEN,    /* the way there, the certificate, or what the server did: fault, detail */
    MAILBOX_HELD,      /* not tried; of the caller alone: detail says why */
    MAILBOX_CANCELLED,
    MAILBOX_COUNT
};

struct mailbox_answer {
    enum mailbox_state state;
    enum fault fault; /* NONE with NO_LOGIN: the server refused it, in the words of detail */
    char detail[256];
    char code[48];    /* the response code of a refusal, "AUTHENTICATIONFAILED"; "" */
    char folder[256]; /* where it is */
    bool is_junk;
    bool has_junk_folder, is_logged_in;
    unsigned looks, logins; /* logins: commands that were sent */
    int64_t us;             /* from the call until it was seen, or given up */
};

/* What the peer does is in the answer, whatever it is. Errors: ERR_INVALID (a request that is not
 * secure, a Message-ID that cannot be looked for), ERR_LIBRARY (libcurl cannot begin). */
enum err mailbox_look(const struct mailbox_request *request, struct mailbox_answer *out,
                      struct why *why) MUST_USE;

#endif
