/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poll() over the workers' pipes. No libuv here: the parent forks, and a forked loop is a broken
 * loop.
 */
#include "run/coordinator.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run/frame.h"
#include "run/interrupt.h"
#include "run/judge.h"
#include "run/process.h"
#include "run/rerun.h"

enum {
    INPUT_MAX_BYTES = 128 * 1024 * 1024,
    WORKERS_MAX = 64,
    SIMULATED_WINDOW = 256, /* cases given to a worker ahead */
    LEAST_SHARE = 16,
    HANG_GRACE_MS =
        30000, /* beyond the case's own time-out, after which the worker must be stuck */
    SIMULATED_HANG_MS = 120000,
    SILENT_MS = 20000, /* a worker with cases begins one at once: in between is only its own work */
    POLL_MS = 50,
    HANG_CHECK_MS = 250,
    RESTARTS_MAX = 1000,
    SILENT_WEIGHT = 250, /* restarts that one worker counts for which never did anything */
};

enum case_state { CASE_WAITING, CASE_GIVEN, CASE_DONE };

struct tracked {
    enum case_state state;
    unsigned worker;    /* while given */
    uint32_t place;     /* while given: in the worker's list */
    bool is_start_told; /* while given */
    bool is_alone;      /* to be run alone, after a crash */
    int64_t group_free_ms;
};

struct worker_slot {
    pid_t pid; /* 0: none */
    int to, from;
    struct buf input;
    uint32_t *given; /* owned; cases given and not ended, in no order */
    size_t given_count;
    int64_t heard_ms; /* when it last gave a sign of life, or was given work while idle */
    bool is_alone;    /* runs one case and nothing else */
    bool is_hungry;   /* has begun all it was given */
    bool was_killed;  /* by us, for hanging */
};

struct coordinator {
    const struct coordinator_params *params;
    struct board *board;
    struct tracked *cases;
    struct json **results;
    struct json *passed; /* the one document of all cases of which nobody wants more */
    struct worker_slot workers[WORKERS_MAX];
    unsigned worker_count;
    size_t next;  /* first case that may still be waiting */
    size_t left;  /* not done */
    size_t given; /* to all workers together */
    size_t alone_waiting;
    unsigned restarts;
    int64_t hang_checked_ms;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const struct spec_case *spec_of(const struct coordinator *c, size_t i)
{
    return c->params->plan->cases[i].spec;
}

static size_t window(const struct coordinator *c)
{
    return c->params->is_simulated ? SIMULATED_WINDOW : c->params->in_flight;
}

static bool has_begun(const struct coordinator *c, size_t i)
{
    return board_begun_ms(c->board, i) != 0;
}

static void tell_start(struct coordinator *c, size_t i)
{
    struct tracked *t = &c->cases[i];
    if (c->params->on_start != NULL && t->state == CASE_GIVEN && !t->is_start_told &&
        has_begun(c, i)) {
        t->is_start_told = true;
        c->params->on_start(c->params->context, i);
    }
}

/* Off the list of the worker that had it; the last of the list takes its place. */
static void take_back(struct coordinator *c, size_t i)
{
    struct tracked *t = &c->cases[i];
    struct worker_slot *w = &c->workers[t->worker];
    uint32_t last = w->given[--w->given_count];
    c->given--;
    w->given[t->place] = last;
    c->cases[last].place = t->place;
}

static void finish_case(struct coordinator *c, size_t i, struct json *document)
{
    struct tracked *t = &c->cases[i];
    if (t->state == CASE_DONE) {
        json_free(document);
        return;
    }
    tell_start(c, i);
    if (t->state == CASE_GIVEN) {
        take_back(c, i);
    }
    t->state = CASE_DONE;
    c->left--;
    c->results[i] = document;
    if (c->params->on_result != NULL) {
        c->params->on_result(c->params->context, i, document);
    }
}

/* ---- workers ---- */

static void child_main(const struct coordinator *c, pid_t parent, int in_fd, int out_fd)
{
    /* The terminal's Ctrl-C reaches the whole process group; the parent decides what it means. */
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    process_end_with_parent(parent);
    for (unsigned i = 0; i < c->worker_count; i++) {
        if (c->workers[i].pid != 0) {
            close(c->workers[i].to);
            close(c->workers[i].from);
        }
    }
    struct worker_params params = {
        .run = c->params->run,
        .plan = c->params->plan,
        .is_simulated = c->params->is_simulated,
        .board = c->board,
        .in_fd = in_fd,
        .out_fd = out_fd,
    };
    exit(worker_run(&params));
}

static enum err start_worker(struct coordinator *c, unsigned slot, struct why *why)
{
    int down[2], up[2];
    if (pipe2(down, O_CLOEXEC) != 0) {
        return why_set(why, ERR_IO, "no pipe for a worker: %s", strerror(errno));
    }
    if (pipe2(up, O_CLOEXEC) != 0) {
        close(down[0]);
        close(down[1]);
        return why_set(why, ERR_IO, "no pipe for a worker: %s", strerror(errno));
    }
    fflush(NULL); /* or the child prints again what is still buffered here */
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        close(down[1]);
        close(up[0]);
        child_main(c, parent, down[0], up[1]);
    }
    close(down[0]);
    close(up[1]);
    if (pid < 0) {
        close(down[1]);
        close(up[0]);
        return why_set(why, ERR_IO, "no worker process: %s", strerror(errno));
    }
    struct worker_slot *w = &c->workers[slot];
    *w = (struct worker_slot){.pid = pid, .to = down[1], .from = up[0], .heard_ms = now_ms()};
    w->given = mem_alloc(window(c) * sizeof *w->given);
    buf_init(&w->input, INPUT_MAX_BYTES);
    fcntl(w->from, F_SETFL, O_NONBLOCK);
    return ERR_OK;
}

