/* SPDX-License-Identifier: Apache-2.0 */
/* ::add-mask:: and ::stop-commands:: (GitHub Docs, "Workflow commands for GitHub Actions"). */
#include "cli/github.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_runner(int fd)
{
    const char *value = getenv("GITHUB_ACTIONS");
    struct stat st;
    bool is_pipe = fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
    return is_pipe && value != NULL && strcmp(value, "true") == 0;
}

static void mask(void *context, struct slice value)
{
    (void)context;
    fputs("::add-mask::", stderr);
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        if (c == '%' || c == '\r' || c == '\n') {
            fprintf(stderr, "%%%02X", (unsigned)(unsigned char)c);
        } else {
            fputc(c, stderr);
        }
    }
    fputc('\n', stderr);
}

void github_mask_secrets(const struct secrets *secrets)
{
    if (is_runner(STDERR_FILENO)) {
        secrets_walk_given(secrets, mask, NULL);
        fflush(stderr);
    }
}

/* One write, so that nothing of anybody else stands in the line; a lost reader is no failure. */
static void print_line(int fd, const char *before, const char *token, const char *after)
{
    char line[80];
    int n = snprintf(line, sizeof line, "%s%s%s\n", before, token, after);
    (void)!write(fd, line, (size_t)n);
}

void github_fence_begin(struct github_fence *f, int fd)
{
    unsigned char random[16];
    if (!is_runner(fd) || getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        return;
    }
    for (size_t i = 0; i < sizeof random; i++) { /* nobody may guess the word that ends it */
        snprintf(f->token + 2 * i, 3, "%02x", (unsigned)random[i]);
    }
    f->fd = fd;
    print_line(fd, "::stop-commands::", f->token, "");
}

void github_fence_end(struct github_fence *f)
{
    if (f->token[0] != '\0') {
        print_line(f->fd, "::", f->token, "::");
        f->token[0] = '\0';
    }
}
