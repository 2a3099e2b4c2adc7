/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JUnit XML: golden files, both schemas, and strings that try to break the document. Law: whatever
 * the result documents hold, libxml2 reads the report back and its counts are those of its
 * elements.
 */
#include "fixture.h"

#include <locale.h>

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <libxml/xmlschemastypes.h>
#include <libxml/xpath.h>

static const struct report_options rich = {.is_strict = false};
static const struct report_options strict = {.is_strict = true};

static void ignore(void *context, const char *format, ...)
{
    (void)context;
    (void)format;
}

static xmlDocPtr read_back(const char *text)
{
    return xmlReadMemory(text, (int)strlen(text), "report.xml", NULL,
                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

static bool is_valid(const char *schema_path, const char *text)
{
    xmlSchemaParserCtxtPtr parser = xmlSchemaNewParserCtxt(schema_path);
    xmlSchemaPtr schema = xmlSchemaParse(parser);
    assert_non_null(schema);
    xmlSchemaValidCtxtPtr valid = xmlSchemaNewValidCtxt(schema);
    bool is_loud = getenv("SMTPDX_LOUD") != NULL;
    if (!is_loud) {
        xmlSchemaSetValidErrors(valid, ignore, ignore, NULL);
    }
    xmlDocPtr doc = read_back(text);
    bool is_ok = doc != NULL && xmlSchemaValidateDoc(valid, doc) == 0;
    xmlFreeDoc(doc);
    xmlSchemaFreeValidCtxt(valid);
    xmlSchemaFree(schema);
    xmlSchemaFreeParserCtxt(parser);
    return is_ok;
}

static bool is_valid_rich(const char *text)
{
    return is_valid(SMTPDX_SOURCE_DIR "/reports/junit-rich.xsd", text);
}

static bool is_valid_strict(const char *text)
{
    return is_valid(SMTPDX_SOURCE_DIR "/tests/schema/junit-10.xsd", text);
}

static double number(xmlDocPtr doc, const char *path)
{
    xmlXPathContextPtr context = xmlXPathNewContext(doc);
    xmlXPathObjectPtr object = xmlXPathEvalExpression(BAD_CAST path, context);
    assert_non_null(object);
    double value = xmlXPathCastToNumber(object);
    xmlXPathFreeObject(object);
    xmlXPathFreeContext(context);
    return value;
}

/* What is counted is there, for the whole and for every suite. */
static void check_counts(const char *text)
{
    static const struct {
        const char *attribute, *elements;
    } counts[] = {
        {"tests", "testcase"},
        {"failures", "testcase/failure"},
        {"errors", "testcase/error"},
        {"skipped", "testcase/skipped"},
    };
    xmlDocPtr doc = read_back(text);
    assert_non_null(doc);
    for (size_t i = 0; i < COUNT(counts); i++) {
        char path[256];
        snprintf(path, sizeof path, "count(//testsuite[@%s != count(%s)])", counts[i].attribute,
                 counts[i].elements);
        assert_true(number(doc, path) == 0);
        snprintf(path, sizeof path, "count(/testsuites[@%s != sum(testsuite/@%s)])",
                 counts[i].attribute, counts[i].attribute);
        assert_true(number(doc, path) == 0);
    }
    assert_true(number(doc, "count(//testsuite//testsuite)") == 0);
    assert_true(number(doc, "count(//testsuite[not(testcase)])") == 0);
    xmlFreeDoc(doc);
}

static void both_flavours_as_agreed(void **state)
{
    (void)state;
    struct fixture f;
    fixture_read(&f);
    char *text = report_text("junit", &f.run, &rich);
    compare_golden("junit-rich.xml", text);
    assert_true(is_valid_rich(text));
    check_counts(text);
    free(text);
    text = report_text("junit", &f.run, &strict);
    compare_golden("junit-strict.xml", text);
    assert_true(is_valid_strict(text));
    check_counts(text);
    free(text);
    fixture_release(&f);
}

static void options_add_output_and_attachments(void **state)
{
    (void)state;
    struct fixture f;
    fixture_read(&f);
    struct report_options options = {.is_verbose = true, .attachments = "out/transcripts"};
    char *text = report_text("junit", &f.run, &options);
    assert_true(is_valid_rich(text));
    assert_non_null(strstr(text, "<system-out>[[ATTACHMENT|out/transcripts/providers_outlook__"));
    xmlDocPtr doc = read_back(text);
    assert_true(number(doc, "count(//testcase[1]/system-out)") >= 1);
    xmlFreeDoc(doc);
    free(text);
    f.run.should_fails = true;
    run_record_count(&f.run);
    text = report_text("junit", &f.run, &rich);
    doc = read_back(text);
    assert_true(number(doc, "count(//testcase[@name='quit']/failure)") == 1);
    check_counts(text);
    xmlFreeDoc(doc);
    free(text);
    fixture_release(&f);
}

/* clang-format off */
/* What the schema must refuse: one change each to a valid document. */
static const struct {
    const char *name, *from, *to;
} broken[] = {
    { "time with two decimals",      "time=\"0.031\"",       "time=\"0.03\"" },
    { "time with four decimals",     "time=\"0.031\"",       "time=\"0.0310\"" },
    { "time with a comma",           "time=\"0.031\"",       "time=\"0,031\"" },
    { "time without a point",        "time=\"0.031\"",       "time=\"31\"" },
    { "timestamp with a zone",       "T23:59:59\"",          "T23:59:59Z\"" },
    { "timestamp with a fraction",   "T23:59:59\"",          "T23:59:59.5\"" },
    { "no classname",                " classname=\"basics\"", "" },
    { "no name",                     " name=\"quit\"",       "" },
    { "no assertions",               " assertions=\"1\"",    "" },
    { "no hostname",                 " hostname=\"ci-1\"",   "" },
    { "no id",                       " id=\"0\"",            "" },
    { "failure and error",           "</failure>",           "</failure><error type=\"a\" message=\"b\">c</error>" },
    { "two failures",                "</failure>",           "</failure><failure type=\"a\" message=\"b\">c</failure>" },
    { "failure and skipped",         "</failure>",           "</failure><skipped type=\"a\" message=\"b\">c</skipped>" },
    { "failure without type",        "<failure type=\"expect\"", "<failure" },
    { "failure without message",     " message=\"expect.server_saw", " text=\"expect.server_saw" },
    { "type with a blank",           "type=\"expect\"",      "type=\"expect this\"" },
    { "skip without a reason",       ">needs live</skipped>", "></skipped>" },
    { "output before the failure",   "<failure ",            "<system-out>x</system-out><failure " },
    { "properties behind output",    "</system-out>",        "</system-out><properties/>" },
    { "errors before output",        "<system-out>",         "<system-err>x</system-err><system-out>" },
    { "rerun without a stackTrace",  "<stackTrace>attempt 2: the case did not end within its time-out of 1s</stackTrace>", "attempt 2" },
    { "two outputs",                 "</system-out>",        "</system-out><system-out>x</system-out>" },
    { "the same case twice",         "name=\"worker-died\"", "name=\"quit\"" },
    { "a suite without cases",       "</testsuites>",        "<testsuite name=\"a\" id=\"9\" tests=\"0\" failures=\"0\" errors=\"0\" skipped=\"0\" time=\"0.000\" timestamp=\"2026-01-31T23:59:59\" hostname=\"h\"><properties/></testsuite></testsuites>" },
    { "a suite in a suite",          "<testcase ",           "<testsuite/><testcase " },
    { "an element nobody knows",     "</testsuites>",        "<summary/></testsuites>" },
    { "an attribute nobody knows",   "<testsuites ",         "<testsuites colour=\"red\" " },
    { "line 0",                      "line=\"26\"",          "line=\"0\"" },
};
/* clang-format on */

static void the_schema_refuses_what_readers_trip_over(void **state)
{
    (void)state;
    struct fixture f;
    fixture_read(&f);
    char *text = report_text("junit", &f.run, &rich);
    for (size_t i = 0; i < COUNT(broken); i++) {
        const char *at = strstr(text, broken[i].from);
        if (at == NULL) {
            fail_msg("%s: nothing to change", broken[i].name);
            return;
        }
        struct buf changed;
        buf_init(&changed, BUF_NO_CAP);
        buf_add(&changed, slice_make(text, (size_t)(at - text)));
        buf_add_text(&changed, broken[i].to);
        buf_add_text(&changed, at + strlen(broken[i].from));
        xmlDocPtr doc = read_back(buf_text(&changed));
        if (doc == NULL || is_valid_rich(buf_text(&changed))) {
            fail_msg("%s: %s", broken[i].name, doc == NULL ? "not even XML" : "accepted");
        }
        xmlFreeDoc(doc);
        buf_release(&changed);
    }
    free(text);
    fixture_release(&f);
}

#define IN(text)                                                                                   \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

/* clang-format off */
static const struct {
    const char *name;
    struct slice text;
    const char *shown; /* stands in the document, as a reader gives it back */
} hostile[] = {
    { "invalid UTF-8",   IN("a\xff\xfe\xc0\xaf"),        "a\\xff\\xfe\\xc0\\xaf" },
    { "cut code point",  IN("a\xe2\x82"),                "a\\xe2\\x82" },
    { "NUL",             IN("a\0b"),                     "a\\x00b" },
    { "U+FFFE, U+FFFF",  IN("\xef\xbf\xbe\xef\xbf\xbf"), "\\u{FFFE}\\u{FFFF}" },
    { "ANSI",            IN("\x1b[31mred\x1b[0m"),       "\\x1b[31mred\\x1b[0m" },
    { "C1",              IN("\xc2\x9b" "31m"),           "\\xc2\\x9b31m" },
    { "bidi",            IN("\xe2\x80\xaetxet"),         "\\u{202E}txet" },
    { "end of CDATA",    IN("]]>"),                      "]]>" },
    { "markup",          IN("</failure><a b='c'>&lt;\""), "</failure><a b='c'>&lt;\"" },
    { "doctype",         IN("<!DOCTYPE x [<!ENTITY a \"b\">]>&a;"), "<!DOCTYPE x [<!ENTITY a \"b\">]>&a;" },
    { "all controls",    IN("\1\2\3\4\5\6\7\10\13\14\16\17\177"), "\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\x0b\\x0c\\x0e\\x0f\\x7f" },
    { "lone CR",         IN("a\rb"),                     "a\\rb" },
    { "line breaks",     IN("a\r\nb\n"),                 "a" },
    { "a type to cast",  IN("integer"),                  "integer" },
    { "a property",      IN("x]]\n[[PROPERTY|a=b]]"),    "x]]" },
    { "blanks",          IN("  "),                       "" },
};

static const char *const string_keys[] = {
    "id", "suite", "name", "title", "file", "level", "kind", "message", "text", "outcome", "stage",
    "cause",
};
/* clang-format on */

static struct json *hostile_result(struct slice text, const char *verdict)
{
    struct json *v = json_map(), *list = json_list(), *entry = json_map(), *client = json_map();
    for (size_t i = 0; i < COUNT(string_keys); i++) {
        json_set(v, string_keys[i], json_string(text));
    }
    json_set(v, "verdict", json_text(verdict));
    json_set(entry, "text", json_string(text));
    json_set(entry, "outcome", json_string(text));
    json_set(entry, "cause", json_string(text));
    json_add(list, entry);
    json_add(list, json_string(text));
    json_set(v, "refs", json_ref(list));
    json_set(v, "checks", json_ref(list));
    json_set(v, "runs", json_ref(list));
    json_set(v, "transcript", list);
    json_set(client, "stderr", json_string(text));
    json_set(v, "client", client);
    return v;
}

/* The document as libxml2 understood it holds the text. */
static bool holds(const char *document, const char *shown)
{
    xmlDocPtr doc = read_back(document);
    assert_non_null(doc);
    xmlChar *content = xmlNodeGetContent(xmlDocGetRootElement(doc));
    bool is_there = strstr((const char *)content, shown) != NULL;
    xmlFree(content);
    xmlFreeDoc(doc);
    return is_there;
}

static void check_hostile(const char *name, struct slice text, const char *shown)
{
    for (size_t v = 0; v < VERDICT_COUNT; v++) {
        struct json *result = hostile_result(text, verdict_slug((enum verdict)v));
        struct json *start = json_map();
        json_set(start, "hostname", json_string(text));
        json_set(start, "started", json_string(text));
        json_set(start, "ci", json_string(text));
        struct run_record run = {.start = start, .results = &result, .count = 1};
        run_record_count(&run);
        for (int is_strict = 0; is_strict < 2; is_strict++) {
            struct report_options options = {.is_strict = is_strict != 0, .is_verbose = true};
            char *out = report_text("junit", &run, &options);
            bool is_ok = is_strict != 0 ? is_valid_strict(out) : is_valid_rich(out);
            if (!is_ok || !holds(out, shown)) {
                fail_msg("%s, %s: %s\n%.2000s", name, verdict_slug((enum verdict)v),
                         is_ok ? "not shown" : "not valid", out);
            }
            check_counts(out);
            free(out);
        }
        json_free(start);
        json_free(result);
    }
}

static void hostile_strings_stay_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hostile); i++) {
        check_hostile(hostile[i].name, hostile[i].text, hostile[i].shown);
    }
}

