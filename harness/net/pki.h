/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate authority made for one run, with named leaves that are wrong in one way each.
 * Costly: made once per worker (or before the workers start). Keys come from OpenSSL's generator.
 */
#ifndef SMTPDX_NET_PKI_H
#define SMTPDX_NET_PKI_H

#include "base/buf.h"
#include "base/err.h"

enum pki_leaf {
    PKI_VALID,         /* right names, right time, our CA */
    PKI_EXPIRED,       /* ended yesterday */
    PKI_NOT_YET_VALID, /* begins tomorrow */
    PKI_WRONG_HOST,    /* for wrong.host.invalid */
    PKI_SELF_SIGNED,   /* its own issuer */
    PKI_UNTRUSTED,     /* another CA with the same name */
    PKI_WEAK_KEY,      /* RSA 1024 */
    PKI_REVOKED,       /* on the CA's CRL */
    PKI_LEAF_COUNT
};
const char *pki_leaf_slug(enum pki_leaf leaf); /* valid expired not-yet-valid wrong-host … */
bool pki_leaf_from_slug(struct slice slug, enum pki_leaf *out);

struct pki; /* opaque */

/* now: seconds since 1970. Errors: ERR_LIBRARY. */
enum err pki_new(int64_t now, struct pki **out, struct why *why) MUST_USE;
void pki_free(struct pki *p);

/* PEM of the CA certificate, followed by its CRL; borrowed. This is what a client has to trust. */
struct slice pki_trust_pem(const struct pki *p);
/* Certificate chain and private key as PEM for a leaf issued to host names (DNS or IP literals);
 * issued once per (leaf, names) and kept. Borrowed. Errors: ERR_LIBRARY. */
enum err pki_issue(struct pki *p, enum pki_leaf leaf, const char *const *names, size_t count,
                   struct slice *cert_pem, struct slice *key_pem, struct why *why) MUST_USE;

#endif
