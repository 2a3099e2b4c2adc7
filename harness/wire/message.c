/* SPDX-License-Identifier: Apache-2.0 */
/* The message that is sent when nobody gave one. */
#include "wire/message.h"

#include "base/text.h"
#include "wire/dots.h"
#include "wire/path.h"

#include <stdio.h>
#include <string.h>

enum { FOLD_AT = 76 }; /* RFC 2047 2; RFC 5322 2.1.1 asks for 78 */

static const char default_subject[] = "smtpdx test message";
static const char default_text[] =
    "This message was sent by smtpdx, a diagnostic tool for mail submission, to\r\n"
    "test whether mail can be sent. It needs no answer and can be deleted.\r\n";

/* Days since 1970 to a civil date (proleptic Gregorian), without the C library's time zone. */
static void civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468; /* to 0000-03-01, so that the leap day is the last of its year */
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * of_year + 2) / 153; /* 0 is March */
    *day = (unsigned)(of_year - (153 * shifted + 2) / 5 + 1);
    *month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

void message_date(int64_t seconds, char out[40])
{
    static const char days[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t last = 253402300799; /* the end of year 9999: four digits */
    seconds = seconds < 0 ? 0 : seconds > last ? last : seconds;
    int64_t year = 0;
    unsigned month = 1, day = 1;
    unsigned in_day = (unsigned)(seconds % 86400);
    civil_from_days(seconds / 86400, &year, &month, &day);
    snprintf(out, 40, "%s, %02u %s %04u %02u:%02u:%02u +0000", days[seconds / 86400 % 7], day % 100,
             months[(month - 1) % 12], (unsigned)(year % 10000), in_day / 3600, in_day / 60 % 60,
             in_day % 60);
}

static bool has_control(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < ' ' || c == 0x7f) {
            return true;
        }
    }
    return false;
}

static bool is_ascii(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (((unsigned char)s.p[i] & 0x80U) != 0) {
            return false;
        }
    }
    return true;
}

static bool is_utf8(struct slice s)
{
    while (s.n != 0) {
        size_t n = text_utf8_length(s);
        if (n == 0) {
            return false;
        }
        s = slice_from(s, n);
    }
    return true;
}

/* Safe unencoded in a Q word anywhere in a header (RFC 2047 5 (3)). */
static bool is_q_safe(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!*+-/", c) != NULL);
}

static void add_q(struct slice character, struct buf *out)
{
    for (size_t i = 0; i < character.n; i++) {
        unsigned char c = (unsigned char)character.p[i];
        if (is_q_safe(c)) {
            buf_add_char(out, (char)c);
        } else if (c == ' ') {
            buf_add_char(out, '_');
        } else {
            buf_addf(out, "=%02X", c);
        }
    }
}

/* Encoded words, one a line of at most 76 octets, never cut inside a character (RFC 2047 2, 5).
 * line: offset in out at which the line starts. */
static void add_encoded_words(size_t line, struct slice text, struct buf *out)
{
    static const char open[] = "=?UTF-8?Q?";
    buf_add_text(out, open);
    while (text.n != 0) {
        size_t n = text_utf8_length(text);
        if (out->n - line + n * 3 + 2 > FOLD_AT) {
            buf_add_text(out, "?=\r\n ");
            line = out->n - 1;
            buf_add_text(out, open);
        }
        add_q(slice_sub(text, 0, n), out);
        text = slice_from(text, n);
    }
    buf_add_text(out, "?=");
}

/* Folds at blanks; a word that is too long stays whole (998 is the hard limit, checked before). */
static void add_folded(size_t used, struct slice text, struct buf *out)
{
    struct slice word;
    bool is_first = true;
    while (slice_take_word(&text, &word)) {
        if (!is_first && used + 1 + word.n > FOLD_AT) {
            buf_add_text(out, "\r\n ");
            used = 1;
        } else if (!is_first) {
            buf_add_char(out, ' ');
            used++;
        }
        buf_add(out, word);
        used += word.n;
        is_first = false;
    }
}

static void add_subject(struct slice subject, struct buf *out)
{
    size_t line = out->n;
    buf_add_text(out, "Subject: ");
    /* What looks like an encoded word would be decoded: encode it, so that it arrives as it is. */
    if (is_ascii(subject) && slice_find(subject, SLICE("=?")) == SIZE_MAX) {
        add_folded(sizeof "Subject: " - 1, subject, out);
    } else {
        add_encoded_words(line, subject, out);
    }
    buf_add_text(out, "\r\n");
}

static void add_recipients(const struct message_params *params, struct buf *out)
{
    size_t line = out->n;
    buf_add_text(out, "To: ");
    for (size_t i = 0; i < params->to_count; i++) {
        if (i != 0 && out->n - line + params->to[i].n + 3 > FOLD_AT) {
            buf_add_text(out, ",\r\n ");
            line = out->n - 1;
        } else if (i != 0) {
            buf_add_text(out, ", ");
        }
        buf_add(out, params->to[i]);
    }
    buf_add_text(out, "\r\n");
}

static bool is_message_id(struct slice s)
{
    struct path path;
    return path_check(s, &path, NULL) == ERR_OK && path.domain.n != 0 && !path.is_quoted &&
           !path.needs_smtputf8;
}

static enum err check(const struct message_params *params, struct why *why)
{
    struct path path;
    TRY(path_check(params->from, &path, why));
    for (size_t i = 0; i < params->to_count; i++) {
        TRY(path_check(params->to[i], &path, why));
    }
    if (params->to_count == 0) {
        return why_set(why, ERR_INVALID, "the message has no recipient");
    }
    if (!is_message_id(params->message_id)) {
        return why_set(why, ERR_INVALID, "the message-id is not of the form left@right");
    }
    if (has_control(params->subject) || !is_utf8(params->subject)) {
        return why_set(why, ERR_INVALID, "the subject holds a control character or is not UTF-8");
    }
    if (params->subject.n > 900) {
        return why_set(why, ERR_LIMIT, "the subject is longer than 900 octets");
    }
    return is_utf8(params->text) ? ERR_OK : why_set(why, ERR_INVALID, "the text is not UTF-8");
}

static void add_body(struct slice text, struct buf *out)
{
    struct dots lines;
    dots_init(&lines, DOTS_PLAIN);
    dots_feed(&lines, text, out);
    dots_end(&lines, out);
}

enum err message_build(const struct message_params *params, struct buf *out, struct why *why)
{
    TRY(check(params, why));
    struct slice text = params->text.n != 0 ? params->text : slice_of(default_text);
    struct slice subject = params->subject.n != 0 ? params->subject : slice_of(default_subject);
    char date[40];
    message_date(params->date, date);
    size_t from = out->n;
    buf_addf(out, "Date: %s\r\n", date);
    buf_addf(out, "From: " SLICE_FMT "\r\n", SLICE_ARG(params->from));
    add_recipients(params, out);
    buf_addf(out, "Message-ID: <" SLICE_FMT ">\r\n", SLICE_ARG(params->message_id));
    add_subject(subject, out);
    buf_add_text(out, "Auto-Submitted: auto-generated\r\nX-Mailer: smtpdx\r\nMIME-Version: 1.0\r\n"
                      "Content-Type: text/plain; charset=utf-8\r\n");
    buf_addf(out, "Content-Transfer-Encoding: %s\r\n\r\n", is_ascii(text) ? "7bit" : "8bit");
    add_body(text, out);
    if (out->is_full) {
        buf_truncate(out, from);
        return why_set(why, ERR_LIMIT, "the message is larger than the buffer allows");
    }
    return ERR_OK;
}
