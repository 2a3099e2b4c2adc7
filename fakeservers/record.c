/* SPDX-License-Identifier: Apache-2.0 */
/* Growing lists of what was seen; texts live in the fake's arena. */
#include "fakeservers/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void record_init(struct record *r, struct arena *arena)
{
    *r = (struct record){.arena = arena};
    buf_init(&r->clear, RECORD_CLEAR_MAX);
    r->complaints = mem_zalloc(RECORD_COMPLAINTS_MAX, sizeof *r->complaints);
}

void record_release(struct record *r)
{
    free(r->commands);
    free(r->auths);
    free(r->messages);
    free(r->complaints);
    buf_release(&r->clear);
}

const struct fake_report *record_report(struct record *r)
{
    r->report.commands = r->commands;
    r->report.auths = r->auths;
    r->report.messages = r->messages;
    r->report.complaints = r->complaints;
    r->report.clear_bytes = buf_slice(&r->clear);
    return &r->report;
}

static void *record_grow(void *list, size_t count, size_t *space, size_t size)
{
    if (count < *space) {
        return list;
    }
    *space = *space ? 2 * *space : 16;
    return mem_realloc(list, *space * size);
}

void record_command(struct record *r, const struct fake_command *command)
{
    size_t n = r->report.command_count++;
    r->commands = record_grow(r->commands, n, &r->command_space, sizeof *r->commands);
    r->commands[n] = *command;
    r->commands[n].verb = arena_copy(r->arena, command->verb);
    r->commands[n].line = arena_copy(r->arena, command->line);
}

size_t record_auth(struct record *r, const struct fake_auth *auth)
{
    size_t n = r->report.auth_count;
    if (n == RECORD_AUTHS_MAX) {
        return SIZE_MAX;
    }
    r->report.auth_count++;
    r->auths = record_grow(r->auths, n, &r->auth_space, sizeof *r->auths);
    r->auths[n] = *auth;
    return n;
}

struct fake_auth *record_auth_at(struct record *r, size_t i)
{
    return i < r->report.auth_count ? &r->auths[i] : NULL;
}

void record_message(struct record *r, const struct fake_message *message)
{
    size_t n = r->report.message_count++;
    r->messages = record_grow(r->messages, n, &r->message_space, sizeof *r->messages);
    struct slice *rcpts = arena_array(r->arena, message->rcpt_count + 1, sizeof *rcpts);
    for (size_t i = 0; i < message->rcpt_count; i++) {
        rcpts[i] = arena_copy(r->arena, message->rcpts[i]);
    }
    r->messages[n] = *message;
    r->messages[n].rcpts = rcpts;
    r->messages[n].from = arena_copy(r->arena, message->from);
    size_t room = RECORD_MESSAGES_MAX - r->message_bytes;
    if (message->data.n > room) {
        record_complain(r, "more messages than a fake keeps: one was cut");
    }
    r->messages[n].data = arena_copy(r->arena, slice_sub(message->data, 0, room));
    r->message_bytes += r->messages[n].data.n;
}

void record_clear(struct record *r, struct slice bytes)
{
    bool was_full = r->clear.is_full;
    buf_add(&r->clear, bytes);
    if (r->clear.is_full && !was_full) {
        record_complain(r, "more than %d octets came outside TLS: not all were kept",
                        (int)RECORD_CLEAR_MAX);
    }
}

void record_complain(struct record *r, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (n < 0 || r->report.complaint_count == RECORD_COMPLAINTS_MAX) {
        return;
    }
    r->complaints[r->report.complaint_count++] = arena_text(r->arena, slice_of(text));
}
