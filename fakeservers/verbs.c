/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The polite machine: one row per verb, one cell per phase, no empty cell (RFC 5321 4.1.4, 3207,
 * 4954, 3030). Working out an answer changes nothing; the effect comes after it was said.
 */
#include "fakeservers/address.h"
#include "fakeservers/conn.h"
#include "fakeservers/effect.h"

#include <string.h>

enum cell { NEVER = 0 /* an empty cell is a bug */, DO, SEQ };

struct verb {
    const char *name;
    enum cell cells[PHASE_COUNT];
    void (*answer)(struct conn *c, struct slice argument, struct answer *out);
    void (*effect)(struct conn *c, unsigned code);
    enum stage stage;
    unsigned success;
    const char *source;
};

/* ---- small answers ---- */

static void say(struct answer *out, const char *text)
{
    buf_add_text(&out->text, text);
}

static void say_polite(struct conn *c, const char *verb, struct answer *out)
{
    conn_fill(c, buf_slice(&c->argument), persona_polite(&c->fake->persona, verb), &out->text);
}

static void say_cause(struct conn *c, const char *cause, enum stage stage, struct answer *out)
{
    struct persona_words said = persona_words_for(&c->fake->persona, cause, stage);
    must(said.text != NULL);
    out->closes = said.closes;
    conn_fill(c, buf_slice(&c->argument), said.text, &out->text);
}

static bool offers_auth(const char *const *lines)
{
    for (size_t i = 0; lines[i] != NULL; i++) {
        if (slice_has_prefix_nocase(slice_of(lines[i]), SLICE("AUTH")) &&
            (lines[i][4] == ' ' || lines[i][4] == '=')) {
            return true;
        }
    }
    return false;
}

/* ---- the verbs ---- */

static bool is_hello_name(struct slice name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] <= ' ' || name.p[i] == 127) { /* 8-bit octets are negative or above */
            return false;
        }
    }
    return name.n > 0;
}

static void answer_hello(struct conn *c, struct slice argument, struct answer *out, bool is_ehlo)
{
    if (!is_hello_name(argument)) {
        say(out, "501 5.5.4 Syntax: EHLO hostname");
        return;
    }
    const char *const *lines = conn_capabilities(c);
    bool has_lines = is_ehlo && lines[0] != NULL;
    buf_add_text(&out->text, has_lines ? "250-" : "250 ");
    conn_fill(c, slice_of(""), persona_hello(&c->fake->persona), &out->text);
    for (size_t i = 0; has_lines && lines[i] != NULL; i++) {
        buf_addf(&out->text, "\n250%c%s", lines[i + 1] != NULL ? '-' : ' ', lines[i]);
    }
}

static void answer_ehlo(struct conn *c, struct slice argument, struct answer *out)
{
    answer_hello(c, argument, out, true);
}

static void answer_helo(struct conn *c, struct slice argument, struct answer *out)
{
    if (is_hello_name(argument) && persona_polite(&c->fake->persona, "HELO") != NULL) {
        say_polite(c, "HELO", out);
    } else {
        answer_hello(c, argument, out, false);
    }
}

static void answer_starttls(struct conn *c, struct slice argument, struct answer *out)
{
    if (argument.n > 0) {
        say(out, "501 5.5.4 Syntax error: no parameters allowed"); /* RFC 3207 4 */
    } else if (c->inside_tls) {
        say(out, "503 5.5.1 TLS is already up");
    } else if (!capability_has(conn_capabilities(c), "STARTTLS")) {
        say(out, "502 5.5.1 STARTTLS is not available");
    } else {
        say_polite(c, "STARTTLS", out);
    }
}

static void answer_auth(struct conn *c, struct slice argument, struct answer *out)
{
    auth_command(c, argument, out, c->now_us);
}

/* Submission wants TLS and AUTH first wherever it offers them (RFC 6409 4.3, RFC 3207 4). */
static const char *mail_obstacle(const struct conn *c)
{
    const char *const *lines = conn_capabilities(c);
    if (c->is_authed) {
        return NULL;
    }
    if (offers_auth(lines)) {
        return "auth.required";
    }
    bool needs_tls =
        !c->inside_tls && capability_has(lines, "STARTTLS") && offers_auth(c->fake->persona.tls);
    return needs_tls ? "tls.required" : NULL;
}

static void answer_param_fault(enum param_fault fault, struct answer *out)
{
    say(out, fault == PARAM_UNKNOWN ? "555 5.5.4 Parameter not recognized or not offered"
                                    : "501 5.5.4 Syntax error in parameters");
}

