/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the reply to a cause. The order is this table; the first line that says something wins:
 *
 *   1  a sentence of the provider, of the provider whose file its own builds on, or (when the
 *      provider is not known) of any provider's submission side, if it is longer than four words
 *      and has one cause
 *   2  a sentence of common server software (providers/generic.yaml), or, when the provider is not
 *      known, such a sentence with several causes
 *   3  when the provider is not known, a brief sentence of any provider's submission side
 *   4  a sentence of another provider: a relay may have passed it on
 *   5  the provider's own codes, when they stand for one cause only
 *   6  enhanced code, then reply code, of the standards at this stage
 *
 * Within 1 to 4 a clean match goes before one with a doubt, the longer sentence before the shorter,
 * the same stage before another, equal codes before differing ones, and last the order of the
 * files. Every doubt makes the judgement less sure by one step:
 *   - words follow that no rule knows, or stand in front
 *   - the code is of another class (4 against 5), or another enhanced code stands before few words
 *   - the sentence is another provider's
 *   - the inbound side says it, and this is a login
 * Sentences of one or two words ("Authentication failed") count without any doubt only.
 */
#include "diagnose/enhanced.h"
#include "diagnose/judge.h"
#include "diagnose/paste.h"

#include <string.h>

enum { SHORT_WORDS = 2, FEW_WORDS = 4 };

enum tier { TIER_OWN, TIER_GENERIC, TIER_BRIEF, TIER_OTHER };

struct candidate {
    const struct rule *rule;
    enum tier tier;
    unsigned doubts;
    bool has_words_behind, has_words_before, is_other_code;
    bool is_stage, is_exact;
    const struct segment *segment;
    uint32_t rank; /* the tie-break as one number: the least is the best */
};

/* DATA and the message belong together: where a server says "too large" is its own affair. */
static bool is_same_stage(enum stage a, enum stage b)
{
    bool is_data = (a == STAGE_DATA || a == STAGE_BODY) && (b == STAGE_DATA || b == STAGE_BODY);
    return a == STAGE_NONE || b == STAGE_NONE || a == b || is_data;
}

/* A recognised provider may be another one of the same house: a server of Microsoft's does not say
 * whether a company's or a person's mailbox is behind it. */
static bool is_of_house(const struct judge *j, const struct rule *rule)
{
    const struct registry *r = j->mapper->rules.registry;
    return !j->is_given && j->provider != SIZE_MAX &&
           strcmp(registry_at(r, j->provider)->family, registry_at(r, rule->home)->family) == 0;
}

static enum tier tier_of(const struct judge *j, const struct rule *rule)
{
    if (rule_is_of(rule, j->provider)) {
        return TIER_OWN;
    }
    if (rule_is_of(rule, j->mapper->rules.generic)) {
        return TIER_GENERIC;
    }
    if (rule->reply->is_mx || (j->provider != SIZE_MAX && !is_of_house(j, rule))) {
        return TIER_OTHER;
    }
    if (rule->literals <= FEW_WORDS) {
        return TIER_BRIEF;
    }
    return rule->sure == SURE_CERTAIN || j->provider != SIZE_MAX ? TIER_OWN : TIER_GENERIC;
}

/* Words in [from, to) that mean something and belong to the segment. What stands in brackets does
 * not count, unless the whole does, the word `at` too: a pair of Python's. */
static bool has_meaning(const struct judge *j, size_t from, size_t to, unsigned segment, size_t at)
{
    unsigned nothing = WORD_NOISE | (j->words.list[at].flags & WORD_ASIDE ? 0U : WORD_ASIDE);
    for (size_t i = from; i < to; i++) {
        const struct word *w = &j->words.list[i];
        if (w->segment == segment && (w->flags & nothing) == 0 &&
            !filler_has(&j->mapper->rules.filler, w->hash)) {
            return true;
        }
    }
    return false;
}

static bool is_enhanced_equal(const struct rule *rule, const struct segment *s)
{
    return rule->enhanced[0] == '\0' || s->enhanced[0] == '\0' ||
           memcmp(rule->enhanced, s->enhanced, ENHANCED_MAX) == 0;
}

