/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be asserted: the result document, key by key. A new key of the document is a row here.
 */
#include "scenario/table.h"

#define SHAPE(id, title, doc, rows)                                                                \
    const struct shape shape_##id = {title, doc, rows, COUNT(rows), 0, NO_OFFSET}
#define PART(id, title, doc, rows)                                                                 \
    static const struct shape part_##id = {title, doc, rows, COUNT(rows), 0, NO_OFFSET}

/* clang-format off */
static const struct field reply_rows[] = {
    {.key = "code",     MATCH_CODE, "535, 5xx or 53x"},
    {.key = "enhanced", MATCH_TEXT, "enhanced status code"},
    {.key = "lines",    MATCH_LIST, "the text of each line, without codes"},
    {.key = "text",     MATCH_TEXT, "all lines, joined by LF"},
    {.key = "notes",    MATCH_LIST, "deviations: bare LF, codes differ, …"},
};
PART(reply, "reply", "a reply", reply_rows);

static const struct field proof_rows[] = {
    {.key = "auth_sent",  MATCH_BOOL, "AUTH went out"},
    {.key = "accepted",   MATCH_BOOL, "235 came"},
    {.key = "mechanism",  MATCH_TEXT, "which one"},
    {.key = "inside_tls", MATCH_BOOL, "AUTH was inside TLS"},
    {.key = "verified",   MATCH_BOOL, "the certificate was verified"},
};
PART(proof, "proof", "what a green light stands on", proof_rows);

static const struct field capabilities_rows[] = {
    {.key = "clear", MATCH_LIST, "EHLO lines before TLS"},
    {.key = "tls",   MATCH_LIST, "EHLO lines inside TLS"},
};
PART(capabilities, "capabilities", "EHLO lines per TLS state", capabilities_rows);

static const struct field tls_rows[] = {
    {.key = "up",        MATCH_BOOL,    "the handshake finished"},
    {.key = "version",   MATCH_VERSION, "TLSv1.3; min and max go by age"},
    {.key = "cipher",    MATCH_TEXT,    "the cipher suite"},
    {.key = "verified",  MATCH_BOOL,    "chain and name are right"},
    {.key = "names",     MATCH_LIST,    "names in the certificate"},
    {.key = "issuer",    MATCH_TEXT,    "who issued it"},
    {.key = "days_left", MATCH_NUMBER,  "until it expires; negative after"},
    {.key = "why",       MATCH_WORD,    "cause of the refusal, or null", .choices = &choices_causes},
    {.key = "detail",    MATCH_TEXT,    "the library's words"},
};
PART(tls, "tls", "the TLS session", tls_rows);

static const struct field attempt_rows[] = {
    {.key = "n",       MATCH_NUMBER,   "from 1"},
    {.key = "outcome", MATCH_WORD,     "as outcome", .choices = &choices_outcomes},
    {.key = "stage",   MATCH_WORD,     "as stage", .choices = &choices_stages},
    {.key = "code",    MATCH_CODE,     "of the decisive reply"},
    {.key = "cause",   MATCH_TEXT,     "its cause"},
    {.key = "after",   MATCH_DURATION, "wait before it", .from = "after_ms"},
    {.key = "after_ms", MATCH_NUMBER,  "the same as a number"},
};
PART(attempt, "attempts", "one attempt", attempt_rows);

static const struct field stage_rows[] = {
    {.key = "name", MATCH_WORD,     "the stage", .choices = &choices_stages},
    {.key = "ok",   MATCH_BOOL,     "it went well"},
    {.key = "time", MATCH_DURATION, "how long it took", .from = "ms"},
    {.key = "ms",   MATCH_NUMBER,   "the same as a number"},
};
PART(stage, "stages", "one stage", stage_rows);

static const struct field saw_auth_rows[] = {
    {.key = "mechanism",        MATCH_TEXT, "as sent"},
    {.key = "inside_tls",       MATCH_BOOL, "inside TLS"},
    {.key = "initial_response", MATCH_BOOL, "on the AUTH line"},
    {.key = "user",             MATCH_TEXT, "as decoded"},
    {.key = "accepted",         MATCH_BOOL, "the login was right"},
    {.key = "cancelled",        MATCH_BOOL, "cancelled with *"},
};
PART(saw_auth, "auth", "one login the fake server saw", saw_auth_rows);

