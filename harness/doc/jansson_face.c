/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that includes jansson. */
#include "doc/jansson_face.h"

#include <jansson.h>

enum { INDENT = 2, REAL_DIGITS = 15 /* 0.4 prints as 0.4 */ };

static json_t *in(const struct json *v)
{
    return (json_t *)(uintptr_t)v;
}

static struct json *out_of(json_t *v)
{
    if (v == NULL) { /* every caller has checked its arguments: only memory can be short */
        die_no_memory();
    }
    return (struct json *)(void *)v;
}

static struct json *borrowed(json_t *v)
{
    return (struct json *)(void *)v;
}

struct json *face_map(void)
{
    return out_of(json_object());
}

struct json *face_list(void)
{
    return out_of(json_array());
}

struct json *face_string(struct slice utf8)
{
    return out_of(json_stringn_nocheck(utf8.n != 0 ? utf8.p : "", utf8.n));
}

struct json *face_int(int64_t value)
{
    return out_of(json_integer(value));
}

struct json *face_real(double value)
{
    return out_of(json_real(value));
}

struct json *face_bool(bool value)
{
    return out_of(value ? json_true() : json_false());
}

struct json *face_null(void)
{
    return out_of(json_null());
}

struct json *face_ref(struct json *v)
{
    return borrowed(json_incref(in(v)));
}

void face_free(struct json *v)
{
    json_decref(in(v));
}

enum face_type face_type(const struct json *v)
{
    static const enum face_type types[] = {
        [JSON_OBJECT] = FACE_MAP,  [JSON_ARRAY] = FACE_LIST, [JSON_STRING] = FACE_STRING,
        [JSON_INTEGER] = FACE_INT, [JSON_REAL] = FACE_REAL,  [JSON_TRUE] = FACE_TRUE,
        [JSON_FALSE] = FACE_FALSE, [JSON_NULL] = FACE_NULL};
    return types[json_typeof(in(v))];
}

void face_set(struct json *map, const char *key, struct json *taken)
{
    must(json_object_set_new_nocheck(in(map), key, in(taken)) == 0);
}

void face_add(struct json *list, struct json *taken)
{
    must(json_array_append_new(in(list), in(taken)) == 0);
}

struct json *face_get(const struct json *map, const char *key)
{
    return borrowed(json_object_get(in(map), key));
}

struct json *face_at(const struct json *list, size_t i)
{
    return borrowed(json_array_get(in(list), i));
}

size_t face_count_map(const struct json *map)
{
    return json_object_size(in(map));
}

size_t face_count_list(const struct json *list)
{
    return json_array_size(in(list));
}

bool face_pair(const struct json *map, size_t i, const char **key, struct json **value)
{
    void *at = json_object_iter(in(map));
    while (at != NULL && i-- != 0) {
        at = json_object_iter_next(in(map), at);
    }
    if (at == NULL) {
        return false;
    }
    *key = json_object_iter_key(at);
    *value = borrowed(json_object_iter_value(at));
    return true;
}

struct slice face_slice(const struct json *string)
{
    return slice_make(json_string_value(in(string)), json_string_length(in(string)));
}

int64_t face_to_int(const struct json *v)
{
    return json_integer_value(in(v));
}

double face_to_real(const struct json *v)
{
    return json_number_value(in(v));
}

bool face_eq(const struct json *a, const struct json *b)
{
    return json_equal(in(a), in(b)) == 1;
}

static int add_piece(const char *piece, size_t n, void *context)
{
    buf_add(context, slice_make(piece, n));
    return 0;
}

void face_print(const struct json *v, bool is_indented, struct buf *out)
{
    size_t style = is_indented ? JSON_INDENT(INDENT) : JSON_COMPACT;
    must(json_dump_callback(in(v), add_piece, out,
                            style | JSON_ENCODE_ANY | JSON_REAL_PRECISION(REAL_DIGITS)) == 0);
}

enum err face_parse(struct slice text, struct json **out, struct why *why)
{
    json_error_t error;
    size_t flags = JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
    json_t *v = json_loadb(text.n != 0 ? text.p : "", text.n, flags, &error);
    *out = borrowed(v);
    if (v != NULL) {
        return ERR_OK;
    }
    (void)why_set(why, ERR_SYNTAX, "not JSON: %s", error.text);
    unsigned line = error.line > 0 ? (unsigned)error.line : 0;
    unsigned col = error.column > 0 ? (unsigned)error.column : 0;
    return why_at(why, ERR_SYNTAX, "", line, col);
}
