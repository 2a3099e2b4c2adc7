/* SPDX-License-Identifier: Apache-2.0 */
/* What is in force, and where it comes from. */
#include "config/parts.h"

#include <string.h>

#include "base/text.h"
#include "doc/json.h"

enum { KEY_WIDTH = 17, VALUE_WIDTH = 28 };

static bool has_default(enum setting s)
{
    return (setting_info(s)->places & SETTING_IN_DEFAULTS) != 0;
}

/* The value as it may be seen: the environment may hold a proxy's password. */
static void add_safe(enum setting s, const char *text, struct buf *out)
{
    size_t start, end;
    struct slice value = slice_of(text);
    if (setting_info(s)->shape == SETTING_PROXY_URL && setting_url_password(value, &start, &end)) {
        text_visible(slice_sub(value, 0, start), TEXT_ONE_LINE, out);
        buf_add_text(out, "***");
        value = slice_from(value, end);
    }
    text_visible(value, TEXT_ONE_LINE, out);
}

static void add_padded(struct slice text, size_t width, struct buf *out)
{
    size_t columns = text_columns(text);
    buf_add(out, text);
    buf_addf(out, "%*s", columns < width ? (int)(width - columns) : 1, "");
}

static void add_row(enum setting s, const struct config_value *v, const char *indent,
                    struct buf *out)
{
    struct buf value;
    const char *without = setting_info(s)->without;
    buf_init(&value, BUF_NO_CAP);
    if (v->text != NULL) {
        add_safe(s, v->text, &value);
    } else {
        buf_add_char(&value, '-');
    }
    buf_add_text(out, indent);
    add_padded(slice_of(setting_info(s)->key), KEY_WIDTH, out);
    add_padded(buf_slice(&value), VALUE_WIDTH, out);
    text_visible(slice_of(v->where), TEXT_ONE_LINE, out);
    buf_addf(out, "%s%s\n", v->text == NULL ? ": " : "", v->text == NULL ? without : "");
    buf_release(&value);
}

static void add_name(const char *text, struct buf *out)
{
    text_visible(slice_of(text), TEXT_ONE_LINE, out);
}

static void add_entries(const struct config *c, struct buf *out)
{
    for (size_t i = 0; i < c->entry_count; i++) {
        const struct config_entry *e = &c->entries[i];
        buf_add_text(out, i == 0 ? "\nproviders\n  " : "  ");
        add_name(e->name, out);
        buf_add_char(out, '\n');
        for (unsigned s = 0; s < SETTING_COUNT; s++) {
            if (e->values[s].text != NULL) {
                add_row((enum setting)s, &e->values[s], "    ", out);
            }
        }
    }
}

static void add_target(const struct config_target *t, struct buf *out)
{
    buf_add_text(out, "for     ");
    add_name(t->given, out);
    for (size_t i = 0; i < t->entries.count; i++) {
        buf_add_text(out, i == 0 ? ", by the entries " : ", ");
        add_name(t->entries.list[i]->name, out);
    }
    buf_add_text(out, "\nserver  ");
    add_name(t->server != NULL ? t->server : "to be looked for", out);
    buf_add_text(out, "\n\n");
}

void config_show(const struct config *c, const struct config_target *target, struct buf *out)
{
    buf_add_text(out, "file    ");
    add_name(c->name != NULL ? c->name : "none", out);
    buf_add_char(out, '\n');
    if (target != NULL) {
        add_target(target, out);
    } else {
        buf_add_text(out, "\ndefaults\n");
    }
    for (unsigned s = 0; s < SETTING_COUNT; s++) {
        if (target != NULL || has_default((enum setting)s)) {
            struct config_value v =
                config_get(c, target != NULL ? &target->entries : NULL, (enum setting)s);
            add_row((enum setting)s, &v, "  ", out);
        }
    }
    if (target == NULL) {
        add_entries(c, out);
    }
}

/* ---- for a program ---- */

static struct json *value_json(enum setting s, const struct config_value *v)
{
    static const char *const froms[] = {"built_in", "defaults", "entry", "environment", "option"};
    const struct setting_info *info = setting_info(s);
    struct json *one = json_map();
    struct buf text;
    uint64_t number = 0;
    bool flag = false;
    buf_init(&text, BUF_NO_CAP);
    if (v->text == NULL) {
        json_set(one, "value", json_null());
    } else if (info->shape == SETTING_NUMBER && slice_to_u64(slice_of(v->text), &number)) {
        json_set(one, "value", json_int((int64_t)number));
    } else if (info->shape == SETTING_FLAG && setting_flag(slice_of(v->text), &flag)) {
        json_set(one, "value", json_bool(flag));
    } else {
        add_safe(s, v->text, &text);
        json_set(one, "value", json_string(buf_slice(&text)));
    }
    json_set(one, "from", json_text(froms[v->from]));
    json_set(one, "where", json_text(v->from == CONFIG_BUILT_IN ? NULL : v->where));
    buf_release(&text);
    return one;
}

static struct json *entries_json(const struct config *c)
{
    struct json *map = json_map();
    for (size_t i = 0; i < c->entry_count; i++) {
        const struct config_entry *e = &c->entries[i];
        struct json *one = json_map();
        for (unsigned s = 0; s < SETTING_COUNT; s++) {
            if (e->values[s].text != NULL) {
                json_set(one, setting_info((enum setting)s)->key,
                         value_json((enum setting)s, &e->values[s]));
            }
        }
        json_set(map, e->name, one);
    }
    return map;
}

void config_show_json(const struct config *c, const struct config_target *target, struct buf *out)
{
    struct json *all = json_map(), *settings = json_map();
    json_set(all, "schema", json_text("smtpdx/config/1"));
    json_set(all, "file", json_text(c->name));
    json_set(all, "target", json_text(target != NULL ? target->given : NULL));
    if (target != NULL) {
        json_set(all, "server", json_text(target->server));
    }
    for (unsigned s = 0; s < SETTING_COUNT; s++) {
        if (target != NULL || has_default((enum setting)s)) {
            struct config_value v =
                config_get(c, target != NULL ? &target->entries : NULL, (enum setting)s);
            json_set(settings, setting_info((enum setting)s)->key, value_json((enum setting)s, &v));
        }
    }
    json_set(all, "settings", settings);
    if (target == NULL) {
        json_set(all, "providers", entries_json(c));
    }
    json_print(all, JSON_INDENTED, out);
    buf_add_char(out, '\n');
    json_free(all);
}
