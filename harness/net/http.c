/* SPDX-License-Identifier: Apache-2.0 */
/* See http.h. */
#include "net/http.h"

#include "net/transfer.h"

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
    transfer_set_trust(easy, r->trust_pem);
    t->connect_to = transfer_set_route(easy, r->proxy, r->connect_to);
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
    a->fault = transfer_fault(t->easy, code, error);
    transfer_words(code, error, a->detail, sizeof a->detail);
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
