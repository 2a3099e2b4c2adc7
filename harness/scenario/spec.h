/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checked scenarios: what the loader hands to the fake server and to the runner. Every value is
 * typed and substituted, so that nobody reads raw YAML after this; every part keeps the node it came
 * from (`at`), so that a failure can point at it. All of it lives in the suite's arena and is const.
 *
 * Secrets are not in here: a place that may hold one has a struct spec_text, whose `${secret:x}`
 * parts are put in at run time.
 */
#ifndef SMTPDX_SCENARIO_SPEC_H
#define SMTPDX_SCENARIO_SPEC_H

#include "base/facts.h"
#include "doc/node.h"
#include "provider/provider.h"

/* Text with parts that are known only at run time: ${secret:x} ${server.host} ${server.port}
 * ${server.addr}, and in steps what an earlier one captured. */
enum spec_part_kind { SPEC_LITERAL, SPEC_SECRET, SPEC_SERVER_HOST, SPEC_SERVER_PORT, SPEC_SERVER_ADDR, SPEC_CAPTURE };
struct spec_part {
    enum spec_part_kind kind;
    struct slice text; /* the literal, or the name of the secret or of the captured value */
};
struct spec_text {
    const struct spec_part *parts;
    size_t count; /* 0: not given */
    const struct node *at;
};

/* ---- the fake server ---- */

enum action_kind {
    ACTION_REPLY,     /* code, enhanced, texts */
    ACTION_REPLY_RAW, /* bytes */
    ACTION_SAYS,      /* the persona's own reply for a cause */
    ACTION_DELAY,     /* duration: go on after it */
    ACTION_STOP_READING, /* duration: take nothing off the connection, say nothing, then go on */
    ACTION_STALL,     /* duration: say nothing, then go on with what comes next */
    ACTION_DRIP,      /* count octets every duration, for the replies that follow */
    ACTION_CHUNKS,    /* pieces of the next reply */
    ACTION_CLOSE,     /* close_how */
    ACTION_INJECT,    /* bytes in the same segment as the reply before */
    ACTION_TRUNCATE,  /* the next reply after count octets, then silence */
    ACTION_ENDLESS_LINES, /* continuation lines without end (bounded by count, default 100,000) */
    ACTION_GARBAGE,   /* count random octets */
    ACTION_TLS,       /* tls for the handshake that follows */
    ACTION_DROP_TLS,
    ACTION_CONTINUE,  /* what the polite server would do here */
    ACTION_KIND_COUNT
};
enum close_how { CLOSE_FIN, CLOSE_RST, CLOSE_HALF, CLOSE_HOW_COUNT };

struct spec_chunk { size_t octets; /* 0: the rest */ int64_t wait_us; /* before it */ };

struct spec_tls { /* unset parts are as the server's */
    bool is_set;
    const char *cert; /* leaf slug, "" default */
    const char *min, *max; /* "TLSv1.2", "" default */
    const char *ciphers;
    const char *fault; /* slug of net/tls.h, "" none */
    bool wants_client_cert;
    bool has_mode; enum security mode; /* of the server as a whole: the same as its `security` */
};

struct spec_action {
    enum action_kind kind;
    unsigned code;
    const char *enhanced;      /* "" none */
    const char *const *texts;  /* NULL-terminated; several lines */
    struct slice bytes;
    int64_t duration_us;
    size_t count;
    enum close_how close_how;
    const struct spec_chunk *chunks; size_t chunk_count;
    struct spec_tls tls;
    const char *cause, *variant; /* SAYS */
    const struct node *at;
};

/* What happens on a command (or greeting, body, sasl, connect): the actions, counted. */
struct spec_rule {
    const char *on;     /* upper-case verb, "greeting", "body" (after the final dot), "sasl" (a response line) */
    unsigned after;     /* skip this many occurrences */
    unsigned times;     /* then do it this often; 0: always */
    const struct node *when; /* matcher on the argument, or NULL */
    const struct spec_action *actions; size_t action_count;
    const struct node *at;
};

struct spec_account {
    struct slice user;
    struct spec_text password, app_password, token; /* any may be unset */
    int64_t token_expires_us; /* on the world's clock, relative to the start of the case; 0: never */
    struct slice token_scope, token_audience;
    const char *state; /* "" usable; else a cause: answered in the persona's words for that cause */
    const struct node *at;
};

