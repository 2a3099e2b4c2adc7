/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says of a check: which server a target means, and how it is looked at. */
#ifndef SMTPDX_CLI_CHECK_CONFIG_H
#define SMTPDX_CLI_CHECK_CONFIG_H

#include "check/check.h"
#include "config/config.h"

/*
 * The entries that hold for a target as it was given, and the server. *is_found is false for an
 * address whose server they do not say; it is to be looked for, and configured_security holds then.
 * Errors: as check_target_read.
 */
enum err configured_target(const struct config *config, const struct registry *providers,
                           struct slice given, struct arena *arena, struct check_target *out,
                           struct config_for *entries, bool *is_found, struct why *why) MUST_USE;

void configured_security(const struct config_for *entries, struct check_target *out);

/* All of a check that settings decide, but its server, user and TLS. Strings live as long as
 * config. */
void configured_params(const struct config *config, const struct config_for *entries,
                       struct check_params *out);

/* TLS with the certificates of a file, or with the system's (NULL). pem lives in the arena; out is
 * the caller's. Errors: ERR_IO, ERR_LIBRARY. */
enum err configured_tls(const char *ca_file, struct arena *arena, struct slice *pem,
                        struct tls_setup **out, struct why *why) MUST_USE;

#endif
