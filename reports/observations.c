/* SPDX-License-Identifier: Apache-2.0 */
/* Observations: a table of names and where the result document has them. */
#include "reports/observations.h"

typedef void observe(const struct report_case *c, const char *path, struct buf *out);

static void observe_path(const struct report_case *c, const char *path, struct buf *out)
{
    const struct json *v = json_path(c->result, path);
    /* no reply has code 0: it stands for "there was none" */
    if (json_kind(v) != JSON_INT || json_to_int(v) != 0) {
        report_add_value(v, out);
    }
}

static void observe_list(const struct report_case *c, const char *path, struct buf *out)
{
    const struct json *list = json_path(c->result, path);
    for (size_t i = 0; json_kind(list) == JSON_LIST && i < json_count(list); i++) {
        buf_add_text(out, i != 0 ? " " : "");
        report_add_value(json_at(list, i), out);
    }
}

static void observe_id(const struct report_case *c, const char *path, struct buf *out)
{
    (void)path;
    buf_add(out, c->id);
}

static void observe_warning(const struct report_case *c, const char *path, struct buf *out)
{
    (void)path;
    bool has_remark = c->verdict == VERDICT_PASS && json_get(c->result, "message") != NULL;
    buf_add(out, c->is_warning || has_remark ? c->message : SLICE(""));
}

/* What the check of a path wanted. */
static void observe_wanted(const struct report_case *c, const char *path, struct buf *out)
{
    const struct json *checks = json_get(c->result, "checks");
    for (size_t i = 0; json_kind(checks) == JSON_LIST && i < json_count(checks); i++) {
        const struct json *check = json_at(checks, i);
        if (slice_eq_text(json_slice(json_get(check, "path")), path)) {
            report_add_value(json_get(check, "want"), out);
            return;
        }
    }
}

/* host:port security */
static void observe_endpoint(const struct report_case *c, const char *path, struct buf *out)
{
    const struct json *target = json_get(c->result, path);
    struct slice host = json_slice(json_get(target, "host"));
    if (host.n == 0) {
        return;
    }
    buf_add(out, host);
    buf_addf(out, ":%lld ", (long long)json_to_int(json_get(target, "port")));
    report_add_value(json_get(target, "security"), out);
}

/* clang-format off */
static const struct {
    const char *name;
    observe *read;
    const char *path;
} observations[] = {
    { "id",             observe_id,       NULL },
    { "level",          observe_path,     "level" },
    { "refs",           observe_list,     "refs" },
    { "tags",           observe_list,     "tags" },
    { "warning",        observe_warning,  NULL },
    { "outcome",        observe_path,     "outcome" },
    { "stage",          observe_path,     "stage" },
    { "code",           observe_path,     "reply.code" },
    { "enhanced",       observe_path,     "reply.enhanced" },
    { "cause.expected", observe_wanted,   "expect.cause" },
    { "cause.actual",   observe_path,     "cause" },
    { "tls.version",    observe_path,     "tls.version" },
    { "tls.cipher",     observe_path,     "tls.cipher" },
    { "client",         observe_path,     "client.name" },
    { "client.version", observe_path,     "client.version" },
    { "endpoint",       observe_endpoint, "target" },
};
/* clang-format on */

void observations_walk(const struct report_case *c, observation_visit *visit, void *context)
{
    struct buf value;
    buf_init(&value, REPORT_TEXT_MAX);
    for (size_t i = 0; i < COUNT(observations); i++) {
        buf_reset(&value);
        observations[i].read(c, observations[i].path, &value);
        if (value.n != 0) {
            visit(context, observations[i].name, buf_slice(&value));
        }
    }
    buf_release(&value);
}
