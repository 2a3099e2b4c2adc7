/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that end a run early. A handler has nowhere else to write than to globals. */
#include "run/interrupt.h"

#include <signal.h>
#include <stddef.h>

#include "base/err.h"

enum { ENOUGH = 3 };

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
static struct sigaction before[COUNT(numbers)];
static volatile sig_atomic_t first, count;

static void on_signal(int number)
{
    if (first == 0) {
        first = number;
    }
    if (++count == ENOUGH) {
        signal(number, SIG_DFL);
        raise(number); /* delivered when the handler returns */
    }
}

void interrupt_catch(void)
{
    first = 0;
    count = 0;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        struct sigaction action = {.sa_handler = on_signal};
        sigemptyset(&action.sa_mask);
        sigaction(numbers[i], NULL, &before[i]);
        bool is_nohup = numbers[i] == SIGHUP && before[i].sa_handler == SIG_IGN;
        if (is_nohup || numbers[i] == SIGPIPE) {
            action.sa_handler = SIG_IGN;
        }
        sigaction(numbers[i], &action, NULL);
    }
}

int interrupt_number(void)
{
    return first;
}

void interrupt_release(void)
{
    for (size_t i = 0; i < COUNT(numbers); i++) {
        sigaction(numbers[i], &before[i], NULL);
    }
}
