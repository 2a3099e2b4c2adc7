/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The result document of one case (docs/result.md): what `--json` shows is what `expect` asserts.
 */
#ifndef SMTPDX_RUN_DOCUMENT_H
#define SMTPDX_RUN_DOCUMENT_H

#include "check/report.h"
#include "diagnose/diagnose.h"
#include "fakeservers/fake.h"
#include "result/transcript.h"

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

/*
 * The parts a document is made of, each some of its keys. A passing case of which nobody wants the
 * document is judged by the parts it asserts something about; the rest is never built.
 */
typedef unsigned document_parts;
#define DOCUMENT_ALL (~(document_parts)0)

/* Which parts hold what `expect` (and each step's) looks at; all of them where that is not known. */
document_parts document_parts_of(const struct spec_case *spec);

/* A new reference. Verdict, checks and transcript are put in by the judge. */
struct json *document_build(const struct document_input *in, document_parts parts);

#endif
