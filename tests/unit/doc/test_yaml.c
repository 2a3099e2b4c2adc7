/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML: what loads, and for what does not the exact place and words. Laws: an error always has a
 * place inside the file; nothing depends on what follows the text in memory (exact-size copies).
 */
#include "doc/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

struct parsed {
    struct arena arena;
    struct doc_errors errors;
    const struct node *root;
    enum err err;
    char *copy;
};

static void parse(struct parsed *p, const char *text, size_t n)
{
    arena_init(&p->arena);
    doc_errors_init(&p->errors, &p->arena);
    p->copy = malloc(n != 0 ? n : 1); /* exact size: an over-read is seen */
    memcpy(p->copy, text, n);
    p->err = doc_parse_yaml("t.yaml", slice_make(p->copy, n), NULL, &p->arena, &p->errors,
                            &p->root);
    free(p->copy);
}

static void release(struct parsed *p)
{
    arena_release(&p->arena);
}

/* A tree in one line: scalars in '', lists in [], maps in {}. */
static void dump(const struct node *n, struct buf *out)
{
    if (n->kind == NODE_SCALAR) {
        buf_addf(out, "'" SLICE_FMT "'", SLICE_ARG(n->text));
        return;
    }
    buf_add_char(out, n->kind == NODE_LIST ? '[' : '{');
    for (size_t i = 0; i < n->count; i++) {
        buf_add_text(out, i != 0 ? "," : "");
        if (n->kind == NODE_MAP) {
            dump(n->keys[i], out);
            buf_add_char(out, ':');
        }
        dump(n->items[i], out);
    }
    buf_add_char(out, n->kind == NODE_LIST ? ']' : '}');
}

/* clang-format off */
static const struct good { const char *name, *text, *tree; } goods[] = {
    { "a mapping",               "a: b\n",                         "{'a':'b'}" },
    { "no look of a type",       "a: 5.10\nb: no\nc: 0x1F\nd: ~\n", "{'a':'5.10','b':'no','c':'0x1F','d':'~'}" },
    { "flow",                    "a: { b: [1, two, \"3\"] }\n",    "{'a':{'b':['1','two','3']}}" },
    { "empty value",             "a:\nb: c\n",                     "{'a':'','b':'c'}" },
    { "dollar in block",         "a: ${x}\n",                      "{'a':'${x}'}" },
    { "dollar quoted in flow",   "a: [\"${x}\", '${y}']\n",        "{'a':['${x}','${y}']}" },
    { "comment with a blank",    "a: b # c\nd: e\t# f\n",          "{'a':'b','d':'e'}" },
    { "comment behind quotes",   "a: 'b' #c\n",                    "{'a':'b'}" },
    { "comment behind flow",     "a: { b: c } #d\n",               "{'a':{'b':'c'}}" },
    { "hash inside a word",      "a: b#c\n",                       "{'a':'b#c'}" },
    { "reply quoted",            "r: \"535 5.7.8 Error: failed\"\n", "{'r':'535 5.7.8 Error: failed'}" },
    { "alias",                   "a: &x [1, 2]\nb: *x\n",          "{'a':['1','2'],'b':['1','2']}" },
    { "block text",              "a: |\n  one\n  two\n",           "{'a':'one\ntwo\n'}" },
    { "CRLF lines",              "a: b\r\nc: d\r\n",               "{'a':'b','c':'d'}" },
    { "byte order mark",         "\xEF\xBB\xBF" "a: b\n",          "{'a':'b'}" },
    { "no final line end",       "a: b",                           "{'a':'b'}" },
    { "key with a colon",        "a:b: c\n",                       "{'a:b':'c'}" },
    { "UTF-8",                   "a: \xC3\xA4\n",                  "{'a':'\xC3\xA4'}" },
    { "document start and end",  "---\na: b\n...\n",               "{'a':'b'}" },
    { "a scalar only",           "hello\n",                        "'hello'" },
    { "star quoted",             "RECV: '*'\n",                    "{'RECV':'*'}" },
};

