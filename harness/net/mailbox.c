/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See mailbox.h. With CURLOPT_CONNECT_ONLY libcurl goes as far as the login and hands the
 * connection over. Its own transfers would log in again, unasked, when the server closes the
 * connection between two looks, or speaks before it is asked.
 */
#include "net/mailbox.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/codec.h"
#include "net/imap_look.h"
#include "net/transfer.h"

enum { LOOK_MS = 100 };

static const long CONNECT_MS = 15000, LOGIN_MS = 30000;
static const int64_t SILENCE_US = 30000000, LOGOUT_US = 500000;

struct talk {
    const struct mailbox_request *request;
    struct mailbox_answer *answer;
    CURL *easy;
    struct curl_slist *connect_to;
    curl_socket_t socket;
    struct imap_reader reader;
    struct imap_look look;
    int64_t start_us;
    char refusal[256]; /* the server's words to a login */
};

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool is_cancelled(const struct talk *t)
{
    return t->request->is_cancelled != NULL && t->request->is_cancelled();
}

static bool fail(struct talk *t, enum fault fault, const char *words)
{
    t->answer->state = MAILBOX_BROKEN;
    t->answer->fault = fault;
    snprintf(t->answer->detail, sizeof t->answer->detail, "%s", words);
    return false;
}

static bool cancelled(struct talk *t)
{
    t->answer->state = MAILBOX_CANCELLED;
    return false;
}

/* ---- the login ---- */

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up)
{
    (void)total;
    (void)now;
    (void)up_total;
    (void)up;
    return is_cancelled(context) ? 1 : 0;
}

static void keep(struct slice text, char *out, size_t n)
{
    struct slice shown = slice_sub(slice_trim(text), 0, n - 1);
    if (shown.n != 0) {
        memcpy(out, shown.p, shown.n);
    }
    out[shown.n] = '\0';
}

/* "+ eyJ…": how XOAUTH2 is refused, a JSON document in base64 that libcurl does not wait behind. */
static void take_challenge(struct talk *t, struct slice text)
{
    struct buf words;
    buf_init(&words, sizeof t->refusal);
    if (t->request->is_token && base64_decode(slice_trim(text), &words) && words.n != 0) {
        keep(buf_slice(&words), t->refusal, sizeof t->refusal);
    }
    buf_release(&words);
}

/* What the server says once a login was sent. */
static void take_reply(struct talk *t, struct slice line)
{
    struct slice tag, word, rest = line;
    bool has_words = slice_take_word(&rest, &tag) && slice_take_word(&rest, &word);
    if (has_words && slice_eq_text(tag, "+")) {
        take_challenge(t, word);
    } else if (has_words &&
               (slice_eq_nocase_text(word, "NO") || slice_eq_nocase_text(word, "BAD") ||
                slice_eq_nocase_text(word, "BYE"))) {
        keep(rest, t->refusal, sizeof t->refusal);
        keep(imap_response_code(rest), t->answer->code, sizeof t->answer->code);
    }
}

/* Was a login sent, and what did the server say to it? Of what we send only the command's name is
 * looked at: the credential follows it. */
static int on_debug(CURL *easy, curl_infotype type, char *octets, size_t size, void *context)
{
    struct talk *t = context;
    struct slice rest = slice_make(octets, size), tag, word;
    (void)easy;
    if (type == CURLINFO_HEADER_OUT && slice_take_word(&rest, &tag) &&
        slice_take_word(&rest, &word)) {
        t->answer->logins += slice_eq_text(slice_trim(word), "AUTHENTICATE") ||
                             slice_eq_text(slice_trim(word), "LOGIN");
    } else if (type == CURLINFO_HEADER_IN && t->answer->logins != 0) {
        take_reply(t, slice_make(octets, size));
    }
    return 0;
}

static void set_login(struct talk *t, bool is_any)
{
    const struct mailbox_request *r = t->request;
    curl_easy_setopt(t->easy, CURLOPT_USERNAME, r->user);
    if (r->is_token) {
        curl_easy_setopt(t->easy, CURLOPT_XOAUTH2_BEARER, r->secret);
        curl_easy_setopt(t->easy, CURLOPT_LOGIN_OPTIONS, "AUTH=OAUTHBEARER;AUTH=XOAUTH2");
    } else {
        curl_easy_setopt(t->easy, CURLOPT_PASSWORD, r->secret);
        curl_easy_setopt(t->easy, CURLOPT_LOGIN_OPTIONS,
                         is_any ? "AUTH=*" : "AUTH=PLAIN;AUTH=LOGIN");
    }
}

static void set_options(struct talk *t, char *error, bool is_any)
{
    const struct mailbox_request *r = t->request;
    bool is_implicit = r->security == SECURITY_IMPLICIT, is_ipv6 = strchr(r->host, ':') != NULL;
    CURL *easy = t->easy;
    struct buf url;
    buf_init(&url, 1024);
    buf_addf(&url, "%s://%s%s%s:%u/", is_implicit ? "imaps" : "imap", is_ipv6 ? "[" : "", r->host,
             is_ipv6 ? "]" : "", r->port);
    curl_easy_setopt(easy, CURLOPT_URL, buf_text(&url));
    buf_release(&url);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "imap,imaps");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_IMAP | CURLPROTO_IMAPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT,
                     1L); /* a name server that is silent holds up nobody */
