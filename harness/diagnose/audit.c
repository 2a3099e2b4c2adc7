/* SPDX-License-Identifier: Apache-2.0 */
/* See audit.h. Quadratic here and there: rules and rows are hundreds, and a person waits. */
#include "diagnose/audit.h"

#include "base/text.h"
#include "diagnose/judge.h"

#include <string.h>

enum { CLAIMS_MAX = 16, QUOTE_BYTES = 100 };

struct audit {
    const struct mapper *mapper;
    const struct registry *providers;
    const struct regress_set *set;
    struct buf *out;
    struct arena arena;
    bool *is_reached; /* per rule with words */
};

struct audit_counts audit_count(const struct mapper *m, const struct registry *providers,
                                const struct regress_set *set, bool with_provider)
{
    struct audit_counts counts = {.rows = (unsigned)set->count};
    for (size_t i = 0; i < set->count; i++) {
        const struct regress_row *row = &set->rows[i];
        struct evidence e = regress_evidence(row, providers, with_provider);
        struct arena arena;
        struct diagnosis d;
        arena_init(&arena);
        mapper_diagnose(m, &e, &arena, &d);
        enum regress_mark mark = regress_mark_of(row, &d);
        counts.marks[mark]++;
        counts.oversure += regress_is_oversure(row, &d);
        counts.certain_wrong += mark == REGRESS_WRONG && d.sure == SURE_CERTAIN;
        arena_release(&arena);
    }
    return counts;
}

static void add_counts(struct buf *out, const char *title, const struct audit_counts *c)
{
    buf_addf(out, "%-22s %4u rows: %u exact (%.1f %%), %u coarser, %u silent, %u wrong; ", title,
             c->rows, c->marks[REGRESS_EXACT],
             c->rows == 0 ? 0.0 : 100.0 * c->marks[REGRESS_EXACT] / c->rows,
             c->marks[REGRESS_COARSER], c->marks[REGRESS_SILENT], c->marks[REGRESS_WRONG]);
    buf_addf(out, "%u surer than can be, %u certain and wrong\n", c->oversure, c->certain_wrong);
}

static void quote(struct buf *out, struct slice text)
{
    text_visible(slice_sub(text, 0, QUOTE_BYTES), TEXT_ONE_LINE, out);
    buf_add_text(out, text.n > QUOTE_BYTES ? "…\n" : "\n");
}

/* The confusion matrix without its zeros: want, got, and the rows it happens to. */
static void confusion(struct audit *a, bool with_provider)
{
    buf_addf(a->out, "\n## confusion, provider %s\n", with_provider ? "given" : "not given");
    for (size_t i = 0; i < a->set->count; i++) {
        const struct regress_row *row = &a->set->rows[i];
        struct evidence e = regress_evidence(row, a->providers, with_provider);
        struct diagnosis d;
        mapper_diagnose(a->mapper, &e, &a->arena, &d);
        enum regress_mark mark = regress_mark_of(row, &d);
        if (mark == REGRESS_EXACT && !regress_is_oversure(row, &d)) {
            continue;
        }
        buf_addf(a->out, "%-8s " SLICE_FMT ": want %s, got %s %s (%s)\n         ",
                 mark == REGRESS_EXACT ? "too sure" : regress_mark_slug(mark), SLICE_ARG(row->id),
                 cause_slug(row->cause), cause_slug(d.cause), sureness_slug(d.sure), d.rule);
        quote(a->out, row->reply);
    }
}

static void coverage_of_causes(struct audit *a)
{
    buf_add_text(a->out, "\n## rows by cause (causes without a row but with a rule are named)\n");
    for (unsigned cause = 1; cause < CAUSE_COUNT; cause++) {
        const struct rules *rules = &a->mapper->rules;
        unsigned rows = 0, known = 0;
        for (size_t i = 0; i < a->set->count; i++) {
            rows += a->set->rows[i].cause == (enum cause)cause;
        }
        for (size_t i = 0; i < rules->count; i++) {
            known += rules->list[i].cause == (enum cause)cause;
        }
        if (rows != 0 || known != 0) {
            buf_addf(a->out, "%4u rows %4u rules  %s\n", rows, known,
                     cause_slug((enum cause)cause));
        }
    }
}

