/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as a target, and as user name and credential of what is looked at beforehand: no crash; what
 * is taken has a host and a port that can be dialled, and nothing in it that could end a line. */
#include "check/preflight.h"
#include "check/target.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct registry *providers(void)
{
    static struct registry *registry;
    if (registry == NULL) {
        struct arena arena;
        struct doc_errors errors;
        arena_init(&arena);
        doc_errors_init(&errors, &arena);
        must(registry_load(NULL, &registry, &errors, NULL) == ERR_OK);
        arena_release(&arena);
    }
    return registry;
}

static void look(const struct check_target *t, struct slice text, struct arena *arena)
{
    struct preflight_finding found[PREFLIGHT_MAX];
    for (unsigned kind = CREDENTIAL_NONE; kind < CREDENTIAL_COUNT; kind++) {
        size_t half = text.n / 2;
        const struct preflight_input in = {
            .provider = t->provider,
            .user = slice_sub(text, 0, half),
            .secret = slice_from(text, half),
            .kind = (enum credential_kind)kind,
            .purpose = (enum purpose)(text.n % PURPOSE_COUNT),
            .now_s = 1700000000,
            .host = t->host,
            .port = t->port,
            .security = t->security,
        };
        size_t count = preflight(&in, arena, found);
        must(count <= PREFLIGHT_MAX);
        for (size_t i = 0; i < count; i++) {
            must(found[i].text != NULL && found[i].text[0] != '\0');
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct check_target t;
    struct why why = {.text = ""};
    char *copy = malloc(size != 0 ? size : 1);
    must(copy != NULL);
    if (size != 0) {
        memcpy(copy, data, size);
    }
    arena_init(&arena);
    enum err err = check_target_read(providers(), slice_make(copy, size), &arena, &t, &why);
    if (err == ERR_OK) {
        must(t.host != NULL && t.host[0] != '\0' && t.port >= 1 && t.port <= 65535);
        must(strpbrk(t.host, " \t\r\n/@") == NULL);
        look(&t, slice_make(copy, size), &arena);
    } else {
        must(why.text[0] != '\0');
    }
    arena_release(&arena);
    free(copy);
    return 0;
}
