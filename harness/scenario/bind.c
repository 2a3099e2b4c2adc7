/* SPDX-License-Identifier: Apache-2.0 */
/* Mappings against their tables: unknown, missing and refused keys, then each value by its type. */
#include "scenario/bind.h"

#include "base/text.h"

#include <string.h>

enum { NAMES_MAX = 64 };

const struct field *shape_find(const struct shape *s, struct slice key)
{
    for (size_t i = 0; i < s->count; i++) {
        if (slice_eq_text(key, s->fields[i].key)) {
            return &s->fields[i];
        }
    }
    return NULL;
}

const char *shape_nearest(const struct shape *s, struct slice key)
{
    const char *names[NAMES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < s->count && n < NAMES_MAX; i++) {
        if (s->fields[i].type != FIELD_REFUSED) {
            names[n++] = s->fields[i].key;
        }
    }
    return text_nearest(key, names, n);
}

static void refuse_unknown(struct bind *b, const struct shape *shape, const struct node *key)
{
    const char *nearest = shape_nearest(shape, key->text);
    doc_error_at(b->errors, key, "unknown key '" SLICE_FMT "' in '%s'%s%s%s",
                 SLICE_ARG(slice_sub(key->text, 0, 80)), shape->name,
                 nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                 nearest != NULL ? "'?)" : "");
}

void bind_check_keys(struct bind *b, const struct shape *shape, const struct node *n)
{
    if (n->kind != NODE_MAP) {
        doc_error_at(b->errors, n, "'%s' is a mapping (%s), not %s", shape->name, shape->doc,
                     node_kind_name(n->kind));
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct field *f = shape_find(shape, n->keys[i]->text);
        if (f == NULL) {
            refuse_unknown(b, shape, n->keys[i]);
        } else if (f->type == FIELD_REFUSED) {
            doc_error_at(b->errors, n->keys[i], "'%s': %s", f->key, f->doc);
        }
    }
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *f = &shape->fields[i];
        if ((f->flags & FIELD_IS_REQUIRED) != 0 && node_get(n, f->key) == NULL) {
            doc_error_at(b->errors, n, "'%s' needs '%s': %s", shape->name, f->key, f->doc);
        }
    }
}

void bind_map(struct bind *b, const struct shape *shape, const struct node *n, void *out)
{
    bind_check_keys(b, shape, n);
    if (n->kind != NODE_MAP) {
        return;
    }
    if (shape->at_offset != NO_OFFSET) {
        memcpy((char *)out + shape->at_offset, &n, sizeof n);
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct field *f = shape_find(shape, n->keys[i]->text);
        if (f != NULL && f->type != FIELD_REFUSED) {
            bind_field(b, f, n->items[i], out);
        }
    }
}

void *bind_grow(struct bind *b, const void *list, size_t count, size_t size)
{
    /* doubled at powers of two, so that a long list costs no square */
    if (count != 0 && (count & (count - 1)) != 0) {
        return (void *)(uintptr_t)list;
    }
    void *more = arena_array(b->arena, count != 0 ? 2 * count : 1, size);
    if (count != 0) {
        memcpy(more, list, count * size);
    }
    return more;
}

static void bind_maps(struct bind *b, const struct field *f, const struct node *value, void *out)
{
    if (value->kind != NODE_LIST) {
        doc_error_at(b->errors, value, "'%s' is a list of mappings, not %s", f->key,
                     node_kind_name(value->kind));
        return;
    }
    char *list = arena_array(b->arena, value->count, f->shape->size);
    for (size_t i = 0; i < value->count; i++) {
        bind_map(b, f->shape, value->items[i], list + i * f->shape->size);
    }
    memcpy((char *)out + f->offset, &list, sizeof list);
    memcpy((char *)out + f->also, &value->count, sizeof value->count);
}

/* A list of texts; one text stands for a list of one. */
static bool texts_of(struct bind *b, const struct field *f, const struct node *value,
                     struct slice **out, size_t *count)
{
    *count = value->kind == NODE_LIST ? value->count : 1;
    *out = arena_array(b->arena, *count + 1, sizeof **out);
    bool is_good = true;
    for (size_t i = 0; i < *count; i++) {
        const struct node *item = value->kind == NODE_LIST ? value->items[i] : value;
        is_good = bind_text(b, f->key, item, &(*out)[i]) && is_good;
    }
    return is_good;
}

static void bind_texts(struct bind *b, const struct field *f, const struct node *value, void *out)
{
    struct slice *texts = NULL;
    size_t count = 0;
    if (!texts_of(b, f, value, &texts, &count)) {
        return;
    }
    const char **list = arena_array(b->arena, count + 1, sizeof(const char *));
    for (size_t i = 0; i < count; i++) {
        list[i] = arena_text(b->arena, texts[i]);
    }
    memcpy((char *)out + f->offset, &list, sizeof(const char **));
}

static void bind_slices(struct bind *b, const struct field *f, const struct node *value, void *out)
{
    struct slice *texts = NULL;
    size_t count = 0;
    if (texts_of(b, f, value, &texts, &count)) {
        memcpy((char *)out + f->offset, &texts, sizeof texts);
        memcpy((char *)out + f->also, &count, sizeof count);
    }
}

