/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libc (errno, getaddrinfo), OpenSSL and libcurl (CURLE_…) print when a connection fails,
 * alone and in a pasted session: the same cause, and none for what says nothing about the network.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "diagnose/judge.h"
#include "diagnose/paste.h"

static struct registry *registry;
static struct mapper *mapper;
static struct arena arena;

static int set_up(void **state)
{
    struct doc_errors errors;
    (void)state;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    must(registry_load(NULL, &registry, &errors, NULL) == ERR_OK);
    must(mapper_new(registry, &mapper, NULL) == ERR_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mapper_free(mapper);
    registry_free(registry);
    arena_release(&arena);
    return 0;
}

/* clang-format off */
static const struct row {
    const char *text, *cause;
} rows[] = {
    /* other languages */
    {"[WinError 10061] 由于目标计算机积极拒绝，无法连接。", "network.connect_refused"},
    {"Aucune connexion n’a pu être établie car l’ordinateur cible l’a expressément refusée 127.0.0.1:25", "network.connect_refused"},
    {"Der Remotename konnte nicht aufgelöst werden: 'smtp.example.net'", "network.dns_failure"},
    {"getaddrinfo failed: Échec temporaire dans la résolution du nom", "network.dns_failure"},
    {"[Errno 110] Die Wartezeit für die Verbindung ist abgelaufen", "network.connect_timeout"},
    {"socket.gaierror: [Errno -2] Name or service not known", "network.dns_failure"},
    {"根据验证过程，远程证书无效。", "tls.untrusted_issuer"},
    /* Ruby, Go, rustls, Java, .NET, Indy, Erlang */
    {"Net::OpenTimeout: execution expired", "network.connect_timeout"},
    {"Net::ReadTimeout with #<TCPSocket:(closed)>", "network.read_timeout"},
    {"EOFError: end of file reached", "network.connection_lost"},
    {"hostname \"smtp.example.net\" does not match the server certificate", "tls.hostname_mismatch"},
    {"dial tcp 192.0.2.1:587: i/o timeout", "network.connect_timeout"},
    {"x509: cannot validate certificate for 192.0.2.1 because it doesn't contain any IP SANs", "tls.hostname_mismatch"},
    {"invalid peer certificate: UnknownIssuer", "tls.untrusted_issuer"},
    {"invalid peer certificate: Expired", "tls.certificate_expired"},
    {"invalid peer certificate: NotValidForName", "tls.hostname_mismatch"},
    {"invalid peer certificate: Other(OtherError(UnsupportedCertVersion))", "tls.certificate_invalid"},
    {"javax.net.ssl.SSLHandshakeException: No appropriate protocol", "tls.protocol_version"},
    {"javax.net.ssl.SSLException: Unsupported or unrecognized SSL message", "tls.wrong_mode"},
    {"The remote name could not be resolved: 'smtp.example.net'", "network.dns_failure"},
    {"The handshake failed due to an unexpected packet format.", "tls.wrong_mode"},
    {"Socket Error # 10060 Connection timed out.", "network.connect_timeout"},
    {"Socket Error # 10061 Connection refused.", "network.connect_refused"},
    {"Client network socket disconnected before secure TLS connection was established", "network.connection_lost"},
    {"{network_failure,\"smtp.example.net\",{error,nxdomain}}", "network.dns_failure"},
    {"Connection refused", "network.connect_refused"},
    {"connect ECONNREFUSED 192.0.2.1:587", "network.connect_refused"},
    {"Connection reset by peer", "network.connection_lost"},
    {"read ECONNRESET", "network.connection_lost"},
    {"Software caused connection abort", "network.connection_lost"},
    {"write ECONNABORTED", "network.connection_lost"},
    {"Broken pipe", "network.connection_lost"},
    {"write EPIPE", "network.connection_lost"},
    {"Transport endpoint is not connected", "network.connection_lost"},
    {"Connection timed out", "network.connect_timeout"},
    {"connect ETIMEDOUT 192.0.2.1:587", "network.connect_timeout"},
    {"No route to host", "network.unreachable"},
    {"connect EHOSTUNREACH 192.0.2.1:587", "network.unreachable"},
    {"Network is unreachable", "network.unreachable"},
    {"connect ENETUNREACH 2001:db8::1:587", "network.unreachable"},
    {"Network is down", "network.unreachable"},
    {"Host is down", "network.unreachable"},
    {"connect EHOSTDOWN 192.0.2.1:587", "network.unreachable"},
    {"Cannot assign requested address", "network.unreachable"},
    {"connect EADDRNOTAVAIL 2001:db8::1:587", "network.unreachable"},
    {"connect EACCES 192.0.2.1:587", "network.unreachable"},
    {"Permission denied", "unknown"},
    {"Resource temporarily unavailable", "unknown"},
    {"Temporary failure in name resolution", "network.dns_failure"},
    {"Non-recoverable failure in name resolution", "network.dns_failure"},
    {"Name or service not known", "network.dns_failure"},
    {"No address associated with hostname", "network.dns_failure"},
    {"Address family for hostname not supported", "network.dns_failure"},
    {"System error", "unknown"},
    {"error:0A00010B:SSL routines::wrong version number", "tls.wrong_mode"},
    {"error:140770FC:SSL routines:SSL23_GET_SERVER_HELLO:unknown protocol", "tls.wrong_mode"},
    {"error:0A00042E:SSL routines::tlsv1 alert protocol version", "tls.protocol_version"},
    {"error:0A00043E:SSL routines::tlsv1 alert inappropriate fallback", "tls.protocol_version"},
    {"error:0A000102:SSL routines::unsupported protocol", "tls.protocol_version"},
    {"error:0A0000BF:SSL routines::no protocols available", "tls.protocol_version"},
    {"error:0A00010A:SSL routines::wrong ssl version", "tls.protocol_version"},
    {"error:0A00018C:SSL routines::version too low", "tls.protocol_version"},
    {"error:0A000410:SSL routines::sslv3 alert handshake failure", "tls.handshake_failed"},
    {"error:0A000438:SSL routines::tlsv1 alert internal error", "tls.handshake_failed"},
    {"error:0A000419:SSL routines::tlsv1 alert access denied", "tls.handshake_failed"},
    {"error:0A00042F:SSL routines::tlsv1 alert insufficient security", "tls.handshake_failed"},
    {"error:0A000416:SSL routines::sslv3 alert certificate unknown", "tls.handshake_failed"},
    {"error:0A000458:SSL routines::tlsv1 unrecognized name", "tls.handshake_failed"},
    {"error:0A0000C1:SSL routines::no shared cipher", "tls.handshake_failed"},
    {"error:0A00045C:SSL routines::tlsv13 alert certificate required", "tls.client_certificate_required"},
    {"error:0A0000C7:SSL routines::peer did not return a certificate", "tls.client_certificate_required"},
    {"error:0A000415:SSL routines::sslv3 alert certificate expired", "tls.certificate_expired"},
    {"error:0A000126:SSL routines::unexpected eof while reading", "network.connection_lost"},
    {"curl: (1) Unsupported protocol", "local.configuration"},
    {"curl: (5) Couldn't resolve proxy name", "network.proxy_failure"},
    {"curl: (5) Could not resolve proxy: proxy.example", "network.proxy_failure"},
    {"curl: (6) Couldn't resolve host name", "network.dns_failure"},
    {"curl: (6) Could not resolve host: smtp.example", "network.dns_failure"},
    {"curl: (8) Weird server reply", "server.protocol_error"},
    {"curl: (28) Timeout was reached", "network.connect_timeout"},
    {"curl: (35) SSL connect error", "tls.handshake_failed"},
    {"curl: (52) Server returned nothing (no headers, no data)", "network.connection_lost"},
    {"curl: (55) Failed sending data to the peer", "network.connection_lost"},
    {"curl: (56) Failure when receiving data from the peer", "network.connection_lost"},
    {"curl: (58) Problem with the local SSL certificate", "local.configuration"},
    {"curl: (59) Couldn't use specified SSL cipher", "tls.handshake_failed"},
    {"curl: (64) Requested SSL level failed", "tls.starttls_missing"},
    {"curl: (77) Problem with the SSL CA cert (path? access rights?)", "local.configuration"},
    {"curl: (82) Failed to load CRL file (path? access rights?, format?)", "local.configuration"},
    {"curl: (83) Issuer check against peer certificate failed", "tls.untrusted_issuer"},
    {"curl: (90) SSL public key does not match pinned public key", "tls.untrusted_issuer"},
    {"curl: (91) SSL server certificate status verification FAILED", "tls.untrusted_issuer"},
    {"curl: (97) proxy handshake error", "network.proxy_failure"},
    {"curl: (98) SSL Client Certificate required", "tls.client_certificate_required"},
    {"curl: (27) Out of memory", "unknown"},
};
/* clang-format on */

static const char *alone(const char *text)
{
    struct diagnosis d;
    mapper_diagnose(mapper, &(struct evidence){.stage = STAGE_CONNECT, .reply = slice_of(text)},
                    &arena, &d);
    return cause_slug(d.cause);
}

static const char *pasted(const char *text)
{
    struct paste_result r;
    struct diagnosis d = {.cause = CAUSE_UNKNOWN};
    struct paste *p = paste_new(registry);
    paste_add(p, SLICE("*   Trying 192.0.2.1:587..."));
    paste_add(p, slice_of(text));
    if (paste_end(p, &(struct evidence){.stage = STAGE_NONE}, &r) == PASTE_FAILED) {
        mapper_diagnose(mapper, &r.evidence, &arena, &d);
    }
    paste_free(p);
    return cause_slug(d.cause);
}

static void test_words_of_programs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *a = alone(rows[i].text), *b = pasted(rows[i].text);
        if (strcmp(a, rows[i].cause) != 0 || strcmp(b, rows[i].cause) != 0) {
            fail_msg("'%s': want %s, got %s alone and %s pasted", rows[i].text, rows[i].cause, a,
                     b);
        }
    }
}

