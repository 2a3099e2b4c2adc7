/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dialling over sockets. Names and proxies are libcurl's (dial_curl.c): DNS, both families, happy
 * eyeballs. An address literal without a proxy is connected right here: there is nothing to
 * resolve and nothing to choose, and it is what thousands of scenarios a second do on loopback.
 * Measured side by side (libcurl 7.88), libcurl adds 50 to 70 microseconds of processor time to a
 * connection, a quarter of what a whole plain session costs.
 */
#include "net/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct sock_dial {
    struct sock_world *world;
    struct sock_link *link; /* NULL when it failed at once */
    dial_done *on_done;
    void *context;
    struct timer timer; /* the limit, or the report of a failure at once */
    int64_t start_us;
    int error;
    char address[64];
    struct sock_dial *next, *prev;
};

/* clang-format off */
static const struct { int number; enum fault fault; } faults[] = {
    { ECONNREFUSED,  FAULT_CONNECT_REFUSED },
    { ETIMEDOUT,     FAULT_CONNECT_TIMEOUT },
    { ENETUNREACH,   FAULT_UNREACHABLE },
    { EHOSTUNREACH,  FAULT_UNREACHABLE },
    { ENETDOWN,      FAULT_UNREACHABLE },
    { EHOSTDOWN,     FAULT_UNREACHABLE },
    { EADDRNOTAVAIL, FAULT_UNREACHABLE },
    { EAFNOSUPPORT,  FAULT_UNREACHABLE },      /* or a literal of a family not asked for */
    { EACCES,        FAULT_UNREACHABLE },      /* a local rule forbids it */
    { EPERM,         FAULT_UNREACHABLE },
};
/* clang-format on */

enum fault sock_fault_of_errno(int number)
{
    for (size_t i = 0; i < COUNT(faults); i++) {
        if (faults[i].number == number) {
            return faults[i].fault;
        }
    }
    return FAULT_UNREACHABLE;
}

static struct sock_dial *dial_make(struct sock_world *w, dial_done *on_done, void *context)
{
    struct sock_dial *d = mem_zalloc(1, sizeof *d);
    d->world = w;
    d->on_done = on_done;
    d->context = context;
    d->next = w->dials;
    if (d->next != NULL) {
        d->next->prev = d;
    }
    w->dials = d;
    return d;
}

static void dial_free(struct sock_dial *d)
{
    if (d->prev != NULL) {
        d->prev->next = d->next;
    } else {
        d->world->dials = d->next;
    }
    if (d->next != NULL) {
        d->next->prev = d->prev;
    }
    sock_timer_stop(&d->world->world, &d->timer);
    if (d->link != NULL) {
        d->link->dial = NULL;
    }
    free(d);
}

static void dial_end(struct sock_dial *d, struct dial_result *result)
{
    struct sock_world *w = d->world;
    dial_done *on_done = d->on_done;
    void *context = d->context;
    result->connect_us = sock_now_us(&w->world) - d->start_us;
    dial_free(d);
    on_done(context, result);
}

static void dial_succeed(struct sock_dial *d)
{
    struct dial_result result = {.link = &d->link->link};
    memcpy(result.address, d->address, sizeof result.address);
    memcpy(result.tried, d->address, sizeof d->address);
    sock_link_watch(d->link, 0);
    dial_end(d, &result);
}

static void dial_fail(struct sock_dial *d, int error)
{
    struct dial_result result = {.fault = sock_fault_of_errno(error)};
    memcpy(result.address, d->address, sizeof result.address);
    memcpy(result.tried, d->address, sizeof d->address);
    snprintf(result.detail, sizeof result.detail, "%s", strerror(error));
    if (d->link != NULL) {
        sock_link_destroy(d->link);
        d->link = NULL;
    }
    dial_end(d, &result);
}

