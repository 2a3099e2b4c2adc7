/* SPDX-License-Identifier: Apache-2.0 */
/* See check_stored.h. */
#include "cli/check_stored.h"

#include <time.h>

enum err check_find_stored(const struct stored_token *s, const struct check_params *p,
                           struct arena *arena, const char **name, struct why *why)
{
    struct token_entry e;
    const char *user = arena_text(arena, p->user);
    const struct provider *provider = p->target.provider;
    const char *own = provider != NULL ? arena_printf(arena, "%s/%s", provider->name, user) : NULL;
    if (own != NULL && token_store_find(s->store, own, &e)) {
        *name = own;
        return ERR_OK;
    }
    return stored_find(s, user, arena, name, why);
}

void check_take_stored(struct check_params *p, const struct token_entry *e, bool is_renewed,
                       struct arena *arena)
{
    int64_t left_s = e->expires_s - (int64_t)time(NULL);
    const char *from = is_renewed ? "renewed and kept in" : "of";
    p->kind = CREDENTIAL_OAUTH2;
    p->secret = slice_of(arena_text(arena, slice_of(e->access_token)));
    p->token_end_s = token_end_s(e);
    p->token_text = e->expires_s == 0 ? arena_printf(arena, "%s the store", from)
                                      : arena_printf(arena, "%s the store, good for %lld minutes",
                                                     from, (long long)left_s / 60);
}

bool check_is_renewed_elsewhere(const struct check_params *p, const struct token_entry *e)
{
    return !slice_eq_text(p->secret, e->access_token) && token_is_fresh(e, (int64_t)time(NULL));
}
