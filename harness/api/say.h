/* SPDX-License-Identifier: Apache-2.0 */
/* What a public function says when it fails: a status, and a text where the caller has room for
 * one. */
#ifndef SMTPDX_API_SAY_H
#define SMTPDX_API_SAY_H

#include "base/err.h"
#include "smtpdx.h"

enum smtpdx_status api_say(char *error, size_t size, enum smtpdx_status status, const char *text);
/* With file and line, where there are any. */
enum smtpdx_status api_say_why(char *error, size_t size, enum smtpdx_status status,
                               const struct why *why);

#endif
