/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as a reply: no crash, and line ends do not change the judgement. The first octet picks
 * provider and stage. */
#include "diagnose/diagnose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mapper *mapper_of(const struct registry **providers)
{
    static struct registry *registry; /* made once, as a worker does */
    static struct mapper *mapper;
    static struct arena arena;
    struct doc_errors errors;
    if (mapper == NULL) {
        arena_init(&arena);
        doc_errors_init(&errors, &arena);
        must(registry_load(NULL, &registry, &errors, NULL) == ERR_OK);
        must(mapper_new(registry, &mapper, NULL) == ERR_OK);
    }
    *providers = registry;
    return mapper;
}

static struct diagnosis judge(const struct mapper *m, struct evidence e, const char *lf,
                              struct arena *arena)
{
    struct diagnosis d;
    struct buf text;
    buf_init(&text, BUF_NO_CAP);
    for (size_t i = 0; i < e.reply.n; i++) {
        if (e.reply.p[i] == '\n') {
            buf_add_text(&text, lf);
        } else {
            buf_add_char(&text, e.reply.p[i]);
        }
    }
    e.reply = buf_slice(&text);
    mapper_diagnose(m, &e, arena, &d);
    buf_release(&text);
    return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct registry *registry;
    const struct mapper *m = mapper_of(&registry);
    struct arena arena;
    if (size == 0) {
        return 0;
    }
    arena_init(&arena);
    struct evidence e = {.stage = (enum stage)(data[0] % STAGE_COUNT),
                         .reply = slice_make((const char *)data + 1, size - 1)};
    if (size > 1 && data[1] % 2 != 0) { /* the same octets as a token */
        e.secret = e.reply;
        e.mechanism = SLICE("XOAUTH2");
        e.now_s = 1;
    }
    size_t which = data[0] / STAGE_COUNT;
    e.provider = which < registry_count(registry) ? registry_at(registry, which) : NULL;
    struct diagnosis a = judge(m, e, "\n", &arena), b = judge(m, e, "\r\n", &arena);
    must(a.cause == b.cause && a.sure == b.sure && a.code == b.code);
    must((unsigned)a.cause < CAUSE_COUNT && (unsigned)a.sure < SURE_COUNT);
    must(a.cause != CAUSE_UNKNOWN || a.sure == SURE_POSSIBLE);
    struct json *map = json_map();
    diagnosis_to_json(&a, map);
    json_free(map);
    arena_release(&arena);
    return 0;
}
