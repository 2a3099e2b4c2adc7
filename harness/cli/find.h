/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which server takes the mail of an address: what the provider files know, the domain's own
 * autoconfiguration document, Mozilla's for it, and SRV records (RFC 6186, RFC 8314 5.1), in this order.
 * Only what came over a verified way is taken: documents over HTTPS; of SRV records, which anybody on the
 * way can forge, only servers within the domain or of a provider that is known.
 */
#ifndef SMTPDX_CLI_FIND_H
#define SMTPDX_CLI_FIND_H

#include "check/check.h"

enum find_step { FIND_FILES = 1, FIND_AUTOCONFIG = 2, FIND_ISPDB = 4, FIND_SRV = 8, FIND_ALL = 15 };

struct find_wish {
    unsigned steps;          /* a sum of enum find_step */
    const char *connect_to;  /* dialled in place of the web servers, or NULL */
    const char *proxy;       /* to them, or NULL */
    const char *name_server; /* ADDRESS:PORT, or NULL: the system's */
    struct slice trust_pem;  /* empty: the system's store */
};

enum { FIND_LINES_MAX = 8 };

struct found {
    struct check_target target;
    struct slice user;                        /* as the document says it; else the address */
    struct check_line lines[FIND_LINES_MAX];  /* each place that was looked at */
    size_t line_count;
};

/* "files,autoconfig,ispdb,srv" or "none"; false when a word is unknown. */
bool find_steps_read(struct slice text, unsigned *out);

/* Blocks. False when nothing was found. Everything lives in the arena or the registry. */
bool find_server(const struct registry *registry, struct slice address, const struct find_wish *wish,
                 struct arena *arena, struct found *out);

#endif
