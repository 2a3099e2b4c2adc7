/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to one provider: how it words a cause, what it advises, whether a user name has the
 * form it wants (checked before a byte is sent, so that no login attempt is spent on it).
 */
#include "provider/provider.h"

/* Lower is better; playable before not, submission before inbound side, file order decides ties. */
static int reply_rank(const struct provider_reply *r)
{
    return (r->may_play ? 0 : 2) + (r->is_mx ? 1 : 0);
}

static bool is_variant(const struct provider_reply *r, struct slice variant)
{
    bool is_usual = slice_eq_text(variant, PROVIDER_VARIANT_USUAL) && r->variant[0] == '\0';
    return variant.n == 0 || is_usual || slice_eq_text(variant, r->variant);
}

const struct provider_reply *provider_reply_for(const struct provider *p, struct slice cause,
                                                struct slice variant, enum stage stage)
{
    const struct provider_reply *best = NULL;
    for (size_t i = 0; i < p->reply_count; i++) {
        const struct provider_reply *r = &p->replies[i];
        bool is_meant = slice_eq_text(cause, r->cause) && is_variant(r, variant) &&
                        (stage == STAGE_NONE || stage == r->stage);
        if (is_meant && (best == NULL || reply_rank(r) < reply_rank(best))) {
            best = r;
        }
    }
    return best;
}

const struct provider_advice *provider_advice_for(const struct provider *p, struct slice cause)
{
    for (size_t i = 0; i < p->advice_count; i++) {
        if (slice_eq_text(cause, p->advice[i].cause)) {
            return &p->advice[i];
        }
    }
    return NULL;
}

/* The form of an address as a login: something, the last '@', a domain with a dot; no blanks. */
static bool is_address(struct slice s)
{
    size_t at = SIZE_MAX;
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f) {
            return false;
        }
        at = s.p[i] == '@' ? i : at;
    }
    if (at == SIZE_MAX || at == 0) {
        return false;
    }
    struct slice domain = slice_from(s, at + 1);
    size_t dot = slice_find_char(domain, '.');
    return dot != SIZE_MAX && dot != 0 && domain.p[domain.n - 1] != '.';
}

static void say_full_address(const struct provider *p, struct slice username, struct buf *out)
{
    bool has_at = slice_find_char(username, '@') != SIZE_MAX;
    buf_addf(out, "%s wants the full mail address as user name (name@%s), and this is %s", p->title,
             p->domains[0] != NULL ? p->domains[0] : "your-domain",
             has_at ? "not a well-formed address" : "only the part before the @");
}

bool provider_username_ok(const struct provider *p, struct slice username, struct buf *out)
{
    switch (p->username_rule) {
    case USERNAME_FULL_ADDRESS:
        if (!is_address(username)) {
            say_full_address(p, username, out);
            return false;
        }
        return true;
    case USERNAME_LOCAL_PART:
        if (username.n == 0 || slice_find_char(username, '@') != SIZE_MAX) {
            buf_addf(out, "%s wants only the part before the @ as user name", p->title);
            return false;
        }
        return true;
    case USERNAME_LITERAL:
        if (!slice_eq_text(username, p->username_literal)) {
            buf_addf(out, "%s wants the word \"%s\" as user name, whoever you are", p->title,
                     p->username_literal);
            return false;
        }
        return true;
    case USERNAME_ANY:
    case USERNAME_RULE_COUNT:
        break;
    }
    if (username.n == 0) {
        buf_addf(out, "the user name is empty");
        return false;
    }
    return true;
}
