/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See unwrap.h. A reply begins where a code of class 4 or 5, or an enhanced one, stands behind one
 * of the table's words. Behind the same words again it goes on; behind others it is wrapped once
 * more, and the innermost is taken. One pass; a plain reply meets no row of the table.
 */
#include "diagnose/unwrap.h"

#include "base/buf.h"
#include "base/octets.h"

#include <string.h>

enum {
    BEFORE_MAX = 240, /* octets in which the words of a frame are looked for */
    INNER_MAX = 64 * 1024,
};

enum {
    AT_ONCE = 1,  /* nothing but blanks and quotes between the words and the code */
    RELAY = 2,    /* another server said it */
    LINES = 4,    /* stands before every line of the reply */
    PASSWORD = 8, /* it answers a password */
};

/* clang-format off */
static const struct frame {
    const char *words;
    unsigned how;
    enum stage stage;
    const char *by;
} frames[] = {
    /* relays */
    { "in answer to your request said:",  AT_ONCE | RELAY, STAGE_NONE, "a relay quotes the server behind it" },
    { "said:",                            AT_ONCE | RELAY, STAGE_NONE, "a relay quotes the server behind it" },
    { "->",                               AT_ONCE | RELAY, STAGE_NONE, "a relay quotes the server behind it" },
    { "remote host said:",                AT_ONCE | RELAY, STAGE_NONE, "qmail quotes the server behind it" },
    { "error from remote mail server",    RELAY,           STAGE_NONE, "Exim quotes the server behind it" },
    { "error from remote mailer",         RELAY,           STAGE_NONE, "Exim quotes the server behind it" },
    { "remote server returned",           RELAY,           STAGE_NONE, "Exchange quotes the server behind it" },
    { "remote server responded",          RELAY,           STAGE_NONE, "a relay quotes the server behind it" },
    { "response from the remote server was:", AT_ONCE | RELAY, STAGE_NONE, "Gmail quotes the server behind it" },
    { "diagnostic-code: smtp;",           AT_ONCE | RELAY, STAGE_NONE, "a delivery status notification quotes it (RFC 3464 2.3.6)" },
    { "smtp;",                            AT_ONCE | RELAY, STAGE_NONE, "a delivery status notification quotes it (RFC 3464 2.3.6)" },
    { "<<<",                              AT_ONCE | RELAY | LINES, STAGE_NONE, "Sendmail quotes the server behind it" },
    /* Python */
    { "SMTPAuthenticationError",          0,       STAGE_AUTH,     "an exception of Python's smtplib" },
    { "SMTPSenderRefused",                0,       STAGE_MAIL,     "an exception of Python's smtplib" },
    { "SMTPRecipientsRefused",            0,       STAGE_RCPT,     "an exception of Python's smtplib" },
    { "SMTPDataError",                    0,       STAGE_BODY,     "an exception of Python's smtplib" },
    { "SMTPHeloError",                    0,       STAGE_EHLO,     "an exception of Python's smtplib" },
    { "SMTPConnectError",                 0,       STAGE_GREETING, "an exception of Python's smtplib" },
    { "SMTPResponseException",            0,       STAGE_NONE,     "an exception of Python's smtplib" },
    { "reply:",                           AT_ONCE, STAGE_NONE,     "a log of Python's smtplib" },
    /* JavaScript */
    { "Invalid login:",                   AT_ONCE, STAGE_AUTH,     "an error of Nodemailer" },
    { "Mail command failed:",             AT_ONCE, STAGE_MAIL,     "an error of Nodemailer" },
    { "recipients were rejected:",        AT_ONCE, STAGE_RCPT,     "an error of Nodemailer" },
    { "Recipient command failed:",        AT_ONCE, STAGE_RCPT,     "an error of Nodemailer" },
    { "Data command failed:",             AT_ONCE, STAGE_DATA,     "an error of Nodemailer" },
    { "Message failed:",                  AT_ONCE, STAGE_BODY,     "an error of Nodemailer" },
    { "command failed -",                 AT_ONCE, STAGE_NONE,     "an error of Nodemailer's forerunners" },
    { "Invalid greeting. response=",      AT_ONCE, STAGE_GREETING, "an error of Nodemailer" },
    { "response:",                        AT_ONCE, STAGE_NONE,     "an error object" },
    /* Java, .NET */
    { "AuthenticationFailedException:",   AT_ONCE, STAGE_AUTH,     "an exception of JavaMail" },
    { "SMTPSendFailedException:",         AT_ONCE, STAGE_NONE,     "an exception of JavaMail" },
    { "SMTPSenderFailedException:",       AT_ONCE, STAGE_MAIL,     "an exception of JavaMail" },
    { "SMTPAddressFailedException:",      AT_ONCE, STAGE_RCPT,     "an exception of JavaMail" },
    { "SendFailedException:",             AT_ONCE, STAGE_NONE,     "an exception of JavaMail" },
    { "MessagingException:",              AT_ONCE, STAGE_NONE,     "an exception of JavaMail" },
    { "server response was:",             AT_ONCE, STAGE_NONE,     "an exception of System.Net.Mail" },
    { "server response is:",              AT_ONCE, STAGE_NONE,     "an exception of System.Net.Mail" },
    { "AuthenticationException:",         AT_ONCE, STAGE_AUTH,     "an exception of MailKit" },
    { "SmtpCommandException:",            AT_ONCE, STAGE_NONE,     "an exception of MailKit" },
    /* PHP, Ruby, Go */
    { "Password command failed:",         AT_ONCE | PASSWORD, STAGE_AUTH,     "an error of PHPMailer" },
    { "Password not accepted from server:", AT_ONCE | PASSWORD, STAGE_AUTH,  "an error of PHPMailer" },
    { "Username command failed:",         AT_ONCE, STAGE_AUTH,     "an error of PHPMailer" },
    { "AUTH command failed:",             AT_ONCE, STAGE_AUTH,     "an error of PHPMailer" },
    { "MAIL FROM command failed:",        AT_ONCE, STAGE_MAIL,     "an error of PHPMailer" },
    { "RCPT TO command failed:",          AT_ONCE, STAGE_RCPT,     "an error of PHPMailer" },
    { "DATA END command failed:",         AT_ONCE, STAGE_BODY,     "an error of PHPMailer" },
    { "Could not authenticate.",          AT_ONCE, STAGE_AUTH,     "an error of PHPMailer" },
    { "SERVER -> CLIENT:",                AT_ONCE | LINES, STAGE_NONE, "a log of PHPMailer" },
    { "with message",                     AT_ONCE, STAGE_NONE,     "an exception of Symfony Mailer or Swift Mailer" },
    { "Net::SMTPAuthenticationError:",    AT_ONCE, STAGE_AUTH,     "an exception of Ruby's net/smtp" },
    { "Net::SMTPFatalError:",             AT_ONCE, STAGE_NONE,     "an exception of Ruby's net/smtp" },
    { "Net::SMTPServerBusy:",             AT_ONCE, STAGE_NONE,     "an exception of Ruby's net/smtp" },
    { "could not send email",             0,       STAGE_NONE,     "an error of gomail" },
    { "SMTP AUTH failed:",                AT_ONCE, STAGE_AUTH,     "an error of go-mail" },
    { "failed to issue MAIL command:",    AT_ONCE, STAGE_MAIL,     "an error of go-mail" },
    { "SendMail:",                        0,       STAGE_NONE,     "an error of Mattermost" },
    { "response to RCPT command for",     0,       STAGE_RCPT,     "a log of Mailpit" },
    { "permanent error",                  AT_ONCE, STAGE_NONE,     "an error of lettre" },
    { "transient error",                  AT_ONCE, STAGE_NONE,     "an error of lettre" },
    { "SMTP Error",                       AT_ONCE, STAGE_NONE,     "an error of Roundcube" },
    { "msg=",                             AT_ONCE, STAGE_NONE,     "a log in logfmt" },
    /* programs */
    { "msmtp: server message:",           AT_ONCE | LINES, STAGE_NONE, "msmtp" },
    { "mail server responded:",           AT_ONCE, STAGE_NONE,     "Thunderbird" },
    { "Negative SMTP reply:",             AT_ONCE, STAGE_NONE,     "K-9 Mail" },
    { "SMTP session failed:",             AT_ONCE, STAGE_NONE,     "mutt" },
    { "<**",                              AT_ONCE | LINES, STAGE_NONE, "swaks" },
    { "<~*",                              AT_ONCE | LINES, STAGE_NONE, "swaks" },
    { "<",                                AT_ONCE | LINES, STAGE_NONE, "a log of curl" },
};

