/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mechanisms that carry an OAuth2 access token: XOAUTH2 (Google's and Microsoft's protocol) and
 * OAUTHBEARER (RFC 7628). Fields end with ^A, so a ^A inside of a value would forge a field: it is
 * refused, as is any other control. A server that refuses the token may send a JSON document as a
 * challenge first; it has to be answered before the 535 comes (RFC 7628 3.2.3).
 */
#include "sasl/session.h"

static const char field_end = '\x01';

static enum err check_token(const struct sasl_params *p, struct why *why)
{
    TRY(sasl_check_present("user name", p->user, why));
    TRY(sasl_check_present("access token", p->secret, why));
    TRY(sasl_check_field("user name", p->user, SASL_OCTETS_NO_CONTROL, why));
    TRY(sasl_check_field("access token", p->secret, SASL_OCTETS_VISIBLE, why));
    TRY(sasl_check_field("authorization identity", p->authzid, SASL_OCTETS_NO_CONTROL, why));
    return sasl_check_field("host name", p->host, SASL_OCTETS_VISIBLE, why);
}

static enum err oauthbearer_start(struct sasl_session *s, struct why *why)
{
    return check_token(&s->params, why);
}

static enum err xoauth2_start(struct sasl_session *s, struct why *why)
{
    if (s->params.authzid.n != 0) {
        return why_set(why, ERR_INVALID, "XOAUTH2 cannot carry an authorization identity");
    }
    return check_token(&s->params, why);
}

static void add_field(struct buf *out, const char *key, struct slice value)
{
    buf_add_text(out, key);
    buf_add(out, value);
    buf_add_char(out, field_end);
}

static void xoauth2_first(struct sasl_session *s, struct buf *out)
{
    add_field(out, "user=", s->params.user);
    add_field(out, "auth=Bearer ", s->params.secret);
    buf_add_char(out, field_end);
    s->phase = SASL_PHASE_COMPLETE;
}

/* saslname (RFC 5801 4): the two characters that have a meaning in the GS2 header are written out
 */
static void add_saslname(struct buf *out, struct slice name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '=') {
            buf_add_text(out, "=3D");
        } else if (name.p[i] == ',') {
            buf_add_text(out, "=2C");
        } else {
            buf_add_char(out, name.p[i]);
        }
    }
}

static void oauthbearer_first(struct sasl_session *s, struct buf *out)
{
    const struct sasl_params *p = &s->params;
    buf_add_text(out, "n,a=");
    add_saslname(out, p->authzid.n ? p->authzid : p->user);
    buf_add_char(out, ',');
    buf_add_char(out, field_end);
    if (p->host.n != 0) {
        add_field(out, "host=", p->host);
    }
    if (p->port != 0) {
        buf_addf(out, "port=%u%c", p->port, field_end);
    }
    add_field(out, "auth=Bearer ", p->secret);
    buf_add_char(out, field_end);
    s->phase = SASL_PHASE_COMPLETE;
}

/* Only the outer form is looked at here: who reads the document parses it. */
static enum sasl_step keep_error(struct sasl_session *s, struct slice challenge, struct why *why)
{
    struct slice text = slice_trim(challenge);
    if (text.n < 2 || text.p[0] != '{' || text.p[text.n - 1] != '}') {
        return sasl_cancel(s, why,
                           "a challenge of %zu octets after the token that is no JSON error "
                           "document",
                           challenge.n);
    }
    buf_add(&s->error_document, text);
    s->phase = SASL_PHASE_REFUSED;
    return SASL_RESPOND;
}

static enum sasl_step xoauth2_answer(struct sasl_session *s, struct slice challenge,
                                     struct buf *out, struct why *why)
{
    (void)out; /* the answer is an empty line */
    return keep_error(s, challenge, why);
}

static enum sasl_step oauthbearer_answer(struct sasl_session *s, struct slice challenge,
                                         struct buf *out, struct why *why)
{
    enum sasl_step step = keep_error(s, challenge, why);
    if (step == SASL_RESPOND) {
        buf_add_char(out, field_end);
    }
    return step;
}

const struct sasl_driver sasl_driver_xoauth2 = {
    .start = xoauth2_start, .first = xoauth2_first, .answer = xoauth2_answer};
const struct sasl_driver sasl_driver_oauthbearer = {
    .start = oauthbearer_start, .first = oauthbearer_first, .answer = oauthbearer_answer};
