/* SPDX-License-Identifier: Apache-2.0 */
#include "run/peers.h"

#include "run/child.h"

#include <stdlib.h>
#include <string.h>

enum { END_MS = 1000 };

struct peer {
    const char *const *argv; /* borrowed: of a scenario, or of a file, which outlive the run */
    struct child child;
    bool is_there, is_stranger;
    struct buf printed; /* and not yet taken */
};

struct peers {
    struct peer **list;
    size_t count;
};

struct peers *peers_new(void)
{
    return mem_zalloc(1, sizeof(struct peers));
}

static bool is_same(const char *const *a, const char *const *b)
{
    size_t i = 0;
    while (a[i] != NULL && b[i] != NULL && strcmp(a[i], b[i]) == 0) {
        i++;
    }
    return a[i] == NULL && b[i] == NULL;
}

static struct peer *peer_of(struct peers *p, const char *const *argv)
{
    for (size_t i = 0; i < p->count; i++) {
        if (is_same(p->list[i]->argv, argv)) {
            return p->list[i];
        }
    }
    p->list = mem_realloc(p->list, (p->count + 1) * sizeof *p->list);
    struct peer *made = mem_zalloc(1, sizeof *made);
    made->argv = argv;
    buf_init(&made->printed, BUF_NO_CAP);
    p->list[p->count++] = made;
    return made;
}

/* How it ended by itself; one that goes on is ended. */
static enum err dismiss(struct peer *peer, bool is_ended, struct why *why)
{
    if (!is_ended) {
        child_kill(&peer->child, peer->is_stranger);
    }
    peer->is_there = false;
    buf_reset(&peer->printed);
    const struct command command = {.argv = peer->argv, .is_stranger = peer->is_stranger};
    return child_end(&peer->child, &command, false, why);
}

static enum err fail(struct peer *peer, enum err err, const char *what, struct why *why)
{
    struct why unused;
    (void)!dismiss(peer, false, &unused);
    return why_set(why, err, "%s %s", peer->argv[0], what);
}

static enum err fail_at_end(struct peer *peer, struct why *why)
{
    enum err err = dismiss(peer, true, why);
    return err != ERR_OK ? err
                         : why_set(why, ERR_IO,
                                   "%s ended before its input did: one that is shared has to "
                                   "answer line after line",
                                   peer->argv[0]);
}

/* The first line that is not empty, off what was printed. */
static bool take_line(struct buf *printed, struct buf *out)
{
    struct slice rest = buf_slice(printed), line;
    for (size_t end; (end = slice_find_char(rest, '\n')) != SIZE_MAX;) {
        line = slice_trim(slice_sub(rest, 0, end));
        rest = slice_from(rest, end + 1);
        if (line.n != 0) {
            buf_add(out, line);
            buf_drop_front(printed, printed->n - rest.n);
            return true;
        }
    }
    return false;
}

static enum err start(struct peer *peer, const struct command *command, struct why *why)
{
    TRY(child_start(command, &peer->child, why));
    peer->is_there = true;
    peer->is_stranger = command->is_stranger;
    return ERR_OK;
}

static bool has_text(const struct buf *b)
{
    return slice_trim(buf_slice(b)).n != 0;
}

/* Nobody has asked: it has nothing to say, and no reason to end. */
static enum err check_silence(struct peer *peer, struct why *why)
{
    if (child_has_printed(&peer->child) && !child_read(&peer->child, &peer->printed)) {
        return fail_at_end(peer, why);
    }
    return has_text(&peer->printed)
               ? fail(peer, ERR_IO, "printed a line that nobody had asked for", why)
               : ERR_OK;
}

static enum err answer(struct peer *peer, const struct command *command, struct buf *out,
                       struct why *why)
{
    struct slice input = command->input;
    int64_t until_ms = child_now_ms() + command->timeout_ms;
    while (!take_line(&peer->printed, out)) {
        bool can_write, can_read;
        if (peer->printed.n > out->max) {
            return fail(peer, ERR_LIMIT, "printed a line that is too long, and was stopped", why);
        }
        if (!child_wait(&peer->child, input.n, until_ms, &can_write, &can_read)) {
            return fail(
                peer, ERR_IO,
                "did not answer in time and was stopped: does it read a line at a time, and "
                "flush what it prints?",
                why);
        }
        if (can_write) {
            child_write(&peer->child, &input);
        }
        if (can_read && !child_read(&peer->child, &peer->printed)) {
            return fail_at_end(peer, why);
        }
    }
    return has_text(&peer->printed)
               ? fail(peer, ERR_IO, "printed more than one line for one question", why)
               : ERR_OK;
}

enum err peers_ask(struct peers *p, const struct command *command, struct buf *out, struct why *why)
{
    struct peer *peer = peer_of(p, command->argv);
    TRY(peer->is_there ? check_silence(peer, why) : start(peer, command, why));
    return answer(peer, command, out, why);
}

static void end(struct peer *peer)
{
    struct why unused;
    bool can_write, can_read, is_ended = false;
    int64_t until_ms = child_now_ms() + END_MS;
    child_close_input(&peer->child);
    while (!is_ended && child_wait(&peer->child, 0, until_ms, &can_write, &can_read)) {
        is_ended = can_read && !child_read(&peer->child, &peer->printed);
        buf_reset(&peer->printed);
    }
    (void)!dismiss(peer, is_ended, &unused);
}

void peers_end(struct peers *p)
{
    for (size_t i = 0; p != NULL && i < p->count; i++) {
        if (p->list[i]->is_there) {
            end(p->list[i]);
        }
    }
}

void peers_free(struct peers *p)
{
    if (p == NULL) {
        return;
    }
    peers_end(p);
    for (size_t i = 0; i < p->count; i++) {
        buf_release(&p->list[i]->printed);
        free(p->list[i]);
    }
    free(p->list);
    free(p);
}
