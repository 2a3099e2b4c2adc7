/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as a browser's request and as a copied address: no crash; a code comes out only with
 * our state; what is an end stays one when more octets come; nothing of it is in the page. */
#include "token/redirect.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct redirect_wish wish = {
    .path = SLICE_INIT("/"),
    .state = SLICE_INIT("st-1"),
    .asked = SLICE_INIT("https://login.example/authorize"),
};

static void look(const struct redirect *r, struct slice in)
{
    struct buf text;
    must((r->kind == REDIRECT_CODE) == (r->code.n != 0));
    must((r->kind == REDIRECT_REFUSED) == (r->error.n != 0));
    must(r->kind != REDIRECT_CODE || slice_find(in, SLICE("state=")) != SIZE_MAX);
    must(slice_find_char(buf_slice(&r->code), '\n') == SIZE_MAX);
    buf_init(&text, BUF_NO_CAP);
    if (r->kind == REDIRECT_REFUSED) {
        redirect_document(r, &text);
        must(text.n != 0 && text.p[0] == '{');
    }
    buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redirect r;
    char *copy = malloc(size != 0 ? size : 1);
    must(copy != NULL);
    if (size != 0) {
        memcpy(copy, data, size);
    }
    struct slice in = slice_make(copy, size);
    redirect_init(&r);
    redirect_read_request(slice_sub(in, 0, size / 2), &wish, &r);
    enum redirect_kind half = r.kind;
    redirect_read_request(in, &wish, &r);
    look(&r, in);
    must(half == REDIRECT_MORE || half == r.kind);
    redirect_read_address(in, &wish, &r);
    look(&r, in);
    redirect_release(&r);
    free(copy);
    return 0;
}
