/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody else's mapper (`classify: { command: … }`): a program that is given one reply with its
 * circumstances as a line of JSON, and prints what it takes for the cause.
 */
#ifndef SMTPDX_RUN_FOREIGN_H
#define SMTPDX_RUN_FOREIGN_H

#include "doc/json.h"
#include "run/peers.h"
#include "scenario/spec.h"

/*
 * Asks it and waits: a process of its own, or the one among peers. *out is a mapping, the receiver's:
 * `cause` in our vocabulary where `map` has the word for one cause, else the word as it came; and what
 * else it said of sure, who and retry. Errors: as command_talk and peers_ask; ERR_SYNTAX when it
 * printed nothing that is an answer. The text is for a person.
 */
enum err foreign_classify(const struct spec_classify *c, struct peers *peers, struct json **out,
                          struct why *why) MUST_USE;

/* The i-th cause that a word of several causes stands for; NULL behind the last, and for any other. */
const char *foreign_meaning(const struct spec_classify *c, const struct json *answer, size_t i);

#endif
