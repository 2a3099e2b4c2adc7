/* SPDX-License-Identifier: Apache-2.0 */
/* The mapper alone: evidence that is already in memory, no JSON in or out. See ci/bench. */
#include "diagnose/json_line.h"

#include "rate.h"

enum { ROWS_MAX = 4096 };

struct rows {
    struct mapper *mapper;
    struct evidence list[ROWS_MAX];
    size_t count;
};

static void work(long count, void *context)
{
    const struct rows *rows = context;
    struct arena arena;
    arena_init(&arena);
    for (long i = 0; i < count; i++) {
        struct diagnosis d;
        mapper_diagnose(rows->mapper, &rows->list[(size_t)i % rows->count], &arena, &d);
        arena_reset(&arena);
    }
    arena_release(&arena);
}

int main(int argc, char **argv)
{
    static struct rows rows;
    static struct json_line line;
    struct arena arena;
    struct doc_errors errors;
    struct registry *registry;
    struct slice rest, text;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    must(registry_load(NULL, &registry, &errors, NULL) == ERR_OK);
    must(mapper_new(registry, &rows.mapper, NULL) == ERR_OK);
    must(doc_read_file(SMTPDX_SOURCE_DIR "/scenarios/mapper/replies.jsonl", 1 << 24, &arena, &rest,
                       NULL) == ERR_OK);
    json_line_init(&line, registry);
    while (rows.count < ROWS_MAX && slice_take_until(&rest, '\n', &text)) {
        must(json_line_read(&line, text, &(struct evidence){0}, NULL) == ERR_OK);
        line.evidence.reply = arena_copy(&arena, line.evidence.reply);
        line.evidence.claims = arena_copy(&arena, line.evidence.claims);
        rows.list[rows.count++] = line.evidence;
    }
    return rate_main(argc, argv, work, &rows);
}
