/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of mechanisms and the order of an exchange (RFC 4422 5, RFC 4954 4): an initial
 * response or the empty challenge that asks for it, challenges, completion, cancellation. What each
 * mechanism says is in its own file. Nothing in here may print or keep a secret.
 */
#include "sasl/session.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const struct sasl_mechanism sasl_mechanisms[] = {
    /* name                  client first  sends secret  token  binding  proves server */
    { "PLAIN",               true,         true,         false, false,   false },
    { "LOGIN",               false,        true,         false, false,   false },
    { "EXTERNAL",            true,         false,        false, false,   false },
    { "XOAUTH2",             true,         true,         true,  false,   false },
    { "OAUTHBEARER",         true,         true,         true,  false,   false },
    { "CRAM-MD5",            false,        false,        false, false,   false },
    { "SCRAM-SHA-1",         true,         false,        false, false,   true  },
    { "SCRAM-SHA-1-PLUS",    true,         false,        false, true,    true  },
    { "SCRAM-SHA-256",       true,         false,        false, false,   true  },
    { "SCRAM-SHA-256-PLUS",  true,         false,        false, true,    true  },
};
const size_t sasl_mechanism_count = COUNT(sasl_mechanisms);

static const struct sasl_driver *const drivers[] = {
    &sasl_driver_plain,       &sasl_driver_login,    &sasl_driver_external, &sasl_driver_xoauth2,
    &sasl_driver_oauthbearer, &sasl_driver_cram_md5, &sasl_driver_scram,    &sasl_driver_scram,
    &sasl_driver_scram,       &sasl_driver_scram,
};
static_assert(COUNT(drivers) == COUNT(sasl_mechanisms), "one driver per mechanism, same order");
/* clang-format on */

const struct sasl_mechanism *sasl_find(struct slice name)
{
    for (size_t i = 0; i < COUNT(sasl_mechanisms); i++) {
        if (slice_eq_nocase_text(name, sasl_mechanisms[i].name)) {
            return &sasl_mechanisms[i];
        }
    }
    return NULL;
}

static bool octet_may_stand(unsigned char c, enum sasl_charset charset)
{
    switch (charset) {
    case SASL_OCTETS_NO_NUL:
        return c != 0;
    case SASL_OCTETS_NO_CONTROL:
        return c >= 0x20 && c != 0x7f;
    case SASL_OCTETS_VISIBLE:
        return c > 0x20 && c < 0x7f;
    }
    return false;
}

enum err sasl_check_field(const char *name, struct slice value, enum sasl_charset charset,
                          struct why *why)
{
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if (!octet_may_stand(c, charset)) {
            return why_set(why, ERR_INVALID,
                           "the %s has an octet that this mechanism cannot carry: 0x%02x at "
                           "position %zu",
                           name, c, i + 1);
        }
    }
    return ERR_OK;
}

enum err sasl_check_present(const char *name, struct slice value, struct why *why)
{
    if (value.n == 0) {
        return why_set(why, ERR_INVALID, "this mechanism needs a %s", name);
    }
    return ERR_OK;
}

static const struct sasl_driver *driver_of(const struct sasl_mechanism *m)
{
    for (size_t i = 0; i < COUNT(sasl_mechanisms); i++) {
        if (m == &sasl_mechanisms[i]) {
            return drivers[i];
        }
    }
    return NULL;
}

enum err sasl_new(const struct sasl_mechanism *m, const struct sasl_params *params,
                  struct sasl_session **out, struct why *why)
{
    *out = NULL;
    const struct sasl_driver *driver = driver_of(m);
    if (driver == NULL) {
        return why_set(why, ERR_NOT_FOUND, "no such SASL mechanism");
    }
    struct sasl_session *s = mem_zalloc(1, sizeof *s);
    s->mechanism = m;
    s->driver = driver;
    s->params = *params;
    buf_init(&s->error_document, SASL_ERROR_DOCUMENT_MAX);
    enum err err = driver->start(s, why);
    if (err != ERR_OK) {
        sasl_free(s);
        return err;
    }
    *out = s;
    return ERR_OK;
}

void sasl_free(struct sasl_session *s)
{
    if (s == NULL) {
        return;
    }
    sasl_library_free(s->library);
    buf_wipe(&s->error_document);
    buf_release(&s->error_document);
    explicit_bzero(s, sizeof *s);
    free(s);
}

bool sasl_initial(struct sasl_session *s, struct buf *out)
{
    if (s->driver->first == NULL || s->phase != SASL_PHASE_START) {
        return false;
    }
    s->phase = SASL_PHASE_EXCHANGE;
    s->driver->first(s, out);
    return true;
}

enum sasl_step sasl_cancel(struct sasl_session *s, struct why *why, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    s->phase = SASL_PHASE_DEAD;
    (void)why_set(why, ERR_INVALID, "%s: %s", s->mechanism->name, text);
    return SASL_CANCEL;
}

/* The server asks for the first message with an empty challenge (RFC 4954 4, RFC 4422 3). A text in
 * it is refused: answering would hand the secret to a peer that speaks another mechanism. */
static enum sasl_step answer_first(struct sasl_session *s, struct slice challenge, struct buf *out,
                                   struct why *why)
{
    if (challenge.n != 0) {
        return sasl_cancel(s, why,
                           "the server sent a challenge of %zu octets where only an empty one "
                           "makes sense",
                           challenge.n);
    }
    (void)sasl_initial(s, out);
    s->answered++;
    return SASL_RESPOND;
}

enum sasl_step sasl_challenge(struct sasl_session *s, struct slice challenge, struct buf *out,
                              struct why *why)
{
    switch (s->phase) {
    case SASL_PHASE_START:
        if (s->driver->first != NULL) {
            return answer_first(s, challenge, out, why);
        }
        break;
    case SASL_PHASE_EXCHANGE:
        break;
    case SASL_PHASE_COMPLETE:
        if (s->mechanism->takes_token) {
            break; /* the error document comes after all was said */
        }
        return sasl_cancel(s, why, "another challenge, though everything has been said");
    case SASL_PHASE_REFUSED:
        return sasl_cancel(s, why, "another challenge after the server's refusal");
    case SASL_PHASE_DEAD:
        return sasl_cancel(s, why, "a challenge after the exchange was cancelled");
    }
    if (challenge.n > SASL_CHALLENGE_MAX) {
        return sasl_cancel(s, why, "a challenge of %zu octets", challenge.n);
    }
    size_t before = out->n;
    enum sasl_step step = s->driver->answer(s, challenge, out, why);
    if (step == SASL_CANCEL) {
        buf_truncate(out, before);
    } else {
        s->answered++;
        if (s->phase == SASL_PHASE_START) {
            s->phase = SASL_PHASE_EXCHANGE;
        }
    }
    return step;
}

bool sasl_is_complete(const struct sasl_session *s)
{
    return s->phase == SASL_PHASE_COMPLETE;
}

bool sasl_server_is_disproven(const struct sasl_session *s)
{
    return s->is_disproven;
}

struct slice sasl_error_document(const struct sasl_session *s)
{
    return buf_slice(&s->error_document);
}
