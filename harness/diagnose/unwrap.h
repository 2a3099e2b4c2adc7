/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reply inside what others wrote around it: a relay that quotes the server behind it, the
 * exception of a client library, the lines of a command-line client. The inner reply decides; the
 * wrapping says at most where it was said.
 */
#ifndef SMTPDX_DIAGNOSE_UNWRAP_H
#define SMTPDX_DIAGNOSE_UNWRAP_H

#include "base/arena.h"
#include "base/facts.h"

struct unwrapped {
    struct slice inner; /* in the arena, or borrowed from the text */
    const char *by;     /* who wrapped it, for a person; static */
    enum stage stage;   /* where the inner reply was said; STAGE_NONE: the wrapping does not say */
    bool is_password;   /* the wrapping says that a password was sent */
    bool is_relay;      /* another server's reply: its stage goes before that of the evidence */
};

/* False when nothing is wrapped: the text is the reply itself, or no reply is in it. */
bool unwrap(struct slice text, struct arena *arena, struct unwrapped *out);

#endif
