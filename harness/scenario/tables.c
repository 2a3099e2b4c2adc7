/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of scenario files. A row: key, type, where it goes, what it means; then what only some
 * rows have. The order is the order in the manual.
 */
#include "scenario/bind.h"
#include "scenario/head.h"

#define ROW(struct_name, k, t, member, d) {.key = k, t, d, offsetof(struct_name, member)}
#define ROW_X(struct_name, k, t, member, d, ...)                                            \
    {.key = k, t, d, offsetof(struct_name, member), __VA_ARGS__}
#define REFUSED(k, d) {.key = k, FIELD_REFUSED, d}
#define ALSO(struct_name, member) .also = offsetof(struct_name, member)
#define MUST .flags = FIELD_IS_REQUIRED
#define SHAPE(id, title, doc, rows, struct_name, at)                                               \
    const struct shape shape_##id = {title, doc, rows, COUNT(rows), sizeof(struct_name), at}
#define AT(struct_name) offsetof(struct_name, at)

static const char where_to_dial[] =
    "a real server's stands under endpoint; a fake server has a port of its own";
static const char no_client[] =
    "this version has no client subject; use probe, or classify for a mapper";

/* clang-format off */
#define R(k, t, m, d)        ROW(struct spec_retry, k, t, m, d)
#define RX(k, t, m, d, ...)  ROW_X(struct spec_retry, k, t, m, d, __VA_ARGS__)
static const struct field retry_rows[] = {
    RX("max",       FIELD_COUNT,    max,          "further attempts after the first; only temporary causes are tried again, never auth.*", .max = 100),
    R ("base",      FIELD_DURATION, base_us,      "wait before the second attempt"),
    RX("factor",    FIELD_REAL,     factor,       "each wait is this many times the one before", .min = 1, .max = 100),
    R ("max_delay", FIELD_DURATION, max_delay_us, "no wait is longer"),
    RX("jitter",    FIELD_REAL,     jitter,       "share of the wait that is random, 0 to 1", .max = 1),
};
SHAPE(retry, "retry", "when to try again", retry_rows, struct spec_retry, NO_OFFSET);

#define RR(k, t, m, d)        ROW(struct spec_rerun, k, t, m, d)
#define RRX(k, t, m, d, ...)  ROW_X(struct spec_rerun, k, t, m, d, __VA_ARGS__)
static const struct field rerun_rows[] = {
    RRX("max",       FIELD_COUNT,    max,               "further attempts at the case; the fake server goes on counting `times` and `after`", .min = 1, .max = 10, MUST),
    RRX("causes",    FIELD_CUSTOM,   causes,            "only after these: causes, areas (`network.*`), `tool.aborted` (its time was up), `expect` (an assertion failed and there is no cause); never auth.*", MUST, .read = read_rerun_causes, .schema = "{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"string\"}}]}"),
    RR ("base",      FIELD_DURATION, wait.base_us,      "wait before the second attempt; default 1s"),
    RRX("factor",    FIELD_REAL,     wait.factor,       "each wait is this many times the one before; default 2", .min = 1, .max = 100),
    RR ("max_delay", FIELD_DURATION, wait.max_delay_us, "no wait is longer; default 1m"),
    RRX("jitter",    FIELD_REAL,     wait.jitter,       "share of the wait that is random, 0 to 1", .max = 1),
};
SHAPE(rerun, "case_retry", "the whole case again, to tell a flaky one from a broken one", rerun_rows, struct spec_rerun, NO_OFFSET);

/* A FIELD_MAP whose keys go into the struct around it names that struct's first member: offset 0. */
#define P(k, t, m, d)        ROW(struct spec_probe, k, t, m, d)
#define PX(k, t, m, d, ...)  ROW_X(struct spec_probe, k, t, m, d, __VA_ARGS__)
static const struct field timeout_rows[] = {
    P("connect",   FIELD_DURATION, timeout.connect,   "DNS and TCP; default 15s"),
    P("greeting",  FIELD_DURATION, timeout.greeting,  "default 5m (RFC 5321 4.5.3.2)"),
    P("command",   FIELD_DURATION, timeout.command,   "any command; default 5m"),
    P("data",      FIELD_DURATION, timeout.data,      "DATA to 354; default 2m"),
    P("block",     FIELD_DURATION, timeout.block,     "while the message goes out: as long as nothing of it is taken; default 3m"),
    P("final_dot", FIELD_DURATION, timeout.final_dot, "after the final dot; default 10m"),
    P("quit",      FIELD_DURATION, timeout.quit,      "default 5s"),
    P("total",     FIELD_DURATION, timeout.total,     "the whole conversation; default none"),
};
SHAPE(timeout, "timeout", "time-outs by stage", timeout_rows, struct spec_probe, NO_OFFSET);

