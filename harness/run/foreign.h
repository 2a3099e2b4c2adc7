/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody else's mapper (`classify: { command: … }`): a program that is given one reply with its
 * circumstances as a line of JSON, and prints what it takes for the cause.
 */
#ifndef SMTPDX_RUN_FOREIGN_H
#define SMTPDX_RUN_FOREIGN_H

#include "base/arena.h"
#include "doc/json.h"
#include "scenario/spec.h"

/*
 * Runs it once and waits. *out is a mapping, the receiver's: `cause` in our vocabulary where `map` has
 * the word, else the word as it came; and what else it said of sure, who and retry.
 * Errors: as command_talk; ERR_SYNTAX when it printed nothing that is an answer. The text is for a person.
 */
enum err foreign_classify(const struct spec_classify *c, struct arena *arena, struct json **out,
                          struct why *why) MUST_USE;

#endif
