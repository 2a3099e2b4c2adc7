/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as a line of JSON: no crash; what is taken is what jansson takes (when it is UTF-8);
 * the answer is always one line of JSON that jansson reads. */
#include "diagnose/json_line.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct registry *providers;
static const struct mapper *mapper;

static void set_up(void)
{
    static struct registry *registry;
    static struct mapper *made;
    static struct arena arena;
    struct doc_errors errors;
    if (mapper == NULL) {
        arena_init(&arena);
        doc_errors_init(&errors, &arena);
        must(registry_load(NULL, &registry, &errors, NULL) == ERR_OK);
        must(mapper_new(registry, &made, NULL) == ERR_OK);
        providers = registry;
        mapper = made;
    }
}

static void check_answer(const struct json_line *l, bool is_whole)
{
    struct buf out;
    struct why why = {.line = 0};
    struct json *parsed = NULL;
    buf_init(&out, BUF_NO_CAP);
    buf_add_char(&out, '{');
    json_line_add_kept(l, &out);
    if (is_whole) {
        struct arena arena;
        struct diagnosis d;
        arena_init(&arena);
        mapper_diagnose(mapper, &l->evidence, &arena, &d);
        json_line_add_diagnosis(&d, &out);
        arena_release(&arena);
    }
    buf_add_char(&out, '}');
    /* jansson takes no \\u0000 and no number beyond its range; the caller's own stay as they are */
    bool is_taken = json_parse(buf_slice(&out), &parsed, &why) == ERR_OK;
    must(is_taken || l->kept != 0);
    json_free(parsed);
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_make((const char *)data, size);
    struct json *parsed = NULL;
    set_up();
    struct json_line *l = mem_alloc(sizeof *l);
    json_line_init(l, providers);
    enum err err = json_line_read(l, text, &(struct evidence){0}, NULL);
    bool is_parsed = json_parse(text, &parsed, NULL) == ERR_OK && json_kind(parsed) == JSON_MAP;
    bool has_nul = slice_find_char(text, '\0') != SIZE_MAX; /* jansson takes one behind a number */
    must(!is_parsed || err != ERR_SYNTAX || has_nul);
    json_free(parsed);
    check_answer(l, err == ERR_OK);
    json_line_release(l);
    free(l);
    return 0;
}
