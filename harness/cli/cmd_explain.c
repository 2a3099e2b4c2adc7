/* SPDX-License-Identifier: Apache-2.0 */
/* smtpdx explain: from what a server said to a cause, who must act, and what to do. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/explain.h"

enum option { PROVIDER, STAGE, CREDENTIAL, MECHANISM, USER, FORM, CAUSE, AUDIT, JSON, PROVIDERS };

static const struct cli_option options[] = {
    [PROVIDER] = {"provider", 'p', "NAME",
                  "whose server it is; else it is recognised from the text"},
    [STAGE] = {"stage", 0, "STAGE", "what was answered: auth, mail, rcpt, body, …"},
    [CREDENTIAL] = {"credential", 0, "KIND", "password, app_password or oauth2"},
    [MECHANISM] = {"mechanism", 0, "NAME", "of the login: PLAIN, LOGIN, XOAUTH2, …"},
    [USER] = {"user", 0, "NAME", "user name of the login, held against the provider's rule"},
    [FORM] = {"form", 0, "FORM", "auto (default), json, replies or session: what the input is"},
    [CAUSE] = {"cause", 0, "CAUSE", "print what is known of a cause, and explain no reply"},
    [AUDIT] = {"audit", 0, NULL,
               "hold the mapper against labelled replies: those that ship, or FILE"},
    [JSON] = {"json", 0, NULL, "one JSON object a line"},
    [PROVIDERS] = {"providers", 0, "DIR",
                   "provider files in DIR replace or add to the built-in ones"},
};

struct asked {
    const char *provider, *cause, *folder;
    struct evidence given;
    enum explain_form form;
    bool is_json, is_audit;
};

static bool bad_word(const char *what, const char *value, const char *const *known, size_t n)
{
    const char *nearest = text_nearest(slice_of(value), known, n);
    cli_wrong_use(&command_explain, "unknown %s '%s'%s%s%s", what, value,
                  nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                  nearest != NULL ? "'?)" : "");
    return false;
}

static bool take_stage(struct asked *a, const char *value)
{
    const char *slugs[STAGE_COUNT];
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        slugs[i] = stage_slug((enum stage)i);
    }
    return stage_from_slug(slice_of(value), &a->given.stage) ||
           bad_word("stage", value, slugs, STAGE_COUNT);
}

static bool take_credential(struct asked *a, const char *value)
{
    const char *slugs[CREDENTIAL_COUNT];
    for (size_t i = 0; i < CREDENTIAL_COUNT; i++) {
        slugs[i] = credential_slug((enum credential_kind)i);
    }
    return credential_from_slug(slice_of(value), &a->given.credential) ||
           bad_word("credential", value, slugs, CREDENTIAL_COUNT);
}

static bool take_form(struct asked *a, const char *value)
{
    static const char *const words[] = {"auto", "json", "replies", "session"};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strcmp(value, words[i]) == 0) {
            a->form = (enum explain_form)i;
            return true;
        }
    }
    return bad_word("form", value, words, COUNT(words));
}

static bool on_option(void *context, size_t index, const char *value)
{
    struct asked *a = context;
    switch ((enum option)index) {
    case PROVIDER:
        a->provider = value;
        return true;
    case STAGE:
        return take_stage(a, value);
    case CREDENTIAL:
        return take_credential(a, value);
    case MECHANISM:
        a->given.mechanism = slice_of(value);
        return true;
    case USER:
        a->given.username = slice_of(value);
        return true;
    case FORM:
        return take_form(a, value);
    case CAUSE:
        a->cause = value;
        return true;
    case AUDIT:
        a->is_audit = true;
        return true;
    case JSON:
        a->is_json = true;
        return true;
    case PROVIDERS:
        a->folder = value;
        return true;
    }
    return false;
}

static bool find_provider(const struct registry *registry, struct asked *a)
{
    if (a->provider == NULL) {
        return true;
    }
    struct slice name = slice_of(a->provider);
    a->given.provider = registry_find(registry, name);
    if (a->given.provider == NULL) { /* an address or a host will do */
        const struct provider *p = registry_by_address(registry, name);
        a->given.provider = p != NULL ? p : registry_by_host(registry, name);
    }
    if (a->given.provider == NULL) {
        const char *nearest = registry_nearest(registry, name);
        cli_wrong_use(&command_explain, "no provider '%s'%s%s%s; see 'smtpdx providers'",
                      a->provider, nearest != NULL ? " (did you mean '" : "",
                      nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
    }
    return a->given.provider != NULL;
}

