/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JUnit XML. No schema satisfies every reader, so there are two flavours: `rich` (checked by
 * junit-rich.xsd) and `strict` (valid under the schema of Jenkins' xunit plugin, which knows no
 * properties, file, line and assertions on a testcase). What readers really look at:
 *   one flat testsuite per file, never empty   nested ones are not read, empty ones are dropped
 *   failure or error, never both               Jenkins prefers the one, Azure the other
 *   skipped: text and message                  GitLab reads the text, Jenkins and Azure the
 * attribute flakyFailure, rerunFailure: stackTrace     Jenkins reads only that child system-out:
 * [[ATTACHMENT|path]] first      GitLab takes the first line only
 */
#include "reports/formats.h"

#include "base/text.h"
#include "reports/groups.h"
#include "reports/observations.h"
#include "reports/report_case.h"
#include "reports/xml.h"

struct junit {
    struct xml *xml;
    const struct run_record *run;
    const struct report_options *options;
};

/* "providers/outlook.v2" is the class "providers.outlook_v2": readers make a tree of the dots. */
static void add_class_name(struct slice suite, struct buf *out)
{
    for (size_t i = 0; i < suite.n; i++) {
        char c = suite.p[i];
        buf_add_char(out, c == '/' ? '.' : c == '.' ? '_' : c);
    }
}

static void write_property(void *context, const char *name, struct slice value)
{
    struct junit *j = context;
    xml_open(j->xml, "property");
    xml_attr(j->xml, "name", slice_of(name));
    xml_attr(j->xml, "value", value);
    xml_close(j->xml);
}

static void add_property_line(void *context, const char *name, struct slice value)
{
    struct buf *out = context;
    buf_addf(out, "[[PROPERTY|%s=", name);
    text_visible(value, TEXT_ONE_LINE, out);
    buf_add_text(out, "]]\n");
}

static void write_properties(struct junit *j, const struct report_case *c)
{
    xml_open(j->xml, "properties");
    observations_walk(c, write_property, j);
    xml_close(j->xml);
}

/*
 * A type is a slug of ours. What a document of somebody else's holds is made one; and GitLab, which
 * reads XML with Rails, casts the text of an element by some words in `type` (a date that is none
 * is an error there and costs the whole report), so these never stand alone.
 */
static void write_type(struct junit *j, struct slice kind)
{
    static const char *const casts[] = {
        "integer", "float", "decimal", "boolean", "date",   "datetime",     "duration",  "symbol",
        "string",  "yaml",  "array",   "file",    "binary", "base64binary", "hexbinary",
    };
    struct buf slug;
    buf_init(&slug, 128);
    bool begins_well = kind.n != 0 && kind.p[0] >= 'a' && kind.p[0] <= 'z';
    for (size_t i = 0; i < COUNT(casts); i++) {
        begins_well = begins_well && !slice_eq_text(kind, casts[i]);
    }
    buf_add_text(&slug, begins_well ? "" : "kind.");
    for (size_t i = 0; i < kind.n; i++) {
        char c = kind.p[i];
        bool is_kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
        buf_add_char(&slug, is_kept ? c : '_');
    }
    xml_attr(j->xml, "type", buf_slice(&slug));
    buf_release(&slug);
}

/* An element with type, message and text: failure, error or skipped. */
static void write_verdict(struct junit *j, const char *element, const struct report_case *c,
                          struct slice text)
{
    xml_open(j->xml, element);
    write_type(j, c->kind);
    xml_attr(j->xml, "message", c->message);
    xml_text(j->xml, text);
    xml_close(j->xml);
}

/* "attempt 2: expect.cause: wanted …", of one run of the case that did not pass. */
static void write_run_of(struct junit *j, const char *element, const struct report_case *c,
                         const struct json *run, size_t number)
{
    struct slice message = json_slice(json_get(run, "message"));
    struct slice kind = json_slice(json_get(run, "kind"));
    struct slice text = json_slice(json_get(run, "text"));
    struct buf line;
    buf_init(&line, REPORT_TEXT_MAX);
    buf_addf(&line, "attempt %zu: ", number);
    buf_add(&line, message.n != 0 ? message : c->message);
    xml_open(j->xml, element);
    xml_attr(j->xml, "message", buf_slice(&line));
    write_type(j, kind.n != 0 ? kind : c->kind);
    xml_open(j->xml, "stackTrace");
    xml_text(j->xml, text.n != 0 ? text : buf_slice(&line));
    xml_close(j->xml);
    xml_close(j->xml);
    buf_release(&line);
}

