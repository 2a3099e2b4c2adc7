/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each step puts on the wire. Every value was checked when the plan was made, so a command
 * that cannot be built here is a bug. Within `until` a step refuses itself when the server has not
 * offered what it needs; given steps are carried out as told, illegal order included, but a
 * credential never leaves outside TLS unless that was asked for in so many words (auth.c).
 */
#include "client/state.h"

#include "wire/command.h"

#include <inttypes.h>

static bool built(struct client *c, size_t from, enum err err)
{
    must(err == ERR_OK);
    client_send(c, from);
    return true;
}

static bool send_word(struct client *c, const char *verb, struct slice argument)
{
    size_t from = c->out.n;
    return built(c, from, command_word(verb, argument, &c->out, NULL));
}

static bool send_nothing(struct client *c, const struct client_step *step)
{
    (void)c;
    (void)step;
    return true;
}

static bool send_hello(struct client *c, const struct client_step *step)
{
    size_t from = c->out.n;
    enum command_greeting verb = c->row == STEP_HELO ? COMMAND_HELO : COMMAND_EHLO;
    struct slice name = step->argument.n != 0 ? step->argument : c->params.helo;
    return built(c, from, command_hello(verb, name, &c->out, NULL));
}

static bool send_starttls(struct client *c, const struct client_step *step)
{
    (void)step;
    if (!c->is_explicit && !ehlo_find(c->offered, "STARTTLS", NULL)) {
        if (report_problem(c, OUTCOME_FAILED, STAGE_STARTTLS, FAULT_STARTTLS_MISSING, NULL) &&
            ehlo_is_masked(c->offered)) {
            report_detail(c,
                          "a capability is blotted out (XXXX…): a firewall that inspects SMTP may "
                          "be hiding STARTTLS");
        }
        return false;
    }
    return send_word(c, "STARTTLS", (struct slice){NULL, 0});
}

static bool send_auth(struct client *c, const struct client_step *step)
{
    (void)step;
    return auth_enter(c);
}

/* RFC 1870 6.1: larger than the limit is not even tried. RFC 6152 3, RFC 6531 3.4: not offered, not
 * sent. False when the message or an address cannot go to this server. */
static bool may_mail(struct client *c)
{
    uint64_t limit = 0;
    bool sends = c->has_message && c->params.until >= STAGE_DATA;
    if (c->needs_smtputf8 && !ehlo_find(c->offered, "SMTPUTF8", NULL)) {
        report_problem(c, OUTCOME_FAILED, STAGE_MAIL, FAULT_SMTPUTF8_NOT_OFFERED, NULL);
        return false;
    }
    if (c->has_message && ehlo_size(c->offered, &limit) == EHLO_SIZE_LIMIT &&
        c->measure.octets > limit) {
        if (report_problem(c, OUTCOME_FAILED, STAGE_MAIL, FAULT_MESSAGE_TOO_LARGE, NULL)) {
            report_detail(c, "%" PRIu64 " octets, the server takes %" PRIu64, c->measure.octets,
                          limit);
        }
        return false;
    }
    if (sends && c->measure.has_eight_bit && !ehlo_find(c->offered, "8BITMIME", NULL)) {
        if (report_problem(c, OUTCOME_FAILED, STAGE_MAIL, FAULT_CONFIGURATION, NULL)) {
            report_detail(c, "the message has 8-bit octets and the server does not offer 8BITMIME");
        }
        return false;
    }
    return true;
}

static bool send_mail(struct client *c, const struct client_step *step)
{
    if (!c->is_explicit && !may_mail(c)) {
        return false;
    }
    struct command_mail mail = {0};
    size_t from = c->out.n;
    mail.from = plan_address(step->argument, c->params.from, &mail.more);
    if (mail.more.n == 0) { /* who writes parameters writes all of them */
        bool has_8bit = c->has_message && c->measure.has_eight_bit;
        mail.has_size = c->has_message && ehlo_find(c->offered, "SIZE", NULL);
        mail.size = c->measure.octets;
        mail.body = has_8bit && ehlo_find(c->offered, "8BITMIME", NULL) ? COMMAND_BODY_8BITMIME
                                                                        : COMMAND_BODY_NONE;
        mail.smtputf8 = c->needs_smtputf8 && ehlo_find(c->offered, "SMTPUTF8", NULL);
    }
    return built(c, from, command_mail(&mail, &c->out, NULL));
}

