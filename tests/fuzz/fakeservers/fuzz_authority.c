/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as the form of a request to the fake authority: no crash, and always a status and a JSON
 * object; no token without a grant that it knows. */
#include "fakeservers/authority.h"

#include <stdlib.h>
#include <string.h>

#include "doc/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"/token", "/common/oauth2/v2.0/devicecode", ""};
    struct authority *a = NULL;
    char *copy = malloc(size != 0 ? size : 1);
    must(copy != NULL);
    if (size != 0) {
        memcpy(copy, data, size);
    }
    must(authority_new(&(struct authority_params){.seed = 1}, &a, NULL) == ERR_OK);
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct buf body;
        struct json *map = NULL;
        buf_init(&body, 1 << 20);
        unsigned status = authority_answer(a, 1000, SLICE("POST"), slice_of(paths[i]),
                                           slice_make(copy, size), &body);
        must(status >= 200 && status <= 599);
        must(json_parse(buf_slice(&body), &map, NULL) == ERR_OK && json_kind(map) == JSON_MAP);
        must((json_get(map, "error") != NULL) == (status != 200));
        json_free(map);
        buf_release(&body);
    }
    authority_free(a);
    free(copy);
    return 0;
}
