/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an EHLO reply offers (RFC 5321 4.1.1.1, 2.4): each line but the first is one keyword with
 * parameters. Keywords are whole tokens without case, never prefixes: "STARTTLSX" offers nothing.
 * The first line is greeting text only; the last line counts.
 *
 * The functions look at lines as the reply reader gives them, with the first left out
 * (ehlo_lines). Nothing is copied.
 */
#ifndef SMTPDX_WIRE_EHLO_H
#define SMTPDX_WIRE_EHLO_H

#include "wire/reply.h"

struct ehlo {
    const struct slice *lines; /* borrowed */
    size_t count;
};

/* The capability lines of a 250 reply; none for any other reply. Borrows from reply. */
struct ehlo ehlo_lines(const struct reply *reply);

/* Is the keyword offered? params (may be NULL) is what follows it on its first line, trimmed. */
bool ehlo_find(struct ehlo e, const char *keyword, struct slice *params);

enum ehlo_size {
    EHLO_SIZE_ABSENT,    /* no SIZE keyword */
    EHLO_SIZE_UNLIMITED, /* SIZE without a value, or 0: no fixed maximum (RFC 1870 4) */
    EHLO_SIZE_LIMIT,     /* octets; a value beyond 64 bits is given as UINT64_MAX */
    EHLO_SIZE_BAD        /* the value is not 1 to 20 digits */
};
enum ehlo_size ehlo_size(struct ehlo e, uint64_t *limit);

/*
 * Walks the mechanisms of all AUTH lines in their order; repeated lines add up, and the legacy form
 * "AUTH=LOGIN PLAIN" counts (draft-myers-smtp-auth, still sent next to the standard one).
 * Start with a zeroed walk.
 */
struct ehlo_walk {
    size_t line;
    struct slice rest;
};
bool ehlo_next_mechanism(struct ehlo e, struct ehlo_walk *walk, struct slice *mechanism);
bool ehlo_has_auth(struct ehlo e); /* any AUTH line, even an empty one */
bool ehlo_offers_mechanism(struct ehlo e, struct slice mechanism); /* without case */

/* A keyword blotted out as "XXXXXXXA": an inspecting firewall masks STARTTLS this way. */
bool ehlo_is_masked(struct ehlo e);

#endif
