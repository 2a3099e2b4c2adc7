/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of a result, made once. The server may have repeated the credential, or written to the
 * terminal of whoever reads it: what comes out is masked, and fit for a log. */
#include <stdio.h>

#include "base/text.h"
#include "checkapi/inside.h"

static const char *masked(struct smtpdx_check *c, struct slice text, enum text_visible how)
{
    struct buf safe, visible;
    buf_init(&safe, BUF_NO_CAP);
    buf_init(&visible, BUF_NO_CAP);
    redactor_apply(c->redactor, text, &safe);
    text_visible(buf_slice(&safe), how, &visible);
    const char *out = arena_text(&c->arena, buf_slice(&visible));
    buf_release(&safe);
    buf_release(&visible);
    return out;
}

static const char *masked_text(struct smtpdx_check *c, const char *text)
{
    return masked(c, slice_of(text), TEXT_ONE_LINE);
}

static void mask_field(struct smtpdx_check *c, char *field, size_t size)
{
    snprintf(field, size, "%s", masked_text(c, field));
}

static void mask_diagnosis(struct smtpdx_check *c, struct diagnosis *d)
{
    d->advice = masked_text(c, d->advice);
    d->link = masked_text(c, d->link);
    for (size_t i = 0; i < d->because_count; i++) {
        d->because[i] = masked_text(c, d->because[i]);
    }
    for (size_t i = 0; i < d->alternative_count; i++) {
        d->alternatives[i].tell = masked_text(c, d->alternatives[i].tell);
    }
}

static void mask_result(struct smtpdx_check *c, struct check_result *r)
{
    r->because = masked_text(c, r->because);
    for (size_t i = 0; i < r->line_count; i++) {
        r->lines[i].name = masked_text(c, r->lines[i].name);
        r->lines[i].text = masked_text(c, r->lines[i].text);
    }
    for (size_t i = 0; i < r->finding_count; i++) {
        r->findings[i].text = masked_text(c, r->findings[i].text);
    }
    if (r->has_diagnosis) {
        mask_diagnosis(c, &r->diagnosis);
    }
}

static void take_report(struct smtpdx_check *c, const struct client_report *r)
{
    if (r->reply.code != 0) {
        c->reply = masked(c, slice_trim_end(r->reply.raw, "\r\n"), TEXT_KEEP_LINES);
    }
    if (r->mail_accepted) {
        c->message_id = masked(c, c->params.message_id, TEXT_ONE_LINE);
    }
    c->tls_facts = r->tls_facts;
    mask_field(c, c->tls_facts.subject, sizeof c->tls_facts.subject);
    mask_field(c, c->tls_facts.issuer, sizeof c->tls_facts.issuer);
    for (size_t i = 0; i < c->tls_facts.names_count; i++) {
        mask_field(c, c->tls_facts.names[i], sizeof c->tls_facts.names[i]);
    }
}

void checkapi_conclude(struct smtpdx_check *c)
{
    c->result = *check_result(c->check);
    mask_result(c, &c->result);
    if (c->result.report != NULL) {
        take_report(c, c->result.report);
    }
}
