/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listeners on loopback, leased from a pool. A fresh port for each case would leave the port range
 * full of closed connections in TIME_WAIT, and then every bind to port 0 searches for milliseconds.
 *
 * No connection of an earlier case may reach a later one. So an idle listener goes on accepting and
 * resets whoever comes; what the kernel still holds is reset before the next lease; and the longest
 * idle port is leased first, and only once there are POOL_MIN of them.
 */
#include "net/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    POOL_MIN = 16,
    BACKLOG = 512,
    PAUSE_US = 50 * 1000, /* when descriptors have run out */
};

static struct sock_world *world_of(const struct sock_listener *l)
{
    return (struct sock_world *)l->listener.world;
}

static struct sock_pool *pool_for(struct sock_world *w, enum address_family family, bool is_dead)
{
    return &w->pools[(family == FAMILY_IPV6 ? 2 : 0) + (is_dead ? 1 : 0)];
}

/* ---- accepting ---- */

static void on_connection(uv_poll_t *poll, int status, int events);

static void on_pause_over(struct timer *t, int64_t now_us)
{
    struct sock_listener *l = t->context;
    (void)now_us;
    uv_poll_start(&l->poll, UV_READABLE, on_connection);
}

/* The next connection, or -1. Out of descriptors the poll would tell us for ever: it rests. */
static int accept_one(struct sock_listener *l)
{
    int fd = -1;
    do {
        fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    } while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
        uv_poll_stop(&l->poll);
        sock_timer_start(l->listener.world, &l->pause, sock_now_us(l->listener.world) + PAUSE_US);
    }
    return fd;
}

/* One a turn: a lease has one connection, mostly, and the poll tells again when there are more. */
static void on_connection(uv_poll_t *poll, int status, int events)
{
    struct sock_listener *l = poll->data;
    struct sock_world *w = world_of(l);
    (void)status;
    (void)events;
    sock_enter(w);
    int fd = accept_one(l);
    struct sock_link *link = fd >= 0 && l->is_leased ? sock_link_new(w, fd) : NULL;
    if (link != NULL) {
        l->params.on_accept(l->params.context, &link->link);
    } else if (fd >= 0 && !l->is_leased) {
        sock_close_with_reset(fd);
    }
    sock_leave(w);
}

/* Resets whatever connected while nobody leased the port. */
static void drop_backlog(struct sock_listener *l)
{
    int fd = accept_one(l);
    while (fd >= 0) {
        sock_close_with_reset(fd);
        fd = accept_one(l);
    }
}

/* ---- opening ---- */

static socklen_t loopback(enum address_family family, unsigned port, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (family == FAMILY_IPV6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
        in6->sin6_family = AF_INET6;
        in6->sin6_addr = in6addr_loopback;
        in6->sin6_port = htons((uint16_t)port);
        return sizeof *in6;
    }
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    in->sin_port = htons((uint16_t)port);
    return sizeof *in;
}

static void set_flag(int fd, int level, int name)
{
    const int on = 1;
    (void)setsockopt(fd, level, name, &on, sizeof on);
}

/* port: the one asked for, 0 for any; then the one that it is.
 * A dead port is bound and not listened on: the kernel refuses, and nobody else gets the port. It
 * must not have SO_REUSEADDR, with which another socket could be given the same port. */
static bool bind_and_listen(int fd, enum address_family family, bool is_dead, unsigned *port)
{
    struct sockaddr_storage address;
    socklen_t size = loopback(family, *port, &address);
    if (!is_dead) {
        set_flag(fd, SOL_SOCKET, SO_REUSEADDR);
        set_flag(fd, IPPROTO_TCP, TCP_NODELAY); /* accepted connections inherit it */
    }
    if (family == FAMILY_IPV6) {
        set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    }
    if (bind(fd, (struct sockaddr *)&address, size) != 0 ||
        (!is_dead && listen(fd, BACKLOG) != 0) ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        return false;
    }
    *port = ntohs(family == FAMILY_IPV6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                        : ((struct sockaddr_in *)&address)->sin_port);
    return true;
}

