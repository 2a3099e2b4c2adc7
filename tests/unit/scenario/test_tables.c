/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Laws over the tables: every key, word and matcher that the loader takes is in the schema and in
 * the manual; every reference in the schema leads somewhere; every row is complete.
 */
#include "scenario/table.h"

#include "doc/json.h"
#include "scenario/match_leaf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct printed {
    struct buf json, markdown;
    struct json *schema;
};

static int print_all(void **state)
{
    struct printed *p = calloc(1, sizeof *p);
    buf_init(&p->json, BUF_NO_CAP);
    buf_init(&p->markdown, BUF_NO_CAP);
    schema_print_json(&p->json);
    schema_print_markdown(&p->markdown);
    *state = p;
    return json_parse(buf_slice(&p->json), &p->schema, NULL) == ERR_OK ? 0 : -1;
}

static int free_all(void **state)
{
    struct printed *p = *state;
    json_free(p->schema);
    buf_release(&p->json);
    buf_release(&p->markdown);
    free(p);
    return 0;
}

static const struct json *properties_of(const struct printed *p, const struct shape *s)
{
    const struct json *where =
        s == &shape_file ? p->schema : json_get(json_get(p->schema, "$defs"), s->name);
    return json_get(where, "properties");
}

/* In the shape's own section: a key refused here may be taken elsewhere. */
static bool is_in_section(const struct printed *p, const struct shape *s, const char *cell)
{
    char title[128];
    snprintf(title, sizeof title, "\n## %s\n", s->name);
    const char *from = strstr(buf_text(&p->markdown), title);
    assert_non_null(from);
    const char *end = strstr(from + 1, "\n## ");
    const char *found = strstr(from, cell);
    return found != NULL && (end == NULL || found < end);
}

static void test_every_key_is_printed(void **state)
{
    const struct printed *p = *state;
    for (size_t i = 0; i < shapes_all_count; i++) {
        const struct shape *s = shapes_all[i];
        for (size_t k = 0; k < s->count; k++) {
            const struct field *f = &s->fields[k];
            char cell[128];
            snprintf(cell, sizeof cell, "| `%s`", f->key);
            bool in_schema = json_get(properties_of(p, s), f->key) != NULL;
            bool in_manual = is_in_section(p, s, cell);
            bool is_taken = f->type != FIELD_REFUSED;
            if (in_schema != is_taken || in_manual != is_taken) {
                fail_msg("%s.%s: schema %d, manual %d, want %d", s->name, f->key, in_schema,
                         in_manual, is_taken);
            }
        }
    }
}

static void check_parts(const struct printed *p, const struct shape *s, const char *prefix)
{
    for (size_t k = 0; k < s->count; k++) {
        const struct field *f = &s->fields[k];
        char path[160], cell[192];
        if (f->type == FIELD_REFUSED) {
            continue;
        }
        snprintf(path, sizeof path, "%s%s", prefix, f->key);
        snprintf(cell, sizeof cell, "| `%s`", path);
        if (strstr(buf_text(&p->markdown), cell) == NULL) {
            fail_msg("%s is not in the manual", path);
        }
        if (f->type == MATCH_MAP) {
            snprintf(cell, sizeof cell, "%s.", path);
            check_parts(p, f->shape, cell);
        }
    }
}

static void test_every_assertion_is_in_the_manual(void **state)
{
    check_parts(*state, &shape_expect, "");
}

static void test_every_matcher_is_printed(void **state)
{
    const struct printed *p = *state;
    const struct json *matcher = json_path(p->schema, "$defs.matcher.properties");
    for (size_t i = 0; i < OP_COUNT_OF; i++) {
        char cell[64];
        snprintf(cell, sizeof cell, "| `%s` |", operator_rows[i].name);
        assert_non_null(json_get(matcher, operator_rows[i].name));
        assert_non_null(strstr(buf_text(&p->markdown), cell));
    }
}

static void check_references(const struct json *v, const struct json *defs, size_t *count)
{
    static const char prefix[] = "#/$defs/";
    for (size_t i = 0; i < json_count(v); i++) {
        const char *key = "";
        struct json *value = json_kind(v) == JSON_LIST ? json_at(v, i) : NULL;
        if (json_kind(v) == JSON_MAP) {
            assert_true(json_pair(v, i, &key, &value));
        }
        if (strcmp(key, "$ref") == 0) {
            const char *target = json_slice(value).p;
            assert_int_equal(strncmp(target, prefix, sizeof prefix - 1), 0);
            if (json_get(defs, target + sizeof prefix - 1) == NULL) {
                fail_msg("%s leads nowhere", target);
            }
            ++*count;
        }
        check_references(value, defs, count);
    }
}

static void test_references_lead_somewhere(void **state)
{
    const struct printed *p = *state;
    size_t count = 0;
    check_references(p->schema, json_get(p->schema, "$defs"), &count);
    assert_true(count > 50);
}

static bool needs_choices(const struct field *f)
{
    return f->type == FIELD_CHOICE || f->type == FIELD_WORD || f->type == MATCH_WORD;
}

static bool needs_shape(const struct field *f)
{
    return f->type == FIELD_MAP || f->type == FIELD_MAPS || f->type == FIELD_NAMED ||
           f->type == MATCH_MAP || f->type == MATCH_ITEMS;
}

static void test_rows_are_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < shapes_all_count; i++) {
        const struct shape *s = shapes_all[i];
        for (size_t k = 0; k < s->count; k++) {
            const struct field *f = &s->fields[k];
            bool is_complete = f->key != NULL && f->doc != NULL && f->doc[0] != '\0' &&
                               (!needs_choices(f) || f->choices != NULL) &&
                               (!needs_shape(f) || f->shape != NULL) &&
                               (f->type != FIELD_CUSTOM || (f->read != NULL && f->schema != NULL)) &&
                               (f->type != FIELD_MAPS || f->also != 0) &&
                               (f->type != FIELD_REAL || f->max != 0);
            if (!is_complete) {
                fail_msg("%s.%s: the row is not complete", s->name, f->key);
            }
            for (size_t other = 0; other < k; other++) {
                assert_string_not_equal(f->key, s->fields[other].key);
            }
            assert_ptr_equal(shape_find(s, slice_of(f->key)), f);
        }
    }
}

static void test_words_are_found(void **state)
{
    (void)state;
    assert_int_equal(choices_find(&choices_faults, SLICE("tls-expired"))->value, FAULT_TLS_EXPIRED);
    assert_null(choices_find(&choices_faults, SLICE("TLS_EXPIRED")));
    assert_null(choices_find(&choices_faults, SLICE("tls-expire")));
    assert_null(choices_find(&choices_stages, SLICE("")));
    assert_int_equal(choices_find(&choices_stages, SLICE("auth"))->value, STAGE_AUTH);
    assert_string_equal(choices_nearest(&choices_stages, SLICE("starttsl")), "starttls");
    for (int level = 0; level < LEVEL_COUNT; level++) {
        const char *slug = spec_level_slug((enum spec_level)level);
        assert_int_equal(choices_find(&choices_levels, slice_of(slug))->value, level);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_is_printed),
        cmocka_unit_test(test_every_assertion_is_in_the_manual),
        cmocka_unit_test(test_every_matcher_is_printed),
        cmocka_unit_test(test_references_lead_somewhere),
        cmocka_unit_test(test_rows_are_complete),
        cmocka_unit_test(test_words_are_found),
    };
    return cmocka_run_group_tests(tests, print_all, free_all);
}
