/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema of provider files as tables, and the one walk that checks a file against them.
 * Every fact names its source: `source` is required wherever a table says so. Causes are checked
 * by the mapper, which owns their list; here only their form.
 */
#include "provider/parts.h"

#include "base/text.h"
#include "doc/pattern.h"

enum shape {
    SHAPE_TEXT,
    SHAPE_FLAG, /* yes, no */
    SHAPE_PORT,
    SHAPE_SOURCE,  /* an address, "RFC …", "a public log", or a name under `sources:` */
    SHAPE_DATE,    /* YYYY, YYYY-MM, YYYY-MM-DD */
    SHAPE_LINK,    /* https://… */
    SHAPE_CAUSE,   /* area.thing */
    SHAPE_PATTERN, /* regular expression */
    SHAPE_REPLY,   /* whole reply */
    SHAPE_SECURITY,
    SHAPE_STAGE,
    SHAPE_CREDENTIAL,
    SHAPE_RULE,
    SHAPE_SURE,
    SHAPE_GRANT,
    SHAPE_WHO,
    SHAPE_RETRY,
    SHAPE_TEXTS,   /* list of texts */
    SHAPE_CAUSES,  /* list of causes */
    SHAPE_SOURCES, /* free keys, each a text */
    SHAPE_REPLIES, /* free keys (verbs), each a reply */
    SHAPE_MAPS,    /* free keys, each a map of `fields` */
    SHAPE_MAP,     /* one map of `fields` */
    SHAPE_LIST,    /* list of maps of `fields` */
};

struct field {
    const char *key;
    enum shape shape;
    bool is_required;
    const struct field *fields;
};

