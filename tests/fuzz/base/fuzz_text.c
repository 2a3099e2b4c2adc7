/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever goes in: what is made visible is clean UTF-8, cuts fit, and readers of text do not
 * crash. */
#include "base/text.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_visible(struct slice in, enum text_visible how)
{
    struct buf once, twice;
    buf_init(&once, BUF_NO_CAP);
    buf_init(&twice, BUF_NO_CAP);
    text_visible(in, how, &once);
    for (struct slice s = buf_slice(&once); s.n != 0;) {
        size_t n = text_utf8_length(s);
        bool is_kept = how == TEXT_KEEP_LINES && (s.p[0] == '\n' || s.p[0] == '\t');
        must(n > 0 && ((unsigned char)s.p[0] >= 0x20 || is_kept));
        s = slice_from(s, n);
    }
    text_visible(buf_slice(&once), how, &twice);
    must(slice_eq(buf_slice(&once), buf_slice(&twice)));
    buf_release(&once);
    buf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const known[] = {"expect", "transcript", "server_saw"};
    struct slice in = slice_make((const char *)data, size), pattern;
    check_visible(in, TEXT_ONE_LINE);
    check_visible(in, TEXT_KEEP_LINES);
    for (size_t columns = 0; columns < 20; columns++) {
        must(text_columns(text_cut(in, columns)) <= columns);
    }
    int64_t us = 0;
    must(!text_duration(in, &us) || us >= 0);
    (void)text_nearest(in, known, COUNT(known));
    struct slice name = in;
    if (size < 200 && slice_take_until(&name, '\n', &pattern)) {
        (void)text_glob(pattern, name);
        must(slice_find_char(pattern, '[') != SIZE_MAX || text_glob(pattern, pattern));
    }
    return 0;
}
