/* SPDX-License-Identifier: Apache-2.0 */
/* What a value may look like. The words say what to write in its place; a URL, in which a password
 * may stand, is never repeated. */
#include "config/parts.h"

#include "base/text.h"
#include "sasl/sasl.h"

enum { WORDS_MAX = 32, SHOWN = 60, HOST_MAX = 253 };

static const char *const yes_words[] = {"yes", "on", "true"};
static const char *const no_words[] = {"no", "off", "false"};

#define SHOWN_ARG(value) SLICE_ARG(slice_sub(value, 0, SHOWN))

bool setting_flag(struct slice value, bool *out)
{
    for (size_t i = 0; i < COUNT(yes_words); i++) {
        bool is_yes = slice_eq_nocase_text(value, yes_words[i]);
        if (is_yes || slice_eq_nocase_text(value, no_words[i])) {
            *out = is_yes;
            return true;
        }
    }
    return false;
}

bool setting_url_password(struct slice url, size_t *start, size_t *end)
{
    size_t scheme = slice_find(url, SLICE("://")), at = SIZE_MAX;
    size_t from = scheme != SIZE_MAX ? scheme + 3 : 0;
    for (size_t i = from; i < url.n && url.p[i] != '/'; i++) {
        at = url.p[i] == '@' ? i : at; /* the last one: a password may hold another */
    }
    size_t colon =
        at != SIZE_MAX ? slice_find_char(slice_sub(url, from, at - from), ':') : SIZE_MAX;
    if (colon == SIZE_MAX) {
        return false;
    }
    *start = from + colon + 1;
    *end = at;
    return true;
}

/* ---- words ---- */

static size_t split_words(const char *words, struct arena *arena, const char *list[WORDS_MAX])
{
    size_t n = 0;
    for (struct slice w; n < WORDS_MAX && (w = setting_word(words, n)).n != 0; n++) {
        list[n] = arena_text(arena, w);
    }
    return n;
}

