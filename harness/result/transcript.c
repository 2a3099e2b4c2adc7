/* SPDX-License-Identifier: Apache-2.0 */
/* Lines out of octets, masked by position (RFC 4954 4: what follows AUTH and every 334). */
#include "result/transcript.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

void transcript_init(struct transcript *t, struct arena *arena)
{
    memset(t, 0, sizeof *t);
    t->arena = arena;
    buf_init(&t->partial[TRANSCRIPT_CLIENT], TRANSCRIPT_LINE_MAX);
    buf_init(&t->partial[TRANSCRIPT_SERVER], TRANSCRIPT_LINE_MAX);
}

void transcript_release(struct transcript *t)
{
    for (size_t i = 0; i < COUNT(t->partial); i++) {
        buf_wipe(&t->partial[i]); /* may hold half a SASL response */
        buf_release(&t->partial[i]);
    }
}

static void grow(struct transcript *t)
{
    size_t space = t->space != 0 ? t->space * 2 : 32;
    struct transcript_line *lines = arena_array(t->arena, space, sizeof *lines);
    if (t->count != 0) {
        memcpy(lines, t->lines, t->count * sizeof *lines);
    }
    t->lines = lines;
    t->space = space;
}

static void add(struct transcript *t, enum transcript_who who, bool inside_tls, int64_t now_us,
                struct slice text)
{
    if (t->count == TRANSCRIPT_LINES_MAX) {
        t->dropped++;
        return;
    }
    if (t->count == t->space) {
        grow(t);
    }
    t->lines[t->count++] = (struct transcript_line){
        .at_us = now_us, .who = who, .inside_tls = inside_tls, .text = arena_copy(t->arena, text)};
}

void transcript_note(struct transcript *t, enum transcript_who who, bool inside_tls, int64_t now_us,
                     const char *text)
{
    add(t, who, inside_tls, now_us, slice_of(text));
}

/* "AUTH PLAIN AGpvZQ==" becomes "AUTH PLAIN ***". */
static struct slice mask_auth(struct transcript *t, struct slice line)
{
    struct slice rest = line, verb, mechanism;
    if (!slice_take_word(&rest, &verb) || !slice_eq_nocase_text(verb, "AUTH") ||
        !slice_take_word(&rest, &mechanism) || slice_trim(rest).n == 0) {
        return line;
    }
    return slice_of(arena_printf(t->arena, SLICE_FMT " " SLICE_FMT " ***", SLICE_ARG(verb),
                                 SLICE_ARG(mechanism)));
}

static bool is_cancel_or_empty(struct slice line)
{
    return line.n == 0 || slice_eq_text(line, "*");
}

static void end_body(struct transcript *t, bool inside_tls, int64_t now_us)
{
    t->in_body = false;
    const char *text = arena_printf(t->arena, "(message, %zu octets)", t->body_octets);
    add(t, TRANSCRIPT_CLIENT, inside_tls, now_us, slice_of(text));
    add(t, TRANSCRIPT_CLIENT, inside_tls, now_us, SLICE("."));
}

static void client_line(struct transcript *t, bool inside_tls, int64_t now_us, struct slice line)
{
    if (t->in_body) {
        if (slice_eq_text(line, ".")) {
            end_body(t, inside_tls, now_us);
        } else {
            t->body_octets += t->partial_full[TRANSCRIPT_CLIENT] + 2;
        }
        return;
    }
    if (t->in_sasl) {
        line = is_cancel_or_empty(line) ? line : SLICE("***");
    } else {
        struct slice rest = line, verb;
        t->in_sasl = slice_take_word(&rest, &verb) && slice_eq_nocase_text(verb, "AUTH");
        line = mask_auth(t, line);
    }
    add(t, TRANSCRIPT_CLIENT, inside_tls, now_us, line);
}

static void server_line(struct transcript *t, bool inside_tls, int64_t now_us, struct slice line)
{
    if (slice_has_prefix(line, SLICE("334"))) {
        t->in_sasl = true;
    } else if (line.n != 0 && (line.p[0] == '4' || line.p[0] == '5' ||
                               slice_has_prefix(line, SLICE("235")))) {
        t->in_sasl = false; /* a 250 may belong to a command before AUTH that was pipelined with it */
    }
    if (slice_has_prefix(line, SLICE("354"))) {
        t->in_body = true;
        t->body_octets = 0;
    }
    add(t, TRANSCRIPT_SERVER, inside_tls, now_us, line);
}

