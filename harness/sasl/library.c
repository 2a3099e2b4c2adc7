/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRAM-MD5 (RFC 2195) and SCRAM (RFC 5802, 7677, channel binding after RFC 9266) by libgsasl: the
 * only file of this layer that knows it. One library handle per session (2 µs), since a shared one
 * would be a hidden global. The password is wiped from the library's properties when the session
 * ends; the keys it derives live in memory that it does not let us reach.
 */
#include "sasl/session.h"
#include "sasl/scram.h"

#include <stdlib.h>
#include <string.h>

#include <gsasl.h>

enum { CRAM_CHALLENGE_MAX = 1024 };

struct sasl_library {
    Gsasl *handle;
    Gsasl_session *session;
    struct buf first; /* SCRAM client-first-message */
    struct slice nonce;
};

static const Gsasl_property secret_properties[] = {GSASL_PASSWORD, GSASL_SCRAM_SALTED_PASSWORD,
                                                   GSASL_SCRAM_SERVERKEY, GSASL_SCRAM_STOREDKEY};

/* The library owns the property as plain malloc'ed text and would free it unwiped. */
static void wipe_property(Gsasl_session *session, Gsasl_property property)
{
    const char *value = gsasl_property_fast(session, property);
    if (value != NULL) {
        explicit_bzero((char *)value, strlen(value));
    }
}

void sasl_library_free(struct sasl_library *library)
{
    if (library == NULL) {
        return;
    }
    if (library->session != NULL) {
        for (size_t i = 0; i < COUNT(secret_properties); i++) {
            wipe_property(library->session, secret_properties[i]);
        }
        gsasl_finish(library->session);
    }
    if (library->handle != NULL) {
        gsasl_done(library->handle);
    }
    buf_wipe(&library->first);
    buf_release(&library->first);
    free(library);
}

static enum err library_failed(struct why *why, const char *what, int rc)
{
    return why_set(why, ERR_LIBRARY, "libgsasl, %s: %s", what, gsasl_strerror(rc));
}

static void free_wiped(char *text, size_t n)
{
    if (text != NULL) {
        explicit_bzero(text, n);
        gsasl_free(text);
    }
}

/* The library prepares names and passwords (RFC 4013) in the middle of the exchange; a text it
 * would stumble over there is ours and not the server's fault, so it is refused before. */
static enum err check_prepared(const char *name, const char *text, struct why *why)
{
    char *prepared = NULL;
    int rc = gsasl_saslprep(text, GSASL_ALLOW_UNASSIGNED, &prepared, NULL);
    if (rc != GSASL_OK) {
        return why_set(why, ERR_INVALID, "the %s cannot be prepared for SASL (RFC 4013): %s", name,
                       gsasl_strerror(rc));
    }
    bool is_empty = prepared[0] == '\0';
    free_wiped(prepared, strlen(prepared));
    if (is_empty) {
        return why_set(why, ERR_INVALID, "nothing is left of the %s after SASLprep", name);
    }
    return ERR_OK;
}

/* Hands over one property; the copy that carries the terminator is wiped. */
static enum err set_text(Gsasl_session *session, Gsasl_property property, struct slice value,
                         bool is_prepared, struct why *why)
{
    const char *name = property == GSASL_PASSWORD ? "password" : "user name";
    TRY(sasl_check_field(name, value, SASL_OCTETS_NO_NUL, why));
    char *text = mem_zalloc(1, value.n + 1);
    memcpy(text, value.p, value.n);
    enum err err = is_prepared ? check_prepared(name, text, why) : ERR_OK;
    if (err == ERR_OK) {
        int rc = gsasl_property_set(session, property, text);
        err = rc == GSASL_OK ? ERR_OK : library_failed(why, "property", rc);
    }
    explicit_bzero(text, value.n);
    free(text);
    return err;
}

static enum err set_binding(Gsasl_session *session, struct slice binding, struct why *why)
{
    char *text = NULL;
    size_t n = 0;
    int rc = gsasl_base64_to(binding.p, binding.n, &text, &n);
    if (rc == GSASL_OK) {
        rc = gsasl_property_set(session, GSASL_CB_TLS_EXPORTER, text);
        free_wiped(text, n);
    }
    return rc == GSASL_OK ? ERR_OK : library_failed(why, "channel binding", rc);
}

static enum err library_open(struct sasl_session *s, struct why *why)
{
    struct sasl_library *l = mem_zalloc(1, sizeof *l);
    s->library = l;
    buf_init(&l->first, SASL_CHALLENGE_MAX);
    int rc = gsasl_init(&l->handle);
    if (rc != GSASL_OK) {
        return library_failed(why, "start", rc);
    }
    if (!gsasl_client_support_p(l->handle, s->mechanism->name)) {
        return why_set(why, ERR_UNSUPPORTED, "this build of libgsasl has no %s",
                       s->mechanism->name);
    }
    rc = gsasl_client_start(l->handle, s->mechanism->name, &l->session);
    if (rc != GSASL_OK) {
        return library_failed(why, s->mechanism->name, rc);
    }
    TRY(sasl_check_present("user name", s->params.user, why));
    TRY(sasl_check_present("password", s->params.secret, why));
    TRY(set_text(l->session, GSASL_AUTHID, s->params.user, true, why));
    return set_text(l->session, GSASL_PASSWORD, s->params.secret, true, why);
}

/* One step of the library; its answer goes to out, wiped behind. */
static int library_step(struct sasl_library *l, struct slice in, struct buf *out)
{
    char *text = NULL;
    size_t n = 0;
    int rc = gsasl_step(l->session, in.n ? in.p : "", in.n, &text, &n);
    if (rc == GSASL_OK || rc == GSASL_NEEDS_MORE) {
        buf_add(out, slice_make(text, text != NULL ? n : 0));
    }
    free_wiped(text, text != NULL ? n : 0);
    return rc;
}

