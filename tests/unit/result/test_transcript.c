/* SPDX-License-Identifier: Apache-2.0 */
/* Lines out of octets: the same at every cut, and no SASL payload in any of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "result/transcript.h"

static const struct {
    const char *name;
    const char *talk; /* lines of "C:" or "S:" and the octets, each ended by '|' (no CRLF added) */
    const char *want;
} rows[] = {
    {"plain lines", "S:220 hi\r\n|C:EHLO x\r\n|", "S 220 hi\nC EHLO x\n"},
    {"initial response is masked", "C:AUTH PLAIN c2VjcmV0\r\n|", "C AUTH PLAIN ***\n"},
    {"lower case too", "C:auth plain c2VjcmV0\r\n|", "C auth plain ***\n"},
    {"AUTH alone is shown", "C:AUTH LOGIN\r\n|S:334 VXNlcm5hbWU6\r\n|C:c2VjcmV0\r\n|",
     "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC ***\n"},
    {"every response of a dialogue is masked",
     "C:AUTH LOGIN\r\n|S:334 \r\n|C:c2VjcmV0\r\n|S:334 \r\n|C:c2VjcmV0\r\n|S:235 "
     "ok\r\n|C:QUIT\r\n|",
     "C AUTH LOGIN\nS 334 \nC ***\nS 334 \nC ***\nS 235 ok\nC QUIT\n"},
    {"responses that do not wait for the server are masked too",
     "S:250 hi\r\n|C:AUTH LOGIN\r\nc2VjcmV0\r\nc2VjcmV0\r\n|S:250 late\r\n334 \r\n|C:c2VjcmV0\r\n|S:"
     "535 no\r\n|C:QUIT\r\n|",
     "S 250 hi\nC AUTH LOGIN\nC ***\nC ***\nS 250 late\nS 334 \nC ***\nS 535 no\nC QUIT\n"},
    {"cancel and empty are shown", "S:334 x\r\n|C:*\r\n|S:334 x\r\n|C:\r\n|",
     "S 334 x\nC *\nS 334 x\nC \n"},
    {"a message is counted, not shown",
     "S:354 go\r\n|C:Subject: c2VjcmV0\r\n\r\nbody\r\n.\r\n|S:250 ok\r\n|C:QUIT\r\n|",
     "S 354 go\nC (message, 27 octets)\nC .\nS 250 ok\nC QUIT\n"},
    {"an unfinished client line is not shown", "C:AUTH PLAIN c2Vjcm|", "C (a line without end)\n"},
    {"an unfinished server line is", "S:250 al|", "S 250 al… (no line end)\n"},
};

/* Plays a row in pieces of at most `piece` octets. */
static char *play(const char *talk, size_t piece)
{
    struct arena arena;
    struct transcript t;
    struct buf out;
    arena_init(&arena);
    transcript_init(&t, &arena);
    buf_init(&out, 4096);
    while (*talk != '\0') {
        enum transcript_who who = *talk == 'C' ? TRANSCRIPT_CLIENT : TRANSCRIPT_SERVER;
        const char *end = strchr(talk, '|');
        struct slice rest = slice_make(talk + 2, (size_t)(end - talk) - 2);
        while (rest.n != 0) {
            transcript_octets(&t, who, true, 0, slice_sub(rest, 0, piece));
            rest = slice_from(rest, piece);
        }
        talk = end + 1;
    }
    transcript_finish(&t, 0);
    for (size_t i = 0; i < t.count; i++) {
        buf_addf(&out, "%c " SLICE_FMT "\n", t.lines[i].who == TRANSCRIPT_CLIENT ? 'C' : 'S',
                 SLICE_ARG(t.lines[i].text));
    }
    transcript_release(&t);
    arena_release(&arena);
    return buf_take(&out);
}

static void test_rows_at_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t piece = 1; piece < 64; piece++) {
            char *got = play(rows[i].talk, piece);
            if (strcmp(got, rows[i].want) != 0) {
                fail_msg("%s, pieces of %zu: got\n%swant\n%s", rows[i].name, piece, got,
                         rows[i].want);
            }
            assert_null(strstr(got, "c2Vjcm"));
            free(got);
        }
    }
}

static void test_long_lines_and_many_lines_are_bounded(void **state)
{
    (void)state;
    struct arena arena;
    struct transcript t;
    arena_init(&arena);
    transcript_init(&t, &arena);
    for (int i = 0; i < 100000; i++) {
        transcript_octets(&t, TRANSCRIPT_SERVER, false, i, SLICE("250-more and more of the same "));
        if (i % 50 == 49) {
            transcript_octets(&t, TRANSCRIPT_SERVER, false, i, SLICE("\r\n"));
        }
    }
    assert_int_equal(t.count, TRANSCRIPT_LINES_MAX);
    assert_int_equal(t.dropped, 100000 / 50 - TRANSCRIPT_LINES_MAX);
    for (size_t i = 0; i < t.count; i++) {
        assert_true(t.lines[i].text.n < TRANSCRIPT_LINE_MAX + 64);
    }
    transcript_release(&t);
    arena_release(&arena);
}

/* Lines that are not kept cost no memory, however long they are. */
static void test_a_flood_fills_no_memory(void **state)
{
    (void)state;
    struct arena arena;
    struct transcript t;
    static char line[2000];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    arena_init(&arena);
    transcript_init(&t, &arena);
    for (int i = 0; i < TRANSCRIPT_LINES_MAX; i++) {
        transcript_octets(&t, TRANSCRIPT_SERVER, false, i, slice_make(line, sizeof line));
    }
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 50000; i++) {
        transcript_octets(&t, TRANSCRIPT_SERVER, false, i, slice_make(line, sizeof line));
    }
    assert_in_range(mallinfo2().uordblks - before, 0, 100000);
    assert_int_equal(t.dropped, 50000);
    transcript_release(&t);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_at_every_cut),
        cmocka_unit_test(test_long_lines_and_many_lines_are_bounded),
        cmocka_unit_test(test_a_flood_fills_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
