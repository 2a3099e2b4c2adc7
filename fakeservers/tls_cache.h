/* SPDX-License-Identifier: Apache-2.0 */
/* The TLS setups a fake may need, each made once, when the fake is made. */
#ifndef SMTPDX_FAKESERVERS_TLS_CACHE_H
#define SMTPDX_FAKESERVERS_TLS_CACHE_H

#include "net/pki.h"
#include "net/tls_setups.h"
#include "scenario/spec.h"

struct tls_cache_entry {
    const struct spec_tls *spec; /* the action's; NULL for the server's own */
    struct tls_setup *setup;
};
struct tls_cache {
    struct tls_cache_entry *entries;
    size_t count, space;
};

/* Where certificates and setups come from, and for what. All borrowed. */
struct tls_cache_source {
    struct pki *pki;
    struct tls_setups *setups; /* shared with other fakes; NULL: each fake makes its own */
    const char *host;
    const struct spec_server *server;
};

/* Makes the setup for the server's own TLS overlaid with over (NULL: nothing).
 * Errors: ERR_INVALID (a leaf, version or fault that is not known), ERR_LIBRARY. */
enum err tls_cache_add(struct tls_cache *cache, const struct tls_cache_source *from,
                       const struct spec_tls *over, struct why *why) MUST_USE;
struct tls_setup *tls_cache_find(const struct tls_cache *cache, const struct spec_tls *over);
void tls_cache_release(struct tls_cache *cache);

#endif
