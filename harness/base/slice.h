/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slice borrows octets: a pointer and a length, no terminator, any byte allowed (NUL too).
 * Everything that reads input in this project takes slices, so that no parser depends on a NUL.
 */
#ifndef SMTPDX_BASE_SLICE_H
#define SMTPDX_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct slice {
    const char *p; /* may be NULL only when n is 0 */
    size_t n;
};

/* For printf("%.*s"): one format, one argument macro. Lengths over INT_MAX do not occur (caps). */
#define SLICE_FMT      "%.*s"
#define SLICE_ARG(s)   (int)(s).n, (s).n ? (s).p : ""
#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})
/* The same in a static table, where C17 wants an initializer and no compound literal. */
#define SLICE_INIT(literal) {(literal), sizeof(literal) - 1}

struct slice slice_of(const char *text); /* NULL gives the empty slice */
struct slice slice_make(const char *p, size_t n);
bool slice_eq(struct slice a, struct slice b);
bool slice_eq_text(struct slice a, const char *text);
bool slice_eq_nocase(struct slice a, struct slice b); /* ASCII case only */
bool slice_eq_nocase_text(struct slice a, const char *text);
int slice_cmp(struct slice a, struct slice b); /* as strcmp, by octets */
bool slice_has_prefix(struct slice s, struct slice prefix);
bool slice_has_prefix_nocase(struct slice s, struct slice prefix);
bool slice_has_suffix(struct slice s, struct slice suffix);

/* Offset of the first occurrence, or SIZE_MAX. An empty needle is found at 0. */
size_t slice_find(struct slice hay, struct slice needle);
size_t slice_find_nocase(struct slice hay, struct slice needle);
size_t slice_find_char(struct slice hay, char c);

struct slice slice_from(struct slice s, size_t at);             /* the rest; empty past the end */
struct slice slice_sub(struct slice s, size_t at, size_t n);    /* clipped to s */
struct slice slice_trim(struct slice s);                        /* blanks, tabs, CR, LF at both ends */
struct slice slice_trim_end(struct slice s, const char *chars); /* any of chars */

/*
 * Takes the part before the separator off the front of *rest; *rest becomes what follows.
 * False when *rest was empty (nothing left to take).
 */
bool slice_take_until(struct slice *rest, char separator, struct slice *part);
/* Takes the next run of characters that are not blanks or tabs. False when there is none. */
bool slice_take_word(struct slice *rest, struct slice *word);

/* Whole slice as an unsigned decimal, nothing else around it. False on overflow or other text. */
bool slice_to_u64(struct slice s, uint64_t *out);

#endif
