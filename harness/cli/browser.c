/* SPDX-License-Identifier: Apache-2.0 */
/* See browser.h. It may go on when we have ended: it is the person's. */
#include "cli/browser.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"

extern char **environ;

/* All but our own variables. The texts are borrowed. */
static char **their_environment(void)
{
    size_t n = 0, kept = 0;
    while (environ[n] != NULL) {
        n++;
    }
    char **list = mem_zalloc(n + 1, sizeof *list);
    for (size_t i = 0; i < n; i++) {
        if (strncmp(environ[i], "SMTPDX_", 7) != 0) {
            list[kept++] = environ[i];
        }
    }
    return list;
}

static int spawn(char *const *argv, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP); /* Ctrl-C is for us */
    posix_spawnattr_setpgroup(&attributes, 0);
    char **environment = their_environment();
    int error = posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, environment);
    free(environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

enum err browser_start(const char *command, const char *url, pid_t *pid, struct why *why)
{
    struct buf line;
    buf_init(&line, BUF_NO_CAP);
    buf_addf(&line, "%s \"$@\"", command);
    char *script = buf_take(&line), *address = mem_strdup(url);
    char shell[] = "sh", option[] = "-c";
    char *const argv[] = {shell, option, script, shell, address, NULL};
    int error = spawn(argv, pid);
    free(script);
    free(address);
    return error == 0 ? ERR_OK : why_set(why, ERR_IO, "/bin/sh: %s", strerror(error));
}

bool browser_has_failed(pid_t *pid)
{
    int status = 0;
    if (*pid <= 0 || waitpid(*pid, &status, WNOHANG) != *pid) {
        return false;
    }
    *pid = 0;
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}
