/* SPDX-License-Identifier: Apache-2.0 */
/* What an IMAP server answers: lines however they are cut, LIST, SEARCH, and the plan of a look, in
 * virtual time. */
#include "net/imap_look.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- lines ---- */

/* All lines of a text that comes in pieces of `piece` octets, with '|' behind each; "BAD" at the
 * end. */
static void read_all(const char *text, size_t piece, struct buf *out)
{
    struct imap_reader r;
    struct slice rest = slice_of(text), line;
    imap_reader_init(&r);
    while (rest.n != 0) {
        size_t n = rest.n < piece ? rest.n : piece, used;
        char *copy = malloc(n); /* of its exact size: no octet behind it may be looked at */
        assert_non_null(copy);
        memcpy(copy, rest.p, n);
        struct slice in = slice_make(copy, n);
        enum imap_read read = IMAP_MORE;
        while (in.n != 0 && read != IMAP_BAD) {
            read = imap_read_line(&r, in, &used, &line);
            in = slice_from(in, used);
            if (read == IMAP_LINE) {
                buf_add(out, line);
                buf_add_char(out, '|');
            }
        }
        free(copy);
        rest = slice_from(rest, n);
        if (read == IMAP_BAD) {
            buf_add_text(out, "BAD");
            break;
        }
    }
    imap_reader_release(&r);
}

static void test_lines(void **state)
{
    static const struct {
        const char *text, *lines;
    } rows[] = {
        {"* OK\r\nS001 OK Done\r\n", "* OK|S001 OK Done|"},
        {"* OK\nS001", "* OK|"},
        {"* LIST () \"/\" {4}\r\nJunk\r\n* OK\r\n", "* LIST () \"/\" {4}\r\nJunk|* OK|"},
        {"* LIST () {1}\r\n/ {2}\r\n\r\n\r\n", "* LIST () {1}\r\n/ {2}\r\n\r\n|"},
        {"* X {5}\r\na {9}\r\n* Y\r\n", "* X {5}\r\na {9}|* Y|"},
        {"* X {0}\r\n\r\n", "* X {0}\r\n|"},
        {"* X {a}\r\n* Y {}\r\n* Z }\r\n", "* X {a}|* Y {}|* Z }|"},
        {"* X {99999999}\r\n", "BAD"},
        {"* X {99999999999999999999999}\r\n", "* X {99999999999999999999999}|"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t piece = 1; piece <= strlen(rows[i].text); piece++) {
            struct buf got;
            buf_init(&got, BUF_NO_CAP);
            read_all(rows[i].text, piece, &got);
            if (strcmp(buf_text(&got), rows[i].lines) != 0) {
                fail_msg("%s in pieces of %zu: %s", rows[i].text, piece, buf_text(&got));
            }
            buf_release(&got);
        }
    }
}

static void test_a_line_without_end(void **state)
{
    struct imap_reader r;
    struct slice line;
    size_t used = 0, all = 0;
    enum imap_read read = IMAP_MORE;
    char block[1000];
    (void)state;
    memset(block, 'x', sizeof block);
    imap_reader_init(&r);
    for (unsigned i = 0; i < 100 && read == IMAP_MORE; i++) {
        read = imap_read_line(&r, slice_make(block, sizeof block), &used, &line);
        all += used;
    }
    assert_int_equal(read, IMAP_BAD);
    assert_true(all <= IMAP_LINE_MAX + sizeof block);
    assert_int_equal(imap_read_line(&r, SLICE("\r\n"), &used, &line), IMAP_BAD);
    imap_reader_release(&r);
}

