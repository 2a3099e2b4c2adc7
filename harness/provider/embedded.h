/* SPDX-License-Identifier: Apache-2.0 */
/* The provider files as they were at build time (generated, see cmake/embed_providers.c). */
#ifndef SMTPDX_PROVIDER_EMBEDDED_H
#define SMTPDX_PROVIDER_EMBEDDED_H

#include <stddef.h>

struct provider_embedded {
    const char *name; /* "outlook.yaml" */
    const char *text; /* as it was written, for carets */
    size_t n;
    const char *tree; /* what parsing gives, packed (doc/pack.h) */
    size_t tree_n;
};
extern const struct provider_embedded provider_embedded[];
extern const size_t provider_embedded_count;

#endif
