/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values behind one small face (jansson). Used for the result document, the event log and
 * whatever else is read or written as JSON. Strings that are not valid UTF-8 are stored with the
 * invalid octets as \xNN text, so that a hostile reply can always be logged.
 */
#ifndef SMTPDX_DOC_JSON_H
#define SMTPDX_DOC_JSON_H

#include "base/buf.h"
#include "base/err.h"

struct json; /* opaque, reference-counted */

/* jansson has functions of these names: ours must be other symbols to the linker. */
#define json_string doc_json_string
#define json_real   doc_json_real
#define json_null   doc_json_null

enum json_kind { JSON_NULL, JSON_BOOL, JSON_INT, JSON_REAL, JSON_STRING, JSON_LIST, JSON_MAP };

/* A new reference, owned by the caller until it is given to json_set or json_add (which take it). */
struct json *json_map(void);
struct json *json_list(void);
struct json *json_string(struct slice s);
struct json *json_text(const char *text); /* NULL gives JSON null */
struct json *json_int(int64_t value);
struct json *json_real(double value); /* NaN and infinities are a bug */
struct json *json_bool(bool value);
struct json *json_null(void);
struct json *json_ref(struct json *v); /* one more reference */
void json_free(struct json *v);        /* drops one reference; NULL is fine */

void json_set(struct json *map, const char *key, struct json *taken); /* replaces; keeps order */
void json_add(struct json *list, struct json *taken);

enum json_kind json_kind(const struct json *v); /* NULL counts as JSON_NULL */
/* Borrowed; NULL when absent or when v is not of that kind. */
struct json *json_get(const struct json *map, const char *key);
struct json *json_path(const struct json *map, const char *path); /* "reply.code", "stages.0.name" */
struct json *json_at(const struct json *list, size_t i);
size_t json_count(const struct json *list_or_map);
/* i-th pair of a map in insertion order; false past the end. Borrowed. */
bool json_pair(const struct json *map, size_t i, const char **key, struct json **value);
struct slice json_slice(const struct json *string); /* empty unless a string; NUL-terminated */
int64_t json_to_int(const struct json *v);          /* 0 unless a number */
double json_to_real(const struct json *v);
bool json_to_bool(const struct json *v);
bool json_eq(const struct json *a, const struct json *b);

enum json_style { JSON_COMPACT, JSON_INDENTED };
void json_print(const struct json *v, enum json_style style, struct buf *out); /* no trailing LF */
/* Errors: ERR_SYNTAX with line, column and text; depth and size are limited by jansson's own caps. */
enum err json_parse(struct slice text, struct json **out, struct why *why) MUST_USE;

#endif
