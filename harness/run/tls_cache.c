/* SPDX-License-Identifier: Apache-2.0 */
/* Client-side TLS setups are costly (a parsed trust store), so each is made once per worker. */
#include <stdlib.h>
#include <string.h>

#include "run/setup.h"

enum { CA_FILE_MAX = 4 * 1024 * 1024 };

struct entry {
    char *ca_file; /* "" for the system's store, NULL for the run's own CA */
    bool skip_verify;
    struct tls_setup *setup;
};

struct tls_cache {
    struct pki *pki;
    struct entry *list;
    size_t count;
};

struct tls_cache *tls_cache_new(struct pki *pki)
{
    struct tls_cache *cache = mem_zalloc(1, sizeof *cache);
    cache->pki = pki;
    return cache;
}

void tls_cache_free(struct tls_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (size_t i = 0; i < cache->count; i++) {
        free(cache->list[i].ca_file);
        tls_setup_free(cache->list[i].setup);
    }
    free(cache->list);
    free(cache);
}

static bool same_file(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static enum err make(struct tls_cache *cache, const char *ca_file, bool skip_verify,
                     struct tls_setup **out, struct why *why)
{
    struct arena arena;
    arena_init(&arena);
    struct tls_params params = {.min = TLS_VERSION_1_2, .skip_verify = skip_verify};
    enum err err = ERR_OK;
    if (ca_file == NULL) {
        params.trust_pem = pki_trust_pem(cache->pki);
    } else if (ca_file[0] != '\0') {
        err = doc_read_file(ca_file, CA_FILE_MAX, &arena, &params.trust_pem, why);
    }
    if (err == ERR_OK) {
        err = tls_setup_new(&params, out, why);
    }
    arena_release(&arena);
    return err;
}

enum err tls_cache_client(struct tls_cache *cache, const struct spec_case *c,
                          struct tls_setup **out, struct why *why)
{
    const char *ca_file = c->endpoint != NULL ? c->endpoint->ca_file : NULL;
    bool skip_verify = c->probe->skip_verify;
    for (size_t i = 0; i < cache->count; i++) {
        if (same_file(cache->list[i].ca_file, ca_file) &&
            cache->list[i].skip_verify == skip_verify) {
            *out = cache->list[i].setup;
            return ERR_OK;
        }
    }
    TRY(make(cache, ca_file, skip_verify, out, why));
    cache->list = mem_realloc(cache->list, (cache->count + 1) * sizeof *cache->list);
    cache->list[cache->count++] = (struct entry){
        .ca_file = ca_file != NULL ? mem_strdup(ca_file) : NULL,
        .skip_verify = skip_verify,
        .setup = *out,
    };
    return ERR_OK;
}
