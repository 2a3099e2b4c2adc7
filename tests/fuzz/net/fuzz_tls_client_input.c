/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Octets of a hostile server into a client filter. The first octet chooses: 0 to 127 feed all at
 * once, the rest in pieces of that many octets less 127; odd ones end the transport behind it.
 * Held to: never up, since nobody here holds a key; failed means a fault with words; a failure
 * stays; no plain text ever comes out.
 */
#include "net/tls.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed_pieces(struct tls_filter *f, struct slice rest, size_t piece)
{
    while (rest.n != 0) {
        size_t n = piece == 0 || piece > rest.n ? rest.n : piece;
        char *copy = mem_alloc(n);
        memcpy(copy, rest.p, n);
        enum fault before = tls_filter_facts(f)->why;
        tls_filter_feed(f, slice_make(copy, n));
        must(before == FAULT_NONE || tls_filter_facts(f)->why == before);
        free(copy);
        rest = slice_from(rest, n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    static struct tls_setup *setup; /* costly and without state: shared by all runs */
    struct tls_params params = {.skip_verify = true};
    must(setup != NULL || tls_setup_new(&params, &setup, NULL) == ERR_OK);
    struct tls_filter *f = tls_filter_new(setup, "mail.example.test", 1800000000);
    must(tls_filter_cipher_out(f)->n != 0);
    feed_pieces(f, slice_make((const char *)data + 1, size - 1),
                data[0] < 128 ? 0 : data[0] - 127u);
    if (data[0] & 1) {
        tls_filter_eof(f);
        must(tls_filter_state(f) == TLS_FAILED);
    }
    const struct tls_facts *facts = tls_filter_facts(f);
    bool is_failed = tls_filter_state(f) == TLS_FAILED;
    must(is_failed || tls_filter_state(f) == TLS_HANDSHAKING);
    must(is_failed == (facts->why != FAULT_NONE) && is_failed == (facts->detail[0] != '\0'));
    must(!facts->is_up && !facts->is_verified && tls_filter_plain_out(f)->n == 0);
    tls_filter_free(f);
    return 0;
}
