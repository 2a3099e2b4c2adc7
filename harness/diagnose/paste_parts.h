/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of a pasted session: what is remembered of it. */
#ifndef SMTPDX_DIAGNOSE_PASTE_PARTS_H
#define SMTPDX_DIAGNOSE_PASTE_PARTS_H

#include "base/redact.h"
#include "diagnose/paste.h"

enum {
    QUEUE_MAX = 64,
    FAILURES_MAX = 16,
    OFFERED_MAX = 48,
    OFFERED_OCTETS = 512,
    REPLY_KEPT = 16 * 1024,
    DETAIL_KEPT = 300,
    DOCUMENT_MAX = 4096,
    COMMAND_MAX = 48,
    SECRETS_MAX = 16,
    NOTE_WITHIN = 2000, /* octets of a program's line that are looked at */
};

struct command {
    enum stage stage;
    char words[COMMAND_MAX]; /* verb, and the mechanism of AUTH: never more */
};

struct failure {
    struct command command;
    struct slice reply; /* in the arena */
    unsigned long line;
    bool is_healed, is_tls;
};

struct offered {
    struct slice list[OFFERED_MAX];
    size_t count;
};

struct paste {
    const struct registry *providers;
    struct arena arena;
    struct redactor *secrets, *old_secrets; /* old: of sessions before, see paste_begin */
    size_t secret_count;
    struct command queue[QUEUE_MAX];
    size_t waiting;
    struct command last; /* what was answered last */
    struct buf reply;    /* lines of the reply that is coming */
    unsigned reply_code; /* of its last line; 0: none is coming */
    unsigned long line, reply_line;
    struct slice greeting, host, hello, mechanism, username, document;
    struct offered clear, tls;
    struct failure failures[FAILURES_MAX];
    size_t failure_count;
    enum fault fault;
    enum stage fault_stage;
    unsigned long fault_line;
    struct slice detail;
    bool has_reply, has_commands, is_tls, wants_answer /* 334 */, is_body, is_quitting;
    bool auth_sent, is_logged_in, is_accepted;
    unsigned answers;  /* of this AUTH exchange */
    bool is_made_good; /* of the fault: the session went on */
};

/* A copy of at most max octets, as long-lived as p. */
struct slice paste_kept(struct paste *p, struct slice s, size_t max);
/* "AUTH MECHANISM [initial response]": sets the words of c. */
void paste_take_auth(struct paste *p, struct slice text, struct command *c);
/* One answer of the AUTH exchange, the initial response being number 0 (LOGIN: 1). */
void paste_take_credential(struct paste *p, struct slice text, unsigned number);

#endif
