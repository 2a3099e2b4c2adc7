/* SPDX-License-Identifier: Apache-2.0 */
/* See state.h. */
#include "cli/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_MAX = 400 };

static enum err find_folder(char folder[FOLDER_MAX], struct why *why)
{
    const char *own = getenv("SMTPDX_STATE_DIR"), *xdg = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int n = own != NULL && own[0] != '\0'  ? snprintf(folder, FOLDER_MAX, "%s", own)
            : xdg != NULL && xdg[0] == '/' ? snprintf(folder, FOLDER_MAX, "%s/smtpdx", xdg)
            : home != NULL && home[0] == '/'
                ? snprintf(folder, FOLDER_MAX, "%s/.local/state/smtpdx", home)
                : 0;
    return n > 0 && n < FOLDER_MAX
               ? ERR_OK
               : why_set(why, ERR_IO, "there is no folder for it: set SMTPDX_STATE_DIR");
}

static enum err make_folder(char *folder, struct why *why)
{
    for (char *slash = folder + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        bool is_there = mkdir(folder, 0700) == 0 || errno == EEXIST || access(folder, X_OK) == 0;
        int number = errno;
        if (!is_there) {
            enum err err = why_set(why, ERR_IO, "%s: %s", folder, strerror(number));
            *slash = '/';
            return err;
        }
        *slash = '/';
    }
    return mkdir(folder, 0700) == 0 || errno == EEXIST
               ? ERR_OK
               : why_set(why, ERR_IO, "%s: %s", folder, strerror(errno));
}

enum err state_folder(char out[STATE_PATH_MAX], struct why *why)
{
    TRY(find_folder(out, why));
    return make_folder(out, why);
}

enum err state_path(const char *name, char out[STATE_PATH_MAX], struct why *why)
{
    char folder[STATE_PATH_MAX];
    TRY(state_folder(folder, why));
    int n = snprintf(out, STATE_PATH_MAX, "%s/%s", folder, name);
    must(n > 0 && n < STATE_PATH_MAX);
    return ERR_OK;
}
