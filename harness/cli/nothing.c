/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing was selected: which of the things asked for is to blame, and what was probably meant.
 * Each thing is looked at by itself; only when every one of them selects something is it their
 * combination.
 */
#include "cli/selection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

struct names {
    struct cli_strings list;
    struct arena *arena; /* of the texts that are made here */
};

typedef void visit_case(const struct spec_case *c, void *context);

static void each_case(const struct suite_set *set, visit_case *visit, void *context)
{
    for (size_t i = 0; i < suites_count(set); i++) {
        for (size_t k = 0; k < suites_at(set, i)->case_count; k++) {
            visit(&suites_at(set, i)->cases[k], context);
        }
    }
}

static void add_once(struct names *n, const char *text)
{
    for (size_t i = n->list.count; i > 0; i--) { /* equal names stand together */
        if (strcmp(n->list.list[i - 1], text) == 0) {
            return;
        }
    }
    cli_strings_add(&n->list, text);
}

static void add_ids(const struct spec_case *c, void *context)
{
    struct names *n = context;
    add_once(n, c->id);
    add_once(n, arena_printf(n->arena, "%s::%s", c->suite, c->scenario));
    add_once(n, c->suite);
}

static void add_short_names(const struct spec_case *c, void *context)
{
    struct names *n = context;
    add_once(n, c->name);
    add_once(n, c->scenario);
}

static void add_tags(const struct spec_case *c, void *context)
{
    for (size_t i = 0; c->tags != NULL && c->tags[i] != NULL; i++) {
        add_once(context, c->tags[i]);
    }
}

static void add_refs(const struct spec_case *c, void *context)
{
    for (size_t i = 0; c->refs != NULL && c->refs[i] != NULL; i++) {
        add_once(context, c->refs[i]);
    }
}

static void blame(const char *what, const char *word, const char *nearest)
{
    fprintf(stderr, "smtpdx: nothing was selected: no %s '%s'", what, word);
    fprintf(stderr, nearest != NULL ? " (did you mean '%s'?)\n" : "\n", nearest);
}

/* What is left of a pattern without its ends that match anything. */
static struct slice core_of(const char *pattern)
{
    struct slice word = slice_of(pattern);
    while (word.n != 0 && strchr("*?:[]", word.p[word.n - 1]) != NULL) {
        word.n--;
    }
    return word;
}

struct match {
    const char *word;
    bool is_found;
};

static void match_id(const struct spec_case *c, void *context)
{
    struct match *m = context;
    m->is_found |= strcmp(m->word, c->id) == 0 || text_glob(slice_of(m->word), slice_of(c->id));
}

static void match_ref(const struct spec_case *c, void *context)
{
    struct match *m = context;
    size_t n = strlen(m->word);
    for (size_t i = 0; c->refs != NULL && c->refs[i] != NULL; i++) {
        m->is_found |= strncasecmp(c->refs[i], m->word, n) == 0;
    }
}

static void match_tag(const struct spec_case *c, void *context)
{
    struct match *m = context;
    for (size_t i = 0; c->tags != NULL && c->tags[i] != NULL; i++) {
        m->is_found |= strcasecmp(c->tags[i], m->word) == 0;
    }
}

/* One kind of filter: if none of its words selects anything by itself, says so for each. */
static bool blame_words(const struct selection *s, const struct cli_strings *words,
                        const char *what, visit_case *match, visit_case *add)
{
    struct arena arena;
    arena_init(&arena);
    struct names known = {.arena = &arena};
    bool any = words->count == 0;
    for (size_t i = 0; i < words->count; i++) {
        struct match m = {.word = words->list[i]};
        each_case(s->set, match, &m);
        any |= m.is_found;
    }
    each_case(s->set, add, &known);
    for (size_t i = 0; !any && i < words->count; i++) {
        blame(what, words->list[i],
              text_nearest(core_of(words->list[i]), known.list.list, known.list.count));
    }
    cli_strings_free(&known.list);
    arena_release(&arena);
    return !any;
}

static bool blame_target(const struct selection *s, const struct plan_target *t)
{
    struct plan_filter only = {.targets = t, .target_count = 1};
    struct arena arena;
    arena_init(&arena);
    struct plan plan;
    plan_select(s->set, &only, &arena, &plan);
    if (plan.count == 0 && t->line != 0) {
        fprintf(stderr, "smtpdx: nothing was selected: line %u of %s lies in no scenario\n",
                t->line, t->path);
    } else if (plan.count == 0 && t->id != NULL) {
        struct names known = {.arena = &arena};
        each_case(s->set, add_short_names, &known);
        blame(arena_printf(&arena, "scenario or case in %s is called", t->path), t->id,
              text_nearest(core_of(t->id), known.list.list, known.list.count));
        cli_strings_free(&known.list);
    } else if (plan.count == 0) {
        fprintf(stderr,
                "smtpdx: no scenario file (*.yaml or *.yml, not beginning with _ or .) in %s\n",
                t->path);
    }
    arena_release(&arena);
    return plan.count == 0;
}

void selection_explain_nothing(const struct selection *s)
{
    bool is_explained = false;
    for (size_t i = 0; i < s->target_count; i++) {
        is_explained |= blame_target(s, &s->targets[i]);
    }
    is_explained |= blame_words(s, &s->ids, "id matches", match_id, add_ids);
    is_explained |= blame_words(s, &s->tags, "case has the tag", match_tag, add_tags);
    is_explained |= blame_words(s, &s->refs, "case has the reference", match_ref, add_refs);
    if (!is_explained) {
        fprintf(stderr, "smtpdx: nothing was selected: no case meets all that was asked for; "
                        "'smtpdx list' with fewer options shows which there are\n");
    }
}
