/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person types to name a server: a provider, a mail address, HOST[:PORT], or a URL. Pure: what
 * the provider files know is used, nothing is asked of the network.
 */
#ifndef SMTPDX_CHECK_TARGET_H
#define SMTPDX_CHECK_TARGET_H

#include "base/arena.h"
#include "provider/provider.h"

/* Strings live in the arena or in the registry. */
struct check_target {
    const struct provider *provider; /* NULL: none that is known */
    const char *host;                /* as it would be configured; a literal without brackets */
    unsigned port;
    enum security security;
    struct slice user;     /* that the target itself names (an address, a URL); empty: none */
    const char *found_by;  /* "providers/outlook.yaml", "as given": for a person */
};

/*
 * Reads the target. Ports that are not said: 465 with smtps://, else the provider's first endpoint,
 * else 587 (RFC 8314 3.3, RFC 6409 3.1). 465 and its kin (2465, 8465) speak TLS from the first octet.
 * Errors: ERR_NOT_FOUND (no provider of that name, or none known for the address; why names the
 * nearest), ERR_INVALID (no host, a port that is none, a scheme of another protocol, a password in the
 * URL, which anybody on this machine could read).
 */
enum err check_target_read(const struct registry *providers, struct slice text, struct arena *arena,
                           struct check_target *out, struct why *why) MUST_USE;

/*
 * Reads where a mailbox is: imaps://[user@]host[:port], or imap://, which is STARTTLS. provider is not
 * looked for. Errors: ERR_INVALID (another scheme, no host, a password in it).
 */
enum err check_mailbox_read(struct slice text, struct arena *arena, struct check_target *out,
                            struct why *why) MUST_USE;

/* How the port is usually spoken. */
enum security check_security_of_port(unsigned port);

#endif