/* clang-format off */
static const struct field endpoint_fields[] = {
    {"host",       SHAPE_TEXT,       true,  NULL},
    {"port",       SHAPE_PORT,       true,  NULL},
    {"security",   SHAPE_SECURITY,   true,  NULL},
    {"source",     SHAPE_SOURCE,     true,  NULL},
    {"note",       SHAPE_TEXT,       false, NULL},
    {NULL, 0, false, NULL},
};
static const struct field names_fields[] = {
    {"names",      SHAPE_TEXTS,      true,  NULL},
    {"source",     SHAPE_SOURCE,     true,  NULL},
    {NULL, 0, false, NULL},
};
static const struct field username_fields[] = {
    {"rule",       SHAPE_RULE,       true,  NULL},
    {"literal",    SHAPE_TEXT,       false, NULL},
    {"source",     SHAPE_SOURCE,     true,  NULL},
    {"note",       SHAPE_TEXT,       false, NULL},
    {NULL, 0, false, NULL},
};
static const struct field credential_fields[] = {
    {"kind",       SHAPE_CREDENTIAL, true,  NULL},
    {"accepted",   SHAPE_FLAG,       true,  NULL},
    {"mechanisms", SHAPE_TEXTS,      false, NULL},
    {"form",       SHAPE_PATTERN,    false, NULL},
    {"cause",      SHAPE_CAUSE,      false, NULL},
    {"because",    SHAPE_TEXT,       false, NULL},
    {"source",     SHAPE_SOURCE,     true,  NULL},
    {NULL, 0, false, NULL},
};
static const struct field greeting_fields[] = {
    {"text",       SHAPE_REPLY,      true,  NULL},
    {"source",     SHAPE_SOURCE,     true,  NULL},
    {"seen",       SHAPE_DATE,       false, NULL},
    {NULL, 0, false, NULL},
};
static const struct field hello_fields[] = {
    {"text",       SHAPE_TEXT,       true,  NULL},
    {"source",     SHAPE_SOURCE,     true,  NULL},
    {NULL, 0, false, NULL},
};
static const struct field capability_fields[] = {
    {"clear",      SHAPE_TEXTS,      true,  NULL},
    {"tls",        SHAPE_TEXTS,      true,  NULL},
    {"source",     SHAPE_SOURCE,     true,  NULL},
    {"seen",       SHAPE_DATE,       false, NULL},
    {"note",       SHAPE_TEXT,       false, NULL},
    {NULL, 0, false, NULL},
};
static const struct field polite_fields[] = {
    {"replies",    SHAPE_REPLIES,    true,  NULL},
    {"source",     SHAPE_SOURCE,     true,  NULL},
    {NULL, 0, false, NULL},
};
static const struct field limit_fields[] = {
    {"value",      SHAPE_TEXT,       true,  NULL},
    {"source",     SHAPE_SOURCE,     true,  NULL},
    {"note",       SHAPE_TEXT,       false, NULL},
    {NULL, 0, false, NULL},
};
static const struct field oauth2_fields[] = {
    {"authorize",  SHAPE_LINK,       false, NULL},
    {"token",      SHAPE_LINK,       true,  NULL},
    {"device",     SHAPE_LINK,       false, NULL},
    {"device_page", SHAPE_LINK,      false, NULL},
    {"issuer",     SHAPE_LINK,       false, NULL},
    {"grant",      SHAPE_GRANT,      false, NULL},
    {"tenant",     SHAPE_TEXT,       false, NULL},
    {"scopes",     SHAPE_TEXTS,      true,  NULL},
    {"application_scopes", SHAPE_TEXTS, false, NULL},
    {"wrong_scopes", SHAPE_TEXTS,    false, NULL},
    {"challenge",  SHAPE_TEXT,       false, NULL},
    {"notes",      SHAPE_TEXTS,      false, NULL},
    {"source",     SHAPE_SOURCE,     true,  NULL},
    {NULL, 0, false, NULL},
};
static const struct field reply_fields[] = {
    {"cause",      SHAPE_CAUSE,      true,  NULL},
    {"variant",    SHAPE_TEXT,       false, NULL},
    {"stage",      SHAPE_STAGE,      true,  NULL},
    {"text",       SHAPE_REPLY,      true,  NULL},
    {"sure",       SHAPE_SURE,       false, NULL},
    {"alternatives", SHAPE_CAUSES,   false, NULL},
    {"closes",     SHAPE_FLAG,       false, NULL},
    {"mx",         SHAPE_FLAG,       false, NULL},
    {"play",       SHAPE_FLAG,       false, NULL},
    {"source",     SHAPE_SOURCE,     true,  NULL},
    {"seen",       SHAPE_DATE,       false, NULL},
    {"note",       SHAPE_TEXT,       false, NULL},
    {NULL, 0, false, NULL},
};
static const struct field advice_fields[] = {
    {"cause",      SHAPE_CAUSE,      true,  NULL},
    {"who",        SHAPE_WHO,        false, NULL},
    {"retry",      SHAPE_RETRY,      false, NULL},
    {"text",       SHAPE_TEXT,       true,  NULL},
    {"link",       SHAPE_LINK,       false, NULL},
    {"source",     SHAPE_SOURCE,     true,  NULL},
    {NULL, 0, false, NULL},
};
static const struct field note_fields[] = {
    {"text",       SHAPE_TEXT,       true,  NULL},
    {"source",     SHAPE_SOURCE,     true,  NULL},
    {NULL, 0, false, NULL},
};
static const struct field file_fields[] = {
    {"title",      SHAPE_TEXT,       true,  NULL},
    {"family",     SHAPE_TEXT,       true,  NULL},
    {"extends",    SHAPE_TEXT,       false, NULL},
    {"sources",    SHAPE_SOURCES,    false, NULL},
    {"endpoints",  SHAPE_LIST,       false, endpoint_fields},
    {"imap",       SHAPE_MAP,        false, endpoint_fields},
    {"domains",    SHAPE_MAP,        false, names_fields},
    {"hosts",      SHAPE_MAP,        false, names_fields},
    {"username",   SHAPE_MAP,        false, username_fields},
    {"credentials", SHAPE_LIST,      false, credential_fields},
    {"greeting",   SHAPE_MAP,        false, greeting_fields},
    {"hello",      SHAPE_MAP,        false, hello_fields},
    {"capabilities", SHAPE_MAP,      false, capability_fields},
    {"polite",     SHAPE_MAP,        false, polite_fields},
    {"limits",     SHAPE_MAPS,       false, limit_fields},
    {"oauth2",     SHAPE_MAP,        false, oauth2_fields},
    {"notes",      SHAPE_LIST,       false, note_fields},
    {"replies",    SHAPE_LIST,       false, reply_fields},
    {"advice",     SHAPE_LIST,       false, advice_fields},
    {NULL, 0, false, NULL},
};
static const char *const sure_words[] = {"certain", "likely", "possible", NULL};
static const char *const grant_words[] = {"device", "code", NULL};
static const char *const rule_words[] = {"any", "full_address", "local_part", "literal", NULL};
static const char *const who_words[] = {"user", "admin", "developer", "provider", "network", "nobody", NULL};
static const char *const retry_words[] = {"never", "later", "after_fix", NULL};
static const char *const flag_words[] = {"yes", "no", "true", "false", NULL};
/* clang-format on */