static const struct field auth_rows[] = {
    P ("mechanism",        FIELD_SLICE,  mechanism,    "PLAIN, LOGIN, XOAUTH2, …; default: the best that provider and server know"),
    P ("user",             FIELD_SLICE,  user,         "authentication identity"),
    P ("password",         FIELD_PARTS,  password,     "a \"${secret:name}\"; a plain text only against a fake server"),
    P ("token",            FIELD_PARTS,  token,        "access token for XOAUTH2 and OAUTHBEARER, as \"${secret:name}\""),
    P ("authzid",          FIELD_SLICE,  authzid,      "authorization identity, if it is another"),
    PX("credential",       FIELD_CHOICE, credential,   "kind of credential; default oauth2 with a token, else password", .choices = &choices_credentials),
    PX("initial_response", FIELD_CHOICE, initial_response, "on the AUTH line?", .choices = &choices_initial_responses),
    P ("ignore_offer",     FIELD_BOOL,   ignore_offer, "send AUTH though the server does not offer it"),
    REFUSED("oauth", "this version fetches no tokens; use token: \"${secret:name}\""),
    REFUSED("username", "it is called user"),
};
SHAPE(auth, "auth", "the credential", auth_rows, struct spec_probe, NO_OFFSET);

/* A step without an argument is written `{noop: , expect: 250}`. */
#define STEP(k, d) ROW_X(struct spec_step, k, FIELD_PARTS, argument, d, .schema = "{\"type\": [\"string\", \"number\", \"boolean\", \"null\"]}")
static const struct field step_rows[] = {
    {.key = "expect", FIELD_NODE, "what this step must come to: a code, or {reply, fault, run}", offsetof(struct spec_step, expect), .shape = &shape_step_expect },
    STEP("connect",      "open the connection and read the greeting"),
    STEP("ehlo",         "EHLO [name]"),
    STEP("helo",         "HELO [name]"),
    STEP("starttls",     "STARTTLS and, if it is granted, the handshake"),
    STEP("auth",         "the whole AUTH exchange of the probe's auth"),
    STEP("mail",         "MAIL FROM [address]"),
    STEP("rcpt",         "RCPT TO [address]"),
    STEP("data",         "DATA and 354"),
    STEP("body",         "the message [text] and the final dot"),
    STEP("bdat",         "one chunk of the message, octet for octet; the last unless `last: false` (RFC 3030)"),
    STEP("rset",         "RSET"),
    STEP("noop",         "NOOP"),
    STEP("vrfy",         "VRFY [name]"),
    STEP("quit",         "QUIT"),
    STEP("raw",          "these octets as they are, then one reply"),
    STEP("send_raw",     "these octets as they are, no reply is waited for"),
    ROW(struct spec_step, "wait",         FIELD_DURATION, duration_us, "silence; what the server says meanwhile is kept"),
    STEP("expect_close", "the server has to close"),
    ROW(struct spec_step, "last",         FIELD_NOT,      has_more,    "beside bdat; false: BDAT without LAST, more chunks follow"),
};
SHAPE(step, "steps", "one step: a verb, with its argument, and what it must come to", step_rows, struct spec_step, AT(struct spec_step));

static const struct field probe_rows[] = {
    P ("provider",    FIELD_PROVIDER, provider,     "security, port and user-name rule come from the provider file"),
    PX("security",    FIELD_CHOICE,   security,     "default: the endpoint's", .choices = &choices_securities, ALSO(struct spec_probe, has_security)),
    P ("helo",        FIELD_SLICE,    helo,         "name in EHLO; default: to a real endpoint the full domain name of this machine if it has one, else [127.0.0.1]"),
    PX("auth",        FIELD_MAP,      provider,     "the credential; without it no AUTH is sent", .shape = &shape_auth, ALSO(struct spec_probe, has_auth)),
    PX("until",       FIELD_CHOICE,   until,        "how far to go; default auth, ehlo without auth, body with send", .choices = &choices_untils, ALSO(struct spec_probe, has_until)),
    P ("send",        FIELD_BOOL,     send,         "really deliver the message"),
    P ("from",        FIELD_SLICE,    from,         "envelope sender; default the user"),
    PX("to",          FIELD_SLICES,   rcpts,        "envelope recipients", ALSO(struct spec_probe, rcpt_count)),
    PX("message",     FIELD_SLICE,    message,      "the message, with lines of at most 998 octets; default a minimal correct one", ALSO(struct spec_probe, has_message)),
    P ("preflight",   FIELD_NOT,      skip_preflight, "false: dial though the user name breaks the provider's rule"),
    P ("verify",      FIELD_NOT,      skip_verify,  "false: the certificate is not checked"),
    P ("server_name", FIELD_SLICE,    server_name,  "name to verify and to send as SNI; default the host"),
    P ("allow_clear", FIELD_BOOL,     allow_clear,  "with security none: AUTH outside TLS is allowed"),
    PX("timeout",     FIELD_MAP,      provider,     "time-outs by stage", .shape = &shape_timeout),
    PX("retry",       FIELD_MAP,      retry,        "when to try again", .shape = &shape_retry),
    PX("purpose",     FIELD_WORD,     purpose,      "what the check is for; policy follows from it", .choices = &choices_purposes),
    REFUSED("host", where_to_dial),
    REFUSED("port", where_to_dial),
    REFUSED("tls", "the probe's mode is security; what the fake server shows stands under server"),
    REFUSED("user", "it stands under auth"),
    REFUSED("password", "it stands under auth"),
    REFUSED("token", "it stands under auth"),
    PX("steps",       FIELD_CUSTOM,   steps,        "exact control, in place of until", .read = read_steps, .shape = &shape_step, .schema = "{\"type\": \"array\", \"items\": {\"anyOf\": [{\"type\": \"string\"}, {\"$ref\": \"#/$defs/steps\"}]}}"),
};
SHAPE(probe, "probe", "our own client", probe_rows, struct spec_probe, AT(struct spec_probe));

