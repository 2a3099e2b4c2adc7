/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links over sockets. A write goes straight to the kernel and only the rest is queued; a read takes
 * what is there into the world's one buffer.
 *
 * Closing lingers: FIN goes out behind what was written, and what the peer still sends is read and
 * forgotten until its own FIN. A plain close() with unread octets makes the kernel answer with RST,
 * which can destroy our last reply before the peer has read it (RFC 1122 4.2.2.13). The lingering
 * is bounded and does not keep the world running.
 */
#include "net/sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINGER_US = 2 * 1000 * 1000 };

static struct sock_world *world_of(const struct sock_link *l)
{
    return (struct sock_world *)l->link.world;
}

static bool hears(const struct sock_link *l)
{
    return l->is_started && !l->is_closed && l->broken == FAULT_NONE;
}

static size_t queued(const struct sock_link *l)
{
    return l->out.n - l->out_at;
}

/* ---- watching ---- */

static void on_poll(uv_poll_t *poll, int status, int events);

void sock_link_watch(struct sock_link *l, int events)
{
    if (l->is_gone || events == l->events) {
        return;
    }
    l->events = events;
    if (events == 0) {
        uv_poll_stop(&l->poll);
    } else {
        uv_poll_start(&l->poll, events, on_poll);
    }
}

static void watch_as_needed(struct sock_link *l)
{
    bool is_reading =
        (hears(l) || (l->is_closed && l->broken == FAULT_NONE)) && !l->has_eof && !l->is_paused;
    sock_link_watch(l, (is_reading ? UV_READABLE : 0) | (queued(l) != 0 ? UV_WRITABLE : 0));
}

/* ---- life ---- */

static void on_soon(struct timer *t, int64_t now_us);

