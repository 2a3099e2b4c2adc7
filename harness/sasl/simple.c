/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mechanisms that say a secret or a name in plain octets: PLAIN (RFC 4616), LOGIN
 * (draft-murchison-sasl-login) and EXTERNAL (RFC 4422 A). The octets are exactly what the texts ask
 * for: no normalisation, since a harness has to send what it was given.
 */
#include "sasl/session.h"

static enum err check_user_and_password(const struct sasl_params *p, struct why *why)
{
    TRY(sasl_check_present("user name", p->user, why));
    TRY(sasl_check_present("password", p->secret, why));
    TRY(sasl_check_field("user name", p->user, SASL_OCTETS_NO_NUL, why));
    TRY(sasl_check_field("password", p->secret, SASL_OCTETS_NO_NUL, why));
    return sasl_check_field("authorization identity", p->authzid, SASL_OCTETS_NO_NUL, why);
}

/* PLAIN: authzid NUL authcid NUL passwd; a NUL inside would move the borders. */
static enum err plain_start(struct sasl_session *s, struct why *why)
{
    return check_user_and_password(&s->params, why);
}

static void plain_first(struct sasl_session *s, struct buf *out)
{
    buf_add(out, s->params.authzid);
    buf_add_char(out, '\0');
    buf_add(out, s->params.user);
    buf_add_char(out, '\0');
    buf_add(out, s->params.secret);
    s->phase = SASL_PHASE_COMPLETE;
}

const struct sasl_driver sasl_driver_plain = {.start = plain_start, .first = plain_first};

/* LOGIN could carry a NUL, but no server could do anything with one: a file read wrongly, mostly.
 */
static enum err login_start(struct sasl_session *s, struct why *why)
{
    if (s->params.authzid.n != 0) {
        return why_set(why, ERR_INVALID, "LOGIN cannot carry an authorization identity");
    }
    return check_user_and_password(&s->params, why);
}

/* The prompts are not read: "Username:", "User Name", lower case, another language and nothing at
 * all exist in the field. The order is what counts: the user name, then the password. */
static enum sasl_step login_answer(struct sasl_session *s, struct slice challenge, struct buf *out,
                                   struct why *why)
{
    (void)challenge;
    (void)why;
    if (s->answered == 0) {
        buf_add(out, s->params.user);
        return SASL_RESPOND;
    }
    buf_add(out, s->params.secret);
    s->phase = SASL_PHASE_COMPLETE;
    return SASL_RESPOND;
}

const struct sasl_driver sasl_driver_login = {.start = login_start, .answer = login_answer};

/* EXTERNAL: the identity comes from the TLS client certificate; the message is the authorization
 * identity, and empty when it is to be derived (RFC 4422 A.1). */
static enum err external_start(struct sasl_session *s, struct why *why)
{
    return sasl_check_field("authorization identity", s->params.authzid, SASL_OCTETS_NO_NUL, why);
}

static void external_first(struct sasl_session *s, struct buf *out)
{
    buf_add(out, s->params.authzid);
    s->phase = SASL_PHASE_COMPLETE;
}

const struct sasl_driver sasl_driver_external = {.start = external_start, .first = external_first};