#endif
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, LOGIN_MS);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, t);
    curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(easy, CURLOPT_DEBUGDATA, t);
    set_login(t, is_any);
    transfer_set_trust(easy, r->trust_pem);
    t->connect_to = transfer_set_route(easy, r->proxy, r->connect_to);
}

static void hang_up(struct talk *t)
{
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->connect_to);
    t->easy = NULL;
    t->connect_to = NULL;
}

/* Takes the login's failure apart. Always false. */
static bool login_failed(struct talk *t, CURLcode code, const char *error)
{
    struct mailbox_answer *a = t->answer;
    if (code == CURLE_ABORTED_BY_CALLBACK) {
        return cancelled(t);
    }
    bool is_denied = code == CURLE_LOGIN_DENIED;
    bool is_refused = a->logins != 0 && (is_denied || t->refusal[0] != '\0');
    if (is_refused || is_denied) {
        a->state = MAILBOX_NO_LOGIN;
        a->fault = is_refused ? FAULT_NONE : FAULT_MECHANISM_NOT_OFFERED;
        keep(slice_of(is_refused ? t->refusal : ""), a->detail, sizeof a->detail);
        return false;
    }
    a->state = MAILBOX_BROKEN;
    a->fault = transfer_fault(t->easy, code, error);
    transfer_words(code, error, a->detail, sizeof a->detail);
    return false;
}

/* Inside TLS and logged in; else the answer says what happened. */
static bool log_in(struct talk *t, bool is_any, struct why *why, enum err *err)
{
    char error[CURL_ERROR_SIZE] = "";
    t->easy = curl_easy_init();
    if (t->easy == NULL) {
        *err = why_set(why, ERR_LIBRARY, "libcurl cannot begin");
        return false;
    }
    set_options(t, error, is_any);
    CURLcode code = curl_easy_perform(t->easy);
    bool is_in = code == CURLE_OK && t->answer->logins != 0 &&
                 curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &t->socket) == CURLE_OK;
    if (!is_in && code == CURLE_OK) {
        is_in = fail(t, FAULT_PROTOCOL_ERROR, "the server wanted no login");
    } else if (!is_in) {
        is_in = login_failed(t, code, error);
    }
    curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, NULL);
    return is_in;
}

/*
 * PLAIN, or the SASL LOGIN. Where neither is offered and so nothing was sent, once more with
 * whatever there is: the LOGIN command, CRAM-MD5. The other way round libcurl would try Kerberos
 * and NTLM first.
 */
static bool log_in_somehow(struct talk *t, struct why *why, enum err *err)
{
    if (log_in(t, false, why, err)) {
        return true;
    }
    bool may_again = *err == ERR_OK && t->answer->state == MAILBOX_NO_LOGIN &&
                     t->answer->logins == 0 && !t->request->is_token && !is_cancelled(t);
    if (!may_again) {
        return false;
    }
    hang_up(t);
    return log_in(t, true, why, err);
}

/* ---- the conversation ---- */

static bool wait_for(struct talk *t, short events)
{
    struct pollfd p = {.fd = t->socket, .events = events};
    (void)!poll(&p, 1, LOOK_MS); /* a signal ends it early */
    return is_cancelled(t) ? cancelled(t) : true;
}

static bool send_all(struct talk *t, struct slice text)
{
    int64_t end = now_us() + SILENCE_US;
    while (text.n != 0) {
        size_t n = 0;
        CURLcode code = curl_easy_send(t->easy, text.p, text.n, &n);
        if (code == CURLE_OK) {
            text = slice_from(text, n);
        } else if (code != CURLE_AGAIN) {
            return fail(t, FAULT_CONNECTION_LOST, curl_easy_strerror(code));
        } else if (now_us() > end) {
            return fail(t, FAULT_WRITE_TIMEOUT, "");
        } else if (!wait_for(t, POLLOUT)) {
            return false;
        }
    }
    return true;
}

/* Some octets; none is the end. */
static bool receive(struct talk *t, char *block, size_t size, struct slice *out)
{
    int64_t end = now_us() + SILENCE_US;
    for (;;) {
        size_t n = 0;
        CURLcode code = curl_easy_recv(t->easy, block, size, &n);
        if (code == CURLE_OK && n != 0) {
            *out = slice_make(block, n);
            return true;
        }
        if (code != CURLE_AGAIN) {
            return fail(t, FAULT_CONNECTION_LOST, "");
        }
        if (now_us() > end) {
            return fail(t, FAULT_READ_TIMEOUT, "");
        }
        if (!wait_for(t, POLLIN)) {
            return false;
        }
    }
}

