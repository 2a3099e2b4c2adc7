/* SPDX-License-Identifier: Apache-2.0 */
/* See imap_look.h. One row for each step: what is sent, and what follows each answer. */
#include "net/imap_look.h"

#include <stdio.h>
#include <string.h>

static const int64_t PAUSE_FIRST_US = 500000, PAUSE_MOST_US = 10000000;

int64_t imap_look_pause_us(unsigned n)
{
    int64_t pause = PAUSE_FIRST_US;
    for (unsigned i = 0; i < n && pause < PAUSE_MOST_US; i++) {
        pause += pause / 2;
    }
    return pause < PAUSE_MOST_US ? pause : PAUSE_MOST_US;
}

enum err imap_look_init(struct imap_look *l, struct slice message_id, int64_t end_us,
                        struct why *why)
{
    struct buf quoted;
    *l = (struct imap_look){.end_us = end_us, .junk_rank = IMAP_JUNK_NEVER, .folder_count = 1};
    buf_init(&l->command, 2 * IMAP_NAME_MAX + 128);
    buf_init(&quoted, BUF_NO_CAP);
    bool is_good =
        message_id.n != 0 && message_id.n < sizeof l->message_id && imap_quote(message_id, &quoted);
    buf_release(&quoted);
    if (!is_good) {
        return why_set(why, ERR_INVALID, "this Message-ID cannot be looked for");
    }
    memcpy(l->message_id, message_id.p, message_id.n);
    l->folders[0] = (struct imap_folder){.name = "INBOX", .may_be_read = true};
    return ERR_OK;
}

void imap_look_release(struct imap_look *l)
{
    buf_release(&l->command);
}

/* ---- what is sent ---- */

static void add_quoted(struct imap_look *l, const char *before, const char *text,
                       const char *behind)
{
    buf_add_text(&l->command, before);
    must(imap_quote(slice_of(text), &l->command)); /* both were looked at when they came */
    buf_add_text(&l->command, behind);
}

static void write_command(struct imap_look *l)
{
    snprintf(l->tag_text, sizeof l->tag_text, "S%03u", ++l->tag);
    buf_reset(&l->command);
    buf_addf(&l->command, "%s ", l->tag_text);
    switch (l->step) {
    case IMAP_STEP_CAPABILITY:
        buf_add_text(&l->command, "CAPABILITY\r\n");
        break;
    case IMAP_STEP_LIST_USE:
        buf_add_text(&l->command, "LIST \"\" \"*\" RETURN (SPECIAL-USE)\r\n");
        break;
    case IMAP_STEP_LIST:
        buf_add_text(&l->command, "LIST \"\" \"*\"\r\n");
        break;
    case IMAP_STEP_EXAMINE:
        add_quoted(l, "EXAMINE ", l->folders[l->at].name, "\r\n");
        break;
    case IMAP_STEP_SEARCH:
        add_quoted(l, "SEARCH HEADER Message-ID ", l->message_id, "\r\n");
        break;
    case IMAP_STEP_PAUSE:
    case IMAP_STEP_COUNT:
        break;
    }
}

enum imap_act imap_look_next(struct imap_look *l, int64_t now_us)
{
    if (l->state != IMAP_LOOK_ON) {
        return IMAP_ACT_END;
    }
    if (l->step == IMAP_STEP_PAUSE) {
        if (now_us < l->until_us) {
            return IMAP_ACT_WAIT;
        }
        l->step = IMAP_STEP_EXAMINE;
    }
    write_command(l);
    l->is_sent = true;
    return IMAP_ACT_SEND;
}

/* ---- what the answers mean ---- */

static void end_with(struct imap_look *l, enum imap_look_state state, struct slice words)
{
    struct slice shown = slice_sub(slice_trim(words), 0, sizeof l->words - 1);
    l->state = state;
    if (shown.n != 0) {
        memcpy(l->words, shown.p, shown.n);
    }
    l->words[shown.n] = '\0';
}

static void take_folder(struct imap_look *l, struct slice line)
{
    struct imap_folder folder;
    if (!imap_read_list(line, &folder) || slice_eq_nocase_text(slice_of(folder.name), "INBOX")) {
        return;
    }
    unsigned rank = imap_junk_rank(&folder);
    if (rank < l->junk_rank) {
        l->junk_rank = rank;
        l->folders[1] = folder;
        l->folder_count = 2;
    }
}

