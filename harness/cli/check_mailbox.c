/* SPDX-License-Identifier: Apache-2.0 */
/* See check_mailbox.h. */
#include "cli/check_mailbox.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check/budget.h"
#include "cli/check_command.h"
#include "cli/state.h"
#include "run/interrupt.h"

static const int64_t LIMIT_US = 120000000;

void check_mailbox_init(struct check_mailbox *m)
{
    credential_init(&m->secret);
}

void check_mailbox_release(struct check_mailbox *m)
{
    credential_release(&m->secret);
}

static bool is_interrupted(void)
{
    return interrupt_number() != 0;
}

/* ---- which mailbox ---- */

static int check_words(const struct check_command *c)
{
    const struct check_mailbox *m = &c->mailbox;
    struct slice host;
    unsigned port;
    bool has_more = m->url != NULL || m->connect_to != NULL || m->limit_us != 0 ||
                    m->wish.password_file != NULL || m->wish.password_command != NULL;
    if (!m->is_wanted) {
        return has_more ? cli_wrong_use(&command_check, "--mailbox… and --verify-timeout go with "
                                                        "--verify-delivery")
                        : EXIT_ALL_PASSED;
    }
    if (!c->params.may_send || c->to == NULL) {
        return cli_wrong_use(&command_check,
                             "--verify-delivery looks for a message that was sent: --send --to "
                             "ADDRESS");
    }
    if (m->connect_to != NULL && !world_split_host_port(slice_of(m->connect_to), &host, &port)) {
        return cli_wrong_use(&command_check,
                             "--mailbox-connect-to wants HOST:PORT, as 127.0.0.1:2993, not '%s'",
                             m->connect_to);
    }
    return EXIT_ALL_PASSED;
}

/* The provider of the recipient's domain; or of the account, when it writes to itself. */
static const struct provider *provider_of(const struct check_command *c)
{
    const struct provider *p = registry_by_address(c->registry, slice_of(c->to));
    bool is_itself = slice_eq_nocase(slice_of(c->to), c->params.user);
    return p == NULL && is_itself ? c->params.target.provider : p;
}

static int read_place(struct check_command *c, struct check_target *out)
{
    struct why why;
    const struct provider *p = provider_of(c);
    if (c->mailbox.url != NULL) {
        return check_mailbox_read(slice_of(c->mailbox.url), &c->arena, out, &why) == ERR_OK
                   ? EXIT_ALL_PASSED
                   : cli_wrong_use(&command_check, "--mailbox: %s", why.text);
    }
    if (p == NULL || p->imap == NULL || p->imap->security == SECURITY_NONE) {
        return cli_wrong_use(
            &command_check,
            "no provider file says where the mailbox of %s is read: give it, as in "
            "--mailbox imaps://imap.example.com",
            c->to);
    }
    *out = (struct check_target){
        .host = p->imap->host, .port = p->imap->port, .security = p->imap->security};
    return EXIT_ALL_PASSED;
}

/* ---- with which credential ---- */

/* The account's own mailbox, where its provider or its server keeps it: nobody else is told the
 * credential. */
static bool is_of_account(const struct check_command *c)
{
    const struct check_target *t = &c->params.target;
    const struct mailbox_request *r = &c->mailbox.request;
    bool is_there = slice_eq_nocase(slice_of(r->host), slice_of(t->host)) ||
                    (t->provider != NULL && t->provider->imap != NULL &&
                     slice_eq_nocase_text(slice_of(r->host), t->provider->imap->host));
    return is_there && c->params.kind != CREDENTIAL_NONE &&
           slice_eq_nocase(slice_of(r->user), c->params.user);
}

static int read_own(struct check_command *c)
{
    struct why why;
    struct check_mailbox *m = &c->mailbox;
    m->wish.is_of_mailbox = true;
    enum err err = credential_get(&m->wish, &m->secret, &why);
    if (err != ERR_OK) {
        fprintf(stderr, "smtpdx check: the mailbox: %s\n", why.text);
        return err == ERR_INVALID ? EXIT_WRONG_USE : EXIT_DID_NOT_LOAD;
    }
    m->has_own = m->secret.kind != CREDENTIAL_NONE;
    struct slice secret = buf_slice(&m->secret.secret);
    if (m->has_own && redactor_add(c->redactor, "mailbox", secret, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx check: the mailbox's credential is too short to be hidden, should "
                        "the server repeat it\n");
    }
    return EXIT_ALL_PASSED;
}

static int check_secret(const struct check_command *c)
{
    const struct check_mailbox *m = &c->mailbox;
    bool goes_nowhere = c->params.kind == CREDENTIAL_NONE && c->params.user.n != 0;
    if (!m->has_own && goes_nowhere) {
        return EXIT_ALL_PASSED; /* no token, or a user name that is refused: the check says so */
    }
    struct slice secret = m->has_own ? buf_slice(&m->secret.secret) : c->params.secret;
    if (!m->has_own && !is_of_account(c)) {
        return cli_wrong_use(&command_check,
                             "the mailbox of %s at %s is not the account's own: its credential is "
                             "SMTPDX_MAILBOX_PASSWORD, SMTPDX_MAILBOX_TOKEN, or in "
                             "--mailbox-password-file or --mailbox-password-command",
                             m->request.user, m->request.host);
    }
    if (secret.n == 0 || memchr(secret.p, '\0', secret.n) != NULL) {
        return cli_wrong_use(&command_check,
                             "the mailbox's credential is empty, or has a NUL in it");
    }
    return EXIT_ALL_PASSED;
}

