/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks first, verdict second. Besides what a scenario expects, every case fails for what nobody
 * may do: a secret in clear, a session left without QUIT, a script not followed. A scenario that
 * wants one of these says so in its `expect`, and then that assertion decides.
 */
#include "run/judge.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "run/again.h"

enum { TEXT_MAX = 64 * 1024, LAST_LINES = 12, SHOWN_CHECKS = 5, QUESTION_MAX = 200 };

struct judging {
    const struct judge_input *in;
    struct json *document;
    struct match_checks checks;
    struct match_captures captures;
    const char *message; /* of the first thing that failed; NULL while nothing has */
    const char *kind;
    struct buf text;
};

static const char *value_text(struct judging *j, const struct json *v)
{
    struct buf text;
    buf_init(&text, 512);
    if (v == NULL) {
        buf_add_text(&text, "nothing");
    } else if (json_kind(v) == JSON_STRING) {
        text_visible(json_slice(v), TEXT_ONE_LINE, &text);
    } else {
        json_print(v, JSON_COMPACT, &text);
    }
    const char *out = arena_printf(j->in->arena, "%s%s", buf_text(&text), text.is_full ? "…" : "");
    buf_release(&text);
    return out;
}

/* "wanted 535, got 454" with the note, if there is one. */
static const char *check_note(struct judging *j, const struct match_check *c)
{
    if (c->note != NULL && c->note[0] != '\0') {
        return c->note;
    }
    bool has_more = c->tell != NULL && c->tell[0] != '\0';
    return arena_printf(j->in->arena, "wanted %s, got %s%s%s%s", c->want, value_text(j, c->got),
                        has_more ? " (" : "", has_more ? c->tell : "", has_more ? ")" : "");
}

static void add_failure(struct judging *j, const char *kind, const char *message)
{
    if (j->message == NULL) {
        j->message = message;
        j->kind = kind;
    }
}

static void print_check(struct judging *j, const struct match_check *c)
{
    const char *note = check_note(j, c);
    if (c->at != NULL) {
        buf_addf(&j->text, "%s:%u:%u: %s\n", j->in->spec->file, c->at->line, c->at->col, c->path);
        doc_print_caret(c->at->source, c->at->line, c->at->col, c->at->length, note, &j->text);
    } else {
        buf_addf(&j->text, "%s: %s\n", c->path, note);
    }
}

static void collect_checks(struct judging *j)
{
    size_t shown = 0, failed = 0;
    for (size_t i = 0; i < j->checks.count; i++) {
        const struct match_check *c = &j->checks.list[i];
        if (c->is_ok) {
            continue;
        }
        failed++;
        struct slice verb = json_slice(json_get(c->got, "verb")); /* of not_sent: say which */
        add_failure(j, "expect",
                    arena_printf(j->in->arena, "%s: " SLICE_FMT "%s%s", c->path, SLICE_ARG(verb),
                                 verb.n != 0 ? " " : "", check_note(j, c)));
        if (shown < SHOWN_CHECKS) {
            print_check(j, c);
            shown++;
        }
    }
    if (failed > shown) {
        buf_addf(&j->text, "and %zu more\n", failed - shown);
    }
}

/* One thing nobody may do, unless the scenario itself asserts about it. */
static void default_check(struct judging *j, const char *asserted_by, bool is_bad, const char *kind,
                          const char *message)
{
    if (!is_bad || node_path(j->in->spec->expect, asserted_by) != NULL) {
        return;
    }
    add_failure(j, kind, message);
    buf_addf(&j->text, "%s\n", message);
}

static void default_checks(struct judging *j)
{
    const struct json *saw = json_get(j->document, "server_saw");
    if (saw == NULL) {
        return;
    }
    struct slice secrets = json_slice(json_get(saw, "secrets"));
    default_check(j, "server_saw.secrets", !slice_eq_text(secrets, "none"), "client.leaked_secret",
                  arena_printf(j->in->arena, "a secret crossed the wire unprotected: " SLICE_FMT,
                               SLICE_ARG(secrets)));
    bool leaked = json_to_int(json_get(saw, "leaked")) > 0 &&
                  node_path(j->in->spec->expect, "server_saw.quit") == NULL &&
                  node_path(j->in->spec->expect, "server_saw.quits") == NULL;
    default_check(j, "server_saw.leaked", leaked, "client.leaked_session",
                  "a session was left without QUIT while the server lived");
    const struct json *complaints = json_get(saw, "complaints");
    for (size_t i = 0; i < json_count(complaints); i++) {
        struct slice text = json_slice(json_at(complaints, i));
        default_check(j, "server_saw.complaints", true, "server",
                      arena_printf(j->in->arena, "the fake server: " SLICE_FMT, SLICE_ARG(text)));
    }
}

