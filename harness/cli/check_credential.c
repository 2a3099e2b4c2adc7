/* SPDX-License-Identifier: Apache-2.0 */
/* See check_credential.h. What was read is wiped as soon as it is not needed. */
#include "cli/check_credential.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "run/command.h"

enum { SECRET_MAX = 64 * 1024, COMMAND_MS = 60000 };

void credential_init(struct credential *c)
{
    *c = (struct credential){.kind = CREDENTIAL_NONE};
    buf_init(&c->secret, SECRET_MAX);
}

void credential_release(struct credential *c)
{
    buf_wipe(&c->secret);
    buf_release(&c->secret);
}

/* One line end, as editors and `echo` leave it; more is what the person has stored. */
static void drop_line_end(struct buf *b)
{
    if (b->n != 0 && b->p[b->n - 1] == '\n') {
        buf_truncate(b, b->n - 1);
    }
    if (b->n != 0 && b->p[b->n - 1] == '\r') {
        buf_truncate(b, b->n - 1);
    }
}

/* ---- a file ---- */

static enum err check_file(int fd, const char *path, struct why *why)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
        return why_set(why, ERR_IO, "%s: %s", path, strerror(S_ISDIR(st.st_mode) ? EISDIR : errno));
    }
    if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return why_set(why, ERR_IO, "%s: others can read it (mode %04o): chmod 600 %s", path,
                       (unsigned)st.st_mode & 07777U, path);
    }
    return ERR_OK;
}

static enum err read_all(int fd, const char *path, struct buf *out, struct why *why)
{
    char block[4096];
    ssize_t n;
    while ((n = read(fd, block, sizeof block)) > 0) {
        buf_add(out, slice_make(block, (size_t)n));
    }
    explicit_bzero(block, sizeof block);
    if (n < 0) {
        return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (out->is_full) {
        return why_set(why, ERR_IO, "%s: larger than %d octets", path, SECRET_MAX);
    }
    drop_line_end(out);
    return ERR_OK;
}

enum err credential_read_file(const char *path, struct buf *out, struct why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
    }
    enum err err = check_file(fd, path, why);
    err = err == ERR_OK ? read_all(fd, path, out, why) : err;
    close(fd);
    return err;
}

static enum err from_file(const char *path, struct credential *out, struct why *why)
{
    snprintf(out->from, sizeof out->from, "the file %s", path);
    return credential_read_file(path, &out->secret, why);
}

/* ---- a command ---- */

static enum err from_command(const char *command, struct credential *out, struct why *why)
{
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    snprintf(out->from, sizeof out->from, "the command '%s'", command);
    struct why inner;
    if (command_output(argv, COMMAND_MS, &out->secret, &inner) != ERR_OK) {
        return why_set(why, ERR_IO, "the command for the credential failed: %s", inner.text);
    }
    drop_line_end(&out->secret);
    return ERR_OK;
}

/* ---- a person ---- */

static volatile sig_atomic_t was_interrupted;

static void on_signal(int number)
{
    was_interrupted = number;
}

/* Reads one line without echo; the terminal is as it was afterwards, whatever happened. */
static bool read_hidden(int tty, struct buf *out)
{
    struct termios before, quiet;
    struct sigaction action = {.sa_handler = on_signal}, old_int, old_term;
    bool has_echo = tcgetattr(tty, &before) == 0;
    char c = 0;
    ssize_t n = 0;
    was_interrupted = 0;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &old_int); /* without SA_RESTART: read() comes back */
    sigaction(SIGTERM, &action, &old_term);
    if (has_echo) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
        tcsetattr(tty, TCSAFLUSH, &quiet);
    }
    while (was_interrupted == 0 && (n = read(tty, &c, 1)) == 1 && c != '\n') {
        buf_add_char(out, c);
    }
    if (has_echo) {
        tcsetattr(tty, TCSAFLUSH, &before);
    }
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    (void)!write(tty, "\n", 1);
    return was_interrupted == 0 && n == 1;
}

bool credential_ask(const char *question, struct buf *out, int *signal)
{
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    *signal = 0;
    if (tty < 0) {
        return false;
    }
    (void)!write(tty, question, strlen(question));
    bool is_read = read_hidden(tty, out);
    close(tty);
    *signal = was_interrupted;
    return is_read;
}

