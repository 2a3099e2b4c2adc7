/* SPDX-License-Identifier: Apache-2.0 */
/* The fake server of a scenario: persona, counted rules, script. */
#include "scenario/bind.h"

#include "base/text.h"
#include "scenario/head.h"
#include "scenario/match.h"
#include "scenario/parts.h"

#include <string.h>

static const char *const occasions[] = {
    "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT",    "DATA",     "BDAT", "RSET",    "NOOP",
    "VRFY", "EXPN", "HELP",     "ETRN", "QUIT", "XCLIENT", "greeting", "body", "connect", "sasl",
};

void read_like(struct bind *b, const struct field *f, const struct node *value, void *out)
{
    struct spec_server *s = out;
    struct slice name;
    if (!bind_text(b, f->key, value, &name)) {
        return;
    }
    if (registry_find(b->providers, name) == NULL && !slice_eq_text(name, "esmtp")) {
        const char *nearest = registry_nearest(b->providers, name);
        doc_error_at(b->errors, value, "unknown persona '" SLICE_FMT "'%s%s%s", SLICE_ARG(name),
                     nearest != NULL ? " (did you mean '" : "",
                     nearest != NULL ? nearest : ": a provider's name, or esmtp",
                     nearest != NULL ? "'?)" : "");
        return;
    }
    s->like = arena_text(b->arena, name);
}

static void add_rule(struct bind *b, struct spec_server *s, const struct spec_rule *rule)
{
    struct spec_rule *list = bind_grow(b, s->rules, s->rule_count, sizeof *list);
    list[s->rule_count++] = *rule;
    s->rules = list;
}

const char *server_occasion(enum stage stage)
{
    static const char *const names[STAGE_COUNT] = {
        [STAGE_GREETING] = "greeting", [STAGE_EHLO] = "EHLO", [STAGE_STARTTLS] = "STARTTLS",
        [STAGE_AUTH] = "AUTH",         [STAGE_MAIL] = "MAIL", [STAGE_RCPT] = "RCPT",
        [STAGE_DATA] = "DATA",         [STAGE_BODY] = "body", [STAGE_QUIT] = "QUIT",
    };
    return names[stage];
}

static void says_one(struct bind *b, const struct node *value, struct spec_server *s)
{
    struct says_read says = {.cause = "", .variant = ""};
    struct slice cause;
    if (value->kind == NODE_MAP) {
        bind_map(b, &shape_says, value, &says);
    } else if (bind_text(b, "says", value, &cause)) {
        says.cause = arena_text(b->arena, cause);
    }
    if (says.cause[0] == '\0') {
        return;
    }
    struct spec_action *action = arena_alloc(b->arena, sizeof *action);
    *action = (struct spec_action){.kind = ACTION_SAYS,
                                   .enhanced = "",
                                   .cause = says.cause,
                                   .variant = says.variant,
                                   .at = value};
    struct spec_rule rule = {.on = "", /* server_finish knows the persona, and so the stage */
                             .after = says.after,
                             .times = says.times,
                             .actions = action,
                             .action_count = 1,
                             .at = value};
    add_rule(b, s, &rule);
}

void read_says(struct bind *b, const struct field *f, const struct node *value, void *out)
{
    (void)f;
    if (value->kind != NODE_LIST) {
        says_one(b, value, out);
        return;
    }
    for (size_t i = 0; i < value->count; i++) {
        says_one(b, value->items[i], out);
    }
}

static const char *read_occasion(struct bind *b, const struct node *key)
{
    for (size_t i = 0; i < COUNT(occasions); i++) {
        if (slice_eq_nocase_text(key->text, occasions[i])) {
            return occasions[i];
        }
    }
    const char *nearest = text_nearest(key->text, occasions, COUNT(occasions));
    doc_error_at(b->errors, key, "'" SLICE_FMT "' is nothing a rule can stand on%s%s%s",
                 SLICE_ARG(slice_sub(key->text, 0, 60)), nearest != NULL ? " (did you mean '" : "",
                 nearest != NULL ? nearest : ": an SMTP verb, greeting, connect, sasl or body",
                 nearest != NULL ? "'?)" : "");
    return NULL;
}

static bool is_counted(const struct node *value)
{
    return node_get(value, "times") != NULL || node_get(value, "after") != NULL ||
           node_get(value, "when") != NULL;
}