static int show_cause(const struct registry *registry, const struct asked *a)
{
    enum cause cause;
    struct buf out;
    if (!cause_from_slug(slice_of(a->cause), &cause)) {
        const char *nearest = cause_nearest(slice_of(a->cause));
        return cli_wrong_use(&command_explain, "no cause '%s'%s%s%s; see 'smtpdx causes'", a->cause,
                             nearest != NULL ? " (did you mean '" : "",
                             nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
    }
    buf_init(&out, BUF_NO_CAP);
    if (a->is_json) {
        explain_cause_json(registry, a->given.provider, cause, &out);
    } else {
        explain_cause(registry, a->given.provider, cause, explain_columns(), &out);
    }
    (void)!fwrite(out.p, 1, out.n, stdout);
    buf_release(&out);
    return EXIT_ALL_PASSED;
}

static int explain_file(struct explain *x, const char *path)
{
    if (strcmp(path, "-") == 0) {
        if (isatty(STDIN_FILENO) == 1) {
            fprintf(stderr, "smtpdx explain: paste a reply or a session, then press Ctrl-D\n");
        }
        return explain_stream(x, STDIN_FILENO, "standard input") ? EXIT_ALL_PASSED
                                                                 : EXIT_DID_NOT_LOAD;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fprintf(stderr, "smtpdx explain: %s: %s\n", path, strerror(errno));
        return EXIT_DID_NOT_LOAD;
    }
    bool is_read = explain_stream(x, fd, path);
    close(fd);
    return is_read ? EXIT_ALL_PASSED : EXIT_DID_NOT_LOAD;
}

/* One word that ends like a file's name: no reply does, and "no such file" says more than
 * "unknown". */
static bool is_named_like_a_file(const char *argument)
{
    const char *dot = strrchr(argument, '.');
    size_t n = dot != NULL ? strspn(dot + 1, "abcdefghijklmnopqrstuvwxyz") : 0;
    return n >= 3 && n <= 5 && dot[1 + n] == '\0' && strpbrk(argument, " \t\n{") == NULL &&
           (argument[0] < '0' || argument[0] > '9');
}

/* No reply is the name of a file that is there, or looks like a path. */
static bool is_file(const char *argument)
{
    bool is_path = strchr(argument, '/') != NULL && strpbrk(argument, " \t\n{") == NULL;
    bool is_there = argument[0] != '\0' && access(argument, F_OK) == 0;
    return strcmp(argument, "-") == 0 || is_path || is_there || is_named_like_a_file(argument);
}

static int status_of(const struct explain *x, int read)
{
    return read != EXIT_ALL_PASSED ? read
           : x->bad != 0           ? EXIT_SOMETHING_FAILED
           : x->explained == 0     ? EXIT_NOTHING_SELECTED
           : x->unknown != 0       ? EXIT_NOT_JUDGED
                                   : EXIT_ALL_PASSED;
}

static int explain(const struct registry *registry, const struct asked *a, const char *argument)
{
    struct mapper *mapper = cli_load_mapper(registry);
    if (mapper == NULL) {
        return EXIT_DID_NOT_LOAD;
    }
    struct explain x = {.registry = registry,
                        .mapper = mapper,
                        .given = a->given,
                        .form = a->form,
                        .is_json = a->is_json,
                        .columns = explain_columns()};
    int status = EXIT_ALL_PASSED;
    buf_init(&x.out, BUF_NO_CAP);
    buf_init(&x.last_reply, BUF_NO_CAP);
    if (argument == NULL || is_file(argument)) {
        status = explain_file(&x, argument == NULL ? "-" : argument);
    } else {
        explain_argument(&x, slice_of(argument));
    }
    if (status == EXIT_ALL_PASSED && !x.has_printed && x.explained + x.bad == 0) {
        fprintf(stderr, "smtpdx explain: there is nothing to explain\n");
    }
    buf_release(&x.last_reply);
    buf_release(&x.out);
    mapper_free(mapper);
    return status_of(&x, status);
}

/* No evidence by options. */
static bool is_plain(const struct asked *a)
{
    const struct evidence *e = &a->given;
    return e->provider == NULL && e->stage == STAGE_NONE && e->credential == CREDENTIAL_NONE &&
           e->mechanism.n == 0 && e->username.n == 0 && a->form == EXPLAIN_AUTO;
}

static int dispatch(const struct registry *registry, struct asked *a, int argc, char **argv)
{
    if (!find_provider(registry, a)) {
        return EXIT_WRONG_USE;
    }
    if (a->cause != NULL) {
        return argc == 0 ? show_cause(registry, a)
                         : cli_wrong_use(&command_explain, "--cause explains no reply");
    }
    if (a->is_audit) {
        return is_plain(a) ? explain_audit(registry, argc == 0 ? NULL : argv[0], a->is_json)
                           : cli_wrong_use(&command_explain, "--audit takes its evidence from the "
                                                             "rows; only --json and --providers "
                                                             "go with it");
    }
    return explain(registry, a, argc == 0 ? NULL : argv[0]);
}

static int run(int argc, char **argv)
{
    struct asked asked = {.provider = NULL};
    int first;
    enum cli_parsed parsed = cli_parse(&command_explain, argc, argv, &asked, &first);
    if (parsed != CLI_GO_ON) {
        return parsed == CLI_EXIT_OK ? EXIT_ALL_PASSED : EXIT_WRONG_USE;
    }
    if (argc - first > 1) {
        return cli_wrong_use(&command_explain, "takes one reply or file; a reply with blanks wants "
                                               "quotes around it");
    }
    struct registry *registry = cli_load_registry(asked.folder);
    if (registry == NULL) {
        return EXIT_DID_NOT_LOAD;
    }
    int status = dispatch(registry, &asked, argc - first, argv + first);
    registry_free(registry);
    return status;
}

const struct cli_command command_explain = {
    .name = "explain",
    .arguments = "[REPLY | FILE | -]",
    .summary = "what a server's reply means, who must act, and what to do",
    .text =
        "Names the cause behind a reply, says how sure that is and why, who can act, what to do,\n"
        "whether trying again helps, and what else it could be. REPLY may have several lines. A\n"
        "FILE or standard input may hold JSON objects, one a line, replies, or a whole session as\n"
        "swaks, curl -v, openssl s_client, msmtp, PHPMailer, smtplib or Nodemailer print it.\n"
        "Credentials in a session are read past and never shown.\n\n"
        "Examples:\n"
        "  smtpdx explain --provider gmail \"535-5.7.8 Username and Password not accepted.\"\n"
        "  smtpdx explain --cause auth.smtp_auth_disabled --provider office365\n"
        "  smtpdx explain --audit\n\n"
        "  In JSON: {\"id\": 1, \"provider\": \"gmail\", \"stage\": \"auth\", \"reply\": \"535 "
        "5.7.8 …\"}\n"
        "  comes back as an object of one line with id, cause, sure, who, retry and more.\n\n"
        "Exit status: 0 explained; 1 a line of JSON was bad; 3 the file cannot be read; 4 nothing\n"
        "to explain (no reply, or a session in which nothing failed); 5 the cause is unknown.",
    .options = options,
    .option_count = COUNT(options),
    .on_option = on_option,
    .run = run,
};
