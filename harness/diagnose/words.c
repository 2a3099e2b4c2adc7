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

#include <endian.h>
#include <string.h>

struct reader {
    struct words *out;
    const char *base; /* of the text */
    enum words_mode mode;
    bool is_line_start, after_arrow, after_colon;
    bool goes_on; /* the last code stood before a hyphen (RFC 5321 4.2.1) */
    bool in_head; /* codes of the segment are being read; no word of it has come yet */
    unsigned depth;
};

/* What an octet is; one look in the table in place of several comparisons. */
enum {
    SPACE = 1,
    DIGIT = 2,
    LETTER = 4,
    WIDE = 8,   /* not ASCII */
    MARK = 16,  /* what it stands in varies from one connection to the next */
    POINT = 32, /* so it does where it joins two words, or begins "://" */
    BRACKET = 64,
    QUOTE = 128, /* may stand before a code */
    OF_WORD = DIGIT | LETTER | WIDE,
};

/* clang-format off */
#define X8(c)  c, c, c, c, c, c, c, c
#define X16(c) X8(c), X8(c)
#define X26(c) X16(c), X8(c), c, c
static const uint8_t classes[256] = {
    SPACE, MARK /* a star */, SPACE, SPACE, SPACE, SPACE, SPACE, SPACE, X8(SPACE), X16(SPACE),
    SPACE, 0, QUOTE /* " */, 0, 0, 0, 0, QUOTE /* ' */, BRACKET | QUOTE /* ( */, BRACKET, 0, 0, 0, 0, POINT /* . */, 0,
    X8(DIGIT), DIGIT, DIGIT, POINT /* : */, 0, 0, MARK /* = */, 0, 0,
    MARK /* @ */, X26(LETTER), BRACKET, 0, BRACKET, 0, 0,
    0, X26(LETTER), 0, 0, 0, 0, 0,
    X16(WIDE), X16(WIDE), X16(WIDE), X16(WIDE), X16(WIDE), X16(WIDE), X16(WIDE), X16(WIDE),
};
/* clang-format on */

static unsigned class_of(char c)
{
    return classes[(unsigned char)c];
}

static bool is_digit(char c)
{
    return (class_of(c) & DIGIT) != 0;
}

static bool is_word_char(char c)
{
    return (class_of(c) & OF_WORD) != 0;
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

/* Collisions of 64 bits are not a concern here. */
static uint64_t mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * 0x9e3779b97f4a7c15U;
    return h ^ h >> 32;
}

/* Octets that are no UTF-8 count as Latin-1, as most logs show them: "\xC7\xEB" in GBK is the "Çë"
 * of a provider file. */
static uint64_t hash_wide(struct slice word)
{
    uint64_t h = 1; /* not the length: the same word has more octets in UTF-8 */
    bool is_latin1 = !is_utf8(word);
    for (size_t i = 0; i < word.n; i++) {
        uint8_t c = (uint8_t)word.p[i];
        h = is_latin1 ? mix(mix(h, 0xc0U | c >> 6), 0x80U | (c & 0x3fU)) : mix(h, c);
    }
    return h;
}

#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/* Eight octets, the first lowest; what lies beyond the end is NUL. */
static uint64_t load8(const char *p, const char *end)
{
    uint64_t x = 0;
    if (end - p >= 8) {
        memcpy(&x, p, 8);
        return le64toh(x);
    }
    for (unsigned i = 0; p + i != end; i++) {
        x |= (uint64_t)(uint8_t)p[i] << 8 * i;
    }
    return x;
}

/* The top bit of every octet that lies in [first, last]; ASCII only. */
static uint64_t within(uint64_t x, unsigned first, unsigned last)
{
    uint64_t low = x & EACH(0x7f);
    return (low + EACH(0x80 - first)) & ~(low + EACH(0x7f - last)) & ~x & EACH(0x80);
}

/* The end and the hash of the word of letters and digits at p, eight octets at a time. 'A' counts
 * as 'a': the bit that tells them apart is set, which every digit has set. */
