/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values: hostile text made storable, kinds checked, paths walked. jansson does the rest. */
#include "doc/json.h"

#include "base/text.h"
#include "doc/jansson_face.h"

#include <math.h>

struct json *json_map(void)
{
    return face_map();
}

struct json *json_list(void)
{
    return face_list();
}

/* Octets of s up to the first that is not valid UTF-8. Nearly all text is ASCII: looked at first.
 */
static size_t valid_prefix(struct slice s)
{
    size_t at = 0;
    while (at < s.n) {
        if ((unsigned char)s.p[at] < 0x80) {
            at++;
            continue;
        }
        size_t n = text_utf8_length(slice_from(s, at));
        if (n == 0) {
            break;
        }
        at += n;
    }
    return at;
}

static struct json *clean_string(struct slice s, size_t valid)
{
    struct buf b;
    buf_init(&b, BUF_NO_CAP);
    while (s.n != 0) {
        buf_add(&b, slice_sub(s, 0, valid));
        s = slice_from(s, valid);
        if (s.n != 0) {
            buf_addf(&b, "\\x%02x", (unsigned char)s.p[0]);
            s = slice_from(s, 1);
        }
        valid = valid_prefix(s);
    }
    struct json *v = face_string(buf_slice(&b));
    buf_release(&b);
    return v;
}

struct json *json_string(struct slice s)
{
    size_t valid = valid_prefix(s);
    return valid == s.n ? face_string(s) : clean_string(s, valid);
}

struct json *json_text(const char *text)
{
    return text == NULL ? json_null() : json_string(slice_of(text));
}

struct json *json_int(int64_t value)
{
    return face_int(value);
}

struct json *json_real(double value)
{
    must(isfinite(value));
    return face_real(value);
}

struct json *json_bool(bool value)
{
    return face_bool(value);
}

struct json *json_null(void)
{
    return face_null();
}

struct json *json_ref(struct json *v)
{
    return v != NULL ? face_ref(v) : NULL;
}

void json_free(struct json *v)
{
    if (v != NULL) {
        face_free(v);
    }
}

void json_set(struct json *map, const char *key, struct json *taken)
{
    must(json_kind(map) == JSON_MAP && taken != NULL);
    face_set(map, key, taken);
}

void json_add(struct json *list, struct json *taken)
{
    must(json_kind(list) == JSON_LIST && taken != NULL);
    face_add(list, taken);
}

enum json_kind json_kind(const struct json *v)
{
    static const enum json_kind kinds[] = {
        [FACE_NULL] = JSON_NULL, [FACE_TRUE] = JSON_BOOL, [FACE_FALSE] = JSON_BOOL,
        [FACE_INT] = JSON_INT,   [FACE_REAL] = JSON_REAL, [FACE_STRING] = JSON_STRING,
        [FACE_LIST] = JSON_LIST, [FACE_MAP] = JSON_MAP};
    return v != NULL ? kinds[face_type(v)] : JSON_NULL;
}

struct json *json_get(const struct json *map, const char *key)
{
    return json_kind(map) == JSON_MAP ? face_get(map, key) : NULL;
}

static struct json *step_into(const struct json *v, struct slice part)
{
    char key[128];
    if (json_kind(v) == JSON_LIST) {
        uint64_t i = 0;
        return slice_to_u64(part, &i) && i < face_count_list(v) ? face_at(v, (size_t)i) : NULL;
    }
    if (part.n >= sizeof key) {
        return NULL;
    }
    for (size_t i = 0; i < part.n; i++) {
        key[i] = part.p[i];
    }
    key[part.n] = '\0';
    return json_get(v, key);
}

struct json *json_path(const struct json *map, const char *path)
{
    struct slice rest = slice_of(path);
    struct slice part;
    struct json *v = NULL;
    const struct json *from = map;
    while (from != NULL && slice_take_until(&rest, '.', &part)) {
        v = step_into(from, part);
        from = v;
    }
    return v;
}

struct json *json_at(const struct json *list, size_t i)
{
    return json_kind(list) == JSON_LIST && i < face_count_list(list) ? face_at(list, i) : NULL;
}

size_t json_count(const struct json *list_or_map)
{
    enum json_kind kind = json_kind(list_or_map);
    if (kind == JSON_LIST) {
        return face_count_list(list_or_map);
    }
    return kind == JSON_MAP ? face_count_map(list_or_map) : 0;
}

bool json_pair(const struct json *map, size_t i, const char **key, struct json **value)
{
    return json_kind(map) == JSON_MAP && face_pair(map, i, key, value);
}

struct slice json_slice(const struct json *string)
{
    return json_kind(string) == JSON_STRING ? face_slice(string) : slice_of("");
}

int64_t json_to_int(const struct json *v)
{
    if (json_kind(v) == JSON_REAL) {
        double d = face_to_real(v);
        return d > -9e18 && d < 9e18 ? (int64_t)d : 0;
    }
    return json_kind(v) == JSON_INT ? face_to_int(v) : 0;
}

double json_to_real(const struct json *v)
{
    enum json_kind kind = json_kind(v);
    return kind == JSON_INT || kind == JSON_REAL ? face_to_real(v) : 0.0;
}

bool json_to_bool(const struct json *v)
{
    return v != NULL && face_type(v) == FACE_TRUE;
}

bool json_eq(const struct json *a, const struct json *b)
{
    if (a == NULL || b == NULL) {
        return json_kind(a) == JSON_NULL && json_kind(b) == JSON_NULL;
    }
    return face_eq(a, b);
}

void json_print(const struct json *v, enum json_style style, struct buf *out)
{
    if (v == NULL) {
        buf_add_text(out, "null");
        return;
    }
    face_print(v, style == JSON_INDENTED, out);
}

enum err json_parse(struct slice text, struct json **out, struct why *why)
{
    return face_parse(text, out, why);
}
