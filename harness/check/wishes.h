/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody asks of a check in words, read into its parameters. Shared by the command line and
 * the C library, which put the name of their option or member before what `why` says.
 */
#ifndef SMTPDX_CHECK_WISHES_H
#define SMTPDX_CHECK_WISHES_H

#include "base/redact.h"
#include "check/check.h"

/* One word of a closed list; NULL leaves *out as it is. Errors: ERR_NOT_FOUND ("does not know …",
 * with the nearest). */
enum err wish_until(const char *word, enum stage *out, struct why *why) MUST_USE;
enum err wish_purpose(const char *word, enum purpose *out, struct why *why) MUST_USE;
enum err wish_security(const char *word, enum security *out, struct why *why) MUST_USE;
enum err wish_credential(const char *word, enum credential_kind *out, struct why *why) MUST_USE;

/* What is dialled in the target's place, and through which proxy; NULL is fine. Errors: ERR_INVALID
 * ("wants …"). */
enum err wish_connect_to(const char *text, struct why *why) MUST_USE;
enum err wish_proxy(const char *url, struct why *why) MUST_USE;
/* A proxy's own password is not to be seen either, should a library repeat the URL. */
void wish_hide_proxy(const char *url, struct redactor *redactor);

/* What this machine is called in EHLO (RFC 5321 4.1.1.1), in space; NULL when it has no full name.
 */
const char *wish_own_name(char *space, size_t size);

/* All that is no matter of wishes: the time, a name in EHLO where there is none, a Message-ID, how
 * the pauses between attempts grow. */
void wish_complete(struct check_params *p, struct arena *arena);

#endif
