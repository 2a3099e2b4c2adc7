/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The result document of one case (docs/result.md): what `--json` shows is what `expect` asserts.
 */
#ifndef SMTPDX_RUN_DOCUMENT_H
#define SMTPDX_RUN_DOCUMENT_H

#include "client/client.h"
#include "diagnose/diagnose.h"
#include "fakeservers/fake.h"
#include "run/transcript.h"

struct document_attempt {
    enum client_outcome outcome;
    enum stage stage;
    unsigned code;
    const char *cause; /* slug, "" when ok */
    int64_t after_us;  /* waited before it */
};

/* All borrowed; unset pointers mean "there is none". */
struct document_input {
    const struct spec_case *spec;
    bool is_simulated;
    struct {
        const char *provider, *host, *address; /* "" unknown */
        unsigned port;
        enum security security;
    } target;
    const struct client_report *report; /* NULL: nothing was dialled */
    enum client_outcome local_outcome;  /* when report is NULL */
    const char *local_detail;
    const struct diagnosis *diagnosis; /* NULL: nothing to explain */
    const struct fake_report *fake;    /* NULL: a real server, or none */
    const struct redactor *redactor;   /* to look for secrets in what crossed in clear */
    const struct document_attempt *attempts;
    size_t attempt_count;
    int64_t start_us, end_us; /* of the case, on the world's clock */
};

/* What came of the steps so far: the part `steps` of the document. A new reference. */
struct json *document_steps(const struct client_report *r);

/* A new reference. Verdict, checks and transcript are put in by the judge. */
struct json *document_build(const struct document_input *in);

#endif
