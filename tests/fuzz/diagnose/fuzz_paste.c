/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as a pasted session: no crash, bounded evidence, and a secret that the client sent is
 * in no part of it. The text is the input; a login is put in front of it. */
#include "diagnose/paste.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char secret[] = "t0p-s3cret-w0rd";

static const struct registry *providers(void)
{
    static struct registry *registry;
    static struct arena arena;
    struct doc_errors errors;
    if (registry == NULL) {
        arena_init(&arena);
        doc_errors_init(&errors, &arena);
        must(registry_load(NULL, &registry, &errors, NULL) == ERR_OK);
    }
    return registry;
}

static void has_no_secret(struct slice s)
{
    must(slice_find(s, SLICE(secret)) == SIZE_MAX);
}

static void end(struct paste *p)
{
    struct paste_result r;
    enum paste_outcome outcome = paste_end(p, &(struct evidence){0}, &r);
    must(outcome == PASTE_FAILED || r.evidence.fault == FAULT_NONE);
    must((unsigned)r.evidence.stage < STAGE_COUNT && r.evidence.reply.n <= 32 * 1024);
    has_no_secret(r.evidence.reply);
    has_no_secret(r.evidence.detail);
    has_no_secret(slice_of(r.command));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_make((const char *)data, size), line;
    struct paste *p = paste_new(providers());
    struct paste_look look = {.has_client = false};
    paste_add(p,
              SLICE("C: AUTH PLAIN AGphbmUAdDBwLXMzY3JldC13MHJk")); /* jane, the secret; hidden for
                                                                       the next sessions, too */
    while (slice_take_until(&rest, '\n', &line)) {
        paste_look_at(&look, line);
        if (paste_is_next(p, line)) {
            end(p);
            paste_begin(p);
        }
        paste_add(p, line);
    }
    (void)paste_is_session(&look);
    end(p);
    paste_free(p);
    return 0;
}
