/* SPDX-License-Identifier: Apache-2.0 */
/* Replies: whatever comes, the answer whole and cut by octets is the same, and raw is what was fed.
 */
#include "wire/ehlo.h"

#include <stdint.h>

enum { MAX_OCTETS = 2000, MAX_LINES = 20 };

static size_t read_all(struct slice in, size_t step, uint64_t *print)
{
    struct reply_reader r;
    size_t at = 0, replies = 0;
    reply_reader_init(&r, MAX_OCTETS, MAX_LINES);
    for (;;) {
        struct reply reply;
        size_t used = 0;
        struct slice piece = slice_sub(in, at, step);
        enum read_result got = reply_read(&r, piece, &used, &reply);
        must(used <= piece.n && (got != READ_MORE || used == piece.n));
        at += used;
        if (got == READ_MORE && at < in.n) {
            continue;
        }
        if (got == READ_MORE && !reply_end(&r, &reply)) {
            break;
        }
        replies++;
        must(got == READ_REPLY ? reply.code >= 200 && reply.code < 600 && reply.line_count != 0
                               : true);
        must(reply.raw.n <= at && reply.line_count <= MAX_LINES + 1);
        must(slice_eq(reply.raw, slice_sub(in, at - reply.raw.n, reply.raw.n)));
        *print = *print * 31 + reply.code * 7 + reply.notes + reply.line_count * 3 + at;
        if (got != READ_REPLY) {
            break;
        }
    }
    reply_reader_release(&r);
    return replies;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_make((const char *)data, size);
    uint64_t whole = 0, cut = 0, odd = 0;
    size_t n = read_all(in, SIZE_MAX, &whole);
    must(n == read_all(in, 1, &cut) && whole == cut);
    must(n == read_all(in, 7, &odd) && whole == odd);
    return 0;
}
