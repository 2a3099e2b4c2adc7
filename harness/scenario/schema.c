/* SPDX-License-Identifier: Apache-2.0 */
/* The tables, printed: JSON Schema (2020-12) and the manual. Nothing is said here that they do not
 * say. */
#include "scenario/spec.h"

#include "doc/json.h"
#include "scenario/match_leaf.h"
#include "scenario/table.h"

#include <stdio.h>
#include <string.h>

/* ---- JSON Schema ---- */

static struct json *parse_schema(const char *text)
{
    struct json *v = NULL;
    must(json_parse(slice_of(text), &v, NULL) == ERR_OK);
    return v;
}

static const char *lower_dashes(const char *slug, char *out, size_t space)
{
    size_t i = 0;
    for (; slug[i] != '\0' && i + 1 < space; i++) {
        char c = slug[i] == '_' ? '-' : slug[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    out[i] = '\0';
    return out;
}

static const char *word_of(const struct choices *c, size_t i, char *scratch, size_t space)
{
    return c == &choices_faults ? lower_dashes(c->list[i].slug, scratch, space) : c->list[i].slug;
}

static struct json *enum_schema(const struct choices *c)
{
    struct json *out = json_map(), *list = json_list();
    char scratch[64];
    for (size_t i = 0; i < c->count; i++) {
        json_add(list, json_text(word_of(c, i, scratch, sizeof scratch)));
    }
    json_set(out, "enum", list);
    return out;
}

static struct json *ref_schema(const char *name)
{
    char text[128];
    snprintf(text, sizeof text, "#/$defs/%s", name);
    struct json *out = json_map();
    json_set(out, "$ref", json_text(text));
    return out;
}

/* A literal, or a mapping of operators, or (it may come from a row) a reference. */
static struct json *leaf_schema(const char *literal)
{
    struct json *out = json_map(), *any = json_list();
    json_add(any, parse_schema(literal));
    json_add(any, ref_schema("matcher"));
    json_add(any, ref_schema("reference"));
    json_set(out, "anyOf", any);
    return out;
}

static struct json *shape_schema(const struct shape *s);

static struct json *match_schema(const struct field *f)
{
    struct json *out, *any;
    switch ((int)f->type) {
    case MATCH_MAP:
        return shape_schema(f->shape);
    case MATCH_CAPTURE:
        out = json_map();
        json_set(out, "type", json_text("object"));
        json_set(out, "minProperties", json_int(1));
        json_set(out, "additionalProperties", shape_schema(f->shape));
        return out;
    case MATCH_ITEMS:
        return parse_schema("{\"type\": [\"array\", \"object\"]}");
    case MATCH_NOT_SENT:
        return parse_schema(
            "{\"type\": \"array\", \"items\": {\"type\": \"string\"}, \"minItems\": 1}");
    case MATCH_LIST:
    case MATCH_VERBS:
        return leaf_schema("{\"type\": \"array\"}");
    case MATCH_NUMBER:
        return leaf_schema("{\"type\": \"number\"}");
    case MATCH_BOOL:
        return leaf_schema("{\"type\": \"boolean\"}");
    case MATCH_CODE:
        return leaf_schema("{\"anyOf\": [{\"type\": \"integer\"}, {\"type\": \"string\", "
                           "\"pattern\": \"^[0-9]([0-9x]x|[0-9]{2})$\"}]}");
    case MATCH_DURATION:
        return leaf_schema("{\"$ref\": \"#/$defs/duration\"}");
    case MATCH_WORD:
        out = json_map();
        any = json_list();
        json_add(any, enum_schema(f->choices));
        json_add(any, parse_schema("{\"type\": \"null\"}"));
        json_add(any, ref_schema("matcher"));
        json_add(any, ref_schema("reference"));
        json_set(out, "anyOf", any);
        return out;
    default:
        return leaf_schema("{\"type\": [\"string\", \"number\", \"boolean\", \"null\"]}");
    }
}

static const char *type_schema(enum field_type type)
{
    switch ((int)type) {
    case FIELD_BOOL:
    case FIELD_NOT:
        return "{\"anyOf\": [{\"type\": \"boolean\"}, {\"$ref\": \"#/$defs/reference\"}]}";
    case FIELD_COUNT:
    case FIELD_SIZE:
        return "{\"anyOf\": [{\"type\": \"integer\", \"minimum\": 0}, {\"$ref\": "
               "\"#/$defs/reference\"}]}";
    case FIELD_REAL:
        return "{\"anyOf\": [{\"type\": \"number\", \"minimum\": 0}, {\"$ref\": "
               "\"#/$defs/reference\"}]}";
    case FIELD_DURATION:
        return "{\"$ref\": \"#/$defs/duration\"}";
    case FIELD_TEXTS:
    case FIELD_SLICES:
        return "{\"anyOf\": [{\"$ref\": \"#/$defs/text\"}, {\"type\": \"array\", \"items\": "
               "{\"$ref\": \"#/$defs/text\"}}]}";
    default:
        return "{\"$ref\": \"#/$defs/text\"}";
    }
}

/* The whole value may come from a row: `alternatives: "${row.maybe}"`. */
static struct json *or_reference(struct json *schema)
{
    struct json *out = json_map(), *any = json_list();
    json_add(any, schema);
    json_add(any, ref_schema("reference"));
    json_set(out, "anyOf", any);
    return out;
}

static struct json *collection_schema(const struct field *f)
{
    struct json *out = json_map();
    json_set(out, "type", json_text(f->type == FIELD_MAPS ? "array" : "object"));
    json_set(out, f->type == FIELD_MAPS ? "items" : "additionalProperties",
             or_reference(ref_schema(f->shape->name)));
    return out;
}

static struct json *field_schema(const struct field *f)
{
    struct json *out = NULL;
    if (f->type == MATCH_MAP || f->type == MATCH_ITEMS || f->type == MATCH_NOT_SENT) {
        out = or_reference(match_schema(f));
    } else if (f->type >= MATCH_TEXT) {
        out = match_schema(f);
    } else if (f->schema != NULL) {
        out = or_reference(parse_schema(f->schema));
    } else if (f->type == FIELD_MAP) {
        out = or_reference(ref_schema(f->shape->name));
    } else if (f->type == FIELD_MAPS || f->type == FIELD_NAMED) {
        out = collection_schema(f);
    } else if (f->choices != NULL) {
        struct json *any = json_list();
        json_add(any, enum_schema(f->choices));
        json_add(any, ref_schema("reference"));
        out = json_map();
        json_set(out, "anyOf", any);
    } else if (f->type == FIELD_NODE) {
        out = json_map();
    } else {
        out = parse_schema(type_schema(f->type));
    }
    json_set(out, "description", json_text(f->doc));
    return out;
}

static struct json *shape_schema(const struct shape *s)
{
    struct json *out = json_map(), *properties = json_map(), *required = json_list();
    json_set(out, "description", json_text(s->doc));
    json_set(out, "type", json_text("object"));
    for (size_t i = 0; i < s->count; i++) {
        const struct field *f = &s->fields[i];
        if (f->type == FIELD_REFUSED) {
            continue;
        }
        json_set(properties, f->key, field_schema(f));
        if ((f->flags & FIELD_IS_REQUIRED) != 0) {
            json_add(required, json_text(f->key));
        }
    }
    json_set(out, "properties", properties);
    json_set(out, "required", required);
    json_set(out, "additionalProperties", json_bool(false));
    return out;
}

static struct json *matcher_schema(void)
{
    struct json *out = json_map(), *properties = json_map();
    for (size_t i = 0; i < OP_COUNT_OF; i++) {
        struct json *one = parse_schema(operator_rows[i].schema);
        json_set(one, "description", json_text(operator_rows[i].doc));
        json_set(properties, operator_rows[i].name, one);
    }
    json_set(out, "type", json_text("object"));
    json_set(out, "minProperties", json_int(1));
    json_set(out, "properties", properties);
    json_set(out, "additionalProperties", json_bool(false));
    return out;
}

void schema_print_json(struct buf *out)
{
    struct json *root = shape_schema(&shape_file);
    struct json *defs = json_map();
    json_set(root, "$schema", json_text("https://json-schema.org/draft/2020-12/schema"));
    json_set(root, "title", json_text("smtpdx scenario file"));
    json_set(defs, "text", parse_schema("{\"type\": [\"string\", \"number\", \"boolean\"]}"));
    json_set(defs, "reference",
             parse_schema("{\"type\": \"string\", \"pattern\": \"\\\\$\\\\{[^}]+\\\\}\"}"));
    json_set(defs, "duration",
             parse_schema("{\"type\": \"string\", \"pattern\": "
                          "\"^[0-9]+([.][0-9]+)?(us|ms|s|m|h)$|\\\\$\\\\{[^}]+\\\\}\"}"));
    json_set(defs, "matcher", matcher_schema());
    json_set(defs, "text_matcher",
             parse_schema("{\"anyOf\": [{\"$ref\": \"#/$defs/text\"}, "
                          "{\"$ref\": \"#/$defs/matcher\"}]}"));
    for (size_t i = 0; i < shapes_all_count; i++) {
        if (shapes_all[i] != &shape_file) {
            json_set(defs, shapes_all[i]->name, shape_schema(shapes_all[i]));
        }
    }
    json_set(root, "$defs", defs);
    json_print(root, JSON_INDENTED, out);
    buf_add_char(out, '\n');
    json_free(root);
}

/* ---- manual ---- */

static const char *type_name(const struct field *f)
{
    static const char *const names[] = {
        [FIELD_TEXT] = "text",
        [FIELD_SLICE] = "text",
        [FIELD_PARTS] = "text or secret",
        [FIELD_BOOL] = "true or false",
        [FIELD_NOT] = "true or false",
        [FIELD_COUNT] = "number",
        [FIELD_SIZE] = "number",
        [FIELD_REAL] = "number",
        [FIELD_DURATION] = "duration",
        [FIELD_CHOICE] = "word",
        [FIELD_WORD] = "word",
        [FIELD_TEXTS] = "list of texts",
        [FIELD_SLICES] = "list of texts",
        [FIELD_PROVIDER] = "provider",
        [FIELD_MAP] = "mapping",
        [FIELD_MAPS] = "list",
        [FIELD_NAMED] = "names",
        [FIELD_NODE] = "",
        [FIELD_CUSTOM] = "",
        [FIELD_REFUSED] = "",
        [MATCH_TEXT] = "text",
        [MATCH_NUMBER] = "number",
        [MATCH_BOOL] = "true or false",
        [MATCH_CODE] = "code",
        [MATCH_WORD] = "word",
        [MATCH_DURATION] = "duration",
        [MATCH_VERSION] = "TLS version",
        [MATCH_LIST] = "list",
        [MATCH_VERBS] = "list of verbs",
        [MATCH_NOT_SENT] = "list of verbs",
        [MATCH_CAPTURE] = "names",
        [MATCH_MAP] = "mapping",
        [MATCH_ITEMS] = "list of mappings",
    };
    return names[f->type];
}

static void add_cell(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        buf_add_text(out, *text == '|' ? "\\" : "");
        buf_add_char(out, *text);
    }
}

static void markdown_words(const struct choices *c, struct buf *out)
{
    char scratch[64];
    if (c == &choices_causes) {
        buf_add_text(out, ". One of [causes.md](causes.md)");
        return;
    }
    buf_add_text(out, ". One of: ");
    for (size_t i = 0; i < c->count; i++) {
        buf_addf(out, "%s`%s`", i != 0 ? ", " : "", word_of(c, i, scratch, sizeof scratch));
        if (c->list[i].doc[0] != '\0' && c != &choices_faults) {
            buf_addf(out, " (%s)", c->list[i].doc);
        }
    }
}

static void markdown_rows(const struct shape *s, const char *prefix, struct buf *out)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct field *f = &s->fields[i];
        if (f->type == FIELD_REFUSED) {
            continue;
        }
        buf_addf(out, "| `%s%s`%s | %s | ", prefix, f->key,
                 (f->flags & FIELD_IS_REQUIRED) != 0 ? " (required)" : "", type_name(f));
        add_cell(out, f->doc);
        if (f->choices != NULL) {
            markdown_words(f->choices, out);
        }
        if (f->since != NULL) {
            buf_addf(out, " (since %s)", f->since);
        }
        buf_add_text(out, " |\n");
        bool is_named = f->type == MATCH_CAPTURE;
        bool is_part =
            f->type == MATCH_MAP || is_named || (f->type == MATCH_ITEMS && s != f->shape);
        if (is_part) {
            char inner[128];
            snprintf(inner, sizeof inner, "%s%s.%s", prefix, f->key, is_named ? "NAME." : "");
            markdown_rows(f->shape, inner, out);
        }
    }
}

static void markdown_operators(struct buf *out)
{
    buf_add_text(out, "## Matchers\n\nA literal is equality. A mapping of these is a matcher; all "
                      "that stand in it have to hold.\n\n| matcher | holds when the value |\n"
                      "|---|---|\n");
    for (size_t i = 0; i < OP_COUNT_OF; i++) {
        buf_addf(out, "| `%s` | %s |\n", operator_rows[i].name, operator_rows[i].doc);
    }
    buf_add_char(out, '\n');
}

void schema_print_markdown(struct buf *out)
{
    buf_add_text(out, "# Keys of scenario files\n\nPrinted by `smtpdx schema --manual` from the "
                      "tables that check the files.\n\n");
    for (size_t i = 0; i < shapes_all_count; i++) {
        const struct shape *s = shapes_all[i];
        buf_addf(out, "## %s\n\n%s.\n\n| key | value | meaning |\n|---|---|---|\n", s->name,
                 s->doc);
        markdown_rows(s, "", out);
        buf_add_char(out, '\n');
    }
    markdown_operators(out);
}
