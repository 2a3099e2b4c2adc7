/* SPDX-License-Identifier: Apache-2.0 */
#include "run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { END_MS = 1000 };

int64_t child_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What a stranger's program may know of ours. */
static const char *const harmless[] = {
    "PATH=", "HOME=", "LANG=", "LC_ALL=", "TMPDIR=", "TZ=", "USER="};

static char **stranger_environment(void)
{
    size_t n = 0;
    char **list = mem_zalloc(COUNT(harmless) + 1, sizeof *list);
    for (char **e = environ; *e != NULL; e++) {
        for (size_t i = 0; i < COUNT(harmless) && n < COUNT(harmless); i++) {
            if (strncmp(*e, harmless[i], strlen(harmless[i])) == 0) {
                list[n++] = *e;
            }
        }
    }
    return list;
}

static int spawn(const struct command *command, const int in[2], const int out[2], pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, command->is_stranger
                                              ? POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
                                              : POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    /* posix_spawn wants char *const *, and does not write to the strings (POSIX). */
    union {
        const char *const *in;
        char *const *out;
    } args = {.in = command->argv};
    char **environment = command->is_stranger ? stranger_environment() : environ;
    int error = posix_spawnp(pid, command->argv[0], &actions, &attributes, args.out, environment);
    if (command->is_stranger) {
        free(environment);
    }
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

static void close_end(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

/* The child may end without reading: EPIPE is no error of ours. */
void child_write(struct child *c, struct slice *input)
{
    ssize_t n = input->n != 0 ? write(c->in, input->p, input->n) : 0;
    if (n > 0) {
        *input = slice_from(*input, (size_t)n);
    }
    if (n < 0 && errno != EINTR && errno != EAGAIN) {
        close_end(&c->in);
        input->n = 0;
    }
}

bool child_read(const struct child *c, struct buf *out)
{
    char block[4096];
    ssize_t n = read(c->out, block, sizeof block);
    if (n > 0) {
        buf_add(out, slice_make(block, (size_t)n));
    }
    explicit_bzero(block, sizeof block);
    return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

static enum err judge_status(const char *name, int status, bool is_late, struct why *why)
{
    if (is_late) {
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

static bool make_pipes(int in[2], int out[2])
{
    if (pipe2(in, O_CLOEXEC) != 0) {
        return false;
    }
    if (pipe2(out, O_CLOEXEC) != 0) {
        close(in[0]);
        close(in[1]);
        return false;
    }
    return true;
}

enum err child_start(const struct command *command, struct child *c, struct why *why)
{
    int in[2], from[2];
    if (!make_pipes(in, from)) {
        return why_set(why, ERR_IO, "no pipe: %s", strerror(errno));
    }
    *c = (struct child){.in = in[1], .out = from[0]};
    int error = spawn(command, in, from, &c->pid);
    close(in[0]);
    close(from[1]);
    if (error != 0) {
        close(c->in);
        close(c->out);
        return why_set(why, ERR_IO, "%s: %s", command->argv[0], strerror(error));
    }
    (void)fcntl(c->in, F_SETFL, O_NONBLOCK);
    return ERR_OK;
}

bool child_wait(struct child *c, size_t input_left, int64_t until_ms, bool *can_write,
                bool *can_read)
{
    struct pollfd p[2] = {{.fd = c->out, .events = POLLIN},
                          {.fd = input_left != 0 ? c->in : -1, .events = POLLOUT}};
    int64_t left = until_ms - child_now_ms();
    int ready = left > 0 ? poll(p, 2, (int)left) : 0;
    *can_read = ready > 0 && p[0].revents != 0;
    *can_write = ready > 0 && p[1].revents != 0;
    return ready != 0;
}

bool child_has_printed(const struct child *c)
{
    struct pollfd p = {.fd = c->out, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

void child_close_input(struct child *c)
{
    close_end(&c->in);
}

void child_kill(const struct child *c, bool is_stranger)
{
    kill(is_stranger ? -c->pid : c->pid, SIGKILL);
}

/* False: it goes on, although it has closed its output. */
static bool await_end(const struct child *c, int *status)
{
    int64_t until_ms = child_now_ms() + END_MS;
    struct timespec pause = {.tv_nsec = 50000};
    for (;;) {
        pid_t ended = waitpid(c->pid, status, WNOHANG);
        if (ended == c->pid || (ended < 0 && errno != EINTR)) {
            return true;
        }
        if (child_now_ms() >= until_ms) {
            return false;
        }
        nanosleep(&pause, NULL);
        pause.tv_nsec = pause.tv_nsec < 10000000 ? pause.tv_nsec * 2 : pause.tv_nsec;
    }
}

enum err child_end(struct child *c, const struct command *command, bool is_late, struct why *why)
{
    int status = 0;
    close_end(&c->in);
    close_end(&c->out);
    if (!await_end(c, &status)) {
        is_late = true;
        child_kill(c, command->is_stranger);
        while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR) {
        }
    }
    return judge_status(command->argv[0], status, is_late, why);
}