static void bind_provider(struct bind *b, const struct field *f, const struct node *value,
                          void *out)
{
    struct slice name;
    if (!bind_text(b, f->key, value, &name)) {
        return;
    }
    const struct provider *p = registry_find(b->providers, name);
    if (p == NULL) {
        const char *nearest = registry_nearest(b->providers, name);
        doc_error_at(b->errors, value, "unknown provider '" SLICE_FMT "'%s%s%s", SLICE_ARG(name),
                     nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                     nearest != NULL ? "'?)" : "; see smtpdx providers");
        return;
    }
    memcpy((char *)out + f->offset, &p, sizeof(const struct provider *));
}

static void bind_collection(struct bind *b, const struct field *f, const struct node *value,
                            void *out)
{
    char *to = (char *)out + f->offset;
    if (f->type == FIELD_MAP) {
        bind_map(b, f->shape, value, to);
    } else if (f->type == FIELD_MAPS) {
        bind_maps(b, f, value, out);
    } else if (f->type == FIELD_TEXTS) {
        bind_texts(b, f, value, out);
    } else if (f->type == FIELD_SLICES) {
        bind_slices(b, f, value, out);
    } else if (f->type == FIELD_PROVIDER) {
        bind_provider(b, f, value, out);
    } else if (f->type == FIELD_CUSTOM) {
        f->read(b, f, value, out);
    } else {
        memcpy(to, &value, sizeof(const struct node *)); /* NODE, NAMED */
    }
}

static bool bind_number(struct bind *b, const struct field *f, const struct node *value, char *to)
{
    unsigned max = f->max != 0 ? f->max : UINT32_MAX;
    unsigned n = 0;
    if (!bind_count(b, f->key, value, f->min, max, &n)) {
        return false;
    }
    if (f->type == FIELD_SIZE) {
        size_t size = n;
        memcpy(to, &size, sizeof size);
    } else {
        memcpy(to, &n, sizeof n);
    }
    return true;
}

static bool bind_word(struct bind *b, const struct field *f, const struct node *value, char *to)
{
    const struct choice *c = bind_choice(b, f->key, value, f->choices);
    if (c == NULL) {
        return false;
    }
    if (f->type == FIELD_CHOICE) {
        memcpy(to, &c->value, sizeof c->value);
    } else {
        const char *word = arena_text(b->arena, value->text);
        memcpy(to, &word, sizeof word);
    }
    return true;
}

/* "1.5": digits with at most one point; no locale, no exponent, no sign. */
static bool bind_real(struct bind *b, const struct field *f, const struct node *value, char *to)
{
    struct slice text;
    if (!bind_text(b, f->key, value, &text)) {
        return false;
    }
    double number = 0;
    double unit = 1;
    bool has_point = false;
    bool is_good = text.n != 0 && text.n <= 12 && text.p[0] != '.';
    for (size_t i = 0; i < text.n && is_good; i++) {
        char c = text.p[i];
        is_good = (c >= '0' && c <= '9') || (c == '.' && !has_point);
        unit = has_point ? unit / 10 : unit;
        has_point = has_point || c == '.';
        number = c == '.'    ? number
                 : has_point ? number + (c - '0') * unit
                             : number * 10 + (c - '0');
    }
    if (!is_good || number < f->min || number > f->max) {
        doc_error_at(b->errors, value, "'%s' is a number from %u to %u", f->key, f->min, f->max);
        return false;
    }
    memcpy(to, &number, sizeof number);
    return true;
}

static bool bind_texty(struct bind *b, const struct field *f, const struct node *value, char *to)
{
    struct slice text;
    if (!bind_text(b, f->key, value, &text)) {
        return false;
    }
    if (f->type == FIELD_SLICE) {
        memcpy(to, &text, sizeof text);
    } else {
        const char *copy = arena_text(b->arena, text);
        memcpy(to, &copy, sizeof copy);
    }
    return true;
}

static bool bind_flag(struct bind *b, const struct field *f, const struct node *value, char *to)
{
    bool flag = false;
    if (!bind_bool(b, f->key, value, &flag)) {
        return false;
    }
    flag = f->type == FIELD_NOT ? !flag : flag;
    memcpy(to, &flag, sizeof flag);
    return true;
}

static bool bind_scalar(struct bind *b, const struct field *f, const struct node *value, char *to)
{
    if (f->type == FIELD_TEXT || f->type == FIELD_SLICE) {
        return bind_texty(b, f, value, to);
    }
    if (f->type == FIELD_PARTS) {
        return bind_parts(b, f->key, value, (struct spec_text *)(void *)to);
    }
    if (f->type == FIELD_BOOL || f->type == FIELD_NOT) {
        return bind_flag(b, f, value, to);
    }
    if (f->type == FIELD_COUNT || f->type == FIELD_SIZE) {
        return bind_number(b, f, value, to);
    }
    if (f->type == FIELD_REAL) {
        return bind_real(b, f, value, to);
    }
    if (f->type == FIELD_DURATION) {
        return bind_duration(b, f->key, value, (int64_t *)(void *)to);
    }
    return bind_word(b, f, value, to);
}

void bind_field(struct bind *b, const struct field *f, const struct node *value, void *out)
{
    if (f->type >= FIELD_TEXTS) {
        bind_collection(b, f, value, out);
        if (f->type == FIELD_MAP && f->also != 0) {
            memcpy((char *)out + f->also, &(bool){true}, sizeof(bool));
        }
        return;
    }
    if (bind_scalar(b, f, value, (char *)out + f->offset) && f->also != 0) {
        memcpy((char *)out + f->also, &(bool){true}, sizeof(bool));
    }
}
