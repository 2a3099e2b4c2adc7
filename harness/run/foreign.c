/* SPDX-License-Identifier: Apache-2.0 */
/* A line of JSON in, a word or JSON out, the word translated. */
#include "run/foreign.h"

#include "diagnose/diagnose.h"

#include <string.h>

enum { ANSWER_BYTES_MAX = 64 * 1024, TIMEOUT_MS = 10000 };

static void add_text(struct json *map, const char *key, struct slice text)
{
    if (text.n != 0) {
        json_set(map, key, json_string(text));
    }
}

static void add_lines(struct json *map, const char *key, const struct slice *lines, size_t count)
{
    struct json *list = json_list();
    for (size_t i = 0; i < count; i++) {
        json_add(list, json_string(lines[i]));
    }
    if (count != 0) {
        json_set(map, key, list);
    } else {
        json_free(list);
    }
}

/* The keys of `smtpdx explain --json`; only those that are known. */
static void add_question(const struct spec_classify *c, struct buf *out)
{
    struct json *map = json_map();
    if (c->provider != NULL) {
        json_set(map, "provider", json_text(c->provider->name));
    }
    json_set(map, "stage", json_text(stage_slug(c->stage)));
    add_text(map, "reply", c->reply);
    if (c->fault[0] != '\0') {
        json_set(map, "fault", json_text(c->fault));
    }
    add_text(map, "mechanism", c->mechanism);
    add_text(map, "host", c->host);
    add_text(map, "greeting", c->greeting);
    add_text(map, "user", c->user);
    add_text(map, "error_document", c->error_document);
    if (c->claims.n != 0) {
        struct json *claims = NULL;
        if (json_parse(c->claims, &claims, NULL) == ERR_OK) {
            json_set(map, "claims", claims);
        }
    }
    if (c->now_s != 0) {
        json_set(map, "now", json_int(c->now_s));
    }
    add_lines(map, "offered_clear", c->offered_clear, c->offered_clear_count);
    add_lines(map, "offered_tls", c->offered_tls, c->offered_tls_count);
    add_lines(map, "certificate_names", c->certificate_names, c->certificate_name_count);
    if (c->is_inside_tls) {
        json_set(map, "inside_tls", json_bool(true));
    }
    if (c->credential != CREDENTIAL_NONE) {
        json_set(map, "credential", json_text(credential_slug(c->credential)));
    }
    json_print(map, JSON_COMPACT, out);
    buf_add_text(out, "\n");
    json_free(map);
}

/* The first line that is not empty. */
static struct slice first_line(struct slice text)
{
    struct slice line = {"", 0};
    while (line.n == 0 && slice_take_until(&text, '\n', &line)) {
        line = slice_trim(line);
    }
    return line;
}

static const struct node *value_of(const struct spec_classify *c, struct slice word)
{
    for (size_t i = 0; c->map != NULL && i < c->map->count; i++) {
        if (slice_eq(c->map->keys[i]->text, word)) {
            return c->map->items[i];
        }
    }
    return NULL;
}

static bool has_several(const struct node *value)
{
    return value->kind == NODE_LIST || slice_has_suffix(node_text(value), SLICE(".*"));
}

static struct json *translated(const struct spec_classify *c, struct slice word)
{
    const struct node *ours = value_of(c, word);
    return json_string(ours != NULL && !has_several(ours) ? node_text(ours) : word);
}

const char *foreign_meaning(const struct spec_classify *c, const struct json *answer, size_t i)
{
    const struct node *value = value_of(c, json_slice(json_get(answer, "cause")));
    for (int k = 0; value != NULL && has_several(value) && k < CAUSE_COUNT; k++) {
        const char *slug = cause_slug((enum cause)k);
        if (mapper_means(value, slug) && i-- == 0) {
            return slug;
        }
    }
    return NULL;
}

static enum err bad_answer(const struct spec_classify *c, struct slice line, struct why *why)
{
    return why_set(why, ERR_SYNTAX,
                   line.n == 0 ? "%s printed nothing: it has to print a cause, or {\"cause\": …}"
                               : "%s printed JSON without a \"cause\" that is a text",
                   c->command[0]);
}

static enum err read_answer(const struct spec_classify *c, struct slice line, struct json **out,
                            struct why *why)
{
    static const char *const more[] = {"sure", "who", "retry"};
    struct json *answer = NULL, *map = json_map();
    struct why unused;
    bool is_json = line.n != 0 && line.p[0] == '{' && json_parse(line, &answer, &unused) == ERR_OK;
    struct slice word = is_json ? json_slice(json_get(answer, "cause")) : line;
    if (word.n == 0) {
        json_free(answer);
        json_free(map);
        return bad_answer(c, line, why);
    }
    json_set(map, "cause", translated(c, word));
    for (size_t i = 0; i < COUNT(more); i++) {
        const struct json *value = is_json ? json_get(answer, more[i]) : NULL;
        json_set(map, more[i],
                 json_kind(value) == JSON_STRING ? json_string(json_slice(value)) : json_null());
    }
    json_free(answer);
    *out = map;
    return ERR_OK;
}

enum err foreign_classify(const struct spec_classify *c, struct peers *peers, struct json **out,
                          struct why *why)
{
    struct buf question, answer;
    buf_init(&question, BUF_NO_CAP);
    buf_init(&answer, ANSWER_BYTES_MAX);
    add_question(c, &question);
    const struct command command = {
        .argv = c->command,
        .input = buf_slice(&question),
        .is_stranger = true,
        .timeout_ms = c->timeout_us != 0 ? (int)(c->timeout_us / 1000) : TIMEOUT_MS,
    };
    enum err err = c->process == PROCESS_SHARED ? peers_ask(peers, &command, &answer, why)
                                                : command_talk(&command, &answer, why);
    if (err == ERR_OK) {
        err = read_answer(c, first_line(buf_slice(&answer)), out, why);
    }
    buf_release(&question);
    buf_release(&answer);
    return err;
}
