/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of what smtpdx_mapper_open gives, for libsmtpdx_check, which may be handed one. The
 * two shared libraries each hold the code that reads it, so they have to be of one version: the
 * check compares `version`, which for this reason stays the first member.
 */
#ifndef SMTPDX_API_MAPPER_H
#define SMTPDX_API_MAPPER_H

#include "diagnose/diagnose.h"
#include "smtpdx.h"

struct smtpdx_mapper {
    const char *version;
    struct registry *registry;
    struct mapper *mapper;
};

#endif