static void take_untagged(struct imap_look *l, struct slice line)
{
    bool has_hit = false;
    switch (l->step) {
    case IMAP_STEP_CAPABILITY:
        l->has_extended = l->has_extended || imap_has_capability(line, "LIST-EXTENDED");
        l->has_use = l->has_use || imap_has_capability(line, "SPECIAL-USE");
        break;
    case IMAP_STEP_LIST_USE:
    case IMAP_STEP_LIST:
        take_folder(l, line);
        break;
    case IMAP_STEP_SEARCH:
        l->has_hit = (imap_read_search(line, &has_hit) && has_hit) || l->has_hit;
        break;
    case IMAP_STEP_EXAMINE:
    case IMAP_STEP_PAUSE:
    case IMAP_STEP_COUNT:
        break;
    }
}

/* All folders were looked at, and it is in none. */
static void end_look(struct imap_look *l, int64_t now_us)
{
    l->at = 0;
    l->step = IMAP_STEP_PAUSE;
    l->until_us = now_us + imap_look_pause_us(l->looks++);
    if (now_us >= l->end_us) {
        end_with(l, IMAP_LOOK_NOT_THERE, SLICE(""));
    } else if (l->until_us > l->end_us) {
        l->until_us = l->end_us; /* the last look is at the end of the time */
    }
}

static void next_folder(struct imap_look *l, int64_t now_us)
{
    l->step = IMAP_STEP_EXAMINE;
    if (++l->at >= l->folder_count) {
        end_look(l, now_us);
    }
}

static void take_good(struct imap_look *l, int64_t now_us)
{
    switch (l->step) {
    case IMAP_STEP_CAPABILITY:
        l->step = l->has_extended && l->has_use ? IMAP_STEP_LIST_USE : IMAP_STEP_LIST;
        break;
    case IMAP_STEP_LIST_USE:
    case IMAP_STEP_LIST:
        l->step = IMAP_STEP_EXAMINE;
        break;
    case IMAP_STEP_EXAMINE:
        l->step = IMAP_STEP_SEARCH;
        l->has_hit = false;
        break;
    case IMAP_STEP_SEARCH:
        if (l->has_hit) {
            l->looks++;
            end_with(l, IMAP_LOOK_FOUND, SLICE(""));
        } else {
            next_folder(l, now_us);
        }
        break;
    case IMAP_STEP_PAUSE:
    case IMAP_STEP_COUNT:
        break;
    }
}

/* Without CAPABILITY, LIST or the junk folder the INBOX can still be looked at. */
static void take_bad(struct imap_look *l, struct slice words, int64_t now_us)
{
    static const char *const names[IMAP_STEP_COUNT] = {
        [IMAP_STEP_EXAMINE] = "EXAMINE", [IMAP_STEP_SEARCH] = "SEARCH"};
    switch (l->step) {
    case IMAP_STEP_CAPABILITY:
    case IMAP_STEP_LIST_USE:
        l->step = IMAP_STEP_LIST;
        break;
    case IMAP_STEP_LIST:
        l->step = IMAP_STEP_EXAMINE;
        break;
    case IMAP_STEP_EXAMINE:
    case IMAP_STEP_SEARCH:
        if (l->at == 0) {
            l->refused = names[l->step];
            end_with(l, IMAP_LOOK_REFUSED, words);
        } else {
            l->folder_count = 1;
            end_look(l, now_us);
        }
        break;
    case IMAP_STEP_PAUSE:
    case IMAP_STEP_COUNT:
        break;
    }
}

bool imap_look_line(struct imap_look *l, struct slice line, int64_t now_us)
{
    struct slice rest;
    if (l->state != IMAP_LOOK_ON || !l->is_sent) {
        return true;
    }
    switch (imap_kind_of(line, l->tag_text, &rest)) {
    case IMAP_UNTAGGED:
        take_untagged(l, line);
        return false;
    case IMAP_OTHER:
        return false;
    case IMAP_BYE:
        end_with(l, IMAP_LOOK_CLOSED, rest);
        break;
    case IMAP_OK:
        take_good(l, now_us);
        break;
    case IMAP_NO:
    case IMAP_REFUSED:
        take_bad(l, rest, now_us);
        break;
    }
    l->is_sent = false;
    return true;
}
