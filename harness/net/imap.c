/* SPDX-License-Identifier: Apache-2.0 */
/* See imap.h. */
#include "net/imap.h"

#include <string.h>

/* ---- lines ---- */

void imap_reader_init(struct imap_reader *r)
{
    *r = (struct imap_reader){.literal = 0};
    buf_init(&r->line, IMAP_LINE_MAX);
}

void imap_reader_release(struct imap_reader *r)
{
    buf_release(&r->line);
}

/* One line end: what stands before it may be a literal that ends in others. */
static struct slice without_end(struct slice line)
{
    size_t n = line.n != 0 && line.p[line.n - 1] == '\n' ? line.n - 1 : line.n;
    return slice_sub(line, 0, n != 0 && line.p[n - 1] == '\r' ? n - 1 : n);
}

/* "{310}" at the end of a line: so many octets follow it (RFC 9051 4.3). False: there is none. */
static bool literal_of(struct slice line, uint64_t *out)
{
    struct slice text = without_end(line);
    size_t at = text.n;
    if (text.n < 3 || text.p[text.n - 1] != '}') {
        return false;
    }
    while (at > 0 && text.p[at - 1] != '{') {
        at--;
    }
    return at > 0 && slice_to_u64(slice_sub(text, at, text.n - 1 - at), out);
}

/* At the end of a line: is it the whole of it? */
static bool ends_here(struct imap_reader *r)
{
    uint64_t size = 0;
    if (!literal_of(slice_from(buf_slice(&r->line), r->from), &size)) {
        return true;
    }
    r->is_bad = size > IMAP_LINE_MAX - r->line.n;
    r->literal = r->is_bad ? 0 : (size_t)size;
    r->from = r->line.n + r->literal;
    return false;
}

enum imap_read imap_read_line(struct imap_reader *r, struct slice in, size_t *used,
                              struct slice *out)
{
    *used = 0;
    if (r->is_done) {
        buf_reset(&r->line);
        r->is_done = false;
        r->from = 0;
    }
    while (!r->is_bad && *used < in.n) {
        char c = in.p[(*used)++];
        buf_add_char(&r->line, c);
        r->is_bad = r->line.is_full;
        if (r->literal != 0) {
            r->literal--;
        } else if (c == '\n' && !r->is_bad && ends_here(r)) {
            r->is_done = true;
            *out = without_end(buf_slice(&r->line));
            return IMAP_LINE;
        }
    }
    return r->is_bad ? IMAP_BAD : IMAP_MORE;
}

/* ---- words ---- */

/* A word up to a blank. */
static struct slice take_word(struct slice *rest)
{
    struct slice word = {NULL, 0};
    (void)!slice_take_word(rest, &word);
    *rest = slice_trim(*rest);
    return word;
}

enum imap_kind imap_kind_of(struct slice line, const char *tag, struct slice *rest)
{
    static const struct {
        const char *word;
        enum imap_kind kind;
    } words[] = {{"OK", IMAP_OK}, {"NO", IMAP_NO}, {"BAD", IMAP_REFUSED}};
    *rest = line;
    struct slice first = take_word(rest);
    bool is_ours = slice_eq_text(first, tag), is_untagged = slice_eq_text(first, "*");
    if (!is_ours) {
        struct slice behind = *rest;
        bool is_bye = is_untagged && slice_eq_nocase_text(take_word(&behind), "BYE");
        *rest = is_bye ? behind : *rest;
        return is_bye ? IMAP_BYE : is_untagged ? IMAP_UNTAGGED : IMAP_OTHER;
    }
    struct slice word = take_word(rest);
    for (size_t i = 0; i < COUNT(words); i++) {
        if (slice_eq_nocase_text(word, words[i].word)) {
            return words[i].kind;
        }
    }
    return IMAP_OTHER;
}

struct slice imap_response_code(struct slice rest)
{
    struct slice text = slice_trim(rest), word;
    size_t end = slice_find_char(text, ']');
    if (text.n == 0 || text.p[0] != '[' || end == SIZE_MAX) {
        return slice_make(NULL, 0);
    }
    text = slice_sub(text, 1, end - 1);
    return slice_take_word(&text, &word) ? word : slice_make(NULL, 0);
}

/* "* WORD …": what follows it. */
static bool is_answer(struct slice line, const char *name, struct slice *rest)
{
    *rest = line;
    return slice_eq_text(take_word(rest), "*") && slice_eq_nocase_text(take_word(rest), name);
}

bool imap_has_capability(struct slice line, const char *name)
{
    struct slice rest, word;
    if (!is_answer(line, "CAPABILITY", &rest)) {
        return false;
    }
    while (slice_take_word(&rest, &word)) {
        if (slice_eq_nocase_text(word, name)) {
            return true;
        }
    }
    return false;
}

