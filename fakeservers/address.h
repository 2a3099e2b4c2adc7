/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs, and the arguments of MAIL, RCPT and BDAT, as the fake reads them (RFC 5321 4.1.2, 3030 2).
 */
#ifndef SMTPDX_FAKESERVERS_ADDRESS_H
#define SMTPDX_FAKESERVERS_ADDRESS_H

#include "base/slice.h"

struct address_argument {
    struct slice path;   /* without the angle brackets; empty for <> */
    struct slice params; /* the rest, blanks trimmed at the front */
    bool is_8bit;        /* the path holds octets over 127 */
};

/* Reads "FROM:<path> params" (prefix "FROM:"). False on a syntax error: no prefix, no brackets, a
 * blank behind the colon, controls or blanks in an unquoted path, more than 256 octets, no @. */
bool address_read(struct slice argument, const char *prefix, struct address_argument *out);

/* MAIL and RCPT parameters, as far as the server offered them. */
enum param_fault { PARAM_OK, PARAM_UNKNOWN, PARAM_BAD_VALUE };
struct address_params {
    uint64_t size;  /* of SIZE=; 0: not given */
    bool is_utf8;   /* SMTPUTF8 was given */
    bool is_binary; /* BODY=BINARYMIME was */
};
/* capabilities: the lines of EHLO. */
enum param_fault address_params(struct slice list, bool is_mail, const char *const *capabilities,
                                struct address_params *out);

enum { VERB_NAME_MAX = 32 };
/* The first word of a command in upper case (in `upper`), empty for what cannot be a verb; the
 * rest, trimmed, is the argument. */
struct slice verb_name(struct slice line, char upper[VERB_NAME_MAX + 1], struct slice *argument);

/* "octets [LAST]" */
bool address_chunk(struct slice argument, uint64_t *octets, bool *is_last);

#endif
