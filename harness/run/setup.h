/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a checked scenario to what client, network and TLS take: target, parameters, pre-flight.
 */
#ifndef SMTPDX_RUN_SETUP_H
#define SMTPDX_RUN_SETUP_H

#include "base/rng.h"
#include "client/client.h"
#include "diagnose/diagnose.h"
#include "net/pki.h"
#include "net/tls_setups.h"
#include "net/world.h"
#include "run/secrets.h"
#include "scenario/match.h"
#include "scenario/spec.h"

/* What is costly or shared, one per worker. All borrowed. */
struct run_context {
    const struct registry *providers;
    const struct mapper *mapper;
    struct secrets *secrets;
    struct pki *pki;
    struct tls_cache *tls;      /* of clients */
    struct tls_setups *setups; /* of fake servers */
    uint64_t seed;
    int64_t wall_time; /* seconds since 1970 when the run began */
    const char *today; /* YYYY-MM-DD */
    const char *hostname; /* full domain name of this machine, for EHLO to real servers; NULL: none */
    bool keep_transcripts;
    const char *again; /* options of the command that repeats a case, or NULL */
    struct peers *peers; /* programs that answer for somebody else's mapper */
    bool only_verdicts; /* of cases that passed nobody wants a document */
};

/* Where to dial, and under which name. Strings live in the arena. */
struct setup_target {
    const struct provider *provider; /* of the probe, or of the endpoint; NULL: none */
    const char *host;                /* the name a user would configure */
    const char *server_name;         /* the name the certificate is checked for, and SNI */
    unsigned port;
    const char *connect_to; /* "host:port" dialled in its place, or NULL */
    const char *proxy;      /* or NULL */
    enum security security;
    enum address_family family;
};

void setup_target(const struct spec_case *c, const struct registry *providers,
                  const struct listener *listener, struct arena *arena, struct setup_target *out);

/* Name the fake server's certificate is for: the persona's host, "localhost" for esmtp. */
const char *setup_fake_host(const struct spec_case *c, const struct registry *providers);

/* Puts the run-time parts into a text. captures may be NULL. Lives in the arena. False when a value
 * was not captured. */
bool setup_text(const struct spec_text *text, const struct spec_case *c,
                const struct secrets *secrets, const struct setup_target *target,
                const struct match_captures *captures, struct arena *arena, struct slice *out);

/* Parameters of one attempt. Slices live in the arena or in the scenario. */
void setup_client_params(const struct spec_case *c, const struct run_context *context,
                         const struct setup_target *target, struct rng *rng, struct arena *arena,
                         struct client_params *out);

/* What can be known before any octet is sent: FAULT_NONE, or the fault and words for a person. */
enum fault setup_preflight(const struct spec_case *c, struct arena *arena, const char **detail);

/* What `classify` tells the mapper. Borrows from the scenario. */
struct evidence setup_evidence(const struct spec_classify *c);

/* Client-side TLS setups, made once per trust anchor. */
struct tls_cache *tls_cache_new(struct pki *pki);
void tls_cache_free(struct tls_cache *cache);
/* Errors: ERR_IO (the CA file), ERR_LIBRARY. Borrowed until tls_cache_free. */
enum err tls_cache_client(struct tls_cache *cache, const struct spec_case *c,
                          struct tls_setup **out, struct why *why) MUST_USE;

#endif
