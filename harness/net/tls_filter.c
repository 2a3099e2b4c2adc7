/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of a TLS session, driven by feeds. Every feed runs OpenSSL until it has taken all octets;
 * what it writes is appended to the output at once. The state only moves forward:
 * HANDSHAKING -> UP -> CLOSED or FAILED. A server may refuse the client after the client believes
 * that it is up (TLS 1.3, RFC 8446 4.4.2.4 and 6): then UP turns to FAILED with facts.why.
 * The deliberate faults of a server are real octets or the lack of them; none of them is imitated
 * by a flag that the other end could see.
 */
#include "net/tls_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

enum {
    RECORD_HEADER = 5,
    GARBAGE_OCTETS = 96,
    READ_CHUNK = 16 * 1024, /* one record of plain text */
    HOST_MAX = 255
};

int tls_transport_read(BIO *bio, char *out, size_t max, size_t *count)
{
    struct tls_filter *f = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (f->in.n == 0) {
        BIO_set_retry_read(bio);
        *count = 0;
        return 0;
    }
    *count = max < f->in.n ? max : f->in.n;
    memcpy(out, f->in.p, *count);
    f->in = slice_from(f->in, *count);
    return 1;
}

int tls_transport_write(BIO *bio, const char *in, size_t n, size_t *count)
{
    struct tls_filter *f = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!f->is_mute) {
        buf_add(&f->cipher_out, slice_make(in, n));
    }
    *count = n;
    return 1;
}

long tls_transport_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/* The leaf is looked at before the verdict, so that the facts are there for a refused one too. */
int tls_on_verify(X509_STORE_CTX *store, void *context)
{
    (void)context;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_filter *f = SSL_get_app_data(ssl);
    const X509 *leaf = X509_STORE_CTX_get0_cert(store);
    if (leaf != NULL) {
        tls_facts_from_cert(&f->facts, leaf, f->now);
    }
    if (f->setup->is_server && !f->setup->has_trust) {
        X509_STORE_CTX_set_error(store, X509_V_OK); /* any certificate will do: nothing is proven */
        return 1;
    }
    int ok = X509_verify_cert(store);
    if (ok > 0 && !f->setup->is_server && !f->has_name) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
        ok = 0;
    }
    f->verify_error = X509_STORE_CTX_get_error(store);
    f->facts.is_verified = ok > 0 && f->verify_error == X509_V_OK;
    return ok > 0 || f->setup->skips_verify;
}

int tls_on_cert_request(SSL *ssl, void *context)
{
    (void)context;
    struct tls_filter *f = SSL_get_app_data(ssl);
    f->was_asked_for_cert = true;
    return 1;
}

static void fail_with(struct tls_filter *f)
{
    tls_facts_from_session(&f->facts, f->ssl, f->setup->is_server);
    f->state = TLS_FAILED;
    f->in = slice_of("");
}

static void fail_by_error(struct tls_filter *f)
{
    tls_verdict_of_error(f);
    fail_with(f);
}

/* The server did what it was told to; for its own side that is a failed handshake. */
static void fail_deliberately(struct tls_filter *f)
{
    f->facts.why = FAULT_TLS_HANDSHAKE;
    snprintf(f->facts.detail, sizeof f->facts.detail, "deliberate fault: %s",
             tls_fault_slug(f->setup->fault));
    fail_with(f);
}

/* True when the first record (the ClientHello) is complete; f->came counts what was fed. */
static bool has_whole_hello(const struct tls_filter *f)
{
    return f->head_count >= RECORD_HEADER &&
           f->came >= RECORD_HEADER + ((size_t)f->head[3] << 8 | f->head[4]);
}

/* Octets that look random, are the same each time, and begin as no TLS record and no text does. */
static void add_garbage(struct buf *out)
{
    uint32_t x = 0x9e3779b9u;
    buf_add_char(out, (char)0xf3);
    for (int i = 1; i < GARBAGE_OCTETS; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        buf_add_char(out, (char)(x & 0xff));
    }
}

/* In place of the ServerHello: ALERT, GARBAGE and SILENT never let OpenSSL see the ClientHello. */
static bool fault_before_hello(struct tls_filter *f)
{
    static const char alert[] = {0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28}; /* handshake_failure */
    enum tls_fault fault = f->setup->fault;
    if (fault != TLS_FAULT_ALERT && fault != TLS_FAULT_GARBAGE && fault != TLS_FAULT_SILENT) {
        return false;
    }
    if (fault == TLS_FAULT_SILENT || !has_whole_hello(f)) {
        return true;
    }
    if (fault == TLS_FAULT_ALERT) {
        buf_add(&f->cipher_out, slice_make(alert, sizeof alert));
        f->wants_close = true;
    } else {
        add_garbage(&f->cipher_out);
    }
    fail_deliberately(f);
    return true;
}

