/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Can mail be submitted with this account? The smallest program that uses libsmtpdx_check; Ctrl-C
 * ends it with what is known by then.
 *
 *   cc check.c $(pkg-config --cflags --libs smtpdx-check) -o check
 *   SMTPDX_PASSWORD=… ./check outlook jane@outlook.com
 *   SMTPDX_PASSWORD=… ./check gmail jane@gmail.com 127.0.0.1:2587 ca.pem      (smtpdx serve)
 */
#include <signal.h>
#include <smtpdx_check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct smtpdx_check *volatile running;

static void on_interrupt(int number)
{
    (void)number;
    smtpdx_check_cancel(running);
}

static void show(const struct smtpdx_check *c)
{
    for (size_t i = 0; i < smtpdx_check_line_count(c); i++) {
        printf("  %-4s %-12s %s\n", smtpdx_check_line_mark(c, i), smtpdx_check_line_name(c, i),
               smtpdx_check_line_text(c, i));
    }
    printf("%s", smtpdx_check_verdict(c));
    if (smtpdx_check_cause(c)[0] != '\0') {
        printf(": %s (%s, %s)\nwho acts: %s; trying again helps: %s\n%s\n", smtpdx_check_sentence(c),
               smtpdx_check_cause(c), smtpdx_check_sure(c), smtpdx_check_who(c),
               smtpdx_check_retry(c), smtpdx_check_advice(c));
    } else {
        printf("%s%s\n", smtpdx_check_reason(c)[0] != '\0' ? ": " : "", smtpdx_check_reason(c));
    }
}

int main(int argc, char **argv)
{
    struct smtpdx_check_params params = SMTPDX_CHECK_PARAMS_INIT;
    struct smtpdx_check *check;
    char error[500];
    if (argc < 3 || argc > 5) {
        fprintf(stderr, "usage: check TARGET USER [CONNECT-TO [CA-FILE]]\n");
        return 2;
    }
    params.target = argv[1];
    params.user = argv[2];
    params.secret = getenv("SMTPDX_PASSWORD");
    params.credential = params.secret != NULL ? "password" : NULL;
    params.connect_to = argc > 3 ? argv[3] : NULL;
    params.ca_file = argc > 4 ? argv[4] : NULL;
    if (smtpdx_check_start(&params, &check, error, sizeof error) != SMTPDX_OK) {
        fprintf(stderr, "check: %s\n", error);
        return 2;
    }
    running = check; /* smtpdx_check_run does both at once, where nobody wants to cancel */
    signal(SIGINT, on_interrupt);
    smtpdx_check_wait(check);
    signal(SIGINT, SIG_DFL);
    show(check);
    int is_good = strcmp(smtpdx_check_verdict(check), "usable") == 0 ||
                  strcmp(smtpdx_check_verdict(check), "reached") == 0;
    int is_bad = strcmp(smtpdx_check_verdict(check), "not_usable") == 0;
    smtpdx_check_free(check);
    return is_good ? 0 : is_bad ? 1 : 5;
}
