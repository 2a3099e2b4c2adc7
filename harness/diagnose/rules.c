/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule is the words of a reply with gaps where hosts, ids and times vary. It fits when its pieces
 * occur in order; how much else was said around them decides how sure the match is.
 */
#include "diagnose/rules.h"

#include <string.h>

enum { SHORT_RULE = 12 /* octets: too little to be found inside other words */ };

/* Splits the words at {placeholders}. */
static void split_pieces(struct rule *out, struct slice words)
{
    out->is_open_at_start = words.n != 0 && words.p[0] == '{';
    while (words.n != 0 && out->piece_count < RULE_PIECES_MAX) {
        size_t open = slice_find_char(words, '{');
        struct slice piece = open == SIZE_MAX ? words : slice_sub(words, 0, open);
        piece = slice_trim(piece);
        if (piece.n != 0) {
            out->pieces[out->piece_count++] = piece;
            out->length += piece.n;
        }
        size_t close = open == SIZE_MAX ? SIZE_MAX : slice_find_char(words, '}');
        words = close == SIZE_MAX ? (struct slice){NULL, 0} : slice_from(words, close + 1);
    }
}

enum err rule_compile(const struct provider *p, const struct provider_reply *reply,
                      struct arena *arena, struct rule *out, struct why *why)
{
    static const char *const sures[] = {"possible", "likely", "certain"};
    *out = (struct rule){.provider = p, .reply = reply, .sure = SURE_CERTAIN};
    if (!cause_from_slug(slice_of(reply->cause), &out->cause)) {
        const char *nearest = cause_nearest(slice_of(reply->cause));
        why_set(why, ERR_INVALID, "unknown cause '%s'%s%s%s", reply->cause,
                nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                nearest != NULL ? "'?)" : "");
        return why_at(why, ERR_INVALID, reply->file, reply->line, 1);
    }
    for (size_t i = 0; i < COUNT(sures); i++) {
        if (strcmp(reply->sure, sures[i]) == 0) {
            out->sure = (enum sureness)i;
        }
    }
    struct said said;
    said_read(slice_of(reply->text), arena, &said);
    out->code = said.code;
    out->enhanced = said.enhanced;
    split_pieces(out, said.words);
    if (out->piece_count == 0) {
        why_set(why, ERR_INVALID, "the reply has no words that could be matched");
        return why_at(why, ERR_INVALID, reply->file, reply->line, 1);
    }
    return ERR_OK;
}

/* What servers add behind their sentence: "[host time id]", "<id>", "x - gsmtp", a full stop. */
static bool is_trailer(struct slice s)
{
    s = slice_trim(s);
    while (s.n != 0 && (s.p[0] == '.' || s.p[0] == ' ' || s.p[0] == ',' || s.p[0] == ')')) {
        s = slice_from(s, 1);
    }
    return s.n == 0 || s.p[0] == '[' || s.p[0] == '<' || s.p[0] == '(' ||
           slice_has_suffix(s, SLICE("gsmtp"));
}

static bool codes_agree(const struct rule *rule, const struct said *said)
{
    if (rule->code != 0 && said->code != 0 && rule->code != said->code) {
        return false;
    }
    return rule->enhanced.class == 0 || said->enhanced.class == 0 ||
           enhanced_eq(&rule->enhanced, &said->enhanced);
}

/* A provider file says "data" for what is answered to DATA and to the message alike. */
static bool stages_agree(enum stage rule, enum stage said)
{
    bool both_data =
        (rule == STAGE_DATA || rule == STAGE_BODY) && (said == STAGE_DATA || said == STAGE_BODY);
    return rule == STAGE_NONE || said == STAGE_NONE || rule == said || both_data;
}

struct fit rule_fit(const struct rule *rule, const struct said *said, enum stage stage)
{
    struct fit fit = {.is_match = false};
    size_t at = 0, first = SIZE_MAX;
    for (size_t i = 0; i < rule->piece_count; i++) {
        size_t found = slice_find(slice_from(said->words, at), rule->pieces[i]);
        if (found == SIZE_MAX) {
            return fit;
        }
        first = first == SIZE_MAX ? at + found : first;
        at += found + rule->pieces[i].n;
    }
    fit.is_whole =
        (first == 0 || rule->is_open_at_start) && is_trailer(slice_from(said->words, at));
    fit.is_match = fit.is_whole || rule->length >= SHORT_RULE;
    fit.has_codes = codes_agree(rule, said);
    fit.has_stage = stages_agree(rule->reply->stage, stage);
    fit.is_submission = !rule->reply->is_mx;
    fit.length = rule->length;
    return fit;
}

bool fit_is_better(const struct fit *a, const struct fit *b)
{
    if (a->is_match != b->is_match) {
        return a->is_match;
    }
    if (a->has_codes != b->has_codes) {
        return a->has_codes;
    }
    if (a->is_whole != b->is_whole) {
        return a->is_whole;
    }
    /* The longer sentence says more, wherever it was said. */
    if (a->length != b->length) {
        return a->length > b->length;
    }
    if (a->has_stage != b->has_stage) {
        return a->has_stage;
    }
    return a->is_submission && !b->is_submission;
}
