/* SPDX-License-Identifier: Apache-2.0 */
/* See address.h. Strict on purpose: a client that only lax servers understand is to be found out.
 */
#include "fakeservers/address.h"

#include "fakeservers/persona.h"

#include <string.h>

enum { PATH_MAX_OCTETS = 256 }; /* RFC 5321 4.5.3.1.3 */

/* Offset of the '>' that ends the path, over quoted strings; SIZE_MAX on a syntax error. */
static size_t path_end(struct slice s, bool *is_8bit)
{
    bool is_quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        *is_8bit = *is_8bit || c > 127;
        if (c < 32 || c == 127 || (!is_quoted && (c == ' ' || c == '<'))) {
            return SIZE_MAX;
        }
        if (is_quoted && c == '\\') {
            i++;
        } else if (c == '"') {
            is_quoted = !is_quoted;
        } else if (c == '>' && !is_quoted) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* A mailbox has an @ with something on both sides; postmaster alone needs none (RFC 5321 4.5.1). */
static bool is_mailbox(struct slice path)
{
    size_t at = SIZE_MAX;
    for (size_t i = 0; i < path.n; i++) {
        at = path.p[i] == '@' ? i : at;
    }
    if (at == SIZE_MAX) {
        return slice_eq_nocase_text(path, "postmaster");
    }
    return at > 0 && at + 1 < path.n;
}

bool address_read(struct slice argument, const char *prefix, struct address_argument *out)
{
    *out = (struct address_argument){0};
    size_t n = strlen(prefix);
    if (!slice_has_prefix_nocase(argument, slice_of(prefix)) || argument.n <= n ||
        argument.p[n] != '<') {
        return false;
    }
    struct slice rest = slice_from(argument, n + 1);
    size_t end = path_end(rest, &out->is_8bit);
    if (end == SIZE_MAX || end + 2 > PATH_MAX_OCTETS) {
        return false;
    }
    out->path = slice_sub(rest, 0, end);
    out->params = slice_from(rest, end + 1);
    if (out->params.n > 0 && out->params.p[0] != ' ') {
        return false;
    }
    out->params = slice_trim(out->params);
    return out->path.n == 0 || is_mailbox(out->path);
}

/* clang-format off */
static const struct param_rule {
    const char *name;
    bool is_mail;           /* of MAIL, else of RCPT */
    const char *capability; /* that brings it */
    bool needs_value;
    const char *values; /* blank-separated; NULL: any */
} params[] = {
    { "SIZE",     true,  "SIZE",     true,  NULL }, /* RFC 1870 */
    { "BODY",     true,  "8BITMIME", true,  "7BIT 8BITMIME BINARYMIME" }, /* RFC 6152, 3030 */
    { "SMTPUTF8", true,  "SMTPUTF8", false, NULL }, /* RFC 6531 */
    { "AUTH",     true,  "AUTH",     true,  NULL }, /* RFC 4954 5 */
    { "RET",      true,  "DSN",      true,  "FULL HDRS" }, /* RFC 3461 */
    { "ENVID",    true,  "DSN",      true,  NULL },
    { "NOTIFY",   false, "DSN",      true,  NULL },
    { "ORCPT",    false, "DSN",      true,  NULL },
};
/* clang-format on */

static const struct param_rule *param_find(struct slice name, bool is_mail)
{
    for (size_t i = 0; i < COUNT(params); i++) {
        if (params[i].is_mail == is_mail && slice_eq_nocase_text(name, params[i].name)) {
            return &params[i];
        }
    }
    return NULL;
}

static bool is_one_of(struct slice value, const char *values)
{
    struct slice rest = slice_of(values), word;
    while (slice_take_word(&rest, &word)) {
        if (slice_eq_nocase(word, value)) {
            return true;
        }
    }
    return false;
}

/* A value that the parameter takes, as far as the server offered it; notes what MAIL needs to know.
 */
static bool take_value(const struct param_rule *rule, struct slice value,
                       const char *const *capabilities, struct address_params *out)
{
    if (rule->values != NULL && !is_one_of(value, rule->values)) {
        return false;
    }
    if (strcmp(rule->name, "SIZE") == 0) {
        return slice_to_u64(value, &out->size);
    }
    out->is_utf8 = out->is_utf8 || strcmp(rule->name, "SMTPUTF8") == 0;
    bool is_binary = slice_eq_nocase_text(value, "BINARYMIME") && rule->values != NULL;
    out->is_binary = out->is_binary || is_binary;
    return !is_binary || capability_has(capabilities, "BINARYMIME");
}

enum param_fault address_params(struct slice list, bool is_mail, const char *const *capabilities,
                                struct address_params *out)
{
    struct slice word;
    *out = (struct address_params){0};
    while (slice_take_word(&list, &word)) {
        size_t equals = slice_find_char(word, '=');
        struct slice name = equals == SIZE_MAX ? word : slice_sub(word, 0, equals);
        struct slice value = equals == SIZE_MAX ? slice_of("") : slice_from(word, equals + 1);
        const struct param_rule *rule = param_find(name, is_mail);
        if (rule == NULL || !capability_has(capabilities, rule->capability)) {
            return PARAM_UNKNOWN;
        }
        if (rule->needs_value != (equals != SIZE_MAX) || (rule->needs_value && value.n == 0)) {
            return PARAM_BAD_VALUE;
        }
        if (!take_value(rule, value, capabilities, out)) {
            return PARAM_BAD_VALUE;
        }
    }
    return PARAM_OK;
}

bool address_chunk(struct slice argument, uint64_t *octets, bool *is_last)
{
    struct slice word;
    *is_last = false;
    if (!slice_take_word(&argument, &word) || !slice_to_u64(word, octets)) {
        return false;
    }
    if (slice_take_word(&argument, &word)) {
        *is_last = slice_eq_nocase_text(word, "LAST");
        return *is_last && slice_trim(argument).n == 0;
    }
    return true;
}

struct slice verb_name(struct slice line, char upper[VERB_NAME_MAX + 1], struct slice *argument)
{
    struct slice rest = line, word = {0};
    *argument = slice_of("");
    if (line.n == 0 || line.p[0] == ' ' || line.p[0] == '\t' || !slice_take_word(&rest, &word) ||
        word.n > VERB_NAME_MAX) {
        return slice_of("");
    }
    for (size_t i = 0; i < word.n; i++) {
        char ch = word.p[i];
        bool is_letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                         (ch >= '0' && ch <= '9') || ch == '-';
        if (!is_letter) {
            return slice_of("");
        }
        upper[i] = (char)(ch >= 'a' && ch <= 'z' ? ch - 32 : ch);
    }
    *argument = slice_trim(rest);
    return slice_make(upper, word.n);
}
