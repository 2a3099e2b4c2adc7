/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of words that servers use: every row can be reached, a sentence is read over line ends and repeated codes,
 * and words begin where a word begins.
 */
#include "diagnose/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;
static struct starts phrases;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    phrases_index(&phrases, &arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static enum cause read_at(const char *text, enum stage stage, const char **words)
{
    *words = "";
    return phrase_cause(&phrases, slice_of(text), stage, &arena, words);
}

/* A row whose words hold those of a row above it, at all of its stages, would say nothing, ever. */
static void test_every_row_is_reached(void **state)
{
    static const struct {
        const char *words;
        enum cause cause;
    } rows[] = {
#define PHRASE(words, stages, cause) {words, CAUSE_##cause},
#include "diagnose/phrases.def"
#undef PHRASE
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool is_reached = false;
        for (enum stage stage = STAGE_NONE; stage < STAGE_COUNT && !is_reached; stage++) {
            const char *words;
            enum cause cause = read_at(rows[i].words, stage, &words);
            is_reached = cause == rows[i].cause && strcmp(words, rows[i].words) == 0;
        }
        if (!is_reached) {
            fail_msg("phrases.def: \"%s\" (row %zu) is hidden by a row above it", rows[i].words,
                     i + 1);
        }
    }
}

static void test_layouts(void **state)
{
    static const struct {
        const char *text, *words;
        enum stage stage;
    } rows[] = {
        {"550 5.1.1 no such user here", "no such user", STAGE_RCPT},
        {"550 5.1.1 NO SUCH User here", "no such user", STAGE_RCPT},
        {"550-5.1.1 no such\r\n550 5.1.1 user here", "no such user", STAGE_RCPT},
        {"550-no such\r\n550 user here", "no such user", STAGE_RCPT},
        {"550-no such\n550-5.1.1  user here\n550 bye", "no such user", STAGE_RCPT},
        {"550-5.1.1 no such 550-5.1.1 user here", "no such user", STAGE_RCPT}, /* lines joined */
        {"550 no   such\t user", "no such user", STAGE_RCPT},
        {"550 the domain doesn\xe2\x80\x99t exist", "domain doesn't exist", STAGE_RCPT},
        {"534-5.7.9 2FA is on", "2fa", STAGE_AUTH},
        {"550 piano such user", "", STAGE_RCPT},     /* not at the start of a word */
        {"550 no such 550 user", "", STAGE_RCPT},    /* a number in a sentence is no code */
        {"550 no such\r\n999 user", "", STAGE_RCPT}, /* and neither is this */
        {"550 no such use", "", STAGE_RCPT},
        {"no such user", "", STAGE_GREETING}, /* nobody was named yet */
        {"550 no such user", "no such user", STAGE_NONE},
        {"", "", STAGE_RCPT},
        {"\n\n", "", STAGE_RCPT},
        {"550-", "", STAGE_RCPT},
        {"550 5.1", "", STAGE_RCPT},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *words;
        enum cause cause = read_at(rows[i].text, rows[i].stage, &words);
        if (strcmp(words, rows[i].words) != 0) {
            fail_msg("\"%s\": read as \"%s\", wanted \"%s\"", rows[i].text, words, rows[i].words);
        }
        assert_int_equal(cause == CAUSE_UNKNOWN, rows[i].words[0] == '\0');
    }
}

/* Of two that stand in a text, the upper row counts, wherever it stands. */
static void test_upper_row_counts(void **state)
{
    const char *words;
    (void)state;
    assert_int_equal(read_at("554 <unknown[192.0.2.1]>: Client host rejected: Access denied",
                             STAGE_GREETING, &words),
                     CAUSE_SERVER_ACCESS_DENIED);
    assert_int_equal(read_at("554 Client host rejected: cannot find your hostname", STAGE_GREETING,
                             &words),
                     CAUSE_SEND_IP_BLOCKED);
}

/* What was cut off anywhere is read without a step over its end. */
static void test_cuts(void **state)
{
    static const char text[] = "550-5.1.1 user doesn\xe2\x80\x99t\r\n550-5.1.1 exist 550-5.1.1 x";
    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        char *copy = malloc(n != 0 ? n : 1); /* exactly as long, for ASan */
        const char *words = "";
        assert_non_null(copy);
        memcpy(copy, text, n);
        (void)phrase_cause(&phrases, slice_make(copy, n), STAGE_RCPT, &arena, &words);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_is_reached),
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_upper_row_counts),
        cmocka_unit_test(test_cuts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
