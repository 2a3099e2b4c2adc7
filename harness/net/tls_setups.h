/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS setups that many fake servers share. A setup costs as much as the handshake that uses it (the
 * keys are read and checked by OpenSSL's decoders), so each distinct one is made once per worker.
 */
#ifndef SMTPDX_NET_TLS_SETUPS_H
#define SMTPDX_NET_TLS_SETUPS_H

#include "net/tls.h"

struct tls_setups; /* opaque */

struct tls_setups *tls_setups_new(void);
void tls_setups_free(
    struct tls_setups *s); /* NULL is fine; setups live on while they are referred to */

/*
 * A reference to the setup for these parameters. Certificates, keys and trust are told apart by
 * their address, not their text: they have to live as long as s, as those of pki.h do.
 * Errors: as tls_setup_new; nothing is kept then.
 */
enum err tls_setups_get(struct tls_setups *s, const struct tls_params *params,
                        struct tls_setup **out, struct why *why) MUST_USE;

#endif
