/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session as people paste it: the output of openssl s_client, swaks, curl -v, msmtp --debug,
 * PHPMailer, smtplib, Nodemailer, sendmail -v, Exim, an exception with a reply in it. Lines go in;
 * evidence for the mapper comes out. Constant memory, any octets.
 *
 * What a client sent for AUTH is never kept but for the user name, which serves as evidence only;
 * it is hidden wherever the server or the program repeats it.
 */
#ifndef SMTPDX_DIAGNOSE_PASTE_H
#define SMTPDX_DIAGNOSE_PASTE_H

#include "diagnose/diagnose.h"

enum paste_who {
    PASTE_NOTE,   /* neither side: what the program or its library says */
    PASTE_SERVER, /* text begins with a reply code */
    PASTE_CLIENT,
    PASTE_BARE /* nothing says whose: no mark, no code, no verb */
};

struct paste_line {
    enum paste_who who;
    struct slice text; /* without marks, times and quotes; borrowed from the line */
    bool has_mark;     /* somebody's log said whose it is */
    bool is_tls;       /* and that it crossed inside TLS */
};

/* Whose line this is. Knows the marks of the programs named above. */
struct paste_line paste_classify(struct slice line);
/* A refusal quoted in mid-line ("Error: Invalid login: 535 5.7.8 …", "(535, b'5.7.8 …')"): from its
 * code on. Empty when there is none. A tuple is written as a reply into room. */
struct slice paste_quoted_reply(struct slice line, struct buf *room);
/* What a library's message says went wrong; FAULT_NONE when it says nothing we know. */
enum fault paste_fault(struct slice note);
/* The stage a command belongs to; STAGE_NONE for those that decide nothing (NOOP, RSET, HELP). */
bool paste_verb(struct slice command, enum stage *stage);

/* Is it a session? Feed the first lines; see paste_is_session. */
struct paste_look {
    bool has_client, has_mark, has_code_first, has_quoted, has_fault;
};
void paste_look_at(struct paste_look *look, struct slice line);
bool paste_is_session(const struct paste_look *look);

struct paste;                                              /* opaque */
struct paste *paste_new(const struct registry *providers); /* borrowed */
void paste_free(struct paste *p);                          /* wipes; NULL is fine */
void paste_add(struct paste *p, struct slice line);        /* without its end */
/* Does another session begin with this line, the one before having come to its end? Then paste_end tells
 * what that came to, and paste_begin makes p ready for the next; lines are counted on. */
bool paste_is_next(const struct paste *p, struct slice line);
void paste_begin(struct paste *p);

enum paste_outcome {
    PASTE_EMPTY,  /* no reply and no failure was found */
    PASTE_FINE,   /* replies, and none of them a refusal that was not made good */
    PASTE_FAILED, /* evidence says what failed */
};

struct paste_result {
    struct evidence evidence; /* borrows from p until it is freed */
    const char *command;      /* what was answered: "AUTH LOGIN", "RCPT"; "" when unknown */
    unsigned long line;       /* where the answer began or the fault was told; 0: unknown */
    bool is_tls, is_logged_in, is_accepted; /* accepted: a message */
};

/* What the session comes to; given is what was known beforehand. To be called once, at the end. */
enum paste_outcome paste_end(struct paste *p, const struct evidence *given,
                             struct paste_result *out);

#endif
