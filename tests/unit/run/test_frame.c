/* SPDX-License-Identifier: Apache-2.0 */
/* Frames from worker to parent, however the pipe cuts them; and what the board keeps over a death.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "run/board.h"
#include "run/frame.h"

static const struct frame frames[] = {
    {7, {"{\"verdict\":\"fail\"}", 18}},
    {0, {NULL, 0}},
    {FRAME_HUNGRY, {NULL, 0}},
    {4000000000u, {"{}", 2}},
};

static void test_frames(void **state)
{
    (void)state;
    struct buf all;
    buf_init(&all, BUF_NO_CAP);
    for (size_t i = 0; i < COUNT(frames); i++) {
        frame_add(&all, &frames[i]);
    }
    for (size_t cut = 0; cut <= all.n; cut++) {
        struct buf pipe;
        size_t seen = 0, at = 0;
        buf_init(&pipe, BUF_NO_CAP);
        while (at < all.n) { /* first the octets up to the cut, then one at a time */
            size_t n = at < cut ? cut : 1;
            buf_add(&pipe, slice_sub(buf_slice(&all), at, n));
            at += n;
            char *copy = malloc(pipe.n); /* exact size, for ASan */
            memcpy(copy, pipe.p, pipe.n);
            struct slice rest = slice_make(copy, pipe.n);
            struct frame f;
            while (frame_take(&rest, &f)) {
                assert_true(seen < COUNT(frames));
                assert_int_equal(f.index, frames[seen].index);
                assert_true(slice_eq(f.document, frames[seen].document));
                seen++;
            }
            buf_drop_front(&pipe, pipe.n - rest.n);
            free(copy);
        }
        assert_int_equal(seen, COUNT(frames));
        assert_int_equal(pipe.n, 0);
        buf_release(&pipe);
    }
    buf_release(&all);
}

/* A process that dies without a word has still said what it had begun. */
static void test_board(void **state)
{
    (void)state;
    struct board *b = NULL;
    struct why why;
    assert_int_equal(board_new(3, &b, &why), ERR_OK);
    pid_t pid = fork();
    if (pid == 0) {
        board_begin(b, 1);
        _exit(0);
    }
    assert_true(waitpid(pid, NULL, 0) == pid);
    assert_true(board_begun_ms(b, 0) == 0);
    assert_true(board_begun_ms(b, 1) > 0);
    assert_true(board_begun_ms(b, 2) == 0);
    board_clear(b, 1);
    assert_true(board_begun_ms(b, 1) == 0);
    board_free(b);
    board_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_frames), cmocka_unit_test(test_board)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
