/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as a regression set: no crash; an error has its line, and what is taken is whole. */
#include "diagnose/regress.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rows(const struct regress_set *set, unsigned lines)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct regress_row *row = &set->rows[i];
        must(row->id.n != 0 && row->provider.n != 0 && row->reply.n != 0 && row->source.n != 0);
        must(row->cause < CAUSE_COUNT && row->stage < STAGE_COUNT && row->sure_max < SURE_COUNT);
        must(row->acceptable_count <= REGRESS_ACCEPTABLE_MAX);
        must(row->line > (i == 0 ? 0 : set->rows[i - 1].line) && row->line <= lines);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct regress_set set;
    struct why why = {.text = ""};
    struct slice text = slice_make((const char *)data, size);
    unsigned lines = 1;
    for (size_t i = 0; i < size; i++) {
        lines += data[i] == '\n';
    }
    arena_init(&arena);
    if (regress_read(text, "rows.jsonl", &arena, &set, &why) == ERR_OK) {
        check_rows(&set, lines);
    } else {
        must(why.line > 0 && why.line <= lines && why.text[0] != '\0');
        must(strcmp(why.file, "rows.jsonl") == 0);
    }
    arena_release(&arena);
    return 0;
}
