/* SPDX-License-Identifier: Apache-2.0 */
/* See transfer.h. */
#include "net/transfer.h"

#include <string.h>

#include "base/buf.h"
#include "net/tls_parts.h"

void transfer_set_trust(CURL *easy, struct slice pem)
{
    if (pem.n != 0) {
        struct curl_blob blob = {(void *)(uintptr_t)pem.p, pem.n, CURL_BLOB_COPY};
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
}

struct curl_slist *transfer_set_route(CURL *easy, const char *proxy, const char *connect_to)
{
    struct curl_slist *list = NULL;
    curl_easy_setopt(easy, CURLOPT_PROXY, proxy != NULL ? proxy : "");
    if (connect_to != NULL) {
        struct buf route;
        buf_init(&route, 1024);
        buf_addf(&route, "::%s", connect_to);
        list = curl_slist_append(NULL, buf_text(&route));
        curl_easy_setopt(easy, CURLOPT_CONNECT_TO, list);
        buf_release(&route);
    }
    return list;
}

static enum fault fault_of(CURLcode code)
{
    switch ((int)code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return FAULT_DNS_FAILURE;
    case CURLE_COULDNT_CONNECT:
        return FAULT_CONNECT_REFUSED;
    case CURLE_OPERATION_TIMEDOUT:
        return FAULT_READ_TIMEOUT;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
        return FAULT_PROXY_FAILURE;
    case CURLE_USE_SSL_FAILED:
        return FAULT_STARTTLS_MISSING;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
        return FAULT_TLS_HANDSHAKE;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
        return FAULT_CONNECTION_LOST;
    default:
        return FAULT_PROTOCOL_ERROR;
    }
}

enum fault transfer_fault(CURL *easy, CURLcode code, const char *error)
{
    if (strstr(error, "wrong version number") !=
        NULL) { /* what OpenSSL says where no TLS is spoken */
        return FAULT_TLS_WRONG_MODE;
    }
    if (code == CURLE_PEER_FAILED_VERIFICATION) {
        long verify_error = 0;
        curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verify_error);
        /* libcurl checks the name itself, when OpenSSL has found nothing; 1 is "not said" */
        return verify_error > X509_V_ERR_UNSPECIFIED ? tls_verdict_of_verify((int)verify_error)
                                                     : FAULT_TLS_HOSTNAME;
    }
    return fault_of(code);
}

void transfer_words(CURLcode code, const char *error, char *out, size_t n)
{
    const char *words = error[0] != '\0' ? error : curl_easy_strerror(code);
    size_t used = strlen(words);
    used = used < n ? used : n - 1;
    memcpy(out, words, used);
    out[used] = '\0';
}