enum script_verb { SCRIPT_SEND, SCRIPT_SEND_RAW, SCRIPT_RECV, SCRIPT_RECV_RAW, SCRIPT_STARTTLS, SCRIPT_DELAY, SCRIPT_EXPECT_CLOSE, SCRIPT_CLOSE, SCRIPT_VERB_COUNT };
struct spec_script_line {
    enum script_verb verb;
    struct slice text; /* SEND: line without CRLF; RECV: pattern, "*" any text; */
    int64_t duration_us;
    enum close_how close_how;
    const struct node *at;
};

struct spec_server {
    const char *like;       /* persona: provider name or "esmtp" */
    enum security security; /* from the persona unless given */
    bool nolisten;
    enum { SPEC_FAMILY_ANY, SPEC_FAMILY_IPV4, SPEC_FAMILY_IPV6 } family;
    const char *const *clear, *const *tls_lines; /* capabilities; NULL: the persona's; NULL-terminated */
    const char *names_extra; /* further certificate name, or "" */
    struct spec_tls tls;
    const struct spec_account *accounts; size_t account_count; bool accepts_any; /* no accounts given: any credential is right */
    const struct spec_rule *rules; size_t rule_count; /* `says:` and `on:`, in order */
    const struct spec_script_line *script; size_t script_count;
    size_t max_message_bytes; /* 0: what SIZE says */
    unsigned max_connections; /* more than these fail the case; default: the attempts allowed */
    const struct node *at;
};

/* ---- the probe ---- */

struct spec_step {
    const char *verb;  /* as client/client.h names it */
    struct spec_text argument;
    int64_t duration_us;
    bool has_more;             /* bdat: another chunk follows (`last: false`) */
    const struct node *expect; /* NULL: anything */
    const struct node *at;
};

struct spec_retry { unsigned max; int64_t base_us, max_delay_us; double factor, jitter; };

/* The whole case again, with a server that remembers the attempts before (run/rerun.h). */
struct spec_rerun {
    unsigned max;              /* further attempts; 0: none */
    const char *const *causes; /* slugs, "area.*", "tool.aborted" or "expect"; NULL-terminated */
    struct spec_retry wait;    /* between attempts; max is not used */
};

struct spec_probe {
    const struct provider *provider; /* NULL: none given */
    bool has_security; enum security security;
    bool skip_preflight;  /* `preflight: false`: the user-name rule is not checked before dialling */
    struct slice helo;
    bool has_auth;
    struct slice mechanism; /* empty: the best the provider and we know */
    struct slice user, authzid;
    struct spec_text password, token;
    enum credential_kind credential;
    enum { SPEC_INITIAL_AUTO, SPEC_INITIAL_ALWAYS, SPEC_INITIAL_NEVER } initial_response;
    bool ignore_offer, allow_clear;
    enum stage until; bool has_until;
    bool send;                /* really deliver */
    struct slice from; const struct slice *rcpts; size_t rcpt_count;
    struct slice message; bool has_message;
    bool skip_verify;
    struct slice server_name; /* name to verify; empty: the host */
    const struct spec_step *steps; size_t step_count;
    struct { int64_t connect, greeting, command, data, block, final_dot, quit, total; } timeout; /* us, 0 default */
    struct spec_retry retry;
    const char *purpose;      /* "" or ci, onboarding, bulk, migration */
    const struct node *at;
};

struct spec_endpoint { /* a real server */
    const char *name;
    struct slice host; unsigned port;
    enum security security; bool has_security;
    const struct provider *provider;
    const char *ca_file;      /* "" none */
    const char *connect_to, *proxy; /* "" none */
    const char *group; unsigned max_parallel; int64_t min_interval_us;
    const struct node *at;
};

struct spec_classify {
    const struct provider *provider; /* NULL: not said */
    enum stage stage;
    struct slice reply;       /* lines separated by LF or CRLF */
    struct slice mechanism;
    enum credential_kind credential;
    struct slice host, greeting, user, error_document; /* further evidence; empty: not known */
    struct slice claims;      /* of the token, as JSON; empty: not known */
    unsigned now_s;           /* seconds since 1970; 0: not known */
    const struct slice *offered_clear, *offered_tls; /* capability lines, each with its count */
    size_t offered_clear_count, offered_tls_count;
    const struct slice *certificate_names; /* whom the server's certificate is for */
    size_t certificate_name_count;
    bool is_inside_tls;
    const char *fault;        /* as fault_name() has it, "" none */
    const char *const *command; /* somebody else's mapper; NULL: ours */
    const struct node *map;   /* its words to our causes: a slug, "auth.*", or a list of such; NULL: none */
    enum { PROCESS_OWN, PROCESS_SHARED } process; /* one for each case, or one that answers many */
    int64_t timeout_us;       /* of one answer; 0: default */
    const struct node *at;
};