/* ---- handing out ---- */

/* Real endpoints pace themselves: at most so many at once, and a pause between two. */
static bool group_is_busy(const struct coordinator *c, size_t i)
{
    const struct spec_endpoint *e = spec_of(c, i)->endpoint;
    if (e == NULL || e->group == NULL || e->group[0] == '\0') {
        return false;
    }
    unsigned running = 0;
    int64_t now = now_ms();
    for (size_t k = 0; k < c->params->plan->count; k++) {
        const struct spec_endpoint *other = spec_of(c, k)->endpoint;
        if (other == NULL || other->group == NULL || strcmp(other->group, e->group) != 0) {
            continue;
        }
        enum case_state state = c->cases[k].state;
        running += state == CASE_GIVEN ? 1 : 0;
        if (c->cases[k].group_free_ms > now) {
            return true;
        }
    }
    return running >= (e->max_parallel != 0 ? e->max_parallel : 1);
}

static void give(struct coordinator *c, unsigned slot, size_t i)
{
    struct worker_slot *w = &c->workers[slot];
    const struct spec_endpoint *e = spec_of(c, i)->endpoint;
    struct tracked *t = &c->cases[i];
    t->state = CASE_GIVEN;
    t->worker = slot;
    t->place = (uint32_t)w->given_count;
    t->is_start_told = false;
    t->group_free_ms = e != NULL ? now_ms() + e->min_interval_us / 1000 : 0;
    board_clear(c->board, i);
    w->heard_ms = w->given_count == 0 ? now_ms() : w->heard_ms;
    w->given[w->given_count++] = (uint32_t)i;
    c->given++;
}

/* Sends what was given since the list had `from` cases. A dead worker shows as the end of its
 * output; the write cannot block: the worker owes us so many cases less that they fit the pipe. */
static void send_given(struct worker_slot *w, size_t from)
{
    enum { AT_ONCE = PIPE_BUF / sizeof(uint32_t) }; /* a write of so much is not torn */
    while (from < w->given_count) {
        size_t n = w->given_count - from < AT_ONCE ? w->given_count - from : AT_ONCE;
        (void)!write(w->to, &w->given[from], n * sizeof *w->given);
        from += n;
    }
}

static bool may_give(const struct coordinator *c, size_t i)
{
    return c->cases[i].state == CASE_WAITING && !c->cases[i].is_alone && !group_is_busy(c, i);
}

/*
 * How many cases a worker is to have. Half a share of what waits, so that the last ones are handed
 * out in small portions and all workers end together; but a worker whose cases all wait for silent
 * servers gets more.
 */
static size_t portion(const struct coordinator *c, const struct worker_slot *w)
{
    size_t share = (c->left - c->given) / (2 * (size_t)c->worker_count);
    share = share > LEAST_SHARE ? share : LEAST_SHARE;
    size_t wanted = w->is_hungry ? w->given_count + share : share;
    return wanted < window(c) ? wanted : window(c);
}

/* Not case by case: a worker that has enough to do is left alone until it has done some of it. */
static void fill_worker(struct coordinator *c, unsigned slot)
{
    struct worker_slot *w = &c->workers[slot];
    size_t most = portion(c, w), from = w->given_count;
    if (from > most - most / 4 && !w->is_hungry) {
        return;
    }
    w->is_hungry = false;
    while (c->next < c->params->plan->count && c->cases[c->next].state != CASE_WAITING) {
        c->next++;
    }
    for (size_t i = c->next; i < c->params->plan->count && w->given_count < most; i++) {
        if (may_give(c, i)) {
            give(c, slot, i);
        }
    }
    send_given(w, from);
}

