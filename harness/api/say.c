/* SPDX-License-Identifier: Apache-2.0 */
/* See say.h. */
#include "api/say.h"

#include <stdio.h>

enum smtpdx_status api_say(char *error, size_t size, enum smtpdx_status status, const char *text)
{
    if (error != NULL && size != 0) {
        snprintf(error, size, "%s", text);
    }
    return status;
}

enum smtpdx_status api_say_why(char *error, size_t size, enum smtpdx_status status,
                               const struct why *why)
{
    char text[sizeof why->text + sizeof why->file + 32];
    if (why->file[0] != '\0') {
        snprintf(text, sizeof text, "%s:%u: %s", why->file, why->line, why->text);
    } else {
        snprintf(text, sizeof text, "%s", why->text);
    }
    return api_say(error, size, status, text);
}