/* What a pasted session's line stands for, the same words say without a session, too. */
static void test_every_note_alone(void **state)
{
    static const char *const notes[] = {
#define NOTE(words, fault)      words,
#define CERT_NOTE(words, fault) "certificate verify failed: " words,
#include "diagnose/paste_notes.def"
#undef CERT_NOTE
#undef NOTE
    };
    (void)state;
    for (size_t i = 0; i < COUNT(notes); i++) {
        for (enum stage stage = STAGE_NONE; stage < STAGE_COUNT; stage++) {
            struct diagnosis d;
            mapper_diagnose(mapper, &(struct evidence){.stage = stage, .reply = slice_of(notes[i])},
                            &arena, &d);
            if (d.cause == CAUSE_UNKNOWN || d.sure != SURE_POSSIBLE) {
                fail_msg("'%s' at %s: %s, %s", notes[i], stage_slug(stage), cause_slug(d.cause),
                         sureness_slug(d.sure));
            }
        }
    }
}

/* The mapper's index finds what reading the table from its first row to its last finds. */
static void test_index_of_notes(void **state)
{
    static const char *const notes[] = {
#define NOTE(words, fault)      words,
#define CERT_NOTE(words, fault) words,
#include "diagnose/paste_notes.def"
#undef CERT_NOTE
#undef NOTE
    };
    static const char *const between[] = {"", "x", ": ", "certificate verify failed: "};
    (void)state;
    for (size_t i = 0; i < COUNT(notes); i++) {
        for (size_t k = 0; k < COUNT(notes) * COUNT(between); k += 101) {
            char text[600];
            snprintf(text, sizeof text, "%.*s%s%s%s", (int)(k % 7), "a-lib: ", notes[i],
                     between[k % COUNT(between)], notes[k / COUNT(between)]);
            enum fault by_table = paste_fault(slice_of(text));
            enum fault by_index = paste_fault_by(&mapper->notes, slice_of(text));
            if (by_table != by_index) {
                fail_msg("'%s': %s, by the index %s", text, fault_name(by_table),
                         fault_name(by_index));
            }
        }
    }
}

static void test_no_note_in_a_reply(void **state)
{
    struct diagnosis d;
    (void)state;
    mapper_diagnose(mapper,
                    &(struct evidence){.stage = STAGE_QUIT, .reply = SLICE("221 2.0.0 timed out")},
                    &arena, &d);
    assert_int_equal(d.cause, CAUSE_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_of_programs), cmocka_unit_test(test_every_note_alone),
        cmocka_unit_test(test_index_of_notes), cmocka_unit_test(test_no_note_in_a_reply)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
