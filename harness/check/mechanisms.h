/* SPDX-License-Identifier: Apache-2.0 */
/* Which SASL mechanisms to choose from when nobody has named one. */
#ifndef SMTPDX_CHECK_MECHANISMS_H
#define SMTPDX_CHECK_MECHANISMS_H

#include "base/arena.h"
#include "provider/provider.h"

/*
 * "auto:" and the mechanisms, best first, as struct client_params takes them: those that the provider
 * (NULL: unknown) is known to take for this kind of credential, else our own order. Lives in the
 * arena, or for ever.
 */
const char *check_mechanisms(const struct provider *p, enum credential_kind kind,
                             struct arena *arena);

#endif