static const struct field saw_message_rows[] = {
    {.key = "from",       MATCH_TEXT,   "envelope sender"},
    {.key = "rcpts",      MATCH_LIST,   "envelope recipients"},
    {.key = "octets",     MATCH_NUMBER, "size"},
    {.key = "inside_tls", MATCH_BOOL,   "inside TLS"},
};
PART(saw_message, "messages", "one message the fake server took", saw_message_rows);

#define REFUSED(k, d) {.key = k, FIELD_REFUSED, d}
static const char from_assertions[] = "it is made of the assertions, and cannot be one of them";
static const char from_the_file[] = "it is the case's own, and says nothing of a server";

static const struct field saw_rows[] = {
    {.key = "connections", MATCH_NUMBER,   "how many"},
    {.key = "commands",    MATCH_VERBS,    "verbs in order"},
    {.key = "not_sent",    MATCH_NOT_SENT, "verbs that must not have come", .from = "sent"},
    REFUSED("sent", "write commands: [EHLO, …], or not_sent: [AUTH]"),
    {.key = "auth",        MATCH_ITEMS,    "logins", .shape = &part_saw_auth},
    {.key = "secrets",     MATCH_TEXT,     "none: no secret crossed in clear, in any encoding"},
    {.key = "quit",        MATCH_BOOL,     "every connection said QUIT"},
    {.key = "quits",       MATCH_NUMBER,   "connections that said QUIT"},
    {.key = "leaked",      MATCH_NUMBER,   "connections left without QUIT"},
    {.key = "messages",    MATCH_ITEMS,    "messages taken", .shape = &part_saw_message},
    {.key = "complaints",  MATCH_LIST,     "what the fake did not expect"},
    {.key = "tls_version", MATCH_VERSION,  "as the server saw it"},
    {.key = "sni",         MATCH_TEXT,     "server name the client sent"},
    {.key = "early_talk",  MATCH_BOOL,     "the client spoke before the greeting was complete"},
};
PART(saw, "server_saw", "what the fake server saw; judged first", saw_rows);

static const struct field target_rows[] = {
    {.key = "provider", MATCH_TEXT,   "provider name"},
    {.key = "host",     MATCH_TEXT,   "host name"},
    {.key = "port",     MATCH_NUMBER, "port"},
    {.key = "address",  MATCH_TEXT,   "address used"},
    {.key = "security", MATCH_WORD,   "TLS mode", .choices = &choices_securities},
};
PART(target, "target", "the server that was dialled", target_rows);

static const struct field line_rows[] = {
    {.key = "who",  MATCH_TEXT,     "C or S"},
    {.key = "tls",  MATCH_BOOL,     "inside TLS"},
    {.key = "text", MATCH_TEXT,     "the line, secrets masked"},
    {.key = "at",   MATCH_DURATION, "since the start", .from = "ms"},
    {.key = "ms",   MATCH_NUMBER,   "the same as a number"},
};
PART(line, "transcript", "one line of the conversation", line_rows);

static const struct field alternative_rows[] = {
    {.key = "cause", MATCH_WORD, "what else it could be", .choices = &choices_causes},
    {.key = "tell",  MATCH_TEXT, "how to tell them apart"},
};
PART(alternative, "alternatives", "another cause of the same reply", alternative_rows);

static const struct field capture_rows[] = {
    {.key = "regex", MATCH_TEXT, "a regular expression; its one group is kept, else all it finds", .flags = FIELD_IS_REQUIRED},
    {.key = "from",  MATCH_TEXT, "a text of the document, by its path; default reply.text"},
};
PART(capture, "capture", "a piece of what came, under a name", capture_rows);

#define STEP_ROWS                                                                             \
    {.key = "reply", MATCH_MAP,      "the reply to it", .shape = &part_reply},                \
    {.key = "fault", MATCH_TEXT,     "cause of what went wrong without a reply"},             \
    {.key = "run",   MATCH_BOOL,     "it was reached"},                                       \
    {.key = "time",  MATCH_DURATION, "how long it took", .from = "ms"},                       \
    {.key = "ms",    MATCH_NUMBER,   "the same as a number"},                                 \
    {.key = "step",  MATCH_TEXT,     "the verb"}
