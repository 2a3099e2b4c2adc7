/* SPDX-License-Identifier: Apache-2.0 */
/* See redirect.h. */
#include "token/redirect.h"

#include "base/codec.h"
#include "doc/json.h"

bool redirect_is_end(enum redirect_kind kind)
{
    return kind >= REDIRECT_CODE;
}

void redirect_init(struct redirect *r)
{
    *r = (struct redirect){.kind = REDIRECT_MORE};
    buf_init(&r->code, REDIRECT_MAX);
    buf_init(&r->error, REDIRECT_MAX);
    buf_init(&r->description, REDIRECT_MAX);
}

static void forget(struct redirect *r)
{
    buf_wipe(&r->code);
    buf_wipe(&r->error);
    buf_wipe(&r->description);
}

void redirect_release(struct redirect *r)
{
    forget(r);
    buf_release(&r->code);
    buf_release(&r->error);
    buf_release(&r->description);
}

/* ---- the address to come back to ---- */

enum err redirect_uri_read(struct slice text, struct redirect_uri *out, struct why *why)
{
    uint64_t port = 0;
    struct slice rest = slice_from(text, 7);
    if (!slice_has_prefix(text, SLICE("http://")) || slice_find_char(text, '?') != SIZE_MAX ||
        slice_find_char(text, '#') != SIZE_MAX || slice_find_char(text, ' ') != SIZE_MAX) {
        return why_set(why, ERR_INVALID, "it is http://127.0.0.1[:PORT][/PATH], or localhost");
    }
    size_t slash = slice_find_char(rest, '/');
    struct slice authority = slice_sub(rest, 0, slash);
    size_t colon = slice_find_char(authority, ':');
    out->host = slice_sub(authority, 0, colon);
    out->path = slash != SIZE_MAX ? slice_from(rest, slash) : SLICE("");
    if (!slice_eq_text(out->host, "127.0.0.1") && !slice_eq_text(out->host, "localhost")) {
        return why_set(why, ERR_INVALID,
                       "only 127.0.0.1 and localhost are this machine to every browser");
    }
    if (colon != SIZE_MAX &&
        (!slice_to_u64(slice_from(authority, colon + 1), &port) || port > 65535)) {
        return why_set(why, ERR_INVALID, "a port is a number up to 65535");
    }
    out->port = (unsigned)port;
    return ERR_OK;
}

void redirect_uri_add(const struct redirect_uri *uri, unsigned port, struct buf *out)
{
    buf_addf(out, "http://" SLICE_FMT, SLICE_ARG(uri->host));
    if (port != 0) {
        buf_addf(out, ":%u", port);
    }
    buf_add(out, uri->path);
}

/* ---- the parameters ---- */

enum field { FIELD_CODE, FIELD_STATE, FIELD_ISSUER, FIELD_ERROR, FIELD_DESCRIPTION, FIELD_COUNT };

struct fields {
    struct buf values[FIELD_COUNT];
    bool has[FIELD_COUNT];
};

static bool has_control(struct slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c < 0x20 || c == 0x7f) {
            return true;
        }
    }
    return false;
}

/* Further parameters are nobody's concern (RFC 6749 4.1.2); one of ours that comes twice is (3.1).
 */
static bool read_fields(struct slice query, struct fields *out)
{
    static const char *const names[FIELD_COUNT] = {"code", "state", "iss", "error",
                                                   "error_description"};
    struct slice pair;
    while (slice_take_until(&query, '&', &pair)) {
        size_t equals = slice_find_char(pair, '=');
        for (size_t i = 0; i < FIELD_COUNT; i++) {
            if (!slice_eq_text(slice_sub(pair, 0, equals), names[i])) {
                continue;
            }
            struct slice value = equals != SIZE_MAX ? slice_from(pair, equals + 1) : SLICE("");
            if (out->has[i] || !form_decode(value, &out->values[i]) ||
                has_control(buf_slice(&out->values[i]))) {
                return false;
            }
            out->has[i] = true;
        }
    }
    return true;
}