static const struct bad { const char *name, *text; unsigned line, col; const char *error; } bads[] = {
    { "duplicate key",           "a: 1\nb: 2\na: 3\n", 3, 1, "duplicate key 'a' (first on line 1): keep one of the two" },
    { "duplicate in flow",       "x: {k: 1, 'k': 2}\n", 1, 11, "duplicate key 'k' (first on line 1): keep one of the two" },
    { "cyclic alias",            "a: &x [*x]\n",       1, 8, "the alias '*x' stands inside its own anchor" },
    { "cyclic alias in a map",   "&x a: &y\n  b: *y\n", 2, 6, "the alias '*y' stands inside its own anchor" },
    { "unknown alias",           "a: *b\n",            1, 4, "no anchor '&b' before this alias: a text that begins with * must be quoted" },
    { "star alone",              "a: *\n",             1, 4, "a text that begins with * or & must be quoted (they are YAML's aliases and anchors)" },
    { "anchor on nothing",       "a: &b\n",            1, 4, "an anchor on nothing: a text that begins with & must be quoted" },
    { "tag",                     "a: !!str 1\n",       1, 4, "tags are not allowed ('tag:yaml.org,2002:str'): a text that begins with ! must be quoted" },
    { "exclamation mark",        "a: !important\n",    1, 4, "tags are not allowed ('!important'): a text that begins with ! must be quoted" },
    { "unknown tag handle",      "a: !x!y z\n",        1, 4, "tags are not allowed: a text that begins with ! must be quoted" },
    { "merge key",               "a: &x {b: c}\nd:\n  <<: *x\n", 3, 3, "merge keys do nothing here: use defaults, or write it out" },
    { "cut at a hash",           "reply: 250 OK #1234\n", 1, 15, "YAML takes '#1234' for a comment: quote the whole text, or put a blank behind the # of a comment" },
    { "nothing but a hash",      "reply: #1 of 2\n",   1, 8, "YAML takes '#1 of 2' for a comment: quote the whole text, or put a blank behind the # of a comment" },
    { "cut in flow",             "r: [250, OK #12]\n  ]\n", 1, 13, "YAML takes '#12]' for a comment: quote the whole text, or put a blank behind the # of a comment" },
    { "colon in a reply",        "r: 535 5.7.8 Error: failed\n", 1, 19, "': ' inside an unquoted text: quote the whole text (or, if this is a key, indent it like the keys before it)" },
    { "colon in a flow value",   "r: {a: 535 Error: failed}\n", 1, 17, "a ':' inside an unquoted text: quote the whole text (or the list or mapping around it is not closed)" },
    { "dollar in a flow list",   "r: [${a}, b]\n",     1, 6, "an unquoted ${…} inside [ ] or { } does not parse, its braces belong to the flow: quote it, or use block style" },
    { "dollar in a flow map",    "p: { user: ${user} }\n", 1, 13, "an unquoted ${…} inside [ ] or { } does not parse, its braces belong to the flow: quote it, or use block style" },
    { "double braces",           "h: {{host}}\n",      1, 4, "'{{…}}' is a mapping to YAML, not a template: write \"${…}\", in quotes" },
    { "a list as a key",         "? [a]\n: b\n",       1, 3, "a key must be a text, not a list" },
    { "no blank behind a colon", "r: {code:535}\n",    1, 5, "'code:535' is all key and no value: put a blank behind the ':', or quote the text" },
    { "NUL in a text",           "a: \"a\\x00b\"\n",   1, 4, "this text holds a NUL (\\0 or \\x00); it would end there" },
    { "bad UTF-8",               "a: b\nc: d\xFF\n",   2, 5, "byte 0xFF at offset 9 is not UTF-8; save the file as UTF-8" },
    { "bad UTF-8 behind wide",   "\xC3\xA4: \xE2\x82\n", 1, 4, "byte 0xE2 at offset 4 is not UTF-8; save the file as UTF-8" },
    { "UTF-16",                  "\xFF\xFE" "a",       1, 1, "byte 0xFF at offset 0 is not UTF-8; save the file as UTF-8" },
    { "control character",       "a: \x1b[2J\n",       1, 4, "byte 0x1B at offset 3 is a control character; write it as an escape in a double-quoted text" },
    { "next line character",     "a: b\xC2\x85" "c\n", 1, 5, "byte 0xC2 at offset 4 is a line end that only YAML knows; use LF, or an escape in a double-quoted text" },
    { "CR alone",                "a: b\rc: d\n",       1, 5, "byte 0x0D at offset 4 is a CR without LF; end lines with LF" },
    { "two documents",           "a: b\n---\nc: d\n",  2, 1, "a second document: put it into a file of its own" },
    { "empty",                   "",                   1, 1, "the file is empty" },
    { "only a comment",          "# nothing\n",        1, 1, "the file is empty" },
    { "quote not closed",        "a: \"b\nc: d\n",     1, 4, "the quote that begins here is never closed" },
    { "flow not closed",         "a: [b, c\nd\n",   1, 4, "this list or mapping has no end where one is expected: close it, put a ',' between the items, and quote a text that holds , : # [ ] { or }" },
    { "tab",                     "a:\n\tb: c\n",       2, 1, "a tab cannot indent: use spaces" },
    { "percent",                 "a: %d\n",            1, 4, "a text that begins with % must be quoted" },
    { "at sign",                 "a: @b\n",            1, 4, "a text that begins with @ must be quoted" },
    { "escape",                  "a: \"\\d\"\n",       1, 5, "no such escape in a double-quoted text: use single quotes, or double the backslash" },
    { "indentation",             "a: b\n   c: d\n",    2, 5, "': ' inside an unquoted text: quote the whole text (or, if this is a key, indent it like the keys before it)" },
    { "half a mapping",          "a: b\nc\n",          2, 1, "a key needs a ':' behind it on the same line (and has at most 1024 characters)" },
    { "behind a quote",          "a: 'b' c\n",         1, 8, "does not fit into the mapping around it: check the indentation, and quote a text that goes on after its closing quote" },
    { "list on the key's line",  "a: - b\n",           1, 4, "a list cannot begin on the line of its key: put the '-' on the next line" },
    { "block scalar with text",  "a: > b\n",           1, 6, "nothing but a comment may follow here; a text that begins with | or > must be quoted" },
};
/* clang-format on */

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(goods); i++) {
        struct parsed p;
        parse(&p, goods[i].text, strlen(goods[i].text));
        struct buf got;
        buf_init(&got, 4096);
        if (p.err == ERR_OK) {
            dump(p.root, &got);
        } else {
            doc_errors_print(&p.errors, &got);
        }
        if (strcmp(buf_text(&got), goods[i].tree) != 0) {
            fail_msg("%s: got %s, want %s", goods[i].name, buf_text(&got), goods[i].tree);
        }
        buf_release(&got);
        release(&p);
    }
}