static const struct place {
    const char *words;
    enum stage stage;
} places[] = { /* where a relay stood when the server behind it answered; the longer first */
    { "reply to end of DATA", STAGE_BODY },   { "after end of data", STAGE_BODY },
    { "reply to MAIL FROM", STAGE_MAIL },     { "after MAIL FROM", STAGE_MAIL },
    { "reply to RCPT TO", STAGE_RCPT },       { "after RCPT TO", STAGE_RCPT },
    { "reply to DATA", STAGE_DATA },          { "after DATA", STAGE_DATA },
    { "reply to EHLO", STAGE_EHLO },          { "after EHLO", STAGE_EHLO },
    { "reply to AUTH", STAGE_AUTH },          { "after AUTH", STAGE_AUTH },
    { "reply to HELO", STAGE_EHLO },          { "after initial connection", STAGE_GREETING },
};
/* clang-format on */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char at_or_nul(struct slice s, size_t i)
{
    return i < s.n ? s.p[i] : '\0';
}

/* "(550): ", as lettre and Roundcube show a code. */
static bool is_in_brackets(struct slice s, size_t at)
{
    return at != 0 && s.p[at - 1] == '(' && at_or_nul(s, at + 3) == ')' &&
           at_or_nul(s, at + 4) == ':' && at_or_nul(s, at + 5) == ' ';
}

