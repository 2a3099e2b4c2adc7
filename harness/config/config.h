/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration file: defaults, and entries for providers, hosts and domains. Pure: the text of
 * the file, the environment and the options come in, and for each setting the value that is in
 * force goes out, with where it comes from.
 *
 * An option goes before the environment, that before the file's entry, that before the file's
 * defaults, and those before what is built in. What is wrong is told with its place, and never with
 * the line that it stands in: somebody may have written a secret there, though no secret belongs
 * into this file.
 *
 *   settings.def   the settings
 *   settings.c     their names
 *   value.c        what a value may look like
 *   read.c         the file
 *   get.c          what is in force
 *   show.c         what is in force, for a person and for a program
 *   template.c     the template and the table of the manual
 */
#ifndef SMTPDX_CONFIG_CONFIG_H
#define SMTPDX_CONFIG_CONFIG_H

#include "doc/node.h"
#include "provider/provider.h"

enum setting {
#define SETTING(id, ...) SETTING_##id,
#include "config/settings.def"
#undef SETTING
    SETTING_COUNT
};

enum setting_shape {
    SETTING_TIME,      /* 500ms, 30s, 2m; more than nothing */
    SETTING_NUMBER,    /* from least to most */
    SETTING_FLAG,      /* yes, no, on, off, true, false */
    SETTING_WORD,      /* one of words */
    SETTING_WAYS,      /* some of words, with commas between them, or "none" */
    SETTING_FILE,      /* a path */
    SETTING_TEXT,      /* no controls */
    SETTING_NAME,      /* no blanks */
    SETTING_HOSTNAME,  /* nor '/' or '@' */
    SETTING_HOST_PORT, /* HOST:PORT, [ADDRESS]:PORT */
    SETTING_PROXY_URL, /* http://…, socks5://…, or HOST:PORT */
    SETTING_SASL,      /* a mechanism that we know */
};
enum setting_place { SETTING_IN_DEFAULTS = 1, SETTING_IN_ENTRY = 2 };

struct setting_info {
    const char *key;
    enum setting_shape shape;
    unsigned places; /* a sum of enum setting_place */
    uint64_t least, most;
    const char *words, *built_in, *without, *example, *doc;
};

const struct setting_info *setting_info(enum setting s);
/* "connect-timeout": SETTING_CONNECT_TIMEOUT. SETTING_COUNT when no setting has this option. */
enum setting setting_of_option(const char *option);
enum setting setting_of_key(struct slice key);
/* "SMTPDX_CONNECT_TIMEOUT"; only for what has a default. */
enum { SETTING_VARIABLE_MAX = 48 };
const char *setting_variable(enum setting s, char space[SETTING_VARIABLE_MAX]);

/* Says what is wanted in its place. Errors: ERR_INVALID. */
enum err setting_check(enum setting s, struct slice value, struct why *why) MUST_USE;

/* ---- reading ---- */

struct config; /* opaque */

struct config *config_new(void); /* what is built in */
void config_free(struct config *c);

/*
 * Takes a file's text. name: as shown in errors, and its folder is where relative paths begin;
 * home: for
 * "~/", or NULL. Errors: ERR_SYNTAX, ERR_LIMIT, ERR_INVALID; errors holds the places.
 */
enum err config_read(struct config *c, const char *name, struct slice text, const char *home,
                     struct doc_errors *errors) MUST_USE;
/* Entries have to be of a provider, of a host or domain (with a dot, or localhost), or say their
 * host. Errors: ERR_INVALID. */
enum err config_check_entries(const struct config *c, const struct registry *providers,
                              struct doc_errors *errors) MUST_USE;
/* One "FILE:LINE:COLUMN: error: text" a line, and no lines of the file. */
void config_errors_print(const struct doc_errors *errors, struct buf *out);

/* get: as getenv(3). Errors: ERR_INVALID (why names the variable). */
enum err config_read_environment(struct config *c, const char *(*get)(const char *name),
                                 struct why *why) MUST_USE;
/* value is copied. Errors: ERR_INVALID. */
enum err config_set_option(struct config *c, enum setting s, const char *value,
                           struct why *why) MUST_USE;

/* ---- what is in force ---- */

enum config_from {
    CONFIG_BUILT_IN,
    CONFIG_DEFAULTS,
    CONFIG_ENTRY,
    CONFIG_ENVIRONMENT,
    CONFIG_OPTION
};

struct config_value {
    const char *text; /* NULL: none */
    enum config_from from;
    const char *where; /* "FILE:LINE", "SMTPDX_RETRIES", "--retries", "built in" */
};

/* The entries that hold for a target, the nearest first. */
struct config_entry;
struct config_for {
    const struct config_entry *list[3];
    size_t count;
};

const char *config_name(const struct config *c); /* of the file; NULL: there is none */
/* Adds the entry of that name (without case) unless it is there already or there is none. */
void config_for_add(const struct config *c, struct slice name, struct config_for *entries);
/* entries: NULL, when no target is known. Strings live as long as c. */
struct config_value config_get(const struct config *c, const struct config_for *entries,
                               enum setting s);
/* The same, read; NULL or 0 where nothing is said. */
const char *config_text(const struct config *c, const struct config_for *entries, enum setting s);
int64_t config_time_us(const struct config *c, const struct config_for *entries, enum setting s);
uint64_t config_number(const struct config *c, const struct config_for *entries, enum setting s);
bool config_flag(const struct config *c, const struct config_for *entries, enum setting s);
/* What the entries alone say: the server of a target is not looked for elsewhere. */
struct config_value config_of_entries(const struct config_for *entries, enum setting s);

size_t config_entry_count(const struct config *c);
const struct config_entry *config_entry_at(const struct config *c, size_t i);
const char *config_entry_name(const struct config_entry *e);

/* ---- for people ---- */

struct config_target {
    const char *given, *server; /* server: "smtp.gmail.com:587", or NULL: it has to be looked for */
    struct config_for entries;
};

/* target: NULL shows all of the file. A password in a proxy's URL is masked. */
void config_show(const struct config *c, const struct config_target *target, struct buf *out);
void config_show_json(const struct config *c, const struct config_target *target, struct buf *out);
void config_template(struct buf *out);
void config_manual(struct buf *out); /* a table in Markdown */

#endif
