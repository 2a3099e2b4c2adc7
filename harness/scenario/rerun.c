/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `retry` of a scenario: the case as a whole again, and only for what the author named. A refused
 * login is never named: trying again locks accounts.
 */
#include "scenario/parts.h"

#include "base/text.h"

enum { BASE_DEFAULT_US = 1000000, MAX_DELAY_DEFAULT_US = 60000000 };

/* What is no cause and may be tried again all the same. */
static bool is_kind(struct slice word)
{
    return slice_eq_text(word, "expect") || slice_eq_text(word, "tool.aborted");
}

/* "network.*": an area that at least one cause is in. */
static bool is_area(struct slice word)
{
    if (!slice_has_suffix(word, SLICE(".*"))) {
        return false;
    }
    struct slice area = slice_sub(word, 0, word.n - 1);
    for (size_t i = 0; i < choices_causes.count; i++) {
        if (slice_has_prefix(slice_of(choices_causes.list[i].slug), area)) {
            return true;
        }
    }
    return false;
}

static void check_cause(struct bind *b, const struct node *n)
{
    struct slice word;
    if (!bind_text(b, "causes", n, &word)) {
        return;
    }
    if (slice_has_prefix(word, SLICE("auth."))) {
        doc_error_at(b->errors, n,
                     "'" SLICE_FMT "' is never tried again: repeated logins lock accounts",
                     SLICE_ARG(slice_sub(word, 0, 60)));
    } else if (!is_kind(word) && !is_area(word)) {
        (void)bind_choice(b, "causes", n, &choices_causes);
    }
}

void read_rerun_causes(struct bind *b, const struct field *f, const struct node *value, void *out)
{
    struct spec_rerun *r = out;
    size_t before = b->errors->errors;
    size_t count = value->kind == NODE_LIST ? value->count : 1;
    const char **list = arena_array(b->arena, count + 1, sizeof(const char *));
    if (count == 0 || value->kind == NODE_MAP) {
        doc_error_at(b->errors, value, "'%s' is a list of causes: [network.*, server.busy]",
                     f->key);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct node *item = value->kind == NODE_LIST ? value->items[i] : value;
        check_cause(b, item);
        list[i] = arena_text(b->arena, node_text(item));
    }
    r->causes = b->errors->errors == before ? list : NULL;
}

const struct spec_rerun *rerun_make(struct bind *b, const struct node *scenario,
                                    const struct scenario_head *h)
{
    const struct node *at = node_key(scenario, "retry");
    if (!h->has_rerun || at == NULL) {
        return NULL;
    }
    if (h->probe == NULL) {
        doc_error_at(b->errors, at,
                     "'retry' tries a conversation again, and classify has none: leave it out");
    }
    if (h->has_expect_fail) {
        doc_error_at(b->errors, node_key(scenario, "expect_fail"),
                     "a scenario has retry or expect_fail, not both: what is known to fail is not "
                     "tried again");
    }
    struct spec_rerun *r = arena_alloc(b->arena, sizeof *r);
    *r = h->rerun;
    r->wait.base_us = r->wait.base_us != 0 ? r->wait.base_us : BASE_DEFAULT_US;
    r->wait.max_delay_us = r->wait.max_delay_us != 0 ? r->wait.max_delay_us : MAX_DELAY_DEFAULT_US;
    return r;
}
