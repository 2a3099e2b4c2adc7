/* SPDX-License-Identifier: Apache-2.0 */
/* One child process, its output over a pipe, with a deadline. */
#include "run/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int spawn(const char *const *argv, int write_end, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, write_end, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    /* posix_spawn wants char *const *, and does not write to the strings (POSIX). */
    union {
        const char *const *in;
        char *const *out;
    } args = {.in = argv};
    int error = posix_spawnp(pid, argv[0], &actions, NULL, args.out, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Reads until the end or the deadline; false when time ran out. */
static bool read_all(int fd, int64_t deadline, struct buf *out)
{
    char block[4096];
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = deadline - now_ms();
        int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (ready == 0) {
            return false;
        }
        ssize_t n = ready > 0 ? read(fd, block, sizeof block) : -1;
        if (n == 0) {
            explicit_bzero(block, sizeof block);
            return true;
        }
        if (n > 0) {
            buf_add(out, slice_make(block, (size_t)n));
        } else if (errno != EINTR) {
            return true; /* the exit status tells */
        }
    }
}

static enum err judge_status(const char *name, int status, bool in_time, struct why *why)
{
    if (!in_time) {
        return why_set(why, ERR_IO, "%s did not end in time and was stopped", name);
    }
    if (WIFSIGNALED(status)) {
        return why_set(why, ERR_IO, "%s was ended by signal %d", name, WTERMSIG(status));
    }
    if (WEXITSTATUS(status) != 0) {
        return why_set(why, ERR_IO, "%s ended with status %d", name, WEXITSTATUS(status));
    }
    return ERR_OK;
}

enum err command_output(const char *const *argv, int timeout_ms, struct buf *out, struct why *why)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return why_set(why, ERR_IO, "no pipe: %s", strerror(errno));
    }
    pid_t pid;
    int error = spawn(argv, ends[1], &pid);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        return why_set(why, ERR_IO, "%s: %s", argv[0], strerror(error));
    }
    bool in_time = read_all(ends[0], now_ms() + timeout_ms, out);
    close(ends[0]);
    if (!in_time) {
        kill(pid, SIGKILL);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return judge_status(argv[0], status, in_time, why);
}
