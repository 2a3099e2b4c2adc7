/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server said, freed of form: one run of lower-case words, without the codes that stand
 * before every line, without line ends and doubled blanks. Rules are brought into the same form, so
 * that how a reply was wrapped does not matter.
 */
#ifndef SMTPDX_DIAGNOSE_SAID_H
#define SMTPDX_DIAGNOSE_SAID_H

#include "base/arena.h"
#include "wire/enhanced.h"

enum { SAID_WORDS_MAX = 8192 };

struct said {
    unsigned code; /* 0: none */
    struct enhanced enhanced;
    struct slice words; /* in the arena; at most SAID_WORDS_MAX octets */
};

/* Reads a whole reply of any octets; code and enhanced code of the first line that has one. */
void said_read(struct slice reply, struct arena *arena, struct said *out);

/*
 * The reply that another one quotes: "530 5.7.57 … Error: 535 5.7.139 …", "-> 550 5.1.1 …". True
 * when there is a reply code with an enhanced code of its class inside the words.
 */
bool said_inner(const struct said *outer, struct said *out);

#endif
