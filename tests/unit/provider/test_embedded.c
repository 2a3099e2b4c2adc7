/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is embedded is what stands in providers/: each file, read and checked as a folder's files
 * are, gives the same tree, to the column. The files that ship are checked here, and not by each
 * start of the program.
 */
#include "doc/pack.h"
#include "provider/embedded.h"
#include "provider/provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void same(const struct node *a, const struct node *b, const char *file)
{
    bool is_same = a->kind == b->kind && a->is_plain == b->is_plain && a->line == b->line &&
                   a->col == b->col && a->length == b->length;
    if (!is_same || (a->kind == NODE_SCALAR && !slice_eq(a->text, b->text)) ||
        (a->kind != NODE_SCALAR && a->count != b->count)) {
        fail_msg("%s:%u:%u: not what was embedded", file, a->line, a->col);
    }
    if (a->kind == NODE_SCALAR) {
        assert_int_equal(b->text.p[b->text.n], '\0');
        return;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (a->kind == NODE_MAP) {
            same(a->keys[i], b->keys[i], file);
        }
        same(a->items[i], b->items[i], file);
    }
}

static void test_as_in_the_folder(void **state)
{
    (void)state;
    assert_true(provider_embedded_count > 40);
    for (size_t i = 0; i < provider_embedded_count; i++) {
        const struct provider_embedded *e = &provider_embedded[i];
        char path[512];
        struct arena arena;
        struct doc_errors errors;
        struct why why;
        struct slice text;
        const struct node *root;
        arena_init(&arena);
        doc_errors_init(&errors, &arena);
        snprintf(path, sizeof path, SMTPDX_SOURCE_DIR "/providers/%s", e->name);
        assert_int_equal(doc_read_file(path, 1 << 22, &arena, &text, &why), ERR_OK);
        assert_true(slice_eq(text, slice_make(e->text, e->n)));
        assert_int_equal(doc_parse_yaml(path, text, &node_limits_default, &arena, &errors, &root),
                         ERR_OK);
        const struct doc_source source = {e->name, text};
        const struct node *packed = node_unpack(slice_make(e->tree, e->tree_n), &source, &arena);
        assert_ptr_equal(packed->source, &source);
        same(root, packed, e->name);
        arena_release(&arena);
    }
}

/* Read from the folder they replace all that is embedded, and every one passes the checks. */
static void test_every_file_is_right(void **state)
{
    struct arena arena;
    struct doc_errors errors;
    struct why why = {.text = ""};
    struct registry *registry = NULL;
    (void)state;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    if (registry_load(SMTPDX_SOURCE_DIR "/providers", &registry, &errors, &why) != ERR_OK) {
        struct buf text;
        buf_init(&text, 1 << 20);
        doc_errors_print(&errors, &text);
        fail_msg("%s\n%s", why.text, buf_text(&text));
    }
    assert_int_equal(registry_count(registry), provider_embedded_count);
    registry_free(registry);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_in_the_folder),
        cmocka_unit_test(test_every_file_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
