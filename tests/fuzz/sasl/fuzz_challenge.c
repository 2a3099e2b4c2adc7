/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Challenges of a hostile server against every mechanism. Input: one octet that chooses the
 * mechanism, one with flags (1: initial response inline), then challenges separated by line feeds.
 * The octet 0x1e stands for the client's own nonce, so that SCRAM gets past its first check.
 * Held to: a cancellation stays, adds nothing and says why; SCRAM is never complete, since nobody
 * here knows the password.
 */
#include "sasl/sasl.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice nonce_in(struct slice message)
{
    size_t at = slice_find(message, SLICE("r="));
    struct slice rest = at == SIZE_MAX ? slice_of("") : slice_from(message, at + 2);
    size_t end = slice_find_char(rest, ',');
    return end == SIZE_MAX ? rest : slice_sub(rest, 0, end);
}

/* An exact-size copy with the nonce filled in. */
static char *expand(struct slice in, struct slice nonce, size_t *n)
{
    struct buf out;
    buf_init(&out, BUF_NO_CAP);
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] == 0x1e) {
            buf_add(&out, nonce);
        } else {
            buf_add_char(&out, in.p[i]);
        }
    }
    char *copy = mem_alloc(out.n ? out.n : 1);
    if (out.n != 0) {
        memcpy(copy, out.p, out.n);
    }
    *n = out.n;
    buf_release(&out);
    return copy;
}

static void talk(struct sasl_session *s, struct slice rest, struct buf *out)
{
    struct buf first;
    bool is_cancelled = false;
    buf_init(&first, BUF_NO_CAP);
    buf_add(&first, buf_slice(out));
    while (rest.n != 0) {
        size_t end = slice_find_char(rest, '\n');
        struct slice line = slice_sub(rest, 0, end == SIZE_MAX ? rest.n : end);
        rest = slice_from(rest, line.n + 1);
        size_t n, before = out->n;
        char *copy = expand(line, nonce_in(buf_slice(&first)), &n);
        struct why why = {{0}, {0}, 0, 0};
        enum sasl_step step = sasl_challenge(s, slice_make(copy, n), out, &why);
        free(copy);
        must(!is_cancelled || step == SASL_CANCEL);
        is_cancelled = step == SASL_CANCEL;
        must(!is_cancelled || (out->n == before && why.text[0] != '\0'));
        must(!is_cancelled || !sasl_is_complete(s));
        if (first.n == 0) {
            buf_add(&first, slice_from(buf_slice(out), before));
        }
    }
    buf_release(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || memmem(data, size, "i=", 2) != NULL) {
        /* a valid iteration count costs milliseconds: one in 16 is enough to walk that way */
        if (size < 2 || (data[1] & 0xf0) != 0) {
            return 0;
        }
    }
    const struct sasl_mechanism *m = &sasl_mechanisms[data[0] % sasl_mechanism_count];
    struct sasl_params p = {.user = SLICE("jane@example.org"), .secret = SLICE("hunter2hunter2")};
    p.binding = m->wants_binding ? SLICE("0123456789abcdef0123456789abcdef") : slice_of("");
    struct sasl_session *s = NULL;
    must(sasl_new(m, &p, &s, NULL) == ERR_OK);
    struct buf out;
    buf_init(&out, BUF_NO_CAP);
    if (data[1] & 1) {
        (void)sasl_initial(s, &out);
    }
    talk(s, slice_make((const char *)data + 2, size - 2), &out);
    must(!m->proves_server || !sasl_is_complete(s));
    buf_release(&out);
    sasl_free(s);
    return 0;
}
