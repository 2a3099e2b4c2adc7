/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking for one message in a mailbox, once the login is done: what is asked, what the answers
 * mean and how long the pauses are. Sans-I/O: lines and the time come in, commands and pauses go
 * out.
 *
 * Nothing is changed: folders are opened with EXAMINE, and of messages nothing is asked but whether
 * one has our Message-ID (RFC 9051 6.3.3, 6.4.4).
 */
#ifndef SMTPDX_NET_IMAP_LOOK_H
#define SMTPDX_NET_IMAP_LOOK_H

#include "net/imap.h"

enum imap_act {
    IMAP_ACT_SEND, /* the command, with its line end; then imap_look_line for each line */
    IMAP_ACT_WAIT, /* until until_us; then imap_look_next again */
    IMAP_ACT_END,  /* see state */
};

enum imap_look_state {
    IMAP_LOOK_ON,        /* goes on */
    IMAP_LOOK_FOUND,     /* in folder */
    IMAP_LOOK_NOT_THERE, /* and the time is over */
    IMAP_LOOK_REFUSED,   /* a command was; words says it */
    IMAP_LOOK_CLOSED,    /* BYE; words says why */
};

enum imap_look_step {
    IMAP_STEP_CAPABILITY,
    IMAP_STEP_LIST_USE, /* with RETURN (SPECIAL-USE) */
    IMAP_STEP_LIST,
    IMAP_STEP_EXAMINE,
    IMAP_STEP_SEARCH,
    IMAP_STEP_PAUSE,
    IMAP_STEP_COUNT
};

struct imap_look {
    char message_id[IMAP_NAME_MAX];
    int64_t end_us; /* of the last look */
    enum imap_look_state state;
    enum imap_look_step step;
    bool is_sent; /* the step's command: its answer is being read */
    bool has_extended, has_use, has_hit;
    struct imap_folder folders[2]; /* INBOX; the junk folder, if there is one */
    unsigned folder_count, at, junk_rank;
    unsigned looks, tag;
    char tag_text[16];
    int64_t until_us;
    struct buf command;
    char words[200];     /* the server's, for REFUSED and CLOSED */
    const char *refused; /* the command that was */
};

/* message_id: without <>; end_us: no look begins after it, but one is made in any case. Errors:
 * ERR_INVALID (a Message-ID that cannot be put into a command). */
enum err imap_look_init(struct imap_look *l, struct slice message_id, int64_t end_us,
                        struct why *why) MUST_USE;
void imap_look_release(struct imap_look *l);

/* What is to be done now. The command lives until the next call. */
enum imap_act imap_look_next(struct imap_look *l, int64_t now_us);
/* One line of the server's. True: the answer is complete, ask imap_look_next. */
bool imap_look_line(struct imap_look *l, struct slice line, int64_t now_us) MUST_USE;

/* The pause behind the nth look (from 0): half a second, each half as long again, ten seconds at
 * most. */
int64_t imap_look_pause_us(unsigned n);

#endif