static void a_megabyte_is_cut_between_code_points(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 3; shift++) {
        struct buf text;
        buf_init(&text, BUF_NO_CAP);
        buf_add(&text, slice_make("xyz", shift));
        while (text.n < 1000000) {
            buf_add_text(&text, "\xe2\x82\xac");
        }
        struct json *result = json_map();
        json_set(result, "verdict", json_text("fail"));
        json_set(result, "text", json_string(buf_slice(&text)));
        struct run_record run = {.results = &result, .count = 1};
        run_record_count(&run);
        char *out = report_text("junit", &run, &rich);
        assert_true(is_valid_rich(out));
        assert_true(holds(out, " bytes omitted]"));
        assert_null(strstr(out, "\\x"));
        assert_in_range(strlen(out), 64 * 1024, 66 * 1024);
        free(out);
        json_free(result);
        buf_release(&text);
    }
}

static void nothing_selected_is_a_document_too(void **state)
{
    (void)state;
    struct run_record run = {.ms = 3};
    run_record_count(&run);
    char *out = report_text("junit", &run, &rich);
    assert_true(is_valid_rich(out));
    assert_non_null(strstr(out, "tests=\"0\""));
    free(out);
    out = report_text("junit", &run, &strict);
    assert_true(is_valid_strict(out));
    free(out);
}

