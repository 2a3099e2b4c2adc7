/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of a pasted session: whose it is, by the marks that programs put in front, by its reply
 * code, by its verb. Tables decide.
 */
#include "diagnose/paste_parts.h"

#include <string.h>

#include "wire/enhanced.h"

enum { MARK_WITHIN = 160, QUOTES_MAX = 3 };

/* Longer ones before those they begin with. */
static const struct mark {
    struct slice text;
    enum paste_who who;
    bool is_inside; /* also behind a time, a level or a name, as loggers put them */
    bool is_tls;
    bool is_weak; /* also quotes text of others: what stands behind it may say more */
} marks[] = {
    {SLICE_INIT("SERVER -> CLIENT:"), PASTE_SERVER, true, false, false}, /* PHPMailer */
    {SLICE_INIT("CLIENT -> SERVER:"), PASTE_CLIENT, true, false, false},
    {SLICE_INIT("SERVER -&gt; CLIENT:"), PASTE_SERVER, true, false, false},
    {SLICE_INIT("CLIENT -&gt; SERVER:"), PASTE_CLIENT, true, false, false},
    {SLICE_INIT("SMTP -> FROM SERVER:"), PASTE_SERVER, true, false, false},
    {SLICE_INIT("<** "), PASTE_SERVER, false, false, false}, /* swaks; * is an unexpected answer */
    {SLICE_INIT("<~* "), PASTE_SERVER, false, true, false},
    {SLICE_INIT("<-- "), PASTE_SERVER, false, false, false}, /* msmtp */
    {SLICE_INIT("--> "), PASTE_CLIENT, false, false, false},
    {SLICE_INIT("<- "), PASTE_SERVER, false, false, false},
    {SLICE_INIT("-> "), PASTE_CLIENT, false, false, false},
    {SLICE_INIT("<~ "), PASTE_SERVER, false, true, false},
    {SLICE_INIT("~> "), PASTE_CLIENT, false, true, false},
    {SLICE_INIT("*** "), PASTE_NOTE, false, false, false},
    {SLICE_INIT("=== "), PASTE_NOTE, false, false, false},
    {SLICE_INIT("SMTP<< "), PASTE_SERVER, true, false, false}, /* Exim */
    {SLICE_INIT("SMTP>> "), PASTE_CLIENT, true, false, false},
    {SLICE_INIT("SMTP(close)>>"), PASTE_NOTE, true, false, false},
    {SLICE_INIT("<<< "), PASTE_SERVER, true, false, false}, /* sendmail -v, Net::SMTP */
    {SLICE_INIT(">>> "), PASTE_CLIENT, true, false, false},
    {SLICE_INIT("reply: "), PASTE_SERVER, false, false, false}, /* smtplib */
    {SLICE_INIT("send: "), PASTE_CLIENT, false, false, false},
    {SLICE_INIT("Server: "), PASTE_SERVER, false, false, false},
    {SLICE_INIT("Client: "), PASTE_CLIENT, false, false, false},
    {SLICE_INIT("S: "), PASTE_SERVER, true, false,
     false}, /* Nodemailer, MailKit, Thunderbird, RFCs */
    {SLICE_INIT("C: "), PASTE_CLIENT, true, false, false},
    {SLICE_INIT("< "), PASTE_SERVER, false, false, false}, /* curl -v */
    {SLICE_INIT("> "), PASTE_CLIENT, false, false, true},
    {SLICE_INIT("* "), PASTE_NOTE, false, false, false},
};

