/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A diagnosis as a text that can be pasted into an answer: no colours, no tabs, lines that fit, and
 * nothing of the server's octets that could harm a terminal.
 */
#include "cli/explain.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

enum { LABEL = 10, COLUMNS_USUAL = 78, COLUMNS_LEAST = 40, REPLY_SHOWN = 1500 };

size_t explain_columns(void)
{
    struct winsize size;
    bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0;
    size_t columns = is_known && size.ws_col <= 100 ? size.ws_col : is_known ? 100 : COLUMNS_USUAL;
    return columns > COLUMNS_LEAST ? columns : COLUMNS_LEAST;
}

const char *explain_who(enum cause_who who)
{
    static const char *const words[] = {
        [WHO_NOBODY] = "nobody has to act",
        [WHO_USER] = "the user (owner of the account)",
        [WHO_ADMIN] = "an administrator (of the tenant, domain or server)",
        [WHO_DEVELOPER] = "the developer (of the program that sends)",
        [WHO_PROVIDER] = "the provider (who runs the mail server)",
        [WHO_NETWORK] = "the network (whoever runs the way in between)",
    };
    _Static_assert(COUNT(words) == WHO_COUNT, "a text for each");
    return words[who];
}

const char *explain_retry(enum cause_retry retry)
{
    static const char *const words[] = {
        [RETRY_NEVER] = "never: the same again will be refused again",
        [RETRY_LATER] = "later: it may heal by itself; wait longer each time",
        [RETRY_AFTER_FIX] = "after the fix: not before something was changed",
    };
    _Static_assert(COUNT(words) == RETRY_COUNT, "a text for each");
    return words[retry];
}

static void add_blanks(size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_char(out, ' ');
    }
}

struct slice explain_take_line(struct slice *rest, size_t columns)
{
    struct slice fits = text_cut(*rest, columns);
    size_t n = fits.n;
    if (n < rest->n) {
        while (n != 0 && rest->p[n] != ' ') {
            n--;
        }
        if (n == 0) { /* a link has to stay whole, to be clicked on */
            size_t blank = slice_find_char(*rest, ' ');
            size_t word = blank != SIZE_MAX ? blank : rest->n;
            bool is_link = slice_find(slice_sub(*rest, 0, word), SLICE("://")) != SIZE_MAX;
            n = is_link ? word : fits.n != 0 ? fits.n : 1;
        }
    }
    struct slice line = slice_sub(*rest, 0, n);
    *rest = slice_from(*rest, n);
    while (rest->n != 0 && rest->p[0] == ' ') {
        *rest = slice_from(*rest, 1);
    }
    return line;
}

static void add_wrapped(struct slice text, size_t columns, size_t *indent, struct buf *out)
{
    struct slice rest = slice_trim(text);
    do {
        add_blanks(*indent, out);
        *indent = LABEL;
        buf_add(out, slice_trim(explain_take_line(&rest, columns - LABEL)));
        buf_add_char(out, '\n');
    } while (rest.n != 0);
}

void explain_field(const char *name, struct slice text, size_t columns, struct buf *out)
{
    struct buf safe;
    struct slice rest, line;
    buf_init(&safe, BUF_NO_CAP);
    text_visible(slice_trim(text), TEXT_KEEP_LINES, &safe);
    rest = buf_slice(&safe);
    buf_add_text(out, name);
    size_t n = text_columns(slice_of(name));
    size_t indent = n < LABEL ? LABEL - n : 1;
    while (slice_take_until(&rest, '\n', &line)) {
        add_wrapped(line, columns, &indent, out);
    }
    buf_release(&safe);
}

static void add_reply(const struct evidence *e, size_t columns, struct buf *out)
{
    struct buf text;
    if (e->reply.n == 0) {
        return;
    }
    buf_init(&text, BUF_NO_CAP);
    struct slice rest = slice_sub(slice_trim(e->reply), 0, REPLY_SHOWN), line;
    while (slice_take_until(&rest, '\n', &line)) {
        buf_add(&text, slice_trim_end(line, "\r"));
        buf_add_char(&text, '\n');
    }
    if (slice_trim(e->reply).n > REPLY_SHOWN) {
        buf_addf(&text, "[and %zu octets more]", slice_trim(e->reply).n - REPLY_SHOWN);
    }
    explain_field("reply", buf_slice(&text), columns, out);
    buf_release(&text);
}

static void add_alternatives(const struct diagnosis *d, size_t columns, struct buf *out)
{
    struct buf text;
    buf_init(&text, BUF_NO_CAP);
    for (size_t i = 0; i < d->alternative_count; i++) {
        buf_truncate(&text, 0);
        buf_addf(&text, "%s, if: %s", cause_slug(d->alternatives[i].cause),
                 d->alternatives[i].tell);
        explain_field(i == 0 ? "or" : "", buf_slice(&text), columns, out);
    }
    buf_release(&text);
}

static void field(const char *name, const char *text, size_t columns, struct buf *out)
{
    if (text[0] != '\0') {
        explain_field(name, slice_of(text), columns, out);
    }
}

void explain_text(const struct diagnosis *d, const struct evidence *e, size_t columns,
                  struct buf *out)
{
    buf_addf(out, "%s (%s)\n", cause_slug(d->cause), sureness_slug(d->sure));
    field("what", cause_sentence(d->cause), columns, out);
    if (d->provider != NULL) {
        field("provider", d->provider->title, columns, out);
    }
    if (e->stage != STAGE_NONE) {
        field("stage", stage_title(e->stage), columns, out);
    }
    add_reply(e, columns, out);
    for (size_t i = 0; i < d->because_count; i++) {
        field(i == 0 ? "because" : "", d->because[i], columns, out);
    }
    field("who", explain_who(d->who), columns, out);
    field("do", d->advice, columns, out);
    field("retry", explain_retry(d->retry), columns, out);
    field("more", d->link, columns, out);
    add_alternatives(d, columns, out);
}