static void answer_mail(struct conn *c, struct slice argument, struct answer *out)
{
    struct address_argument a;
    bool is_right = address_read(argument, "FROM:", &a);
    enum param_fault fault = address_params(a.params, true, conn_capabilities(c), &c->params);
    buf_reset(&c->argument);
    buf_add(&c->argument, a.path);
    const char *obstacle = mail_obstacle(c);
    if (obstacle != NULL) {
        say_cause(c, obstacle, STAGE_MAIL, out);
    } else if (!is_right) {
        say(out, "501 5.5.4 Syntax: MAIL FROM:<address>");
    } else if (fault != PARAM_OK) {
        answer_param_fault(fault, out);
    } else if (a.is_8bit && !c->params.is_utf8) {
        say_cause(c, "send.smtputf8_unsupported", STAGE_MAIL, out);
    } else if (c->params.size > conn_max_message(c)) {
        say_cause(c, "send.message_too_large", STAGE_MAIL, out);
    } else {
        say_polite(c, "MAIL", out);
    }
}

static void answer_rcpt(struct conn *c, struct slice argument, struct answer *out)
{
    struct address_argument a;
    bool is_right = address_read(argument, "TO:", &a) && a.path.n > 0;
    enum param_fault fault = address_params(a.params, false, conn_capabilities(c), &c->params);
    buf_reset(&c->argument);
    buf_add(&c->argument, a.path);
    if (!is_right) {
        say(out, "501 5.5.4 Syntax: RCPT TO:<address>");
    } else if (fault != PARAM_OK) {
        answer_param_fault(fault, out);
    } else if (a.is_8bit && !c->mail.params.is_utf8) { /* RFC 6531 3.5 */
        say(out, "553 5.6.7 The address needs SMTPUTF8, and MAIL did not ask for it");
    } else if (c->mail.rcpt_count >= FAKE_RCPTS_MAX) {
        say_cause(c, "send.too_many_recipients", STAGE_RCPT, out);
    } else {
        say_polite(c, "RCPT", out);
    }
}

static void answer_data(struct conn *c, struct slice argument, struct answer *out)
{
    if (argument.n > 0) {
        say(out, "501 5.5.4 Syntax: DATA");
    } else if (c->mail.params.is_binary) { /* RFC 3030 3 */
        say(out, "503 5.5.1 A BINARYMIME message comes by BDAT");
    } else {
        say_polite(c, "DATA", out);
    }
}

static void answer_plain(struct conn *c, const char *verb, struct slice argument, bool takes_any,
                         struct answer *out)
{
    if (argument.n > 0 && !takes_any) {
        buf_addf(&out->text, "501 5.5.4 Syntax: %s", verb);
    } else {
        say_polite(c, verb, out);
    }
}

static void answer_rset(struct conn *c, struct slice argument, struct answer *out)
{
    answer_plain(c, "RSET", argument, false, out);
}

static void answer_noop(struct conn *c, struct slice argument, struct answer *out)
{
    answer_plain(c, "NOOP", argument, true, out);
}

static void answer_help(struct conn *c, struct slice argument, struct answer *out)
{
    answer_plain(c, "HELP", argument, true, out);
}

static void answer_quit(struct conn *c, struct slice argument, struct answer *out)
{
    answer_plain(c, "QUIT", argument, false, out);
}

static void answer_vrfy(struct conn *c, struct slice argument, struct answer *out)
{
    if (argument.n == 0) {
        say(out, "501 5.5.4 Syntax: VRFY address");
    } else {
        say_polite(c, "VRFY", out);
    }
}

static void answer_expn(struct conn *c, struct slice argument, struct answer *out)
{
    (void)c;
    (void)argument;
    say(out, "502 5.5.1 EXPN command not implemented");
}

/* A BDAT is answered behind its octets; see verbs_chunk. */
static void answer_bdat(struct conn *c, struct slice argument, struct answer *out)
{
    (void)argument;
    if (!capability_has(conn_capabilities(c), "CHUNKING")) {
        say(out, "502 5.5.1 BDAT is not available");
    } else if (c->mail.size > conn_max_message(c)) {
        say_cause(c, "send.message_too_large", STAGE_BODY, out);
    } else {
        say_polite(c, c->chunk_is_last ? "BODY" : "BDAT", out);
    }
}

static void answer_unknown(struct conn *c, struct slice argument, struct answer *out)
{
    (void)argument;
    (void)c;
    say(out, "500 5.5.2 Command unrecognized");
}

