/* SPDX-License-Identifier: Apache-2.0 */
/* A server that stands alone: the words of the command line in the place of a scenario's. */
#include "cli/serve.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "scenario/parts.h"

static const struct provider *persona_of(const struct registry *registry, const char *name)
{
    const struct provider *p = registry_find(registry, slice_of(name));
    if (p == NULL) {
        const char *nearest = registry_nearest(registry, slice_of(name));
        fprintf(stderr, "smtpdx serve: no persona '%s'%s%s%s; 'smtpdx providers' lists them\n",
                name, nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                nearest != NULL ? "'?)" : "");
    }
    return p;
}

/* The causes that the persona words and can play, each once. */
static void print_worded(const struct provider *p)
{
    const char *last = "";
    fprintf(stderr, "  it has words for:");
    for (size_t i = 0; i < p->reply_count; i++) {
        bool is_new = p->replies[i].may_play && strcmp(p->replies[i].cause, last) != 0;
        bool was_before = false;
        for (size_t k = 0; k < i && is_new; k++) {
            was_before = was_before || (p->replies[k].may_play &&
                                        strcmp(p->replies[k].cause, p->replies[i].cause) == 0);
        }
        if (is_new && !was_before) {
            fprintf(stderr, " %s", p->replies[i].cause);
            last = p->replies[i].cause;
        }
    }
    fprintf(stderr, "\n");
}

static bool take_says(const struct provider *p, const struct serve_wishes *wishes,
                      struct arena *arena, struct spec_server *out)
{
    struct slice says = slice_of(wishes->says);
    size_t slash = slice_find_char(says, '/');
    struct slice cause = slash != SIZE_MAX ? slice_sub(says, 0, slash) : says;
    struct slice variant = slash != SIZE_MAX ? slice_from(says, slash + 1) : SLICE("");
    const struct provider_reply *reply = provider_reply_for(p, cause, variant, STAGE_NONE);
    const char *occasion = reply != NULL ? server_occasion(reply->stage) : NULL;
    if (reply == NULL || !reply->may_play || occasion == NULL) {
        fprintf(stderr, "smtpdx serve: %s has no words for '%s' that a server can say\n", p->name,
                wishes->says);
        print_worded(p);
        return false;
    }
    struct spec_action *action = arena_alloc(arena, sizeof *action);
    *action = (struct spec_action){.kind = ACTION_SAYS,
                                   .enhanced = "",
                                   .cause = arena_text(arena, cause),
                                   .variant = arena_text(arena, variant)};
    struct spec_rule *rule = arena_alloc(arena, sizeof *rule);
    *rule = (struct spec_rule){.on = occasion,
                               .times = (unsigned)wishes->times,
                               .after = (unsigned)wishes->after,
                               .actions = action,
                               .action_count = 1};
    out->rules = rule;
    out->rule_count = 1;
    return true;
}

static void take_secret(bool is_there, const char *name, struct arena *arena, struct spec_text *out)
{
    if (is_there) {
        struct spec_part *part = arena_alloc(arena, sizeof *part);
        *part = (struct spec_part){.kind = SPEC_SECRET, .text = slice_of(name)};
        *out = (struct spec_text){.parts = part, .count = 1};
    }
}

static void take_account(const struct serve_wishes *wishes, struct arena *arena,
                         struct spec_server *out)
{
    struct spec_account *account = arena_alloc(arena, sizeof *account);
    *account = (struct spec_account){.user = slice_of(wishes->user), .state = ""};
    take_secret(wishes->has_password, "password", arena, &account->password);
    take_secret(wishes->has_app_password, "app_password", arena, &account->app_password);
    take_secret(wishes->has_token, "token", arena, &account->token);
    out->accounts = account;
    out->account_count = 1;
}

static bool take_leaf(const char *slug, struct arena *arena, struct spec_server *out)
{
    enum pki_leaf leaf;
    const char *names[PKI_LEAF_COUNT];
    if (pki_leaf_from_slug(slice_of(slug), &leaf)) {
        out->tls.is_set = true;
        out->tls.cert = arena_text(arena, slice_of(slug));
        return true;
    }
    fprintf(stderr, "smtpdx serve: no certificate '%s'; there are:", slug);
    for (size_t i = 0; i < PKI_LEAF_COUNT; i++) {
        names[i] = pki_leaf_slug((enum pki_leaf)i);
        fprintf(stderr, " %s", names[i]);
    }
    const char *nearest = text_nearest(slice_of(slug), names, PKI_LEAF_COUNT);
    fprintf(stderr, "%s%s%s\n", nearest != NULL ? " (did you mean '" : "",
            nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
    return false;
}

bool serve_server(const struct registry *registry, const char *persona,
                  const struct serve_wishes *wishes, struct arena *arena, struct spec_server *out)
{
    const struct provider *p = persona_of(registry, persona);
    if (p == NULL) {
        return false;
    }
    server_init(out);
    out->like = p->name;
    out->security = p->endpoint_count != 0 ? p->endpoints[0].security : SECURITY_STARTTLS;
    out->accepts_any = wishes->user == NULL;
    if (wishes->security != NULL &&
        !security_from_slug(slice_of(wishes->security), &out->security)) {
        fprintf(stderr, "smtpdx serve: --security wants starttls, implicit or none, not '%s'\n",
                wishes->security);
        return false;
    }
    if (wishes->user != NULL) {
        take_account(wishes, arena, out);
    }
    return (wishes->cert == NULL || take_leaf(wishes->cert, arena, out)) &&
           (wishes->says == NULL || take_says(p, wishes, arena, out));
}
