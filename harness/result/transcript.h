/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What crossed the wire, line by line, as the probe's side saw it: for the person who has to find
 * out why. SASL payloads are masked by position, so that even an unknown secret never gets in here.
 */
#ifndef SMTPDX_RESULT_TRANSCRIPT_H
#define SMTPDX_RESULT_TRANSCRIPT_H

#include "base/arena.h"
#include "doc/json.h"

enum transcript_who { TRANSCRIPT_CLIENT, TRANSCRIPT_SERVER };

enum { TRANSCRIPT_LINES_MAX = 400, TRANSCRIPT_LINE_MAX = 512 };

struct transcript_line {
    int64_t at_us;
    enum transcript_who who;
    bool inside_tls;
    struct slice text; /* without line end; as received, apart from masks; cut when long */
};

struct transcript {
    struct arena *arena;           /* borrowed */
    struct transcript_line *lines; /* in the arena */
    size_t count, space, dropped;  /* dropped: over TRANSCRIPT_LINES_MAX */
    struct buf partial[2];         /* the line that has not ended yet, per side */
    size_t partial_full[2];        /* octets of it, the cut ones included */
    bool in_sasl;                  /* from AUTH to its last reply, all that the client says is SASL */
    bool in_body;                  /* the client sends a message */
    size_t body_octets;
};

void transcript_init(struct transcript *t, struct arena *arena);
void transcript_release(struct transcript *t);
void transcript_octets(struct transcript *t, enum transcript_who who, bool inside_tls,
                       int64_t now_us, struct slice bytes);
/* A remark of ours: "TLS handshake", "connection closed". */
void transcript_note(struct transcript *t, enum transcript_who who, bool inside_tls, int64_t now_us,
                     const char *text);
/* Puts what is left of unfinished lines in; to be called once at the end. */
void transcript_finish(struct transcript *t, int64_t now_us);
/* [{"ms","who","tls","text"}]; times relative to start_us. */
struct json *transcript_to_json(const struct transcript *t, int64_t start_us);
/* The first line in which the client says this verb, for transcript_print; SIZE_MAX: none. */
size_t transcript_find_verb(const struct transcript *t, struct slice verb);
/* The last `last` lines for a person, "   +9.8ms  C: STARTTLS\n" each. The line `here` (SIZE_MAX:
 * none) is marked; when it is not among the last ones, the lines around it are shown instead. */
void transcript_print(const struct transcript *t, int64_t start_us, size_t last, size_t here,
                      struct buf *out);

#endif
