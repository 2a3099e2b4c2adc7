/* SPDX-License-Identifier: Apache-2.0 */
/* One 64-bit word per case, written by the worker that has it and read by the parent. */
#include "run/board.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

struct board {
    _Atomic int64_t *begun_ms; /* shared */
    size_t bytes;
};

enum err board_new(size_t cases, struct board **out, struct why *why)
{
    size_t bytes = (cases != 0 ? cases : 1) * sizeof(_Atomic int64_t);
    void *shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        *out = NULL;
        return why_set(why, ERR_IO, "no memory to share with the workers: %s", strerror(errno));
    }
    struct board *b = mem_zalloc(1, sizeof *b);
    *b = (struct board){.begun_ms = shared, .bytes = bytes};
    *out = b;
    return ERR_OK;
}

void board_free(struct board *b)
{
    if (b != NULL) {
        munmap(b->begun_ms, b->bytes);
        free(b);
    }
}

void board_begin(struct board *b, size_t i)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t now_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
    atomic_store_explicit(&b->begun_ms[i], now_ms != 0 ? now_ms : 1, memory_order_release);
}

int64_t board_begun_ms(const struct board *b, size_t i)
{
    return atomic_load_explicit(&b->begun_ms[i], memory_order_acquire);
}

void board_clear(struct board *b, size_t i)
{
    atomic_store_explicit(&b->begun_ms[i], 0, memory_order_release);
}
