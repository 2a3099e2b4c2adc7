/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where secrets come from. Each is registered with the redactor before anything can print it.
 * A generated secret follows from the seed, so that a run can be repeated to the octet.
 */
#include "run/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/rng.h"
#include "run/command.h"

enum { SECRET_MAX = 64 * 1024, COMMAND_MS = 30000, LONG_TOKEN = 12288 };

struct entry {
    const struct spec_secret *spec; /* identity */
    struct buf value;
    char *missing; /* why it is not there, or NULL */
};

struct secrets {
    struct redactor *redactor;
    struct rng rng;
    struct entry *list;
    size_t count, space;
};

struct secrets *secrets_new(uint64_t seed)
{
    struct secrets *s = mem_zalloc(1, sizeof *s);
    s->redactor = redactor_new();
    rng_init(&s->rng, seed);
    return s;
}

void secrets_free(struct secrets *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < s->count; i++) {
        buf_wipe(&s->list[i].value);
        buf_release(&s->list[i].value);
        free(s->list[i].missing);
    }
    free(s->list);
    redactor_free(s->redactor);
    free(s);
}

struct redactor *secrets_redactor(const struct secrets *s)
{
    return s->redactor;
}

static struct entry *find(const struct secrets *s, const struct spec_secret *spec)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->list[i].spec == spec) {
            return &s->list[i];
        }
    }
    return NULL;
}

static struct entry *add(struct secrets *s, const struct spec_secret *spec)
{
    if (s->count == s->space) {
        s->space = s->space != 0 ? s->space * 2 : 16;
        s->list = mem_realloc(s->list, s->space * sizeof *s->list);
    }
    struct entry *e = &s->list[s->count++];
    *e = (struct entry){.spec = spec};
    buf_init(&e->value, SECRET_MAX);
    return e;
}

static char *explain(const char *format, const char *name)
{
    struct buf text;
    buf_init(&text, 1024);
    buf_addf(&text, format, name);
    return buf_take(&text);
}

static void from_env(struct entry *e)
{
    const char *value = getenv(e->spec->value);
    if (value == NULL || value[0] == '\0') {
        e->missing = explain("the environment variable %s is not set", e->spec->value);
        return;
    }
    buf_add_text(&e->value, value);
}

static void drop_line_end(struct buf *b)
{
    while (b->n != 0 && (b->p[b->n - 1] == '\n' || b->p[b->n - 1] == '\r')) {
        buf_truncate(b, b->n - 1);
    }
}

static void from_file(struct entry *e)
{
    int fd = open(e->spec->value, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        e->missing = explain("the file %s cannot be read", e->spec->value);
        return;
    }
    char block[4096];
    ssize_t n;
    while ((n = read(fd, block, sizeof block)) > 0) {
        buf_add(&e->value, slice_make(block, (size_t)n));
    }
    explicit_bzero(block, sizeof block);
    close(fd);
    drop_line_end(&e->value);
}

static void from_command(struct entry *e)
{
    struct why why;
    if (command_output(e->spec->command, COMMAND_MS, &e->value, &why) != ERR_OK) {
        e->missing = explain("the command for it failed: %s", why.text);
        return;
    }
    drop_line_end(&e->value);
}

/* Forms as the providers hand them out, so that a check of the form accepts them. */
static void generate(struct entry *e, struct rng *rng)
{
    char text[LONG_TOKEN + 1];
    const char *kind = e->spec->value;
    if (strcmp(kind, "app_password") == 0) { /* sixteen lower-case letters, as Google's */
        rng_text(rng, text, 16);
        for (size_t i = 0; i < 16; i++) {
            text[i] = (char)('a' + (unsigned char)text[i] % 26);
        }
        buf_add(&e->value, slice_make(text, 16));
    } else if (strcmp(kind, "token") == 0 || strcmp(kind, "long_token") == 0) {
        rng_text(rng, text, strcmp(kind, "token") == 0 ? 160 : LONG_TOKEN);
        buf_addf(&e->value, "tok1.%s", text);
    } else {
        rng_text(rng, text, 20);
        buf_addf(&e->value, "Pw-%s", text);
    }
    explicit_bzero(text, sizeof text);
}