int check_read_mailbox(struct check_command *c)
{
    struct check_target place;
    struct check_mailbox *m = &c->mailbox;
    int status = check_words(c);
    if (status != EXIT_ALL_PASSED || !m->is_wanted) {
        return status;
    }
    status = read_place(c, &place);
    if (status != EXIT_ALL_PASSED) {
        return status;
    }
    m->request = (struct mailbox_request){
        .host = place.host,
        .port = place.port,
        .security = place.security,
        .user = place.user.n != 0 ? arena_text(&c->arena, place.user) : c->to,
        .trust_pem = c->stored.route.trust_pem,
        .connect_to = m->connect_to,
        .proxy = c->params.proxy,
        .limit_us = m->limit_us != 0 ? m->limit_us : LIMIT_US,
        .is_cancelled = is_interrupted,
    };
    status = read_own(c);
    return status == EXIT_ALL_PASSED ? check_secret(c) : status;
}

/* ---- the look ---- */

static unsigned login_max(const struct check_command *c)
{
    return (unsigned)config_number(c->config, &c->entries, SETTING_LOGINS_PER_HOUR);
}

/* Is there something to count? Then folder is where. */
static bool counts(const struct check_command *c, char folder[STATE_PATH_MAX])
{
    struct why why;
    const struct mailbox_request *r = &c->mailbox.request;
    if (login_max(c) == 0 || budget_is_loopback(r->connect_to != NULL ? r->connect_to : r->host)) {
        return false;
    }
    bool has_folder = state_folder(folder, &why) == ERR_OK;
    if (!has_folder) {
        fprintf(stderr, "smtpdx check: logins cannot be counted: %s\n", why.text);
    }
    return has_folder;
}

/* A login that is refused counts as one of this hour's, like those of the check. False: none is
 * left. */
static bool take_login(const struct check_command *c, struct mailbox_answer *answer)
{
    struct why why;
    unsigned used;
    char folder[STATE_PATH_MAX];
    const struct mailbox_request *r = &c->mailbox.request;
    if (!counts(c, folder)) {
        return true;
    }
    const struct logins_account account = {folder, r->host, r->port, slice_of(r->user)};
    enum err err = logins_take(&account, (int64_t)time(NULL), login_max(c), &used, &why);
    if (err == ERR_LIMIT) {
        *answer = (struct mailbox_answer){.state = MAILBOX_HELD};
        snprintf(answer->detail, sizeof answer->detail, "%.255s", why.text);
    } else if (err != ERR_OK) {
        fprintf(stderr, "smtpdx check: logins cannot be counted: %s\n", why.text);
    }
    return err != ERR_LIMIT;
}

static void settle_login(const struct check_command *c, const struct mailbox_answer *answer)
{
    struct why why;
    char folder[STATE_PATH_MAX];
    const struct mailbox_request *r = &c->mailbox.request;
    bool is_harmless = answer->logins == 0 || answer->state != MAILBOX_NO_LOGIN;
    if (!is_harmless || !counts(c, folder)) {
        return;
    }
    const struct logins_account account = {folder, r->host, r->port, slice_of(r->user)};
    if (logins_give_back(&account, (int64_t)time(NULL), &why) != ERR_OK) {
        fprintf(stderr, "smtpdx check: logins cannot be counted: %s\n", why.text);
    }
}

void check_look_into_mailbox(struct check_command *c, struct check *check, int64_t before_us)
{
    struct why why;
    struct mailbox_answer answer;
    struct check_mailbox *m = &c->mailbox;
    const struct client_report *report = check_result(check)->report;
    bool has_credential = m->has_own || is_of_account(c);
    if (!m->is_wanted || report == NULL || !report->mail_accepted || !has_credential ||
        is_interrupted()) {
        return;
    }
    struct credential copy; /* NUL-terminated, and gone afterwards */
    credential_init(&copy);
    buf_add(&copy.secret, m->has_own ? buf_slice(&m->secret.secret) : c->params.secret);
    m->request.secret = buf_text(&copy.secret);
    m->request.is_token = (m->has_own ? m->secret.kind : c->params.kind) == CREDENTIAL_OAUTH2;
    m->request.message_id = c->params.message_id;
    m->request.limit_us -= before_us < m->request.limit_us ? before_us : m->request.limit_us;
    if (take_login(c, &answer)) {
        if (mailbox_look(&m->request, &answer, &why) != ERR_OK) {
            answer = (struct mailbox_answer){.state = MAILBOX_BROKEN, .fault = FAULT_CONFIGURATION};
            snprintf(answer.detail, sizeof answer.detail, "%.255s", why.text);
        }
        settle_login(c, &answer);
    }
    m->request.secret = NULL;
    credential_release(&copy);
    check_add_round_trip(check, &answer, before_us, m->request.is_token);
}