static void test_kinds(void **state)
{
    static const struct {
        const char *line;
        enum imap_kind kind;
        const char *rest;
    } rows[] = {
        {"S001 OK Done", IMAP_OK, "Done"},
        {"S001 ok", IMAP_OK, ""},
        {"S001 NO [LIMIT] Too many", IMAP_NO, "[LIMIT] Too many"},
        {"S001 BAD", IMAP_REFUSED, ""},
        {"S002 OK", IMAP_OTHER, "OK"},
        {"s001 OK", IMAP_OTHER, "OK"},
        {"* BYE Restart", IMAP_BYE, "Restart"},
        {"* OK Still here", IMAP_UNTAGGED, "OK Still here"},
        {"+ idling", IMAP_OTHER, "idling"},
        {"", IMAP_OTHER, ""},
        {"S001 WHAT", IMAP_OTHER, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct slice rest;
        assert_int_equal(imap_kind_of(slice_of(rows[i].line), "S001", &rest), rows[i].kind);
        if (!slice_eq_text(rest, rows[i].rest)) {
            fail_msg("%s: rest '" SLICE_FMT "'", rows[i].line, SLICE_ARG(rest));
        }
    }
    assert_true(slice_eq_text(imap_response_code(SLICE("[AUTHENTICATIONFAILED] No")),
                              "AUTHENTICATIONFAILED"));
    assert_true(slice_eq_text(imap_response_code(SLICE("[WEBALERT https://x] No")), "WEBALERT"));
    assert_int_equal(imap_response_code(SLICE("[] No")).n, 0);
    assert_int_equal(imap_response_code(SLICE("No [ALERT]")).n, 0);
    assert_int_equal(imap_response_code(SLICE("[ALERT")).n, 0);
    assert_true(imap_has_capability(SLICE("* CAPABILITY IMAP4rev1 special-use"), "SPECIAL-USE"));
    assert_false(imap_has_capability(SLICE("* CAPABILITY IMAP4rev1 SPECIAL-USER"), "SPECIAL-USE"));
    assert_false(imap_has_capability(SLICE("* OK SPECIAL-USE"), "SPECIAL-USE"));
}

/* ---- LIST and SEARCH ---- */

static void test_list(void **state)
{
    static const struct {
        const char *line, *name; /* NULL: refused */
        unsigned rank;
    } rows[] = {
        {"* LIST (\\HasNoChildren \\Junk) \"/\" Spamverdacht", "Spamverdacht", 0},
        {"* LIST (\\junk) \"/\" \"[Gmail]/Spam\"", "[Gmail]/Spam", 0},
        {"* LIST (\\Junk \\NonExistent) \"/\" Gone", "Gone", IMAP_JUNK_NEVER},
        {"* LIST (\\Noselect) \"/\" Junk", "Junk", IMAP_JUNK_NEVER},
        {"* LIST () \"/\" Junk", "Junk", 1},
        {"* LIST () \".\" INBOX.spam", "INBOX.spam", 2},
        {"* LIST () \"/\" INBOX.Spam", "INBOX.Spam", IMAP_JUNK_NEVER},
        {"* LIST () NIL \"Junk E-mail\"", "Junk E-mail", 4},
        {"* LIST () NIL a/Junk", "a/Junk", IMAP_JUNK_NEVER},
        {"* LIST () \"\\\\\" \"a\\\\Bulk\"", "a\\Bulk", 6},
        {"* LIST () \"/\" {4}\r\nJunk", "Junk", 1},
        {"* LIST () {1}\r\n/ {6}\r\na/Junk (\"OLDNAME\" (\"x\"))", "a/Junk", 1},
        {"* LIST () \"/\" \"say \\\"hi\\\"\"", "say \"hi\"", IMAP_JUNK_NEVER},
        {"* LIST () \"/\" Archive", "Archive", IMAP_JUNK_NEVER},
        {"* LIST () \"/\" Junkyard", "Junkyard", IMAP_JUNK_NEVER},
        {"* LIST () \"/\" {12}\r\nJunk\r\nDELETE", NULL, 0},
        {"* LIST () \"/\" \"Caf\xc3\xa9\"", NULL, 0},
        {"* LIST () \"/\" {9}\r\nJunk", NULL, 0},
        {"* LIST () \"/\" \"Junk", NULL, 0},
        {"* LIST () \"/\" \"Junk\\", NULL, 0},
        {"* LIST () \"/\" \"\"", NULL, 0},
        {"* LIST () \"/\"", NULL, 0},
        {"* LIST (", NULL, 0},
        {"* LIST", NULL, 0},
        {"* LSUB () \"/\" Junk", NULL, 0},
        {"S001 LIST () \"/\" Junk", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct imap_folder f;
        size_t n = strlen(rows[i].line);
        char *copy = malloc(n);
        assert_non_null(copy);
        memcpy(copy, rows[i].line, n);
        bool is_read = imap_read_list(slice_make(copy, n), &f);
        free(copy);
        if (is_read != (rows[i].name != NULL) ||
            (is_read &&
             (strcmp(f.name, rows[i].name) != 0 || imap_junk_rank(&f) != rows[i].rank))) {
            fail_msg("%s: %d, '%s', rank %u", rows[i].line, is_read, f.name, imap_junk_rank(&f));
        }
    }
}

static void test_search(void **state)
{
    static const struct {
        const char *line;
        bool is_read, has_hit;
    } rows[] = {
        {"* SEARCH 7", true, true},   {"* search 7 9", true, true},
        {"* SEARCH", true, false},    {"* SEARCH ", true, false},
        {"* SEARCH 0", true, false},  {"* SEARCH (MODSEQ 917162500)", true, false},
        {"* SEARCH x", true, false},  {"* SEARCHING 7", false, false},
        {"* 7 EXISTS", false, false}, {"S001 SEARCH 7", false, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool has_hit = false;
        bool is_read = imap_read_search(slice_of(rows[i].line), &has_hit);
        if (is_read != rows[i].is_read || has_hit != rows[i].has_hit) {
            fail_msg("%s: %d %d", rows[i].line, is_read, has_hit);
        }
    }
}

static void test_quote(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, BUF_NO_CAP);
    assert_true(imap_quote(SLICE("a \"b\" \\c"), &out));
    assert_string_equal(buf_text(&out), "\"a \\\"b\\\" \\\\c\"");
    buf_reset(&out);
    assert_false(imap_quote(SLICE("a\r\nb"), &out));
    assert_false(imap_quote(SLICE("a\0b"), &out));
    assert_false(imap_quote(SLICE("a\x7f"), &out));
    assert_false(imap_quote(SLICE("\xe9"), &out));
    assert_int_equal(out.n, 0);
    buf_release(&out);
}

/* ---- the look ---- */

static void test_pauses(void **state)
{
    (void)state;
    assert_int_equal(imap_look_pause_us(0), 500000);
    assert_int_equal(imap_look_pause_us(1), 750000);
    assert_int_equal(imap_look_pause_us(7), 8542968);
    assert_int_equal(imap_look_pause_us(8), 10000000);
    assert_int_equal(imap_look_pause_us(4000000000U), 10000000);
    for (unsigned i = 1; i < 20; i++) {
        assert_true(imap_look_pause_us(i) >= imap_look_pause_us(i - 1));
    }
}

/* A mailbox: what it answers to a command, and when the message comes. */
struct box {
    const char *list; /* lines, each with CRLF */
    const char *caps;
    const char *where; /* the quoted folder it comes to */
    int64_t at_us;     /* when */
    const char *no;    /* the verb that is refused, with how */
    char examined[64];
};

static bool has_verb(struct slice command, const char *verb)
{
    struct slice rest = command, word;
    return slice_take_word(&rest, &word) && slice_take_word(&rest, &word) &&
           slice_eq_text(slice_trim(word), verb);
}

static void feed(struct imap_look *l, const char *text, int64_t now_us)
{
    struct slice rest = slice_of(text), line;
    while (slice_take_until(&rest, '\n', &line)) {
        (void)!imap_look_line(l, slice_trim_end(line, "\r"), now_us);
    }
}

static void answer(struct box *b, struct imap_look *l, int64_t now_us)
{
    struct slice command = slice_trim_end(buf_slice(&l->command), "\r\n");
    char text[2048], end[128];
    snprintf(end, sizeof end, "%s OK Done\n", l->tag_text);
    text[0] = '\0';
    if (has_verb(command, "CAPABILITY")) {
        snprintf(text, sizeof text, "* CAPABILITY IMAP4rev1 %s\n", b->caps);
    } else if (has_verb(command, "LIST")) {
        snprintf(text, sizeof text, "%s", b->list);
    } else if (has_verb(command, "EXAMINE")) {
        struct slice name = slice_from(command, slice_find_char(command, '"'));
        snprintf(b->examined, sizeof b->examined, SLICE_FMT, SLICE_ARG(name));
    } else if (has_verb(command, "SEARCH")) {
        bool is_here = now_us >= b->at_us && strcmp(b->examined, b->where) == 0;
        snprintf(text, sizeof text, "* 3 EXISTS\n* SEARCH%s\n", is_here ? " 3" : "");
    }
    if (b->no != NULL && slice_find(command, slice_of(b->no)) != SIZE_MAX) {
        snprintf(end, sizeof end, "%s NO Not now\n", l->tag_text);
        text[0] = '\0';
    }
    feed(l, text, now_us);
    feed(l, end, now_us);
}

/* Plays it to its end, a command taking 1 ms; the time it took. */
static int64_t play(struct box *b, int64_t end_us, struct imap_look *l)
{
    int64_t now_us = 0;
    assert_int_equal(imap_look_init(l, SLICE("a@b"), end_us, NULL), ERR_OK);
    for (unsigned i = 0; i < 1000; i++) {
        switch (imap_look_next(l, now_us)) {
        case IMAP_ACT_SEND:
            answer(b, l, now_us);
            now_us += 1000;
            break;
        case IMAP_ACT_WAIT:
            assert_true(l->until_us > now_us);
            now_us = l->until_us;
            break;
        case IMAP_ACT_END:
            return now_us;
        }
    }
    fail_msg("no end");
    return 0;
}

static void test_looks(void **state)
{
    static const char list[] =
        "* LIST () \"/\" INBOX\n* LIST () \"/\" Spam\n* LIST (\\Junk) \"/\" Bin\n";
    static const struct {
        struct box box;
        int64_t end_us;
        enum imap_look_state want;
        const char *folder;
        unsigned looks;
    } rows[] = {
        {{.list = list, .caps = "", .where = "\"INBOX\""}, 0, IMAP_LOOK_FOUND, "INBOX", 1},
        {{.list = list, .caps = "", .where = "\"Bin\""}, 0, IMAP_LOOK_FOUND, "Bin", 1},
        {{.list = list, .caps = "", .where = "\"Spam\""}, 0, IMAP_LOOK_NOT_THERE, NULL, 1},
        {{.list = list, .caps = "SPECIAL-USE LIST-EXTENDED", .where = "\"Bin\"", .at_us = 1000000},
         60000000,
         IMAP_LOOK_FOUND,
         "Bin",
         3},
        {{.list = list, .caps = "SPECIAL-USE LIST-EXTENDED", .where = "\"Bin\"", .no = "RETURN"},
         0,
         IMAP_LOOK_FOUND,
         "Bin",
         1},
        {{.list = list, .caps = "", .where = "\"INBOX\"", .no = "LIST"},
         0,
         IMAP_LOOK_FOUND,
         "INBOX",
         1},
        {{.list = list, .caps = "", .where = "\"INBOX\"", .no = "CAPABILITY"},
         0,
         IMAP_LOOK_FOUND,
         "INBOX",
         1},
        {{.list = list,
          .caps = "",
          .where = "\"INBOX\"",
          .no = "EXAMINE \"Bin\"",
          .at_us = 1000000},
         60000000,
         IMAP_LOOK_FOUND,
         "INBOX",
         3},
        {{.list = list, .caps = "", .where = "\"Bin\"", .no = "EXAMINE \"INBOX\""},
         0,
         IMAP_LOOK_REFUSED,
         NULL,
         0},
        {{.list = list, .caps = "", .where = "\"Bin\"", .no = "SEARCH"},
         0,
         IMAP_LOOK_REFUSED,
         NULL,
         0},
        {{.list = "", .caps = "", .where = "", .at_us = 0},
         120000000,
         IMAP_LOOK_NOT_THERE,
         NULL,
         19},
        {{.list = "", .caps = "", .where = "\"INBOX\"", .at_us = 120000000},
         120000000,
         IMAP_LOOK_FOUND,
         "INBOX",
         19},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct imap_look l;
        struct box box = rows[i].box;
        int64_t took_us = play(&box, rows[i].end_us, &l);
        if (l.state != rows[i].want || l.looks != rows[i].looks ||
            (rows[i].folder != NULL && strcmp(l.folders[l.at].name, rows[i].folder) != 0)) {
            fail_msg("row %zu: state %d, %s, %u looks", i, (int)l.state, l.folders[l.at].name,
                     l.looks);
        }
        assert_true(took_us <= rows[i].end_us + 10000);
        assert_true(l.state != IMAP_LOOK_NOT_THERE || took_us >= rows[i].end_us);
        imap_look_release(&l);
    }
}

static void test_bye(void **state)
{
    struct imap_look l;
    (void)state;
    assert_int_equal(imap_look_init(&l, SLICE("a@b"), 1000, NULL), ERR_OK);
    assert_int_equal(imap_look_next(&l, 0), IMAP_ACT_SEND);
    assert_false(imap_look_line(&l, SLICE("* OK Hello"), 0));
    assert_true(imap_look_line(&l, SLICE("* BYE Restart"), 0));
    assert_int_equal(imap_look_next(&l, 0), IMAP_ACT_END);
    assert_int_equal(l.state, IMAP_LOOK_CLOSED);
    assert_string_equal(l.words, "Restart");
    imap_look_release(&l);
}

static void test_message_ids(void **state)
{
    struct imap_look l;
    struct why why;
    (void)state;
    assert_int_equal(imap_look_init(&l, SLICE("a@b\r\nS1 DELETE INBOX"), 0, &why), ERR_INVALID);
    imap_look_release(&l);
    assert_int_equal(imap_look_init(&l, SLICE(""), 0, &why), ERR_INVALID);
    imap_look_release(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),  cmocka_unit_test(test_a_line_without_end),
        cmocka_unit_test(test_kinds),  cmocka_unit_test(test_list),
        cmocka_unit_test(test_search), cmocka_unit_test(test_quote),
        cmocka_unit_test(test_pauses), cmocka_unit_test(test_looks),
        cmocka_unit_test(test_bye),    cmocka_unit_test(test_message_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
