/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Actions of the fake server. One mapping may hold several; they happen in the order of the table
 * below, whatever their order in the file, so that `{reply: …, delay: 2s}` means one thing. When
 * none of a rule's actions answers, the polite answer follows (ACTION_CONTINUE).
 */
#include "scenario/bind.h"

#include "base/text.h"
#include "scenario/head.h"

#include <assert.h>
#include <string.h>

enum { REPLY_LINES_MAX = 1000, ENDLESS_DEFAULT = 100000, OCTETS_MAX = 64 * 1024 * 1024 };

typedef void action_reader(struct bind *b, const struct node *value, struct spec_action *out);

static action_reader read_delay, read_tls, read_flag, read_drip, read_chunks, read_count,
    read_cause, read_reply, read_octets, read_endless, read_close;

/* clang-format off */
static const struct action_row {
    const char *name;
    enum action_kind kind;
    bool is_answer;  /* something the client takes for the answer, or the end */
    bool is_word;    /* may stand alone: `QUIT: close` */
    action_reader *read;
} action_rows[] = {
    { "delay",         ACTION_DELAY,         false, false, read_delay },
    { "stall",         ACTION_STALL,         false, false, read_delay },
    { "stop_reading",  ACTION_STOP_READING,  false, false, read_delay },
    { "tls",           ACTION_TLS,           false, false, read_tls },
    { "drop_tls",      ACTION_DROP_TLS,      false, true,  read_flag },
    { "drip",          ACTION_DRIP,          false, false, read_drip },
    { "chunks",        ACTION_CHUNKS,        false, false, read_chunks },
    { "truncate",      ACTION_TRUNCATE,      false, false, read_count },
    { "says",          ACTION_SAYS,          true,  false, read_cause },
    { "reply",         ACTION_REPLY,         true,  false, read_reply },
    { "reply_raw",     ACTION_REPLY_RAW,     true,  false, read_octets },
    { "endless_lines", ACTION_ENDLESS_LINES, true,  true,  read_endless },
    { "garbage",       ACTION_GARBAGE,       true,  false, read_count },
    { "continue",      ACTION_CONTINUE,      true,  true,  read_flag },
    { "inject",        ACTION_INJECT,        false, false, read_octets },
    { "close",         ACTION_CLOSE,         true,  true,  read_close },
};
/* clang-format on */
static_assert(COUNT(action_rows) == ACTION_KIND_COUNT, "one row per action");

static const struct action_row *find_row(struct slice name)
{
    for (size_t i = 0; i < COUNT(action_rows); i++) {
        if (slice_eq_text(name, action_rows[i].name)) {
            return &action_rows[i];
        }
    }
    return NULL;
}

static void read_delay(struct bind *b, const struct node *value, struct spec_action *out)
{
    (void)bind_duration(b, "duration", value, &out->duration_us);
}

static void read_tls(struct bind *b, const struct node *value, struct spec_action *out)
{
    out->tls = (struct spec_tls){
        .is_set = true, .cert = "", .min = "", .max = "", .ciphers = "", .fault = ""};
    bind_map(b, &shape_tls, value, &out->tls);
    if (out->tls.has_mode) {
        doc_error_at(b->errors, node_key(value, "mode"),
                     "'mode' is of the server as a whole: write security beside 'on'");
    }
}

static void read_flag(struct bind *b, const struct node *value, struct spec_action *out)
{
    bool flag = false;
    if (bind_bool(b, "action", value, &flag) && !flag) {
        doc_error_at(b->errors, value, "leave the action out instead of writing false");
    }
    out->count = 0;
}

static void read_drip(struct bind *b, const struct node *value, struct spec_action *out)
{
    struct drip_read d = {0};
    bind_map(b, &shape_drip, value, &d);
    out->count = d.octets;
    out->duration_us = d.every_us;
}

static void read_count(struct bind *b, const struct node *value, struct spec_action *out)
{
    unsigned n = 0;
    (void)bind_count(b, "octets", value, 0, OCTETS_MAX, &n);
    out->count = n;
}

static void read_octets(struct bind *b, const struct node *value, struct spec_action *out)
{
    (void)bind_text(b, "octets", value, &out->bytes);
}

static void read_endless(struct bind *b, const struct node *value, struct spec_action *out)
{
    unsigned n = ENDLESS_DEFAULT;
    if (!node_is_text(value, "true")) {
        (void)bind_count(b, "endless_lines", value, 1, 10000000, &n);
    }
    out->count = n;
}

static void read_close(struct bind *b, const struct node *value, struct spec_action *out)
{
    if (node_is_text(value, "true")) {
        out->close_how = CLOSE_FIN;
        return;
    }
    const struct choice *c = bind_choice(b, "close", value, &choices_closes);
    out->close_how = c != NULL ? (enum close_how)c->value : CLOSE_FIN;
}