static void test_bad(void **state)
{
    (void)state;
    size_t failed = 0;
    for (size_t i = 0; i < COUNT(bads); i++) {
        const struct bad *b = &bads[i];
        struct parsed p;
        parse(&p, b->text, strlen(b->text));
        const struct doc_error *e = &p.errors.list[0];
        assert_null(p.root);
        if (p.errors.count == 0 || e->line != b->line || e->col != b->col ||
            strcmp(e->text, b->error) != 0) {
            print_error("%s: got %u:%u: %s\n  want %u:%u: %s\n", b->name, e->line, e->col,
                        p.errors.count != 0 ? e->text : "no error", b->line, b->col, b->error);
            failed++;
        }
        release(&p);
    }
    assert_int_equal(failed, 0);
}

/* Law: cut or damaged anywhere, every bad and good text ends in a tree or in errors with a place. */
static void test_every_cut_has_a_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bads) + COUNT(goods); i++) {
        const char *text = i < COUNT(bads) ? bads[i].text : goods[i - COUNT(bads)].text;
        for (size_t n = 0; n <= strlen(text); n++) {
            struct parsed p;
            parse(&p, text, n);
            assert_true((p.root != NULL) == (p.err == ERR_OK));
            assert_true((p.errors.errors == 0) == (p.err == ERR_OK));
            struct buf out;
            buf_init(&out, 100000);
            doc_errors_print(&p.errors, &out);
            buf_release(&out);
            for (size_t k = 0; k < p.errors.count; k++) {
                assert_true(p.errors.list[k].line >= 1 && p.errors.list[k].col >= 1);
            }
            release(&p);
        }
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, BUF_NO_CAP);
    static const struct row {
        const char *name, *open, *middle, *close;
        size_t times;
        const char *error;
    } rows[] = {
        {"64 lists load", "[", "", "]", 64, NULL},
        {"65 lists", "[", "", "]", 65, "nested more than 64 deep"},
        {"100,000 open", "[", "", "", 100000, "nested more than 64 deep"},
        {"100,000 maps", "{a: ", "", "", 100000, "nested more than 64 deep"},
        {"100,000 dashes", "- ", "", "", 100000, "nested more than 64 deep"},
        {"100,000 question marks", "? ", "", "", 100000, "nested more than 64 deep"},
        {"a text of 1 MiB", "aaaaaaaaaaaaaaaa", "", "", 65536, NULL},
        {"a text over 1 MiB", "aaaaaaaaaaaaaaaa", "", "a", 65536,
         "a text of more than 1048576 bytes"},
        {"200,001 nodes", "- a\n", "", "", 200000, "more than 200000 nodes in one file"},
        {"over 4 MiB", "# comment\n", "", "", 500000, "larger than 4194304 bytes"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        buf_reset(&b);
        for (size_t k = 0; k < rows[i].times; k++) {
            buf_add_text(&b, rows[i].open);
        }
        for (size_t k = 0; k < rows[i].times; k++) {
            buf_add_text(&b, rows[i].close);
        }
        if (strcmp(rows[i].close, "a") == 0) {
            buf_truncate(&b, (size_t)1024 * 1024 + 1);
        }
        struct parsed p;
        clock_t before = clock();
        parse(&p, buf_text(&b), b.n);
        double seconds = (double)(clock() - before) / CLOCKS_PER_SEC;
        const char *got = p.errors.count != 0 ? p.errors.list[0].text : "no error";
        if (strcmp(got, rows[i].error != NULL ? rows[i].error : "no error") != 0) {
            fail_msg("%s: got %s", rows[i].name, got);
        }
        if (seconds > 10.0) { /* quadratic work would take far longer; sanitizers are slow too */
            fail_msg("%s: took %.1f s", rows[i].name, seconds);
        }
        release(&p);
    }
    buf_release(&b);
}

