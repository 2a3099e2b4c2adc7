/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds command lines (RFC 5321 4.1.1, 4.5.3.1.4). Everything that is put into a line is checked
 * before the first octet is appended, so that no address, name or parameter can inject a line, and
 * a refused command leaves the buffer as it was.
 *
 * All builders append one line with CR LF to out. Errors: ERR_INVALID (a value that cannot stand in
 * a command), ERR_LIMIT (too long for the server to have to take it, or out is full).
 */
#ifndef SMTPDX_WIRE_COMMAND_H
#define SMTPDX_WIRE_COMMAND_H

#include "base/buf.h"
#include "wire/path.h"

enum {
    COMMAND_LINE_MAX = 512,     /* with CR LF (RFC 5321 4.5.3.1.4) */
    COMMAND_SASL_MAX = 12288,   /* AUTH with its initial response (RFC 4954 4) */
    /* Responses behind a 334 are no commands and know no limit but that of the mechanism (RFC 4954 4);
     * ours keeps a token of 48 kB. */
    COMMAND_RESPONSE_MAX = 65536,
    COMMAND_MECHANISM_MAX = 20, /* RFC 4422 3.1 */
};

enum command_greeting { COMMAND_EHLO, COMMAND_HELO };
enum err command_hello(enum command_greeting verb, struct slice name, struct buf *out,
                       struct why *why) MUST_USE;

enum command_body { COMMAND_BODY_NONE, COMMAND_BODY_7BIT, COMMAND_BODY_8BITMIME };

/* Parameters are only to be set when the server has offered them. */
struct command_mail {
    struct slice from;      /* without brackets; empty: the null reverse-path <> */
    bool has_size;          /* SIZE=size (RFC 1870) */
    uint64_t size;          /* octets */
    enum command_body body; /* BODY= (RFC 6152) */
    bool smtputf8;          /* RFC 6531 3.4 */
    bool has_auth;          /* AUTH= (RFC 4954 5) */
    struct slice auth;      /* as xtext; empty: <> */
    struct slice more;      /* further parameters as they are, blank-separated; checked for form */
};
enum err command_mail(const struct command_mail *mail, struct buf *out, struct why *why) MUST_USE;
enum err command_rcpt(struct slice to, struct slice more, struct buf *out,
                      struct why *why) MUST_USE;

/*
 * AUTH with its mechanism (RFC 4954 4). response: raw octets of the initial response, put in as
 * base64 ("=" when empty); NULL: none. The line may then be up to 12288 octets; whether it fits
 * COMMAND_LINE_MAX is for the caller to ask with command_auth_length before.
 */
enum err command_auth(struct slice mechanism, const struct slice *response, struct buf *out,
                      struct why *why) MUST_USE;
/* Octets of that line with CR LF. */
size_t command_auth_length(struct slice mechanism, size_t response_octets);
/* A SASL response line: base64, or an empty line. ERR_LIMIT beyond COMMAND_RESPONSE_MAX. */
enum err command_sasl(struct slice response, struct buf *out, struct why *why) MUST_USE;

/* STARTTLS, DATA, RSET, QUIT, NOOP without an argument; VRFY, NOOP with one (empty: none). */
enum err command_word(const char *verb, struct slice argument, struct buf *out,
                      struct why *why) MUST_USE;
/* BDAT (RFC 3030 2). */
enum err command_bdat(uint64_t octets, bool is_last, struct buf *out, struct why *why) MUST_USE;

/* xtext (RFC 3461 4): appends text with everything but printable ASCII, "+" and "=" as +XX. */
void command_xtext(struct slice text, struct buf *out);

#endif