/* "550 ", "550-", "550:", "550,", "(550): " or "5.7.1": a failure's code. */
static bool is_code_at(struct slice s, size_t at)
{
    char first = at_or_nul(s, at), second = at_or_nul(s, at + 1), third = at_or_nul(s, at + 2);
    if ((first != '4' && first != '5') || (at != 0 && is_digit(s.p[at - 1]))) {
        return false;
    }
    if (second == '.') {
        size_t dot = at + 2;
        while (is_digit(at_or_nul(s, dot))) {
            dot++;
        }
        return is_digit(third) && dot - at <= 5 && at_or_nul(s, dot) == '.' &&
               is_digit(at_or_nul(s, dot + 1)) && (at == 0 || s.p[at - 1] != '.');
    }
    return second >= '0' && second <= '5' && is_digit(third) &&
           (is_in_brackets(s, at) ||
            memchr(" -:,\r\n", at_or_nul(s, at + 3), 7) != NULL); /* the NUL too: the end */
}

/* "(535, b'": a code and a text as Python shows a pair; the offset of the text, 0 if it is none. */
static size_t tuple_text_at(struct slice s, size_t at)
{
    size_t i = at + 3;
    if (at == 0 || s.p[at - 1] != '(' || at_or_nul(s, i) != ',') {
        return 0;
    }
    i += at_or_nul(s, i + 1) == ' ' ? 2 : 1;
    i += at_or_nul(s, i) == 'b';
    return at_or_nul(s, i) == '\'' || at_or_nul(s, i) == '"' ? i + 1 : 0;
}

/* What stands before, as far as a frame may reach and not over the reply that was found already. CR
 * does not count, so that the answer is the same however lines end. */
static struct slice before(struct slice s, size_t from, size_t at)
{
    size_t begin = at;
    for (size_t n = 0; begin > from && n < BEFORE_MAX; begin--) {
        n += s.p[begin - 1] != '\r';
    }
    return slice_sub(s, begin, at - begin);
}

/* "550 5.1.1": the enhanced code goes with the reply code before it. */
static bool is_second_code(struct slice s, size_t at)
{
    return s.p[at + 1] == '.' && at >= 4 && (s.p[at - 1] == ' ' || s.p[at - 1] == '-') &&
           is_digit(s.p[at - 2]) && is_digit(s.p[at - 3]) && is_digit(s.p[at - 4]);
}

static bool frame_is_before(const struct frame *f, struct slice front)
{
    struct slice words = slice_of(f->words);
    if ((f->how & AT_ONCE) == 0) {
        return slice_find_nocase(front, words) != SIZE_MAX;
    }
    front = slice_trim_end(front, " \t\r\n'\"([");
    bool is_there =
        front.n >= words.n && slice_eq_nocase(slice_from(front, front.n - words.n), words);
    bool is_line =
        front.n == words.n || (is_there && memchr(" \t\n", front.p[front.n - words.n - 1], 3));
    return is_there && ((f->how & LINES) == 0 || is_line);
}

static const struct frame *frame_before(struct slice s, size_t from, size_t at)
{
    static const struct frame python = {"", 0, STAGE_NONE, "an exception of Python's smtplib"};
    struct slice front = before(s, from, at);
    for (size_t i = 0; at != 0 && i < COUNT(frames); i++) {
        if (frame_is_before(&frames[i], front)) {
            return &frames[i];
        }
    }
    return tuple_text_at(s, at) != 0 ? &python : NULL;
}

/* The quote that opened before the reply ends it, where it is not an apostrophe. */
static size_t end_of_quoted(struct slice s, size_t from, char quote)
{
    for (size_t i = from; i < s.n; i++) {
        bool is_end = s.p[i] == quote && s.p[i - 1] != '\\' &&
                      (i + 1 == s.n || memchr("),}].\"';:\r\n", s.p[i + 1], 11) != NULL);
        if (is_end) {
            return i;
        }
    }
    return s.n;
}

