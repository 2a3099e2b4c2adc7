/* SPDX-License-Identifier: Apache-2.0 */
/* One child process, its output over a pipe, with a deadline. */
#include "run/child.h"

/* Until the end of its output, or the deadline; false when time ran out. */
static bool talk(struct child *c, struct slice input, int64_t until_ms, struct buf *out)
{
    for (;;) {
        bool can_write, can_read;
        if (input.n == 0) {
            child_close_input(c);
        }
        if (!child_wait(c, input.n, until_ms, &can_write, &can_read)) {
            return false;
        }
        if (can_write) {
            child_write(c, &input);
        }
        if (can_read && (!child_read(c, out) || out->is_full)) {
            return true; /* the exit status tells the rest */
        }
    }
}

enum err command_talk(const struct command *command, struct buf *out, struct why *why)
{
    struct child c;
    TRY(child_start(command, &c, why));
    bool in_time = talk(&c, command->input, child_now_ms() + command->timeout_ms, out);
    if (!in_time || out->is_full) {
        child_kill(&c, command->is_stranger);
    }
    enum err err = child_end(&c, command, !in_time, why);
    if (out->is_full) {
        return why_set(why, ERR_LIMIT, "%s printed more than %zu octets and was stopped",
                       command->argv[0], out->n);
    }
    return err;
}

enum err command_output(const char *const *argv, int timeout_ms, struct buf *out, struct why *why)
{
    return command_talk(&(struct command){.argv = argv, .timeout_ms = timeout_ms}, out, why);
}
