/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See words.h. One pass over the octets, no allocation, nothing but ASCII case is folded.
 *
 * A chunk is what stands between white space. At the start of a line it may be a reply code with
 * '-', ' ' or ':' behind it (RFC 5321 4.2.1; some logs write a colon). Enhanced status codes
 * (RFC 3463) right behind a code belong to it; repeated on every line or in mid-sentence they are
 * dropped. Inside a line a new reply begins where code and enhanced code stand together, or behind
 * "->" and "said:"; the same code once more is that of a further line which a log joined to the one
 * before, and is dropped, too.
 */
#include "diagnose/words.h"

#include "base/text.h"

#include <string.h>

struct reader {
    struct words *out;
    enum words_mode mode;
    bool is_line_start, after_arrow, after_colon;
    bool in_head; /* codes of the segment are being read; no word of it has come yet */
    unsigned depth;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_wide(char c)
{
    return (c & 0x80) != 0;
}

static bool is_word_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_wide(c);
}

static bool is_space(char c)
{
    return (unsigned char)c <= ' ' && c != '\x01';
}

static bool is_utf8(struct slice word)
{
    for (size_t n; word.n != 0; word.p += n, word.n -= n) {
        n = text_utf8_length(word);
        if (n == 0) {
            return false;
        }
    }
    return true;
}

static uint64_t hash_octet(uint64_t h, unsigned octet)
{
    return (h ^ octet) * 0x100000001b3U;
}

/* Octets that are no UTF-8 count as Latin-1, as most logs show them: "\xC7\xEB" in GBK is the "Çë"
 * of a provider file. */
uint64_t words_hash(struct slice word)
{
    uint64_t h = 0xcbf29ce484222325U; /* FNV-1a; collisions of 64 bits are not a concern here */
    bool is_latin1 = word.n != 0 && is_wide(word.p[0]) && !is_utf8(word);
    for (size_t i = 0; i < word.n; i++) {
        uint8_t c = (uint8_t)word.p[i];
        if (is_latin1 && c >= 0x80) {
            h = hash_octet(h, 0xc0U | c >> 6);
            c = 0x80U | (c & 0x3fU);
        }
        h = hash_octet(h, c >= 'A' && c <= 'Z' ? c + 32U : c);
    }
    return h;
}

void filler_init(struct filler *f)
{
    static const char *const words[] = {
        "learn",       "more", "at",   "see",     "please",  "visit", "for",     "go",
        "information", "to",   "info", "details", "contact", "your",  "https",   "administrator",
        "http",        "the",  "help", "article", "on",      "gsmtp", "sending", "limits",
    };
    f->count = COUNT(words);
    for (size_t i = 0; i < COUNT(words); i++) {
        f->list[i] = words_hash(slice_of(words[i]));
    }
}

bool filler_has(const struct filler *f, uint64_t hash)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->list[i] == hash) {
            return true;
        }
    }
    return false;
}

static size_t code_length(struct slice s, unsigned *code)
{
    bool is_code = s.n >= 3 && s.p[0] >= '2' && s.p[0] <= '5' && is_digit(s.p[1]) &&
                   is_digit(s.p[2]) && (s.n == 3 || s.p[3] == '-' || s.p[3] == ':');
    if (!is_code) {
        return 0;
    }
    *code =
        (unsigned)(s.p[0] - '0') * 100 + (unsigned)(s.p[1] - '0') * 10 + (unsigned)(s.p[2] - '0');
    return s.n == 3 ? 3 : 4;
}

static size_t digit_run(struct slice s, size_t at)
{
    size_t n = 0;
    while (at + n < s.n && is_digit(s.p[at + n])) {
        n++;
    }
    return n;
}

/* Length of the code proper; a full stop, colon, comma or range ("4.7.500-699") may follow. */
static size_t enhanced_length(struct slice s)
{
    if (s.n < 5 || (s.p[0] != '2' && s.p[0] != '4' && s.p[0] != '5') || s.p[1] != '.') {
        return 0;
    }
    size_t subject = digit_run(s, 2);
    size_t dot = 2 + subject;
    if (subject == 0 || subject > 3 || dot >= s.n || s.p[dot] != '.') {
        return 0;
    }
    size_t detail = digit_run(s, dot + 1);
    size_t end = dot + 1 + detail;
    bool is_form = detail >= 1 && detail <= 3 &&
                   (end == s.n || memchr(".,:;-", s.p[end], 5) != NULL) &&
                   (end + 1 >= s.n || s.p[end] == '-' || !is_word_char(s.p[end + 1]));
    return is_form ? end : 0;
}

static struct segment *segment_now(struct reader *r)
{
    return &r->out->segments[r->out->segment_count - 1];
}

static void segment_open(struct reader *r, unsigned code)
{
    struct words *w = r->out;
    struct segment *now = segment_now(r);
    bool is_fresh = now->code == 0 && now->enhanced[0] == '\0' && now->first == w->count;
    if (!is_fresh) {
        if (w->segment_count == SEGMENTS_MAX) {
            return;
        }
        now = &w->segments[w->segment_count++];
        *now = (struct segment){.first = w->count};
    }
    now->code = code;
    r->in_head = true;
}

/* True when the chunk was an enhanced code and needs no further reading. */
static bool take_enhanced(struct reader *r, struct slice chunk)
{
    size_t n = enhanced_length(chunk);
    struct segment *now = segment_now(r);
    if (n == 0) {
        return false;
    }
    if (r->in_head && now->enhanced[0] == '\0' && n < ENHANCED_MAX) {
        memcpy(now->enhanced, chunk.p, n);
        now->enhanced[n] = '\0';
        return true;
    }
    return true; /* repeated or quoted in mid-sentence: no word either way */
}