/* clang-format off */
static const struct verb verbs[] = {
    /*              HELLO READY MAIL  RCPT  CHUNKS REFUSED */
    { "EHLO",     { DO,   DO,   DO,   DO,   DO,    SEQ }, answer_ehlo,     effect_hello,    STAGE_EHLO,     250, "RFC 5321 4.1.4" },
    { "HELO",     { DO,   DO,   DO,   DO,   DO,    SEQ }, answer_helo,     effect_hello,    STAGE_EHLO,     250, "RFC 5321 4.1.4" },
    { "STARTTLS", { SEQ,  DO,   SEQ,  SEQ,  SEQ,   SEQ }, answer_starttls, effect_starttls, STAGE_STARTTLS, 220, "RFC 3207 4" },
    { "AUTH",     { SEQ,  DO,   SEQ,  SEQ,  SEQ,   SEQ }, answer_auth,     auth_effect,     STAGE_AUTH,     235, "RFC 4954 4" },
    { "MAIL",     { SEQ,  DO,   SEQ,  SEQ,  SEQ,   SEQ }, answer_mail,     effect_mail,     STAGE_MAIL,     250, "RFC 5321 3.3" },
    { "RCPT",     { SEQ,  SEQ,  DO,   DO,   SEQ,   SEQ }, answer_rcpt,     effect_rcpt,     STAGE_RCPT,     250, "RFC 5321 3.3" },
    { "DATA",     { SEQ,  SEQ,  SEQ,  DO,   SEQ,   SEQ }, answer_data,     effect_data,     STAGE_DATA,     354, "RFC 3030 2" },
    { "BDAT",     { SEQ,  SEQ,  SEQ,  DO,   DO,    SEQ }, answer_bdat,     effect_chunk,    STAGE_BODY,     250, "RFC 3030 2" },
    { "RSET",     { DO,   DO,   DO,   DO,   DO,    SEQ }, answer_rset,     effect_rset,     STAGE_NONE,     250, "RFC 5321 4.1.1.5" },
    { "NOOP",     { DO,   DO,   DO,   DO,   DO,    SEQ }, answer_noop,     effect_none,     STAGE_NONE,     250, "RFC 5321 4.1.1.9" },
    { "VRFY",     { DO,   DO,   DO,   DO,   DO,    SEQ }, answer_vrfy,     effect_none,     STAGE_NONE,     252, "RFC 5321 3.5.3" },
    { "EXPN",     { DO,   DO,   DO,   DO,   DO,    SEQ }, answer_expn,     effect_none,     STAGE_NONE,     250, "RFC 5321 3.5.3" },
    { "HELP",     { DO,   DO,   DO,   DO,   DO,    SEQ }, answer_help,     effect_none,     STAGE_NONE,     214, "RFC 5321 4.1.1.8" },
    { "QUIT",     { DO,   DO,   DO,   DO,   DO,    DO  }, answer_quit,     effect_quit,     STAGE_QUIT,     221, "RFC 5321 4.1.1.10" },
};
static const struct verb unknown =
    { "",         { DO,   DO,   DO,   DO,   DO,    SEQ }, answer_unknown,  effect_none,     STAGE_NONE,     250, "RFC 5321 4.2.4" };
/* clang-format on */

static const struct verb *verb_find(struct slice name)
{
    for (size_t i = 0; i < COUNT(verbs); i++) {
        if (slice_eq_text(name, verbs[i].name)) {
            return &verbs[i];
        }
    }
    return &unknown;
}

static void say_out_of_sequence(const struct conn *c, const struct verb *verb, struct answer *out)
{
    if (c->phase == PHASE_HELLO) {
        say(out, "503 5.5.1 Say EHLO first");
    } else if (strcmp(verb->name, "RCPT") == 0) {
        say(out, "503 5.5.1 Need MAIL before RCPT");
    } else if (strcmp(verb->name, "DATA") == 0 || strcmp(verb->name, "BDAT") == 0) {
        say(out, "503 5.5.1 Need RCPT first");
    } else {
        say(out, "503 5.5.1 Bad sequence of commands");
    }
}

static void verb_answer(struct conn *c, const struct verb *verb, struct slice argument,
                        struct answer *out)
{
    must(verb->cells[c->phase] != NEVER);
    if (verb->cells[c->phase] == DO) {
        verb->answer(c, argument, out);
    } else {
        say_out_of_sequence(c, verb, out);
    }
}

/* ---- events ---- */

static void answer_init(struct answer *out)
{
    *out = (struct answer){0};
    buf_init(&out->text, 1 << 20);
}

void verbs_connect(struct conn *c)
{
    struct answer polite;
    answer_init(&polite);
    struct event event = {.on = SLICE("connect"), .success = 220, .effect = effect_connect};
    perform_event(c, &event, &polite);
    buf_release(&polite.text);
}

