/* SPDX-License-Identifier: Apache-2.0 */
/* See enhanced.h. */
#include "diagnose/enhanced.h"

static const struct enhanced_code table[] = {
#define ENHANCED(subject, detail, how, permanent, transient, source, meaning)                      \
    {subject, detail, ENHANCED_##how, CAUSE_##permanent, CAUSE_##transient, source, meaning},
#include "diagnose/enhanced.def"
#undef ENHANCED
};

const struct enhanced_code *enhanced_at(size_t i)
{
    return i < COUNT(table) ? &table[i] : NULL;
}

const struct enhanced_code *enhanced_find(const char *text)
{
    struct slice rest = slice_of(text), part;
    uint64_t class = 0, subject = 0, detail = 0;
    if (!slice_take_until(&rest, '.', &part) || !slice_to_u64(part, &class) ||
        !slice_take_until(&rest, '.', &part) || !slice_to_u64(part, &subject) ||
        !slice_to_u64(rest, &detail)) {
        return NULL;
    }
    for (size_t i = 0; i < COUNT(table); i++) {
        if (table[i].subject == subject && table[i].detail == detail) {
            return &table[i];
        }
    }
    return NULL;
}

enum cause enhanced_cause(const char *text, enum stage stage, bool *is_weak)
{
    const struct enhanced_code *code = enhanced_find(text);
    *is_weak = code != NULL && code->how == ENHANCED_WEAK;
    if (code == NULL || (code->how == ENHANCED_LOGIN && stage != STAGE_AUTH)) {
        return CAUSE_UNKNOWN;
    }
    return text[0] == '4' ? code->transient : text[0] == '5' ? code->permanent : CAUSE_UNKNOWN;
}