static const struct field tls_rows[] = {
    ROW_X(struct spec_tls, "cert",        FIELD_WORD, cert,    "which certificate to show", .choices = &choices_leaves),
    ROW_X(struct spec_tls, "versions",    FIELD_CUSTOM, min,   "the versions spoken: a list, or {min, max}", .read = read_versions, .choices = &choices_tls_versions, .schema = "{\"type\": [\"array\", \"object\", \"string\"]}"),
    ROW_X(struct spec_tls, "min",         FIELD_WORD, min,     "oldest version spoken", .choices = &choices_tls_versions),
    ROW_X(struct spec_tls, "max",         FIELD_WORD, max,     "newest version spoken", .choices = &choices_tls_versions),
    ROW  (struct spec_tls, "ciphers",     FIELD_TEXT, ciphers, "OpenSSL cipher list (TLS 1.2 and older)"),
    ROW_X(struct spec_tls, "fault",       FIELD_WORD, fault,   "how the handshake goes wrong", .choices = &choices_tls_faults),
    ROW_X(struct spec_tls, "mode",        FIELD_CHOICE, mode,  "the same as `security` beside it", .choices = &choices_securities, ALSO(struct spec_tls, has_mode)),
    ROW  (struct spec_tls, "client_cert", FIELD_BOOL, wants_client_cert, "a client certificate is demanded"),
};
SHAPE(tls, "tls", "TLS of the fake server", tls_rows, struct spec_tls, NO_OFFSET);

#define S(k, t, m, d)        ROW(struct spec_server, k, t, m, d)
#define SX(k, t, m, d, ...)  ROW_X(struct spec_server, k, t, m, d, __VA_ARGS__)
static const struct field capability_rows[] = {
    S("clear", FIELD_TEXTS, clear,     "EHLO lines before TLS"),
    S("tls",   FIELD_TEXTS, tls_lines, "EHLO lines inside TLS"),
};
SHAPE(capabilities, "capabilities", "EHLO lines per TLS state, in place of the persona's", capability_rows, struct spec_server, NO_OFFSET);

#define A(k, t, m, d)        ROW(struct spec_account, k, t, m, d)
static const struct field account_rows[] = {
    ROW_X(struct spec_account, "user", FIELD_SLICE, user, "the user name", MUST),
    A("password",       FIELD_PARTS,    password,     "the account's password"),
    A("app_password",   FIELD_PARTS,    app_password, "a password made for one program"),
    A("token",          FIELD_PARTS,    token,        "access token"),
    A("token_expires",  FIELD_DURATION, token_expires_us, "after the start of the case; default never"),
    A("token_scope",    FIELD_SLICE,    token_scope,  "scopes the token has, separated by blanks"),
    A("token_audience", FIELD_SLICE,    token_audience, "whom the token is for"),
    A("state",          FIELD_TEXT,     state,        "a cause: every login is answered in the persona's words for it"),
};
SHAPE(account, "accounts", "one account of the fake server", account_rows, struct spec_account, AT(struct spec_account));

static const struct field says_rows[] = {
    ROW_X(struct says_read, "cause",   FIELD_TEXT,  cause,   "slug of the cause", MUST),
    ROW  (struct says_read, "variant", FIELD_TEXT,  variant, "which of several wordings; usual: the one without a variant; default the first that can be said"),
    ROW_X(struct says_read, "times",   FIELD_COUNT, times,   "this often, then politely; default always", .min = 1, .max = 1000000),
    ROW_X(struct says_read, "after",   FIELD_COUNT, after,   "not the first this many times", .max = 1000000),
};
SHAPE(says, "says", "the persona's own reply for a cause, at its stage", says_rows, struct says_read, NO_OFFSET);