/* From the steps in order, then from the document as a whole. */
static void take_captures(struct judging *j)
{
    const struct spec_probe *probe = j->in->spec->probe;
    const struct json *steps = json_get(j->document, "steps");
    if (!j->in->spec->has_captures) {
        return;
    }
    for (size_t i = 0; probe != NULL && i < probe->step_count; i++) {
        match_take_captures(probe->steps[i].expect, json_at(steps, i), &j->captures);
    }
    match_take_captures(j->in->spec->expect, j->document, &j->captures);
    struct json *captured = json_map();
    for (size_t i = 0; i < j->captures.count; i++) {
        json_set(captured, arena_text(j->in->arena, j->captures.list[i].name),
                 json_string(j->captures.list[i].value));
    }
    json_set(j->document, "captured", captured);
}

/* An expect with the captured values in their places. */
static const struct node *completed(struct judging *j, const struct node *expect)
{
    return j->in->spec->has_captures ? match_put_captures(expect, &j->captures) : expect;
}

/* The case's own; steps may be all that asserts. */
static void apply_expect(struct judging *j)
{
    if (j->in->spec->expect != NULL) {
        match_apply(completed(j, j->in->spec->expect), j->document, &j->checks);
    }
}

/* Each step's own `expect`, against that step's part of the document. */
static void check_steps(struct judging *j)
{
    const struct spec_probe *probe = j->in->spec->probe;
    const struct json *steps = json_get(j->document, "steps");
    for (size_t i = 0; probe != NULL && i < probe->step_count; i++) {
        if (probe->steps[i].expect == NULL) {
            continue;
        }
        size_t before = j->checks.count;
        match_apply(completed(j, probe->steps[i].expect), json_at(steps, i), &j->checks);
        for (size_t k = before; k < j->checks.count; k++) {
            j->checks.list[k].path =
                arena_printf(j->in->arena, "steps[%zu].%s", i, j->checks.list[k].path);
        }
    }
}

static struct json *checks_json(const struct match_checks *checks)
{
    struct json *list = json_list();
    for (size_t i = 0; i < checks->count; i++) {
        const struct match_check *c = &checks->list[i];
        struct json *one = json_map();
        json_set(one, "path", json_text(c->path));
        json_set(one, "ok", json_bool(c->is_ok));
        json_set(one, "want", json_text(c->want));
        json_set(one, "got", c->got != NULL ? json_ref(c->got) : json_null());
        json_set(one, "line", json_int(c->at != NULL ? c->at->line : 0));
        json_add(list, one);
    }
    return list;
}

/* Real servers are not always there: a network failure or a temporary refusal that nobody asked
 * about says nothing about the client or the credential. */
static const char *cannot_judge(struct judging *j)
{
    if (j->in->spec->endpoint == NULL || node_get(j->in->spec->expect, "cause") != NULL) {
        return NULL;
    }
    struct slice cause = json_slice(json_get(j->document, "cause"));
    struct slice retry = json_slice(json_get(j->document, "retry"));
    bool is_theirs = slice_has_prefix(cause, SLICE("network.")) || slice_eq_text(retry, "later");
    return is_theirs ? arena_text(j->in->arena, cause) : NULL;
}

static enum verdict judge_expected_failure(struct judging *j, const struct spec_expect_fail *e)
{
    struct judging *out = j;
    if (strcmp(j->in->today, e->until) > 0) {
        out->message = arena_printf(j->in->arena,
                                    "the expected failure (" SLICE_FMT ") expired on %s: repair it "
                                    "or give it a new date",
                                    SLICE_ARG(e->reason), e->until);
        out->kind = "expect_fail";
        return VERDICT_FAIL;
    }
    if (j->message == NULL) {
        out->message = arena_printf(j->in->arena,
                                    "passed, but expect_fail says it must not (" SLICE_FMT
                                    "): take expect_fail out",
                                    SLICE_ARG(e->reason));
        out->kind = "expect_fail";
        return VERDICT_XPASS;
    }
    if (e->with.n != 0 && slice_find(slice_of(j->message), e->with) == SIZE_MAX) {
        out->message = arena_printf(j->in->arena, "failed, but not as expected (" SLICE_FMT "): %s",
                                    SLICE_ARG(e->with), j->message);
        return VERDICT_FAIL;
    }
    return VERDICT_XFAIL;
}

static enum verdict decide(struct judging *j)
{
    const struct spec_case *c = j->in->spec;
    if (c->expect_fail != NULL) {
        const char *before = j->message;
        enum verdict verdict = judge_expected_failure(j, c->expect_fail);
        if (j->message != before) { /* what went wrong is the expectation itself: say so too */
            buf_addf(&j->text, "%s\n", j->message);
        }
        return verdict;
    }
    if (j->message == NULL) {
        return VERDICT_PASS;
    }
    const char *cause = cannot_judge(j);
    if (cause != NULL) {
        j->kind = cause;
        j->message = arena_printf(j->in->arena, "could not be judged: %s (%s)", cause, j->message);
        buf_addf(&j->text, "%s\n", j->message);
        return VERDICT_ERROR;
    }
    return c->level == LEVEL_INFO ? VERDICT_PASS : VERDICT_FAIL;
}

