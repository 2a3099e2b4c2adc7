/* SPDX-License-Identifier: Apache-2.0 */
/* See web.h. What is no request gets 400 and the end of the connection. */
#include "fakeservers/web.h"

#include <stdlib.h>

#include "base/session.h"

enum { REQUEST_MAX = 128 * 1024, BODY_MAX = 64 * 1024 };

struct visitor {
    struct web *web;
    struct visitor *next, *previous;
    struct driver *driver;
    struct buf in, out;
    int64_t answer_us; /* when the answer may go; INT64_MAX: there is none */
    enum { VISITOR_READS, VISITOR_ANSWERS, VISITOR_CLOSES, VISITOR_DONE } state;
};

struct web {
    struct world *world;
    struct web_params params;
    struct tls_setup *tls;
    struct listener *listener;
    struct visitor *visitors;
    int64_t start_us;
};

/* ---- the request ---- */

struct request {
    struct slice method, path, query, body;
};

/* The value of a header field; empty when it is not there. */
static struct slice header(struct slice head, const char *name)
{
    struct slice line;
    while (slice_take_until(&head, '\n', &line)) {
        size_t colon = slice_find_char(line, ':');
        if (colon != SIZE_MAX && slice_eq_nocase_text(slice_sub(line, 0, colon), name)) {
            return slice_trim(slice_from(line, colon + 1));
        }
    }
    return SLICE("");
}

enum reading { READ_MORE, READ_WHOLE, READ_BAD };

static enum reading read_request(struct slice in, struct request *out)
{
    size_t end = slice_find(in, SLICE("\r\n\r\n"));
    uint64_t length = 0;
    struct slice head = slice_sub(in, 0, end), line = {NULL, 0};
    if (end == SIZE_MAX) {
        return in.n >= REQUEST_MAX ? READ_BAD : READ_MORE;
    }
    struct slice value = header(head, "Content-Length");
    if (value.n != 0 && (!slice_to_u64(value, &length) || length > BODY_MAX)) {
        return READ_BAD;
    }
    if (in.n - end - 4 < length) {
        return READ_MORE;
    }
    (void)slice_take_until(&head, '\n', &line);
    bool is_line = slice_take_word(&line, &out->method) && slice_take_word(&line, &out->path);
    struct slice target = out->path;
    size_t mark = slice_find_char(target, '?');
    out->path = slice_sub(target, 0, mark);
    out->query = mark != SIZE_MAX ? slice_from(target, mark + 1) : SLICE("");
    out->body = slice_sub(in, end + 4, (size_t)length);
    return is_line ? READ_WHOLE : READ_BAD;
}

static const char *reason_of(unsigned status)
{
    return status == 200   ? "OK"
           : status == 302 ? "Found"
           : status == 400 ? "Bad Request"
           : status == 401 ? "Unauthorized"
           : status == 404 ? "Not Found"
           : status == 405 ? "Method Not Allowed"
           : status == 503 ? "Service Unavailable"
                           : "Error";
}

