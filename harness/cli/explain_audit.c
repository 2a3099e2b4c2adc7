/* SPDX-License-Identifier: Apache-2.0 */
/* smtpdx explain --audit: the mapper held against labelled replies. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/explain.h"
#include "diagnose/audit.h"
#include "diagnose/shipped.h"
#include "doc/json.h"
#include "doc/node.h"

enum { SET_BYTES_MAX = 64 << 20 };

static struct json *counts_json(const struct audit_counts *c)
{
    struct json *map = json_map();
    for (size_t i = 0; i < REGRESS_MARK_COUNT; i++) {
        json_set(map, regress_mark_slug((enum regress_mark)i), json_int(c->marks[i]));
    }
    json_set(map, "surer_than_can_be", json_int(c->oversure));
    json_set(map, "certain_and_wrong", json_int(c->certain_wrong));
    return map;
}

/* Appends the rows that are not answered exactly, or surer than they allow. */
static void add_misses(const struct audit_input *in, bool with_provider, struct json *list)
{
    for (size_t i = 0; i < in->set->count; i++) {
        const struct regress_row *row = &in->set->rows[i];
        struct evidence e = regress_evidence(row, in->providers, with_provider);
        struct arena arena;
        struct diagnosis d;
        arena_init(&arena);
        mapper_diagnose(in->mapper, &e, &arena, &d);
        enum regress_mark mark = regress_mark_of(row, &d);
        if (mark != REGRESS_EXACT || regress_is_oversure(row, &d)) {
            struct json *miss = json_map();
            json_set(miss, "id", json_string(row->id));
            json_set(miss, "line", json_int(row->line));
            json_set(miss, "provider_given", json_bool(with_provider));
            json_set(miss, "mark", json_text(regress_mark_slug(mark)));
            json_set(miss, "want", json_text(cause_slug(row->cause)));
            json_set(miss, "got", json_text(cause_slug(d.cause)));
            json_set(miss, "sure", json_text(sureness_slug(d.sure)));
            json_set(miss, "surer_than_can_be", json_bool(regress_is_oversure(row, &d)));
            json_set(miss, "rule", json_text(d.rule));
            json_add(list, miss);
        }
        arena_release(&arena);
    }
}

static void add_json(const struct audit_input *in, const char *file,
                     const struct audit_counts *given, const struct audit_counts *alone,
                     struct buf *out)
{
    struct json *document = json_map(), *misses = json_list();
    add_misses(in, true, misses);
    add_misses(in, false, misses);
    json_set(document, "schema", json_text("smtpdx/audit/1"));
    json_set(document, "file", json_text(file));
    json_set(document, "rows", json_int((int64_t)in->set->count));
    json_set(document, "provider_given", counts_json(given));
    json_set(document, "provider_not_given", counts_json(alone));
    json_set(document, "misses", misses);
    json_print(document, JSON_INDENTED, out);
    buf_add_text(out, "\n");
    json_free(document);
}

static int audit_set(const struct audit_input *in, const char *file, bool is_json)
{
    struct buf out;
    struct audit_counts given = audit_count(in->mapper, in->providers, in->set, true);
    struct audit_counts alone = audit_count(in->mapper, in->providers, in->set, false);
    buf_init(&out, BUF_NO_CAP);
    if (is_json) {
        add_json(in, file, &given, &alone, &out);
    } else {
        audit_report(in->mapper, in->providers, in->set, &out);
    }
    (void)!fwrite(out.p, 1, out.n, stdout);
    buf_release(&out);
    bool is_safe = given.certain_wrong + alone.certain_wrong + given.oversure + alone.oversure == 0;
    return is_safe ? EXIT_ALL_PASSED : EXIT_SOMETHING_FAILED;
}

int explain_audit(const struct registry *registry, const char *path, bool is_json)
{
    struct arena arena;
    struct why why = {.line = 0};
    struct mapper *mapper = NULL;
    struct regress_set set = {NULL, 0};
    struct slice text = slice_make((const char *)regress_shipped, regress_shipped_count);
    const char *file = path != NULL ? path : REGRESS_SHIPPED_FILE;
    int status = EXIT_DID_NOT_LOAD;
    arena_init(&arena);
    enum err err = mapper_new(registry, &mapper, &why);
    if (err == ERR_OK && path != NULL) {
        err = doc_read_file(path, SET_BYTES_MAX, &arena, &text, &why);
    }
    err = err == ERR_OK ? regress_read(text, file, &arena, &set, &why) : err;
    if (err != ERR_OK && why.line != 0) {
        fprintf(stderr, "%s:%u: error: %s\n", why.file, why.line, why.text);
    } else if (err != ERR_OK) {
        fprintf(stderr, "smtpdx explain: %s\n", why.text);
    } else if (set.count == 0) {
        fprintf(stderr, "smtpdx explain: %s holds no row\n", file);
        status = EXIT_NOTHING_SELECTED;
    } else {
        status = audit_set(&(struct audit_input){mapper, registry, &set}, file, is_json);
    }
    mapper_free(mapper);
    arena_release(&arena);
    return status;
}