static bool is_code_equal(const struct rule *rule, const struct segment *s)
{
    return rule->code == 0 || s->code == 0 || rule->code == s->code;
}

static bool is_class_equal(const struct rule *rule, const struct segment *s)
{
    return rule->code == 0 || s->code == 0 || rule->code / 100 == s->code / 100;
}

/* The order of the header comment, the first before all others. What is equal keeps the order of
 * the files. */
static uint32_t rank_of(const struct candidate *c)
{
    uint32_t brevity =
        WORDS_MAX - (uint32_t)(c->rule->literals < WORDS_MAX ? c->rule->literals : WORDS_MAX);
    uint32_t rank = c->doubts != 0;
    rank = rank << 1 | c->is_other_code;
    rank = rank << 2 | (uint32_t)c->tier;
    rank = rank << 3 | c->doubts;
    rank = rank << 10 | brevity;
    rank = rank << 1 | !c->is_stage;
    return rank << 1 | !c->is_exact;
}

static void weigh(const struct judge *j, size_t at, size_t end, struct candidate *c)
{
    const struct rule *rule = c->rule;
    unsigned first = j->words.list[at].segment;
    unsigned last = end > at ? j->words.list[end - 1].segment : first;
    c->segment = &j->words.segments[first];
    c->tier = tier_of(j, rule);
    c->has_words_behind = !rule->ends_star && has_meaning(j, end, j->words.count, last, at);
    c->has_words_before = !rule->leads_star && has_meaning(j, c->segment->first, at, first, at);
    c->is_stage = is_same_stage(rule->reply->stage, j->stage);
    c->is_exact = is_code_equal(rule, c->segment) && is_enhanced_equal(rule, c->segment);
    c->is_other_code = !is_class_equal(rule, c->segment) ||
                       (rule->literals <= FEW_WORDS && !is_enhanced_equal(rule, c->segment)) ||
                       (rule->literals <= SHORT_WORDS && !is_code_equal(rule, c->segment));
    bool is_inbound = rule->reply->is_mx && j->stage == STAGE_AUTH;
    c->doubts = (unsigned)c->has_words_behind + c->has_words_before + c->is_other_code +
                (c->tier == TIER_OTHER) + is_inbound;
    c->rank = rank_of(c);
}

static bool is_allowed(const struct candidate *c)
{
    if (c->rule->literals <= SHORT_WORDS) {
        return c->doubts == 0 && (c->is_stage || c->is_exact);
    }
    return c->doubts <= 1 || c->rule->literals > FEW_WORDS;
}

static bool is_better(const struct candidate *a, const struct candidate *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->rule < b->rule;
}

static void consider(const struct judge *j, const struct rule *rule, size_t at,
                     struct candidate *best)
{
    for (; rule != NULL; rule = rule_next(&j->mapper->rules, rule)) {
        size_t end;
        if (!rule_goes_on(rule, &j->words, at, &end)) {
            continue;
        }
        struct candidate c = {.rule = rule};
        weigh(j, at, end, &c);
        if (is_allowed(&c) && (best->rule == NULL || is_better(&c, best))) {
            *best = c;
        }
    }
}

static void find_sentence(const struct judge *j, struct candidate *best)
{
    const struct rules *rules = &j->mapper->rules;
    for (size_t at = 0; at < j->words.count; at++) {
        uint64_t first = j->words.list[at].hash;
        consider(j, rules_at(rules, first, 0), at, best);
        if (at + 1 < j->words.count) {
            consider(j, rules_at(rules, first, j->words.list[at + 1].hash), at, best);
        }
    }
}

size_t mapper_claims(const struct mapper *m, const struct evidence *e, const struct rule **list,
                     size_t max)
{
    struct arena arena;
    struct diagnosis d;
    struct judge j;
    size_t count = 0;
    arena_init(&arena);
    judge_begin(m, e, &arena, &d, &j);
    for (size_t i = 0; i < m->rules.count && count < max; i++) {
        struct candidate c = {.rule = &m->rules.list[i]};
        size_t end;
        for (size_t at = 0; at < j.words.count && count < max; at++) {
            if (rule_matches(c.rule, &j.words, at, &end)) {
                weigh(&j, at, end, &c);
                if (is_allowed(&c) && c.doubts == 0) {
                    list[count++] = c.rule;
                    break;
                }
            }
        }
    }
    arena_release(&arena);
    return count;
}

