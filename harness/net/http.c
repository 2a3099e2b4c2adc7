/* SPDX-License-Identifier: Apache-2.0 */
/* See http.h. */
#include "net/http.h"

#include "net/tls_parts.h"

#include <curl/curl.h>
#include <string.h>

struct transfer {
    const struct http_request *request;
    struct http_answer *answer;
    CURL *easy;
    struct curl_slist *connect_to;
};

void http_answer_init(struct http_answer *a)
{
    *a = (struct http_answer){.fault = FAULT_NONE};
    buf_init(&a->body, HTTP_BODY_MAX);
}

void http_answer_release(struct http_answer *a)
{
    buf_wipe(&a->body);
    buf_release(&a->body);
}

static size_t on_body(char *octets, size_t size, size_t count, void *context)
{
    struct http_answer *a = context;
    buf_add(&a->body, slice_make(octets, size * count));
    return a->body.is_full ? 0 : size * count;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up)
{
    const struct http_request *r = context;
    (void)total;
    (void)now;
    (void)up_total;
    (void)up;
    return r->is_cancelled != NULL && r->is_cancelled() ? 1 : 0;
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

static void set_trust(CURL *easy, struct slice pem)
{
    if (pem.n != 0) {
        struct curl_blob blob = {(void *)(uintptr_t)pem.p, pem.n, CURL_BLOB_COPY};
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
}

static void set_route(struct transfer *t)
{
    const struct http_request *r = t->request;
    curl_easy_setopt(t->easy, CURLOPT_PROXY, r->proxy != NULL ? r->proxy : "");
    if (r->connect_to != NULL) {
        struct buf route;
        buf_init(&route, 1024);
        buf_addf(&route, "::%s", r->connect_to);
        t->connect_to = curl_slist_append(NULL, buf_text(&route));
        curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to);
        buf_release(&route);
    }
}

static void set_options(struct transfer *t)
{
    const struct http_request *r = t->request;
    CURL *easy = t->easy;
    curl_easy_setopt(easy, CURLOPT_URL, r->url);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTPS);
#endif
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(r->timeout_us / 1000));
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "smtpdx/" SMTPDX_VERSION);
    if (r->form.n != 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)r->form.n);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, r->form.p);
    }
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t->answer);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, r);
    set_trust(easy, r->trust_pem);
    set_route(t);
}

static void perform(struct transfer *t, char *error)
{
    long status = 0;
    curl_off_t retry_after = 0;
    struct http_answer *a = t->answer;
    CURLcode code = curl_easy_perform(t->easy);
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_after);
    if (code == CURLE_OK) {
        a->status = (unsigned)status;
        a->retry_after_s = (int64_t)retry_after;
        return;
    }
    a->fault = fault_of(code);
    if (code == CURLE_PEER_FAILED_VERIFICATION) {
        long verify_error = 0;
        curl_easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT, &verify_error);
        /* libcurl checks the name itself, when OpenSSL has found nothing; 1 is "not said" */
        a->fault = verify_error > X509_V_ERR_UNSPECIFIED ? tls_verdict_of_verify((int)verify_error)
                                                         : FAULT_TLS_HOSTNAME;
    }
    if (strstr(error, "wrong version number") !=
        NULL) { /* what OpenSSL says where no TLS is spoken */
        a->fault = FAULT_TLS_WRONG_MODE;
    }
    const char *words = error[0] != '\0' ? error : curl_easy_strerror(code);
    size_t n = strlen(words);
    n = n < sizeof a->detail ? n : sizeof a->detail - 1;
    memcpy(a->detail, words, n);
    a->detail[n] = '\0';
}

enum err http_ask(const struct http_request *request, struct http_answer *out, struct why *why)
{
    char error[CURL_ERROR_SIZE] = "";
    if (!slice_has_prefix_nocase(slice_of(request->url), SLICE("https://"))) {
        return why_set(why, ERR_INVALID, "only https:// is asked, not '%.80s'", request->url);
    }
    struct transfer t = {.request = request, .answer = out, .easy = curl_easy_init()};
    if (t.easy == NULL) {
        return why_set(why, ERR_LIBRARY, "libcurl cannot begin");
    }
    curl_easy_setopt(t.easy, CURLOPT_ERRORBUFFER, error);
    set_options(&t);
    perform(&t, error);
    curl_easy_cleanup(t.easy);
    curl_slist_free_all(t.connect_to);
    return ERR_OK;
}
