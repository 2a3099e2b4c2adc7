/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as an autoconfiguration document: no crash, and every server in it can be dialled. */
#include "check/autoconfig.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct autoconfig_server servers[AUTOCONFIG_SERVERS_MAX];
    char *copy = malloc(size != 0 ? size : 1);
    must(copy != NULL);
    if (size != 0) {
        memcpy(copy, data, size);
    }
    arena_init(&arena);
    size_t count = autoconfig_read(slice_make(copy, size), SLICE("jane@example.com"), &arena, servers);
    must(count <= AUTOCONFIG_SERVERS_MAX);
    for (size_t i = 0; i < count; i++) {
        must(servers[i].host[0] != '\0' && strpbrk(servers[i].host, " \t\r\n/@:") == NULL);
        must(servers[i].port >= 1 && servers[i].port <= 65535);
        must(servers[i].security != SECURITY_NONE);
    }
    arena_release(&arena);
    free(copy);
    return 0;
}