static void set_codes(struct judge *j, const struct segment *s)
{
    j->out->code = s->code;
    memcpy(j->out->enhanced, s->enhanced, sizeof j->out->enhanced);
}

static void take_rule(struct judge *j, const struct rule *rule, enum sureness sure)
{
    j->out->cause = rule->cause;
    j->out->sure = sure;
    j->out->rule = rule->place;
    for (size_t i = 0; i < rule->alternative_count; i++) {
        judge_alternative(j, rule->alternatives[i]);
    }
}

static enum sureness less_sure(enum sureness sure, unsigned doubts)
{
    return (unsigned)sure > doubts ? (enum sureness)((unsigned)sure - doubts) : SURE_POSSIBLE;
}

static void say_sentence(struct judge *j, const struct candidate *c)
{
    bool is_own = j->provider != SIZE_MAX && c->tier == TIER_OWN &&
                  !rule_is_of(c->rule, j->mapper->rules.generic);
    judge_because_of(j, is_own ? c->rule->said_own : c->rule->said_home);
    if (c->has_words_behind || c->has_words_before) {
        judge_because(j, "around it stand words that no rule knows");
    }
    if (c->is_other_code) {
        judge_because(j, "the code beside it is another one than usual");
    }
    if (c->segment != &j->words.segments[0]) {
        judge_because(j, "it was wrapped in another reply");
    }
}

/* A long sentence that nobody else uses says whose server this is when nothing else does. */
static void recognise_by(struct judge *j, const struct candidate *c)
{
    const struct provider *home = registry_at(j->mapper->rules.registry, c->rule->home);
    if (j->provider == SIZE_MAX && c->doubts == 0 && c->rule->literals > FEW_WORDS &&
        home->endpoint_count != 0 && !c->rule->reply->is_mx) {
        j->provider = c->rule->home;
        j->out->provider = home;
        j->out->provider_sure = SURE_LIKELY;
        j->by = "a sentence that is its own";
    }
}

static bool is_specific(const char *enhanced)
{
    const char *detail = strrchr(enhanced, '.');
    return detail != NULL && (strlen(detail) > 2 || detail[1] > '1');
}

/* The provider's rules with exactly these codes at this stage, when they agree on the cause. */
static const struct rule *provider_code(struct judge *j, const struct segment *s)
{
    const struct rule *found = NULL;
    size_t count;
    if (j->provider == SIZE_MAX || !is_specific(s->enhanced)) {
        return NULL;
    }
    const struct rule *const *list = rules_with_enhanced(&j->mapper->rules, s->enhanced, &count);
    for (size_t i = 0; i < count; i++) {
        const struct rule *r = list[i];
        if (!rule_is_of(r, j->provider) || !is_code_equal(r, s) ||
            !is_same_stage(r->reply->stage, j->stage)) {
            continue;
        }
        if (found != NULL && found->cause != r->cause) {
            return NULL;
        }
        found = found != NULL ? found : r;
    }
    return found;
}

static int code_rank(const struct judge *j, const struct rule *r)
{
    return (rule_is_of(r, j->provider) ? 8 : 0) + (r->enhanced[0] != '\0' ? 4 : 0) +
           (r->code != 0 ? 2 : 0) + (r->reply->stage != STAGE_NONE ? 1 : 0);
}

