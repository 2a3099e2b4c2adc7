/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as YAML: a tree, or errors that can be printed; and what was read can be walked. */
#include "doc/node.h"

static size_t walk(const struct node *n, size_t depth)
{
    must(depth <= node_limits_default.depth);
    must(n->line >= 1 && n->col >= 1 && n->length >= 1 && n->source != NULL);
    size_t count = 1;
    for (size_t i = 0; n->kind != NODE_SCALAR && i < n->count; i++) {
        must(n->kind != NODE_MAP || n->keys[i]->kind == NODE_SCALAR);
        count += walk(n->items[i], depth + 1);
    }
    must(n->kind != NODE_SCALAR || slice_find_char(n->text, '\0') == SIZE_MAX);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct doc_errors errors;
    struct buf printed;
    const struct node *root = NULL;
    arena_init(&arena);
    buf_init(&printed, BUF_NO_CAP);
    doc_errors_init(&errors, &arena);
    enum err err = doc_parse_yaml("fuzz.yaml", slice_make((const char *)data, size), NULL, &arena,
                                  &errors, &root);
    must((err == ERR_OK) == (root != NULL) && (err == ERR_OK) == (errors.errors == 0));
    if (root != NULL) {
        must(walk(root, 0) <= node_limits_default.nodes + node_limits_default.expanded_nodes);
    }
    doc_errors_print(&errors, &printed);
    must(slice_find_char(buf_slice(&printed), '\x1b') == SIZE_MAX);
    buf_release(&printed);
    arena_release(&arena);
    return 0;
}
