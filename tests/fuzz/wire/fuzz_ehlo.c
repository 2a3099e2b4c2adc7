/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities: every mechanism that is walked over is offered; nothing is found in the first line.
 */
#include "wire/ehlo.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reply_reader r;
    struct reply reply;
    size_t used = 0;
    reply_reader_init(&r, 0, 0);
    if (reply_read(&r, slice_make((const char *)data, size), &used, &reply) == READ_REPLY) {
        struct ehlo e = ehlo_lines(&reply);
        struct ehlo_walk walk = {0};
        struct slice name, params;
        uint64_t limit = 0;
        must(e.count == 0 || (reply.code == 250 && e.count + 1 == reply.line_count));
        while (ehlo_next_mechanism(e, &walk, &name)) {
            must(name.n != 0 && ehlo_has_auth(e) && ehlo_offers_mechanism(e, name));
        }
        bool has_size = ehlo_find(e, "SIZE", &params);
        must((ehlo_size(e, &limit) != EHLO_SIZE_ABSENT) == has_size);
        (void)ehlo_is_masked(e);
    }
    reply_reader_release(&r);
    return 0;
}
