/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a check, asked for one by one or as a whole. The texts are those of conclude.c. */
#include "check/answer.h"
#include "checkapi/inside.h"

static const char *text_or_none(const char *text)
{
    return text != NULL ? text : "";
}

const char *smtpdx_check_verdict(const struct smtpdx_check *c)
{
    return check_verdict_slug(c->result.verdict);
}

const char *smtpdx_check_reason(const struct smtpdx_check *c)
{
    return text_or_none(c->result.because);
}

const char *smtpdx_check_stage(const struct smtpdx_check *c)
{
    return stage_slug(c->result.stage);
}

int smtpdx_check_was_cancelled(const struct smtpdx_check *c)
{
    return c->result.was_cancelled;
}

/* ---- the diagnosis ---- */

/* NULL: nothing went wrong, or nothing is known yet. */
static const struct diagnosis *diagnosis_of(const struct smtpdx_check *c)
{
    return c->result.has_diagnosis ? &c->result.diagnosis : NULL;
}

const char *smtpdx_check_cause(const struct smtpdx_check *c)
{
    const struct diagnosis *d = diagnosis_of(c);
    return d != NULL ? cause_slug(d->cause) : "";
}

const char *smtpdx_check_sentence(const struct smtpdx_check *c)
{
    const struct diagnosis *d = diagnosis_of(c);
    return d != NULL ? cause_sentence(d->cause) : "";
}

const char *smtpdx_check_sure(const struct smtpdx_check *c)
{
    const struct diagnosis *d = diagnosis_of(c);
    return d != NULL ? sureness_slug(d->sure) : "";
}

const char *smtpdx_check_who(const struct smtpdx_check *c)
{
    const struct diagnosis *d = diagnosis_of(c);
    return d != NULL ? cause_who_slug(d->who) : "";
}

const char *smtpdx_check_retry(const struct smtpdx_check *c)
{
    const struct diagnosis *d = diagnosis_of(c);
    return d != NULL ? cause_retry_slug(d->retry) : "";
}

const char *smtpdx_check_advice(const struct smtpdx_check *c)
{
    const struct diagnosis *d = diagnosis_of(c);
    return d != NULL ? d->advice : "";
}

const char *smtpdx_check_link(const struct smtpdx_check *c)
{
    const struct diagnosis *d = diagnosis_of(c);
    return d != NULL ? d->link : "";
}

size_t smtpdx_check_because_count(const struct smtpdx_check *c)
{
    const struct diagnosis *d = diagnosis_of(c);
    return d != NULL ? d->because_count : 0;
}

const char *smtpdx_check_because(const struct smtpdx_check *c, size_t i)
{
    return i < smtpdx_check_because_count(c) ? c->result.diagnosis.because[i] : NULL;
}

size_t smtpdx_check_alternative_count(const struct smtpdx_check *c)
{
    const struct diagnosis *d = diagnosis_of(c);
    return d != NULL ? d->alternative_count : 0;
}

const char *smtpdx_check_alternative(const struct smtpdx_check *c, size_t i)
{
    return i < smtpdx_check_alternative_count(c)
               ? cause_slug(c->result.diagnosis.alternatives[i].cause)
               : NULL;
}

const char *smtpdx_check_alternative_tell(const struct smtpdx_check *c, size_t i)
{
    return i < smtpdx_check_alternative_count(c) ? c->result.diagnosis.alternatives[i].tell : NULL;
}

/* ---- lines and findings ---- */

static const struct check_line *line_of(const struct smtpdx_check *c, size_t i)
{
    return i < c->result.line_count ? &c->result.lines[i] : NULL;
}

size_t smtpdx_check_line_count(const struct smtpdx_check *c)
{
    return c->result.line_count;
}

const char *smtpdx_check_line_name(const struct smtpdx_check *c, size_t i)
{
    const struct check_line *line = line_of(c, i);
    return line != NULL ? line->name : NULL;
}

const char *smtpdx_check_line_stage(const struct smtpdx_check *c, size_t i)
{
    const struct check_line *line = line_of(c, i);
    return line != NULL ? stage_slug(line->stage) : NULL;
}

const char *smtpdx_check_line_mark(const struct smtpdx_check *c, size_t i)
{
    const struct check_line *line = line_of(c, i);
    return line != NULL ? check_mark_slug(line->mark) : NULL;
}

const char *smtpdx_check_line_text(const struct smtpdx_check *c, size_t i)
{
    const struct check_line *line = line_of(c, i);
    return line != NULL ? line->text : NULL;
}