static void documents_without_any_key(void **state)
{
    (void)state;
    struct json *results[] = {json_map(), NULL, json_list(), json_int(7), json_null()};
    static const char *const ids[] = {"a::b", "c::d[x]", "", "::e", "f::"};
    struct run_record run = {.results = results, .ids = ids, .count = COUNT(results)};
    run_record_count(&run);
    char *out = report_text("junit", &run, &rich);
    assert_true(is_valid_rich(out));
    check_counts(out);
    free(out);
    for (size_t i = 0; i < COUNT(results); i++) {
        json_free(results[i]);
    }
}

static void times_do_not_ask_the_locale(void **state)
{
    (void)state;
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "ru_RU.UTF-8"};
    for (size_t i = 0; i < COUNT(locales); i++) {
        (void)setlocale(LC_ALL, locales[i]); /* where it is not installed nothing changes */
        struct fixture f;
        fixture_read(&f);
        char *text = report_text("junit", &f.run, &rich);
        compare_golden("junit-rich.xml", text);
        free(text);
        fixture_release(&f);
        (void)setlocale(LC_ALL, "C");
    }
}

static int end(void **state)
{
    (void)state;
    xmlSchemaCleanupTypes();
    xmlCleanupParser();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_flavours_as_agreed),
        cmocka_unit_test(options_add_output_and_attachments),
        cmocka_unit_test(the_schema_refuses_what_readers_trip_over),
        cmocka_unit_test(hostile_strings_stay_text),
        cmocka_unit_test(a_megabyte_is_cut_between_code_points),
        cmocka_unit_test(nothing_selected_is_a_document_too),
        cmocka_unit_test(documents_without_any_key),
        cmocka_unit_test(times_do_not_ask_the_locale),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