static const char *read_word(const char *p, const char *end, uint64_t *hash, unsigned *kinds)
{
    uint64_t h = 0;
    for (;; p += 8) {
        uint64_t x = load8(p, end), folded = x | EACH(0x20);
        uint64_t digits = within(x, '0', '9');
        uint64_t others = ~(digits | within(folded, 'a', 'z')) & EACH(0x80);
        if (others != 0) {
            unsigned bits = (unsigned)__builtin_ctzll(others) & ~7U;
            uint64_t ours = ((uint64_t)1 << bits) - 1;
            *hash = mix(h, folded & ours);
            *kinds |= (digits & ours) != 0 ? DIGIT : 0;
            return p + bits / 8;
        }
        h = mix(h, folded);
        *kinds |= digits != 0 ? DIGIT : 0;
    }
}

/* The same for a word of none of them: octets that are not ASCII. */
static const char *read_wide(const char *p, const char *end, uint64_t *hash)
{
    const char *start = p;
    while (p != end && (class_of(*p) & WIDE) != 0) {
        p++;
    }
    *hash = hash_wide((struct slice){start, (size_t)(p - start)});
    return p;
}

void filler_init(struct filler *f)
{
    static const char *const words[] = {
        "learn",       "more", "at",   "see",     "please",  "visit", "for",     "go",
        "information", "to",   "info", "details", "contact", "your",  "https",   "administrator",
        "http",        "the",  "help", "article", "on",      "gsmtp", "sending", "limits",
    };
    _Static_assert(COUNT(words) < FILLER_SLOTS / 2, "a search ends at a free slot");
    *f = (struct filler){.slots = {0}};
    for (size_t i = 0; i < COUNT(words); i++) {
        struct slice word = slice_of(words[i]);
        uint64_t hash;
        unsigned kinds = 0;
        must(read_word(word.p, word.p + word.n, &hash, &kinds) == word.p + word.n);
        size_t at = (size_t)(hash % FILLER_SLOTS);
        while (f->slots[at] != 0) {
            at = (at + 1) % FILLER_SLOTS;
        }
        f->slots[at] = hash;
    }
}