static void rule_one(struct bind *b, const char *on, const struct node *value,
                     struct spec_server *s)
{
    struct spec_rule rule = {0};
    if (value->kind == NODE_MAP) {
        struct doc_errors unused; /* action_read says it */
        struct bind quiet = *b;
        doc_errors_init(&unused, b->arena);
        quiet.errors = &unused;
        bind_map(&quiet, &shape_rule, value, &rule);
    }
    rule.on = on;
    rule.at = value;
    if (rule.when != NULL) {
        match_check_text(rule.when, b->errors);
    }
    action_read(b, value, &rule);
    add_rule(b, s, &rule);
}

/* A list is a sequence of actions, unless one of its items counts: then each item is a rule. */
static bool is_list_of_rules(const struct node *value)
{
    bool is_any = false;
    for (size_t i = 0; value->kind == NODE_LIST && i < value->count; i++) {
        is_any = is_any || is_counted(value->items[i]);
    }
    return is_any;
}

void read_on(struct bind *b, const struct field *f, const struct node *value, void *out)
{
    if (value->kind != NODE_MAP || value->count == 0) {
        doc_error_at(b->errors, value, "'%s' is a mapping of verbs to actions: {EHLO: {delay: 2s}}",
                     f->key);
        return;
    }
    for (size_t i = 0; i < value->count; i++) {
        const char *on = read_occasion(b, value->keys[i]);
        const struct node *rules = value->items[i];
        if (on == NULL) {
            continue;
        }
        if (!is_list_of_rules(rules)) {
            rule_one(b, on, rules, out);
            continue;
        }
        for (size_t k = 0; k < rules->count; k++) {
            rule_one(b, on, rules->items[k], out);
        }
    }
}

static const char *const version_slugs[] = {"TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"};

static size_t version_rank(struct slice slug)
{
    size_t i = 0;
    while (i < COUNT(version_slugs) && !slice_eq_text(slug, version_slugs[i])) {
        i++;
    }
    return i;
}

/* versions: {min, max} is the same as min and max beside it. */
static void read_version_map(struct bind *b, const struct node *value, struct spec_tls *tls)
{
    for (size_t i = 0; i < value->count; i++) {
        const struct field *f = shape_find(&shape_tls, value->keys[i]->text);
        if (f == NULL || (strcmp(f->key, "min") != 0 && strcmp(f->key, "max") != 0)) {
            doc_error_at(b->errors, value->keys[i], "'versions' is a list, or {min, max}");
        } else {
            bind_field(b, f, value->items[i], tls);
        }
    }
}

/* versions: [TLSv1.0, TLSv1.1] is the range from the oldest to the newest named. */
void read_versions(struct bind *b, const struct field *f, const struct node *value, void *out)
{
    struct spec_tls *tls = out;
    size_t count = value->kind == NODE_LIST ? value->count : 1;
    size_t low = COUNT(version_slugs), high = 0;
    if (value->kind == NODE_MAP) {
        read_version_map(b, value, tls);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct node *item = value->kind == NODE_LIST ? value->items[i] : value;
        const struct choice *c = bind_choice(b, f->key, item, f->choices);
        if (c == NULL) {
            return;
        }
        size_t rank = version_rank(slice_of(c->slug));
        low = rank < low ? rank : low;
        high = rank > high ? rank : high;
    }
    if (count == 0) {
        doc_error_at(b->errors, value, "'%s' names at least one version", f->key);
        return;
    }
    tls->min = version_slugs[low];
    tls->max = version_slugs[high];
}

static const enum script_verb script_verbs[] = {
    SCRIPT_SEND,     SCRIPT_SEND_RAW, SCRIPT_RECV,         SCRIPT_RECV_RAW,
    SCRIPT_STARTTLS, SCRIPT_DELAY,    SCRIPT_EXPECT_CLOSE, SCRIPT_CLOSE,
}; /* as the rows of shape_script */

