/* SPDX-License-Identifier: Apache-2.0 */
/* A list: a run has as many setups as it has kinds of server, some dozens. */
#include "net/tls_setups.h"

#include <stdlib.h>

struct entry {
    struct tls_params params; /* its ciphers are ours */
    struct tls_setup *setup;
};

struct tls_setups {
    struct entry *list;
    size_t count, space;
};

struct tls_setups *tls_setups_new(void)
{
    return mem_zalloc(1, sizeof(struct tls_setups));
}

void tls_setups_free(struct tls_setups *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < s->count; i++) {
        free((char *)(uintptr_t)s->list[i].params.ciphers.p);
        tls_setup_free(s->list[i].setup);
    }
    free(s->list);
    free(s);
}

static bool is_same_text(struct slice a, struct slice b)
{
    return a.p == b.p && a.n == b.n;
}

static bool is_same(const struct tls_params *a, const struct tls_params *b)
{
    return a->is_server == b->is_server && a->min == b->min && a->max == b->max &&
           slice_eq(a->ciphers, b->ciphers) && is_same_text(a->cert_pem, b->cert_pem) &&
           is_same_text(a->key_pem, b->key_pem) && is_same_text(a->trust_pem, b->trust_pem) &&
           a->skip_verify == b->skip_verify && a->wants_client_cert == b->wants_client_cert &&
           a->fault == b->fault;
}

static void keep(struct tls_setups *s, const struct tls_params *params, struct tls_setup *setup)
{
    if (s->count == s->space) {
        s->space = s->space != 0 ? 2 * s->space : 16;
        s->list = mem_realloc(s->list, s->space * sizeof *s->list);
    }
    struct entry *e = &s->list[s->count++];
    *e = (struct entry){.params = *params, .setup = tls_setup_ref(setup)};
    struct buf ciphers;
    buf_init(&ciphers, BUF_NO_CAP);
    buf_add(&ciphers, params->ciphers);
    size_t n = ciphers.n;
    e->params.ciphers = slice_make(buf_take(&ciphers), n);
}

enum err tls_setups_get(struct tls_setups *s, const struct tls_params *params,
                        struct tls_setup **out, struct why *why)
{
    for (size_t i = 0; i < s->count; i++) {
        if (is_same(&s->list[i].params, params)) {
            *out = tls_setup_ref(s->list[i].setup);
            return ERR_OK;
        }
    }
    TRY(tls_setup_new(params, out, why));
    keep(s, params, *out);
    return ERR_OK;
}