/* "https://login.example:8443" of "https://login.example:8443/authorize?x" */
static struct slice origin_of(struct slice url)
{
    size_t scheme = slice_find(url, SLICE("://"));
    if (scheme == SIZE_MAX) {
        return SLICE("");
    }
    size_t end = scheme + 3;
    while (end < url.n && url.p[end] != '/' && url.p[end] != '?' && url.p[end] != '#') {
        end++;
    }
    return slice_sub(url, 0, end);
}

/* RFC 9207 2.4: compared as it stands. Where the issuer's name is not known, its host has to be the
 * one that was asked. */
static bool is_issuer(struct slice said, const struct redirect_wish *wish)
{
    return wish->issuer.n != 0 ? slice_eq(said, wish->issuer)
                               : slice_eq_nocase(origin_of(said), origin_of(wish->asked));
}

/* The state goes first: what does not carry it can neither give us a code nor end the sign-in by an
 * error. */
static enum redirect_kind judge(const struct fields *f, const struct redirect_wish *wish)
{
    bool is_answer = f->has[FIELD_CODE] || f->has[FIELD_ERROR];
    if (!is_answer) {
        return REDIRECT_OTHER;
    }
    if (!slice_eq(buf_slice(&f->values[FIELD_STATE]), wish->state)) {
        return REDIRECT_STATE;
    }
    if (f->has[FIELD_ISSUER] && !is_issuer(buf_slice(&f->values[FIELD_ISSUER]), wish)) {
        return REDIRECT_ISSUER;
    }
    if (f->has[FIELD_CODE] == f->has[FIELD_ERROR]) {
        return REDIRECT_BAD;
    }
    if (f->has[FIELD_CODE]) {
        return f->values[FIELD_CODE].n != 0 ? REDIRECT_CODE : REDIRECT_BAD;
    }
    return f->values[FIELD_ERROR].n != 0 ? REDIRECT_REFUSED : REDIRECT_BAD;
}

static void read_query(struct slice query, const struct redirect_wish *wish, struct redirect *out)
{
    struct fields f = {.has = {false}};
    must(wish->state.n != 0);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        buf_init(&f.values[i], REDIRECT_MAX);
    }
    out->kind = read_fields(query, &f) ? judge(&f, wish) : REDIRECT_BAD;
    if (out->kind == REDIRECT_CODE) {
        buf_add(&out->code, buf_slice(&f.values[FIELD_CODE]));
    } else if (out->kind == REDIRECT_REFUSED) {
        buf_add(&out->error, buf_slice(&f.values[FIELD_ERROR]));
        buf_add(&out->description, buf_slice(&f.values[FIELD_DESCRIPTION]));
    }
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        buf_wipe(&f.values[i]);
        buf_release(&f.values[i]);
    }
}

/* "/path?query" */
static void read_target(struct slice target, const struct redirect_wish *wish, struct redirect *out)
{
    struct slice whole = slice_sub(target, 0, slice_find_char(target, '#'));
    size_t mark = slice_find_char(whole, '?');
    if (!slice_eq(slice_sub(whole, 0, mark), wish->path)) {
        out->kind = REDIRECT_OTHER;
        return;
    }
    read_query(mark != SIZE_MAX ? slice_from(whole, mark + 1) : SLICE(""), wish, out);
}

/* ---- the request ---- */

/* RFC 9112 3: one blank between the three words. */
static bool read_line(struct slice line, struct slice *method, struct slice *target)
{
    bool has_words = slice_take_until(&line, ' ', method) && slice_take_until(&line, ' ', target);
    return has_words && slice_has_prefix(line, SLICE("HTTP/1.")) && method->n != 0 &&
           target->n != 0 && target->p[0] == '/';
}

static bool begins_like_a_request(struct slice in)
{
    return in.n == 0 || (in.p[0] >= 'A' && in.p[0] <= 'Z');
}