void sock_dial_ready(struct sock_link *l, int status)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        error = errno;
    }
    if (error == 0 && status < 0) {
        error = ECONNREFUSED; /* the poll saw an error that was not kept */
    }
    /* A refusal is ECONNREFUSED. ECONNRESET says that the connection stood and the peer reset it
     * before we looked: that is news for the session, which is at its greeting, not for the dial.
     * Asking has cleared the error, so the link has to remember it. */
    if (error == 0 || error == ECONNRESET) {
        l->was_reset = error == ECONNRESET;
        dial_succeed(l->dial);
    } else {
        dial_fail(l->dial, error);
    }
}

static void on_time(struct timer *t, int64_t now_us)
{
    struct sock_dial *d = t->context;
    (void)now_us;
    dial_fail(d, d->error != 0 ? d->error : ETIMEDOUT);
}

void sock_dial_drop(struct world *world, const void *context)
{
    struct sock_world *w = (struct sock_world *)world;
    struct sock_dial *d = w->dials;
    while (d != NULL && d->context != context) {
        d = d->next;
    }
    if (d != NULL) {
        struct sock_link *link = d->link;
        dial_free(d);
        if (link != NULL) {
            sock_link_destroy(link);
        }
    } else if (w->curl != NULL) {
        dial_curl_drop(w->curl, context);
    }
}

void sock_dials_free(struct sock_world *w)
{
    while (w->dials != NULL) {
        dial_free(w->dials);
    }
}

/* ---- starting ---- */

/* Is it an address literal? Then its size, else 0. */
static socklen_t literal(struct slice host, unsigned port, struct sockaddr_storage *out)
{
    char text[INET6_ADDRSTRLEN + 1];
    if (host.n == 0 || host.n >= sizeof text) {
        return 0;
    }
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    memset(out, 0, sizeof *out);
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t)port);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((uint16_t)port);
        return sizeof *in6;
    }
    return 0;
}

static bool is_of_family(const struct sockaddr_storage *address, enum address_family family)
{
    return family == FAMILY_ANY || (family == FAMILY_IPV6) == (address->ss_family == AF_INET6);
}

static int connect_now(struct sock_dial *d, const struct sockaddr_storage *to, socklen_t size)
{
    int fd = socket(to->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (const struct sockaddr *)to, size) != 0 && errno != EINPROGRESS) {
        int error = errno;
        close(fd);
        return error;
    }
    d->link = sock_link_new(d->world, fd);
    if (d->link == NULL) {
        return EMFILE;
    }
    d->link->dial = d;
    sock_link_watch(d->link, UV_WRITABLE);
    return 0;
}

static void dial_literal(struct sock_dial *d, const struct sockaddr_storage *to, socklen_t size,
                         const struct dial_params *params)
{
    const void *octets = to->ss_family == AF_INET6
                             ? (const void *)&((const struct sockaddr_in6 *)to)->sin6_addr
                             : (const void *)&((const struct sockaddr_in *)to)->sin_addr;
    struct world *world = &d->world->world;
    inet_ntop(to->ss_family, octets, d->address, sizeof d->address);
    d->start_us = sock_now_us(world);
    d->timer.on_time = on_time;
    d->timer.context = d;
    d->error = is_of_family(to, params->family) ? connect_now(d, to, size) : EAFNOSUPPORT;
    if (d->error != 0) {
        sock_timer_start(world, &d->timer, 0); /* told from the loop */
    } else if (params->timeout_us > 0) {
        sock_timer_start(world, &d->timer, d->start_us + params->timeout_us);
    }
}

void sock_dial(struct world *world, const struct dial_params *params, dial_done *on_done,
               void *context)
{
    struct sock_world *w = (struct sock_world *)world;
    struct slice host = slice_of(params->host);
    unsigned port = params->port;
    bool has_proxy = params->proxy != NULL && params->proxy[0] != '\0';
    bool is_understood = params->connect_to == NULL ||
                         world_split_host_port(slice_of(params->connect_to), &host, &port);
    struct sockaddr_storage to;
    socklen_t size = has_proxy || !is_understood ? 0 : literal(host, port, &to);
    if (size != 0) {
        dial_literal(dial_make(w, on_done, context), &to, size, params);
        return;
    }
    if (w->curl == NULL) {
        w->curl = dial_curl_new(w);
    }
    dial_curl_start(w->curl, params, on_done, context);
}
