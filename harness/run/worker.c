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
#include <unistd.h>

#include "result/log.h"
#include "run/rerun.h"

enum { STARTS_PER_TURN = 1, QUEUE_MAX = 1 << 16 };

struct worker {
    const struct worker_params *params;
    struct world *world;
    struct timer starter;
    uint32_t queue[QUEUE_MAX];
    size_t head, tail; /* queue[head…tail) modulo QUEUE_MAX */
    size_t active;
    unsigned char partial[sizeof(uint32_t)];
    size_t partial_n;
    bool input_ended;
    int exit_status;
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

static void send_event(struct worker *w, const char *event, uint32_t index, struct json *result)
{
    struct json *line = json_map();
    json_set(line, "event", json_text(event));
    json_set(line, "i", json_int(index));
    if (result != NULL) {
        log_redact(result, secrets_redactor(w->params->run->secrets));
        json_set(line, "result", result);
    }
    struct buf out;
    buf_init(&out, BUF_NO_CAP);
    log_line(line, &out);
    write_all(w, buf_slice(&out));
    buf_release(&out);
    json_free(line);
}

static void stop_when_idle(struct worker *w)
{
    if (w->input_ended && w->active == 0 && w->head == w->tail) {
        world_stop(w->world);
    }
}

static void on_case_done(void *context, struct json *document)
{
    struct job *job = context;
    struct worker *w = job->worker;
    send_event(w, "case-end", job->index, document);
    free(job);
    w->active--;
    stop_when_idle(w);
}

static void start_one(struct worker *w, uint32_t index)
{
    must(index < w->params->plan->count);
    send_event(w, "case-start", index, NULL);
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
    if (world_new_sockets(&w->world, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx: worker: %s\n", why.text);
        return 1;
    }
    w->starter = (struct timer){.on_time = start_some, .context = w};
    if (world_watch_fd(w->world, w->params->in_fd, on_readable, w, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx: worker: %s\n", why.text);
        world_free(w->world);
        return 1;
    }
    world_run(w->world);
    world_free(w->world);
    return 0;
}

static int run_simulated(struct worker *w)
{
    for (;;) {
        uint32_t index;
        ssize_t n = read(w->params->in_fd, &index, sizeof index);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n != (ssize_t)sizeof index) { /* whole indexes are written at once, under PIPE_BUF */
            return 0;
        }
        must(index < w->params->plan->count);
        send_event(w, "case-start", index, NULL);
        struct json *document = rerun_simulate(w->params->run, w->params->plan->cases[index].spec);
        send_event(w, "case-end", index, document);
    }
}

int worker_run(const struct worker_params *params)
{
    struct worker *w = mem_zalloc(1, sizeof *w);
    w->params = params;
    int status = params->is_simulated ? run_simulated(w) : run_sockets(w);
    free(w);
    return status;
}
