/* SPDX-License-Identifier: Apache-2.0 */
/* smtpdx causes: the vocabulary of diagnosis. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/explain.h"
#include "doc/json_out.h"

static const struct cli_option options[] = {
    {"json", 0, NULL, "one JSON object a line: cause, area, who, retry, sentence"},
};

static bool on_option(void *context, size_t index, const char *value)
{
    (void)index; /* one option */
    (void)value;
    *(bool *)context = true;
    return true;
}

static struct slice area_of(enum cause cause)
{
    struct slice slug = slice_of(cause_slug(cause));
    size_t dot = slice_find_char(slug, '.');
    return dot != SIZE_MAX ? slice_sub(slug, 0, dot) : slug;
}

static void pair(const char *key, struct slice text, struct buf *out)
{
    json_out_key(key, out);
    json_out_string(text, out);
}

static void add_json(enum cause cause, struct buf *out)
{
    struct buf one;
    buf_init(&one, BUF_NO_CAP);
    buf_add_char(&one, '{');
    pair("cause", slice_of(cause_slug(cause)), &one);
    pair("area", area_of(cause), &one);
    pair("who", slice_of(cause_who_slug(cause_who(cause))), &one);
    pair("retry", slice_of(cause_retry_slug(cause_retry(cause))), &one);
    pair("sentence", slice_of(cause_sentence(cause)), &one);
    buf_add_text(&one, "}\n");
    buf_add(out, buf_slice(&one));
    buf_release(&one);
}

static void add_text(enum cause cause, size_t columns, struct buf *out)
{
    buf_addf(out, "%-32s %-9s %s\n", cause_slug(cause), cause_who_slug(cause_who(cause)),
             cause_retry_slug(cause_retry(cause)));
    explain_field("", slice_of(cause_sentence(cause)), columns, out);
}

static int run(int argc, char **argv)
{
    bool is_json = false;
    int first;
    struct buf out;
    struct slice area = {"", 0};
    enum cli_parsed parsed = cli_parse(&command_causes, argc, argv, &is_json, &first);
    if (parsed != CLI_GO_ON) {
        return parsed == CLI_EXIT_OK ? EXIT_ALL_PASSED : EXIT_WRONG_USE;
    }
    if (first != argc) {
        return cli_wrong_use(&command_causes, "takes no arguments");
    }
    size_t columns = explain_columns();
    buf_init(&out, BUF_NO_CAP);
    for (size_t i = 0; i < CAUSE_COUNT; i++) {
        enum cause cause = (enum cause)i;
        if (!is_json && !slice_eq(area, area_of(cause))) {
            area = area_of(cause);
            buf_addf(&out, "%s" SLICE_FMT "\n", i != 0 ? "\n" : "", SLICE_ARG(area));
        }
        is_json ? add_json(cause, &out) : add_text(cause, columns, &out);
    }
    printf("%s", buf_text(&out));
    buf_release(&out);
    return EXIT_ALL_PASSED;
}

const struct cli_command command_causes = {
    .name = "causes",
    .arguments = "",
    .summary = "the causes that a diagnosis can name",
    .text =
        "Lists every cause: its name, who can act, whether trying again helps, and what a person\n"
        "is told. `smtpdx explain --cause NAME` says how providers word it and what to do.\n\n"
        "Examples:\n"
        "  smtpdx causes\n"
        "  smtpdx causes --json",
    .options = options,
    .option_count = COUNT(options),
    .on_option = on_option,
    .run = run,
};