static const struct field drip_rows[] = {
    ROW_X(struct drip_read, "bytes", FIELD_COUNT,    octets,   "octets at a time", .min = 1, .max = 1000000, MUST),
    ROW_X(struct drip_read, "every", FIELD_DURATION, every_us, "one of these apart", MUST),
};
SHAPE(drip, "drip", "replies in small pieces", drip_rows, struct drip_read, NO_OFFSET);

#define ACTION(k, d, json) {.key = k, FIELD_NODE, d, 0, .schema = json}
#define TEXT_SCHEMA  "{\"type\": \"string\"}"
#define TIME_SCHEMA  "{\"$ref\": \"#/$defs/duration\"}"
#define COUNT_SCHEMA "{\"type\": \"integer\", \"minimum\": 0}"
static const struct field rule_rows[] = {
    ROW_X(struct spec_rule, "times", FIELD_COUNT, times, "this often, then politely; default always", .min = 1, .max = 1000000),
    ROW_X(struct spec_rule, "after", FIELD_COUNT, after, "not the first this many times", .max = 1000000),
    ROW_X(struct spec_rule, "when",  FIELD_NODE,  when,  "a matcher on the command's argument", .schema = "{\"$ref\": \"#/$defs/text_matcher\"}"),
    /* the actions, in the order in which they happen when one mapping has several */
    ACTION("delay",         "wait, then go on", TIME_SCHEMA),
    ACTION("stop_reading",  "take nothing off the connection for so long, so that a large message gets stuck", TIME_SCHEMA),
    ACTION("stall",         "say nothing for so long, then go on", TIME_SCHEMA),
    {.key = "tls",  FIELD_NODE, "TLS for the handshake that follows", 0, .shape = &shape_tls, .schema = "{\"$ref\": \"#/$defs/tls\"}" },
    ACTION("drop_tls",      "close_notify, then go on in clear", "{\"const\": true}"),
    {.key = "drip", FIELD_NODE, "the replies that follow come in small pieces", 0, .shape = &shape_drip, .schema = "{\"$ref\": \"#/$defs/drip\"}" },
    ACTION("chunks",        "pieces of the next reply: octets, durations, rest", "{\"type\": \"array\"}"),
    ACTION("truncate",      "the next reply ends after so many octets", COUNT_SCHEMA),
    {.key = "says", FIELD_NODE, "the persona's words for a cause", 0, .shape = &shape_says, .schema = "{\"anyOf\": [{\"type\": \"string\"}, {\"$ref\": \"#/$defs/says\"}]}" },
    ACTION("reply",         "[code, enhanced, text]; several lines are a list of texts; enhanced may be left out", "{\"type\": [\"string\", \"array\"]}"),
    ACTION("reply_raw",     "these octets as they are", TEXT_SCHEMA),
    ACTION("endless_lines", "continuation lines without end; true, or how many", "{\"type\": [\"boolean\", \"integer\"]}"),
    ACTION("garbage",       "so many random octets", COUNT_SCHEMA),
    ACTION("continue",      "what the polite server does here; added when no action answers", "{\"const\": true}"),
    ACTION("inject",        "these octets in the segment of the reply before", TEXT_SCHEMA),
    ACTION("close",         "close: fin, rst, half", "{\"type\": [\"string\", \"boolean\"]}"),
};
SHAPE(rule, "on", "actions on a command, with times, after and when", rule_rows, struct spec_rule, AT(struct spec_rule));

#define L(k, t, m, d) ROW(struct spec_script_line, k, t, m, d)
static const struct field script_rows[] = {
    L("send",         FIELD_SLICE,    text,        "a line; CRLF is added"),
    L("send_raw",     FIELD_SLICE,    text,        "these octets as they are"),
    L("recv",         FIELD_SLICE,    text,        "a line the client must send; * stands for any text"),
    L("recv_raw",     FIELD_SLICE,    text,        "these octets exactly"),
    L("starttls",     FIELD_BOOL,     text,        "the handshake"),
    L("delay",        FIELD_DURATION, duration_us, "wait"),
    L("expect_close", FIELD_BOOL,     text,        "the client must close"),
    ROW_X(struct spec_script_line, "close", FIELD_CHOICE, close_how, "close: fin, rst, half", .choices = &choices_closes),
};
SHAPE(script, "script", "one line of a byte-exact conversation", script_rows, struct spec_script_line, AT(struct spec_script_line));