/*
 * The runs of the case that failed or could not be judged, one element each; with told, all but the
 * one that the case's own failure or error tells already. Returns how many.
 */
static size_t write_runs(struct junit *j, const char *const elements[2],
                         const struct report_case *c, bool told)
{
    const struct json *runs = json_get(c->result, "runs");
    size_t written = 0;
    for (size_t i = 0; json_kind(runs) == JSON_LIST && i < json_count(runs); i++) {
        const struct json *run = json_at(runs, i);
        enum verdict verdict = result_verdict(run);
        if (told && verdict == c->verdict) {
            told = false; /* the first of its kind */
        } else if (verdict != VERDICT_PASS) {
            write_run_of(j, elements[verdict == VERDICT_ERROR], c, run, i + 1);
            written++;
        }
    }
    return written;
}

static const char *const rerun_elements[2] = {"rerunFailure", "rerunError"};
static const char *const flaky_elements[2] = {"flakyFailure", "flakyError"};

static void write_outcome(struct junit *j, const struct report_case *c)
{
    struct slice text = c->text.n != 0 ? c->text : c->message;
    switch (c->verdict) {
    case VERDICT_PASS:
    case VERDICT_COUNT:
        return;
    case VERDICT_FAIL:
        if (!c->is_warning) {
            write_verdict(j, "failure", c, text);
            (void)write_runs(j, rerun_elements, c, true);
        }
        return;
    case VERDICT_XPASS:
        write_verdict(j, "failure", c, text);
        return;
    case VERDICT_ERROR:
        write_verdict(j, "error", c, text);
        (void)write_runs(j, rerun_elements, c, true);
        return;
    case VERDICT_SKIP:
    case VERDICT_XFAIL:
        write_verdict(j, "skipped", c, c->message); /* GitLab shows the text, so it is the reason */
        return;
    case VERDICT_FLAKY:
        if (write_runs(j, flaky_elements, c, false) == 0) {
            write_run_of(j, "flakyFailure", c, NULL, 1); /* readers know a flaky case by this */
        }
        return;
    }
}

static bool shows_output(const struct junit *j, const struct report_case *c)
{
    return c->result != NULL && (c->verdict != VERDICT_PASS || j->options->is_verbose);
}

static void add_attachment(const struct junit *j, const struct report_case *c, struct buf *out)
{
    if (j->options->attachments == NULL || !report_case_has_transcript(c)) {
        return;
    }
    buf_addf(out, "[[ATTACHMENT|%s/", j->options->attachments);
    report_attachment_name(c->id, out);
    buf_add_text(out, "]]\n");
}

static void write_output(struct junit *j, const struct report_case *c)
{
    struct buf text;
    buf_init(&text, BUF_NO_CAP);
    add_attachment(j, c, &text);
    if (j->options->is_strict) {
        observations_walk(c, add_property_line, &text);
    }
    if (shows_output(j, c)) {
        buf_add(&text, c->is_warning || c->verdict == VERDICT_FLAKY ? c->text : SLICE(""));
        report_case_add_transcript(c, &text);
    }
    struct slice errors = json_slice(json_path(c->result, "client.stderr"));
    if (text.n != 0) {
        xml_open(j->xml, "system-out");
        xml_text(j->xml, buf_slice(&text));
        xml_close(j->xml);
    }
    if (shows_output(j, c) && errors.n != 0) {
        xml_open(j->xml, "system-err");
        xml_text(j->xml, errors);
        xml_close(j->xml);
    }
    buf_release(&text);
}