/* body: with 302 the address that the browser has to go to. */
static void write_answer(struct visitor *v, int64_t now_us, unsigned status, struct slice body)
{
    bool is_away = status == 302;
    buf_addf(&v->out, "HTTP/1.1 %u %s\r\nCache-Control: no-store\r\nConnection: close\r\n", status,
             reason_of(status));
    if (is_away) {
        buf_addf(&v->out, "Location: " SLICE_FMT "\r\nContent-Length: 0\r\n\r\n", SLICE_ARG(body));
    } else {
        buf_addf(&v->out, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n", body.n);
        buf_add(&v->out, body);
    }
    v->answer_us = now_us + v->web->params.delay_us;
    v->state = VISITOR_ANSWERS;
}

static void answer(struct visitor *v, int64_t now_us, const struct request *r)
{
    struct web *w = v->web;
    struct buf body;
    int64_t now_s = w->params.wall_time + (now_us - w->start_us) / 1000000;
    buf_init(&body, REQUEST_MAX);
    bool is_browser = slice_eq_text(r->method, "GET");
    unsigned status =
        is_browser
            ? authority_visit(w->params.authority, now_s, r->path, r->query, &body)
            : authority_answer(w->params.authority, now_s, r->method, r->path, r->body, &body);
    write_answer(v, now_us, status, buf_slice(&body));
    if (w->params.on_answered != NULL) {
        w->params.on_answered(w->params.context, r->method, r->path, status);
    }
    buf_wipe(&body);
    buf_release(&body);
}

/* ---- the session ---- */

static void on_input(void *self, int64_t now_us, struct slice bytes)
{
    struct visitor *v = self;
    struct request r = {.method = {NULL, 0}};
    if (v->state != VISITOR_READS) {
        return;
    }
    buf_add(&v->in, bytes);
    switch (read_request(buf_slice(&v->in), &r)) {
    case READ_MORE:
        return;
    case READ_WHOLE:
        answer(v, now_us, &r);
        break;
    case READ_BAD:
        write_answer(v, now_us, 400, SLICE("{\"error\":\"invalid_request\"}"));
        break;
    }
    buf_wipe(&v->in);
}

static void on_news(void *self, int64_t now_us, const struct session_news *news)
{
    struct visitor *v = self;
    (void)now_us;
    if (news->event != SESSION_CONNECTED && news->event != SESSION_TLS_UP) {
        v->state = VISITOR_DONE;
    }
}

static void on_time(void *self, int64_t now_us)
{
    (void)self;
    (void)now_us;
}

static int64_t deadline_us(const void *self)
{
    const struct visitor *v = self;
    return v->state == VISITOR_ANSWERS ? v->answer_us : INT64_MAX;
}

static void next(void *self, int64_t now_us, struct session_act *act)
{
    struct visitor *v = self;
    *act = (struct session_act){.kind = SESSION_WAIT};
    if (v->state == VISITOR_ANSWERS && now_us >= v->answer_us) {
        *act = (struct session_act){.kind = SESSION_SEND, .bytes = buf_slice(&v->out)};
        v->state = VISITOR_CLOSES;
    } else if (v->state == VISITOR_CLOSES) {
        act->kind = SESSION_CLOSE;
        v->state = VISITOR_DONE;
    } else if (v->state == VISITOR_DONE) {
        act->kind = SESSION_DONE;
    }
}

static const struct session_ops ops = {
    .on_news = on_news,
    .on_input = on_input,
    .on_time = on_time,
    .deadline_us = deadline_us,
    .next = next,
};

/* ---- the listener ---- */

static void visitor_free(struct visitor *v)
{
    struct web *w = v->web;
    driver_free(v->driver);
    *(v->previous != NULL ? &v->previous->next : &w->visitors) = v->next;
    if (v->next != NULL) {
        v->next->previous = v->previous;
    }
    buf_wipe(&v->in);
    buf_release(&v->in);
    buf_wipe(&v->out);
    buf_release(&v->out);
    free(v);
}

static void on_done(void *context)
{
    visitor_free(context);
}

static void on_accept(void *context, struct link *link)
{
    struct web *w = context;
    struct visitor *v = mem_zalloc(1, sizeof *v);
    v->web = w;
    v->next = w->visitors;
    if (v->next != NULL) {
        v->next->previous = v;
    }
    w->visitors = v;
    v->answer_us = INT64_MAX;
    buf_init(&v->in, REQUEST_MAX);
    buf_init(&v->out, REQUEST_MAX);
    const struct driver_params params = {
        .is_server = true,
        .implicit_tls = true,
        .tls = w->tls,
        .wall_time = w->params.wall_time,
        .context = v,
        .on_done = on_done,
    };
    v->driver = driver_new(w->world, (struct session){&ops, v}, &params);
    driver_attach(v->driver, link);
}

static enum err make_tls(struct web *w, struct why *why)
{
    const char *authorize = w->params.authorize_host;
    const char *const names[] = {w->params.host, authorize != NULL ? authorize : "localhost",
                                 "localhost", "127.0.0.1", "::1"};
    struct tls_params params = {.is_server = true, .min = TLS_VERSION_1_2};
    TRY(pki_issue(w->params.pki, PKI_VALID, names, COUNT(names), &params.cert_pem, &params.key_pem,
                  why));
    return tls_setup_new(&params, &w->tls, why);
}

enum err web_start(struct world *world, const struct web_params *params, struct web **out,
                   struct why *why)
{
    struct web *w = mem_zalloc(1, sizeof *w);
    w->world = world;
    w->params = *params;
    w->start_us = world_now_us(world);
    enum err err = make_tls(w, why);
    if (err == ERR_OK) {
        err = world_listen_at(world, params->family, params->port, on_accept, w, &w->listener, why);
    }
    if (err != ERR_OK) {
        web_free(w);
        return err;
    }
    *out = w;
    return ERR_OK;
}

void web_free(struct web *w)
{
    if (w == NULL) {
        return;
    }
    if (w->listener != NULL) {
        listener_release(w->listener);
    }
    while (w->visitors != NULL) {
        visitor_free(w->visitors);
    }
    tls_setup_free(w->tls);
    free(w);
}

const char *web_host(const struct web *w)
{
    return listener_host(w->listener);
}

unsigned web_port(const struct web *w)
{
    return listener_port(w->listener);
}