static const struct field server_rows[] = {
    {.key = "use", FIELD_NODE, "a server of `servers`; what stands beside it wins", 0, .schema = TEXT_SCHEMA, .also = 0 },
    SX("like",         FIELD_CUSTOM, like, "persona: a provider's name, or esmtp; default esmtp", .read = read_like, .schema = TEXT_SCHEMA),
    SX("security",     FIELD_CHOICE, security, "default: the persona's", .choices = &choices_securities),
    SX("says",         FIELD_CUSTOM, rules, "the persona's own reply for a cause, at its stage; or a list", .read = read_says, .shape = &shape_says, .schema = "{\"anyOf\": [{\"type\": \"string\"}, {\"$ref\": \"#/$defs/says\"}, {\"type\": \"array\", \"items\": {\"anyOf\": [{\"type\": \"string\"}, {\"$ref\": \"#/$defs/says\"}]}}]}"),
    SX("on",           FIELD_CUSTOM, rules, "verb, greeting, body or sasl: an action, a list of actions done in order, or a list of counted rules", .read = read_on, .shape = &shape_rule, .schema = "{\"type\": [\"object\", \"string\"], \"additionalProperties\": {\"anyOf\": [{\"type\": \"string\"}, {\"$ref\": \"#/$defs/on\"}, {\"type\": \"array\", \"items\": {\"anyOf\": [{\"type\": \"string\"}, {\"$ref\": \"#/$defs/on\"}]}}]}}"),
    SX("script",       FIELD_CUSTOM, script, "a byte-exact, linear conversation in place of the persona", .read = read_script, .shape = &shape_script, .schema = "{\"type\": \"array\", \"items\": {\"anyOf\": [{\"type\": \"string\"}, {\"$ref\": \"#/$defs/script\"}]}}"),
    SX("capabilities", FIELD_MAP,    like, "EHLO lines per TLS state", .shape = &shape_capabilities),
    SX("accounts",     FIELD_MAPS,   accounts, "who may log in; default: any credential is right", .shape = &shape_account, ALSO(struct spec_server, account_count)),
    SX("tls",          FIELD_MAP,    tls, "certificate, versions, faults", .shape = &shape_tls, ALSO(struct spec_server, tls.is_set)),
    S ("nolisten",     FIELD_BOOL,   nolisten, "nobody listens on the port"),
    SX("family",       FIELD_CHOICE, family, "address family", .choices = &choices_families),
    S ("name",         FIELD_TEXT,   names_extra, "a further name in the certificate"),
    SX("max_message_bytes", FIELD_SIZE, max_message_bytes, "larger messages are refused; default: what SIZE says", .max = 1U << 30),
    SX("max_connections", FIELD_COUNT, max_connections, "more connections than these fail the case; default: the attempts allowed", .min = 1, .max = 10000),
};
SHAPE(server, "server", "the fake server", server_rows, struct spec_server, AT(struct spec_server));

#define E(k, t, m, d)        ROW(struct spec_endpoint, k, t, m, d)
#define EX(k, t, m, d, ...)  ROW_X(struct spec_endpoint, k, t, m, d, __VA_ARGS__)
static const struct field group_rows[] = {
    E ("name",         FIELD_TEXT,     group,           "endpoints of one name are paced together; default the endpoint's"),
    EX("max_parallel", FIELD_COUNT,    max_parallel,    "connections at the same time", .min = 1, .max = 1000),
    E ("min_interval", FIELD_DURATION, min_interval_us, "time between two connections"),
};
SHAPE(group, "group", "pace against a real server", group_rows, struct spec_endpoint, NO_OFFSET);

static const struct field endpoint_rows[] = {
    E ("provider",   FIELD_PROVIDER, provider,   "host, port and security come from the provider file"),
    E ("host",       FIELD_SLICE,    host,       "name or address"),
    EX("port",       FIELD_COUNT,    port,       "default 587, 465 with implicit TLS", .min = 1, .max = 65535),
    EX("security",   FIELD_CHOICE,   security,   "default: the provider's, else starttls", .choices = &choices_securities, ALSO(struct spec_endpoint, has_security)),
    E ("ca_file",    FIELD_TEXT,     ca_file,    "PEM file to trust in place of the system's store"),
    E ("connect_to", FIELD_TEXT,     connect_to, "host:port to dial in place of host"),
    E ("proxy",      FIELD_TEXT,     proxy,      "as curl's --proxy"),
    EX("group",      FIELD_MAP,      name,       "pace", .shape = &shape_group),
};
SHAPE(endpoint, "endpoint", "a real server", endpoint_rows, struct spec_endpoint, AT(struct spec_endpoint));