struct check {
    const struct node *sources;
    struct doc_errors *errors;
};

static bool is_word(const struct node *n, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (node_is_text(n, words[i])) {
            return true;
        }
    }
    return false;
}

static void check_words(const struct check *c, const struct node *n, const char *const *words)
{
    size_t count = 0;
    while (words[count] != NULL) {
        count++;
    }
    if (is_word(n, words)) {
        return;
    }
    const char *near = text_nearest(n->text, words, count);
    doc_error_at(c->errors, n, "'" SLICE_FMT "' is not known here (did you mean '%s'?)",
                 SLICE_ARG(n->text), near != NULL ? near : words[0]);
}

/* A single word without "://" is a short name, and then `sources:` has to hold it. */
static void check_source(const struct check *c, const struct node *n)
{
    bool is_word_only =
        slice_find_char(n->text, ' ') == SIZE_MAX && slice_find(n->text, SLICE("://")) == SIZE_MAX;
    for (size_t i = 0; is_word_only && c->sources != NULL && i < c->sources->count; i++) {
        if (slice_eq(c->sources->keys[i]->text, n->text)) {
            return;
        }
    }
    if (is_word_only) {
        doc_error_at(c->errors, n, "source '" SLICE_FMT "' is not listed under 'sources:'",
                     SLICE_ARG(n->text));
    }
}

static void check_date(const struct check *c, const struct node *n)
{
    static const char form[] = "dddd-dd-dd";
    bool is_form = n->text.n == 4 || n->text.n == 7 || n->text.n == 10;
    for (size_t i = 0; is_form && i < n->text.n; i++) {
        char ch = n->text.p[i];
        is_form = form[i] == '-' ? ch == '-' : ch >= '0' && ch <= '9';
    }
    if (!is_form) {
        doc_error_at(c->errors, n, "a date is written YYYY, YYYY-MM or YYYY-MM-DD");
    }
}