static bool send_rcpt(struct client *c, const struct client_step *step)
{
    struct slice parameters;
    size_t from = c->out.n;
    struct slice to = plan_address(step->argument, c->params.rcpt, &parameters);
    c->rcpt_tried++;
    return built(c, from, command_rcpt(to, parameters, &c->out, NULL));
}

static bool send_data(struct client *c, const struct client_step *step)
{
    (void)step;
    return send_word(c, "DATA", (struct slice){NULL, 0});
}

static bool send_body(struct client *c, const struct client_step *step)
{
    struct dots dots;
    size_t from = c->out.n;
    dots_init(&dots, DOTS_STUFF);
    dots_feed(&dots, plan_content(c, step), &c->out);
    dots_end(&dots, &c->out);
    c->is_in_content = false;
    c->is_content_sent = true;
    return built(c, from, ERR_OK);
}

/* A chunk that was given goes out octet for octet; the message gets its line ends (RFC 3030 2). */
static bool send_bdat(struct client *c, const struct client_step *step)
{
    struct dots dots;
    struct buf content;
    size_t from = c->out.n;
    buf_init(&content, BUF_NO_CAP);
    if (step->argument.n != 0) {
        buf_add(&content, step->argument);
    } else {
        dots_init(&dots, DOTS_PLAIN);
        dots_feed(&dots, c->message, &content);
        dots_end(&dots, &content);
    }
    enum err err = command_bdat(content.n, step->is_last_chunk, &c->out, NULL);
    buf_add(&c->out, buf_slice(&content));
    buf_release(&content);
    c->is_content_sent = step->is_last_chunk;
    return built(c, from, err);
}

static bool send_rset(struct client *c, const struct client_step *step)
{
    (void)step;
    return send_word(c, "RSET", (struct slice){NULL, 0});
}

static bool send_noop(struct client *c, const struct client_step *step)
{
    return send_word(c, "NOOP", step->argument);
}

static bool send_vrfy(struct client *c, const struct client_step *step)
{
    return send_word(c, "VRFY", step->argument);
}

static bool send_quit(struct client *c, const struct client_step *step)
{
    (void)step;
    c->report.quit_sent = true;
    return send_word(c, "QUIT", (struct slice){NULL, 0});
}

static bool send_raw(struct client *c, const struct client_step *step)
{
    size_t from = c->out.n;
    buf_add(&c->out, step->argument);
    return built(c, from, ERR_OK);
}

/* clang-format off */
static bool (*const senders[STEP_COUNT])(struct client *c, const struct client_step *step) = {
    [STEP_NONE] = send_nothing,
    [STEP_CONNECT] = send_nothing, [STEP_EHLO] = send_hello,  [STEP_HELO] = send_hello,
    [STEP_STARTTLS] = send_starttls, [STEP_AUTH] = send_auth, [STEP_MAIL] = send_mail,
    [STEP_RCPT] = send_rcpt,       [STEP_DATA] = send_data,   [STEP_BODY] = send_body,
    [STEP_BDAT] = send_bdat,       [STEP_RSET] = send_rset,   [STEP_NOOP] = send_noop,
    [STEP_VRFY] = send_vrfy,       [STEP_QUIT] = send_quit,   [STEP_RAW] = send_raw,
    [STEP_SEND_RAW] = send_raw,    [STEP_WAIT] = send_nothing, [STEP_EXPECT_CLOSE] = send_nothing,
};
/* clang-format on */

bool step_send(struct client *c, const struct client_step *step)
{
    must(step->verb < STEP_COUNT);
    return senders[step->verb](c, step);
}

int64_t step_timeout_us(const struct client *c, const struct client_step *step)
{
    switch (client_rule(c->row)->timer) {
    case TIMER_NONE:
        return 0;
    case TIMER_GREETING:
        return c->params.timeout.greeting;
    case TIMER_COMMAND:
        return c->params.timeout.command;
    case TIMER_DATA:
        return c->params.timeout.data;
    case TIMER_CONTENT:
        return c->params.timeout.final_dot; /* until something waits: client.c, on_unsent */
    case TIMER_QUIT:
        return c->params.timeout.quit;
    case TIMER_STEP:
        break;
    }
    bool is_wait = step->verb == STEP_WAIT;
    return step->duration_us != 0 || is_wait ? step->duration_us : c->params.timeout.command;
}