static const struct field step_rows[] = { STEP_ROWS };
PART(step, "steps", "what came of each step", step_rows);

static const struct field step_expect_rows[] = {
    STEP_ROWS,
    {.key = "capture", MATCH_CAPTURE, "keeps a piece of the reply, for later steps and assertions, as ${NAME}; it must be found", .shape = &part_capture},
};
SHAPE(step_expect, "step", "what came of one step", step_expect_rows);

static const struct field expect_rows[] = {
    {.key = "outcome",        MATCH_WORD,  "how it ended", .choices = &choices_outcomes},
    {.key = "stage",          MATCH_WORD,  "stage reached, or where it went wrong", .choices = &choices_stages},
    {.key = "reply",          MATCH_MAP,   "the decisive reply", .shape = &part_reply},
    {.key = "greeting",       MATCH_MAP,   "the greeting", .shape = &part_reply},
    {.key = "cause",          MATCH_WORD,  "slug of the cause, or null", .choices = &choices_causes},
    {.key = "sure",           MATCH_WORD,  "how sure the mapper is", .choices = &choices_sures},
    {.key = "who",            MATCH_WORD,  "who can act", .choices = &choices_whos},
    {.key = "retry",          MATCH_WORD,  "does trying again help", .choices = &choices_retries},
    {.key = "because",        MATCH_LIST,  "why the mapper says so"},
    {.key = "alternatives",   MATCH_ITEMS, "what else it could be", .shape = &part_alternative},
    {.key = "advice",         MATCH_TEXT,  "what to do"},
    {.key = "link",           MATCH_TEXT,  "where to read more"},
    {.key = "proof",          MATCH_MAP,   "what a green light stands on", .shape = &part_proof},
    {.key = "stages",         MATCH_ITEMS, "the way through the conversation", .shape = &part_stage},
    {.key = "capabilities",   MATCH_MAP,   "EHLO lines per TLS state", .shape = &part_capabilities},
    {.key = "tls",            MATCH_MAP,   "the TLS session", .shape = &part_tls},
    {.key = "attempts",       MATCH_ITEMS, "attempts", .shape = &part_attempt},
    {.key = "server_saw",     MATCH_MAP,   "what the fake server saw", .shape = &part_saw},
    {.key = "target",         MATCH_MAP,   "the server that was dialled", .shape = &part_target},
    {.key = "transcript",     MATCH_ITEMS, "the conversation", .shape = &part_line},
    {.key = "steps",          MATCH_ITEMS, "what came of each step", .shape = &part_step},
    {.key = "delivery",       MATCH_WORD,  "what became of the message", .choices = &choices_deliveries},
    {.key = "error_document", MATCH_TEXT,  "the JSON of a SASL 334"},
    {.key = "fault",          MATCH_TEXT,  "the sentence of what went wrong without a reply"},
    {.key = "detail",         MATCH_TEXT,  "more words to it"},
    {.key = "quit",           MATCH_BOOL,  "QUIT was sent"},
    {.key = "unsolicited",    MATCH_NUMBER, "replies nobody had asked for"},
    {.key = "elapsed",        MATCH_DURATION, "length of the case", .from = "ms"},
    {.key = "waited",         MATCH_DURATION, "waits between attempts, together", .from = "waited_ms"},
    {.key = "ms",             MATCH_NUMBER,   "length of the case, as a number"},
    {.key = "waited_ms",      MATCH_NUMBER,   "waits, as a number"},
    REFUSED("client", "this version has no client subject; the wire decides: server_saw"),
    REFUSED("verdict", from_assertions), REFUSED("kind", from_assertions), REFUSED("message", from_assertions),
    REFUSED("text", from_assertions), REFUSED("checks", from_assertions), REFUSED("runs", from_assertions),
    REFUSED("captured", "write ${NAME} in another assertion"),
    REFUSED("id", from_the_file), REFUSED("level", from_the_file), REFUSED("world", from_the_file),
    {.key = "capture",        MATCH_CAPTURE,  "keeps a piece of the document, for other assertions, as ${NAME}; it must be found", .shape = &part_capture},
};
SHAPE(expect, "expect", "assertions; they mirror the result document", expect_rows);
/* clang-format on */
