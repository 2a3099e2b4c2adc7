/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: check everything, then write, then measure; take back what turned out too long. */
#include "wire/command.h"

#include "base/codec.h"

#include <inttypes.h>

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Ends the line that began at `from`; a line over `max` octets is taken back. */
static enum err finish_line(struct buf *out, size_t from, size_t max, struct why *why)
{
    buf_add_text(out, "\r\n");
    if (out->is_full || out->n - from > max) {
        buf_truncate(out, from);
        return why_set(why, ERR_LIMIT, "the command line is longer than %zu octets", max);
    }
    return ERR_OK;
}

enum err command_hello(enum command_greeting verb, struct slice name, struct buf *out,
                       struct why *why)
{
    TRY(path_check_helo(name, why));
    size_t from = out->n;
    buf_add_text(out, verb == COMMAND_EHLO ? "EHLO " : "HELO ");
    buf_add(out, name);
    return finish_line(out, from, COMMAND_LINE_MAX, why);
}

/* esmtp-param = esmtp-keyword ["=" esmtp-value] (RFC 5321 4.1.2) */
static bool is_parameter(struct slice s)
{
    if (s.n == 0 || !is_alnum(s.p[0])) {
        return false;
    }
    size_t i = 0;
    while (i < s.n && (is_alnum(s.p[i]) || s.p[i] == '-')) {
        i++;
    }
    if (i == s.n) {
        return true;
    }
    if (s.p[i] != '=' || i + 1 == s.n) {
        return false;
    }
    for (i++; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c == '=' || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static enum err check_parameters(struct slice more, struct why *why)
{
    struct slice word;
    while (slice_take_word(&more, &word)) {
        if (!is_parameter(word)) {
            return why_set(why, ERR_INVALID, "'" SLICE_FMT "' is not a parameter of a command",
                           SLICE_ARG(slice_sub(word, 0, 40)));
        }
    }
    return ERR_OK;
}

static void add_parameters(struct slice more, struct buf *out)
{
    struct slice word;
    while (slice_take_word(&more, &word)) {
        buf_add_char(out, ' ');
        buf_add(out, word);
    }
}

void command_xtext(struct slice text, struct buf *out)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c > ' ' && c < 0x7f && c != '+' && c != '=') {
            buf_add_char(out, (char)c);
        } else {
            buf_add_char(out, '+');
            buf_add_char(out, hex[c >> 4]);
            buf_add_char(out, hex[c & 15]);
        }
    }
}

/* What each parameter may add to the line: RFC 1870 3 (26), RFC 6152 2 (17), RFC 6531 3.1 (10),
 * RFC 4954 3 (500). */
static size_t mail_line_max(const struct command_mail *mail)
{
    return COMMAND_LINE_MAX + (mail->has_size ? 26U : 0U) +
           (mail->body != COMMAND_BODY_NONE ? 17U : 0U) + (mail->smtputf8 ? 10U : 0U) +
           (mail->has_auth ? 500U : 0U);
}

static void add_mail_parameters(const struct command_mail *mail, struct buf *out)
{
    if (mail->has_size) {
        buf_addf(out, " SIZE=%" PRIu64, mail->size);
    }
    if (mail->body != COMMAND_BODY_NONE) {
        buf_add_text(out, mail->body == COMMAND_BODY_7BIT ? " BODY=7BIT" : " BODY=8BITMIME");
    }
    if (mail->smtputf8) {
        buf_add_text(out, " SMTPUTF8");
    }
    if (mail->has_auth) {
        buf_add_text(out, " AUTH=");
        if (mail->auth.n == 0) {
            buf_add_text(out, "<>");
        }
        command_xtext(mail->auth, out);
    }
    add_parameters(mail->more, out);
}

enum err command_mail(const struct command_mail *mail, struct buf *out, struct why *why)
{
    struct path path;
    if (mail->from.n != 0) {
        TRY(path_check(mail->from, &path, why));
    }
    TRY(check_parameters(mail->more, why));
    size_t from = out->n;
    buf_add_text(out, "MAIL FROM:<");
    buf_add(out, mail->from);
    buf_add_char(out, '>');
    add_mail_parameters(mail, out);
    return finish_line(out, from, mail_line_max(mail), why);
}

enum err command_rcpt(struct slice to, struct slice more, struct buf *out, struct why *why)
{
    struct path path;
    TRY(path_check(to, &path, why));
    TRY(check_parameters(more, why));
    size_t from = out->n;
    buf_add_text(out, "RCPT TO:<");
    buf_add(out, to);
    buf_add_char(out, '>');
    add_parameters(more, out);
    return finish_line(out, from, COMMAND_LINE_MAX, why);
}

/* sasl-mech = 1*20mech-char: letters, digits, hyphen, underscore (RFC 4422 3.1) */
static bool is_mechanism(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_') {
            return false;
        }
    }
    return s.n != 0 && s.n <= COMMAND_MECHANISM_MAX;
}

size_t command_auth_length(struct slice mechanism, size_t response_octets)
{
    size_t base64 = response_octets != 0 ? (response_octets + 2) / 3 * 4 : 1;
    return sizeof "AUTH " - 1 + mechanism.n + 1 + base64 + 2;
}

enum err command_auth(struct slice mechanism, const struct slice *response, struct buf *out,
                      struct why *why)
{
    if (!is_mechanism(mechanism)) {
        return why_set(why, ERR_INVALID, "'" SLICE_FMT "' is not the name of a SASL mechanism",
                       SLICE_ARG(slice_sub(mechanism, 0, 40)));
    }
    size_t from = out->n;
    buf_add_text(out, "AUTH ");
    buf_add(out, mechanism);
    if (response != NULL) {
        buf_add_char(out, ' ');
        if (response->n == 0) {
            buf_add_char(out, '='); /* present, and empty (RFC 4954 4) */
        }
        base64_encode(*response, out);
    }
    return finish_line(out, from, COMMAND_SASL_MAX, why);
}

enum err command_sasl(struct slice response, struct buf *out, struct why *why)
{
    size_t from = out->n;
    base64_encode(response, out);
    return finish_line(out, from, COMMAND_RESPONSE_MAX, why);
}

enum err command_word(const char *verb, struct slice argument, struct buf *out, struct why *why)
{
    for (size_t i = 0; i < argument.n; i++) {
        unsigned char c = (unsigned char)argument.p[i];
        if (c < ' ' || c == 0x7f) {
            return why_set(why, ERR_INVALID, "the argument of %s holds a control character", verb);
        }
    }
    size_t from = out->n;
    buf_add_text(out, verb);
    if (argument.n != 0) {
        buf_add_char(out, ' ');
        buf_add(out, argument);
    }
    return finish_line(out, from, COMMAND_LINE_MAX, why);
}

enum err command_bdat(uint64_t octets, bool is_last, struct buf *out, struct why *why)
{
    size_t from = out->n;
    buf_addf(out, "BDAT %" PRIu64 "%s", octets, is_last ? " LAST" : "");
    return finish_line(out, from, COMMAND_LINE_MAX, why);
}
