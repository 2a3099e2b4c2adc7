/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as a scenario file: cases or errors; and every case can be judged. */
#include "scenario/file.h"
#include "scenario/match.h"

static const char document[] =
    "{\"outcome\": \"refused\", \"stage\": \"auth\", \"reply\": {\"code\": 535, \"lines\": [\"no\"]},"
    " \"attempts\": [{\"n\": 1}], \"tls\": {\"version\": \"TLSv1.2\"}, \"ms\": 1.5,"
    " \"server_saw\": {\"commands\": [\"EHLO\"], \"sent\": [{\"verb\": \"EHLO\", \"ms\": 1}]}}";

/* Loaded once: the embedded provider files do not change. */
static const struct registry *providers(void)
{
    static struct registry *loaded;
    if (loaded == NULL) {
        struct arena arena;
        struct doc_errors errors;
        struct why why;
        arena_init(&arena);
        doc_errors_init(&errors, &arena);
        must(registry_load(NULL, &loaded, &errors, &why) == ERR_OK);
        arena_release(&arena);
    }
    return loaded;
}

static void judge(const struct suite *s, struct arena *arena)
{
    struct json *doc = NULL;
    must(json_parse(slice_make(document, sizeof document - 1), &doc, NULL) == ERR_OK);
    for (size_t i = 0; i < s->case_count; i++) {
        const struct spec_case *c = &s->cases[i];
        struct match_checks checks = {.arena = arena};
        must(c->id != NULL && c->title != NULL && c->refs != NULL);
        must((c->probe != NULL) == (c->server != NULL || c->endpoint != NULL));
        must(c->probe != NULL || c->classify != NULL);
        if (c->expect != NULL) {
            (void)match_apply(c->expect, doc, &checks);
            must(checks.count != 0);
        }
    }
    json_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct load_options options = {.providers = providers()};
    struct arena arena;
    struct buf printed;
    size_t errors = 0;
    arena_init(&arena);
    buf_init(&printed, BUF_NO_CAP);
    const struct suite *s = file_load_text(&options, "no-such-folder/fuzz.yaml",
                                           slice_make((const char *)data, size), &arena, &errors,
                                           &printed);
    must((errors == 0) || printed.n != 0);
    if (errors == 0) {
        judge(s, &arena);
    }
    buf_release(&printed);
    arena_release(&arena);
    return 0;
}