static void test_alias_bombs(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, BUF_NO_CAP);
    buf_add_text(&b, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++) {
        buf_addf(&b, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++) {
            buf_addf(&b, "%s*a%d", k != 0 ? "," : "", i - 1);
        }
        buf_add_text(&b, "]\n");
    }
    struct parsed p;
    parse(&p, buf_text(&b), b.n);
    assert_string_equal(p.errors.list[0].text, "aliases expand to more than 100000 nodes");
    release(&p);

    buf_reset(&b); /* each alias deepens the next: the depth limit has to see through them */
    buf_add_text(&b, "a0: &a0 [x]\n");
    for (int i = 1; i < 100; i++) {
        buf_addf(&b, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    }
    parse(&p, buf_text(&b), b.n);
    assert_string_equal(p.errors.list[0].text, "nested more than 64 deep");
    release(&p);
    buf_release(&b);
}

static void test_at_most_twenty(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, BUF_NO_CAP);
    for (int i = 0; i < 30; i++) {
        buf_add_text(&b, "a: 1\n");
    }
    struct parsed p;
    parse(&p, buf_text(&b), b.n);
    assert_int_equal(p.errors.count, DOC_ERRORS_MAX);
    assert_int_equal(p.errors.errors, 29);
    buf_reset(&b);
    doc_errors_print(&p.errors, &b);
    assert_non_null(strstr(buf_text(&b), "\nand 9 more\n"));
    release(&p);
    buf_release(&b);
}

static void test_access(void **state)
{
    (void)state;
    struct parsed p;
    const char *text = "a:\n  b: { c: 'x' }\nl: [1]\n";
    parse(&p, text, strlen(text));
    const struct node *c = node_path(p.root, "a.b.c");
    assert_true(node_is_text(c, "x"));
    assert_int_equal(c->line, 2);
    assert_int_equal(c->col, 11);
    assert_int_equal(c->length, 3);
    assert_false(c->is_plain);
    assert_int_equal(node_key(p.root, "l")->line, 3);
    assert_null(node_path(p.root, "a.x.c"));
    assert_null(node_get(c, "a"));
    assert_int_equal(node_text(p.root).n, 0);
    assert_int_equal(node_get(p.root, "l")->length, 3);
    release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_every_cut_has_a_place),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_alias_bombs),
        cmocka_unit_test(test_at_most_twenty),
        cmocka_unit_test(test_access),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
