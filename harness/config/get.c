/* SPDX-License-Identifier: Apache-2.0 */
/* What is in force: an option, the environment, an entry, the defaults, what is built in. */
#include "config/parts.h"

#include "base/text.h"

enum err config_read_environment(struct config *c, const char *(*get)(const char *name),
                                 struct why *why)
{
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        char space[SETTING_VARIABLE_MAX];
        struct why inner;
        const struct setting_info *info = setting_info((enum setting)i);
        const char *name = setting_variable((enum setting)i, space);
        const char *value = (info->places & SETTING_IN_DEFAULTS) != 0 ? get(name) : NULL;
        if (value == NULL || value[0] == '\0') {
            continue;
        }
        enum err err = setting_check((enum setting)i, slice_of(value), &inner);
        if (err != ERR_OK) {
            return why_set(why, err, "%s in the environment %s", name, inner.text);
        }
        c->environment[i] = (struct config_value){.text = arena_text(&c->arena, slice_of(value)),
                                                  .from = CONFIG_ENVIRONMENT,
                                                  .where = arena_text(&c->arena, slice_of(name))};
    }
    return ERR_OK;
}

enum err config_set_option(struct config *c, enum setting s, const char *value, struct why *why)
{
    struct why inner;
    struct buf name;
    buf_init(&name, SETTING_VARIABLE_MAX);
    buf_addf(&name, "--%s", setting_info(s)->key);
    for (size_t i = 0; i < name.n; i++) {
        name.p[i] = name.p[i] == '_' ? '-' : name.p[i];
    }
    enum err err = setting_check(s, slice_of(value), &inner);
    if (err != ERR_OK) {
        (void)why_set(why, err, "%s %s", buf_text(&name), inner.text);
    } else {
        c->options[s] = (struct config_value){.text = arena_text(&c->arena, slice_of(value)),
                                              .from = CONFIG_OPTION,
                                              .where = arena_text(&c->arena, buf_slice(&name))};
    }
    buf_release(&name);
    return err;
}

/* ---- entries ---- */

const char *config_name(const struct config *c)
{
    return c->name;
}

size_t config_entry_count(const struct config *c)
{
    return c->entry_count;
}

const struct config_entry *config_entry_at(const struct config *c, size_t i)
{
    must(i < c->entry_count);
    return &c->entries[i];
}

const char *config_entry_name(const struct config_entry *e)
{
    return e->name;
}

void config_for_add(const struct config *c, struct slice name, struct config_for *entries)
{
    for (size_t i = 0; i < c->entry_count; i++) {
        const struct config_entry *e = &c->entries[i];
        bool is_there = !slice_eq_nocase(name, slice_of(e->name));
        for (size_t k = 0; k < entries->count; k++) {
            is_there = is_there || entries->list[k] == e;
        }
        if (!is_there && entries->count < COUNT(entries->list)) {
            entries->list[entries->count++] = e;
        }
    }
}

struct config_value config_of_entries(const struct config_for *entries, enum setting s)
{
    for (size_t i = 0; entries != NULL && i < entries->count; i++) {
        if (entries->list[i]->values[s].text != NULL) {
            return entries->list[i]->values[s];
        }
    }
    return (struct config_value){.text = NULL};
}

/* ---- values ---- */

struct config_value config_get(const struct config *c, const struct config_for *entries,
                               enum setting s)
{
    const struct setting_info *info = setting_info(s);
    const struct config_value levels[] = {c->options[s], c->environment[s],
                                          config_of_entries(entries, s), c->defaults[s]};
    for (size_t i = 0; i < COUNT(levels); i++) {
        if (levels[i].text != NULL) {
            return levels[i];
        }
    }
    return (struct config_value){.text = info->built_in[0] != '\0' ? info->built_in : NULL,
                                 .from = CONFIG_BUILT_IN,
                                 .where = "built in"};
}

const char *config_text(const struct config *c, const struct config_for *entries, enum setting s)
{
    return config_get(c, entries, s).text;
}

/* What is in force was looked at when it came in. */
int64_t config_time_us(const struct config *c, const struct config_for *entries, enum setting s)
{
    const char *text = config_text(c, entries, s);
    int64_t us = 0;
    bool is_good = text == NULL || text_duration(slice_of(text), &us);
    must(is_good && setting_info(s)->shape == SETTING_TIME);
    return us;
}

uint64_t config_number(const struct config *c, const struct config_for *entries, enum setting s)
{
    const char *text = config_text(c, entries, s);
    uint64_t number = 0;
    bool is_good = text == NULL || slice_to_u64(slice_of(text), &number);
    must(is_good && setting_info(s)->shape == SETTING_NUMBER);
    return number;
}

bool config_flag(const struct config *c, const struct config_for *entries, enum setting s)
{
    const char *text = config_text(c, entries, s);
    bool flag = false;
    bool is_good = text == NULL || setting_flag(slice_of(text), &flag);
    must(is_good && setting_info(s)->shape == SETTING_FLAG);
    return flag;
}
