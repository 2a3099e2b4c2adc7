/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered from one run to the next: SMTPDX_STATE_DIR, else XDG_STATE_HOME/smtpdx, else
 * ~/.local/state/smtpdx; made when it is not there, for its owner alone. */
#ifndef SMTPDX_CLI_STATE_H
#define SMTPDX_CLI_STATE_H

#include "base/err.h"

enum { STATE_PATH_MAX = 440 };

/* The folder itself. Errors: ERR_IO (there is none, or it cannot be made). */
enum err state_folder(char out[STATE_PATH_MAX], struct why *why) MUST_USE;
/* The path of a file in it. Errors: ERR_IO (there is no folder for it, or it cannot be made). */
enum err state_path(const char *name, char out[STATE_PATH_MAX], struct why *why) MUST_USE;

#endif
