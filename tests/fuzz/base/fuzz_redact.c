/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first line is secrets, separated by a vertical bar; the rest is the text. Laws: what was
 * redacted holds no secret in any form; what holds none is untouched; raw secrets are always found.
 */
#include "base/redact.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct redactor *r, struct slice secrets, struct slice text)
{
    struct buf out;
    buf_init(&out, BUF_NO_CAP);
    redactor_apply(r, text, &out);
    must(redactor_find(r, buf_slice(&out)) == NULL);
    if (redactor_find(r, text) == NULL) {
        must(slice_eq(buf_slice(&out), text));
    }
    struct slice secret;
    while (slice_take_until(&secrets, '|', &secret)) {
        bool is_known = secret.n >= REDACT_MIN;
        must(!is_known || slice_find(buf_slice(&out), secret) == SIZE_MAX);
        must(!is_known || slice_find(text, secret) == SIZE_MAX || redactor_find(r, text) != NULL);
    }
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_make((const char *)data, size), secrets, secret;
    if (!slice_take_until(&text, '\n', &secrets)) {
        return 0;
    }
    struct redactor *r = redactor_new();
    struct slice rest = secrets;
    while (slice_take_until(&rest, '|', &secret)) {
        enum err err = redactor_add(r, "s", secret, NULL);
        must((err == ERR_OK) == (secret.n >= REDACT_MIN));
    }
    check(r, secrets, text);
    redactor_free(r);
    return 0;
}
