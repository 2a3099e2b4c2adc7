/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few calls of jansson that json.c needs, under names of our own: jansson's json_string,
 * json_real, json_null and JSON_… enumerators would clash with those of doc/json.h.
 * A struct json is a json_t; only jansson_face.c knows.
 */
#ifndef SMTPDX_DOC_JANSSON_FACE_H
#define SMTPDX_DOC_JANSSON_FACE_H

#include "base/buf.h"
#include "base/err.h"

struct json;

enum face_type {
    FACE_NULL,
    FACE_TRUE,
    FACE_FALSE,
    FACE_INT,
    FACE_REAL,
    FACE_STRING,
    FACE_LIST,
    FACE_MAP
};

struct json *face_map(void);
struct json *face_list(void);
struct json *face_string(struct slice utf8);
struct json *face_int(int64_t value);
struct json *face_real(double value);
struct json *face_bool(bool value);
struct json *face_null(void);
struct json *face_ref(struct json *v);
void face_free(struct json *v);

enum face_type face_type(const struct json *v);
void face_set(struct json *map, const char *key, struct json *taken);
void face_add(struct json *list, struct json *taken);
struct json *face_get(const struct json *map, const char *key);
struct json *face_at(const struct json *list, size_t i);
size_t face_count_map(const struct json *map);
size_t face_count_list(const struct json *list);
bool face_pair(const struct json *map, size_t i, const char **key, struct json **value);
struct slice face_slice(const struct json *string);
int64_t face_to_int(const struct json *v);
double face_to_real(const struct json *v);
bool face_eq(const struct json *a, const struct json *b);
void face_print(const struct json *v, bool is_indented, struct buf *out);
enum err face_parse(struct slice text, struct json **out, struct why *why) MUST_USE;

#endif