static void write_case(struct junit *j, const struct report_case *c)
{
    struct buf class_name;
    buf_init(&class_name, REPORT_TEXT_MAX);
    add_class_name(c->suite, &class_name);
    xml_open(j->xml, "testcase");
    xml_attr(j->xml, "classname", buf_slice(&class_name));
    xml_attr(j->xml, "name", c->name);
    if (!j->options->is_strict && c->file.n != 0) {
        xml_attr(j->xml, "file", c->file);
    }
    if (!j->options->is_strict && c->line != 0) {
        xml_attr_int(j->xml, "line", c->line);
    }
    xml_attr_seconds(j->xml, "time", c->ms);
    if (!j->options->is_strict) {
        xml_attr_int(j->xml, "assertions", json_count(json_get(c->result, "checks")));
        write_properties(j, c);
    }
    write_outcome(j, c);
    write_output(j, c);
    xml_close(j->xml);
    buf_release(&class_name);
}

static void write_counts(struct junit *j, const struct group *g)
{
    xml_attr_int(j->xml, "tests", g->count);
    xml_attr_int(j->xml, "failures", g->failures);
    xml_attr_int(j->xml, "errors", g->errors);
}

/* The time the run began, when it looks as xs:dateTime without zone has to. */
static struct slice started(const struct junit *j)
{
    static const char shape[] = "0000-00-00T00:00:00";
    struct slice s = json_slice(json_get(j->run->start, "started"));
    s = slice_sub(s, 0, sizeof shape - 1);
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        bool is_digit = i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
        if (i >= s.n || (shape[i] == '0' ? !is_digit : s.p[i] != shape[i])) {
            return SLICE("1970-01-01T00:00:00");
        }
    }
    return s;
}

static void write_suite(struct junit *j, const struct group *g, size_t number)
{
    static const char *const header_keys[] = {"version", "world", "seed", "mapper", "ci"};
    struct slice host = json_slice(json_get(j->run->start, "hostname"));
    xml_open(j->xml, "testsuite");
    xml_attr(j->xml, "name", g->suite);
    xml_attr_int(j->xml, "id", number);
    write_counts(j, g);
    xml_attr_int(j->xml, "skipped", g->skipped);
    xml_attr_seconds(j->xml, "time", g->ms);
    xml_attr(j->xml, "timestamp", started(j));
    xml_attr(j->xml, "hostname", host.n != 0 ? host : SLICE("localhost"));
    if (g->file.n != 0) {
        xml_attr(j->xml, "file", g->file);
    }
    xml_open(j->xml, "properties");
    struct buf value;
    buf_init(&value, REPORT_TEXT_MAX);
    for (size_t i = 0; i < COUNT(header_keys); i++) {
        buf_reset(&value);
        report_add_value(json_get(j->run->start, header_keys[i]), &value);
        if (value.n != 0) {
            write_property(j, header_keys[i], buf_slice(&value));
        }
    }
    buf_release(&value);
    xml_close(j->xml);
    for (size_t i = 0; i < g->count; i++) {
        struct report_case c = report_case_at(j->run, g->members[i]);
        write_case(j, &c);
    }
    xml_close(j->xml);
}

static void write_run(struct junit *j)
{
    struct groups groups;
    groups_init(&groups, j->run);
    struct group all = {.count = j->run->count};
    for (size_t i = 0; i < groups.count; i++) {
        all.failures += groups.list[i].failures;
        all.errors += groups.list[i].errors;
        all.skipped += groups.list[i].skipped;
    }
    xml_open(j->xml, "testsuites");
    xml_attr(j->xml, "name", SLICE("smtpdx"));
    write_counts(j, &all);
    if (!j->options->is_strict) {
        xml_attr_int(j->xml, "skipped", all.skipped);
    }
    xml_attr_seconds(j->xml, "time", j->run->ms);
    if (!j->options->is_strict) {
        xml_attr(j->xml, "timestamp", started(j));
    }
    for (size_t i = 0; i < groups.count; i++) {
        write_suite(j, &groups.list[i], i);
    }
    xml_close(j->xml);
    groups_release(&groups);
}

enum err junit_write(const struct run_record *run, const struct report_options *options,
                     struct buf *out, struct why *why)
{
    struct junit j = {.xml = xml_new(), .run = run, .options = options};
    write_run(&j);
    enum err err = xml_finish(j.xml, out, why);
    xml_free(j.xml);
    return err;
}