#define MAP_DOC "command: its words, each with what it stands for: a cause, a whole kind (`auth.*`), or a list of such, of which one has to be right. A word that is not in it is taken as it comes"
#define MAP_SCHEMA "{\"type\": \"object\", \"minProperties\": 1, \"additionalProperties\": {\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"string\"}}]}}"
#define PROCESS_DOC "command: shared: one process answers case after case, a line for each line; own (default): each case starts it anew"
#define C(k, t, m, d)        ROW(struct spec_classify, k, t, m, d)
#define CX(k, t, m, d, ...)  ROW_X(struct spec_classify, k, t, m, d, __VA_ARGS__)
static const struct field classify_rows[] = {
    C ("provider",   FIELD_PROVIDER, provider,   "who said it"),
    CX("stage",      FIELD_CHOICE,   stage,      "where in the conversation", .choices = &choices_stages, MUST),
    CX("reply",      FIELD_CUSTOM,   reply,      "the reply as received; several lines are a list", .read = read_reply_text, .schema = "{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\": \"string\"}}]}"),
    C ("mechanism",  FIELD_SLICE,    mechanism,  "the mechanism that was used"),
    CX("credential", FIELD_CHOICE,   credential, "the kind of credential", .choices = &choices_credentials),
    C ("host",       FIELD_SLICE,    host,       "the host that was dialled"),
    C ("greeting",   FIELD_SLICE,    greeting,   "the greeting of the session, with its code"),
    C ("user",       FIELD_SLICE,    user,       "the user name, held against the provider's rule"),
    C ("error_document", FIELD_SLICE, error_document, "the JSON behind a 334, decoded"),
    CX("claims",     FIELD_CUSTOM,   claims,     "what the access token says of itself (aud, scp, roles, exp, upn), in place of the token: a mapping, or its JSON as a text", .read = read_claims, .schema = "{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"object\", \"minProperties\": 1}]}"),
    C ("now",        FIELD_COUNT,    now_s,      "the time of the refusal, in seconds since 1970, which exp is held against"),
    CX("offered_clear", FIELD_SLICES, offered_clear, "the capability lines before TLS", ALSO(struct spec_classify, offered_clear_count)),
    CX("offered_tls", FIELD_SLICES,  offered_tls, "the capability lines inside TLS", ALSO(struct spec_classify, offered_tls_count)),
    CX("certificate_names", FIELD_SLICES, certificate_names, "the names in the server's certificate", ALSO(struct spec_classify, certificate_name_count)),
    C ("inside_tls", FIELD_BOOL,     is_inside_tls, "the reply came inside TLS"),
    CX("fault",      FIELD_WORD,     fault,      "what went wrong when no reply says so", .choices = &choices_faults),
    C ("command",    FIELD_TEXTS,    command,    "another mapper in place of ours: a program that is given a line of JSON, as `explain --json`, and prints a cause or {\"cause\": …}"),
    CX("map",        FIELD_NODE,     map,        MAP_DOC, .schema = MAP_SCHEMA),
    CX("process",    FIELD_CHOICE,   process,    PROCESS_DOC, .choices = &choices_processes),
    C ("timeout",    FIELD_DURATION, timeout_us, "command: for one answer; default 10s"),
};
SHAPE(classify, "classify", "the mapper alone, no socket", classify_rows, struct spec_classify, AT(struct spec_classify));

static const struct field mapper_rows[] = {
    ROW_X(struct spec_mapper, "command", FIELD_TEXTS,    of.command,    "a program that is given a line of JSON, as `explain --json`, and prints a cause or {\"cause\": …}", MUST),
    ROW_X(struct spec_mapper, "map",     FIELD_NODE,     of.map,        MAP_DOC, .schema = MAP_SCHEMA),
    ROW_X(struct spec_mapper, "process", FIELD_CHOICE,   of.process,    PROCESS_DOC, .choices = &choices_processes),
    ROW  (struct spec_mapper, "timeout", FIELD_DURATION, of.timeout_us, "for one answer; default 10s"),
    ROW  (struct spec_mapper, "says",    FIELD_TEXTS,    says,          "what it answers with, of cause, sure, who and retry (default: cause); what a scenario expects beyond that is not looked at"),
};
SHAPE(mapper, "mapper", "a file for `run --mapper`: somebody else's mapper, asked wherever a scenario asks ours", mapper_rows, struct spec_mapper, AT(struct spec_mapper));

static const struct field replies_rows_of[] = {
    ROW  (struct replies_read, "replies",   FIELD_PROVIDER, provider,  "the provider whose replies are the rows"),
    ROW_X(struct replies_read, "from",      FIELD_NODE,     from,      "a JSON-lines file in this file's folder: one row a line, with an id; its columns, and place (file:line)", .schema = "{\"type\": \"string\"}"),
    ROW_X(struct replies_read, "where",     FIELD_NODE,     where,     "only the rows in which these columns have these values: {said: true, stage: [mail, rcpt]}; a column that a row lacks is empty", .schema = "{\"type\": \"object\", \"minProperties\": 1}"),
    ROW_X(struct replies_read, "where_not", FIELD_NODE,     where_not, "from: leaves out the rows in which all these columns have these values; a list of such mappings leaves out what any of them names", .schema = "{\"anyOf\": [{\"type\": \"object\", \"minProperties\": 1}, {\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"object\", \"minProperties\": 1}}]}"),
    ROW_X(struct replies_read, "defaults",  FIELD_NODE,     defaults,  "from: columns for rows that lack them", .schema = "{\"type\": \"object\", \"minProperties\": 1}"),
};
SHAPE(replies, "cases", "rows made of a file: `replies`, one per reply of a provider file, so that none can be forgotten; or `from`, one per line of a JSON-lines file. Columns of a reply: id (the cause, and behind a slash the variant), cause, variant, stage, sure, alternatives; code, enhanced, reply (the text, with an example for each placeholder); mechanism and credential (what a client has to come with to be told this); said (true: a fake server can say it), closes, mx, place (file:line)", replies_rows_of, struct replies_read, NO_OFFSET);

