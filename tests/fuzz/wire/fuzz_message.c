/* SPDX-License-Identifier: Apache-2.0 */
/* Content: one terminator whatever comes and however it is cut; taking the dots off gives it back.
 */
#include "wire/dots.h"
#include "wire/message.h"

#include <stdint.h>

static void run(enum dots_mode mode, struct slice in, size_t step, struct buf *out)
{
    struct dots d;
    dots_init(&d, mode);
    for (size_t at = 0; at < in.n; at += step) {
        dots_feed(&d, slice_sub(in, at, step), out);
    }
    dots_end(&d, out);
}

/* What a server does: takes lines up to the dot, and one dot off the front of each. */
static void unstuff(struct slice in, struct buf *out)
{
    for (;;) {
        size_t end = slice_find(in, SLICE("\r\n"));
        must(end != SIZE_MAX);
        struct slice line = slice_sub(in, 0, end);
        in = slice_from(in, end + 2);
        if (slice_eq_text(line, ".")) {
            must(in.n == 0);
            return;
        }
        buf_add(out, line.n != 0 && line.p[0] == '.' ? slice_from(line, 1) : line);
        buf_add_text(out, "\r\n");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_make((const char *)data, size);
    struct buf whole, cut, plain, back;
    struct message_measure measure;
    buf_init(&whole, BUF_NO_CAP);
    buf_init(&cut, BUF_NO_CAP);
    buf_init(&plain, BUF_NO_CAP);
    buf_init(&back, BUF_NO_CAP);
    run(DOTS_STUFF, in, SIZE_MAX / 2, &whole);
    run(DOTS_STUFF, in, 1, &cut);
    run(DOTS_PLAIN, in, 3, &plain);
    must(slice_eq(buf_slice(&whole), buf_slice(&cut)));
    unstuff(buf_slice(&whole), &back);
    must(slice_eq(buf_slice(&back), buf_slice(&plain)));
    message_measure(in, &measure);
    must(measure.octets == plain.n);
    buf_reset(&plain);
    const struct slice to[] = {SLICE("a@b.test")};
    struct message_params params = {
        .from = to[0], .to = to, .to_count = 1, .subject = in, .message_id = SLICE("1@b.test")};
    if (message_build(&params, &plain, NULL) == ERR_OK) {
        message_measure(buf_slice(&plain), &measure);
        must(measure.octets == plain.n && measure.longest_line <= 998);
        must(!measure.has_eight_bit);
    }
    buf_release(&whole);
    buf_release(&cut);
    buf_release(&plain);
    buf_release(&back);
    return 0;
}
