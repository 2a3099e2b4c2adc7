/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict: what was expected against what the result document says. Everything that speaks
 * against the case is put into the document (verdict, kind, message, text, checks), so that reports
 * need nothing else.
 */
#ifndef SMTPDX_RUN_JUDGE_H
#define SMTPDX_RUN_JUDGE_H

#include "result/log.h"
#include "result/transcript.h"
#include "scenario/match.h"
#include "scenario/spec.h"

struct judge_input {
    const struct spec_case *spec;
    const struct transcript *transcript; /* NULL: nothing was on the wire */
    int64_t start_us;
    const char *today;    /* YYYY-MM-DD, for expect_fail */
    bool keep_transcript; /* into the document of passing cases too */
    const char *again;    /* options of the command that repeats the case, or NULL */
    struct arena *arena;
};

/* Judges and completes the document. */
enum verdict judge_case(const struct judge_input *in, struct json *document);

/* Only whether all that is expected holds, as far as the document goes; it is left as it is. What
 * nobody may do (judge.c) is not looked at. */
bool judge_expectations_hold(const struct judge_input *in, struct json *document);

/* A document for a case that could not be judged: kind is a cause slug such as "tool.aborted";
 * again as in struct judge_input. */
struct json *judge_error_document(const struct spec_case *spec, const char *kind,
                                  const char *message, const char *again);
/* The same, with what was on the wire until then; spec, transcript, start_us and again are read. */
struct json *judge_error_with_wire(const struct judge_input *in, const char *kind,
                                   const char *message);
struct json *judge_skip_document(const struct spec_case *spec, const char *reason);

#endif