#define X(k, t, m, d)        ROW_X(struct spec_expect_fail, k, t, m, d, MUST)
static const struct field expect_fail_rows[] = {
    X("reason", FIELD_SLICE, reason, "why it fails, for whoever reads the report"),
    X("with",   FIELD_SLICE, with,   "what the failure's message has to contain"),
    ROW_X(struct spec_expect_fail, "until", FIELD_CUSTOM, until, "YYYY-MM-DD; after this day the case fails", MUST, .read = read_date, .schema = "{\"type\": \"string\", \"format\": \"date\"}"),
};
SHAPE(expect_fail, "expect_fail", "a known failure; an unexpected pass fails", expect_fail_rows, struct spec_expect_fail, AT(struct spec_expect_fail));

#define H(k, t, m, d)        ROW(struct scenario_head, k, t, m, d)
#define HX(k, t, m, d, ...)  ROW_X(struct scenario_head, k, t, m, d, __VA_ARGS__)
static const struct field scenario_rows[] = {
    HX("id",          FIELD_TEXT,   id,       "stable name: a-z, 0-9, - _ .", MUST),
    H ("title",       FIELD_TEXT,   title,    "one line for a person; default the id"),
    HX("level",       FIELD_CHOICE, level,    "how much it matters; default the file's, else must", .choices = &choices_levels, ALSO(struct scenario_head, has_level)),
    H ("refs",        FIELD_TEXTS,  refs,     "RFC sections: RFC3207#4; added to the file's"),
    H ("tags",        FIELD_TEXTS,  tags,     "for selection; added to the file's"),
    H ("needs",       FIELD_TEXTS,  needs,    "what must be there, else it is skipped: live; added to the file's"),
    HX("server",      FIELD_NODE,   server,   "the fake server", .shape = &shape_server, .schema = "{\"anyOf\": [{\"type\": \"string\"}, {\"$ref\": \"#/$defs/server\"}]}"),
    HX("endpoint",    FIELD_NODE,   endpoint, "a real server: a name of `endpoints`, or a mapping", .shape = &shape_endpoint, .schema = "{\"anyOf\": [{\"type\": \"string\"}, {\"$ref\": \"#/$defs/endpoint\"}]}"),
    HX("probe",       FIELD_NODE,   probe,    "our client is the subject", .shape = &shape_probe, .schema = "{\"$ref\": \"#/$defs/probe\"}"),
    HX("classify",    FIELD_NODE,   classify, "the mapper is the subject", .shape = &shape_classify, .schema = "{\"$ref\": \"#/$defs/classify\"}"),
    REFUSED("client", no_client),
    REFUSED("name", "it is called id (stable) and title (for a person)"),
    REFUSED("steps", "they stand under probe"),
    REFUSED("auth", "it stands under probe"),
    REFUSED("skip", "write needs: [NAME]: it is skipped, with that reason, until --have NAME"),
    HX("cases",       FIELD_NODE,   cases,    "rows: mappings with an id and the columns that ${row.…} names; note and source are free. Or {replies: PROVIDER}: the replies of a provider file. Or {from: FILE}: the lines of a JSON-lines file", .shape = &shape_replies, .schema = "{\"anyOf\": [{\"type\": \"array\", \"items\": {\"type\": \"object\", \"required\": [\"id\"]}}, {\"$ref\": \"#/$defs/cases\"}]}"),
    HX("count",       FIELD_COUNT,  count,    "how many rows `cases` has; a guard", ALSO(struct scenario_head, has_count)),
    HX("matrix",      FIELD_NODE,   matrix,   "axis: values; every combination is a case. `via: [classify, wire]` plays a classify reply from a fake server too", .schema = "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"array\"}}"),
    HX("exclude",     FIELD_NODE,   exclude,  "combinations to leave out: {axis: value, row: id}", .schema = "{\"type\": \"array\", \"items\": {\"type\": \"object\"}}"),
    HX("retry",       FIELD_MAP,    rerun,    "the whole case again when it failed; if it passes then, it is flaky. The probe's own retry stands under `probe`", .shape = &shape_rerun, ALSO(struct scenario_head, has_rerun)),
    H ("timeout",     FIELD_DURATION, timeout_us, "for the whole case, each attempt by itself; default 60s"),
    HX("expect",      FIELD_NODE,   expect,   "what the result document has to hold", .shape = &shape_expect, .schema = "{\"$ref\": \"#/$defs/expect\"}"),
    HX("expect_fail", FIELD_MAP,    expect_fail, "a known failure", .shape = &shape_expect_fail, ALSO(struct scenario_head, has_expect_fail)),
};
SHAPE(scenario, "scenarios", "one scenario", scenario_rows, struct scenario_head, NO_OFFSET);