static void script_line(struct bind *b, const struct node *item, struct spec_script_line *line)
{
    const struct node *key = item->kind == NODE_SCALAR ? item : NULL;
    const struct node *value = NULL;
    if (item->kind == NODE_MAP && item->count == 1) {
        key = item->keys[0];
        value = item->items[0];
    }
    const struct field *f = key != NULL ? shape_find(&shape_script, key->text) : NULL;
    if (f == NULL) {
        const char *nearest = key != NULL ? shape_nearest(&shape_script, key->text) : NULL;
        doc_error_at(b->errors, key != NULL ? key : item, "a line of a script is one verb%s%s%s",
                     nearest != NULL ? " (did you mean '" : ": ",
                     nearest != NULL ? nearest
                                     : "send, send_raw, recv, recv_raw, starttls, delay, "
                                       "expect_close, close",
                     nearest != NULL ? "'?)" : "");
        return;
    }
    line->verb = script_verbs[f - shape_script.fields];
    line->at = item;
    bool is_bare = line->verb == SCRIPT_STARTTLS || line->verb == SCRIPT_EXPECT_CLOSE;
    if (value == NULL && !is_bare && line->verb != SCRIPT_CLOSE) {
        doc_error_at(b->errors, item, "'%s' needs a value", f->key);
    } else if (value != NULL && !is_bare) {
        bind_field(b, f, value, line);
    } else if (value != NULL && !node_is_text(value, "true")) {
        doc_error_at(b->errors, value, "'%s' stands alone", f->key);
    }
}

void read_script(struct bind *b, const struct field *f, const struct node *value, void *out)
{
    struct spec_server *s = out;
    if (value->kind != NODE_LIST || value->count == 0) {
        doc_error_at(b->errors, value, "'%s' is a list of lines: - send: 220 ready", f->key);
        return;
    }
    struct spec_script_line *list = arena_array(b->arena, value->count, sizeof *list);
    for (size_t i = 0; i < value->count; i++) {
        script_line(b, value->items[i], &list[i]);
    }
    s->script = list;
    s->script_count = value->count;
}

/* The stage at which the persona words the cause decides where the rule stands. */
static void place_says(struct bind *b, struct spec_server *s, struct spec_rule *rule)
{
    const struct provider *p = registry_find(b->providers, slice_of(s->like));
    for (size_t i = 0; i < rule->action_count; i++) {
        const struct spec_action *a = &rule->actions[i];
        if (a->kind != ACTION_SAYS || p == NULL) {
            continue;
        }
        const struct provider_reply *reply =
            provider_reply_for(p, slice_of(a->cause), slice_of(a->variant), STAGE_NONE);
        if (reply == NULL) {
            doc_error_at(b->errors, a->at, "%s has no words for '%s'%s%s%s (%s)", s->like, a->cause,
                         a->variant[0] != '\0' ? ", variant '" : "", a->variant,
                         a->variant[0] != '\0' ? "'" : "", p->file);
        } else if (rule->on[0] == '\0') {
            const char *on = server_occasion(reply->stage);
            rule->on = on != NULL ? on : "";
        }
    }
    if (rule->on[0] == '\0' && p == NULL) {
        doc_error_at(b->errors, rule->at,
                     "'says' needs a persona that words causes: like: outlook");
    } else if (rule->on[0] == '\0') {
        rule->on = "AUTH"; /* an error was added, or it is said where no reply is: at the login */
    }
}

void server_init(struct spec_server *s)
{
    *s = (struct spec_server){.like = "esmtp", .names_extra = "", .security = SECURITY_COUNT};
    s->tls = (struct spec_tls){.cert = "", .min = "", .max = "", .ciphers = "", .fault = ""};
}

/* `tls: {mode: …}` is another way to write `security: …`; they may not contradict each other. */
static void take_mode(struct bind *b, struct spec_server *s)
{
    if (!s->tls.has_mode) {
        return;
    }
    if (s->security != SECURITY_COUNT && s->security != s->tls.mode) {
        doc_error_at(b->errors, node_key(node_get(s->at, "tls"), "mode"),
                     "'mode' is %s and 'security' is %s: write one of them",
                     security_slug(s->tls.mode), security_slug(s->security));
    }
    s->security = s->tls.mode;
}

void server_finish(struct bind *b, struct spec_server *s)
{
    const struct provider *p = registry_find(b->providers, slice_of(s->like));
    take_mode(b, s);
    if (s->security == SECURITY_COUNT) {
        s->security =
            p != NULL && p->endpoint_count != 0 ? p->endpoints[0].security : SECURITY_STARTTLS;
    }
    s->accepts_any = s->account_count == 0;
    for (size_t i = 0; i < s->account_count; i++) {
        struct spec_account *a = (struct spec_account *)(uintptr_t)&s->accounts[i];
        a->state = a->state != NULL ? a->state : "";
    }
    for (size_t i = 0; i < s->rule_count; i++) {
        place_says(b, s, (struct spec_rule *)(uintptr_t)&s->rules[i]);
    }
    if (s->script_count != 0 && s->rule_count != 0) {
        doc_error_at(b->errors, s->at, "a server has a script, or rules (on, says): not both");
    }
}
