/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of the store for the accounts of a batch. They are had in blocks, while nothing else is
 * under way: asking a token endpoint blocks, and nobody's time may run out over it. The store is
 * locked for as long as a block takes.
 */
#include <time.h>

#include "cli/check_batch.h"
#include "cli/check_stored.h"

static void hide(struct batch_account *a, const struct token_entry *e)
{
    const char *const secrets[] = {e->access_token, e->refresh_token, e->client_secret};
    struct why why;
    for (size_t i = 0; i < COUNT(secrets); i++) {
        (void)!redactor_add(a->redactor, "token", slice_of(secrets[i]), &why); /* one too short */
    }
}

static void take(struct batch_account *a, struct stored_token *s, const char *name, bool is_renewed)
{
    struct token_entry e;
    bool is_there = token_store_find(s->store, name, &e);
    must(is_there);
    hide(a, &e);
    if (a->params.secret.n != 0) { /* the one before */
        explicit_bzero((char *)(uintptr_t)a->params.secret.p, a->params.secret.n);
    }
    check_take_stored(&a->params, &e, is_renewed, &a->arena);
}

enum err account_take_token(struct batch_account *a, struct stored_token *s, struct why *why)
{
    const char *name;
    struct token_entry e;
    TRY(check_find_stored(s, &a->params, &a->arena, &name, why));
    (void)token_store_find(s->store, name, &e);
    hide(a, &e);
    a->is_ready = true;
    bool is_good = a->must_renew ? check_is_renewed_elsewhere(&a->params, &e)
                                 : token_is_fresh(&e, (int64_t)time(NULL));
    if (is_good) {
        take(a, s, name, a->must_renew);
        return ERR_OK;
    }
    struct token_flow *flow = NULL;
    bool is_renewed = token_renew(s->store, name, &s->route, &flow, why);
    if (is_renewed) {
        take(a, s, name, true);
    } else if (flow != NULL && why->text[0] == '\0') { /* the endpoint gave none */
        a->token_flow = flow;
        a->params.kind = CREDENTIAL_NONE;
        return ERR_OK;
    }
    token_flow_free(flow);
    return is_renewed ? ERR_OK : ERR_IO;
}
