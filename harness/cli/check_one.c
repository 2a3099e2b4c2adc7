/* SPDX-License-Identifier: Apache-2.0 */
/* See check_command.h. */
#include <stdio.h>
#include <time.h>

#include "check/answer.h"
#include "cli/check_command.h"
#include "cli/check_logins.h"
#include "cli/check_report.h"
#include "run/interrupt.h"

enum { LOOK_US = 100000 };

static void on_done(void *context)
{
    ((struct check_command *)context)->is_done = true;
}

/* Until it is done or somebody is tired of waiting. */
static void wait_for(struct check_command *c, struct world *world, struct check *check)
{
    while (!c->is_done) {
        (void)world_run_once(world, LOOK_US);
        if (interrupt_number() != 0) {
            check_cancel(check);
        }
    }
}

static void print(const struct check_command *c, const struct check *check)
{
    struct buf text, safe;
    buf_init(&text, BUF_NO_CAP);
    buf_init(&safe, BUF_NO_CAP);
    if (c->is_json) {
        struct json *json = check_to_json(check, slice_of(c->given), c->look.is_verbose);
        json_print(json, JSON_COMPACT, &text);
        buf_add_char(&text, '\n');
        json_free(json);
    } else {
        check_view(check, &c->look, &text);
    }
    redactor_apply(c->redactor, buf_slice(&text), &safe);
    (void)!fwrite(safe.p, 1, safe.n, stdout);
    buf_release(&text);
    buf_release(&safe);
}

/* False when a file could not be written; said on standard error. */
static bool write_files(const struct check_command *c, const struct check *check)
{
    struct why why;
    struct buf text;
    const struct check_look look = {.columns = 100, .is_verbose = true};
    int64_t left_s = c->token_ends_s != 0 ? c->token_ends_s - (int64_t)time(NULL) : -1;
    bool is_written = true;
    buf_init(&text, BUF_NO_CAP);
    check_view(check, &look, &text);
    if (c->junit != NULL && check_write_junit(check, slice_of(c->given), buf_slice(&text),
                                              c->redactor, c->junit, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx check: %s\n", why.text);
        is_written = false;
    }
    if (c->metrics != NULL &&
        check_write_metrics(check, slice_of(c->given), left_s, c->metrics, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx check: %s\n", why.text);
        is_written = false;
    }
    buf_release(&text);
    return is_written;
}

static int status_of(const struct check *check)
{
    static const int statuses[] = {
        [CHECK_USABLE] = EXIT_ALL_PASSED,
        [CHECK_REACHED] = EXIT_ALL_PASSED,
        [CHECK_NOT_USABLE] = EXIT_SOMETHING_FAILED,
        [CHECK_UNKNOWN] = EXIT_NOT_JUDGED,
    };
    int number = interrupt_number();
    return number != 0 ? 128 + number : statuses[check_result(check)->verdict];
}

/* NULL after printing why. */
static struct check *checked(struct check_command *c, struct world *world)
{
    struct why why;
    struct check *check = NULL;
    if (check_new(&c->params, &check, &why) != ERR_OK) {
        cli_wrong_use(&command_check, "%s", why.text);
        return NULL;
    }
    if (c->token_flow != NULL) {
        const struct token_result *r = token_flow_result(c->token_flow);
        check_token_failed(check, r->fault, r->detail, r->document);
    }
    bool has_taken = check_take_login(
        check, (unsigned)config_number(c->config, &c->entries, SETTING_LOGINS_PER_HOUR));
    c->is_done = false;
    check_start(check, world, on_done, c);
    wait_for(c, world, check);
    if (has_taken) {
        check_settle_login(check);
    }
    return check;
}

/* A token that was refused because its time is over is renewed once, whatever was said of its time.
 */
static bool may_renew(const struct check_command *c, const struct check *check)
{
    const struct check_result *r = check_result(check);
    return c->is_stored && !c->is_renewed && c->token_flow == NULL && interrupt_number() == 0 &&
           r->has_diagnosis && r->diagnosis.cause == CAUSE_AUTH_TOKEN_EXPIRED;
}

static void say_not_renewed(struct check_command *c, const struct why *why)
{
    struct diagnosis d;
    if (c->token_flow == NULL) {
        fprintf(stderr, "smtpdx check: the token could not be renewed: %s\n", why->text);
        return;
    }
    token_diagnose(c->mapper, c->params.target.provider, c->token_flow, &c->arena, &d);
    fprintf(stderr, "smtpdx check: the token could not be renewed: %s (%s)\n",
            cause_sentence(d.cause), cause_slug(d.cause));
}

/* How long ago the message was accepted; 0 when it was not. */
static int64_t since_acceptance(const struct check *check, struct world *world)
{
    const struct client_report *r = check_result(check)->report;
    int64_t at_us = 0;
    for (size_t i = 0; r != NULL && i < r->stage_count; i++) {
        at_us = r->stages[i].stage == STAGE_BODY && r->stages[i].is_ok ? r->stages[i].to_us : at_us;
    }
    int64_t now_us = world_now_us(world);
    return at_us != 0 && now_us > at_us ? now_us - at_us : 0;
}

static int check_in(struct check_command *c, struct world *world)
{
    struct why why;
    interrupt_catch();
    struct check *check = checked(c, world);
    if (check != NULL && may_renew(c, check)) {
        if (check_renew_stored(c, &why) == ERR_OK && c->is_renewed) {
            check_free(check);
            check = checked(c, world);
        } else { /* what the mail server said stays the verdict */
            say_not_renewed(c, &why);
        }
        stored_close(&c->stored);
    }
    int status = EXIT_WRONG_USE;
    if (check != NULL) {
        check_look_into_mailbox(c, check, since_acceptance(check, world));
        if (!c->has_diagnosis) {
            check_forget_diagnosis(check);
        }
        print(c, check);
        status = status_of(check);
        if (!write_files(c, check) && status == EXIT_ALL_PASSED) {
            status = EXIT_NO_REPORT;
        }
    }
    interrupt_release();
    check_free(check);
    return status;
}

int check_run_one(struct check_command *c)
{
    struct why why;
    struct world *world;
    if (world_new_sockets(&world, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx check: %s\n", why.text);
        return EXIT_NOT_JUDGED;
    }
    int status = check_in(c, world);
    world_free(world);
    return status;
}
