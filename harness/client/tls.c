/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way into TLS (RFC 3207 4.2, RFC 8314 3.3). After it everything that was known is forgotten;
 * when it fails nothing is ever said in clear again, not even QUIT (RFC 3207 4.1).
 */
#include "client/state.h"

void tls_begin(struct client *c)
{
    reply_reader_reset(&c->reader);
    c->is_early = false;
    c->offered = (struct ehlo){NULL, 0};
    c->has_421 = false;
    c->last_421 = (struct client_reply){0};
    c->phase = PHASE_TLS;
    c->stage_from_us = c->now_us;
    client_act(c, SESSION_START_TLS);
    client_arm(c, c->params.timeout.command);
}

static void tls_up(struct client *c, const struct tls_facts *facts)
{
    c->is_tls = true;
    c->report.tls_facts = *facts;
    report_stage(c, STAGE_TLS, true);
    c->reached = STAGE_TLS;
    if (c->params.security == SECURITY_IMPLICIT) {
        flow_start(c);
    } else {
        flow_next(c);
    }
}

/* Behind a 220 the port does speak STARTTLS. Clear text where the handshake should be came too late
 * to be seen with the 220; it is the same poison (RFC 3207 4.2), wherever the network cut. */
static bool is_injection(const struct client *c, const struct tls_facts *facts)
{
    return c->phase == PHASE_TLS && c->params.security != SECURITY_IMPLICIT &&
           facts->why == FAULT_TLS_WRONG_MODE;
}

static void fail_as_injection(struct client *c, const struct tls_facts *facts)
{
    c->report.tls_facts = *facts;
    c->report.tls_facts.why = FAULT_PLAINTEXT_INJECTION;
    report_stage(c, STAGE_TLS, false);
    c->results[c->at].fault = FAULT_PLAINTEXT_INJECTION;
    if (report_problem(c, OUTCOME_FAILED, STAGE_STARTTLS, FAULT_PLAINTEXT_INJECTION,
                       &c->results[c->at].reply)) {
        report_detail(c, "%s", facts->detail);
    }
    flow_close(c);
}

/* The handshake failed, or TLS broke later: the records make no sense any more. */
static void tls_failed(struct client *c, const struct tls_facts *facts)
{
    enum fault why = facts->why != FAULT_NONE ? facts->why : FAULT_TLS_HANDSHAKE;
    c->may_not_talk = true;
    if (is_injection(c, facts)) {
        fail_as_injection(c, facts);
        return;
    }
    /* In TLS 1.3 a client is up before the server has judged its flight (RFC 8446 4.4.2.4): a
     * refusal that comes before anything was heard inside TLS belongs to the handshake. */
    bool is_late_refusal = c->phase == PHASE_WAITING && !c->report.has_tls_ehlo;
    if (c->phase == PHASE_TLS || is_late_refusal) {
        c->report.tls_facts = *facts;
        report_stage(c, STAGE_TLS, false);
        if (c->params.security != SECURITY_IMPLICIT) {
            c->results[c->at].fault = why;
        }
        if (report_problem(c, OUTCOME_FAILED, STAGE_TLS, why, NULL)) {
            report_detail(c, "%s", facts->detail);
        }
        flow_close(c);
    } else if (c->phase == PHASE_WAITING) {
        arrow_happens(c, HAPPENS_CLOSE);
    } else {
        flow_close(c);
    }
}

void tls_news(struct client *c, const struct session_news *news)
{
    must(news->facts != NULL);
    if (news->event == SESSION_TLS_FAILED) {
        tls_failed(c, news->facts);
    } else if (c->phase == PHASE_TLS) {
        tls_up(c, news->facts);
    }
}
