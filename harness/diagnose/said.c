/* SPDX-License-Identifier: Apache-2.0 */
/* Brings replies and rules into one form. Any octets may come in; the work is bounded by the cap.
 */
#include "diagnose/said.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes "ddd" and its separator off the front of a line; 0 when it does not begin with a code. */
static unsigned take_code(struct slice *line)
{
    if (line->n < 3 || !is_digit(line->p[0]) || !is_digit(line->p[1]) || !is_digit(line->p[2]) ||
        line->p[0] < '2' || line->p[0] > '5') {
        return 0;
    }
    if (line->n > 3 && line->p[3] != ' ' && line->p[3] != '-') {
        return 0;
    }
    unsigned code = (unsigned)(line->p[0] - '0') * 100 + (unsigned)(line->p[1] - '0') * 10 +
                    (unsigned)(line->p[2] - '0');
    *line = slice_from(*line, 4);
    return code;
}

struct words {
    char *p;
    size_t n, max;
};

static void add_words(struct words *w, struct slice text)
{
    bool gap = w->n != 0;
    for (size_t i = 0; i < text.n && w->n + 2 < w->max; i++) {
        char c = text.p[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0') {
            gap = w->n != 0;
            continue;
        }
        if (gap) {
            w->p[w->n++] = ' ';
            gap = false;
        }
        w->p[w->n++] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
}

void said_read(struct slice reply, struct arena *arena, struct said *out)
{
    *out = (struct said){.code = 0};
    size_t room = reply.n < SAID_WORDS_MAX ? reply.n : SAID_WORDS_MAX;
    struct words words = {.p = arena_alloc(arena, room + 4), .max = room + 4};
    struct slice line;
    while (words.n + 2 < words.max && slice_take_until(&reply, '\n', &line)) {
        line = slice_trim(line);
        unsigned code = take_code(&line);
        out->code = out->code == 0 ? code : out->code;
        struct enhanced enhanced = {0};
        struct slice rest = slice_trim(line);
        if (enhanced_take(rest, &enhanced, &rest) && out->enhanced.class == 0) {
            out->enhanced = enhanced;
        }
        add_words(&words, rest);
    }
    out->words = slice_make(words.p, words.n);
}

bool said_inner(const struct said *outer, struct said *out)
{
    struct slice s = outer->words;
    for (size_t i = 0; i + 9 <= s.n; i++) {
        bool at_word = i == 0 || s.p[i - 1] == ' ' || s.p[i - 1] == '(' || s.p[i - 1] == ':';
        struct slice rest = slice_from(s, i);
        unsigned code = at_word && rest.p[0] >= '4' ? take_code(&rest) : 0;
        struct enhanced enhanced;
        struct slice words;
        if (code != 0 && enhanced_take(rest, &enhanced, &words) && enhanced_fits(&enhanced, code)) {
            *out = (struct said){.code = code, .enhanced = enhanced, .words = words};
            return true;
        }
    }
    return false;
}
