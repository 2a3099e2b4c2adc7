/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and names. One predicate per rule of the grammar, so that each can be held against the RFC.
 */
#include "wire/path.h"

#include "base/text.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* RFC 5322 3.2.3 */
static bool is_atext(char c)
{
    return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool is_eight_bit(char c)
{
    return ((unsigned char)c & 0x80U) != 0;
}

/* Length of the unit at the start: one ASCII octet or one UTF-8 sequence; 0 for anything broken.
 * C1 controls are as unwelcome as C0: some terminals obey them. */
static size_t unit_length(struct slice s)
{
    if (!is_eight_bit(s.p[0])) {
        return 1;
    }
    size_t n = text_utf8_length(s);
    return n != 0 && text_utf8_code_point(s) < 0xa0 ? 0 : n;
}

static bool is_label(struct slice s, bool may_utf8)
{
    if (s.n == 0 || s.n > 63 || s.p[0] == '-' || s.p[s.n - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < s.n;) {
        size_t n = unit_length(slice_from(s, i));
        bool is_fine =
            n != 0 && (is_eight_bit(s.p[i]) ? may_utf8 : is_alnum(s.p[i]) || s.p[i] == '-');
        if (!is_fine) {
            return false;
        }
        i += n;
    }
    return true;
}

bool path_is_domain(struct slice s, bool may_utf8)
{
    struct slice label;
    if (s.n == 0 || s.n > PATH_DOMAIN_MAX || s.p[s.n - 1] == '.') {
        return false;
    }
    while (slice_take_until(&s, '.', &label)) {
        if (!is_label(label, may_utf8)) {
            return false;
        }
    }
    return true;
}

/* Snum = 1*3DIGIT, 0 to 255, four of them. */
static bool is_ipv4(struct slice s)
{
    for (int part = 0; part < 4; part++) {
        unsigned value = 0;
        size_t n = 0;
        while (n < s.n && n < 3 && is_digit(s.p[n])) {
            value = value * 10 + (unsigned)(s.p[n++] - '0');
        }
        if (n == 0 || value > 255) {
            return false;
        }
        s = slice_from(s, n);
        if (part < 3 && (s.n == 0 || s.p[0] != '.')) {
            return false;
        }
        s = part < 3 ? slice_from(s, 1) : s;
    }
    return s.n == 0;
}

/* Groups between colons: counts them into *groups; an IPv4 tail counts as two. */
static bool ipv6_groups(struct slice s, bool may_end_ipv4, unsigned *groups)
{
    while (s.n != 0) {
        size_t n = 0;
        while (n < s.n && is_hex(s.p[n])) {
            n++;
        }
        if (may_end_ipv4 && n < s.n && s.p[n] == '.') {
            *groups += 2;
            return is_ipv4(s);
        }
        if (n == 0 || n > 4) {
            return false;
        }
        (*groups)++;
        s = slice_from(s, n);
        if (s.n != 0) {
            if (s.p[0] != ':' || s.n == 1) {
                return false;
            }
            s = slice_from(s, 1);
        }
    }
    return true;
}

static bool is_ipv6(struct slice s)
{
    unsigned groups = 0;
    size_t gap = slice_find(s, SLICE("::"));
    if (gap == SIZE_MAX) {
        return ipv6_groups(s, true, &groups) && groups == 8;
    }
    return ipv6_groups(slice_sub(s, 0, gap), false, &groups) &&
           ipv6_groups(slice_from(s, gap + 2), true, &groups) && groups <= 7;
}

/* General-address-literal: Standardized-tag ":" 1*dcontent (RFC 5321 4.1.3). */
static bool is_general_literal(struct slice s)
{
    size_t colon = slice_find_char(s, ':');
    if (colon == SIZE_MAX || colon == 0 || colon + 1 == s.n || s.p[colon - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_fine = i < colon ? is_alnum(c) || c == '-'
                                 : c > ' ' && c < 0x7f && c != '[' && c != ']' && c != '\\';
        if (!is_fine) {
            return false;
        }
    }
    return true;
}

bool path_is_address_literal(struct slice s)
{
    if (s.n < 3 || s.n > PATH_DOMAIN_MAX || s.p[0] != '[' || s.p[s.n - 1] != ']') {
        return false;
    }
    struct slice inner = slice_sub(s, 1, s.n - 2);
    if (slice_has_prefix_nocase(inner, SLICE("IPv6:"))) {
        return is_ipv6(slice_from(inner, sizeof "IPv6:" - 1));
    }
    return is_ipv4(inner) || is_general_literal(inner);
}

/* Dot-string = Atom *("." Atom) */
static bool is_dot_string(struct slice s)
{
    bool is_after_dot = true;
    for (size_t i = 0; i < s.n;) {
        size_t n = unit_length(slice_from(s, i));
        bool is_dot = s.p[i] == '.';
        if (n == 0 || (is_dot ? is_after_dot : !is_atext(s.p[i]) && !is_eight_bit(s.p[i]))) {
            return false;
        }
        is_after_dot = is_dot;
        i += n;
    }
    return s.n != 0 && !is_after_dot;
}

/* Octets of the quoted string at the start of s with both quotes, or 0 (RFC 5321 4.1.2: qtextSMTP
 * and quoted-pairSMTP are printable ASCII, so no control character can hide behind a backslash). */
static size_t quoted_length(struct slice s)
{
    for (size_t i = 1; i < s.n;) {
        if (s.p[i] == '"') {
            return i + 1;
        }
        bool is_pair = s.p[i] == '\\';
        i += is_pair ? 1 : 0;
        size_t n = i < s.n ? unit_length(slice_from(s, i)) : 0;
        bool is_fine = n != 0 && (is_eight_bit(s.p[i]) ? !is_pair : s.p[i] >= ' ' && s.p[i] < 0x7f);
        if (!is_fine) {
            return 0;
        }
        i += n;
    }
    return 0;
}

static bool has_eight_bit(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (is_eight_bit(s.p[i])) {
            return true;
        }
    }
    return false;
}

static enum err check_lengths(const struct path *p, struct why *why)
{
    if (p->local.n > PATH_LOCAL_MAX) {
        return why_set(why, ERR_LIMIT, "the local part is longer than %d octets", PATH_LOCAL_MAX);
    }
    if (p->domain.n > PATH_DOMAIN_MAX || p->local.n + p->domain.n + 3 > PATH_MAX_OCTETS) {
        return why_set(why, ERR_LIMIT, "the address is longer than SMTP allows (%d octets)",
                       PATH_MAX_OCTETS - 2);
    }
    return ERR_OK;
}

enum err path_check(struct slice address, struct path *out, struct why *why)
{
    *out = (struct path){.local = address};
    if (address.n == 0) {
        return why_set(why, ERR_INVALID, "the address is empty");
    }
    if (slice_eq_nocase_text(address, "postmaster")) {
        return ERR_OK;
    }
    out->is_quoted = address.p[0] == '"';
    size_t at = out->is_quoted ? quoted_length(address) : slice_find_char(address, '@');
    if (at == SIZE_MAX || at == 0 || at >= address.n || address.p[at] != '@') {
        return why_set(why, ERR_INVALID, "the address is not of the form local-part@domain");
    }
    out->local = slice_sub(address, 0, at);
    out->domain = slice_from(address, at + 1);
    TRY(check_lengths(out, why));
    if (!out->is_quoted && !is_dot_string(out->local)) {
        return why_set(why, ERR_INVALID, "the part before the @ has a character it may not have");
    }
    if (!path_is_domain(out->domain, true) && !path_is_address_literal(out->domain)) {
        return why_set(why, ERR_INVALID,
                       "the part behind the @ is neither a domain nor an address literal");
    }
    out->needs_smtputf8 = has_eight_bit(address);
    return ERR_OK;
}

enum err path_check_helo(struct slice name, struct why *why)
{
    if (name.n > PATH_DOMAIN_MAX) {
        return why_set(why, ERR_LIMIT, "the EHLO name is longer than %d octets", PATH_DOMAIN_MAX);
    }
    if (is_ipv4(name)) { /* a domain by its letters, refused by servers: it lacks its brackets */
        return why_set(why, ERR_INVALID, "the EHLO name is an address without [brackets]");
    }
    if (!path_is_domain(name, false) && !path_is_address_literal(name)) {
        return why_set(
            why, ERR_INVALID,
            "the EHLO name is neither a domain nor an address literal such as [127.0.0.1]");
    }
    return ERR_OK;
}