static void coverage_of_providers(struct audit *a)
{
    unsigned strangers = 0;
    buf_add_text(a->out, "\n## rows by provider\n");
    for (size_t p = 0; p < registry_count(a->providers); p++) {
        const struct provider *provider = registry_at(a->providers, p);
        unsigned rows = 0;
        for (size_t i = 0; i < a->set->count; i++) {
            rows += registry_find(a->providers, a->set->rows[i].provider) == provider;
        }
        buf_addf(a->out, "%4u rows %4zu rules  %s\n", rows, provider->reply_count, provider->name);
    }
    for (size_t i = 0; i < a->set->count; i++) {
        strangers += registry_find(a->providers, a->set->rows[i].provider) == NULL;
    }
    buf_addf(a->out, "%4u rows of providers that have no file\n", strangers);
}

static size_t rule_by_place(const struct rules *rules, const char *place)
{
    for (size_t i = 0; i < rules->count; i++) {
        if (strcmp(rules->list[i].place, place) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

static void reach(struct audit *a)
{
    const struct rules *rules = &a->mapper->rules;
    size_t dead = 0;
    for (size_t i = 0; i < 2 * a->set->count; i++) { /* with the provider and without */
        struct evidence e = regress_evidence(&a->set->rows[i / 2], a->providers, i % 2 == 0);
        struct diagnosis d;
        mapper_diagnose(a->mapper, &e, &a->arena, &d);
        size_t at = rule_by_place(rules, d.rule);
        if (at != SIZE_MAX) {
            a->is_reached[at] = true;
        }
    }
    buf_add_text(a->out, "\n## rules that no row reaches\n");
    for (size_t i = 0; i < rules->count; i++) {
        if (!a->is_reached[i]) {
            buf_addf(a->out, "%s %s: ", rules->list[i].place, cause_slug(rules->list[i].cause));
            quote(a->out, slice_of(rules->list[i].reply->text));
            dead++;
        }
    }
    buf_addf(a->out, "%zu of %zu\n", dead, rules->count);
}

/* A rule whose own text, said by its own provider at its own stage, another rule answers. */
static void shadows(struct audit *a)
{
    const struct rules *rules = &a->mapper->rules;
    buf_add_text(a->out, "\n## rules that another shadows with another cause\n");
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->list[i];
        struct buf said;
        struct diagnosis d;
        const struct provider_fill fill = {
            SLICE("mx.example.net"),   SLICE("4Wg3fD1x2z"), SLICE("2026-01-02T03:04:05Z"),
            SLICE("jane@example.com"), SLICE("192.0.2.1"),  SLICE("jane@example.com")};
        buf_init(&said, 1 << 16);
        provider_fill(rule->reply->text, &fill, &said);
        struct evidence e = {.provider = registry_at(a->providers, rule->home),
                             .stage = rule->reply->stage,
                             .reply = buf_slice(&said)};
        mapper_diagnose(a->mapper, &e, &a->arena, &d);
        if (d.cause != rule->cause) {
            buf_addf(a->out, "%s %s: %s says %s\n", rule->place, cause_slug(rule->cause), d.rule,
                     cause_slug(d.cause));
        }
        buf_release(&said);
    }
}

static void claims(struct audit *a)
{
    buf_add_text(a->out, "\n## rows that two rules claim with different causes\n");
    for (size_t i = 0; i < a->set->count; i++) {
        const struct regress_row *row = &a->set->rows[i];
        struct evidence e = regress_evidence(row, a->providers, true);
        const struct rule *list[CLAIMS_MAX];
        size_t count = mapper_claims(a->mapper, &e, list, CLAIMS_MAX);
        for (size_t k = 1; k < count; k++) {
            if (list[k]->cause != list[0]->cause) {
                buf_addf(a->out, SLICE_FMT ": %s %s, %s %s\n", SLICE_ARG(row->id), list[0]->place,
                         cause_slug(list[0]->cause), list[k]->place, cause_slug(list[k]->cause));
            }
        }
    }
}

void audit_report(const struct mapper *m, const struct registry *providers,
                  const struct regress_set *set, struct buf *out)
{
    struct audit a = {.mapper = m, .providers = providers, .set = set, .out = out};
    struct audit_counts given = audit_count(m, providers, set, true);
    struct audit_counts alone = audit_count(m, providers, set, false);
    arena_init(&a.arena);
    a.is_reached = arena_array(&a.arena, m->rules.count + 1, sizeof *a.is_reached);
    buf_add_text(out, "## accuracy\n");
    add_counts(out, "provider given", &given);
    add_counts(out, "provider not given", &alone);
    confusion(&a, true);
    confusion(&a, false);
    coverage_of_providers(&a);
    coverage_of_causes(&a);
    reach(&a);
    shadows(&a);
    claims(&a);
    arena_release(&a.arena);
}
