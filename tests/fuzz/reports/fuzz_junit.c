/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any JSON as the results of a run; what is no JSON goes in as every string of one result. Laws:
 * JUnit is XML that libxml2 reads back, in both flavours; the JSON report is JSON; TAP has one
 * plan.
 */
#include "reports/report.h"

#include <stdint.h>
#include <string.h>

#include <libxml/parser.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct json *as_result(struct slice text)
{
    static const char *const keys[] = {"id",   "suite", "name",  "file",    "level",  "kind",
                                       "text", "stage", "cause", "message", "outcome"};
    struct json *v = json_map(), *list = json_list();
    for (size_t i = 0; i < COUNT(keys); i++) {
        json_set(v, keys[i], json_string(text));
    }
    json_set(v, "verdict", json_text(verdict_slug((enum verdict)(text.n % VERDICT_COUNT))));
    json_add(list, json_string(text));
    json_set(v, "refs", list);
    return v;
}

static void check_xml(struct slice text)
{
    xmlDocPtr doc = xmlReadMemory(text.p, (int)text.n, "report.xml", NULL,
                                  XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    must(doc != NULL);
    xmlFreeDoc(doc);
}

static void check_format(const struct report_format *format, const struct run_record *run,
                         const struct report_options *options)
{
    struct buf out;
    buf_init(&out, BUF_NO_CAP);
    must(format->write(run, options, &out, NULL) == ERR_OK);
    if (strcmp(format->name, "junit") == 0) {
        check_xml(buf_slice(&out));
    } else if (strcmp(format->name, "json") == 0) {
        struct json *v = NULL;
        must(json_parse(buf_slice(&out), &v, NULL) == ERR_OK);
        json_free(v);
    } else if (strcmp(format->name, "tap") == 0) {
        must(slice_has_prefix(buf_slice(&out), SLICE("TAP version 14\n1..")));
    }
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_make((const char *)data, size);
    struct json *root = NULL;
    if (json_parse(text, &root, NULL) != ERR_OK) {
        root = as_result(text);
    }
    struct json *results[] = {root, NULL, json_path(root, "0"), root};
    static const char *const ids[] = {"a::b", "c::d[e]", "", "::"};
    struct run_record run = {
        .start = json_get(root, "start"),
        .results = results,
        .ids = ids,
        .count = COUNT(results),
        .is_interrupted = size % 2 == 1,
    };
    run_record_count(&run);
    for (size_t i = 0; i < report_format_count * 2; i++) {
        struct report_options options = {.is_strict = i % 2 == 1, .is_verbose = i % 2 == 0};
        check_format(&report_formats[i / 2], &run, &options);
    }
    struct report_options options = {.is_terminal = true, .columns = (unsigned)(size % 100)};
    struct console *console = console_new(&options, -1);
    console_start(console, run.count, "simulation");
    console_case_start(console, ids[0]);
    console_result(console, NULL, root);
    console_finish(console, &run, NULL, 0);
    console_free(console);
    json_free(root);
    return 0;
}