/* Somebody else's mapper as a file of its own, which is asked in place of ours (run --mapper). */
struct spec_mapper {
    struct spec_classify of;  /* command, map, process and timeout_us; else empty */
    const char *const *says;  /* of cause, sure, who and retry, NULL-terminated; NULL: cause */
    const struct node *at;
};

/* ---- the case ---- */

enum spec_level { LEVEL_MUST, LEVEL_SHOULD, LEVEL_MAY, LEVEL_INFO, LEVEL_COUNT };
const char *spec_level_slug(enum spec_level level);

struct spec_secret { const char *name; enum { SECRET_ENV, SECRET_FILE, SECRET_COMMAND, SECRET_GENERATE } from;
    const char *value; /* variable, path or generator kind: password, token, … */
    const char *const *command; const struct node *at; };

struct spec_expect_fail { const struct node *at; struct slice reason; struct slice with; /* "" any: what the message has to contain */ char until[11]; /* YYYY-MM-DD */ };

/* One case: a scenario with its row and its axes put in. */
struct spec_case {
    const char *id;      /* "providers/outlook::error-map[tenant-switch][via=wire]" */
    const char *suite;   /* "providers/outlook" */
    const char *name;    /* "error-map[tenant-switch][via=wire]" */
    const char *scenario; /* "error-map" */
    const char *title;
    const char *file; unsigned line, col;  /* of the row for tables */
    unsigned first_line, last_line;        /* of the row, or of the scenario without rows: for FILE:LINE */
    unsigned scenario_first, scenario_last; /* of the scenario */
    unsigned rows_first, rows_last;         /* of all rows together, 0 without */
    enum spec_level level;
    const char *const *refs, *const *tags, *const *needs; /* NULL-terminated */
    const struct spec_server *server;     /* one of server and endpoint, unless classify stands alone */
    const struct spec_endpoint *endpoint;
    const struct spec_probe *probe;       /* one of probe and classify; both with `via: wire` (see docs) */
    const struct spec_classify *classify;
    const struct node *expect;            /* substituted, checked for form */
    bool has_captures;                    /* marks of captured values may stand in it and in the steps */
    const struct spec_expect_fail *expect_fail;
    const struct spec_rerun *rerun;       /* NULL: one attempt decides */
    int64_t timeout_us;                   /* for one attempt at the whole case; default 60 s */
    const struct spec_secret *secrets; size_t secret_count;
    const struct suite *of;
};

struct suite {
    const char *name, *summary, *file;
    const struct spec_case *cases; size_t case_count;
    const struct spec_secret *secrets; size_t secret_count;
};

struct suite_set; /* opaque: everything that was loaded */

/* *out lives in the arena. Errors: ERR_IO, ERR_INVALID; out_errors then is ready for a person. */
enum err mapper_file_load(const char *path, struct arena *arena, const struct spec_mapper **out,
                          struct buf *out_errors) MUST_USE;
/* Does the value of a `map` stand for this cause? */
bool mapper_means(const struct node *value, const char *cause);

struct load_options {
    const struct registry *providers; /* borrowed, outlives the set */
    const char *root; /* suite names are paths relative to this when `suite:` is absent; NULL: "." */
    const char *(*get_env)(const char *name, void *context); void *context; /* ${env:X} under vars */
};

/*
 * Loads files and folders (recursively, *.yaml in name order). Goes on after a bad file, so that one
 * run shows all errors. Errors: ERR_IO (a path that does not exist), ERR_INVALID (errors printed into
 * out_errors, ready for a person); the set then is NULL.
 */
enum err suites_load(const struct load_options *options, const char *const *paths, size_t count,
                     struct suite_set **out, struct buf *out_errors) MUST_USE;
void suites_free(struct suite_set *s);
size_t suites_count(const struct suite_set *s);
const struct suite *suites_at(const struct suite_set *s, size_t i);

/* JSON Schema of scenario files, and the manual in Markdown: printed from the tables that check. */
void schema_print_json(struct buf *out);
void schema_print_markdown(struct buf *out);

#endif
