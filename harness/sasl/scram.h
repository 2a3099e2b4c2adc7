/* SPDX-License-Identifier: Apache-2.0 */
/* Checks on what a SCRAM server says, made before any key is derived (RFC 5802 5.1 and 7). */
#ifndef SMTPDX_SASL_SCRAM_H
#define SMTPDX_SASL_SCRAM_H

#include "base/err.h"

enum {
    SCRAM_ITERATIONS_MIN = 4096,   /* RFC 7677 4; fewer make the proof easy to crack */
    SCRAM_ITERATIONS_MAX = 600000, /* more would let a server burn our processor */
};

/* The client nonce in a client-first-message; empty when there is none. Borrows from the message.
 */
struct slice scram_client_nonce(struct slice client_first);

/* NULL when the server-first-message may be answered, else what is wrong with it. */
const char *scram_check_server_first(struct slice message, struct slice client_nonce);

#endif