/* The line of the conversation that the first failed check is about: a verb sent after all. */
static size_t line_of_failure(const struct judging *j)
{
    for (size_t i = 0; i < j->checks.count; i++) {
        struct slice verb = json_slice(json_get(j->checks.list[i].got, "verb"));
        if (!j->checks.list[i].is_ok && verb.n != 0) {
            return transcript_find_verb(j->in->transcript, verb);
        }
    }
    return SIZE_MAX;
}

/* "asked: rcpt, gmail: 550 5.1.1 …" */
static void add_question(const struct spec_case *spec, struct buf *out)
{
    const struct spec_classify *c = spec->classify;
    if (c == NULL || spec->probe != NULL) {
        return;
    }
    struct slice said = c->reply.n != 0 ? c->reply : slice_of(c->fault);
    buf_addf(out, "asked: %s%s%s: ", stage_slug(c->stage), c->provider != NULL ? ", " : "",
             c->provider != NULL ? c->provider->name : "");
    text_visible(slice_sub(said, 0, QUESTION_MAX), TEXT_ONE_LINE, out);
    buf_add_text(out, said.n > QUESTION_MAX ? " [cut]\n" : "\n");
}

static void put_text(struct judging *j)
{
    add_question(j->in->spec, &j->text);
    if (j->in->transcript != NULL) {
        transcript_print(j->in->transcript, j->in->start_us, LAST_LINES, line_of_failure(j),
                         &j->text);
    }
    again_add(&j->text, j->in->again, j->in->spec);
    json_set(j->document, "text", json_string(buf_slice(&j->text)));
}

enum verdict judge_case(const struct judge_input *in, struct json *document)
{
    struct judging j = {.in = in,
                        .document = document,
                        .checks = {.arena = in->arena},
                        .captures = {.arena = in->arena}};
    buf_init(&j.text, TEXT_MAX);
    if (in->transcript != NULL && node_get(in->spec->expect, "transcript") != NULL) {
        json_set(document, "transcript", transcript_to_json(in->transcript, in->start_us));
    }
    take_captures(&j);
    apply_expect(&j);
    check_steps(&j);
    collect_checks(&j);
    default_checks(&j);
    enum verdict verdict = decide(&j);
    json_set(document, "verdict", json_text(verdict_slug(verdict)));
    json_set(document, "checks", checks_json(&j.checks));
    if (verdict != VERDICT_PASS || j.message != NULL) {
        json_set(document, "kind", json_text(j.kind != NULL ? j.kind : "expect"));
        json_set(document, "message", json_text(j.message));
        put_text(&j);
    }
    if (in->transcript != NULL && (verdict != VERDICT_PASS || in->keep_transcript)) {
        json_set(document, "transcript", transcript_to_json(in->transcript, in->start_us));
    }
    buf_release(&j.text);
    return verdict;
}

bool judge_expectations_hold(const struct judge_input *in, struct json *document)
{
    struct judging j = {.in = in, .document = document, .checks = {.arena = in->arena}};
    apply_expect(&j);
    check_steps(&j);
    for (size_t i = 0; i < j.checks.count; i++) {
        if (!j.checks.list[i].is_ok) {
            return false;
        }
    }
    return true;
}

static struct json *bare_document(const struct spec_case *c, enum verdict verdict)
{
    struct json *doc = json_map();
    json_set(doc, "schema", json_text("smtpdx/result/1"));
    json_set(doc, "id", json_text(c->id));
    json_set(doc, "suite", json_text(c->suite));
    json_set(doc, "name", json_text(c->name));
    json_set(doc, "title", json_text(c->title));
    json_set(doc, "file", json_text(c->file));
    json_set(doc, "line", json_int(c->line));
    json_set(doc, "level", json_text(spec_level_slug(c->level)));
    json_set(doc, "verdict", json_text(verdict_slug(verdict)));
    json_set(doc, "ms", json_int(0));
    return doc;
}

struct json *judge_error_document(const struct spec_case *spec, const char *kind,
                                  const char *message, const char *again)
{
    struct judge_input in = {.spec = spec, .again = again};
    return judge_error_with_wire(&in, kind, message);
}

struct json *judge_error_with_wire(const struct judge_input *in, const char *kind,
                                   const char *message)
{
    struct json *doc = bare_document(in->spec, VERDICT_ERROR);
    json_set(doc, "kind", json_text(kind));
    json_set(doc, "message", json_text(message));
    struct buf text;
    buf_init(&text, TEXT_MAX);
    buf_addf(&text, "%s\n", message);
    if (in->transcript != NULL) {
        transcript_print(in->transcript, in->start_us, LAST_LINES, SIZE_MAX, &text);
        json_set(doc, "transcript", transcript_to_json(in->transcript, in->start_us));
    }
    add_question(in->spec, &text);
    again_add(&text, in->again, in->spec);
    json_set(doc, "text", json_string(buf_slice(&text)));
    buf_release(&text);
    return doc;
}

struct json *judge_skip_document(const struct spec_case *spec, const char *reason)
{
    struct json *doc = bare_document(spec, VERDICT_SKIP);
    json_set(doc, "message", json_text(reason));
    return doc;
}