#define D(k, s, d) {.key = k, FIELD_NODE, d, 0, .shape = s, .schema = "{\"type\": \"object\"}"}
static const struct field defaults_rows[] = {
    D("server",   &shape_server,   "merged under the server of every scenario that has none of its own kind, or one"),
    D("probe",    &shape_probe,    "merged under the probe"),
    D("expect",   &shape_expect,   "merged under expect; a scenario still needs an expect of its own"),
    D("retry",    &shape_rerun,    "as in a scenario"),
    {.key = "endpoint",  FIELD_NODE, "as in a scenario, where neither server nor classify is given", 0, .schema = "{\"type\": [\"string\", \"object\"]}"},
    {.key = "timeout",   FIELD_NODE, "as in a scenario", 0, .schema = TIME_SCHEMA},
};
SHAPE(defaults, "defaults", "merged into every scenario; the scenario wins", defaults_rows, struct scenario_head, NO_OFFSET);

static const struct field secret_rows[] = {
    ROW  (struct secret_read, "env",      FIELD_TEXT,  env,      "a variable of the environment; if it is not set, the case is skipped"),
    ROW  (struct secret_read, "file",     FIELD_TEXT,  file,     "first line of a file"),
    ROW  (struct secret_read, "command",  FIELD_TEXTS, command,  "first line a program prints"),
    ROW_X(struct secret_read, "generate", FIELD_WORD,  generate, "made for the run", .choices = &choices_generators),
};
SHAPE(secret, "secrets", "where a secret comes from: exactly one of these", secret_rows, struct secret_read, NO_OFFSET);

#define F(k, t, m, d)        ROW(struct file_head, k, t, m, d)
#define FX(k, t, m, d, ...)  ROW_X(struct file_head, k, t, m, d, __VA_ARGS__)
static const struct field file_rows[] = {
    F ("suite",     FIELD_TEXT,   suite,     "first part of every id; default the path without .yaml"),
    F ("summary",   FIELD_TEXT,   summary,   "one line for a person"),
    FX("level",     FIELD_CHOICE, level,     "default for the scenarios", .choices = &choices_levels, ALSO(struct file_head, has_level)),
    F ("refs",      FIELD_TEXTS,  refs,      "for every scenario"),
    F ("tags",      FIELD_TEXTS,  tags,      "for every scenario"),
    F ("needs",     FIELD_TEXTS,  needs,     "for every scenario"),
    F ("include",   FIELD_TEXTS,  include,   "files with shared vars, secrets, servers, endpoints and defaults; paths from this file's folder"),
    FX("vars",      FIELD_NODE,   vars,      "values for ${name}; ${env:X} may stand here", .schema = "{\"type\": \"object\"}"),
    FX("secrets",   FIELD_NAMED,  secrets,   "values for ${secret:name}", .shape = &shape_secret),
    FX("servers",   FIELD_NAMED,  servers,   "fake servers for `use`", .shape = &shape_server),
    FX("endpoints", FIELD_NAMED,  endpoints, "real servers for `endpoint`", .shape = &shape_endpoint),
    REFUSED("clients", no_client),
    FX("defaults",  FIELD_NODE,   defaults,  "merged into every scenario", .shape = &shape_defaults, .schema = "{\"$ref\": \"#/$defs/defaults\"}"),
    FX("count",     FIELD_COUNT,  count,     "how many scenarios the file has; a guard", ALSO(struct file_head, has_count)),
    FX("scenarios", FIELD_NODE,   scenarios, "the scenarios", .shape = &shape_scenario, .schema = "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": \"#/$defs/scenarios\"}}"),
};
SHAPE(file, "file", "a scenario file", file_rows, struct file_head, NO_OFFSET);
/* clang-format on */

const struct shape *const shapes_all[] = {
    &shape_file,    &shape_scenario,     &shape_server,   &shape_says,        &shape_rule,
    &shape_drip,    &shape_tls,          &shape_script,   &shape_capabilities, &shape_account,
    &shape_probe,   &shape_auth,         &shape_timeout,  &shape_retry,       &shape_rerun, &shape_step,
    &shape_endpoint, &shape_group,       &shape_classify, &shape_mapper, &shape_replies, &shape_expect_fail, &shape_defaults,
    &shape_secret,  &shape_expect,       &shape_step_expect,
};
const size_t shapes_all_count = COUNT(shapes_all);