static void check_cause(const struct check *c, const struct node *n)
{
    size_t dots = 0, at = slice_find_char(n->text, '.');
    bool is_form = at != SIZE_MAX && at > 0 && at + 1 < n->text.n;
    for (size_t i = 0; i < n->text.n; i++) {
        char ch = n->text.p[i];
        dots += ch == '.';
        is_form = is_form &&
                  ((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '_' || ch == '.');
    }
    if (!is_form || dots != 1) {
        doc_error_at(c->errors, n, "a cause is written area.thing, such as auth.required");
    }
}

static void check_pattern(const struct check *c, const struct node *n)
{
    struct pattern *p = NULL;
    struct why why = {0};
    if (pattern_new(n->text, 0, &p, &why) != ERR_OK) {
        doc_error_at(c->errors, n, "not a regular expression: %s", why.text);
    }
    pattern_free(p);
}

static void check_port(const struct check *c, const struct node *n)
{
    uint64_t port = 0;
    if (!slice_to_u64(n->text, &port) || port == 0 || port > 65535) {
        doc_error_at(c->errors, n, "a port is a number from 1 to 65535");
    }
}

static void check_reply(const struct check *c, const struct node *n)
{
    const char *fault = reply_text_fault(n->text);
    if (fault != NULL) {
        doc_error_at(c->errors, n, "%s", fault);
    }
}

static void check_name(const struct check *c, const struct node *n, bool is_known, const char *what)
{
    if (!is_known) {
        doc_error_at(c->errors, n, "'" SLICE_FMT "' is no %s", SLICE_ARG(n->text), what);
    }
}

static void check_link(const struct check *c, const struct node *n)
{
    if (!slice_has_prefix(n->text, SLICE("https://"))) {
        doc_error_at(c->errors, n, "a link begins with https://");
    }
}

static void check_scalar(const struct check *c, const struct node *n, enum shape shape)
{
    enum security security;
    enum stage stage;
    enum credential_kind kind;
    switch (shape) {
    case SHAPE_FLAG:
        check_words(c, n, flag_words);
        break;
    case SHAPE_PORT:
        check_port(c, n);
        break;
    case SHAPE_SOURCE:
        check_source(c, n);
        break;
    case SHAPE_DATE:
        check_date(c, n);
        break;
    case SHAPE_LINK:
        check_link(c, n);
        break;
    case SHAPE_CAUSE:
        check_cause(c, n);
        break;
    case SHAPE_PATTERN:
        check_pattern(c, n);
        break;
    case SHAPE_REPLY:
        check_reply(c, n);
        break;
    case SHAPE_SECURITY:
        check_name(c, n, security_from_slug(n->text, &security),
                   "TLS mode (starttls, implicit, none)");
        break;
    case SHAPE_STAGE:
        check_name(c, n, stage_from_slug(n->text, &stage), "stage of a conversation");
        break;
    case SHAPE_CREDENTIAL:
        check_name(c, n, credential_from_slug(n->text, &kind), "kind of credential");
        break;
    case SHAPE_RULE:
        check_words(c, n, rule_words);
        break;
    case SHAPE_SURE:
        check_words(c, n, sure_words);
        break;
    case SHAPE_GRANT:
        check_words(c, n, grant_words);
        break;
    case SHAPE_WHO:
        check_words(c, n, who_words);
        break;
    case SHAPE_RETRY:
        check_words(c, n, retry_words);
        break;
    case SHAPE_TEXT:
    case SHAPE_TEXTS:
    case SHAPE_CAUSES:
    case SHAPE_SOURCES:
    case SHAPE_REPLIES:
    case SHAPE_MAPS:
    case SHAPE_MAP:
    case SHAPE_LIST:
        break;
    }
}

static enum node_kind kind_of(enum shape shape)
{
    if (shape == SHAPE_TEXTS || shape == SHAPE_CAUSES || shape == SHAPE_LIST) {
        return NODE_LIST;
    }
    bool is_map = shape == SHAPE_SOURCES || shape == SHAPE_REPLIES || shape == SHAPE_MAPS ||
                  shape == SHAPE_MAP;
    return is_map ? NODE_MAP : NODE_SCALAR;
}

/* What the items of a list or map have to look like. */
static enum shape item_shape(enum shape shape)
{
    if (shape == SHAPE_CAUSES) {
        return SHAPE_CAUSE;
    }
    if (shape == SHAPE_REPLIES) {
        return SHAPE_REPLY;
    }
    return shape == SHAPE_LIST || shape == SHAPE_MAPS ? SHAPE_MAP : SHAPE_TEXT;
}

static bool check_kind(const struct check *c, const struct node *n, enum node_kind want)
{
    if (n->kind != want) {
        doc_error_at(c->errors, n, "expected %s, got %s",
                     want == NODE_SCALAR ? "a scalar"
                     : want == NODE_LIST ? "a list"
                                         : "a mapping",
                     node_kind_name(n->kind));
    } else if (want == NODE_SCALAR && n->text.n == 0) {
        doc_error_at(c->errors, n, "nothing is written here: leave the key out instead");
    } else {
        return true;
    }
    return false;
}

static const struct field *field_find(const struct field *fields, struct slice key)
{
    for (const struct field *f = fields; f->key != NULL; f++) {
        if (slice_eq_text(key, f->key)) {
            return f;
        }
    }
    return NULL;
}

static void unknown_key(const struct check *c, const struct field *fields, const struct node *key)
{
    const char *known[32];
    size_t count = 0;
    for (const struct field *f = fields; f->key != NULL && count < COUNT(known); f++) {
        known[count++] = f->key;
    }
    const char *near = text_nearest(key->text, known, count);
    doc_error_at(c->errors, key, "unknown key '" SLICE_FMT "'%s%s%s", SLICE_ARG(key->text),
                 near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
                 near != NULL ? "'?)" : "");
}

static void check_map(const struct check *c, const struct node *map, const struct field *fields);

static void check_value(const struct check *c, const struct node *n, const struct field *field)
{
    if (!check_kind(c, n, kind_of(field->shape))) {
        return;
    }
    if (n->kind == NODE_SCALAR) {
        check_scalar(c, n, field->shape);
    } else if (field->shape == SHAPE_MAP) {
        check_map(c, n, field->fields);
    } else {
        const struct field item = {field->key, item_shape(field->shape), true, field->fields};
        for (size_t i = 0; i < n->count; i++) {
            check_value(c, n->items[i], &item); /* depth is that of the tables, not of the file */
        }
    }
}

static void check_map(const struct check *c, const struct node *map, const struct field *fields)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct field *f = field_find(fields, map->keys[i]->text);
        if (f == NULL) {
            unknown_key(c, fields, map->keys[i]);
        } else {
            check_value(c, map->items[i], f);
        }
    }
    for (const struct field *f = fields; f->key != NULL; f++) {
        if (f->is_required && node_get(map, f->key) == NULL) {
            doc_error_at(c->errors, map, "'%s' is missing%s", f->key,
                         f->shape == SHAPE_SOURCE ? ": every fact names its source" : "");
        }
    }
}

