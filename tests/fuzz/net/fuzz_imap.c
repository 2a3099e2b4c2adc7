/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any octets as all that an IMAP server says: no crash; the look comes to an end; each command is
 * one line of ASCII and one of those that change nothing, whatever names the server made up.
 */
#include "net/imap_look.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge_command(struct slice command)
{
    static const char *const known[] = {"CAPABILITY", "LIST", "EXAMINE", "SEARCH"};
    struct slice rest = command, word;
    bool is_known = false;
    must(command.n > 2 && command.p[command.n - 2] == '\r' && command.p[command.n - 1] == '\n');
    for (size_t i = 0; i + 2 < command.n; i++) {
        must(command.p[i] >= ' ' && command.p[i] < 0x7f);
    }
    must(slice_take_word(&rest, &word) && slice_take_word(&rest, &word));
    for (size_t i = 0; i < COUNT(known); i++) {
        is_known = is_known || slice_eq_text(slice_trim(word), known[i]);
    }
    must(is_known);
}

/* The tag of the command, where the input has '@' for it: else no answer would ever end. */
static void put_tag(char *text, size_t n, const char *tag, size_t *from)
{
    for (size_t i = *from; i + 4 <= n; i++) {
        if (text[i] == '@' && (i == 0 || text[i - 1] == '\n')) {
            memcpy(text + i, tag, 4);
            *from = i + 4;
            return;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct imap_reader reader;
    struct imap_look look;
    struct slice line;
    int64_t now_us = 0;
    char *copy = malloc(size != 0 ? size : 1);
    must(copy != NULL);
    if (size != 0) {
        memcpy(copy, data, size);
    }
    struct slice in = slice_make(copy, size);
    imap_reader_init(&reader);
    must(imap_look_init(&look, SLICE("smtpdx.0@smtpdx.invalid"), 60000000, NULL) == ERR_OK);
    enum imap_act act;
    size_t tagged = 0;
    while ((act = imap_look_next(&look, now_us)) != IMAP_ACT_END) {
        if (act == IMAP_ACT_WAIT) {
            must(look.until_us > now_us && look.until_us <= 60000000);
            now_us = look.until_us;
            continue;
        }
        judge_command(buf_slice(&look.command));
        tagged = tagged > size - in.n ? tagged : size - in.n;
        put_tag(copy, size, look.tag_text, &tagged);
        bool is_done = false;
        enum imap_read read = IMAP_MORE;
        while (!is_done && in.n != 0 && read != IMAP_BAD) {
            size_t used;
            read = imap_read_line(&reader, in, &used, &line);
            must(used <= in.n && (read == IMAP_BAD || used != 0));
            in = slice_from(in, used);
            is_done = read == IMAP_LINE && imap_look_line(&look, line, now_us++);
        }
        if (!is_done) {
            break; /* the server has closed */
        }
    }
    must(look.state != IMAP_LOOK_FOUND || look.folders[look.at].name[0] != '\0');
    imap_look_release(&look);
    imap_reader_release(&reader);
    free(copy);
    return 0;
}
