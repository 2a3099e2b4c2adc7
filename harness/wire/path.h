/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and addresses as SMTP writes them (RFC 5321 4.1.2, 4.1.3, 4.5.3.1; RFC 6531 3.3). The
 * checks are strict, because what passes them is written into a command line: no CR, LF, NUL or
 * other control character can pass, whatever quoting it hides in.
 */
#ifndef SMTPDX_WIRE_PATH_H
#define SMTPDX_WIRE_PATH_H

#include "base/err.h"

enum { PATH_LOCAL_MAX = 64, PATH_DOMAIN_MAX = 255, PATH_MAX_OCTETS = 256 /* with < and > */ };

struct path {
    struct slice local, domain; /* borrow from the address; domain empty only for "postmaster" */
    bool is_quoted;             /* the local part is a quoted string */
    bool needs_smtputf8;        /* an octet outside ASCII (RFC 6531 3.1) */
};

/*
 * Checks a mailbox without angle brackets: local-part@domain, a quoted local part, a domain or an
 * address literal; "postmaster" may stand alone (RFC 5321 4.1.1.3). No source route, no display
 * name, no empty address: the null reverse-path is the caller's affair.
 *
 * Errors: ERR_INVALID (grammar), ERR_LIMIT (a part is too long).
 */
enum err path_check(struct slice address, struct path *out, struct why *why) MUST_USE;

/* The argument of EHLO: a domain or an address literal, ASCII only (RFC 5321 4.1.1.1; a domain in
 * UTF-8 must not be used before the server has offered SMTPUTF8, RFC 6531 3.7.1).
 * Errors: ERR_INVALID, ERR_LIMIT. */
enum err path_check_helo(struct slice name, struct why *why) MUST_USE;

/* Domain = sub-domain *("." sub-domain); letters, digits, inner hyphens; labels to 63 octets. */
bool path_is_domain(struct slice s, bool may_utf8);
/* "[127.0.0.1]", "[IPv6:::1]", "[tag:content]" */
bool path_is_address_literal(struct slice s);

#endif
