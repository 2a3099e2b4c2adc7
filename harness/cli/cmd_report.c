/* SPDX-License-Identifier: Apache-2.0 */
/* smtpdx report: any report from an event log, long after the run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/attachments.h"
#include "cli/outputs.h"
#include "doc/node.h"

static const struct cli_option options[] = {
    {"format", 'f', "NAME", "junit (default), json, tap, github, markdown"},
    {"output", 'o', "FILE", "where to (default: standard output)"},
    {"strict", 0, NULL, "the strict flavour of JUnit XML"},
    ATTACHMENT_OPTIONS,
};

enum { LOG_MAX = 1 << 30 };

struct report_command {
    const struct report_format *format;
    const char *output;
    struct report_options look;
    struct attachments attachments;
};

static bool on_option(void *context, size_t index, const char *value)
{
    struct report_command *r = context;
    if (index == 0) {
        r->format = outputs_format(slice_of(value));
        return r->format != NULL;
    }
    if (index == 1) {
        r->output = value;
    } else if (index >= 3) {
        return attachments_option(&r->attachments, index == 4, value);
    } else {
        r->look.is_strict = true;
    }
    return true;
}

/* The record a log stands for. Cases that started and never ended are errors: the run died. */
struct reader {
    struct run_record record;
    size_t space;
    const char **ids;
    struct arena *arena;
    const char *path;
};

static size_t index_of(struct reader *r, struct slice id)
{
    for (size_t i = r->record.count; i > 0; i--) { /* the latest are looked for most */
        if (slice_eq_text(id, r->ids[i - 1])) {
            return i - 1;
        }
    }
    if (r->record.count == r->space) {
        r->space = r->space != 0 ? r->space * 2 : 64;
        r->ids = mem_realloc(r->ids, r->space * sizeof *r->ids);
        r->record.results = mem_realloc(r->record.results, r->space * sizeof *r->record.results);
    }
    r->ids[r->record.count] = arena_text(r->arena, id);
    r->record.results[r->record.count] = NULL;
    return r->record.count++;
}

static struct json *aborted(struct slice id)
{
    struct json *doc = json_map();
    json_set(doc, "id", json_string(id));
    json_set(doc, "verdict", json_text(verdict_slug(VERDICT_ERROR)));
    json_set(doc, "kind", json_text("tool.aborted"));
    json_set(doc, "message", json_text("the log ends while this case ran"));
    return doc;
}

static void on_event(struct reader *r, struct json *event)
{
    struct slice name = json_slice(json_get(event, "event"));
    if (slice_eq_text(name, "run-start")) {
        json_free(r->record.start);
        r->record.start = json_ref(event);
        r->record.should_fails = json_to_bool(json_get(event, "strict"));
        r->record.flaky_fails = json_to_bool(json_get(event, "fail_flaky"));
    } else if (slice_eq_text(name, "run-end")) {
        r->record.ms = json_to_int(json_get(event, "t"));
        r->record.is_interrupted =
            slice_eq_text(json_slice(json_get(event, "reason")), "interrupted");
    } else if (slice_has_prefix(name, SLICE("case-"))) {
        struct slice id = json_slice(json_get(event, "id"));
        size_t i = index_of(r, id);
        struct json *result = json_get(event, "result");
        json_free(r->record.results[i]);
        r->record.results[i] = result != NULL ? json_ref(result) : aborted(id);
    }
}

static enum err read_log(struct reader *r, struct why *why)
{
    struct slice text, line;
    TRY(doc_read_file(r->path, LOG_MAX, r->arena, &text, why));
    bool ends_whole = slice_has_suffix(text, SLICE("\n"));
    unsigned number = 0;
    r->record.is_interrupted = true; /* until its end says otherwise */
    while (slice_take_until(&text, '\n', &line)) {
        struct json *event;
        struct why inner;
        number++;
        if (slice_trim(line).n == 0) {
            continue;
        }
        if (json_parse(line, &event, &inner) != ERR_OK) {
            if (text.n == 0 && !ends_whole) {
                break; /* written half when the run was ended: what ran then is an error */
            }
            return why_set(why, ERR_SYNTAX, "%s:%u:%u: not a line of an event log: %s", r->path,
                           number, inner.col, inner.text);
        }
        on_event(r, event);
        json_free(event);
    }
    if (r->record.start == NULL) {
        return why_set(why, ERR_SYNTAX, "%s: no run-start event: this is no event log", r->path);
    }
    return ERR_OK;
}

static int write_report(struct report_command *command, struct reader *r)
{
    struct why why;
    if (read_log(r, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx: %s\n", why.text);
        return EXIT_DID_NOT_LOAD;
    }
    r->record.ids = r->ids;
    command->look.should_fails = r->record.should_fails;
    run_record_count(&r->record);
    struct attachments *a = &command->attachments; /* only when asked for: the log may be old */
    if (!attachments_begin(a) || !attachments_finish(a, &r->record)) {
        return EXIT_NO_REPORT;
    }
    command->look.attachments = attachments_link(a, command->output, r->arena);
    if (report_write_file(command->format, &r->record, &command->look, command->output, &why) !=
        ERR_OK) {
        fprintf(stderr, "smtpdx: %s\n", why.text);
        return EXIT_NO_REPORT;
    }
    return run_record_exit_status(&r->record);
}

static int run(int argc, char **argv)
{
    struct report_command command = {.format = report_find(SLICE("junit")), .output = "-"};
    int first;
    enum cli_parsed parsed = cli_parse(&command_report, argc, argv, &command, &first);
    if (parsed != CLI_GO_ON) {
        return parsed == CLI_EXIT_OK ? EXIT_ALL_PASSED : EXIT_WRONG_USE;
    }
    if (argc - first != 1) {
        return cli_wrong_use(&command_report, "wants one event log (smtpdx run --log FILE)");
    }
    if (outputs_are_same(command.output, argv[first])) {
        return cli_wrong_use(&command_report, "the report would overwrite the log %s", argv[first]);
    }
    struct arena arena;
    arena_init(&arena);
    struct reader reader = {.arena = &arena, .path = argv[first]};
    int status = write_report(&command, &reader);
    for (size_t i = 0; i < reader.record.count; i++) {
        json_free(reader.record.results[i]);
    }
    json_free(reader.record.start);
    free(reader.record.results);
    free(reader.ids);
    arena_release(&arena);
    return status;
}

const struct cli_command command_report = {
    .name = "report",
    .arguments = "LOG",
    .summary = "write any report from an event log",
    .text =
        "Reads the event log of a run (smtpdx run --log FILE) and writes a report from it. A log\n"
        "that breaks off gives an error for every case that had started. The exit status is that\n"
        "of the run.",
    .options = options,
    .option_count = COUNT(options),
    .on_option = on_option,
    .run = run,
};