void verbs_greet(struct conn *c)
{
    struct answer polite;
    answer_init(&polite);
    conn_fill(c, slice_of(""), persona_greeting(&c->fake->persona), &polite.text);
    struct event event = {.on = SLICE("greeting"),
                          .stage = STAGE_GREETING,
                          .success = 220,
                          .effect = effect_greeting};
    perform_event(c, &event, &polite);
    buf_release(&polite.text);
}

/* The octets follow whatever is said, so they are read first, even of a BDAT that is refused
 * (RFC 3030 2). */
static void begin_chunk(struct conn *c, uint64_t octets, bool is_last)
{
    bool is_legal = c->phase == PHASE_RCPT || c->phase == PHASE_CHUNKS;
    c->chunk_left = octets;
    c->chunk_is_last = is_last;
    c->chunk_is_bad = !is_legal || !capability_has(conn_capabilities(c), "CHUNKING");
    c->reading = READ_CHUNK;
}

void verbs_chunk(struct conn *c)
{
    const struct verb *verb = verb_find(SLICE("BDAT"));
    struct answer polite;
    answer_init(&polite);
    verb_answer(c, verb, slice_of(""), &polite);
    struct event event = {.on = SLICE("BDAT"),
                          .also = slice_of(c->chunk_is_last ? "body" : ""),
                          .argument = slice_of(c->chunk_is_last ? "LAST" : ""),
                          .stage = STAGE_BODY,
                          .success = 250,
                          .effect = effect_chunk};
    perform_event(c, &event, &polite);
    buf_release(&polite.text);
}

static bool has_control(struct slice line)
{
    for (size_t i = 0; i < line.n; i++) {
        if ((unsigned char)line.p[i] < 32 && line.p[i] != '\t') {
            return true;
        }
    }
    return false;
}

void verbs_command(struct conn *c, const struct inlet_line *line)
{
    char upper[VERB_NAME_MAX + 1];
    struct slice argument;
    struct slice name = verb_name(line->text, upper, &argument);
    const struct verb *verb = verb_find(name);
    uint64_t octets;
    bool is_last, is_broken = line->is_too_long || has_control(line->text);
    conn_record(c, line, name);
    c->said_quit = c->said_quit || (!is_broken && slice_eq_text(name, "QUIT"));
    bool is_bdat = !is_broken && slice_eq_text(name, "BDAT");
    if (is_bdat && address_chunk(argument, &octets, &is_last)) {
        begin_chunk(c, octets, is_last);
        return;
    }
    struct answer polite;
    answer_init(&polite);
    if (line->is_too_long) {
        say(&polite, "500 5.5.2 Line too long");
    } else if (is_broken) {
        say(&polite, "500 5.5.2 Control characters in the command");
    } else if (is_bdat) {
        say(&polite, "501 5.5.4 Syntax: BDAT octets [LAST]");
    } else {
        verb_answer(c, verb, argument, &polite);
    }
    struct event event = {.on = name,
                          .argument = argument,
                          .stage = verb->stage,
                          .success = verb->success,
                          .effect = is_broken || is_bdat ? effect_none : verb->effect};
    if (verb->stage == STAGE_AUTH) {
        auth_keep(c, &polite);
    }
    perform_event(c, &event, &polite);
    buf_wipe(&polite.text);
    buf_release(&polite.text);
}

void verbs_sasl(struct conn *c, const struct inlet_line *line)
{
    struct answer polite;
    answer_init(&polite);
    conn_record(c, line, slice_of(""));
    if (line->is_too_long) {
        say(&polite, "500 5.5.6 Authentication exchange line is too long"); /* RFC 4954 6 */
    } else {
        auth_response(c, line->text, &polite, c->now_us);
    }
    struct event event = {.on = SLICE("sasl"),
                          .argument = line->text,
                          .stage = STAGE_AUTH,
                          .success = 235,
                          .effect = auth_effect};
    auth_keep(c, &polite);
    perform_event(c, &event, &polite);
    buf_release(&polite.text);
}

void verbs_body(struct conn *c)
{
    struct answer polite;
    answer_init(&polite);
    if (c->mail.size > conn_max_message(c)) {
        say_cause(c, "send.message_too_large", STAGE_BODY, &polite);
    } else {
        say_polite(c, "BODY", &polite);
    }
    struct event event = {.on = SLICE("body"),
                          .argument = buf_slice(&c->mail.data),
                          .stage = STAGE_BODY,
                          .success = 250,
                          .effect = effect_body};
    perform_event(c, &event, &polite);
    buf_release(&polite.text);
}
