/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a fault of network or TLS to a cause. A fault is seen, not read out of words, and so comes
 * first; what it may hide (a server that hangs up instead of saying 535) goes with it.
 */
#include "diagnose/judge.h"

/* A server that goes while it says why: the reply is the better evidence. */
static bool may_have_reply(enum fault fault)
{
    return fault == FAULT_CONNECTION_LOST || fault == FAULT_CONNECTION_RESET ||
           fault == FAULT_UNEXPECTED_REPLY || fault == FAULT_PROTOCOL_ERROR;
}

bool judge_offers(const struct slice *list, size_t count, const char *keyword)
{
    for (size_t i = 0; i < count; i++) {
        struct slice rest = list[i], word;
        if (slice_take_word(&rest, &word) && slice_eq_nocase_text(word, keyword)) {
            return true;
        }
    }
    return false;
}

/* What else a fault at this stage has turned out to be. */
static void hint(struct judge *j)
{
    const struct evidence *e = j->evidence;
    bool is_lost = e->fault == FAULT_CONNECTION_LOST || e->fault == FAULT_CONNECTION_RESET;
    if (is_lost && e->stage == STAGE_AUTH && e->auth_sent) {
        j->out->sure = SURE_LIKELY;
        judge_because(j,
                      "the credential had been sent: some servers hang up instead of saying 535");
        judge_alternative(j, CAUSE_AUTH_CREDENTIALS_REJECTED);
    } else if (is_lost && e->stage == STAGE_GREETING) {
        j->out->sure = SURE_LIKELY;
        judge_alternative(j, CAUSE_TLS_WRONG_MODE);
        judge_alternative(j, CAUSE_SERVER_ACCESS_DENIED);
    } else if (e->fault == FAULT_READ_TIMEOUT && e->stage == STAGE_GREETING && !e->inside_tls) {
        j->out->sure = SURE_LIKELY;
        judge_because(j,
                      "no greeting came: a port with implicit TLS waits for the client to begin");
        judge_alternative(j, CAUSE_TLS_WRONG_MODE);
        judge_alternative(j, CAUSE_NETWORK_INTERCEPTED);
    } else if (e->fault == FAULT_WRITE_TIMEOUT) {
        judge_because(j,
                      "small commands passed and the message got stuck: either the server stopped "
                      "reading, or the path loses large packets (path MTU, RFC 2923 2.1)");
    } else if (e->fault == FAULT_PLAINTEXT_INJECTION) {
        judge_because(j, "some servers grant STARTTLS and then say in clear that it failed; else "
                         "somebody in between wants to be believed inside TLS");
        judge_alternative(j, CAUSE_TLS_STARTTLS_REFUSED);
        judge_alternative(j, CAUSE_NETWORK_INTERCEPTED);
    } else if (e->fault == FAULT_TLS_HANDSHAKE) {
        judge_alternative(j, CAUSE_TLS_PROTOCOL_VERSION);
        judge_alternative(j, CAUSE_TLS_CLIENT_CERTIFICATE_REQUIRED);
    } else if (e->fault == FAULT_AUTH_NOT_OFFERED && !e->inside_tls &&
               judge_offers(e->offered_clear, e->offered_clear_count, "STARTTLS")) {
        judge_because(j, "STARTTLS is offered; AUTH may come behind it");
        judge_alternative(j, CAUSE_TLS_REQUIRED);
    } else if (e->fault == FAULT_STARTTLS_MISSING) {
        judge_alternative(j, CAUSE_NETWORK_INTERCEPTED);
    } else if (e->fault == FAULT_TLS_UNTRUSTED || e->fault == FAULT_TLS_SELF_SIGNED ||
               e->fault == FAULT_TLS_HOSTNAME) {
        judge_alternative(j, CAUSE_NETWORK_INTERCEPTED);
    }
}

void judge_fault(struct judge *j)
{
    const struct evidence *e = j->evidence;
    unsigned code = j->words.segments[0].code;
    if (may_have_reply(e->fault) && code >= 400 && judge_reply(j)) {
        judge_because(j, "then: %s", fault_sentence(e->fault));
        return;
    }
    enum cause cause = CAUSE_UNKNOWN;
    must(cause_from_slug(slice_of(fault_cause(e->fault)), &cause));
    j->out->cause = cause;
    j->out->sure = SURE_CERTAIN;
    if (e->detail.n != 0) {
        judge_because(j, "%s: " SLICE_FMT, fault_sentence(e->fault), SLICE_ARG(e->detail));
    } else {
        judge_because(j, "%s", fault_sentence(e->fault));
    }
    hint(j);
}
