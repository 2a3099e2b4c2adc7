/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions (PCRE2) over octets: a reply may hold any octet, so UTF mode is off, and no
 * pattern can switch it on. Limits on matching make catastrophic patterns give up, never hang.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "doc/pattern.h"

#include <pcre2.h>
#include <stdlib.h>

enum {
    PATTERN_MAX_BYTES = 16 * 1024,
    MATCH_LIMIT = 200000,
    DEPTH_LIMIT = 2000,
    HEAP_LIMIT_KIB = 1024,
};

struct pattern {
    pcre2_code *code;
    pcre2_match_context *limits;
};

static uint32_t options_of(unsigned flags)
{
    uint32_t options = PCRE2_DOLLAR_ENDONLY;
    if ((flags & PATTERN_LITERAL) != 0) {
        options = PCRE2_LITERAL;
    } else {
        options |= PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
    }
    options |= (flags & PATTERN_NOCASE) != 0 ? PCRE2_CASELESS : 0;
    options |= (flags & PATTERN_ANCHORED) != 0 ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0;
    return options;
}

static pcre2_match_context *new_limits(void)
{
    pcre2_match_context *c = pcre2_match_context_create(NULL);
    if (c == NULL) {
        die_no_memory();
    }
    pcre2_set_match_limit(c, MATCH_LIMIT);
    pcre2_set_depth_limit(c, DEPTH_LIMIT);
    pcre2_set_heap_limit(c, HEAP_LIMIT_KIB);
    return c;
}

enum err pattern_new(struct slice source, unsigned flags, struct pattern **out, struct why *why)
{
    *out = NULL;
    if (source.n > PATTERN_MAX_BYTES) {
        return why_set(why, ERR_SYNTAX, "regular expression: longer than %d bytes",
                       PATTERN_MAX_BYTES);
    }
    int number = 0;
    PCRE2_SIZE offset = 0;
    PCRE2_SPTR text = (PCRE2_SPTR)(source.n != 0 ? source.p : "");
    pcre2_code *code = pcre2_compile(text, source.n, options_of(flags), &number, &offset, NULL);
    if (code == NULL) {
        PCRE2_UCHAR said[200] = "";
        pcre2_get_error_message(number, said, sizeof said);
        return why_set(why, ERR_SYNTAX, "regular expression: %s, at offset %zu", (char *)said,
                       (size_t)offset);
    }
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* where it may not, the interpreter runs */
    struct pattern *p = mem_alloc(sizeof *p);
    *p = (struct pattern){.code = code, .limits = new_limits()};
    *out = p;
    return ERR_OK;
}

void pattern_free(struct pattern *p)
{
    if (p != NULL) {
        pcre2_code_free(p->code);
        pcre2_match_context_free(p->limits);
        free(p);
    }
}

unsigned pattern_groups(const struct pattern *p)
{
    uint32_t count = 0;
    (void)pcre2_pattern_info(p->code, PCRE2_INFO_CAPTURECOUNT, &count);
    return count;
}

static void copy_groups(const pcre2_match_data *data, int count, struct slice subject,
                        struct slice groups[PATTERN_GROUPS_MAX])
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer((pcre2_match_data *)(uintptr_t)data);
    for (int i = 0; i < PATTERN_GROUPS_MAX; i++) {
        PCRE2_SIZE from = i < count ? at[2 * i] : PCRE2_UNSET;
        PCRE2_SIZE to = i < count ? at[2 * i + 1] : PCRE2_UNSET;
        bool is_set = from != PCRE2_UNSET && from <= to; /* \K in a lookahead can turn them round */
        groups[i] = is_set ? slice_sub(subject, from, to - from) : slice_of("");
    }
}

enum pattern_result pattern_match(const struct pattern *p, struct slice subject,
                                  struct slice groups[PATTERN_GROUPS_MAX])
{
    pcre2_match_data *data = pcre2_match_data_create(PATTERN_GROUPS_MAX, NULL);
    if (data == NULL) {
        die_no_memory();
    }
    PCRE2_SPTR text = (PCRE2_SPTR)(subject.n != 0 ? subject.p : "");
    int rc = pcre2_match(p->code, text, subject.n, 0, 0, data, p->limits);
    if (rc >= 0 && groups != NULL) {
        copy_groups(data, rc == 0 ? PATTERN_GROUPS_MAX : rc, subject, groups);
    }
    pcre2_match_data_free(data);
    if (rc >= 0) {
        return PATTERN_YES;
    }
    return rc == PCRE2_ERROR_NOMATCH ? PATTERN_NO : PATTERN_GAVE_UP;
}