/* Reads until the answer to the command is complete. */
static bool read_answer(struct talk *t)
{
    char block[4096];
    struct slice in, line;
    bool is_done = false;
    int64_t end = now_us() + 2 * SILENCE_US; /* however much it has to say */
    while (!is_done && receive(t, block, sizeof block, &in)) {
        while (in.n != 0) {
            size_t used;
            enum imap_read read = imap_read_line(&t->reader, in, &used, &line);
            in = slice_from(in, used);
            if (read == IMAP_BAD) {
                return fail(t, FAULT_REPLY_TOO_LONG, "");
            }
            is_done = (read == IMAP_LINE && imap_look_line(&t->look, line, now_us())) || is_done;
        }
        if (!is_done && now_us() > end) {
            return fail(t, FAULT_REPLY_TOO_LONG, "");
        }
        if (is_cancelled(t)) { /* also while there is always something to read */
            return cancelled(t);
        }
    }
    return is_done;
}

static bool pause_until(struct talk *t, int64_t until_us)
{
    while (now_us() < until_us) {
        int64_t left = until_us - now_us();
        left = left < LOOK_MS * 1000 ? left : LOOK_MS * 1000;
        nanosleep(&(struct timespec){.tv_nsec = (long)(left > 0 ? left : 0) * 1000}, NULL);
        if (is_cancelled(t)) {
            return cancelled(t);
        }
    }
    return true;
}

static void take_end(struct talk *t)
{
    const struct imap_look *l = &t->look;
    struct mailbox_answer *a = t->answer;
    switch (l->state) {
    case IMAP_LOOK_FOUND:
        a->state = MAILBOX_ARRIVED;
        a->is_junk = l->at != 0;
        keep(slice_of(l->folders[l->at].name), a->folder, sizeof a->folder);
        break;
    case IMAP_LOOK_NOT_THERE:
        a->state = MAILBOX_NOT_THERE;
        break;
    case IMAP_LOOK_REFUSED:
        (void)fail(t, FAULT_UNEXPECTED_REPLY, "");
        snprintf(a->detail, sizeof a->detail, "%s: %s", l->refused, l->words);
        break;
    case IMAP_LOOK_CLOSED:
    case IMAP_LOOK_ON:
        (void)fail(t, FAULT_CONNECTION_LOST, l->words);
        break;
    }
}

static void converse(struct talk *t)
{
    bool goes_on = true;
    while (goes_on) {
        switch (imap_look_next(&t->look, now_us())) {
        case IMAP_ACT_SEND:
            goes_on = send_all(t, buf_slice(&t->look.command)) && read_answer(t);
            break;
        case IMAP_ACT_WAIT:
            goes_on = pause_until(t, t->look.until_us);
            break;
        case IMAP_ACT_END:
            take_end(t);
            goes_on = false;
            break;
        }
    }
}

/* Said where the server still listens; its answer is not of interest, and not waited for for long.
 */
static void log_out(struct talk *t)
{
    char block[512];
    size_t n = 0;
    bool is_up = t->answer->state == MAILBOX_ARRIVED || t->answer->state == MAILBOX_NOT_THERE;
    if (!is_up || curl_easy_send(t->easy, "S000 LOGOUT\r\n", 13, &n) != CURLE_OK) {
        return;
    }
    int64_t end = now_us() + LOGOUT_US;
    while (now_us() < end && !is_cancelled(t)) {
        CURLcode code = curl_easy_recv(t->easy, block, sizeof block, &n);
        if (code != CURLE_AGAIN && (code != CURLE_OK || n == 0)) {
            return;
        }
        (void)!poll(&(struct pollfd){.fd = t->socket, .events = POLLIN}, 1, LOOK_MS);
    }
}

static bool is_secure(const struct mailbox_request *r)
{
    return r->security == SECURITY_IMPLICIT || r->security == SECURITY_STARTTLS;
}

enum err mailbox_look(const struct mailbox_request *request, struct mailbox_answer *out,
                      struct why *why)
{
    struct talk t = {.request = request, .answer = out, .start_us = now_us()};
    enum err err = ERR_OK;
    *out = (struct mailbox_answer){.state = MAILBOX_BROKEN};
    if (!is_secure(request)) {
        return why_set(why, ERR_INVALID, "a mailbox is read inside TLS only");
    }
    imap_reader_init(&t.reader);
    err = imap_look_init(&t.look, request->message_id, t.start_us + request->limit_us, why);
    if (err == ERR_OK && log_in_somehow(&t, why, &err)) {
        out->is_logged_in = true;
        converse(&t);
        out->us = now_us() - t.start_us;
        log_out(&t);
    } else {
        out->us = now_us() - t.start_us;
    }
    hang_up(&t);
    out->looks = t.look.looks;
    out->has_junk_folder = t.look.folder_count > 1;
    imap_reader_release(&t.reader);
    imap_look_release(&t.look);
    explicit_bzero(t.refusal, sizeof t.refusal);
    return err;
}