/* Specific enhanced codes first; a code rule without words never speaks for another provider. */
static const struct rule *standard_code(const struct judge *j, const struct segment *s)
{
    const struct rules *rules = &j->mapper->rules;
    const struct rule *best = NULL;
    for (size_t i = 0; i < rules->code_count; i++) {
        const struct rule *r = &rules->codes[i];
        if ((r->code != 0 && r->code != s->code) ||
            (r->enhanced[0] != '\0' && memcmp(r->enhanced, s->enhanced, ENHANCED_MAX) != 0)) {
            continue;
        }
        enum stage stage = r->reply->stage;
        bool is_ours = rule_is_of(r, j->provider) || is_of_house(j, r) ||
                       rule_is_of(r, j->mapper->rules.generic);
        bool is_meant = is_ours && (stage == STAGE_NONE || is_same_stage(stage, j->stage)) &&
                        (stage == STAGE_NONE || j->stage != STAGE_NONE);
        if (is_meant && (best == NULL || code_rank(j, r) > code_rank(j, best))) {
            best = r;
        }
    }
    return best;
}

/* Codes that exist for AUTH only say where they were said (RFC 4954 6). */
static void stage_from_code(struct judge *j, const struct segment *s)
{
    static const unsigned codes[] = {432, 534, 535, 538};
    for (size_t i = 0; j->stage == STAGE_NONE && i < COUNT(codes); i++) {
        j->stage = s->code == codes[i] ? STAGE_AUTH : j->stage;
    }
}

/* What the words of text stand for. At the connect stage, without a code, no server said them. */
static enum cause words_say(struct judge *j, struct slice text, const char **words)
{
    bool is_program = j->evidence->stage == STAGE_CONNECT && j->words.segment_count == 1 &&
                      j->words.segments[0].code == 0;
    return phrase_cause(&j->mapper->phrases, text, is_program ? STAGE_CONNECT : j->stage, j->arena,
                        words);
}

/* From its code up to the next reply's; further lines, which show the same codes, belong to it. */
static struct slice text_of(const struct judge *j, const struct segment *s)
{
    const struct segment *end = j->words.segments + j->words.segment_count, *next = s + 1;
    while (next != end && next->code == s->code && strcmp(next->enhanced, s->enhanced) == 0) {
        next++;
    }
    return slice_sub(j->text, s->at, (next != end ? next->at : j->text.n) - s->at);
}

/* Words go before codes, and what the code stands for goes beside them. */
static bool take_phrase(struct judge *j, struct slice text, const struct rule *rule)
{
    const char *words = "";
    enum cause cause = words_say(j, text, &words);
    if (cause == CAUSE_UNKNOWN) {
        return false;
    }
    if (rule != NULL && rule->cause == cause) {
        take_rule(j, rule, less_sure(rule->sure, 1));
        judge_because(j, "the codes, after the standards (%s), and the words '%s' say the same",
                      j->out->rule, words);
        return true;
    }
    j->out->cause = cause;
    j->out->sure = SURE_POSSIBLE;
    if (rule != NULL) {
        judge_alternative(j, rule->cause);
    }
    judge_because(j, "no rule knows the sentence; it says '%s'", words);
    return true;
}

/* What no server said: a program's words, as they stand in a pasted session. */
static bool take_note(struct judge *j)
{
    enum fault fault = paste_fault_by(&j->mapper->notes, j->text);
    if (fault == FAULT_NONE) {
        return false;
    }
    must(cause_from_slug(slice_of(fault_cause(fault)), &j->out->cause));
    j->out->sure = SURE_POSSIBLE;
    judge_because(j, "the words of a program: %s", fault_sentence(fault));
    return true;
}

/* The registry's meaning of the enhanced code goes before that of a reply code alone; a rule that
 * names both codes, or the provider's own, goes before the registry. */
static bool take_enhanced_code(struct judge *j, const struct segment *s, const struct rule *rule)
{
    bool is_weak;
    enum cause cause = enhanced_cause(s->enhanced, j->stage, &is_weak);
    bool is_behind = rule != NULL && (is_weak || rule->cause == cause ||
                                      rule->enhanced[0] != '\0' || rule_is_of(rule, j->provider));
    if (cause == CAUSE_UNKNOWN || is_behind) {
        return false;
    }
    j->out->cause = cause;
    j->out->sure = SURE_POSSIBLE;
    if (rule != NULL) {
        judge_alternative(j, rule->cause);
    }
    judge_because(j, "the registry's meaning of %s (%s): %s; the words are unknown", s->enhanced,
                  enhanced_find(s->enhanced)->source, enhanced_find(s->enhanced)->meaning);
    return true;
}

