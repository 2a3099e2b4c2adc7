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

#include "base/text.h"

#include <string.h>

static const char *const columns[] = {
    "id",           "cause",     "variant",    "stage", "code",   "enhanced", "reply", "sure",
    "alternatives", "mechanism", "credential", "said",  "closes", "mx",       "place",
};
enum { COLUMN_COUNT = COUNT(columns), WHERE_MAX = COLUMN_COUNT };

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

/* ---- where: which of them ---- */

static bool check_where(struct bind *b, const struct node *where)
{
    size_t before = b->errors->errors;
    if (where->kind != NODE_MAP || where->count == 0) {
        doc_error_at(b->errors, where, "'where' is a mapping of columns to values: {stage: auth}");
        return false;
    }
    for (size_t i = 0; i < where->count; i++) {
        const struct node *key = where->keys[i], *value = where->items[i];
        bool is_known = false;
        for (size_t k = 0; k < COLUMN_COUNT; k++) {
            is_known = is_known || slice_eq_text(key->text, columns[k]);
        }
        if (!is_known) {
            const char *near = text_nearest(key->text, columns, COLUMN_COUNT);
            doc_error_at(b->errors, key, "a reply has no column '" SLICE_FMT "'%s%s%s",
                         SLICE_ARG(slice_sub(key->text, 0, 60)),
                         near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
                         near != NULL ? "'?)" : "");
        }
        if (value->kind == NODE_MAP) {
            doc_error_at(b->errors, value,
                         "a column is compared with a value, or a list of values");
        }
    }
    return b->errors->errors == before;
}

static bool is_one_of(const struct node *want, struct slice is)
{
    for (size_t i = 0; want->kind == NODE_LIST && i < want->count; i++) {
        if (slice_eq(node_text(want->items[i]), is)) {
            return true;
        }
    }
    return want->kind == NODE_SCALAR && slice_eq(want->text, is);
}

static bool is_wanted(struct bind *b, const struct node *where, const struct node *row)
{
    for (size_t i = 0; where != NULL && i < where->count; i++) {
        const char *column = arena_text(b->arena, where->keys[i]->text);
        if (!is_one_of(where->items[i], node_text(node_get(row, column)))) {
            return false;
        }
    }
    return true;
}

/* Every value that is named has to be some reply's: a typing error must not leave rows out. */
static void check_value(struct bind *b, const char *column, const struct node *value,
                        const struct node *rows)
{
    const char *known[128];
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        struct slice is = node_text(node_get(rows->items[i], column));
        bool is_new = true;
        if (slice_eq(is, node_text(value))) {
            return;
        }
        for (size_t k = 0; k < count && is_new; k++) {
            is_new = !slice_eq_text(is, known[k]);
        }
        if (is_new && count < COUNT(known)) {
            known[count++] = arena_text(b->arena, is);
        }
    }
    const char *near = text_nearest(node_text(value), known, count);
    bool is_flag = count != 0 && (strcmp(known[0], "true") == 0 || strcmp(known[0], "false") == 0);
    doc_error_at(b->errors, value, "no reply has '%s: " SLICE_FMT "'%s%s%s", column,
                 SLICE_ARG(slice_sub(node_text(value), 0, 80)),
                 near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
                 near != NULL ? "'?)"
                 : is_flag    ? ": it is true or false"
                              : "");
}

static bool check_values(struct bind *b, const struct node *where, const struct node *rows)
{
    size_t before = b->errors->errors;
    for (size_t i = 0; where != NULL && i < where->count; i++) {
        const char *column = arena_text(b->arena, where->keys[i]->text);
        const struct node *value = where->items[i];
        for (size_t k = 0; value->kind == NODE_LIST && k < value->count; k++) {
            check_value(b, column, value->items[k], rows);
        }
        if (value->kind == NODE_SCALAR) {
            check_value(b, column, value, rows);
        }
    }
    return b->errors->errors == before;
}

static const struct node *keep_wanted(struct bind *b, const struct node *where,
                                      const struct node *rows)
{
    const struct node **kept = arena_array(b->arena, rows->count + 1, sizeof *kept);
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (is_wanted(b, where, rows->items[i])) {
            kept[count++] = rows->items[i];
        }
    }
    return node_new_list(b->arena, rows, kept, count);
}

const struct node *replies_rows(struct bind *b, const struct node *cases)
{
    size_t before = b->errors->errors;
    struct replies_read read = {NULL, NULL};
    if (node_get(cases, "replies") == NULL) {
        doc_error_at(b->errors, cases, AXES_ROWS_FORM);
        return NULL;
    }
    bind_map(b, &shape_replies, cases, &read);
    bool is_good =
        b->errors->errors == before && (read.where == NULL || check_where(b, read.where));
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
    if (!check_values(b, read.where, rows)) {
        return NULL;
    }
    rows = keep_wanted(b, read.where, rows);
    if (rows->count == 0) {
        doc_error_at(b->errors, read.where != NULL ? read.where : name,
                     p->reply_count == 0 ? "%s has no replies" : "no reply of %s is like this",
                     p->file);
        return NULL;
    }
    return rows;
}