static enum err resolve_one(struct secrets *s, const struct spec_secret *spec, struct why *why)
{
    struct entry *e = add(s, spec);
    switch (spec->from) {
    case SECRET_ENV:
        from_env(e);
        break;
    case SECRET_FILE:
        from_file(e);
        break;
    case SECRET_COMMAND:
        from_command(e);
        break;
    case SECRET_GENERATE:
        generate(e, &s->rng);
        break;
    }
    if (e->missing == NULL && e->value.n == 0) {
        e->missing = explain("it is empty%s", "");
    }
    if (e->missing != NULL) {
        return ERR_OK;
    }
    return redactor_add(s->redactor, spec->name, buf_slice(&e->value), why);
}

static enum err resolve_case(struct secrets *s, struct plan_case *c, struct arena *arena,
                             struct why *why)
{
    for (size_t i = 0; i < c->spec->secret_count; i++) {
        const struct spec_secret *spec = &c->spec->secrets[i];
        if (find(s, spec) == NULL && resolve_one(s, spec, why) != ERR_OK) {
            struct why inner = *why;
            return why_set(why, ERR_LIMIT, "%s:%u: secret '%s': %s", c->spec->file,
                           spec->at != NULL ? spec->at->line : 0, spec->name, inner.text);
        }
        const struct entry *e = find(s, spec);
        if (e->missing != NULL && c->skip == NULL) {
            c->skip = arena_printf(arena, "needs the secret '%s': %s", spec->name, e->missing);
        }
    }
    return ERR_OK;
}

enum err secrets_resolve(struct secrets *s, struct plan *plan, struct arena *arena, struct why *why)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->cases[i].skip == NULL) {
            TRY(resolve_case(s, &plan->cases[i], arena, why));
        }
    }
    return ERR_OK;
}

void secrets_find_missing(struct plan *plan, struct arena *arena)
{
    for (size_t i = 0; i < plan->count; i++) {
        struct plan_case *c = &plan->cases[i];
        for (size_t k = 0; k < c->spec->secret_count && c->skip == NULL; k++) {
            const struct spec_secret *spec = &c->spec->secrets[k];
            struct entry e = {.spec = spec};
            buf_init(&e.value, SECRET_MAX);
            if (spec->from == SECRET_ENV) {
                from_env(&e);
            } else if (spec->from == SECRET_FILE) {
                from_file(&e);
            }
            if (e.missing != NULL) {
                c->skip = arena_printf(arena, "needs the secret '%s': %s", spec->name, e.missing);
            }
            free(e.missing);
            buf_wipe(&e.value);
            buf_release(&e.value);
        }
    }
}

struct slice secrets_value(const struct secrets *s, const struct spec_secret *secret)
{
    const struct entry *e = find(s, secret);
    return e != NULL ? buf_slice(&e->value) : (struct slice){NULL, 0};
}

struct slice secrets_named(const struct secrets *s, const struct spec_case *c, const char *name)
{
    for (size_t i = 0; i < c->secret_count; i++) {
        if (strcmp(c->secrets[i].name, name) == 0) {
            return secrets_value(s, &c->secrets[i]);
        }
    }
    return (struct slice){NULL, 0};
}

void secrets_register(struct secrets *s, const char *name, struct slice value)
{
    struct why why;
    if (redactor_add(s->redactor, name, value, &why) != ERR_OK) {
        /* A test password of a few letters cannot be told from ordinary words; it is not hidden. */
        return;
    }
}

void secrets_walk_given(const struct secrets *s, void (*visit)(void *context, struct slice value),
                        void *context)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->list[i].missing == NULL && s->list[i].spec->from != SECRET_GENERATE) {
            visit(context, buf_slice(&s->list[i].value));
        }
    }
}

enum err secrets_keep(const struct secrets *s, const char *path, struct why *why)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
    }
    enum err err = ERR_OK;
    for (size_t i = 0; i < s->count && err == ERR_OK; i++) {
        struct buf line;
        buf_init(&line, SECRET_MAX + 1);
        buf_add(&line, buf_slice(&s->list[i].value));
        buf_add_char(&line, '\n');
        if (s->list[i].missing == NULL && write(fd, line.p, line.n) != (ssize_t)line.n) {
            err = why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
        }
        buf_wipe(&line);
        buf_release(&line);
    }
    close(fd);
    return err;
}
