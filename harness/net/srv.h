/* SPDX-License-Identifier: Apache-2.0 */
/* SRV records (RFC 2782), for finding a domain's submission server (RFC 6186, RFC 8314 5.1). Blocks. */
#ifndef SMTPDX_NET_SRV_H
#define SMTPDX_NET_SRV_H

#include "base/arena.h"
#include "base/err.h"

enum { SRV_MAX = 16 };

struct srv_record {
    const char *host; /* without the last dot; "." says that there is no such service */
    unsigned priority, weight, port;
};

/*
 * The records of a name, best first: by priority, then by weight. server: "host:port" of a name server
 * to ask instead of the system's (an IPv4 literal), or NULL. *count is 0 when there are none, or no
 * answer; why then says which. Strings live in the arena.
 * Errors: ERR_IO (no answer), ERR_NOT_FOUND (no such records), ERR_INVALID (server).
 */
enum err srv_find(const char *name, const char *server, int timeout_s, struct arena *arena,
                  struct srv_record out[SRV_MAX], size_t *count, struct why *why) MUST_USE;

/* The records in an answer, for what comes out of a packet. False when it is none. */
bool srv_read(struct slice packet, struct arena *arena, struct srv_record out[SRV_MAX],
              size_t *count);

#endif
