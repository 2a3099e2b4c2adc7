/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cases: { replies: PROVIDER }`: every reply of a provider file is a row, so that what is asserted
 * of "each reply" cannot fall behind the file. A row has these columns, all of them texts:
 *
 *   id          the cause, and behind a slash the variant: auth.smtp_auth_disabled/tenant
 *   cause, variant, stage, sure, alternatives   as the file has them; without a variant: usual
 *   code, enhanced   of the text; empty when it shows none
 *   reply       the text with an example for each placeholder
 *   mechanism, credential   what a client has to come with to be told this
 *   said        true: a fake server of this provider can say it with `says:`
 *   closes, mx  true: the connection ends with it; the inbound side says it
 *   place       file:line of the reply
 *
 * A provider file has no cause and variant twice, so ids stay the same wherever a reply stands.
 */
#include "scenario/parts.h"

#include <string.h>

static const char *const columns[] = {
    "id",           "cause",     "variant",    "stage", "code",   "enhanced", "reply", "sure",
    "alternatives", "mechanism", "credential", "said",  "closes", "mx",       "place",
};
enum { COLUMN_COUNT = COUNT(columns) };

/* What a client comes with to be told this. */
struct claim {
    enum credential_kind kind;
    const char *mechanism;
};

static bool is_about_token(const char *cause)
{
    return slice_has_prefix(slice_of(cause), SLICE("auth.token_")) ||
           strcmp(cause, "auth.scope_insufficient") == 0;
}

/* How well a credential of the provider fits; 0: not at all. Before a token is refused a token has
 * to be sent; a kind that the file says is refused with this very cause fits best; a refusal of a
 * password follows a password; and behind the login stands what the provider takes. */
static unsigned fitness(const struct provider_credential *c, const struct provider_reply *r)
{
    bool is_token = c->kind == CREDENTIAL_OAUTH2;
    if (is_about_token(r->cause)) {
        return is_token ? 1 : 0;
    }
    if (!c->is_accepted && strcmp(c->cause, r->cause) == 0) {
        return 4;
    }
    if (r->stage == STAGE_AUTH) {
        return is_token ? 1 : c->is_accepted ? 3 : 2;
    }
    return c->is_accepted ? 3 : 1;
}

static struct claim claim_of(const struct provider *p, const struct provider_reply *r)
{
    struct claim claim = is_about_token(r->cause) ? (struct claim){CREDENTIAL_OAUTH2, "XOAUTH2"}
                                                  : (struct claim){CREDENTIAL_PASSWORD, "PLAIN"};
    unsigned best = 0;
    for (size_t i = 0; i < p->credential_count; i++) {
        const struct provider_credential *c = &p->credentials[i];
        bool has_mechanism = c->mechanisms != NULL && c->mechanisms[0] != NULL;
        if (has_mechanism && fitness(c, r) > best) {
            best = fitness(c, r);
            claim = (struct claim){c->kind, c->mechanisms[0]};
        }
    }
    return claim;
}

/* The text as a log would show it. */
static const char *example_of(struct bind *b, const struct provider_reply *r)
{
    static const struct provider_fill examples = {.host = {"mx1.example.net", 15},
                                                  .id = {"f10sm1a4899ejl.97", 17},
                                                  .time = {"2026-05-17T18:38:18.362Z", 24},
                                                  .address = {"rcpt@example.net", 16},
                                                  .ip = {"192.0.2.7", 9},
                                                  .user = {"jane@example.com", 16}};
    struct buf filled, text;
    buf_init(&filled, BUF_NO_CAP);
    buf_init(&text, BUF_NO_CAP);
    provider_fill(r->text, &examples, &filled);
    struct slice rest = buf_slice(&filled);
    for (size_t at; (at = slice_find(rest, SLICE("{any}"))) != SIZE_MAX;) {
        buf_add(&text, slice_sub(rest, 0, at));
        buf_add_text(&text, "something");
        rest = slice_from(rest, at + strlen("{any}"));
    }
    buf_add(&text, rest);
    const char *example = arena_text(b->arena, buf_slice(&text));
    buf_release(&filled);
    buf_release(&text);
    return example;
}

static const char *yes_no(bool is_so)
{
    return is_so ? "true" : "false";
}

static const struct node *row_of(struct bind *b, const struct node *at, const struct provider *p,
                                 const struct provider_reply *r)
{
    struct claim claim = claim_of(p, r);
    const char *values[] = {
        arena_printf(b->arena, "%s%s%s", r->cause, r->variant[0] != '\0' ? "/" : "", r->variant),
        r->cause,
        r->variant[0] != '\0' ? r->variant : PROVIDER_VARIANT_USUAL,
        stage_slug(r->stage),
        r->code != 0 ? arena_printf(b->arena, "%u", r->code) : "",
        r->enhanced,
        example_of(b, r),
        r->sure,
        r->alternatives,
        claim.mechanism,
        credential_slug(claim.kind),
        yes_no(r->may_play && server_occasion(r->stage) != NULL),
        yes_no(r->closes),
        yes_no(r->is_mx),
        arena_printf(b->arena, "%s:%u", r->file, r->line),
    };
    _Static_assert(COUNT(values) == COLUMN_COUNT, "one value per column");
    const struct node *keys[COLUMN_COUNT], *items[COLUMN_COUNT];
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        keys[i] = node_new_scalar(b->arena, at, slice_of(columns[i]));
        items[i] = node_new_scalar(b->arena, at, slice_of(values[i]));
    }
    return node_new_map(b->arena, at, keys, items, COLUMN_COUNT);
}

const struct node *replies_rows(struct bind *b, const struct node *cases)
{
    size_t before = b->errors->errors;
    struct replies_read read = {.provider = NULL};
    if (node_get(cases, "replies") == NULL && node_get(cases, "from") == NULL) {
        doc_error_at(b->errors, cases, AXES_ROWS_FORM);
        return NULL;
    }
    bind_map(b, &shape_replies, cases, &read);
    if (b->errors->errors == before && read.from != NULL && read.provider == NULL) {
        return rows_from_file(b, cases);
    }
    if (b->errors->errors == before &&
        (read.provider == NULL || read.from != NULL || read.where_not != NULL ||
         read.defaults != NULL)) {
        doc_error_at(b->errors, cases,
                     read.provider == NULL || read.from != NULL
                         ? AXES_ROWS_FORM
                         : "'where_not' and 'defaults' are for the rows of a file");
        return NULL;
    }
    bool is_good =
        b->errors->errors == before && (read.where == NULL || where_check(b, read.where, columns, COLUMN_COUNT));
    if (!is_good) {
        return NULL;
    }
    const struct node *name = node_get(cases, "replies");
    const struct provider *p = read.provider;
    const struct node **list = arena_array(b->arena, p->reply_count + 1, sizeof *list);
    for (size_t i = 0; i < p->reply_count; i++) {
        list[i] = row_of(b, name, p, &p->replies[i]);
    }
    const struct node *rows = node_new_list(b->arena, name, list, p->reply_count);
    if (!where_check_values(b, read.where, rows)) {
        return NULL;
    }
    rows = where_keep(b, read.where, NULL, rows);
    if (rows->count == 0) {
        doc_error_at(b->errors, read.where != NULL ? read.where : name,
                     p->reply_count == 0 ? "%s has no replies" : "no reply of %s is like this",
                     p->file);
        return NULL;
    }
    return rows;
}
