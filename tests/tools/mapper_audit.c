/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit of the mapper as a program: ci/audit-mapper. Reads regression rows and prints the
 * report; with "counts", the two lines of numbers only.
 */
#include "diagnose/audit.h"

#include <stdio.h>
#include <string.h>

enum { SET_BYTES_MAX = 64 << 20 };

static int complain(const struct why *why)
{
    fprintf(stderr, "%s:%u: %s\n", why->file, why->line, why->text);
    return 2;
}

int main(int argc, char **argv)
{
    struct arena arena;
    struct doc_errors errors;
    struct why why = {.text = ""};
    struct registry *registry = NULL;
    struct mapper *mapper = NULL;
    struct regress_set set;
    struct slice text;
    struct buf out;
    if (argc < 2) {
        fprintf(stderr, "usage: mapper-audit ROWS.jsonl [counts]\n");
        return 2;
    }
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    enum err err = registry_load(NULL, &registry, &errors, &why);
    err = err == ERR_OK ? mapper_new(registry, &mapper, &why) : err;
    err = err == ERR_OK ? doc_read_file(argv[1], SET_BYTES_MAX, &arena, &text, &why) : err;
    err = err == ERR_OK ? regress_read(text, argv[1], &arena, &set, &why) : err;
    if (err != ERR_OK) {
        return complain(&why);
    }
    buf_init(&out, BUF_NO_CAP);
    audit_report(mapper, registry, &set, &out);
    bool is_short = argc > 2 && strcmp(argv[2], "counts") == 0;
    size_t end = is_short ? slice_find(buf_slice(&out), SLICE("\n\n")) + 1 : out.n;
    fwrite(out.p, 1, end, stdout);
    struct audit_counts counts = audit_count(mapper, registry, &set, true);
    buf_release(&out);
    mapper_free(mapper);
    registry_free(registry);
    arena_release(&arena);
    return counts.certain_wrong == 0 ? 0 : 1;
}
