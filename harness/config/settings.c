/* SPDX-License-Identifier: Apache-2.0 */
/* The names of a setting: key, option and environment variable follow from each other. */
#include "config/parts.h"

#include <stdio.h>

#define DEFAULTS SETTING_IN_DEFAULTS
#define ENTRY    SETTING_IN_ENTRY
#define BOTH     (SETTING_IN_DEFAULTS | SETTING_IN_ENTRY)
/* The shapes by the short names that the table has for them. */
#define SHAPE_TIME      SETTING_TIME
#define SHAPE_NUMBER    SETTING_NUMBER
#define SHAPE_FLAG      SETTING_FLAG
#define SHAPE_WORD      SETTING_WORD
#define SHAPE_WAYS      SETTING_WAYS
#define SHAPE_FILE      SETTING_FILE
#define SHAPE_TEXT      SETTING_TEXT
#define SHAPE_NAME      SETTING_NAME
#define SHAPE_HOST      SETTING_HOSTNAME
#define SHAPE_HOST_PORT SETTING_HOST_PORT
#define SHAPE_PROXY     SETTING_PROXY_URL
#define SHAPE_MECHANISM SETTING_SASL

static const struct setting_info settings[] = {
#define SETTING(id, key, shape, places, least, most, words, built_in, without, example, doc)       \
    {key, SHAPE_##shape, places, least, most, words, built_in, without, example, doc},
#include "config/settings.def"
#undef SETTING
};
_Static_assert(COUNT(settings) == SETTING_COUNT, "a row for each");

const struct setting_info *setting_info(enum setting s)
{
    must((unsigned)s < SETTING_COUNT);
    return &settings[s];
}

enum setting setting_of_key(struct slice key)
{
    unsigned s = 0;
    while (s < SETTING_COUNT && !slice_eq_text(key, settings[s].key)) {
        s++;
    }
    return (enum setting)s;
}

enum setting setting_of_option(const char *option)
{
    char key[SETTING_VARIABLE_MAX];
    size_t n = 0;
    for (; option[n] != '\0' && n < sizeof key - 1; n++) {
        key[n] = option[n] == '-' ? '_' : option[n];
    }
    return setting_of_key(slice_make(key, n));
}

const char *setting_variable(enum setting s, char space[SETTING_VARIABLE_MAX])
{
    int n = snprintf(space, SETTING_VARIABLE_MAX, "SMTPDX_%s", setting_info(s)->key);
    must(n > 0 && n < SETTING_VARIABLE_MAX);
    for (char *p = space; *p != '\0'; p++) {
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    }
    return space;
}

struct slice setting_word(const char *words, size_t i)
{
    struct slice rest = slice_of(words), word = {NULL, 0};
    for (size_t k = 0; k <= i; k++) {
        if (!slice_take_word(&rest, &word)) {
            return slice_of("");
        }
    }
    return word;
}
