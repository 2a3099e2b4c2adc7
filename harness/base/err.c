/* SPDX-License-Identifier: Apache-2.0 */
/* Errors with a reason a person can read, and the two ways this program gives up. */
#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_BUG = 70 };

enum err why_set(struct why *why, enum err err, const char *format, ...)
{
    if (why == NULL) {
        return err;
    }
    *why = (struct why){.line = 0};
    va_list args;
    va_start(args, format);
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    return err;
}

enum err why_at(struct why *why, enum err err, const char *file, unsigned line, unsigned col)
{
    if (why != NULL) {
        snprintf(why->file, sizeof why->file, "%s", file);
        why->line = line;
        why->col = col;
    }
    return err;
}

const char *err_name(enum err err)
{
    static const char *const names[] = {
        [ERR_OK] = "ok",
        [ERR_IO] = "input/output",
        [ERR_SYNTAX] = "syntax",
        [ERR_INVALID] = "invalid",
        [ERR_LIMIT] = "limit",
        [ERR_NOT_FOUND] = "not found",
        [ERR_UNSUPPORTED] = "unsupported",
        [ERR_LIBRARY] = "library",
    };
    static_assert(COUNT(names) == ERR_COUNT, "one name per error");
    return names[err];
}

void die_bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "smtpdx: bug: %s:%d: %s does not hold\n", file, line, what);
    fflush(stderr);
    _exit(EXIT_BUG);
}

void die_no_memory(void)
{
    static const char text[] = "smtpdx: out of memory\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(EXIT_BUG);
}

void *mem_alloc(size_t n)
{
    void *p = malloc(n != 0 ? n : 1);
    if (p == NULL) {
        die_no_memory();
    }
    return p;
}

void *mem_zalloc(size_t count, size_t size)
{
    void *p = calloc(count != 0 ? count : 1, size != 0 ? size : 1);
    if (p == NULL) {
        die_no_memory();
    }
    return p;
}

void *mem_realloc(void *old, size_t n)
{
    void *p = realloc(old, n != 0 ? n : 1);
    if (p == NULL) {
        die_no_memory();
    }
    return p;
}

char *mem_strdup(const char *text)
{
    size_t n = strlen(text) + 1;
    return memcpy(mem_alloc(n), text, n);
}