static void read_cause(struct bind *b, const struct node *value, struct spec_action *out)
{
    struct says_read s = {.cause = "", .variant = ""};
    struct slice cause;
    if (value->kind == NODE_MAP) {
        bind_map(b, &shape_says, value, &s);
    } else if (bind_text(b, "says", value, &cause)) {
        s.cause = arena_text(b->arena, cause);
    }
    if (s.times != 0 || s.after != 0) {
        doc_error_at(b->errors, value, "times and after stand beside the action, not in says");
    }
    out->cause = s.cause;
    out->variant = s.variant;
}

/* chunks: [3, 50ms, rest]: octets, waits, and what is left. */
static void read_chunks(struct bind *b, const struct node *value, struct spec_action *out)
{
    if (value->kind != NODE_LIST || value->count == 0) {
        doc_error_at(b->errors, value,
                     "'chunks' is a list of octets, durations and rest: "
                     "[3, 50ms, rest]");
        return;
    }
    struct spec_chunk *list = arena_array(b->arena, value->count, sizeof *list);
    int64_t wait_us = 0;
    for (size_t i = 0; i < value->count; i++) {
        const struct node *item = value->items[i];
        int64_t duration = 0;
        unsigned octets = 0;
        if (item->kind == NODE_SCALAR && text_duration(item->text, &duration)) {
            wait_us += duration;
            continue;
        }
        if (!node_is_text(item, "rest") && !bind_count(b, "chunks", item, 1, OCTETS_MAX, &octets)) {
            return;
        }
        list[out->chunk_count++] = (struct spec_chunk){.octets = octets, .wait_us = wait_us};
        wait_us = 0;
    }
    if (wait_us != 0) {
        doc_error_at(b->errors, value, "a wait in 'chunks' stands before a piece: add rest");
    }
    out->chunks = list;
}

/* "5.7.139": class 2, 4 or 5, subject and detail of one to three digits (RFC 3463 2). */
static bool is_enhanced(struct slice s)
{
    struct slice part;
    size_t parts = 0;
    size_t octets = s.n;
    while (slice_take_until(&s, '.', &part)) {
        uint64_t n = 0;
        if (part.n == 0 || part.n > 3 || !slice_to_u64(part, &n) ||
            (parts == 0 && n != 2 && n != 4 && n != 5)) {
            return false;
        }
        octets -= part.n;
        parts++;
    }
    return parts == 3 && octets == 2;
}

static bool reply_line_ok(struct bind *b, const struct node *n, struct slice text)
{
    if (slice_find_char(text, '\n') != SIZE_MAX || slice_find_char(text, '\r') != SIZE_MAX) {
        doc_error_at(b->errors, n,
                     "a line of a reply holds no line end: write several lines as a "
                     "list of texts, or use reply_raw");
        return false;
    }
    return true;
}

static void reply_texts(struct bind *b, const struct node *value, struct spec_action *out)
{
    size_t count = value->kind == NODE_LIST ? value->count : 1;
    if (count == 0 || count > REPLY_LINES_MAX) {
        doc_error_at(b->errors, value, "a reply has 1 to %d lines", REPLY_LINES_MAX);
        return;
    }
    const char **texts = arena_array(b->arena, count + 1, sizeof(const char *));
    for (size_t i = 0; i < count; i++) {
        const struct node *item = value->kind == NODE_LIST ? value->items[i] : value;
        struct slice text;
        if (!bind_text(b, "reply", item, &text) || !reply_line_ok(b, item, text)) {
            return;
        }
        texts[i] = arena_text(b->arena, text);
    }
    out->texts = texts;
}

/* "454 4.7.0 TLS not available" */
static void reply_from_text(struct bind *b, const struct node *value, struct spec_action *out)
{
    struct slice rest = node_text(value), code, word;
    uint64_t number = 0;
    struct slice checked;
    if (!bind_text(b, "reply", value, &checked) || !reply_line_ok(b, value, checked)) {
        return;
    }
    if (!slice_take_word(&rest, &code) || code.n != 3 || !slice_to_u64(code, &number) ||
        number < 200 || number > 599) {
        doc_error_at(b->errors, value,
                     "'reply' begins with a code from 200 to 599; for anything "
                     "else use reply_raw");
        return;
    }
    struct slice after = rest;
    if (slice_take_word(&after, &word) && is_enhanced(word)) {
        out->enhanced = arena_text(b->arena, word);
        rest = after;
    }
    const char **texts = arena_array(b->arena, 2, sizeof(const char *));
    texts[0] = arena_text(b->arena, slice_trim(rest));
    out->code = (unsigned)number;
    out->texts = texts;
}

