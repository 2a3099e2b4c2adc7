/* SPDX-License-Identifier: Apache-2.0 */
/* See regress_keys.h, and regress_schema in regress.h. */
#include "diagnose/regress_keys.h"

#include <string.h>

/* clang-format off */
static const struct regress_key keys[] = {
    {"id",            REGRESS_TEXT,   true,  "unique in the file; provider, cause or program, and what tells it from the others"},
    {"provider",      REGRESS_TEXT,   true,  "a name of providers/; one without a file counts as not given"},
    {"stage",         REGRESS_STAGE,  true,  "where in the conversation; token is the document of a token endpoint"},
    {"reply",         REGRESS_TEXT,   true,  "as received, lines separated by LF"},
    {"mechanism",     REGRESS_TEXT,   false, "of the AUTH that was refused"},
    {"user",          REGRESS_TEXT,   false, "the user name that was sent"},
    {"claims",        REGRESS_TEXT,   false, "what the token says of itself: a JSON object as a text"},
    {"cause",         REGRESS_CAUSE,  true,  "the right answer"},
    {"acceptable",    REGRESS_CAUSES, false, "answers that are right and say less, and those the same text has had elsewhere"},
    {"sure_max",      REGRESS_SURE,   false, "the text does not allow more; default certain"},
    {"side",          REGRESS_SIDE,   false, "mx for an inbound server, client for a program; default: submission"},
    {"source",        REGRESS_TEXT,   true,  "where it was seen"},
    {"note",          REGRESS_TEXT,   false, "what is known of the case"},
    {"wire",          REGRESS_TEXT,   false, "why it cannot be said by a fake server"},
    {"known",         REGRESS_TEXT,   false, "why it is still answered wrongly, with the provider given"},
    {"known_unnamed", REGRESS_TEXT,   false, "why it is still answered wrongly, without the provider"},
};
/* clang-format on */

const struct regress_key *regress_key_find(const char *name)
{
    for (size_t i = 0; i < COUNT(keys); i++) {
        if (strcmp(keys[i].name, name) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

const struct regress_key *regress_key_at(size_t i)
{
    return i < COUNT(keys) ? &keys[i] : NULL;
}

/* ---- as JSON Schema ---- */

static struct json *typed(const char *type)
{
    struct json *map = json_map();
    json_set(map, "type", json_text(type));
    return map;
}

static struct json *reference(const char *to)
{
    struct json *map = json_map();
    json_set(map, "$ref", json_text(to));
    return map;
}

static struct json *choice(const char *(*slug_of)(unsigned i), unsigned count)
{
    struct json *map = json_map(), *list = json_list();
    for (unsigned i = 0; i < count; i++) {
        json_add(list, json_text(slug_of(i)));
    }
    json_set(map, "enum", list);
    return map;
}

static const char *stage_at(unsigned i)
{
    return stage_slug((enum stage)i);
}

static const char *cause_at(unsigned i)
{
    return cause_slug((enum cause)i);
}

static const char *sure_at(unsigned i)
{
    return sureness_slug((enum sureness)i);
}

static const char *side_at(unsigned i)
{
    return i == 0 ? "mx" : "client";
}

static struct json *value_schema(const struct regress_key *key)
{
    struct json *out;
    switch (key->kind) {
    case REGRESS_TEXT:
        out = typed("string");
        if (key->is_needed) {
            json_set(out, "minLength", json_int(1));
        }
        return out;
    case REGRESS_STAGE:
        return choice(stage_at, STAGE_COUNT);
    case REGRESS_CAUSE:
        return reference("#/$defs/cause");
    case REGRESS_CAUSES:
        out = typed("array");
        json_set(out, "items", reference("#/$defs/cause"));
        json_set(out, "maxItems", json_int(REGRESS_ACCEPTABLE_MAX));
        return out;
    case REGRESS_SURE:
        return choice(sure_at, SURE_COUNT);
    case REGRESS_SIDE:
        break;
    }
    return choice(side_at, 2);
}

void regress_schema(struct buf *out)
{
    struct json *schema = json_map(), *properties = json_map(), *needed = json_list();
    struct json *definitions = json_map();
    json_set(schema, "$schema", json_text("https://json-schema.org/draft/2020-12/schema"));
    json_set(schema, "title", json_text("smtpdx: one labelled reply, a line of a regression set"));
    json_set(schema, "type", json_text("object"));
    for (size_t i = 0; i < COUNT(keys); i++) {
        struct json *value = value_schema(&keys[i]);
        json_set(value, "description", json_text(keys[i].doc));
        json_set(properties, keys[i].name, value);
        if (keys[i].is_needed) {
            json_add(needed, json_text(keys[i].name));
        }
    }
    json_set(schema, "properties", properties);
    json_set(schema, "required", needed);
    json_set(schema, "additionalProperties", json_bool(false));
    json_set(definitions, "cause", choice(cause_at, CAUSE_COUNT));
    json_set(schema, "$defs", definitions);
    json_print(schema, JSON_INDENTED, out);
    json_free(schema);
}
