/* SPDX-License-Identifier: Apache-2.0 */
/* See verifier.h. Passwords are asked for by callback and wiped when the verifier goes. */
#include "fakeservers/verifier.h"

#include "base/codec.h"

#include <gsasl.h>
#include <stdlib.h>

struct verifier {
    Gsasl *library;
    Gsasl_session *session;
    struct verifier_params params;
    struct buf binding; /* base64, as the library wants it */
    struct buf user;
};

static int give_password(struct verifier *v, Gsasl_session *session)
{
    const char *user = gsasl_property_fast(session, GSASL_AUTHID);
    struct buf password;
    buf_init(&password, 4096);
    if (user == NULL || !v->params.password(v->params.context, slice_of(user), &password)) {
        buf_release(&password);
        return GSASL_NO_PASSWORD;
    }
    int rc = gsasl_property_set_raw(session, GSASL_PASSWORD, buf_text(&password), password.n);
    buf_wipe(&password);
    buf_release(&password);
    return rc;
}

static int give_binding(const struct verifier *v, Gsasl_session *session)
{
    return v->binding.n == 0
               ? GSASL_NO_CB_TLS_EXPORTER
               : gsasl_property_set(session, GSASL_CB_TLS_EXPORTER, buf_text(&v->binding));
}

static int verifier_callback(Gsasl *library, Gsasl_session *session, Gsasl_property property)
{
    struct verifier *v = gsasl_callback_hook_get(library);
    if (property == GSASL_PASSWORD) {
        return give_password(v, session);
    }
    if (property == GSASL_CB_TLS_EXPORTER) {
        return give_binding(v, session);
    }
    if (property == GSASL_SERVICE) {
        return gsasl_property_set(session, property, "smtp");
    }
    if (property == GSASL_HOSTNAME || property == GSASL_REALM) {
        return gsasl_property_set(session, property, v->params.host);
    }
    return GSASL_NO_CALLBACK;
}

struct verifier *verifier_new(const struct verifier_params *params)
{
    struct verifier *v = mem_zalloc(1, sizeof *v);
    v->params = *params;
    buf_init(&v->binding, 256);
    buf_init(&v->user, 4096);
    base64_encode(params->binding, &v->binding);
    if (gsasl_init(&v->library) != GSASL_OK) {
        v->library = NULL;
        verifier_free(v);
        return NULL;
    }
    gsasl_callback_hook_set(v->library, v);
    gsasl_callback_set(v->library, verifier_callback);
    if (gsasl_server_start(v->library, params->mechanism, &v->session) != GSASL_OK) {
        v->session = NULL;
        verifier_free(v);
        return NULL;
    }
    return v;
}

void verifier_free(struct verifier *v)
{
    if (v == NULL) {
        return;
    }
    if (v->session != NULL) {
        gsasl_finish(v->session);
    }
    if (v->library != NULL) {
        gsasl_done(v->library);
    }
    buf_release(&v->binding);
    buf_release(&v->user);
    free(v);
}

enum verifier_result verifier_step(struct verifier *v, struct slice in, struct buf *out)
{
    char *said = NULL;
    size_t n = 0;
    int rc = gsasl_step(v->session, in.n ? in.p : "", in.n, &said, &n);
    const char *user = gsasl_property_fast(v->session, GSASL_AUTHID);
    if (user != NULL) {
        buf_reset(&v->user);
        buf_add_text(&v->user, user);
    }
    if (rc == GSASL_OK || rc == GSASL_NEEDS_MORE) {
        buf_add(out, slice_make(said, n));
    }
    gsasl_free(said);
    return rc == GSASL_OK ? VERIFIER_OK : rc == GSASL_NEEDS_MORE ? VERIFIER_MORE : VERIFIER_NO;
}

struct slice verifier_user(const struct verifier *v)
{
    return buf_slice(&v->user);
}