void redirect_read_request(struct slice in, const struct redirect_wish *wish, struct redirect *out)
{
    struct slice method, target;
    size_t end = slice_find(in, SLICE("\r\n\r\n"));
    forget(out);
    if (!begins_like_a_request(in) || (end == SIZE_MAX ? in.n : end) > REDIRECT_MAX) {
        out->kind = REDIRECT_BAD;
        return;
    }
    if (end == SIZE_MAX) {
        out->kind = REDIRECT_MORE;
        return;
    }
    if (!read_line(slice_sub(in, 0, slice_find(in, SLICE("\r\n"))), &method, &target)) {
        out->kind = REDIRECT_BAD;
        return;
    }
    if (!slice_eq_text(method, "GET")) {
        out->kind = REDIRECT_OTHER;
        return;
    }
    read_target(target, wish, out);
}

void redirect_read_address(struct slice address, const struct redirect_wish *wish,
                           struct redirect *out)
{
    struct slice text = slice_trim(address);
    struct slice origin = origin_of(text);
    struct slice target = slice_from(text, origin.n);
    forget(out);
    if (origin.n == 0 || text.n > REDIRECT_MAX) {
        out->kind = REDIRECT_BAD;
        return;
    }
    if (target.n != 0 && target.p[0] == '?') { /* browsers show no path where it is "/" alone */
        read_query(slice_from(slice_sub(target, 0, slice_find_char(target, '#')), 1), wish, out);
        return;
    }
    read_target(target, wish, out);
}

/* ---- what the person sees ---- */

/* clang-format off */
static const struct page {
    const char *status, *title, *text;
} pages[REDIRECT_KIND_COUNT] = {
    [REDIRECT_MORE]    = {"408 Request Timeout", "Too slow", "The request did not arrive in time."},
    [REDIRECT_OTHER]   = {"404 Not Found", "Not here", "There is nothing here but the end of a sign-in."},
    [REDIRECT_BAD]     = {"400 Bad Request", "Not understood", "This is not what the end of a sign-in looks like. Please begin again with smtpdx."},
    [REDIRECT_CODE]    = {"200 OK", "Thank you", "smtpdx has what it was waiting for. You can close this window; the terminal says whether all went well."},
    [REDIRECT_REFUSED] = {"200 OK", "Not signed in", "The sign-in was refused or broken off, and smtpdx got nothing. You can close this window; the terminal says why."},
    [REDIRECT_STATE]   = {"400 Bad Request", "Not this sign-in", "This page belongs to another sign-in than the one that smtpdx is waiting for. Nothing was accepted; please begin again with smtpdx."},
    [REDIRECT_ISSUER]  = {"400 Bad Request", "Another server", "Another server has answered than the one that smtpdx asked. Nothing was accepted; the terminal says more."},
};
/* clang-format on */

void redirect_page(enum redirect_kind kind, struct buf *out)
{
    struct buf body;
    must((unsigned)kind < REDIRECT_KIND_COUNT);
    const struct page *p = &pages[kind];
    buf_init(&body, 4096);
    buf_addf(&body,
             "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>smtpdx: %s"
             "</title></head>\n<body><h1>%s</h1><p>%s</p></body></html>\n",
             p->title, p->title, p->text);
    /* The address holds the code: no page that is opened from here may be told of it. */
    buf_addf(out,
             "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %zu\r\n"
             "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
             "Content-Security-Policy: default-src 'none'\r\nX-Content-Type-Options: nosniff\r\n"
             "Connection: close\r\n\r\n",
             p->status, body.n);
    buf_add(out, buf_slice(&body));
    buf_release(&body);
}

void redirect_document(const struct redirect *r, struct buf *out)
{
    struct json *map = json_map();
    json_set(map, "error", json_string(buf_slice(&r->error)));
    if (r->description.n != 0) {
        json_set(map, "error_description", json_string(buf_slice(&r->description)));
    }
    json_print(map, JSON_COMPACT, out);
    json_free(map);
}
