/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS as a filter on memory BIOs (OpenSSL 3): cipher text in and out, plain text in and out; no
 * socket. Chain and host name are verified unless the setup says otherwise. Facts come out as data;
 * a failure is classified into a FAULT_TLS_… by alert, verify error and first octets
 * (RFC 8446 6, RFC 9525, RFC 8314 3.3).
 */
#ifndef SMTPDX_NET_TLS_H
#define SMTPDX_NET_TLS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/facts.h"

enum tls_version { TLS_VERSION_ANY, TLS_VERSION_1_0, TLS_VERSION_1_1, TLS_VERSION_1_2, TLS_VERSION_1_3 };
const char *tls_version_slug(enum tls_version v); /* "TLSv1.2", "" for any */
bool tls_version_from_slug(struct slice slug, enum tls_version *out);

/* Deliberate misbehaviour of a server. */
enum tls_fault {
    TLS_FAULT_NONE,
    TLS_FAULT_ALERT,           /* fatal handshake_failure alert in place of the ServerHello */
    TLS_FAULT_CLOSE,           /* FIN in the middle of the handshake */
    TLS_FAULT_TRUNCATE_RECORD, /* half of the first application record, then FIN without alert */
    TLS_FAULT_RENEGOTIATE,     /* TLS 1.2 HelloRequest after the handshake */
    TLS_FAULT_GARBAGE,         /* random octets in place of the ServerHello */
    TLS_FAULT_SILENT,          /* reads the ClientHello, never answers */
    TLS_FAULT_NO_CLOSE_NOTIFY, /* FIN without close_notify at the end */
    TLS_FAULT_COUNT
};
const char *tls_fault_slug(enum tls_fault f); /* none alert close truncate-record renegotiate garbage … */
bool tls_fault_from_slug(struct slice slug, enum tls_fault *out);

/* What a TLS endpoint is to use. The costly part, made once and shared by many filters. */
struct tls_params {
    bool is_server;
    enum tls_version min, max;
    struct slice ciphers;              /* OpenSSL list, empty for the default */
    struct slice cert_pem, key_pem;    /* server: must; client: optional */
    struct slice trust_pem;            /* client: CA certificates and CRLs; empty: the system's store */
    bool skip_verify;                  /* client: only when a person asked for it */
    bool wants_client_cert;            /* server */
    enum tls_fault fault;              /* server */
};
struct tls_setup; /* opaque, reference-counted */
/* Errors: ERR_LIBRARY (OpenSSL's words in why), ERR_INVALID (a version range that is empty, or older
 * than TLS 1.2 for a client; a server without certificate; renegotiation in TLS 1.3). ANY is TLS 1.2
 * and 1.3; with TLS_FAULT_RENEGOTIATE it is 1.2. A wants_client_cert server checks the certificate
 * when it has trust_pem and takes any otherwise. ciphers may mix TLS 1.3 suites (TLS_…) in. Old versions and weak keys are allowed for servers
 * (security level 0) and not for clients. Session tickets are off. */
enum err tls_setup_new(const struct tls_params *params, struct tls_setup **out,
                       struct why *why) MUST_USE;
struct tls_setup *tls_setup_ref(struct tls_setup *s);
void tls_setup_free(struct tls_setup *s);

struct tls_filter; /* opaque */
/*
 * FAILED may also follow UP: in TLS 1.3 a refusal of the client (its certificate, mostly) arrives
 * when the client is already up (RFC 8446 4.4.2.4); facts.is_up stays true and facts.why says why.
 */
enum tls_state { TLS_HANDSHAKING, TLS_UP, TLS_FAILED, TLS_CLOSED /* close_notify came */ };

/* server_name: for SNI and verification on a client (an IP literal is verified and not sent as SNI);
 * NULL on a server. now: seconds since 1970, for validity and days_left. */
struct tls_filter *tls_filter_new(struct tls_setup *setup, const char *server_name, int64_t now);
void tls_filter_free(struct tls_filter *f);

/* Takes all octets. Whatever comes out is waiting in the two outputs. */
void tls_filter_feed(struct tls_filter *f, struct slice cipher);
/* The transport ended. In the handshake that is FAILED. When up, the state stays UP and
 * tls_filter_is_truncated() tells that no close_notify had come (RFC 8446 6.1). */
void tls_filter_eof(struct tls_filter *f);
bool tls_filter_is_truncated(const struct tls_filter *f);
void tls_filter_send(struct tls_filter *f, struct slice plain);   /* only when up */
void tls_filter_close(struct tls_filter *f);                      /* queues close_notify */
struct buf *tls_filter_cipher_out(struct tls_filter *f); /* to be written; the caller drains it */
struct buf *tls_filter_plain_out(struct tls_filter *f);  /* to be read; the caller drains it */
enum tls_state tls_filter_state(const struct tls_filter *f);
/* TLS_FAULT_CLOSE, _TRUNCATE_RECORD and _ALERT: true once the transport must be closed by the driver,
 * behind what waits in cipher_out. */
bool tls_filter_wants_close(const struct tls_filter *f);
const struct tls_facts *tls_filter_facts(const struct tls_filter *f); /* borrowed, complete when up or failed */
/* tls-exporter channel binding (RFC 9266), 32 octets; false before the handshake is done, and on
 * TLS 1.2 without the extended master secret. */
bool tls_filter_binding(struct tls_filter *f, char out[32]);

#endif
