/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the SASL layer: what a session holds and the small face every mechanism wears.
 * A mechanism is two or three functions; the order of calls is kept by sasl.c, so that no mechanism
 * has to ask whether the exchange has begun, was cancelled or is over.
 */
#ifndef SMTPDX_SASL_SESSION_H
#define SMTPDX_SASL_SESSION_H

#include "sasl/sasl.h"

enum {
    SASL_ERROR_DOCUMENT_MAX = 64 * 1024,
    SASL_CHALLENGE_MAX =
        64 * 1024, /* RFC 4954 4: 12288 octets of base64 are enough for all known */
};

enum sasl_phase {
    SASL_PHASE_START,    /* nothing sent */
    SASL_PHASE_EXCHANGE, /* at least one response sent */
    SASL_PHASE_COMPLETE, /* the mechanism wants nothing more */
    SASL_PHASE_REFUSED,  /* the server said no inside the mechanism; its reply is to follow */
    SASL_PHASE_DEAD      /* cancelled; stays so */
};

struct sasl_library; /* library.c */

struct sasl_session {
    const struct sasl_mechanism *mechanism;
    const struct sasl_driver *driver;
    struct sasl_params params; /* borrows; the secret is copied nowhere in here */
    enum sasl_phase phase;
    unsigned answered; /* challenges answered, the empty one that asks for the first included */
    bool is_disproven; /* the server's proof was there and wrong */
    struct buf error_document;
    struct sasl_library *library; /* owned; NULL for our own mechanisms */
};

struct sasl_driver {
    /* Refuses what the mechanism cannot carry, and prepares. Errors as sasl_new. */
    enum err (*start)(struct sasl_session *s, struct why *why);
    /* Appends the first message and sets the phase; NULL for a mechanism where the server begins.
     */
    void (*first)(struct sasl_session *s, struct buf *out);
    /* Answers a challenge that is not the empty one asking for the first message. NULL: none is
     * ever right. */
    enum sasl_step (*answer)(struct sasl_session *s, struct slice challenge, struct buf *out,
                             struct why *why);
};

extern const struct sasl_driver sasl_driver_plain, sasl_driver_login, sasl_driver_external,
    sasl_driver_xoauth2, sasl_driver_oauthbearer, sasl_driver_cram_md5, sasl_driver_scram;

/* Says why and cancels; for `return`. */
enum sasl_step sasl_cancel(struct sasl_session *s, struct why *why, const char *format, ...)
    PRINTF(3, 4);

/* What a field may hold. */
enum sasl_charset {
    SASL_OCTETS_NO_NUL,     /* anything but NUL */
    SASL_OCTETS_NO_CONTROL, /* no C0 control and no DEL: nothing that could end a field */
    SASL_OCTETS_VISIBLE,    /* visible ASCII only (RFC 6750 2.1 is a part of it) */
};
/* Errors: ERR_INVALID, naming the field and the position, never the value. */
enum err sasl_check_field(const char *name, struct slice value, enum sasl_charset charset,
                          struct why *why) MUST_USE;
enum err sasl_check_present(const char *name, struct slice value, struct why *why) MUST_USE;

void sasl_library_free(struct sasl_library *library); /* NULL is fine */

#endif
