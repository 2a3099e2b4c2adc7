/* SPDX-License-Identifier: Apache-2.0 */
/* The command that repeats exactly one case. */
#include "run/again.h"

static bool has_control(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

static void add_ansi_c(struct buf *out, struct slice s)
{
    buf_add_text(out, "$'");
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c == 0x7f) {
            buf_addf(out, "\\%03o", c); /* three digits: nothing that follows can join them */
        } else {
            buf_add_text(out, c == '\'' || c == '\\' ? "\\" : "");
            buf_add_char(out, s.p[i]);
        }
    }
    buf_add_char(out, '\'');
}

void again_add_word(struct buf *out, struct slice text)
{
    if (has_control(text)) {
        add_ansi_c(out, text);
        return;
    }
    buf_add_char(out, '\'');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\'') {
            buf_add_text(out, "'\\''");
        } else {
            buf_add_char(out, text.p[i]);
        }
    }
    buf_add_char(out, '\'');
}

void again_add(struct buf *out, const char *options, const struct spec_case *spec)
{
    struct buf target;
    buf_init(&target, BUF_NO_CAP);
    /* A file whose name looks like an option must not be taken for one. */
    buf_addf(&target, "%s%s::%s", spec->file[0] == '-' ? "./" : "", spec->file, spec->name);
    buf_addf(out, "again: smtpdx run %s%s", options != NULL ? options : "",
             options != NULL && options[0] != '\0' ? " " : "");
    again_add_word(out, buf_slice(&target));
    buf_add_char(out, '\n');
    buf_release(&target);
}