static void add_word(struct reader *r, uint64_t hash, unsigned flags)
{
    struct words *w = r->out;
    if (w->count < WORDS_MAX) {
        w->list[w->count++] = (struct word){hash, (uint8_t)flags, (uint8_t)(w->segment_count - 1)};
    }
    r->in_head = false;
}

static bool is_noise(struct slice chunk)
{
    bool has_mark = false;
    for (size_t i = 0; i < chunk.n && !has_mark; i++) {
        char c = chunk.p[i];
        has_mark = is_digit(c) || c == '@' || c == '=' || c == '\x01' ||
                   (c == '.' && i > 0 && i + 1 < chunk.n && is_word_char(chunk.p[i - 1]) &&
                    is_word_char(chunk.p[i + 1])) ||
                   (c == ':' && i + 2 < chunk.n && chunk.p[i + 1] == '/');
    }
    return has_mark;
}

static void track_brackets(struct reader *r, char c)
{
    if (c == '[' || c == '(') {
        r->depth += r->depth < 100;
    } else if ((c == ']' || c == ')') && r->depth != 0) {
        r->depth--;
    }
}

static void take_words(struct reader *r, struct slice chunk)
{
    bool is_aside = r->depth != 0 || chunk.p[0] == '[' || chunk.p[0] == '(';
    unsigned flags = (is_noise(chunk) ? WORD_NOISE : 0) | (is_aside ? WORD_ASIDE : 0);
    for (size_t at = 0; at < chunk.n;) {
        size_t n = 0;
        while (at + n < chunk.n && is_word_char(chunk.p[at + n]) &&
               is_wide(chunk.p[at + n]) == is_wide(chunk.p[at])) {
            n++; /* a typographic apostrophe does not join what stands around it */
        }
        if (n != 0) {
            add_word(r, words_hash((struct slice){chunk.p + at, n}), flags);
            at += n;
            continue;
        }
        if (chunk.p[at] == '\x01' && r->mode == WORDS_OF_PATTERN) {
            add_word(r, 0, WORD_STAR | WORD_NOISE);
        }
        track_brackets(r, chunk.p[at]);
        at++;
    }
}

static struct slice next_chunk(struct slice rest)
{
    size_t at = 0, n = 0;
    while (at < rest.n && is_space(rest.p[at])) {
        at++;
    }
    while (at + n < rest.n && !is_space(rest.p[at + n])) {
        n++;
    }
    return (struct slice){rest.p + at, n};
}

static struct slice unquoted(struct slice chunk)
{
    while (chunk.n != 0 && memchr("\"'(", chunk.p[0], 3) != NULL) {
        chunk.p++;
        chunk.n--;
    }
    return chunk;
}

/* A code begins a segment at the start of a line, with its enhanced code, behind an arrow, or, as
 * the first code at all, where a program quotes it ("Invalid login: 535 …"). */
static size_t take_code(struct reader *r, struct slice chunk, struct slice rest, bool is_quoted)
{
    unsigned code = 0;
    size_t n = code_length(chunk, &code);
    if (n == 0) {
        return 0;
    }
    struct slice behind = n < chunk.n ? (struct slice){chunk.p + n, chunk.n - n} : next_chunk(rest);
    bool is_first = (is_quoted || r->after_colon) && segment_now(r)->code == 0 && code >= 400;
    bool is_reply = r->is_line_start || r->after_arrow || is_first || enhanced_length(behind) != 0;
    if (!is_reply) {
        return segment_now(r)->code == code ? n
                                            : 0; /* of a further line, joined to the one before */
    }
    if (segment_now(r)->code != code || (!r->is_line_start && !r->in_head)) {
        segment_open(r, code);
    }
    return n;
}

static void take_chunk(struct reader *r, struct slice chunk, struct slice rest)
{
    static const char said[] = "said:", arrow[] = "->";
    struct slice bare = unquoted(chunk);
    size_t used = take_code(r, bare, rest, bare.n != chunk.n);
    bool is_arrow = (chunk.n == 2 && memcmp(chunk.p, arrow, 2) == 0) ||
                    (chunk.n == 5 && memcmp(chunk.p, said, 5) == 0);
    if (used != 0) {
        bare.p += used;
        bare.n -= used;
    } else {
        bare = chunk;
    }
    if (bare.n != 0 && !take_enhanced(r, bare)) {
        take_words(r, bare);
    }
    r->after_arrow = is_arrow;
    r->after_colon = chunk.p[chunk.n - 1] == ':';
}

void words_read(struct slice text, enum words_mode mode, struct words *out)
{
    struct reader r = {.out = out, .mode = mode, .is_line_start = true, .in_head = true};
    out->count = 0;
    out->segment_count = 1;
    out->segments[0] = (struct segment){.first = 0};
    for (size_t at = 0; at < text.n;) {
        char c = text.p[at];
        if (is_space(c)) {
            r.is_line_start = r.is_line_start || c == '\n' || c == '\r';
            r.depth = c == '\n' || c == '\r' ? 0 : r.depth;
            at++;
            continue;
        }
        struct slice chunk = next_chunk((struct slice){text.p + at, text.n - at});
        struct slice rest = {chunk.p + chunk.n, text.n - at - chunk.n};
        take_chunk(&r, chunk, rest);
        r.is_line_start = false;
        at += chunk.n;
    }
}