static void fill_alone(struct coordinator *c, unsigned slot)
{
    struct worker_slot *w = &c->workers[slot];
    for (size_t i = 0; i < c->params->plan->count && w->given_count == 0; i++) {
        if (c->cases[i].state == CASE_WAITING && c->cases[i].is_alone) {
            w->is_alone = true;
            c->alone_waiting--;
            give(c, slot, i);
            send_given(w, 0);
        }
    }
}

static void fill(struct coordinator *c)
{
    for (unsigned s = 0; s < c->worker_count; s++) {
        struct worker_slot *w = &c->workers[s];
        if (w->pid == 0) {
            continue;
        }
        if (w->given_count == 0) {
            w->is_alone = false;
        }
        if (c->alone_waiting != 0 && w->given_count == 0) {
            fill_alone(c, s);
        } else if (!w->is_alone) {
            fill_worker(c, s);
        }
    }
}

/* ---- events ---- */

static void on_frame(struct coordinator *c, unsigned slot, const struct frame *f)
{
    size_t i = f->index;
    struct json *document = NULL;
    struct why why;
    if (f->index == FRAME_HUNGRY) {
        c->workers[slot].is_hungry = true;
    } else if (i >= c->params->plan->count || c->cases[i].state != CASE_GIVEN ||
               c->cases[i].worker != slot) {
        fprintf(stderr, "smtpdx: a worker reports a case that it was not given\n");
    } else if (f->document.n == 0) {
        finish_case(c, i, json_ref(c->passed));
    } else if (json_parse(f->document, &document, &why) == ERR_OK) {
        finish_case(c, i, document);
    } else {
        finish_case(
            c, i,
            judge_error_document(spec_of(c, i), "tool.crashed", why.text, c->params->run->again));
    }
}

static void take_frames(struct coordinator *c, unsigned slot)
{
    struct buf *input = &c->workers[slot].input;
    struct slice rest = buf_slice(input);
    struct frame f;
    while (frame_take(&rest, &f)) {
        on_frame(c, slot, &f);
    }
    buf_drop_front(input, input->n - rest.n);
}

/* What a dead worker leaves behind: see the header. */
static void bury_case(struct coordinator *c, size_t i, int status, bool was_killed, bool was_alone)
{
    struct tracked *t = &c->cases[i];
    bool was_started = has_begun(c, i);
    bool is_real = spec_of(c, i)->endpoint != NULL;
    if (!was_started || (!was_alone && !is_real)) {
        take_back(c, i);
        t->is_alone = was_started;
        c->alone_waiting += was_started ? 1 : 0;
        t->state = CASE_WAITING;
        c->next = i < c->next ? i : c->next;
        return;
    }
    char text[160];
    if (was_killed) {
        snprintf(text, sizeof text, "the case did not end and its worker had to be killed");
    } else if (WIFSIGNALED(status)) {
        snprintf(text, sizeof text, "the worker was ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    } else {
        snprintf(text, sizeof text, "the worker ended with status %d", WEXITSTATUS(status));
    }
    finish_case(c, i,
                judge_error_document(spec_of(c, i), "tool.crashed", text, c->params->run->again));
}

static void bury_worker(struct coordinator *c, unsigned slot)
{
    struct worker_slot *w = &c->workers[slot];
    int status = 0;
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR) {
    }
    close(w->to);
    close(w->from);
    buf_release(&w->input);
    while (w->given_count != 0) {
        bury_case(c, w->given[w->given_count - 1], status, w->was_killed, w->is_alone);
    }
    free(w->given);
    *w = (struct worker_slot){.pid = 0};
}

static void read_worker(struct coordinator *c, unsigned slot)
{
    struct worker_slot *w = &c->workers[slot];
    char block[65536];
    for (;;) {
        ssize_t n = read(w->from, block, sizeof block);
        if (n > 0) {
            w->heard_ms = now_ms();
            buf_add(&w->input, slice_make(block, (size_t)n));
            take_frames(c, slot);
        } else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        } else {
            bury_worker(c, slot);
            return;
        }
    }
}

static bool is_hanging(const struct coordinator *c, size_t i, int64_t now)
{
    int64_t begun = board_begun_ms(c->board, i);
    int64_t limit = c->params->is_simulated ? SIMULATED_HANG_MS
                                            : rerun_limit_us(spec_of(c, i)) / 1000 + HANG_GRACE_MS;
    return begun != 0 && now > begun + limit;
}

static void kill_stuck(struct worker_slot *w)
{
    w->was_killed = true;
    kill(w->pid, SIGKILL);
}

/* A worker that was stopped or is stuck before it began any of its cases. */
static void kill_silent(struct coordinator *c, struct worker_slot *w, bool has_begun_any,
                        int64_t now)
{
    if (w->pid != 0 && w->given_count != 0 && !has_begun_any && !w->was_killed &&
        now > w->heard_ms + SILENT_MS) {
        c->restarts += SILENT_WEIGHT;
        kill_stuck(w);
    }
}