static int hex_value(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* A library prints line breaks as \n, and octets that are not ASCII as \xNN. */
static void add_unescaped(struct buf *out, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        char next = at_or_nul(s, i + 1);
        int high = hex_value(at_or_nul(s, i + 2)), low = hex_value(at_or_nul(s, i + 3));
        if (s.p[i] == '\\' && (next == 'n' || next == 'r')) {
            buf_add_char(out, next == 'n' ? '\n' : '\r');
            i++;
        } else if (s.p[i] == '\\' && next == 'x' && high >= 8 && low >= 0) {
            buf_add_char(out, (char)(high << 4 | low));
            i += 3;
        } else {
            buf_add_char(out, s.p[i]);
        }
    }
}

/* Each line from `at` that has the words of the frame before its code, without them. */
static void add_lines(struct buf *out, const struct frame *f, struct slice s, size_t at)
{
    struct slice words = slice_of(f->words), line, rest = slice_from(s, at);
    for (bool is_first = true; slice_take_until(&rest, '\n', &line); is_first = false) {
        size_t front = is_first ? 0 : slice_find_nocase(line, words);
        if (front == SIZE_MAX) {
            break;
        }
        buf_add(out, slice_trim(is_first ? line : slice_from(line, front + words.n)));
        buf_add_char(out, '\n');
    }
}

static enum stage place_in(struct slice s)
{
    for (size_t i = 0; i < COUNT(places); i++) {
        if (slice_find_nocase(s, slice_of(places[i].words)) != SIZE_MAX) {
            return places[i].stage;
        }
    }
    return STAGE_NONE;
}

/* Where the reply that begins at `at` ends: at the quote that was opened before it, or with the
 * text. */
static size_t inner_end(struct slice s, size_t at)
{
    size_t text = tuple_text_at(s, at);
    if (text != 0) {
        return end_of_quoted(s, text, s.p[text - 1]);
    }
    bool is_quoted = at != 0 && (s.p[at - 1] == '\'' || s.p[at - 1] == '"');
    return is_quoted ? end_of_quoted(s, at, s.p[at - 1]) : s.n;
}

static void add_inner(struct buf *out, const struct frame *f, struct slice s, size_t at)
{
    size_t text = tuple_text_at(s, at);
    if ((f->how & LINES) != 0) {
        add_lines(out, f, s, at);
        return;
    }
    if (is_in_brackets(s, at)) {
        text = at + 6;
    }
    if (text != 0) {
        buf_add(out, slice_sub(s, at, 3));
        buf_add_char(out, ' ');
        at = text;
    }
    struct slice inner = slice_from(s, at);
    size_t aside =
        (f->how & RELAY) != 0 ? slice_find_nocase(inner, SLICE("(in reply to ")) : SIZE_MAX;
    add_unescaped(out, aside == SIZE_MAX ? inner : slice_sub(inner, 0, aside));
}

bool unwrap(struct slice text, struct arena *arena, struct unwrapped *out)
{
    const struct frame *found = NULL;
    enum stage stage = STAGE_NONE;
    size_t begin = 0;
    struct buf inner;
    bool is_reply = text.n != 0 && is_digit(text.p[0]);
    size_t at = octets_find_either(text.p, text.n, 1, '4', '5');
    for (; at + 2 < text.n; at = octets_find_either(text.p, text.n, at + 1, '4', '5')) {
        if (!is_code_at(text, at) || is_second_code(text, at) ||
            (is_reply && text.p[at - 1] == '\n')) { /* the next line of a plain reply */
            continue;
        }
        const struct frame *f = frame_before(text, begin, at);
        if (f != NULL && f != found) {
            stage = f->stage != STAGE_NONE || (f->how & RELAY) != 0 ? f->stage : stage;
            found = f;
            begin = at;
            text.n = inner_end(text, at);
        }
    }
    if (found == NULL) {
        return false;
    }
    buf_init(&inner, INNER_MAX);
    add_inner(&inner, found, text, begin);
    *out = (struct unwrapped){.inner = arena_copy(arena, buf_slice(&inner)),
                              .by = found->by,
                              .stage = stage,
                              .is_password = (found->how & PASSWORD) != 0,
                              .is_relay = (found->how & RELAY) != 0};
    if (out->is_relay) {
        enum stage behind = place_in(slice_from(text, begin));
        out->stage = behind != STAGE_NONE ? behind : place_in(before(text, 0, begin));
    }
    buf_release(&inner);
    return true;
}