double smtpdx_check_line_ms(const struct smtpdx_check *c, size_t i)
{
    const struct check_line *line = line_of(c, i);
    return line != NULL && line->us >= 0 ? (double)line->us / 1000.0 : -1;
}

static const struct preflight_finding *finding_of(const struct smtpdx_check *c, size_t i)
{
    return i < c->result.finding_count ? &c->result.findings[i] : NULL;
}

size_t smtpdx_check_finding_count(const struct smtpdx_check *c)
{
    return c->result.finding_count;
}

const char *smtpdx_check_finding_weight(const struct smtpdx_check *c, size_t i)
{
    const struct preflight_finding *f = finding_of(c, i);
    return f != NULL ? preflight_weight_slug(f->weight) : NULL;
}

const char *smtpdx_check_finding_cause(const struct smtpdx_check *c, size_t i)
{
    const struct preflight_finding *f = finding_of(c, i);
    return f != NULL ? fault_cause(f->fault) : NULL;
}

const char *smtpdx_check_finding_text(const struct smtpdx_check *c, size_t i)
{
    const struct preflight_finding *f = finding_of(c, i);
    return f != NULL ? f->text : NULL;
}

/* ---- the server ---- */

const char *smtpdx_check_provider(const struct smtpdx_check *c)
{
    return c->params.target.provider != NULL ? c->params.target.provider->name : "";
}

const char *smtpdx_check_host(const struct smtpdx_check *c)
{
    return c->params.target.host;
}

unsigned smtpdx_check_port(const struct smtpdx_check *c)
{
    return c->params.target.port;
}

const char *smtpdx_check_address(const struct smtpdx_check *c)
{
    return text_or_none(c->result.address);
}

const char *smtpdx_check_mechanism(const struct smtpdx_check *c)
{
    return c->result.report != NULL ? c->result.report->mechanism : "";
}

unsigned smtpdx_check_logins(const struct smtpdx_check *c)
{
    return c->result.logins;
}

unsigned smtpdx_check_attempts(const struct smtpdx_check *c)
{
    return (unsigned)c->result.attempt_count;
}

unsigned smtpdx_check_code(const struct smtpdx_check *c)
{
    return c->result.report != NULL ? c->result.report->reply.code : 0;
}

const char *smtpdx_check_enhanced(const struct smtpdx_check *c)
{
    return c->result.report != NULL ? c->result.report->reply.enhanced : "";
}

const char *smtpdx_check_reply(const struct smtpdx_check *c)
{
    return text_or_none(c->reply);
}

const char *smtpdx_check_message_id(const struct smtpdx_check *c)
{
    return text_or_none(c->message_id);
}

double smtpdx_check_ms(const struct smtpdx_check *c)
{
    return (double)c->result.us / 1000.0;
}

const char *smtpdx_check_tls_version(const struct smtpdx_check *c)
{
    return c->tls_facts.version;
}

const char *smtpdx_check_tls_cipher(const struct smtpdx_check *c)
{
    return c->tls_facts.cipher;
}

int smtpdx_check_tls_is_verified(const struct smtpdx_check *c)
{
    return c->tls_facts.is_verified;
}

const char *smtpdx_check_certificate_subject(const struct smtpdx_check *c)
{
    return c->tls_facts.subject;
}

const char *smtpdx_check_certificate_issuer(const struct smtpdx_check *c)
{
    return c->tls_facts.issuer;
}

int smtpdx_check_certificate_days(const struct smtpdx_check *c)
{
    return c->tls_facts.days_left;
}

size_t smtpdx_check_certificate_name_count(const struct smtpdx_check *c)
{
    return c->tls_facts.names_count;
}

const char *smtpdx_check_certificate_name(const struct smtpdx_check *c, size_t i)
{
    return i < c->tls_facts.names_count ? c->tls_facts.names[i] : NULL;
}

/* ---- all of it ---- */

const char *smtpdx_check_json(struct smtpdx_check *c, int with_transcript)
{
    struct buf text;
    buf_reset(&c->json);
    if (!c->is_finished) {
        return "";
    }
    buf_init(&text, BUF_NO_CAP);
    struct json *json = check_to_json(c->check, slice_of(c->given), with_transcript != 0);
    json_print(json, JSON_COMPACT, &text);
    redactor_apply(c->redactor, buf_slice(&text), &c->json);
    buf_release(&text);
    json_free(json);
    return buf_text(&c->json);
}
