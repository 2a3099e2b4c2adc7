/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine is called in EHLO (RFC 5321 4.1.1.1). */
#include <unistd.h>

#include "cli/cli.h"
#include "wire/path.h"

const char *cli_hostname(char *space, size_t size)
{
    struct why why;
    if (gethostname(space, size - 1) != 0) {
        return NULL;
    }
    space[size - 1] = '\0';
    struct slice name = slice_of(space);
    bool is_local =
        slice_has_suffix(name, SLICE(".local")) || slice_has_suffix(name, SLICE(".localdomain"));
    bool is_full = slice_find_char(name, '.') != SIZE_MAX && !is_local;
    return is_full && path_check_helo(name, &why) == ERR_OK ? space : NULL;
}