struct sock_link *sock_link_new(struct sock_world *w, int fd)
{
    struct sock_link *l = mem_zalloc(1, sizeof *l);
    if (uv_poll_init(&w->loop, &l->poll, fd) != 0) {
        close(fd);
        free(l);
        return NULL;
    }
    l->link.world = &w->world;
    l->poll.data = l;
    l->fd = fd;
    l->soon.on_time = on_soon;
    l->soon.context = l;
    buf_init(&l->out, BUF_NO_CAP);
    l->next = w->links;
    if (l->next != NULL) {
        l->next->prev = l;
    }
    w->links = l;
    return l;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void unlink_from_world(struct sock_link *l)
{
    if (l->prev != NULL) {
        l->prev->next = l->next;
    } else {
        world_of(l)->links = l->next;
    }
    if (l->next != NULL) {
        l->next->prev = l->prev;
    }
}

void sock_link_destroy(struct sock_link *l)
{
    if (l->is_gone) {
        return;
    }
    l->is_gone = true;
    if (l->is_closed) {
        sock_weak_timer_stop(world_of(l), &l->soon);
    } else {
        sock_timer_stop(l->link.world, &l->soon);
    }
    unlink_from_world(l);
    buf_release(&l->out);
    uv_close((uv_handle_t *)&l->poll, on_closed); /* lets go of the descriptor at once */
    close(l->fd);
}

void sock_close_with_reset(int fd)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

/* ---- news ---- */

static void fail_writing(struct sock_link *l, int number);

static enum fault fault_of_break(int number)
{
    return number == ECONNRESET || number == EPIPE ? FAULT_CONNECTION_RESET : FAULT_CONNECTION_LOST;
}

static void tell_broken(struct sock_link *l)
{
    enum fault fault = l->broken;
    bool may_tell = l->is_started && !l->is_closed;
    sock_link_watch(l, 0);
    if (may_tell) {
        l->handler.on_reset(l->handler.context, fault);
    } else if (l->is_closed) {
        sock_link_destroy(l);
    }
}

/* Found out by a write inside a call of the owner's: he is told from the loop. */
static void fail_later(struct sock_link *l, int number)
{
    l->write_error = number;
    buf_reset(&l->out);
    l->out_at = 0;
    sock_timer_start(l->link.world, &l->soon, 0);
}

static void break_now(struct sock_link *l, int number)
{
    if (l->broken == FAULT_NONE) {
        l->broken = fault_of_break(number);
        tell_broken(l);
    }
}

static void tell_drained(struct sock_link *l)
{
    l->owes_drained = false;
    if (hears(l) && l->handler.on_drained != NULL) {
        l->handler.on_drained(l->handler.context);
    }
}

static void on_soon(struct timer *t, int64_t now_us)
{
    struct sock_link *l = t->context;
    if (l->is_closed && queued(l) < l->lingered_with) {
        l->lingered_with = queued(l); /* the peer is slow, but takes what we wrote */
        sock_timer_start(l->link.world, t, now_us + LINGER_US);
    } else if (l->is_closed) {
        sock_link_destroy(l);
    } else if (l->write_error != 0) {
        fail_writing(l, l->write_error);
    } else if (l->owes_drained && queued(l) == 0) {
        tell_drained(l);
    }
}

/* ---- reading ---- */

static void take_eof(struct sock_link *l)
{
    l->has_eof = true;
    if (l->is_closed && queued(l) == 0) {
        sock_link_destroy(l);
        return;
    }
    watch_as_needed(l);
    if (hears(l)) {
        l->handler.on_eof(l->handler.context);
    }
}

/* One read a turn: the poll is level-triggered and tells again. False when nothing more can come.
 */
static bool read_some(struct sock_link *l)
{
    struct sock_world *w = world_of(l);
    ssize_t n = recv(l->fd, w->read_buffer, sizeof w->read_buffer, 0);
    if (n > 0) {
        if (hears(l)) {
            l->handler.on_bytes(l->handler.context, slice_make(w->read_buffer, (size_t)n));
        }
        return !l->is_gone && (l->events & UV_READABLE) != 0;
    }
    if (n == 0 && l->was_reset) {
        break_now(l, ECONNRESET);
    } else if (n == 0) {
        take_eof(l);
    } else if (errno != EAGAIN && errno != EINTR) {
        break_now(l, errno);
    }
    return false;
}

/* ---- writing ---- */

static void finish_writing(struct sock_link *l)
{
    if (l->wants_fin) {
        (void)shutdown(l->fd, SHUT_WR);
    }
    if (l->is_closed && l->has_eof) {
        sock_link_destroy(l);
        return;
    }
    if (l->is_closed) {
        uv_unref((uv_handle_t *)&l->poll); /* only lingers */
    }
    watch_as_needed(l);
}

static ssize_t send_some(struct sock_link *l, struct slice bytes, int flags)
{
    ssize_t n = 0;
    do {
        n = send(l->fd, bytes.p, bytes.n, MSG_NOSIGNAL | flags);
    } while (n < 0 && errno == EINTR);
    return n < 0 && errno == EAGAIN ? 0 : n;
}

static void write_queued(struct sock_link *l)
{
    ssize_t n = send_some(l, slice_from(buf_slice(&l->out), l->out_at), 0);
    if (n < 0) {
        fail_writing(l, errno);
        return;
    }
    l->out_at += (size_t)n;
    if (queued(l) == 0) {
        buf_release(&l->out); /* a large queue is rare: do not keep its memory */
        l->out_at = 0;
        finish_writing(l);
        if (!l->is_gone) {
            tell_drained(l);
        }
    }
    if (n != 0 && !l->is_gone && hears(l) && l->handler.on_moved != NULL) {
        l->handler.on_moved(l->handler.context);
    }
}

static void queue_rest(struct sock_link *l, struct slice rest)
{
    if (l->out_at != 0 && l->out_at >= l->out.n / 2) {
        buf_drop_front(&l->out, l->out_at);
        l->out_at = 0;
    }
    buf_add(&l->out, rest);
    watch_as_needed(l);
}

/* A peer that was reset reports POLLERR, after which libuv has stopped the watch: what came before
 * the reset is still there to be read, and then the error. */
static void read_out(struct sock_link *l)
{
    l->events = 0;
    if (l->has_eof || (!l->is_started && !l->is_closed)) {
        break_now(l, ECONNRESET);
        return;
    }
    l->events = UV_READABLE; /* as far as read_some is concerned */
    while (read_some(l)) {
    }
    if (!l->is_gone && !l->has_eof && l->broken == FAULT_NONE) {
        l->events = 0;
        watch_as_needed(l);
    }
}

/* A write learns of a reset first when it comes before a read does. What the peer had said is there
 * all the same, and often says why: a refusal, and then it was gone. */
static void fail_writing(struct sock_link *l, int number)
{
    l->was_reset = l->was_reset || fault_of_break(number) == FAULT_CONNECTION_RESET;
    read_out(l);
    if (!l->is_gone) {
        break_now(l, number);
    }
}

static void handle_events(struct sock_link *l, int status, int events)
{
    if (l->dial != NULL) {
        sock_dial_ready(l, status);
        return;
    }
    if (status < 0) {
        read_out(l);
        return;
    }
    if ((events & UV_WRITABLE) != 0 && queued(l) != 0) {
        write_queued(l);
    }
    if ((events & UV_READABLE) != 0 && !l->is_gone && (l->events & UV_READABLE) != 0) {
        read_some(l);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct sock_link *l = poll->data;
    struct sock_world *w = world_of(l);
    sock_enter(w);
    handle_events(l, status, events);
    sock_leave(w);
}

/* ---- the face ---- */

void sock_link_start(struct link *link, const struct link_handler *handler)
{
    struct sock_link *l = (struct sock_link *)link;
    must(!l->is_started && !l->is_closed);
    l->handler = *handler;
    l->is_started = true;
    watch_as_needed(l);
}

static void write_now(struct link *link, struct slice bytes, int flags)
{
    struct sock_link *l = (struct sock_link *)link;
    must(!l->is_closed);
    if (l->broken != FAULT_NONE || l->write_error != 0 || l->wants_fin) {
        return;
    }
    l->owes_drained = l->handler.on_drained != NULL;
    ssize_t n = queued(l) == 0 ? send_some(l, bytes, flags) : 0;
    if (n < 0) {
        fail_later(l, errno);
    } else if ((size_t)n < bytes.n) {
        queue_rest(l, slice_from(bytes, (size_t)n));
    } else if (l->owes_drained) {
        sock_timer_start(link->world, &l->soon, 0);
    }
}

void sock_link_write(struct link *link, struct slice bytes)
{
    write_now(link, bytes, 0);
}

/* The kernel holds them back until the FIN is put behind them: one segment in place of two. */
void sock_link_write_last(struct link *link, struct slice bytes)
{
    write_now(link, bytes, MSG_MORE);
}

void sock_link_shutdown(struct link *link)
{
    struct sock_link *l = (struct sock_link *)link;
    must(!l->is_closed);
    if (!l->wants_fin && l->broken == FAULT_NONE) {
        l->wants_fin = true;
        if (queued(l) == 0) {
            (void)shutdown(l->fd, SHUT_WR);
        }
    }
}

void sock_link_reset(struct link *link)
{
    struct sock_link *l = (struct sock_link *)link;
    must(!l->is_closed);
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    sock_link_destroy(l);
}

/* Has the peer's FIN come, with nothing unread before it? Then there is nothing to linger for: the
 * usual end of a session that said QUIT. */
static bool peer_is_done(struct sock_link *l)
{
    char octet;
    return l->has_eof || (!l->was_reset && recv(l->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 0);
}

void sock_link_close(struct link *link)
{
    struct sock_link *l = (struct sock_link *)link;
    must(!l->is_closed);
    bool is_over = l->broken != FAULT_NONE || (queued(l) == 0 && peer_is_done(l));
    if (is_over) {
        sock_link_destroy(l);
        return;
    }
    sock_link_shutdown(link);
    sock_timer_stop(link->world, &l->soon);
    l->is_closed = true;
    l->is_paused = false;
    l->lingered_with = queued(l);
    sock_weak_timer_start(world_of(l), &l->soon, sock_now_us(link->world) + LINGER_US);
    if (queued(l) == 0) {
        uv_unref((uv_handle_t *)&l->poll);
    }
    watch_as_needed(l);
}

void sock_link_pause(struct link *link, bool is_paused)
{
    struct sock_link *l = (struct sock_link *)link;
    must(!l->is_closed);
    l->is_paused = is_paused;
    watch_as_needed(l);
}

size_t sock_link_pending(const struct link *link)
{
    return queued((const struct sock_link *)link);
}
