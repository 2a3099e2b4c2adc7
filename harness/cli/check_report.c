/* SPDX-License-Identifier: Apache-2.0 */
/* See check_report.h. JUnit goes through the result document and the writer that scenarios have. */
#include "cli/check_report.h"

#include <inttypes.h>

#include "doc/json.h"
#include "reports/report.h"

/* ---- JUnit ---- */

static enum verdict verdict_of(enum check_verdict verdict)
{
    static const enum verdict verdicts[] = {
        [CHECK_USABLE] = VERDICT_PASS,
        [CHECK_REACHED] = VERDICT_PASS,
        [CHECK_NOT_USABLE] = VERDICT_FAIL,
        [CHECK_UNKNOWN] = VERDICT_ERROR,
    };
    return verdicts[verdict];
}

static struct json *document(const struct check *c, struct slice given, struct slice text)
{
    const struct check_result *r = check_result(c);
    const struct check_params *p = check_params(c);
    const struct provider *provider = p->target.provider;
    struct json *doc = json_map();
    struct buf id;
    buf_init(&id, 4096);
    buf_addf(&id, SLICE_FMT "%s" SLICE_FMT, SLICE_ARG(given), p->user.n != 0 ? "::" : "",
             SLICE_ARG(p->user));
    json_set(doc, "id", json_string(buf_slice(&id)));
    json_set(doc, "suite", json_text("check"));
    json_set(doc, "name", json_string(buf_slice(&id)));
    json_set(doc, "title", json_text(provider != NULL ? provider->title : p->target.host));
    json_set(doc, "level", json_text("must"));
    json_set(doc, "verdict", json_text(verdict_slug(verdict_of(r->verdict))));
    json_set(doc, "ms", json_real((double)r->us / 1000.0));
    if (verdict_of(r->verdict) != VERDICT_PASS) {
        json_set(doc, "kind",
                 json_text(r->has_diagnosis ? cause_slug(r->diagnosis.cause)
                                            : check_verdict_slug(r->verdict)));
        json_set(doc, "message",
                 json_text(r->has_diagnosis ? cause_sentence(r->diagnosis.cause) : r->because));
        json_set(doc, "text", json_string(text));
    }
    buf_release(&id);
    return doc;
}

enum err check_write_junit(const struct check *c, struct slice given, struct slice text,
                           const struct redactor *redactor, const char *path, struct why *why)
{
    struct json *doc = document(c, given, text), *start = json_map();
    struct slice id = json_slice(json_get(doc, "id"));
    const char *const ids[] = {id.p};
    const struct report_options look = {.is_strict = false};
    log_redact(doc, redactor);
    json_set(start, "event", json_text("run-start"));
    json_set(start, "version", json_text(SMTPDX_VERSION));
    json_set(start, "world", json_text("sockets"));
    struct run_record run = {.start = start,
                             .results = &doc,
                             .ids = ids,
                             .count = 1,
                             .is_interrupted = check_result(c)->was_cancelled,
                             .ms = check_result(c)->us / 1000};
    run_record_count(&run);
    enum err err = report_write_file(report_find(SLICE("junit")), &run, &look, path, why);
    json_free(doc);
    json_free(start);
    return err;
}

/* ---- Prometheus ---- */

/* A label's value: backslash, quote and line end escaped (the text exposition format). */
static void add_value(struct buf *out, struct slice value)
{
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        if (c == '\n' || c == '\r') {
            buf_add_text(out, "\\n");
        } else {
            buf_addf(out, c == '\\' || c == '"' ? "\\%c" : "%c", c);
        }
    }
}

static void add_labels(struct buf *out, const struct check *c, struct slice given)
{
    buf_add_text(out, "{target=\"");
    add_value(out, given);
    buf_add_text(out, "\",user=\"");
    add_value(out, check_params(c)->user);
    buf_add_text(out, "\"");
}

static void add_gauge(struct buf *out, const struct check *c, struct slice given, const char *name,
                      const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n%s", name, help, name, name);
    add_labels(out, c, given);
}

enum err check_write_metrics(const struct check *c, struct slice given, int64_t token_left_s,
                             const char *path, struct why *why)
{
    const struct check_result *r = check_result(c);
    const struct tls_facts *tls = r->report != NULL ? &r->report->tls_facts : NULL;
    bool is_good = r->verdict == CHECK_USABLE || r->verdict == CHECK_REACHED;
    struct buf out;
    buf_init(&out, 1 << 20);
    add_gauge(&out, c, given, "smtpdx_check_up", "1: all that was asked went well");
    buf_addf(&out, "} %d\n", is_good);
    add_gauge(&out, c, given, "smtpdx_check_info", "the verdict and its cause");
    buf_addf(&out, ",verdict=\"%s\",cause=\"%s\",stage=\"%s\"} 1\n", check_verdict_slug(r->verdict),
             r->has_diagnosis ? cause_slug(r->diagnosis.cause) : "", stage_slug(r->stage));
    add_gauge(&out, c, given, "smtpdx_check_duration_seconds", "from start to end");
    buf_addf(&out, "} %.6f\n", (double)r->us / 1e6);
    add_gauge(&out, c, given, "smtpdx_check_time_seconds", "when it was, since 1970");
    buf_addf(&out, "} %" PRId64 "\n", check_params(c)->wall_time);
    if (tls != NULL && tls->version[0] != '\0' && tls->names_count != 0) {
        add_gauge(&out, c, given, "smtpdx_check_certificate_days",
                  "that the certificate is still good for");
        buf_addf(&out, "} %d\n", tls->days_left);
    }
    if (r->round_trip.state == ROUND_TRIP_ARRIVED) {
        add_gauge(&out, c, given, "smtpdx_check_delivery_seconds",
                  "from the acceptance of the message until it was seen in the mailbox");
        buf_addf(&out, ",folder=\"%s\"} %.6f\n", r->round_trip.is_junk ? "junk" : "inbox",
                 (double)r->round_trip.us / 1e6);
    }
    if (token_left_s >= 0) {
        add_gauge(&out, c, given, "smtpdx_check_token_seconds",
                  "that the stored access token is still good for");
        buf_addf(&out, "} %" PRId64 "\n", token_left_s);
    }
    int64_t end_s = check_params(c)->token_end_s;
    if (end_s != 0) {
        int64_t left_s = end_s - check_params(c)->wall_time;
        add_gauge(&out, c, given, "smtpdx_check_sign_in_seconds",
                  "until a person has to sign in again");
        buf_addf(&out, "} %" PRId64 "\n", left_s > 0 ? left_s : 0);
    }
    enum err err = file_write_atomic(path, buf_slice(&out), why);
    buf_release(&out);
    return err;
}
