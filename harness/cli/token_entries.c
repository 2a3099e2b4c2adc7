/* SPDX-License-Identifier: Apache-2.0 */
/* What is in the store: tokens renewed, listed, forgotten, exported. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "cli/token_command.h"

enum { DAY_S = 24 * 3600 };

static const char *find_name(struct token_command *c, const char *word)
{
    struct why why;
    const char *name = NULL;
    if (stored_find(&c->stored, word, &c->arena, &name, &why) != ERR_OK) {
        token_complain(why.text, 0);
        return NULL;
    }
    return name;
}

void token_print_left(const char *name, int64_t expires_s)
{
    int64_t left_s = expires_s - (int64_t)time(NULL);
    if (expires_s == 0) {
        printf("%s: kept; the endpoint does not say how long it lasts\n", name);
    } else {
        printf("%s: kept; good for %" PRId64 " minutes\n", name, (left_s + 30) / 60);
    }
}

static int renew(struct token_command *c, const char *name)
{
    struct why why;
    struct token_flow *flow;
    struct token_entry e;
    stored_get(&c->stored, name, &e);
    const struct provider *provider = registry_find(c->registry, slice_of(e.provider));
    bool is_renewed = token_renew(c->stored.store, name, &c->stored.route, &flow, &why);
    int status = is_renewed ? EXIT_ALL_PASSED : token_flow_failed(c, provider, flow, &why);
    token_flow_free(flow);
    return status;
}

int token_refresh(struct token_command *c, const char *word)
{
    struct token_entry e;
    int status = token_open_store(c, false);
    const char *name = status == EXIT_ALL_PASSED ? find_name(c, word) : NULL;
    if (name == NULL) {
        return status != EXIT_ALL_PASSED ? status : EXIT_NOTHING_SELECTED;
    }
    (void)token_store_find(c->stored.store, name, &e);
    if (!c->is_forced && token_is_fresh(&e, (int64_t)time(NULL))) {
        token_print_left(name, e.expires_s);
        return EXIT_ALL_PASSED;
    }
    status = renew(c, name);
    if (status == EXIT_ALL_PASSED && token_store_find(c->stored.store, name, &e)) {
        token_print_left(name, e.expires_s);
    }
    return status;
}

/* ---- the list ---- */

static struct json *time_or_null(int64_t seconds)
{
    return seconds != 0 ? json_int(seconds) : json_null();
}

static void print_json(const struct token_entry *e, int64_t now_s)
{
    struct json *map = json_map();
    struct buf text;
    json_set(map, "name", json_text(e->name));
    json_set(map, "provider", json_text(e->provider));
    json_set(map, "user", json_text(e->user));
    json_set(map, "grant", json_text(e->grant));
    json_set(map, "scope", json_text(e->scope));
    json_set(map, "expires", time_or_null(e->expires_s));
    json_set(map, "seconds_left", e->expires_s != 0 ? json_int(e->expires_s - now_s) : json_null());
    json_set(map, "obtained", json_int(e->obtained_s));
    json_set(map, "rotations", json_int(e->rotations));
    json_set(map, "can_refresh", json_bool(token_can_renew(e)));
    json_set(map, "ends", time_or_null(token_end_s(e)));
    json_set(map, "key_file", json_text(e->key_path[0] != '\0' ? e->key_path : NULL));
    buf_init(&text, BUF_NO_CAP);
    json_print(map, JSON_COMPACT, &text);
    printf("%s\n", buf_text(&text));
    buf_release(&text);
    json_free(map);
}

static void print_line(const struct token_entry *e, int64_t now_s, bool is_soon)
{
    char when[20] = "";
    int64_t left_s = e->expires_s - now_s, end_s = token_end_s(e);
    text_utc(e->expires_s, when);
    printf("%-36s %-18s ", e->name, e->grant);
    if (e->expires_s == 0) {
        printf("lasts for a time that was not said");
    } else if (left_s > 0) {
        printf("good for %" PRId64 " minutes", left_s / 60);
    } else {
        printf("expired %s UTC", when);
    }
    if (!token_can_renew(e)) {
        printf(", cannot be refreshed");
    } else if (end_s != 0) {
        text_utc(end_s, when);
        printf(", can be refreshed until %s UTC", when);
    }
    printf("%s\n", is_soon ? "  (sign in again soon)" : "");
}

int token_status(struct token_command *c)
{
    struct token_entry e;
    int64_t now_s = (int64_t)time(NULL);
    bool has_soon = false;
    int status = token_open_store(c, false);
    for (size_t i = 0; status == EXIT_ALL_PASSED && token_store_at(c->stored.store, i, &e); i++) {
        int64_t end_s = token_end_s(&e);
        bool is_soon =
            c->warn_days != 0 && end_s != 0 && end_s - now_s < (int64_t)c->warn_days * DAY_S;
        has_soon = has_soon || is_soon;
        if (c->is_json) {
            print_json(&e, now_s);
        } else {
            print_line(&e, now_s, is_soon);
        }
    }
    return status == EXIT_ALL_PASSED && has_soon ? EXIT_SOMETHING_FAILED : status;
}

/* ---- out of it ---- */

int token_forget(struct token_command *c, const char *word)
{
    struct why why;
    int status = token_open_store(c, false);
    const char *name = status == EXIT_ALL_PASSED ? find_name(c, word) : NULL;
    if (name == NULL) {
        return status != EXIT_ALL_PASSED ? status : EXIT_NOTHING_SELECTED;
    }
    name = arena_text(&c->arena, slice_of(name));
    (void)token_store_remove(c->stored.store, name);
    if (token_store_save(c->stored.store, &why) != ERR_OK) {
        return token_complain(why.text, EXIT_NO_REPORT);
    }
    printf("%s: forgotten here; at the provider it is good until it expires or is revoked there\n",
           name);
    return EXIT_ALL_PASSED;
}

/* The one place where a token is meant to be seen: for another program's standard input. */
int token_export(struct token_command *c, const char *word)
{
    struct token_entry e;
    int status = token_open_store(c, false);
    const char *name = status == EXIT_ALL_PASSED ? find_name(c, word) : NULL;
    if (name == NULL) {
        return status != EXIT_ALL_PASSED ? status : EXIT_NOTHING_SELECTED;
    }
    (void)token_store_find(c->stored.store, name, &e);
    if (!token_is_fresh(&e, (int64_t)time(NULL))) {
        status = renew(c, name);
    }
    if (status == EXIT_ALL_PASSED && token_store_find(c->stored.store, name, &e)) {
        printf("%s\n", e.access_token);
    }
    return status;
}
