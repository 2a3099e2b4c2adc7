/* SPDX-License-Identifier: Apache-2.0 */
/* See config_file.h. A file that was named has to be there; one in its usual place may be missing.
 */
#include "cli/config_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20 };

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* An absolute path, as the XDG specification wants it; others count as not set. */
static const char *folder(const char *name)
{
    const char *value = variable(name);
    return value != NULL && value[0] == '/' ? value : NULL;
}

/* One that cannot be looked at counts as there, so that reading it says why. */
static bool is_there(const char *path)
{
    return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* NULL: there is none. */
static const char *usual_file(struct arena *arena)
{
    static const char *const names[] = {"config.yaml", "config.json"};
    const char *xdg = folder("XDG_CONFIG_HOME"), *home = folder("HOME");
    const char *base = xdg != NULL ? xdg : home;
    for (size_t i = 0; base != NULL && i < COUNT(names); i++) {
        const char *path =
            arena_printf(arena, "%s%s/smtpdx/%s", base, xdg != NULL ? "" : "/.config", names[i]);
        if (is_there(path)) {
            return path;
        }
    }
    return NULL;
}

static const char *find_file(const char *option, struct arena *arena)
{
    const char *named = option != NULL ? option : variable("SMTPDX_CONFIG");
    if (named == NULL) {
        return usual_file(arena);
    }
    return strcmp(named, "none") == 0 ? NULL : named;
}

static int complain(const struct cli_command *command, const char *text, int status)
{
    fprintf(stderr, "smtpdx %s: %s\n", command->name, text);
    return status;
}

/* It says to which server a credential goes, and which certificates are believed. */
static bool is_open_to_all(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH) != 0;
}

static int read_file(const struct cli_command *command, const char *path,
                     const struct registry *providers, struct arena *arena, struct config *c)
{
    struct why why;
    struct slice text;
    struct doc_errors errors;
    if (doc_read_file(path, FILE_MAX, arena, &text, &why) != ERR_OK) {
        return complain(command, why.text, EXIT_DID_NOT_LOAD);
    }
    if (is_open_to_all(path)) {
        (void)why_set(&why, ERR_INVALID,
                       "%s: everybody can write to it, and it says where credentials go: chmod o-w",
                       path);
        return complain(command, why.text, EXIT_DID_NOT_LOAD);
    }
    doc_errors_init(&errors, arena);
    enum err err = config_read(c, path, text, folder("HOME"), &errors);
    err = err == ERR_OK ? config_check_entries(c, providers, &errors) : err;
    if (err != ERR_OK) {
        struct buf out;
        buf_init(&out, 1 << 20);
        config_errors_print(&errors, &out);
        fprintf(stderr, "%s", buf_text(&out));
        buf_release(&out);
    }
    return err == ERR_OK ? EXIT_ALL_PASSED : EXIT_DID_NOT_LOAD;
}

static const char *environment(const char *name)
{
    return getenv(name);
}

int cli_read_config(const struct cli_command *command, const char *option,
                    const struct registry *providers, struct config *c)
{
    struct why why;
    struct arena arena;
    arena_init(&arena);
    const char *path = find_file(option, &arena);
    int status = path != NULL ? read_file(command, path, providers, &arena, c) : EXIT_ALL_PASSED;
    arena_release(&arena);
    if (status == EXIT_ALL_PASSED && config_read_environment(c, environment, &why) != ERR_OK) {
        status = complain(command, why.text, EXIT_WRONG_USE);
    }
    return status;
}
