/* SPDX-License-Identifier: Apache-2.0 */
/* What decodes encodes back to the same text; what is encoded decodes to the same octets. */
#include "base/codec.h"

#include <stdint.h>

typedef void encoder(struct slice in, struct buf *out);
typedef bool decoder(struct slice in, struct buf *out);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void there_and_back(struct slice in, encoder *encode, decoder *decode)
{
    struct buf there, back;
    buf_init(&there, BUF_NO_CAP);
    buf_init(&back, BUF_NO_CAP);
    encode(in, &there);
    must(decode(buf_slice(&there), &back));
    must(slice_eq(buf_slice(&back), in));
    buf_release(&there);
    buf_release(&back);
}

/* A strict decoder takes one spelling only, so that it is the encoder's. */
static void back_and_there(struct slice in, encoder *encode, decoder *decode, bool has_padding)
{
    struct buf back, there;
    buf_init(&there, BUF_NO_CAP);
    buf_init(&back, BUF_NO_CAP);
    if (decode(in, &back)) {
        encode(buf_slice(&back), &there);
        struct slice want = has_padding ? in : slice_trim_end(in, "=");
        must(slice_eq_nocase(buf_slice(&there), want));
    } else {
        must(back.n == 0 && !back.is_full);
    }
    buf_release(&there);
    buf_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_make((const char *)data, size);
    there_and_back(in, base64_encode, base64_decode);
    there_and_back(in, base64url_encode, base64url_decode);
    there_and_back(in, hex_encode, hex_decode);
    there_and_back(in, url_encode, form_decode);
    back_and_there(in, base64_encode, base64_decode, true);
    back_and_there(in, base64url_encode, base64url_decode, false);
    back_and_there(in, hex_encode, hex_decode, true);
    return 0;
}
