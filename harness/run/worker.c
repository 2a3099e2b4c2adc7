/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The number of cases in flight follows the load by itself: one is started per turn of the loop,
 * so that cases which keep the processor busy stay few (nobody times out because of its
 * neighbours), while those that wait for a silent server pile up to the limit.
 */
#include "run/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "result/log.h"
#include "run/frame.h"
#include "run/peers.h"
#include "run/rerun.h"

enum {
    STARTS_PER_TURN = 1,
    QUEUE_MAX = 1 << 16,
    FLUSH_US = 2000, /* how long a result may wait for others to travel with */
    FLUSH_BYTES = 64 * 1024,
    SIMULATED_BUNDLE = 64,
};

struct worker {
    const struct worker_params *params;
    struct world *world;
    struct timer starter;
    struct timer flusher;
    struct buf out; /* frames not yet written */
    uint32_t queue[QUEUE_MAX];
    size_t head, tail; /* queue[head…tail) modulo QUEUE_MAX */
    size_t active;
    unsigned char partial[sizeof(uint32_t)];
    size_t partial_n;
    bool input_ended;
    bool is_hungry; /* and has said so */
};

struct job {
    struct worker *worker;
    uint32_t index;
};

static void write_all(struct worker *w, struct slice bytes)
{
    while (bytes.n != 0) {
        ssize_t n = write(w->params->out_fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            _exit(1); /* the parent is gone, nobody wants the results */
        }
        bytes = slice_from(bytes, (size_t)n);
    }
}

static void flush(struct worker *w)
{
    write_all(w, buf_slice(&w->out));
    buf_reset(&w->out);
}

/* document: owned; NULL when the case passed and nobody wants one. */
static void add_result(struct worker *w, uint32_t index, struct json *document)
{
    struct buf text;
    buf_init(&text, BUF_NO_CAP);
    if (document != NULL) {
        log_redact(document, secrets_redactor(w->params->run->secrets));
        json_print(document, JSON_COMPACT, &text);
        json_free(document);
    }
    frame_add(&w->out, &(struct frame){.index = index, .document = buf_slice(&text)});
    buf_release(&text);
    if (w->out.n > FLUSH_BYTES) {
        flush(w);
    }
}

static void stop_when_idle(struct worker *w)
{
    if (w->input_ended && w->active == 0 && w->head == w->tail) {
        world_stop(w->world);
    }
}

static void on_flush(struct timer *t, int64_t now_us)
{
    (void)now_us;
    flush(t->context);
}

static void on_case_done(void *context, struct json *document)
{
    struct job *job = context;
    struct worker *w = job->worker;
    bool is_first = w->out.n == 0;
    add_result(w, job->index, document);
    free(job);
    w->active--;
    if (is_first && w->out.n != 0) {
        world_timer_start(w->world, &w->flusher, world_now_us(w->world) + FLUSH_US);
    }
    stop_when_idle(w);
}

static void start_one(struct worker *w, uint32_t index)
{
    must(index < w->params->plan->count);
    board_begin(w->params->board, index);
    struct job *job = mem_zalloc(1, sizeof *job);
    *job = (struct job){.worker = w, .index = index};
    w->active++;
    rerun_start(w->params->run, w->world, w->params->plan->cases[index].spec, on_case_done, job);
}

static void start_some(struct timer *t, int64_t now_us)
{
    struct worker *w = t->context;
    for (size_t i = 0; i < STARTS_PER_TURN && w->head != w->tail; i++) {
        start_one(w, w->queue[w->head]);
        w->head = (w->head + 1) % QUEUE_MAX;
    }
    if (w->head != w->tail) {
        world_timer_start(w->world, t, now_us);
    } else if (!w->is_hungry) {
        w->is_hungry = true;
        frame_add(&w->out, &(struct frame){.index = FRAME_HUNGRY});
        flush(w);
    }
}

static void enqueue(struct worker *w, uint32_t index)
{
    w->queue[w->tail] = index;
    w->tail = (w->tail + 1) % QUEUE_MAX;
    must(w->tail != w->head); /* the parent bounds what it hands out */
}

static void on_index_octet(struct worker *w, unsigned char octet)
{
    w->partial[w->partial_n++] = octet;
    if (w->partial_n == sizeof w->partial) {
        uint32_t index;
        memcpy(&index, w->partial, sizeof index);
        w->partial_n = 0;
        w->is_hungry = false;
        enqueue(w, index);
    }
}

static void on_readable(void *context)
{
    struct worker *w = context;
    unsigned char block[4096];
    ssize_t n = read(w->params->in_fd, block, sizeof block);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        on_index_octet(w, block[i]);
    }
    if (n <= 0) {
        struct why why;
        w->input_ended = true;
        (void)!world_watch_fd(w->world, w->params->in_fd, NULL, NULL, &why);
        stop_when_idle(w);
    }
    if (w->head != w->tail) {
        world_timer_start(w->world, &w->starter, world_now_us(w->world));
    }
}

static int run_sockets(struct worker *w)
{
    struct why why;
    world_raise_descriptor_limit();
    if (world_new_sockets(&w->world, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx: worker: %s\n", why.text);
        return 1;
    }
    w->starter = (struct timer){.on_time = start_some, .context = w};
    w->flusher = (struct timer){.on_time = on_flush, .context = w};
    int status = 0;
    if (world_watch_fd(w->world, w->params->in_fd, on_readable, w, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx: worker: %s\n", why.text);
        status = 1;
    } else {
        world_run(w->world);
        flush(w);
    }
    world_timer_stop(w->world, &w->flusher);
    world_free(w->world);
    return status;
}

static int64_t monotonic_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* One after the other, and results in bundles: a case takes less than the write of its result. */
static void simulate(struct worker *w, const uint32_t *indexes, size_t count)
{
    int64_t flushed_us = monotonic_us();
    for (size_t i = 0; i < count; i++) {
        must(indexes[i] < w->params->plan->count);
        board_begin(w->params->board, indexes[i]);
        struct json *document =
            rerun_simulate(w->params->run, w->params->plan->cases[indexes[i]].spec);
        add_result(w, indexes[i], document);
        int64_t now_us = monotonic_us();
        if (now_us - flushed_us > FLUSH_US) {
            flush(w);
            flushed_us = now_us;
        }
    }
    flush(w);
}

static int run_simulated(struct worker *w)
{
    for (;;) {
        uint32_t indexes[SIMULATED_BUNDLE];
        ssize_t n = read(w->params->in_fd, indexes, sizeof indexes);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || n % (ssize_t)sizeof *indexes != 0) { /* whole indexes, under PIPE_BUF */
            return 0;
        }
        simulate(w, indexes, (size_t)n / sizeof *indexes);
    }
}

int worker_run(const struct worker_params *params)
{
    struct worker *w = mem_zalloc(1, sizeof *w);
    w->params = params;
    buf_init(&w->out, BUF_NO_CAP);
    int status = params->is_simulated ? run_simulated(w) : run_sockets(w);
    peers_end(params->run->peers);
    buf_release(&w->out);
    free(w);
    return status;
}