static bool same_text(const struct node *a, const struct node *b, const char *key)
{
    return slice_eq(node_text(node_get(a, key)), node_text(node_get(b, key)));
}

/* `says: CAUSE` with `variant:` has to mean one reply. */
static void check_twins(const struct check *c, const struct node *replies)
{
    for (size_t i = 0; replies != NULL && replies->kind == NODE_LIST && i < replies->count; i++) {
        const struct node *a = replies->items[i];
        if (node_is_text(node_get(a, "variant"), PROVIDER_VARIANT_USUAL)) {
            doc_error_at(c->errors, node_get(a, "variant"),
                         "'" PROVIDER_VARIANT_USUAL
                         "' is the reply without a variant: leave it out");
        }
        for (size_t k = 0; k < i; k++) {
            const struct node *b = replies->items[k];
            if (same_text(a, b, "cause") && same_text(a, b, "variant") &&
                same_text(a, b, "stage")) {
                doc_error_at(c->errors, a,
                             "line %u has the same cause, variant and stage: name a variant",
                             b->line);
                break;
            }
        }
    }
}

static void check_username(const struct check *c, const struct node *username)
{
    const struct node *rule = node_get(username, "rule"), *literal = node_get(username, "literal");
    if (rule != NULL && node_is_text(rule, "literal") != (literal != NULL)) {
        doc_error_at(c->errors, rule, "'literal' stands beside 'rule: literal' and only there");
    }
}

void provider_check(const struct node *root, struct doc_errors *errors)
{
    struct check c = {node_get(root, "sources"), errors};
    if (root->kind != NODE_MAP) {
        doc_error_at(errors, root, "a provider file is a mapping, this is %s",
                     node_kind_name(root->kind));
        return;
    }
    if (c.sources != NULL && c.sources->kind != NODE_MAP) {
        c.sources = NULL; /* reported by the walk */
    }
    check_map(&c, root, file_fields);
    check_twins(&c, node_get(root, "replies"));
    check_username(&c, node_get(root, "username"));
}
