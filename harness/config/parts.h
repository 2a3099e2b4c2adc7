/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the configuration: what was said, where. */
#ifndef SMTPDX_CONFIG_PARTS_H
#define SMTPDX_CONFIG_PARTS_H

#include "config/config.h"

struct config_entry {
    const struct node *key;
    const char *name;
    struct config_value values[SETTING_COUNT]; /* text NULL: not said */
};

struct config {
    struct arena arena;
    const char *name;   /* of the file, or NULL */
    const char *folder; /* where its relative paths begin, with the slash */
    const char *home;   /* or NULL */
    struct config_value options[SETTING_COUNT], environment[SETTING_COUNT], defaults[SETTING_COUNT];
    struct config_entry *entries;
    size_t entry_count;
};

bool setting_flag(struct slice value, bool *out);
/* Where the password in a URL begins and ends; false when there is none. */
bool setting_url_password(struct slice url, size_t *start, size_t *end);
/* i-th of words; the empty slice past the last. */
struct slice setting_word(const char *words, size_t i);

#endif
