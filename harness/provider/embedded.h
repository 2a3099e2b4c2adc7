/* SPDX-License-Identifier: Apache-2.0 */
/* The provider files as they were at build time (generated, see cmake/embed.cmake). */
#ifndef SMTPDX_PROVIDER_EMBEDDED_H
#define SMTPDX_PROVIDER_EMBEDDED_H

#include <stddef.h>

struct provider_embedded {
    const char *name; /* "outlook.yaml" */
    const char *text;
    size_t n;
};
extern const struct provider_embedded provider_embedded[];
extern const size_t provider_embedded_count;

#endif
