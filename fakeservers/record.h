/* SPDX-License-Identifier: Apache-2.0 */
/* The evidence: what a fake saw, in the form of struct fake_report. Everything is capped. */
#ifndef SMTPDX_FAKESERVERS_RECORD_H
#define SMTPDX_FAKESERVERS_RECORD_H

#include "base/arena.h"
#include "fakeservers/fake.h"

enum { RECORD_CLEAR_MAX = 64 << 20, RECORD_COMPLAINTS_MAX = 64, RECORD_MESSAGES_MAX = 256 << 20, RECORD_AUTHS_MAX = 65536 };

struct record {
    struct fake_report report; /* its lists are pointed at the arrays below by record_report */
    struct fake_command *commands;
    struct fake_auth *auths;
    struct fake_message *messages;
    const char **complaints;
    size_t command_space, auth_space, message_space;
    struct buf clear;
    size_t message_bytes; /* kept of all messages; capped */
    struct arena *arena; /* borrowed: the fake's */
};

void record_init(struct record *r, struct arena *arena);
void record_release(struct record *r);
const struct fake_report *record_report(struct record *r);

/* line is copied; verb too. */
void record_command(struct record *r, const struct fake_command *command);
/* Index of the new attempt, for record_auth_at; SIZE_MAX when there are too many. */
size_t record_auth(struct record *r, const struct fake_auth *auth);
struct fake_auth *record_auth_at(struct record *r, size_t i);              /* NULL for SIZE_MAX */
void record_message(struct record *r, const struct fake_message *message); /* copies all */
void record_clear(struct record *r, struct slice bytes);
void record_complain(struct record *r, const char *format, ...) PRINTF(2, 3);

#endif
