/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reply as the mapper compares it: words without case, punctuation, line breaks and repeated
 * codes. What a relay wraps around another server's reply ("530 5.7.57 … 535 5.7.139 …",
 * "-> 550 …") becomes a segment with codes of its own.
 */
#ifndef SMTPDX_DIAGNOSE_WORDS_H
#define SMTPDX_DIAGNOSE_WORDS_H

#include "base/slice.h"

enum { WORDS_MAX = 512, SEGMENTS_MAX = 8, ENHANCED_MAX = 16 };

enum {
    WORD_NOISE = 1, /* host, id, time, address, link: varies from one connection to the next */
    WORD_STAR = 2,  /* pattern only: any number of words */
    WORD_ASIDE = 4, /* in round or square brackets */
};

struct word {
    uint64_t hash;
    uint8_t flags;
    uint8_t segment;
};

struct segment {
    unsigned code;               /* 0: none */
    char enhanced[ENHANCED_MAX]; /* "": none */
    size_t first;                /* index of its first word */
    size_t at;                   /* offset of its code in the text; 0: it has the front */
};

struct words {
    struct word list[WORDS_MAX];
    size_t count;
    struct segment segments[SEGMENTS_MAX]; /* the outermost first */
    size_t segment_count;                  /* at least 1 */
};

enum words_mode { WORDS_OF_REPLY, WORDS_OF_PATTERN /* {name} is a star */ };

/* Any octets may come in; what lies beyond the caps is left out. */
void words_read(struct slice text, enum words_mode mode, struct words *out);

/* "Learn more at", "please contact your administrator": says nothing about the cause. */
enum { FILLER_SLOTS = 128 };
struct filler {
    uint64_t slots[FILLER_SLOTS]; /* by hash; 0: free */
};
void filler_init(struct filler *f);
bool filler_has(const struct filler *f, uint64_t hash);

#endif