static enum err listener_open(struct sock_world *w, const struct listen_params *params,
                              struct sock_listener **out, struct why *why)
{
    enum address_family family = params->family == FAMILY_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4;
    bool is_dead = params->is_dead;
    int kind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd = socket(family == FAMILY_IPV6 ? AF_INET6 : AF_INET, kind, 0);
    struct sock_listener *l = mem_zalloc(1, sizeof *l);
    l->listener.world = &w->world;
    l->listener.host = family == FAMILY_IPV6 ? "::1" : "127.0.0.1";
    l->fd = fd;
    l->family = family;
    l->listener.port = params->port;
    l->is_dead = is_dead;
    l->pause.on_time = on_pause_over;
    l->pause.context = l;
    if (fd < 0 || !bind_and_listen(fd, family, is_dead, &l->listener.port) ||
        uv_poll_init(&w->loop, &l->poll, fd) != 0) {
        enum err err = params->port != 0
                           ? why_set(why, ERR_IO, "port %u on %s: %s", params->port,
                                     l->listener.host, strerror(errno))
                           : why_set(why, ERR_IO, "no port on %s: %s", l->listener.host,
                                     strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        free(l);
        return err;
    }
    l->poll.data = l;
    uv_unref((uv_handle_t *)&l->poll);
    if (!is_dead) {
        uv_poll_start(&l->poll, UV_READABLE, on_connection);
    }
    l->next_made = w->listeners;
    w->listeners = l;
    *out = l;
    return ERR_OK;
}

/* ---- leasing ---- */

static void pool_add(struct sock_pool *pool, struct sock_listener *l)
{
    l->next_idle = NULL;
    if (pool->last != NULL) {
        pool->last->next_idle = l;
    } else {
        pool->first = l;
    }
    pool->last = l;
    pool->count++;
}

static struct sock_listener *pool_take(struct sock_pool *pool)
{
    struct sock_listener *l = pool->first;
    pool->first = l->next_idle;
    if (pool->first == NULL) {
        pool->last = NULL;
    }
    pool->count--;
    return l;
}

enum err sock_listen(struct world *world, const struct listen_params *params, struct listener **out,
                     struct why *why)
{
    struct sock_world *w = (struct sock_world *)world;
    struct sock_pool *pool = pool_for(w, params->family, params->is_dead);
    struct sock_listener *l = NULL;
    if (pool->count < POOL_MIN || params->port != 0) {
        enum err err = listener_open(w, params, &l, why);
        if (err != ERR_OK && (pool->count == 0 || params->port != 0)) {
            return err;
        }
    }
    if (l == NULL) {
        l = pool_take(pool);
    }
    if (!l->is_dead) {
        drop_backlog(l);
        uv_ref((uv_handle_t *)&l->poll);
    }
    l->is_leased = true;
    l->params = *params;
    *out = &l->listener;
    return ERR_OK;
}

/* Faults on the way are simulation's; sockets are as they are. */
void sock_listener_plan(struct listener *listener, const struct link_plan *plan)
{
    (void)listener;
    must(plan->fault == LINK_FAULT_NONE && plan->chunk == 0 && plan->latency_us == 0);
}

void sock_listener_release(struct listener *listener)
{
    struct sock_listener *l = (struct sock_listener *)listener;
    must(l->is_leased);
    l->is_leased = false;
    if (!l->is_dead) { /* who still comes is reset by the poll, or before the next lease */
        uv_unref((uv_handle_t *)&l->poll);
    }
    pool_add(pool_for(world_of(l), l->family, l->is_dead), l);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void sock_listeners_free(struct sock_world *w)
{
    while (w->listeners != NULL) {
        struct sock_listener *l = w->listeners;
        w->listeners = l->next_made;
        sock_timer_stop(&w->world, &l->pause);
        uv_close((uv_handle_t *)&l->poll, on_closed);
        close(l->fd);
    }
}
