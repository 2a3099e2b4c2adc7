/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In a step of GitHub Actions every line that is printed may be a command to the runner, and a
 * server could put one into its reply: what echoes a server is fenced. Elsewhere, and where the
 * output is no pipe to the runner, nothing is printed.
 */
#ifndef SMTPDX_CLI_GITHUB_H
#define SMTPDX_CLI_GITHUB_H

#include "run/secrets.h"

struct github_fence {
    char token[33]; /* "" while open */
    int fd;
};

/* Makes the runner hide the secrets that came from outside. On standard error: standard output is
 * what people keep in files. */
void github_mask_secrets(const struct secrets *secrets);
/* Between the two no line on fd is a command. Without a begin, end does nothing. */
void github_fence_begin(struct github_fence *f, int fd);
void github_fence_end(struct github_fence *f);

#endif