static enum err cram_start(struct sasl_session *s, struct why *why)
{
    if (s->params.authzid.n != 0) {
        return why_set(why, ERR_INVALID, "CRAM-MD5 cannot carry an authorization identity");
    }
    return library_open(s, why);
}

/* A digest of anything the server likes is handed out, so it should look like the msg-id that
 * RFC 2195 2 asks for at least in this: printable, not empty, not endless. */
static enum sasl_step cram_answer(struct sasl_session *s, struct slice challenge, struct buf *out,
                                  struct why *why)
{
    struct why place;
    if (challenge.n == 0) {
        return sasl_cancel(s, why, "an empty challenge: there is nothing to make a digest of");
    }
    if (challenge.n > CRAM_CHALLENGE_MAX) {
        return sasl_cancel(s, why, "a challenge of %zu octets", challenge.n);
    }
    if (sasl_check_field("challenge", challenge, SASL_OCTETS_NO_CONTROL, &place) != ERR_OK) {
        return sasl_cancel(s, why, "%s", place.text);
    }
    int rc = library_step(s->library, challenge, out);
    if (rc != GSASL_OK) {
        return sasl_cancel(s, why, "%s", gsasl_strerror(rc));
    }
    s->phase = SASL_PHASE_COMPLETE;
    return SASL_RESPOND;
}

const struct sasl_driver sasl_driver_cram_md5 = {.start = cram_start, .answer = cram_answer};

static enum err scram_check_params(const struct sasl_session *s, struct why *why)
{
    if (s->params.nonce.n != 0) {
        return why_set(why, ERR_UNSUPPORTED,
                       "libgsasl makes the SCRAM nonce and takes none from outside");
    }
    if (s->mechanism->wants_binding && s->params.binding.n == 0) {
        return why_set(why, ERR_INVALID, "%s needs the channel binding of a TLS session",
                       s->mechanism->name);
    }
    return ERR_OK;
}

/* Makes the client-first-message at once: the library may refuse now, not in mid-exchange. */
static enum err scram_start(struct sasl_session *s, struct why *why)
{
    TRY(scram_check_params(s, why));
    TRY(library_open(s, why));
    struct sasl_library *l = s->library;
    if (s->params.authzid.n != 0) {
        TRY(set_text(l->session, GSASL_AUTHZID, s->params.authzid, false, why));
    }
    if (s->mechanism->wants_binding) {
        TRY(set_binding(l->session, s->params.binding, why));
    }
    int rc = library_step(l, slice_of(""), &l->first);
    if (rc != GSASL_NEEDS_MORE) {
        return library_failed(why, s->mechanism->name, rc);
    }
    /* "y" (we could, the server does not offer to; RFC 5802 6) would be better than "n" for the
     * plain form inside TLS, but libgsasl 2.2.0 fails when it is given a binding there */
    const char *gs2 = s->mechanism->wants_binding ? "p=tls-exporter," : "n,";
    if (!slice_has_prefix(buf_slice(&l->first), slice_of(gs2))) {
        return why_set(why, ERR_UNSUPPORTED, "this build of libgsasl cannot do %s with %s",
                       s->mechanism->name, gs2);
    }
    l->nonce = scram_client_nonce(buf_slice(&l->first));
    return ERR_OK;
}

static void scram_first(struct sasl_session *s, struct buf *out)
{
    buf_add(out, buf_slice(&s->library->first));
}

static enum sasl_step scram_server_first(struct sasl_session *s, struct slice challenge,
                                         struct buf *out, struct why *why)
{
    const char *wrong = scram_check_server_first(challenge, s->library->nonce);
    if (wrong != NULL) {
        return sasl_cancel(s, why, "%s", wrong);
    }
    int rc = library_step(s->library, challenge, out);
    if (rc != GSASL_NEEDS_MORE) {
        return sasl_cancel(s, why, "%s", gsasl_strerror(rc));
    }
    s->phase = SASL_PHASE_EXCHANGE;
    return SASL_RESPOND;
}

/* Over SMTP the server's proof comes in a 334 and is answered with an empty line (RFC 4954 4). A
 * refusal inside the mechanism (e=) is answered too, so that the server can say its 535. */
static enum sasl_step scram_server_final(struct sasl_session *s, struct slice challenge,
                                         struct buf *out, struct why *why)
{
    if (slice_has_prefix(challenge, slice_of("e="))) {
        s->phase = SASL_PHASE_REFUSED;
        return SASL_RESPOND;
    }
    bool is_proof = slice_has_prefix(challenge, slice_of("v="));
    int rc = library_step(s->library, challenge, out);
    if (rc != GSASL_OK) {
        s->is_disproven = is_proof;
        return sasl_cancel(s, why, "%s",
                           is_proof ? "the server's proof (v=) is wrong: it does not know the "
                                      "password"
                                    : "the server's last message is neither a proof (v=) nor an "
                                      "error (e=)");
    }
    s->phase = SASL_PHASE_COMPLETE;
    return SASL_RESPOND;
}

/* The first message went out as an initial response or as the answer to an empty challenge, and
 * then `answered` is already 1. What counts is what we have proven, so the library's turn is kept.
 */
static enum sasl_step scram_answer(struct sasl_session *s, struct slice challenge, struct buf *out,
                                   struct why *why)
{
    if (s->library->nonce.n != 0) {
        enum sasl_step step = scram_server_first(s, challenge, out, why);
        s->library->nonce = slice_of(""); /* used: what follows is the server's last message */
        return step;
    }
    return scram_server_final(s, challenge, out, why);
}

const struct sasl_driver sasl_driver_scram = {
    .start = scram_start, .first = scram_first, .answer = scram_answer};
