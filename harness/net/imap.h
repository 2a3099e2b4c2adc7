/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As much of IMAP (RFC 9051, RFC 3501) as it takes to look for one message: lines with their
 * literals, the answers to CAPABILITY, LIST and SEARCH, and names that may be put into a command.
 * Pure. The login is libcurl's, in mailbox.c; what is asked, and when, is in imap_look.c.
 */
#ifndef SMTPDX_NET_IMAP_H
#define SMTPDX_NET_IMAP_H

#include "base/buf.h"

enum { IMAP_LINE_MAX = 64 * 1024, IMAP_NAME_MAX = 256 };

/* ---- lines ---- */

enum imap_read {
    IMAP_MORE, /* more octets are wanted */
    IMAP_LINE,
    IMAP_BAD, /* a line or literal without end; every later call says the same */
};

struct imap_reader {
    struct buf line;
    size_t literal; /* octets of it still to come */
    size_t from;    /* where the text behind the last literal begins */
    bool is_done;   /* the line was handed out */
    bool is_bad;
};

void imap_reader_init(struct imap_reader *r);
void imap_reader_release(struct imap_reader *r);
/*
 * Reads one line of an answer, however the network cut it. used: octets taken from in; out (on
 * IMAP_LINE): without its end, with the literals in it as they came ("{4}" CRLF "Junk"); borrows
 * from r until the next call.
 */
enum imap_read imap_read_line(struct imap_reader *r, struct slice in, size_t *used,
                              struct slice *out) MUST_USE;

/* ---- what a line says ---- */

enum imap_kind {
    IMAP_UNTAGGED,
    IMAP_OK, /* this one, NO and BAD: the end of the command with our tag */
    IMAP_NO,
    IMAP_REFUSED, /* BAD */
    IMAP_BYE,     /* the server goes away */
    IMAP_OTHER,   /* a continuation, another tag, or no IMAP */
};
/* rest: what follows the word; borrows from line. */
enum imap_kind imap_kind_of(struct slice line, const char *tag, struct slice *rest);

/* "AUTHENTICATIONFAILED" of "[AUTHENTICATIONFAILED] Invalid credentials" (RFC 5530); empty: none.
 */
struct slice imap_response_code(struct slice rest);

/* Does this untagged CAPABILITY answer name it? */
bool imap_has_capability(struct slice line, const char *name);

struct imap_folder {
    char name[IMAP_NAME_MAX]; /* as the server writes it, decoded from its quotes; not from UTF-7 */
    char delimiter;           /* of the hierarchy; NUL: none */
    bool is_junk;             /* SPECIAL-USE \Junk (RFC 6154) */
    bool may_be_read;         /* neither \Noselect nor \NonExistent */
};
/* An untagged LIST answer. False when it is none, or its name is too long or cannot be sent back.
 */
bool imap_read_list(struct slice line, struct imap_folder *out);

enum { IMAP_JUNK_NEVER = 1000 };
/* How much it looks like the junk folder: 0 when the server says so, then by the usual names;
 * IMAP_JUNK_NEVER: not at all. */
unsigned imap_junk_rank(const struct imap_folder *folder);

/* An untagged SEARCH answer; has_hit: it names a message. False when it is none. */
bool imap_read_search(struct slice line, bool *has_hit);

/* Appends text in quotes. False, and nothing appended, when it cannot stand in them: a line end,
 * NUL or an octet outside ASCII would make another command of it. */
bool imap_quote(struct slice text, struct buf *out);

#endif
