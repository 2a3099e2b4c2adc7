/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came of one conversation (client_report), as evidence for the mapper and as JSON with the names
 * of the result document (docs/result.md). Shared by the check and by the runner of scenarios.
 */
#ifndef SMTPDX_CHECK_REPORT_H
#define SMTPDX_CHECK_REPORT_H

#include "client/client.h"
#include "diagnose/diagnose.h"
#include "doc/json.h"

/* The parts of the evidence that the report knows; the caller adds what it knows itself. Names of the
 * certificate live in the arena, all else is borrowed from the report. */
struct evidence report_evidence(const struct client_report *r, struct arena *arena);

/* "accepted", "unknown" (the answer to the final dot was lost) or "none". */
const char *report_delivery(const struct client_report *r);

/* New references. */
struct json *report_reply_json(const struct client_reply *r);
struct json *report_proof_json(const struct client_report *r);
struct json *report_tls_json(const struct tls_facts *t);
/* Into an object: outcome, stage, fault, detail, error_document, quit, delivery, unsolicited. */
void report_put_outcome(const struct client_report *r, struct json *map);
void report_put_capabilities(const struct client_report *r, struct json *map);

#endif