/* Looks at what runs: what began is told, and a worker that is stuck is killed. */
static void look_at_given(struct coordinator *c)
{
    int64_t now = now_ms();
    bool looks_for_hangs = now - c->hang_checked_ms >= HANG_CHECK_MS;
    if (!looks_for_hangs && c->params->on_start == NULL) {
        return;
    }
    c->hang_checked_ms = looks_for_hangs ? now : c->hang_checked_ms;
    for (unsigned s = 0; s < c->worker_count; s++) {
        struct worker_slot *w = &c->workers[s];
        bool has_begun_any = false;
        for (size_t k = 0; k < w->given_count; k++) {
            tell_start(c, w->given[k]);
            has_begun_any |= has_begun(c, w->given[k]);
            if (looks_for_hangs && is_hanging(c, w->given[k], now)) {
                kill_stuck(w);
            }
        }
        kill_silent(c, w, has_begun_any, now);
    }
}

static void poll_workers(struct coordinator *c)
{
    struct pollfd fds[WORKERS_MAX];
    unsigned slots[WORKERS_MAX];
    nfds_t n = 0;
    for (unsigned s = 0; s < c->worker_count; s++) {
        if (c->workers[s].pid != 0) {
            slots[n] = s;
            fds[n++] = (struct pollfd){.fd = c->workers[s].from, .events = POLLIN};
        }
    }
    if (poll(fds, n, POLL_MS) > 0) {
        for (nfds_t i = 0; i < n; i++) {
            if (fds[i].revents != 0) {
                read_worker(c, slots[i]);
            }
        }
    }
}

static enum err revive(struct coordinator *c, struct why *why)
{
    for (unsigned s = 0; s < c->worker_count; s++) {
        if (c->workers[s].pid == 0) {
            if (++c->restarts > c->worker_count + RESTARTS_MAX) {
                return why_set(why, ERR_IO, "the workers die again and again; giving up");
            }
            TRY(start_worker(c, s, why));
        }
    }
    return ERR_OK;
}

static void stop_workers(struct coordinator *c, bool at_once)
{
    for (unsigned s = 0; s < c->worker_count; s++) {
        struct worker_slot *w = &c->workers[s];
        if (w->pid == 0) {
            continue;
        }
        close(w->to);
        close(w->from);
        process_wait_or_kill(w->pid, at_once);
        buf_release(&w->input);
        w->pid = 0;
    }
}

static void forget_given(struct coordinator *c)
{
    for (unsigned s = 0; s < c->worker_count; s++) {
        free(c->workers[s].given);
        c->workers[s].given = NULL;
    }
}

/* An interrupt: what was in flight is an error, what waited stays without result. */
static void abort_cases(struct coordinator *c)
{
    for (size_t i = 0; i < c->params->plan->count; i++) {
        if (c->cases[i].state == CASE_GIVEN && has_begun(c, i)) {
            finish_case(c, i,
                        judge_error_document(spec_of(c, i), "tool.aborted",
                                             "interrupted while it ran", c->params->run->again));
        }
    }
}

static void finish_skipped(struct coordinator *c)
{
    for (size_t i = 0; i < c->params->plan->count; i++) {
        const struct plan_case *p = &c->params->plan->cases[i];
        if (p->skip != NULL) {
            finish_case(c, i, judge_skip_document(p->spec, p->skip));
        }
    }
}

static enum err loop(struct coordinator *c, struct why *why)
{
    while (c->left != 0 && interrupt_number() == 0) {
        TRY(revive(c, why));
        fill(c);
        poll_workers(c);
        look_at_given(c);
    }
    return ERR_OK;
}

static struct json *passed_document(void)
{
    struct json *doc = json_map();
    json_set(doc, "verdict", json_text(verdict_slug(VERDICT_PASS)));
    json_set(doc, "ms", json_int(0));
    return doc;
}

enum err coordinator_run(const struct coordinator_params *params, struct json **results,
                         int *signal_number, struct why *why)
{
    struct board *board;
    *signal_number = 0;
    TRY(board_new(params->plan->count, &board, why));
    struct coordinator *c = mem_zalloc(1, sizeof *c);
    c->params = params;
    c->board = board;
    c->results = results;
    c->passed = passed_document();
    c->cases = mem_zalloc(params->plan->count, sizeof *c->cases);
    c->left = params->plan->count;
    finish_skipped(c);
    c->worker_count = params->jobs < WORKERS_MAX ? params->jobs : WORKERS_MAX;
    c->worker_count = c->left < c->worker_count ? (unsigned)c->left : c->worker_count;
    enum err err = loop(c, why);
    *signal_number = interrupt_number();
    stop_workers(c, err != ERR_OK || *signal_number != 0);
    abort_cases(c);
    forget_given(c);
    json_free(c->passed);
    free(c->cases);
    free(c);
    board_free(board);
    return err;
}