static enum err unknown_word(struct slice value, const char *const *known, size_t n,
                             struct why *why)
{
    struct buf all;
    const char *nearest = text_nearest(value, known, n);
    if (nearest != NULL) {
        return why_set(why, ERR_INVALID, "does not know '" SLICE_FMT "' (did you mean '%s'?)",
                       SHOWN_ARG(value), nearest);
    }
    buf_init(&all, sizeof why->text);
    for (size_t i = 0; i < n; i++) {
        buf_addf(&all, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", known[i]);
    }
    enum err err = why_set(why, ERR_INVALID, "does not know '" SLICE_FMT "': write %s",
                           SHOWN_ARG(value), buf_text(&all));
    buf_release(&all);
    return err;
}

static enum err check_word(const struct setting_info *info, struct slice value, struct why *why)
{
    const char *list[WORDS_MAX];
    struct arena arena;
    arena_init(&arena);
    size_t n = split_words(info->words, &arena, list), i = 0;
    while (i < n && !slice_eq_text(value, list[i])) {
        i++;
    }
    enum err err = i < n ? ERR_OK : unknown_word(value, list, n, why);
    arena_release(&arena);
    return err;
}

static enum err check_ways(const struct setting_info *info, struct slice value, struct why *why)
{
    struct slice rest = value, part;
    struct why unused;
    bool is_good = value.n != 0;
    while (!slice_eq_text(value, "none") && is_good && slice_take_until(&rest, ',', &part)) {
        is_good = check_word(info, slice_trim(part), &unused) == ERR_OK;
    }
    return is_good ? ERR_OK
                   : why_set(why, ERR_INVALID,
                             "takes files, autoconfig, ispdb and srv, with commas between them, or "
                             "none; not '" SLICE_FMT "'",
                             SHOWN_ARG(value));
}

static enum err check_mechanism(struct slice value, struct why *why)
{
    const char *names[WORDS_MAX];
    size_t n = sasl_mechanism_count < WORDS_MAX ? sasl_mechanism_count : WORDS_MAX;
    for (size_t i = 0; i < n; i++) {
        names[i] = sasl_mechanisms[i].name;
    }
    const char *nearest = text_nearest(value, names, n);
    return sasl_find(value) != NULL
               ? ERR_OK
               : why_set(why, ERR_INVALID,
                         "wants one that is known, and there is no SASL mechanism '" SLICE_FMT
                         "'%s%s%s",
                         SHOWN_ARG(value), nearest != NULL ? " (did you mean '" : "",
                         nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
}

/* ---- addresses ---- */

static bool is_host(struct slice value)
{
    bool is_good = value.n != 0 && value.n <= HOST_MAX;
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        is_good = is_good && c > ' ' && c != 0x7f && c != '/' && c != '@';
    }
    return is_good;
}

/* One colon is that of a port; an IPv6 address has more, and stands without brackets here. */
static enum err check_host(struct slice value, struct why *why)
{
    size_t colon = slice_find_char(value, ':');
    bool has_port =
        colon != SIZE_MAX && slice_find_char(slice_from(value, colon + 1), ':') == SIZE_MAX;
    bool has_bracket = slice_has_prefix(value, SLICE("["));
    return is_host(value) && !has_port && !has_bracket
               ? ERR_OK
               : why_set(why, ERR_INVALID,
                         "wants a host name or an address, without a port%s: not '" SLICE_FMT "'",
                         has_bracket ? " or brackets" : "", SHOWN_ARG(value));
}

static enum err check_host_port(struct slice value, struct why *why)
{
    size_t colon = SIZE_MAX;
    uint64_t port = 0;
    for (size_t i = 0; i < value.n; i++) {
        colon = value.p[i] == ':' ? i : colon;
    }
    bool is_good = colon != SIZE_MAX && slice_to_u64(slice_from(value, colon + 1), &port) &&
                   port != 0 && port <= 65535 && is_host(slice_sub(value, 0, colon));
    return is_good ? ERR_OK
                   : why_set(why, ERR_INVALID,
                             "wants HOST:PORT, as 127.0.0.1:2587, not '" SLICE_FMT "'",
                             SHOWN_ARG(value));
}

static enum err check_proxy(struct slice value, struct why *why)
{
    static const char *const schemes[] = {"http",    "https",  "socks4",
                                          "socks4a", "socks5", "socks5h"};
    size_t end = slice_find(value, SLICE("://"));
    bool is_known = end == SIZE_MAX && value.n != 0;
    for (size_t i = 0; i < COUNT(schemes); i++) {
        is_known = is_known || slice_eq_nocase_text(slice_sub(value, 0, end), schemes[i]);
    }
    for (size_t i = 0; i < value.n; i++) {
        is_known = is_known && (unsigned char)value.p[i] > ' ' && value.p[i] != 0x7f;
    }
    return is_known ? ERR_OK
                    : why_set(why, ERR_INVALID,
                              "wants http://HOST:PORT (CONNECT), socks5://HOST:PORT or "
                              "socks5h://HOST:PORT");
}

/* ---- the rest ---- */

static enum err check_time(struct slice value, struct why *why)
{
    int64_t us;
    return text_duration(value, &us) && us > 0
               ? ERR_OK
               : why_set(why, ERR_INVALID,
                         "wants a time with its unit, as 500ms, 30s or 2m, not '" SLICE_FMT "'",
                         SHOWN_ARG(value));
}

static enum err check_number(const struct setting_info *info, struct slice value, struct why *why)
{
    uint64_t number;
    return slice_to_u64(value, &number) && number >= info->least && number <= info->most
               ? ERR_OK
               : why_set(why, ERR_INVALID,
                         "wants a whole number from %llu to %llu, not '" SLICE_FMT "'",
                         (unsigned long long)info->least, (unsigned long long)info->most,
                         SHOWN_ARG(value));
}

static enum err check_flag(struct slice value, struct why *why)
{
    bool unused;
    return setting_flag(value, &unused)
               ? ERR_OK
               : why_set(why, ERR_INVALID, "wants yes or no, or on or off, not '" SLICE_FMT "'",
                         SHOWN_ARG(value));
}

/* least: the first character that may stand in it. */
static enum err check_text(struct slice value, const char *what, int least, struct why *why)
{
    bool is_good = value.n != 0;
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        is_good = is_good && c >= least && c != 0x7f;
    }
    return is_good ? ERR_OK
                   : why_set(why, ERR_INVALID, "wants %s without %s, and not an empty one", what,
                             least > ' ' ? "blanks" : "control characters");
}

enum err setting_check(enum setting s, struct slice value, struct why *why)
{
    const struct setting_info *info = setting_info(s);
    switch (info->shape) {
    case SETTING_TIME:
        return check_time(value, why);
    case SETTING_NUMBER:
        return check_number(info, value, why);
    case SETTING_FLAG:
        return check_flag(value, why);
    case SETTING_WORD:
        return check_word(info, value, why);
    case SETTING_WAYS:
        return check_ways(info, value, why);
    case SETTING_FILE:
        return check_text(value, "a path", ' ', why);
    case SETTING_TEXT:
        return check_text(value, "a text", ' ', why);
    case SETTING_NAME:
        return check_text(value, "a name", ' ' + 1, why);
    case SETTING_HOSTNAME:
        return check_host(value, why);
    case SETTING_HOST_PORT:
        return check_host_port(value, why);
    case SETTING_PROXY_URL:
        return check_proxy(value, why);
    case SETTING_SASL:
        return check_mechanism(value, why);
    }
    return ERR_OK;
}
