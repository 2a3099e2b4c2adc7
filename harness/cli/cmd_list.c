/* SPDX-License-Identifier: Apache-2.0 */
/* smtpdx list: what would run. */
#include <stdio.h>

#include "cli/selection.h"
#include "base/text.h"
#include "doc/json.h"
#include "run/secrets.h"

static const struct cli_option options[] = {
    SELECTION_OPTIONS,
    {"sim", 's', NULL, "as run --sim would"},
    {"json", 0, NULL, "one JSON object a line"},
};

struct list {
    struct selection selection;
    bool is_json, is_simulated;
};

static bool on_option(void *context, size_t index, const char *value)
{
    struct list *l = context;
    if (index < SELECTION_OPTION_COUNT) {
        return selection_option(&l->selection, index, value);
    }
    if (index == SELECTION_OPTION_COUNT) {
        l->is_simulated = true;
    } else {
        l->is_json = true;
    }
    return true;
}

static struct json *names(const char *const *list)
{
    struct json *out = json_list();
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        json_add(out, json_text(list[i]));
    }
    return out;
}

static void print_json(const struct plan_case *c)
{
    struct json *one = json_map();
    json_set(one, "id", json_text(c->spec->id));
    json_set(one, "title", json_text(c->spec->title));
    json_set(one, "file", json_text(c->spec->file));
    json_set(one, "line", json_int(c->spec->line));
    json_set(one, "level", json_text(spec_level_slug(c->spec->level)));
    json_set(one, "refs", names(c->spec->refs));
    json_set(one, "tags", names(c->spec->tags));
    json_set(one, "skip", json_text(c->skip));
    struct buf out;
    buf_init(&out, 1 << 20);
    json_print(one, JSON_COMPACT, &out);
    printf("%s\n", buf_text(&out));
    buf_release(&out);
    json_free(one);
}

/* The id comes from a file that anyone may have written, and its name. */
static void print_line(const struct plan_case *c)
{
    struct buf out;
    buf_init(&out, BUF_NO_CAP);
    buf_addf(&out, "%-6s ", spec_level_slug(c->spec->level));
    text_visible(slice_of(c->spec->id), TEXT_ONE_LINE, &out);
    if (c->skip != NULL) {
        buf_add_text(&out, "   (skipped: ");
        text_visible(slice_of(c->skip), TEXT_ONE_LINE, &out);
        buf_add_char(&out, ')');
    }
    printf("%s\n", buf_text(&out));
    buf_release(&out);
}

static void print_plan(const struct list *l)
{
    for (size_t i = 0; i < l->selection.plan.count; i++) {
        const struct plan_case *c = &l->selection.plan.cases[i];
        if (l->is_json) {
            print_json(c);
        } else {
            print_line(c);
        }
    }
}

static int run(int argc, char **argv)
{
    struct list l = {.is_json = false};
    int first;
    selection_init(&l.selection);
    enum cli_parsed parsed = cli_parse(&command_list, argc, argv, &l, &first);
    int status = parsed == CLI_EXIT_OK ? EXIT_ALL_PASSED : EXIT_WRONG_USE;
    if (parsed == CLI_GO_ON) {
        status = selection_load(&l.selection, (const char *const *)(argv + first),
                                (size_t)(argc - first));
        if (status == EXIT_ALL_PASSED) {
            if (l.is_simulated) {
                plan_skip_endpoints(&l.selection.plan);
            }
            secrets_find_missing(&l.selection.plan, &l.selection.arena);
            print_plan(&l);
            status = l.selection.plan.count == 0 ? EXIT_NOTHING_SELECTED : EXIT_ALL_PASSED;
        }
    }
    selection_release(&l.selection);
    return status;
}

const struct cli_command command_list = {
    .name = "list",
    .arguments = "[PATH…]",
    .summary = "list the cases that would run",
    .text =
        "Lists the cases that `smtpdx run` with the same arguments would run, and which of them\n"
        "would be skipped, with the reason. PATH is a file, a folder, FILE:LINE or FILE::ID.",
    .options = options,
    .option_count = COUNT(options),
    .on_option = on_option,
    .run = run,
};