static void end_line(struct transcript *t, enum transcript_who who, bool inside_tls, int64_t now_us)
{
    struct buf *partial = &t->partial[who];
    if (partial->n != 0 && partial->p[partial->n - 1] == '\r') {
        buf_truncate(partial, partial->n - 1);
        t->partial_full[who]--;
    }
    struct slice line = buf_slice(partial);
    if (partial->is_full && t->count < TRANSCRIPT_LINES_MAX) { /* else nobody will read it */
        line = slice_of(arena_printf(t->arena, SLICE_FMT "… (%zu octets)", SLICE_ARG(line),
                                     t->partial_full[who]));
    }
    if (who == TRANSCRIPT_CLIENT) {
        client_line(t, inside_tls, now_us, line);
    } else {
        server_line(t, inside_tls, now_us, line);
    }
    buf_wipe(partial);
    t->partial_full[who] = 0;
}

void transcript_octets(struct transcript *t, enum transcript_who who, bool inside_tls,
                       int64_t now_us, struct slice bytes)
{
    while (bytes.n != 0) {
        size_t at = slice_find_char(bytes, '\n');
        struct slice part = at == SIZE_MAX ? bytes : slice_sub(bytes, 0, at);
        buf_add(&t->partial[who], part);
        t->partial_full[who] += part.n;
        if (at == SIZE_MAX) {
            return;
        }
        end_line(t, who, inside_tls, now_us);
        bytes = slice_from(bytes, at + 1);
    }
}

void transcript_finish(struct transcript *t, int64_t now_us)
{
    if (t->in_body) {
        transcript_note(t, TRANSCRIPT_CLIENT, false, now_us,
                        arena_printf(t->arena, "(message, not ended, %zu octets so far)",
                                     t->body_octets + t->partial_full[TRANSCRIPT_CLIENT]));
    } else if (t->partial[TRANSCRIPT_CLIENT].n != 0) {
        /* What it was to become is not known, so it cannot be masked by position: not shown. */
        transcript_note(t, TRANSCRIPT_CLIENT, false, now_us, "(a line without end)");
    }
    struct slice rest = buf_slice(&t->partial[TRANSCRIPT_SERVER]);
    if (rest.n != 0) {
        transcript_note(t, TRANSCRIPT_SERVER, false, now_us,
                        arena_printf(t->arena, SLICE_FMT "… (no line end)", SLICE_ARG(rest)));
    }
}

struct json *transcript_to_json(const struct transcript *t, int64_t start_us)
{
    struct json *list = json_list();
    for (size_t i = 0; i < t->count; i++) {
        const struct transcript_line *line = &t->lines[i];
        struct json *entry = json_map();
        json_set(entry, "ms", json_real((double)(line->at_us - start_us) / 1000.0));
        json_set(entry, "who", json_text(line->who == TRANSCRIPT_CLIENT ? "C" : "S"));
        json_set(entry, "tls", json_bool(line->inside_tls));
        json_set(entry, "text", json_string(line->text));
        json_add(list, entry);
    }
    return list;
}

size_t transcript_find_verb(const struct transcript *t, struct slice verb)
{
    for (size_t i = 0; i < t->count; i++) {
        struct slice rest = t->lines[i].text, word;
        if (t->lines[i].who == TRANSCRIPT_CLIENT && slice_take_word(&rest, &word) &&
            slice_eq_nocase(word, verb)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static void print_line(const struct transcript_line *line, int64_t start_us, bool is_here,
                       struct buf *out)
{
    char when[32];
    snprintf(when, sizeof when, "+%.1fms", (double)(line->at_us - start_us) / 1000.0);
    buf_addf(out, "%11s %s%c: ", when, line->inside_tls ? "" : "(clear) ",
             line->who == TRANSCRIPT_CLIENT ? 'C' : 'S');
    text_visible(line->text, TEXT_ONE_LINE, out);
    buf_add_text(out, is_here ? "   <-- here\n" : "\n");
}

void transcript_print(const struct transcript *t, int64_t start_us, size_t last, size_t here,
                      struct buf *out)
{
    size_t from = t->count > last ? t->count - last : 0;
    if (here < from) {
        from = here > last / 2 ? here - last / 2 : 0;
    }
    size_t end = t->count - from > last ? from + last : t->count;
    for (size_t i = from; i < end; i++) {
        print_line(&t->lines[i], start_us, i == here, out);
    }
    if (end < t->count) {
        buf_addf(out, "            … and %zu more lines\n", t->count - end);
    }
}
