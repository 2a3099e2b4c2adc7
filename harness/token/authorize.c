/* SPDX-License-Identifier: Apache-2.0 */
/* See authorize.h. */
#include "token/authorize.h"

#include "base/codec.h"
#include "net/seal.h"

static void write_text(const unsigned char octets[32], char out[PROOF_TEXT])
{
    struct buf text;
    buf_init(&text, PROOF_TEXT);
    base64url_encode(slice_make((const char *)octets, 32), &text);
    must(text.n == PROOF_TEXT - 1);
    memcpy(out, text.p, PROOF_TEXT - 1);
    out[PROOF_TEXT - 1] = '\0';
    buf_wipe(&text);
    buf_release(&text);
}

void token_proof_make(const unsigned char octets[PROOF_OCTETS], struct token_proof *out)
{
    unsigned char digest[32];
    write_text(octets, out->verifier);
    write_text(octets + 32, out->state);
    seal_digest(slice_of(out->verifier),
                digest); /* of the text, not of the octets (RFC 7636 4.2) */
    write_text(digest, out->challenge);
}

void token_proof_wipe(struct token_proof *p)
{
    explicit_bzero(p, sizeof *p);
}

static void add(struct buf *out, const char *name, struct slice value)
{
    if (value.n != 0) {
        buf_addf(out, "&%s=", name);
        url_encode(value, out);
    }
}

void token_question_url(const struct token_question *q, const struct token_proof *proof,
                        struct buf *out)
{
    bool has_query = slice_find_char(slice_of(q->url), '?') != SIZE_MAX;
    buf_addf(out, "%s%cresponse_type=code", q->url, has_query ? '&' : '?');
    add(out, "client_id", q->client_id);
    add(out, "redirect_uri", q->redirect_uri);
    add(out, "scope", q->scope);
    add(out, "state", slice_of(proof->state));
    add(out, "code_challenge", slice_of(proof->challenge));
    add(out, "code_challenge_method", SLICE("S256"));
    add(out, "login_hint", q->user); /* OpenID Connect Core 3.1.2.1; unknown ones are ignored */
}