static void read_reply(struct bind *b, const struct node *value, struct spec_action *out)
{
    if (value->kind == NODE_SCALAR) {
        reply_from_text(b, value, out);
        return;
    }
    if (value->kind != NODE_LIST || value->count == 0 || value->count > 3) {
        doc_error_at(b->errors, value,
                     "'reply' is [code, enhanced, text], where enhanced may be "
                     "left out and several lines are a list of texts; a text "
                     "with a comma is quoted");
        return;
    }
    if (!bind_count(b, "reply code", value->items[0], 200, 599, &out->code)) {
        return;
    }
    size_t at = 1;
    const struct node *second = value->count > 1 ? value->items[1] : NULL;
    if (second != NULL && second->kind == NODE_SCALAR && is_enhanced(second->text)) {
        out->enhanced = arena_text(b->arena, second->text);
        at = 2;
    } else if (value->count == 3) {
        doc_error_at(b->errors, second,
                     "this is no enhanced status code (5.7.139); a text with a "
                     "comma is quoted");
        return;
    }
    if (at < value->count) {
        reply_texts(b, value->items[at], out);
    } else {
        out->texts = arena_array(b->arena, 2, sizeof(const char *));
        ((const char **)(uintptr_t)out->texts)[0] = "";
    }
}

static void add_action(struct bind *b, struct spec_rule *rule, const struct spec_action *action)
{
    struct spec_action *list =
        bind_grow(b, rule->actions, rule->action_count, sizeof(struct spec_action));
    list[rule->action_count++] = *action;
    rule->actions = list;
}

static void read_one(struct bind *b, const struct action_row *row, const struct node *value,
                     struct spec_rule *rule)
{
    struct spec_action action = {
        .kind = row->kind, .enhanced = "", .cause = "", .variant = "", .at = value};
    row->read(b, value, &action);
    add_action(b, rule, &action);
}

static void read_word(struct bind *b, const struct node *value, struct spec_rule *rule)
{
    const struct action_row *row = find_row(value->text);
    if (row == NULL || !row->is_word) {
        const char *nearest = shape_nearest(&shape_rule, value->text);
        doc_error_at(b->errors, value, "'" SLICE_FMT "' is no action that stands alone%s%s%s",
                     SLICE_ARG(slice_sub(value->text, 0, 60)),
                     nearest != NULL ? " (did you mean '" : "; write {reply: …}",
                     nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
        return;
    }
    struct spec_action action = {.kind = row->kind,
                                 .enhanced = "",
                                 .cause = "",
                                 .variant = "",
                                 .count = row->kind == ACTION_ENDLESS_LINES ? ENDLESS_DEFAULT : 0,
                                 .at = value};
    add_action(b, rule, &action);
}

static void read_item(struct bind *b, const struct node *value, struct spec_rule *rule)
{
    if (value->kind == NODE_SCALAR) {
        read_word(b, value, rule);
        return;
    }
    size_t errors = b->errors->errors;
    bind_map(b, &shape_rule, value, &(struct spec_rule){0}); /* form only */
    size_t before = rule->action_count;
    for (size_t i = 0; i < COUNT(action_rows); i++) {
        const struct node *one = node_get(value, action_rows[i].name);
        if (one != NULL) {
            read_one(b, &action_rows[i], one, rule);
        }
    }
    if (rule->action_count == before && b->errors->errors == errors) {
        doc_error_at(b->errors, value, "no action here: reply, close, delay, …");
    }
}

static bool is_answer(enum action_kind kind)
{
    for (size_t i = 0; i < COUNT(action_rows); i++) {
        if (action_rows[i].kind == kind) {
            return action_rows[i].is_answer;
        }
    }
    return false;
}

/* The polite answer, where nothing else answers: before what rides on a reply. */
static void add_polite(struct bind *b, struct spec_rule *rule)
{
    size_t at = rule->action_count;
    for (size_t i = 0; i < rule->action_count; i++) {
        if (is_answer(rule->actions[i].kind)) {
            return;
        }
        at = rule->actions[i].kind == ACTION_INJECT && i < at ? i : at;
    }
    struct spec_action polite = {
        .kind = ACTION_CONTINUE, .enhanced = "", .cause = "", .variant = "", .at = rule->at};
    add_action(b, rule, &polite);
    struct spec_action *list = (struct spec_action *)(uintptr_t)rule->actions;
    memmove(&list[at + 1], &list[at], (rule->action_count - 1 - at) * sizeof *list);
    list[at] = polite;
}

void action_read(struct bind *b, const struct node *value, struct spec_rule *rule)
{
    if (value->kind != NODE_LIST) {
        read_item(b, value, rule);
    } else if (value->count == 0) {
        doc_error_at(b->errors, value, "no action here: reply, close, delay, …");
    } else {
        for (size_t i = 0; i < value->count; i++) {
            read_item(b, value->items[i], rule);
        }
    }
    add_polite(b, rule);
}