static enum err from_person(const struct credential_wish *wish, struct credential *out,
                            struct why *why)
{
    char question[320];
    snprintf(question, sizeof question, "%s%s%.200s: ",
             wish->kind == CREDENTIAL_OAUTH2         ? "Access token"
             : wish->kind == CREDENTIAL_APP_PASSWORD ? "App password"
                                                     : "Password",
             wish->user != NULL ? " for " : "", wish->user != NULL ? wish->user : "");
    snprintf(out->from, sizeof out->from, "the terminal");
    return credential_ask(question, &out->secret, &out->signal)
               ? ERR_OK
               : why_set(why, ERR_NOT_FOUND, "no credential was typed");
}

/* ---- the environment ---- */

static const struct variable {
    const char *name;
    enum credential_kind kind;
} of_account[] = {
    {"SMTPDX_PASSWORD", CREDENTIAL_PASSWORD},
    {"SMTPDX_APP_PASSWORD", CREDENTIAL_APP_PASSWORD},
    {"SMTPDX_TOKEN", CREDENTIAL_OAUTH2},
}, of_mailbox[] = {
    {"SMTPDX_MAILBOX_PASSWORD", CREDENTIAL_PASSWORD},
    {"SMTPDX_MAILBOX_TOKEN", CREDENTIAL_OAUTH2},
};

/* A password that was said to be an app password may stand in the variable of either. */
static bool is_meant(const struct variable *v, enum credential_kind kind)
{
    return kind == CREDENTIAL_NONE || kind == v->kind ||
           (kind == CREDENTIAL_APP_PASSWORD && v->kind == CREDENTIAL_PASSWORD);
}

static enum err from_environment(const struct credential_wish *wish, struct credential *out,
                                 struct why *why)
{
    const struct variable *found = NULL;
    const struct variable *variables = wish->is_of_mailbox ? of_mailbox : of_account;
    size_t count = wish->is_of_mailbox ? COUNT(of_mailbox) : COUNT(of_account);
    for (size_t i = 0; i < count; i++) {
        const char *value = getenv(variables[i].name);
        if (value == NULL || value[0] == '\0' || !is_meant(&variables[i], wish->kind)) {
            continue;
        }
        bool is_second = found != NULL && wish->kind == CREDENTIAL_NONE;
        if (is_second) {
            return why_set(why, ERR_INVALID,
                           "both %s and %s are set: %s", found->name, variables[i].name,
                           wish->is_of_mailbox ? "only one can be meant"
                                               : "say which is meant with --credential");
        }
        found = found == NULL || variables[i].kind == wish->kind ? &variables[i] : found;
    }
    if (found != NULL) {
        buf_add_text(&out->secret, getenv(found->name));
        out->kind = wish->kind != CREDENTIAL_NONE ? wish->kind : found->kind;
        snprintf(out->from, sizeof out->from, "the environment variable %s", found->name);
    }
    return ERR_OK;
}

/* ---- the choice ---- */

static enum err from_options(const struct credential_wish *w, struct credential *out,
                             struct why *why)
{
    const char *const options[] = {w->password_file, w->password_command, w->token_file,
                                   w->token_command};
    const char *said = NULL;
    size_t at = 0;
    for (size_t i = 0; i < COUNT(options); i++) {
        if (options[i] != NULL && said != NULL) {
            return why_set(why, ERR_INVALID,
                           "one credential is wanted, and more than one option "
                           "says where it is");
        }
        at = options[i] != NULL ? i : at;
        said = options[i] != NULL ? options[i] : said;
    }
    if (said == NULL) {
        return ERR_OK;
    }
    bool is_token = at >= 2, wants_token = w->kind == CREDENTIAL_OAUTH2;
    if (w->kind != CREDENTIAL_NONE && is_token != wants_token) {
        return why_set(why, ERR_INVALID, "--credential %s and a %s do not go together",
                       credential_slug(w->kind), is_token ? "token" : "password");
    }
    out->kind = is_token                     ? CREDENTIAL_OAUTH2
                : w->kind != CREDENTIAL_NONE ? w->kind
                                             : CREDENTIAL_PASSWORD;
    return at % 2 == 0 ? from_file(said, out, why) : from_command(said, out, why);
}

enum err credential_get(const struct credential_wish *wish, struct credential *out, struct why *why)
{
    TRY(from_options(wish, out, why));
    if (out->kind == CREDENTIAL_NONE) {
        TRY(from_environment(wish, out, why));
    }
    if (out->kind == CREDENTIAL_NONE && wish->may_ask) {
        TRY(from_person(wish, out, why));
        if (out->from[0] != '\0') {
            out->kind = wish->kind != CREDENTIAL_NONE ? wish->kind : CREDENTIAL_PASSWORD;
        }
    }
    return ERR_OK;
}
