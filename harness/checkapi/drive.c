/* SPDX-License-Identifier: Apache-2.0 */
/* Running a check. Each has a loop of its own, so that any number of them can be in any thread;
 * whoever has a loop of his own hangs our loop's descriptor into it. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "check/budget.h"
#include "checkapi/inside.h"
#include "net/tls.h"

/* A turn of the loop may ask to watch what only the next turn tells the kernel of: without the
 * second the descriptor could stay silent. */
enum { TURNS = 2 };
static const int64_t LONG_US = 60000000;

int smtpdx_check_fd(const struct smtpdx_check *c)
{
    return world_poll_fd(c->world);
}

int smtpdx_check_wait_ms(struct smtpdx_check *c)
{
    return c->is_finished ? 0 : world_wait_ms(c->world);
}

/* Its login counts if it was sent, whatever became of it. */
static void settle(struct smtpdx_check *c)
{
    struct why why;
    if (c->has_login) {
        c->has_login = false;
        (void)!budget_settle(c->check, c->state_folder, &why); /* then it counts: the safe side */
    }
}

static void turn(struct smtpdx_check *c, int64_t wait_us)
{
    (void)world_run_once(c->world, wait_us);
    if (c->is_done && !c->is_finished) {
        checkapi_conclude(c);
        settle(c);
        c->is_finished = true;
    }
}

int smtpdx_check_step(struct smtpdx_check *c)
{
    for (unsigned i = 0; i < TURNS && !c->is_finished; i++) {
        turn(c, 0);
    }
    return c->is_finished;
}

void smtpdx_check_wait(struct smtpdx_check *c)
{
    while (!c->is_finished) {
        turn(c, LONG_US);
    }
}

int smtpdx_check_is_finished(const struct smtpdx_check *c)
{
    return c->is_finished;
}

void smtpdx_check_cancel(struct smtpdx_check *c)
{
    const uint64_t one = 1;
    int number = errno;
    (void)!write(c->wake_fd, &one, sizeof one); /* full: it has been asked often enough */
    errno = number;
}

void smtpdx_check_free(struct smtpdx_check *c)
{
    if (c == NULL) {
        return;
    }
    if (c->is_started && !c->is_done) {
        check_cancel(c->check);
    }
    settle(c);
    check_free(c->check);
    world_free(c->world);
    if (c->wake_fd >= 0) {
        close(c->wake_fd);
    }
    tls_setup_free(c->tls);
    smtpdx_mapper_close(c->own_mapper);
    redactor_free(c->redactor);
    buf_wipe(&c->secret);
    buf_release(&c->secret);
    buf_release(&c->json);
    arena_release(&c->arena);
    free(c);
}
