/* SPDX-License-Identifier: Apache-2.0 */
/* From a spec_tls to a tls_setup: certificate by leaf name, versions, ciphers, deliberate faults.
 */
#include "fakeservers/tls_cache.h"

#include <stdlib.h>

enum { NAMES_MAX = 5 };

static const char *either(const char *first, const char *second)
{
    return first != NULL && first[0] != '\0' ? first : second != NULL ? second : "";
}

static struct spec_tls tls_overlay(const struct spec_tls *base, const struct spec_tls *over)
{
    if (over == NULL) {
        return *base;
    }
    return (struct spec_tls){
        .is_set = true,
        .cert = either(over->cert, base->cert),
        .min = either(over->min, base->min),
        .max = either(over->max, base->max),
        .ciphers = either(over->ciphers, base->ciphers),
        .fault = either(over->fault, base->fault),
        .wants_client_cert = over->wants_client_cert || base->wants_client_cert,
    };
}

static enum err tls_versions(const struct spec_tls *spec, struct tls_params *params,
                             struct why *why)
{
    const char *min = either(spec->min, ""), *max = either(spec->max, "");
    if (min[0] != '\0' && !tls_version_from_slug(slice_of(min), &params->min)) {
        return why_set(why, ERR_INVALID, "unknown TLS version '%s'", min);
    }
    if (max[0] != '\0' && !tls_version_from_slug(slice_of(max), &params->max)) {
        return why_set(why, ERR_INVALID, "unknown TLS version '%s'", max);
    }
    return ERR_OK;
}

/* The names a leaf is issued for. Returns how many. */
static size_t tls_names(const struct tls_cache_source *from, const char *names[NAMES_MAX])
{
    const char *extra = from->server->names_extra;
    size_t n = 0;
    if (from->host != NULL && from->host[0] != '\0') {
        names[n++] = from->host;
    }
    names[n++] = "localhost";
    names[n++] = "127.0.0.1";
    names[n++] = "::1";
    if (extra != NULL && extra[0] != '\0') {
        names[n++] = extra;
    }
    return n;
}

static enum err tls_make(const struct spec_tls *spec, const struct tls_cache_source *from,
                         struct tls_setup **out, struct why *why)
{
    struct tls_params params = {.is_server = true,
                                .ciphers = slice_of(either(spec->ciphers, "")),
                                .wants_client_cert = spec->wants_client_cert};
    enum pki_leaf leaf = PKI_VALID;
    const char *cert = either(spec->cert, ""), *fault = either(spec->fault, "");
    if (cert[0] != '\0' && !pki_leaf_from_slug(slice_of(cert), &leaf)) {
        return why_set(why, ERR_INVALID, "unknown certificate '%s'", cert);
    }
    if (fault[0] != '\0' && !tls_fault_from_slug(slice_of(fault), &params.fault)) {
        return why_set(why, ERR_INVALID, "unknown TLS fault '%s'", fault);
    }
    TRY(tls_versions(spec, &params, why));
    const char *names[NAMES_MAX];
    size_t count = tls_names(from, names);
    TRY(pki_issue(from->pki, leaf, names, count, &params.cert_pem, &params.key_pem, why));
    return from->setups != NULL ? tls_setups_get(from->setups, &params, out, why)
                                : tls_setup_new(&params, out, why);
}

enum err tls_cache_add(struct tls_cache *cache, const struct tls_cache_source *from,
                       const struct spec_tls *over, struct why *why)
{
    struct spec_tls spec = tls_overlay(&from->server->tls, over);
    struct tls_setup *setup = NULL;
    TRY(tls_make(&spec, from, &setup, why));
    if (cache->count == cache->space) {
        cache->space = cache->space ? 2 * cache->space : 4;
        cache->entries = mem_realloc(cache->entries, cache->space * sizeof *cache->entries);
    }
    cache->entries[cache->count++] = (struct tls_cache_entry){over, setup};
    return ERR_OK;
}

struct tls_setup *tls_cache_find(const struct tls_cache *cache, const struct spec_tls *over)
{
    for (size_t i = 0; i < cache->count; i++) {
        if (cache->entries[i].spec == over) {
            return cache->entries[i].setup;
        }
    }
    return NULL;
}

void tls_cache_release(struct tls_cache *cache)
{
    for (size_t i = 0; i < cache->count; i++) {
        tls_setup_free(cache->entries[i].setup);
    }
    free(cache->entries);
    *cache = (struct tls_cache){0};
}
