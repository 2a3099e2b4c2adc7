/* SPDX-License-Identifier: Apache-2.0 */
/* Commands and paths: what is built is exactly one line without a control character in it. */
#include "wire/command.h"

#include <stdint.h>

static void check_line(enum err err, struct buf *out, bool may_tab)
{
    must(err == ERR_OK ? out->n > 2 && out->n <= COMMAND_SASL_MAX : out->n == 0);
    for (size_t i = 0; err == ERR_OK && i < out->n - 2; i++) {
        unsigned char c = (unsigned char)out->p[i];
        must((c >= ' ' || (may_tab && c == '\t')) && c != 0x7f);
    }
    must(err != ERR_OK || slice_has_suffix(buf_slice(out), SLICE("\r\n")));
    buf_reset(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_make((const char *)data, size);
    size_t half = slice_find_char(in, '|');
    struct slice more = half != SIZE_MAX ? slice_from(in, half + 1) : (struct slice){NULL, 0};
    struct slice value = slice_sub(in, 0, half);
    struct command_mail mail = {.from = value, .more = more, .has_auth = true, .auth = more};
    struct buf out;
    buf_init(&out, 40000);
    check_line(command_hello(COMMAND_EHLO, value, &out, NULL), &out, false);
    check_line(command_rcpt(value, more, &out, NULL), &out, false);
    check_line(command_mail(&mail, &out, NULL), &out, false);
    check_line(command_word("VRFY", value, &out, NULL), &out, false);
    check_line(command_auth(value, &more, &out, NULL), &out, false);
    struct path path;
    if (path_check(value, &path, NULL) == ERR_OK) {
        must(value.n <= PATH_MAX_OCTETS - 2 && path.local.n + path.domain.n <= value.n);
    }
    buf_release(&out);
    return 0;
}