static const struct verb {
    const char *word;
    enum stage stage;
    bool wants_more; /* alone it is a word like any other */
} verbs[] = {
    {"EHLO", STAGE_EHLO, true},          {"HELO", STAGE_EHLO, true},  {"LHLO", STAGE_EHLO, true},
    {"STARTTLS", STAGE_STARTTLS, false}, {"AUTH", STAGE_AUTH, true},  {"MAIL", STAGE_MAIL, true},
    {"RCPT", STAGE_RCPT, true},          {"DATA", STAGE_DATA, false}, {"BDAT", STAGE_BODY, true},
    {"QUIT", STAGE_QUIT, false},         {"RSET", STAGE_NONE, false}, {"NOOP", STAGE_NONE, false},
    {"HELP", STAGE_NONE, false},         {"VRFY", STAGE_NONE, true},  {"EXPN", STAGE_NONE, true},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_reply(struct slice s)
{
    return s.n >= 3 && s.p[0] >= '2' && s.p[0] <= '5' && s.p[1] >= '0' && s.p[1] <= '5' &&
           is_digit(s.p[2]) && (s.n == 3 || s.p[3] == ' ' || s.p[3] == '-');
}

bool paste_verb(struct slice command, enum stage *stage)
{
    struct slice rest = command, word;
    if (!slice_take_word(&rest, &word) || word.n > 8) {
        return false;
    }
    for (size_t i = 0; i < COUNT(verbs); i++) {
        if (slice_eq_nocase_text(word, verbs[i].word)) {
            *stage = verbs[i].stage;
            return !verbs[i].wants_more || slice_trim(rest).n != 0;
        }
    }
    return false;
}

/* A command that stands alone on its line, with nobody saying whose it is. */
static bool is_bare_command(struct slice s)
{
    enum stage stage;
    struct slice rest = s, verb, word;
    if (!paste_verb(s, &stage)) {
        return false;
    }
    slice_take_word(&rest, &verb);
    bool has_word = slice_take_word(&rest, &word);
    if (stage == STAGE_MAIL || stage == STAGE_RCPT) {
        return slice_has_prefix_nocase(word, SLICE("FROM:")) ||
               slice_has_prefix_nocase(word, SLICE("TO:"));
    }
    bool is_alone = stage == STAGE_STARTTLS || stage == STAGE_DATA || stage == STAGE_QUIT ||
                    slice_eq_nocase_text(verb, "RSET") || slice_eq_nocase_text(verb, "NOOP");
    bool has_one = has_word && slice_trim(rest).n == 0;
    return is_alone ? !has_word : has_one || stage == STAGE_AUTH;
}

/* smtplib prints b'…\r\n', others end lines in <br> or <EOL>. */
static struct slice unquoted(struct slice s)
{
    static const struct slice ends[] = {SLICE_INIT("<br>"),   SLICE_INIT("<br/>"),
                                        SLICE_INIT("<br />"), SLICE_INIT("<EOL>"),
                                        SLICE_INIT("\\n"),    SLICE_INIT("\\r")};
    s = slice_trim(s);
    s = s.n > 2 && s.p[0] == 'b' && (s.p[1] == '\'' || s.p[1] == '"') ? slice_from(s, 1) : s;
    if (s.n >= 2 && (s.p[0] == '\'' || s.p[0] == '"') && s.p[s.n - 1] == s.p[0]) {
        s = slice_sub(s, 1, s.n - 2);
    }
    for (size_t i = 0; i < COUNT(ends); i++) {
        s = slice_has_suffix(s, ends[i]) ? slice_trim(slice_sub(s, 0, s.n - ends[i].n)) : s;
    }
    return s;
}

static struct paste_line by_itself(struct slice text)
{
    text = unquoted(text);
    enum paste_who who = is_reply(text)          ? PASTE_SERVER
                         : is_bare_command(text) ? PASTE_CLIENT
                                                 : PASTE_BARE;
    return (struct paste_line){.who = who, .text = text};
}

static struct paste_line by_mark(const struct mark *m, struct slice behind)
{
    struct paste_line inner = by_itself(behind);
    struct paste_line out = {
        .who = m->who, .text = inner.text, .has_mark = true, .is_tls = m->is_tls};
    if (m->is_weak && inner.who == PASTE_SERVER) {
        return inner; /* the whole session is quoted with '>' */
    }
    if (m->who == PASTE_SERVER && inner.who != PASTE_SERVER) {
        out.who = PASTE_NOTE; /* "reply: retcode (535); …" */
    }
    return out;
}

/* Where a mark begins that stands behind a time or the name of a logger; SIZE_MAX: nowhere. */
static size_t mark_inside(struct slice line, struct slice mark)
{
    struct slice head = slice_sub(line, 0, MARK_WITHIN);
    size_t at = slice_find(head, mark);
    bool is_word = at != SIZE_MAX && (at == 0 || strchr(" \t])>|", head.p[at - 1]) != NULL ||
                                      mark.p[0] == '>' || mark.p[0] == '<');
    return is_word ? at : SIZE_MAX;
}

static struct paste_line classify(struct slice line, unsigned quotes)
{
    struct slice s = slice_trim(line);
    struct paste_line bare = by_itself(s);
    if (bare.who != PASTE_BARE) {
        return bare;
    }
    for (size_t i = 0; i < COUNT(marks); i++) {
        /* "C:" with nothing behind is an empty answer */
        bool is_all = s.n + 1 == marks[i].text.n && slice_has_prefix(marks[i].text, s);
        if (is_all || slice_has_prefix(s, marks[i].text)) {
            struct slice behind = slice_from(s, marks[i].text.n);
            struct paste_line again = {.who = PASTE_BARE};
            if (marks[i].is_weak && quotes < QUOTES_MAX) {
                again = classify(behind, quotes + 1); /* a quoted session of another program */
            }
            return again.has_mark ? again : by_mark(&marks[i], behind);
        }
    }
    for (size_t i = 0; i < COUNT(marks); i++) {
        size_t at = marks[i].is_inside ? mark_inside(s, marks[i].text) : SIZE_MAX;
        if (at != SIZE_MAX) {
            return by_mark(&marks[i], slice_from(s, at + marks[i].text.n));
        }
    }
    return bare;
}

struct paste_line paste_classify(struct slice line)
{
    return classify(line, 0);
}

static bool is_word_char(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_';
}

/* (535, b'5.7.8 …'): the code, and where its text begins. */
static size_t tuple_at(struct slice s)
{
    bool is_tuple = s.n > 8 && s.p[0] == '(' && (s.p[1] == '4' || s.p[1] == '5') &&
                    is_digit(s.p[2]) && is_digit(s.p[3]) && s.p[4] == ',' && s.p[5] == ' ';
    size_t at = is_tuple && s.p[6] == 'b' ? 7 : 6;
    return is_tuple && (s.p[at] == '\'' || s.p[at] == '"') ? at + 1 : 0;
}

static struct slice from_tuple(struct slice s, size_t at, struct buf *room)
{
    const char quote = s.p[at - 1];
    size_t start = room->n;
    buf_addf(room, "%.3s ", s.p + 1);
    for (; at < s.n && s.p[at] != quote; at++) {
        bool is_break =
            s.p[at] == '\\' && at + 1 < s.n && (s.p[at + 1] == 'n' || s.p[at + 1] == 'r');
        if (is_break) {
            buf_add_char(room, ' ');
            at++;
        } else {
            buf_add_char(room, s.p[at]);
        }
    }
    return slice_from(buf_slice(room), start);
}

struct slice paste_quoted_reply(struct slice line, struct buf *room)
{
    struct enhanced code;
    struct slice s = slice_sub(line, 0, NOTE_WITHIN), rest;
    for (size_t at = 0; at + 5 < s.n; at++) {
        struct slice here = slice_from(s, at);
        size_t text = s.p[at] == '(' ? tuple_at(here) : 0;
        if (text != 0) {
            return from_tuple(here, text, room);
        }
        if ((s.p[at] != '4' && s.p[at] != '5') || (at != 0 && is_word_char(s.p[at - 1])) ||
            !is_reply(here)) {
            continue;
        }
        if (enhanced_take(slice_from(here, 4), &code, &rest) &&
            enhanced_fits(&code, (unsigned)(s.p[at] - '0') * 100)) {
            return slice_trim_end(here, "'\",)} ");
        }
    }
    return (struct slice){"", 0};
}

void paste_look_at(struct paste_look *look, struct slice line)
{
    struct buf room;
    struct paste_line l = paste_classify(line);
    buf_init(&room, NOTE_WITHIN + 8);
    look->has_client |= l.who == PASTE_CLIENT;
    look->has_mark |= l.has_mark && l.who != PASTE_NOTE;
    look->has_code_first |= l.who == PASTE_SERVER;
    if (l.who == PASTE_NOTE || l.who == PASTE_BARE) {
        look->has_quoted = look->has_quoted || paste_quoted_reply(l.text, &room).n != 0;
        look->has_fault = look->has_fault || paste_fault(l.text) != FAULT_NONE;
    }
    buf_release(&room);
}

bool paste_is_session(const struct paste_look *look)
{
    return look->has_client || look->has_mark ||
           (!look->has_code_first && (look->has_quoted || look->has_fault));
}