bool imap_read_search(struct slice line, bool *has_hit)
{
    struct slice rest;
    uint64_t number = 0;
    if (!is_answer(line, "SEARCH", &rest)) {
        return false;
    }
    /* CONDSTORE appends "(MODSEQ …)"; a number is a message (RFC 7162 3.1.5) */
    *has_hit = slice_to_u64(take_word(&rest), &number) && number != 0;
    return true;
}

/* ---- names ---- */

static bool take_quoted(struct slice *rest, struct buf *out)
{
    size_t i = 1;
    while (i < rest->n && rest->p[i] != '"') {
        i += rest->p[i] == '\\';
        if (i < rest->n) {
            buf_add_char(out, rest->p[i++]);
        }
    }
    bool is_closed = i < rest->n;
    *rest = slice_from(*rest, i + 1);
    return is_closed;
}

static bool take_literal(struct slice *rest, struct buf *out)
{
    uint64_t size = 0;
    size_t end = slice_find_char(*rest, '\n');
    if (end == SIZE_MAX || !literal_of(slice_sub(*rest, 0, end), &size) ||
        size > rest->n - end - 1) {
        return false;
    }
    buf_add(out, slice_sub(*rest, end + 1, (size_t)size));
    *rest = slice_from(*rest, end + 1 + (size_t)size);
    return true;
}

/* RFC 9051 9, astring: in quotes, as a literal, or as it is. */
static bool take_string(struct slice *rest, struct buf *out)
{
    *rest = slice_trim(*rest);
    if (rest->n != 0 && rest->p[0] == '"') {
        return take_quoted(rest, out);
    }
    if (rest->n != 0 && rest->p[0] == '{') {
        return take_literal(rest, out);
    }
    struct slice word = take_word(rest);
    buf_add(out, word);
    return word.n != 0;
}

static bool has_attribute(struct slice attributes, const char *name)
{
    struct slice word;
    while (slice_take_word(&attributes, &word)) {
        if (slice_eq_nocase_text(word, name)) {
            return true;
        }
    }
    return false;
}

static bool take_name(struct slice *rest, struct imap_folder *out)
{
    struct buf name, quoted;
    buf_init(&name, IMAP_NAME_MAX - 1);
    buf_init(&quoted, BUF_NO_CAP);
    bool is_good = take_string(rest, &name) && name.n != 0 && !name.is_full &&
                   imap_quote(buf_slice(&name), &quoted);
    memcpy(out->name, buf_text(&name), is_good ? name.n + 1 : 1);
    if (!is_good) {
        out->name[0] = '\0';
    }
    buf_release(&name);
    buf_release(&quoted);
    return is_good;
}

bool imap_read_list(struct slice line, struct imap_folder *out)
{
    struct slice rest;
    struct buf delimiter;
    *out = (struct imap_folder){.delimiter = '\0'};
    if (!is_answer(line, "LIST", &rest) || rest.n == 0 || rest.p[0] != '(') {
        return false;
    }
    size_t end = slice_find_char(rest, ')');
    struct slice attributes = slice_sub(rest, 1, end == SIZE_MAX ? 0 : end - 1);
    rest = slice_from(rest, end == SIZE_MAX ? rest.n : end + 1);
    buf_init(&delimiter, 8);
    bool is_good = take_string(&rest, &delimiter);
    bool is_nil = slice_eq_nocase_text(buf_slice(&delimiter), "NIL");
    out->delimiter = !is_nil && delimiter.n == 1 ? delimiter.p[0] : '\0';
    buf_release(&delimiter);
    out->is_junk = has_attribute(attributes, "\\Junk");
    out->may_be_read =
        !has_attribute(attributes, "\\Noselect") && !has_attribute(attributes, "\\NonExistent");
    return is_good && take_name(&rest, out);
}

unsigned imap_junk_rank(const struct imap_folder *folder)
{
    static const char *const usual[] = {"Junk",        "Spam", "Junk Email", "Junk E-mail",
                                        "Junk E-Mail", "Bulk", "Bulk Mail"};
    struct slice name = slice_of(folder->name);
    if (!folder->may_be_read) {
        return IMAP_JUNK_NEVER;
    }
    if (folder->is_junk) {
        return 0;
    }
    for (size_t at = name.n; folder->delimiter != '\0' && at > 0; at--) {
        if (name.p[at - 1] == folder->delimiter) {
            name = slice_from(name, at);
            break;
        }
    }
    for (size_t i = 0; i < COUNT(usual); i++) {
        if (slice_eq_nocase_text(name, usual[i])) {
            return (unsigned)i + 1;
        }
    }
    return IMAP_JUNK_NEVER;
}

bool imap_quote(struct slice text, struct buf *out)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c < ' ' || c >= 0x7f) {
            return false;
        }
    }
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"' || text.p[i] == '\\') {
            buf_add_char(out, '\\');
        }
        buf_add_char(out, text.p[i]);
    }
    buf_add_char(out, '"');
    return true;
}
