/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three kinds of bad news, never mixed:
 *   the peer misbehaved         -> data: an event or a note, judged later; never an enum err
 *   we could not do our work    -> enum err plus struct why, must be looked at
 *   we have a bug               -> must(), kept in release; ends the process with status 70
 * Running out of memory ends the process (die_no_memory): no caller could do better.
 */
#ifndef SMTPDX_BASE_ERR_H
#define SMTPDX_BASE_ERR_H

#include "base/slice.h"

#define MUST_USE        __attribute__((warn_unused_result))
#define PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))
#define NORETURN        __attribute__((noreturn))

enum err {
    ERR_OK = 0,
    ERR_IO,          /* a file, socket or process of ours failed */
    ERR_SYNTAX,      /* input is not well-formed */
    ERR_INVALID,     /* well-formed, but not allowed or makes no sense here */
    ERR_LIMIT,       /* larger, deeper or longer than we accept */
    ERR_NOT_FOUND,   /* a name that is not known */
    ERR_UNSUPPORTED, /* this build or a library cannot do it */
    ERR_LIBRARY,     /* OpenSSL, libcurl, … refused; text says what it said */
    ERR_COUNT
};

/* Why something failed, for a person. file may be empty; line and col are from 1, 0 when unknown. */
struct why {
    char text[512];
    char file[256];
    unsigned line, col;
};

/* Writes text (and clears the place); returns err, so that `return why_set(why, ERR_IO, …)` works.
 * why may be NULL. Text that is too long is cut, never an error. */
enum err why_set(struct why *why, enum err err, const char *format, ...) PRINTF(3, 4);
/* Adds the place to what why_set said; returns err. */
enum err why_at(struct why *why, enum err err, const char *file, unsigned line, unsigned col);
const char *err_name(enum err err);

/* Returns early with the error of a call that owns nothing. The only macro that hides a jump. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum err try_err_ = (call);                                                                \
        if (try_err_ != ERR_OK) {                                                                  \
            return try_err_;                                                                       \
        }                                                                                          \
    } while (0)

/* A condition that only a bug of ours can break. Prints place and text, exits with 70. */
#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            die_bug(__FILE__, __LINE__, #condition);                                               \
        }                                                                                          \
    } while (0)

NORETURN void die_bug(const char *file, int line, const char *what);
NORETURN void die_no_memory(void);

/* malloc and friends that never return NULL. */
void *mem_alloc(size_t n);
void *mem_zalloc(size_t count, size_t size);
void *mem_realloc(void *p, size_t n);
char *mem_strdup(const char *text);

#endif