/* CLOSE: half of the server's first flight, then the end. */
static void fault_in_flight(struct tls_filter *f)
{
    if (f->setup->fault == TLS_FAULT_CLOSE && f->state != TLS_FAILED && f->cipher_out.n != 0) {
        buf_truncate(&f->cipher_out, f->cipher_out.n / 2);
        f->wants_close = f->is_mute = true;
        fail_deliberately(f);
    }
}

static void become_up(struct tls_filter *f)
{
    f->state = TLS_UP;
    f->facts.is_up = true;
    tls_facts_from_session(&f->facts, f->ssl, f->setup->is_server);
    if (f->verify_error != X509_V_OK) { /* only when a person asked to go on */
        tls_verdict_of_certificate(f);
    }
    if (f->setup->fault == TLS_FAULT_RENEGOTIATE) {
        (void)SSL_renegotiate(f->ssl); /* queues a HelloRequest */
        (void)SSL_do_handshake(f->ssl);
        ERR_clear_error();
    }
}

/* The outcome of a call into OpenSSL that did not succeed. */
static void on_stop(struct tls_filter *f, int rc)
{
    switch (SSL_get_error(f->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        break;
    case SSL_ERROR_ZERO_RETURN:
        if (f->state == TLS_HANDSHAKING) { /* close_notify in place of an answer */
            tls_verdict_of_eof(f);
            fail_with(f);
            break;
        }
        f->state = TLS_CLOSED;
        f->in = slice_of("");
        break;
    default:
        fail_by_error(f);
        break;
    }
    ERR_clear_error();
}

static void write_unsent(struct tls_filter *f)
{
    while (f->state == TLS_UP && f->unsent.n != 0) {
        size_t written = 0;
        int rc = SSL_write_ex(f->ssl, f->unsent.p, f->unsent.n, &written);
        if (rc != 1) {
            on_stop(f, rc);
            return;
        }
        buf_drop_front(&f->unsent, written);
    }
}

static void read_plain(struct tls_filter *f)
{
    char chunk[READ_CHUNK];
    size_t n = 0;
    while (f->state == TLS_UP) {
        int rc = SSL_read_ex(f->ssl, chunk, sizeof chunk, &n);
        if (rc != 1) {
            on_stop(f, rc);
            return;
        }
        buf_add(&f->plain_out, slice_make(chunk, n));
    }
}

static void pump(struct tls_filter *f)
{
    ERR_clear_error();
    if (f->state == TLS_HANDSHAKING) {
        int rc = SSL_do_handshake(f->ssl);
        if (rc == 1) {
            become_up(f);
        } else {
            on_stop(f, rc);
        }
        fault_in_flight(f);
    }
    if (f->state == TLS_UP && f->in.n != 0) {
        read_plain(f);
        write_unsent(f);
    }
}

static void set_expected_name(struct tls_filter *f, const char *server_name)
{
    char host[HOST_MAX + 1];
    X509_VERIFY_PARAM *param = SSL_get0_param(f->ssl);
    size_t n = server_name != NULL ? strlen(server_name) : 0;
    if (n > 1 && server_name[n - 1] == '.') {
        n--; /* a fully written name; certificates and SNI have none (RFC 6066 3) */
    }
    if (n == 0 || n > HOST_MAX) {
        return; /* nothing to verify against: verification will refuse */
    }
    memcpy(host, server_name, n);
    host[n] = '\0';
    if (X509_VERIFY_PARAM_set1_ip_asc(param, host)) {
        f->has_name = true;
        return;
    }
    ERR_clear_error();
    /* RFC 9525 6.3 and 6.4: no "w*w.example.com", and the common name does not count */
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (X509_VERIFY_PARAM_set1_host(param, host, n)) {
        f->has_name = true;
        (void)SSL_set_tlsext_host_name(f->ssl, host);
        tls_facts_text(f->facts.server_name, sizeof f->facts.server_name, host, n);
    }
    ERR_clear_error();
}

struct tls_filter *tls_filter_new(struct tls_setup *setup, const char *server_name, int64_t now)
{
    struct tls_filter *f = mem_zalloc(1, sizeof *f);
    f->setup = tls_setup_ref(setup);
    f->now = now;
    f->verify_error = X509_V_OK;
    buf_init(&f->cipher_out, BUF_NO_CAP);
    buf_init(&f->plain_out, BUF_NO_CAP);
    buf_init(&f->unsent, BUF_NO_CAP);
    f->ssl = SSL_new(setup->context);
    BIO *bio = BIO_new(setup->transport);
    must(f->ssl != NULL && bio != NULL); /* only for want of memory */
    BIO_set_data(bio, f);
    BIO_set_init(bio, 1);
    SSL_set_bio(f->ssl, bio, bio);
    SSL_set_app_data(f->ssl, f);
    X509_VERIFY_PARAM_set_time(SSL_get0_param(f->ssl), (time_t)now);
    if (setup->is_server) {
        SSL_set_accept_state(f->ssl);
    } else {
        set_expected_name(f, server_name);
        SSL_set_connect_state(f->ssl);
        pump(f); /* the ClientHello */
    }
    return f;
}

void tls_filter_free(struct tls_filter *f)
{
    if (f == NULL) {
        return;
    }
    SSL_free(f->ssl);
    ERR_clear_error();
    tls_setup_free(f->setup);
    buf_release(&f->cipher_out);
    buf_wipe(&f->plain_out);
    buf_release(&f->plain_out);
    buf_wipe(&f->unsent);
    buf_release(&f->unsent);
    free(f);
}

static void note_arrival(struct tls_filter *f, struct slice cipher)
{
    for (size_t i = 0; i < cipher.n && f->head_count < TLS_HEAD_MAX; i++) {
        f->head[f->head_count++] = (unsigned char)cipher.p[i];
    }
    f->came += cipher.n;
}

void tls_filter_feed(struct tls_filter *f, struct slice cipher)
{
    if (f->state == TLS_FAILED || f->state == TLS_CLOSED || cipher.n == 0) {
        return;
    }
    note_arrival(f, cipher);
    if (f->state == TLS_HANDSHAKING && fault_before_hello(f)) {
        return;
    }
    f->in = cipher;
    pump(f);
    f->in = slice_of("");
}

void tls_filter_eof(struct tls_filter *f)
{
    if (f->state == TLS_HANDSHAKING) {
        tls_verdict_of_eof(f);
        fail_with(f);
    }
    f->is_truncated = f->state == TLS_UP;
}

/* TRUNCATE_RECORD: the record is made in full, and half of it leaves. */
static void cut_record(struct tls_filter *f, size_t before)
{
    size_t record = f->cipher_out.n - before;
    buf_truncate(&f->cipher_out, before + record / 2);
    f->wants_close = f->is_mute = true;
}

void tls_filter_send(struct tls_filter *f, struct slice plain)
{
    if (f->state != TLS_UP || plain.n == 0 || f->is_mute ||
        (SSL_get_shutdown(f->ssl) & SSL_SENT_SHUTDOWN) != 0) {
        return;
    }
    size_t before = f->cipher_out.n;
    ERR_clear_error();
    while (f->state == TLS_UP && f->unsent.n == 0 && plain.n != 0) {
        size_t written = 0;
        int rc = SSL_write_ex(f->ssl, plain.p, plain.n, &written);
        if (rc != 1) {
            on_stop(f, rc);
            break;
        }
        plain = slice_from(plain, written);
    }
    if (f->state == TLS_UP && plain.n != 0) {
        buf_add(&f->unsent, plain);
    }
    if (f->setup->fault == TLS_FAULT_TRUNCATE_RECORD) {
        cut_record(f, before);
    }
}

void tls_filter_close(struct tls_filter *f)
{
    if ((f->state != TLS_UP && f->state != TLS_CLOSED) ||
        f->setup->fault == TLS_FAULT_NO_CLOSE_NOTIFY) {
        return;
    }
    ERR_clear_error();
    (void)SSL_shutdown(f->ssl);
    ERR_clear_error();
}

struct buf *tls_filter_cipher_out(struct tls_filter *f)
{
    return &f->cipher_out;
}

struct buf *tls_filter_plain_out(struct tls_filter *f)
{
    return &f->plain_out;
}

enum tls_state tls_filter_state(const struct tls_filter *f)
{
    return f->state;
}

bool tls_filter_wants_close(const struct tls_filter *f)
{
    return f->wants_close;
}

bool tls_filter_is_truncated(const struct tls_filter *f)
{
    return f->is_truncated;
}

const struct tls_facts *tls_filter_facts(const struct tls_filter *f)
{
    return &f->facts;
}

/* TLS 1.2 without the extended master secret would let a man in the middle make two sessions with
 * the same value (RFC 9266 2, RFC 7627). */
bool tls_filter_binding(struct tls_filter *f, char out[32])
{
    static const char label[] = "EXPORTER-Channel-Binding";
    bool is_bound = f->facts.is_up && f->state != TLS_FAILED &&
                    (SSL_version(f->ssl) >= TLS1_3_VERSION || SSL_get_extms_support(f->ssl) == 1);
    return is_bound &&
           SSL_export_keying_material(f->ssl, (unsigned char *)out, 32, label, sizeof label - 1,
                                      (const unsigned char *)"", 0, 1) == 1;
}