static bool take_codes(struct judge *j, const struct segment *s)
{
    stage_from_code(j, s);
    const struct rule *rule = provider_code(j, s);
    set_codes(j, s);
    if (rule != NULL) {
        take_rule(j, rule, SURE_POSSIBLE);
        judge_because(j, "the provider uses %u %s for this (%s); the words are unknown", s->code,
                      s->enhanced, j->out->rule);
        return true;
    }
    rule = standard_code(j, s);
    if (take_phrase(j, text_of(j, s), rule) || take_enhanced_code(j, s, rule)) {
        return true;
    }
    if (rule == NULL) {
        return false;
    }
    take_rule(j, rule, less_sure(rule->sure, j->words.count != 0 ? 1 : 0));
    judge_because(j, "the codes alone, after the standards (%s); the words are unknown",
                  j->out->rule);
    return true;
}

/* Are these words the sentence's own, and not of what stands around it? */
static bool is_within(const char *words, const struct rule *rule)
{
    return slice_find_nocase(slice_of(rule->reply->text), slice_of(words)) != SIZE_MAX;
}

/* A brief sentence between words that no rule knows ("… please try again later") may be the least
 * of what is said: the words that servers commonly use for a thing go before it. */
static void refine_brief(struct judge *j, const struct candidate *c)
{
    const char *words = "";
    bool is_around = c->has_words_behind || c->has_words_before;
    if (c->rule->literals > FEW_WORDS || !is_around || j->out->sure == SURE_CERTAIN) {
        return;
    }
    enum cause cause = words_say(j, j->text, &words);
    if (cause != CAUSE_UNKNOWN && cause != j->out->cause && !is_within(words, c->rule)) {
        judge_instead(j, cause, SURE_POSSIBLE);
        judge_because(j, "and around it it says '%s'", words);
    }
}

/* "authentication failed: …": what common software leaves to the backend to say may say more. */
static void refine_open_end(struct judge *j, const struct candidate *c)
{
    const char *words = "";
    if (!c->rule->ends_star || c->tier != TIER_GENERIC || j->out->sure == SURE_CERTAIN) {
        return;
    }
    enum cause cause = words_say(j, j->text, &words);
    if (cause != CAUSE_UNKNOWN && cause != j->out->cause) {
        judge_instead(j, cause, SURE_POSSIBLE);
        judge_because(j, "and its open end says '%s'", words);
    }
}

/* A login refused in the words of common software, where the provider has words of its own: it may
 * be another server that answers. */
static bool is_out_of_place(const struct judge *j, const struct candidate *c)
{
    return c->tier == TIER_GENERIC && c->rule->cause == CAUSE_AUTH_CREDENTIALS_REJECTED &&
           j->is_given && j->provider != SIZE_MAX &&
           registry_at(j->mapper->rules.registry, j->provider)->reply_count != 0 &&
           registry_at(j->mapper->rules.registry, j->provider)->endpoint_count != 0;
}

bool judge_reply(struct judge *j)
{
    struct candidate best = {.rule = NULL};
    find_sentence(j, &best);
    if (best.rule != NULL) {
        recognise_by(j, &best);
        set_codes(j, best.segment);
        take_rule(j, best.rule,
                  less_sure(best.rule->sure, best.doubts + is_out_of_place(j, &best)));
        say_sentence(j, &best);
        refine_open_end(j, &best);
        refine_brief(j, &best);
        return true;
    }
    for (size_t i = j->words.segment_count; i > 0; i--) { /* the innermost reply knows best */
        const struct segment *s = &j->words.segments[i - 1];
        if ((s->code >= 400 || s->enhanced[0] != '\0') && take_codes(j, s)) {
            return true;
        }
    }
    set_codes(j, &j->words.segments[0]);
    if (j->out->code != 0 && j->out->code < 400) {
        return false;
    }
    bool is_bare = j->out->code == 0;
    if (is_bare && j->stage == STAGE_NONE && take_note(j)) { /* nothing says that a server spoke */
        return true;
    }
    return take_phrase(j, j->text, NULL) || (is_bare && take_note(j));
}
