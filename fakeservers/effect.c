/* SPDX-License-Identifier: Apache-2.0 */
/* See effect.h (RFC 5321 4.1.4, RFC 3207 4.2, RFC 3030 2). */
#include "fakeservers/effect.h"

#include "fakeservers/conn.h"

void effect_none(struct conn *c, unsigned code)
{
    (void)c;
    (void)code;
}

void effect_greeting(struct conn *c, unsigned code)
{
    c->phase = code / 100 == 4 || code / 100 == 5 ? PHASE_REFUSED : PHASE_HELLO;
    c->reading = READ_COMMAND;
}

void effect_hello(struct conn *c, unsigned code)
{
    if (code / 100 == 2) {
        conn_reset_mail(c);
        c->phase = PHASE_READY;
    }
}

void effect_starttls(struct conn *c, unsigned code)
{
    if (code / 100 == 2) {
        conn_start_tls(c);
    }
    c->next_tls = code / 100 == 2 ? c->next_tls : NULL; /* only for the handshake that follows */
}

void effect_mail(struct conn *c, unsigned code)
{
    if (code / 100 == 2) {
        conn_reset_mail(c);
        buf_add(&c->mail.from, buf_slice(&c->argument));
        c->mail.params = c->params;
        c->phase = PHASE_MAIL;
    }
}

void effect_rcpt(struct conn *c, unsigned code)
{
    struct transaction *m = &c->mail;
    if (code / 100 != 2 || m->rcpt_count >= FAKE_RCPTS_MAX) {
        return;
    }
    if (m->rcpt_count == m->rcpt_space) {
        m->rcpt_space = m->rcpt_space ? 2 * m->rcpt_space : 4;
        m->rcpts = mem_realloc(m->rcpts, m->rcpt_space * sizeof *m->rcpts);
    }
    m->rcpts[m->rcpt_count++] = arena_copy(&c->fake->arena, buf_slice(&c->argument));
    c->phase = PHASE_RCPT;
}

void effect_data(struct conn *c, unsigned code)
{
    if (code / 100 == 3) {
        c->reading = READ_BODY;
        c->body = BODY_LINE_START;
    }
}

void effect_body(struct conn *c, unsigned code)
{
    if (code / 100 == 2) {
        struct fake_message message = {.from = buf_slice(&c->mail.from),
                                       .rcpts = c->mail.rcpts,
                                       .rcpt_count = c->mail.rcpt_count,
                                       .data = buf_slice(&c->mail.data),
                                       .inside_tls = c->inside_tls};
        record_message(&c->fake->record, &message);
    }
    conn_reset_mail(c);
    c->phase = PHASE_READY;
    c->reading = READ_COMMAND;
}

void effect_chunk(struct conn *c, unsigned code)
{
    c->reading = READ_COMMAND;
    if (c->chunk_is_bad) {
        return; /* read and refused; nothing else changes */
    }
    if (c->chunk_is_last || code / 100 != 2) {
        effect_body(c, code);
    } else {
        c->phase = PHASE_CHUNKS;
    }
}

void effect_rset(struct conn *c, unsigned code)
{
    if (code / 100 == 2) {
        conn_reset_mail(c);
        c->phase = c->phase == PHASE_HELLO ? PHASE_HELLO : PHASE_READY;
    }
}

void effect_quit(struct conn *c, unsigned code)
{
    if (code / 100 == 2) {
        outlet_do(&c->out, OUT_CLOSE);
        c->reading = READ_NOTHING;
    }
}

void effect_connect(struct conn *c, unsigned code)
{
    if (code != 0) {
        c->has_begun = true; /* that was the greeting */
        effect_greeting(c, code);
    }
}