bool filler_has(const struct filler *f, uint64_t hash)
{
    size_t at = (size_t)(hash % FILLER_SLOTS);
    while (f->slots[at] != 0 && f->slots[at] != hash) {
        at = (at + 1) % FILLER_SLOTS;
    }
    return f->slots[at] == hash;
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

static void segment_open(struct reader *r, unsigned code, const char *place)
{
    struct words *w = r->out;
    struct segment *now = segment_now(r);
    bool is_fresh = now->code == 0 && now->enhanced[0] == '\0' && now->first == w->count;
    if (!is_fresh) {
        if (w->segment_count == SEGMENTS_MAX) {
            return;
        }
        now = &w->segments[w->segment_count++];
        *now = (struct segment){.first = w->count, .at = (size_t)(place - r->base)};
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

/* Host, id, time, address or link; `all` is what its octets are. */
static bool is_noise(struct slice chunk, unsigned all)
{
    bool has_mark = (all & (DIGIT | MARK)) != 0;
    for (size_t i = 0; (all & POINT) != 0 && i < chunk.n && !has_mark; i++) {
        char c = chunk.p[i];
        has_mark = (c == '.' && i > 0 && i + 1 < chunk.n && is_word_char(chunk.p[i - 1]) &&
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

/* The words of a chunk, which goes on to the next white space. Gives its length. */
static size_t take_words(struct reader *r, struct slice text)
{
    const char *p = text.p, *end = p + text.n;
    size_t first = r->out->count;
    bool is_aside = r->depth != 0 || text.p[0] == '[' || text.p[0] == '(';
    unsigned all = 0;
    while (p != end) {
        unsigned kind = class_of(*p);
        if ((kind & OF_WORD) != 0) { /* a typographic apostrophe does not join what is around it */
            uint64_t hash;
            p = (kind & WIDE) != 0 ? read_wide(p, end, &hash) : read_word(p, end, &hash, &all);
            add_word(r, hash, 0);
            continue;
        }
        if ((kind & SPACE) != 0) {
            break;
        }
        if (*p == '\x01' && r->mode == WORDS_OF_PATTERN) {
            add_word(r, 0, WORD_STAR | WORD_NOISE);
        } else if ((kind & BRACKET) != 0) {
            track_brackets(r, *p);
        }
        all |= kind;
        p++;
    }
    size_t n = (size_t)(p - text.p);
    unsigned flags =
        (is_noise((struct slice){text.p, n}, all) ? WORD_NOISE : 0) | (is_aside ? WORD_ASIDE : 0);
    for (size_t i = first; flags != 0 && i < r->out->count; i++) {
        r->out->list[i].flags |= (uint8_t)flags;
    }
    return n;
}

static struct slice next_chunk(struct slice rest)
{
    size_t at = 0, n = 0;
    while (at < rest.n && (class_of(rest.p[at]) & SPACE) != 0) {
        at++;
    }
    while (at + n < rest.n && (class_of(rest.p[at + n]) & SPACE) == 0) {
        n++;
    }
    return (struct slice){rest.p + at, n};
}

static struct slice unquoted(struct slice chunk)
{
    while (chunk.n != 0 && (class_of(chunk.p[0]) & QUOTE) != 0) {
        chunk.p++;
        chunk.n--;
    }
    return chunk;
}

/* "421-4.7.0" promises another line; the same codes in the middle of this one are that line, joined
 * by whoever wrote the reply down. */
static bool is_joined_line(struct reader *r, unsigned code, struct slice behind)
{
    const struct segment *now = segment_now(r);
    return r->goes_on && !r->is_line_start && !r->after_arrow && now->code == code &&
           slice_eq_text(slice_sub(behind, 0, enhanced_length(behind)), now->enhanced);
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
    bool is_other = segment_now(r)->code != code || (!r->is_line_start && !r->in_head);
    if (is_other && !is_joined_line(r, code, behind)) {
        segment_open(r, code, chunk.p);
    }
    r->goes_on = n < chunk.n && chunk.p[n - 1] == '-';
    return n;
}

/* A chunk that may be a code, or begin with one. Gives its length. */
static size_t take_code_or_words(struct reader *r, struct slice text)
{
    struct slice chunk = next_chunk(text), bare = chunk, inside = unquoted(chunk);
    size_t used = take_code(r, inside, slice_from(text, chunk.n), inside.n != chunk.n);
    if (used != 0) {
        bare = (struct slice){inside.p + used, inside.n - used};
    }
    if (bare.n != 0 && !take_enhanced(r, bare)) {
        take_words(r, bare);
    }
    return chunk.n;
}

static size_t take_chunk(struct reader *r, struct slice text)
{
    bool may_be_code = (class_of(text.p[0]) & (DIGIT | QUOTE)) != 0;
    size_t n = may_be_code ? take_code_or_words(r, text) : take_words(r, text);
    r->after_arrow =
        (n == 2 && memcmp(text.p, "->", 2) == 0) || (n == 5 && memcmp(text.p, "said:", 5) == 0);
    r->after_colon = text.p[n - 1] == ':';
    return n;
}

void words_read(struct slice text, enum words_mode mode, struct words *out)
{
    struct reader r = {
        .out = out, .base = text.p, .mode = mode, .is_line_start = true, .in_head = true};
    out->count = 0;
    out->segment_count = 1;
    out->segments[0] = (struct segment){.first = 0};
    for (size_t at = 0; at < text.n;) {
        char c = text.p[at];
        if ((class_of(c) & SPACE) != 0) {
            r.is_line_start = r.is_line_start || c == '\n' || c == '\r';
            r.depth = c == '\n' || c == '\r' ? 0 : r.depth;
            at++;
        } else {
            at += take_chunk(&r, (struct slice){text.p + at, text.n - at});
            r.is_line_start = false;
        }
    }
}
