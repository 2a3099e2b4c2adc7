/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a result document: what is asserted is there, in part as in whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "doc/node.h"
#include "run/document.h"
#include "scenario/table.h"

static const struct slice lines[] = {{"mail ready", 10}};
static const struct client_step_result steps[] = {{.verb = STEP_NOOP, .was_run = true}};

static struct client_report a_report(void)
{
    return (struct client_report){
        .outcome = OUTCOME_REFUSED,
        .stage = STAGE_AUTH,
        .fault = FAULT_CONNECTION_RESET,
        .detail = "more words",
        .reply = {.code = 535, .enhanced = "5.7.8", .lines = lines, .line_count = 1},
        .greeting = {.code = 220, .lines = lines, .line_count = 1},
        .error_document = SLICE("{}"),
        .clear = lines,
        .clear_count = 1,
        .tls = lines,
        .tls_count = 1,
        .auth_sent = true,
        .mechanism = "PLAIN",
        .quit_sent = true,
        .stages = {{STAGE_CONNECT, 0, 1000, true}},
        .stage_count = 1,
        .steps = steps,
        .step_count = 1,
        .unsolicited_count = 2,
    };
}

static const struct node *expect_of(struct arena *arena, const char *key)
{
    static const struct node at = {.kind = NODE_MAP};
    const struct node *name = node_new_scalar(arena, &at, slice_of(key));
    return node_new_map(arena, &at, &name, &name, 1);
}

static void print(const struct json *v, struct buf *out)
{
    buf_reset(out);
    if (v != NULL) {
        json_print(v, JSON_COMPACT, out);
    } else {
        buf_add_text(out, "nothing");
    }
}

/* Every key that `expect` may name: the part built for it says what the whole document says. */
static void test_parts(void **state)
{
    (void)state;
    struct arena arena;
    struct buf in_part, in_whole;
    struct client_report report = a_report();
    struct fake_report fake = {.connections = 3, .sni = "mail.example.test"};
    struct diagnosis diagnosis = {
        .cause = CAUSE_AUTH_CREDENTIALS_REJECTED, .advice = "a", .link = "l"};
    struct redactor *redactor = redactor_new();
    struct document_attempt attempt = {.outcome = OUTCOME_REFUSED, .code = 535, .cause = "x"};
    struct spec_probe probe = {.user = SLICE("jane")};
    struct spec_case spec = {
        .id = "s::c", .suite = "s", .name = "c", .title = "t", .file = "f", .probe = &probe};
    struct document_input in = {
        .spec = &spec,
        .target = {.provider = "p", .host = "h", .address = "a", .port = 25},
        .report = &report,
        .diagnosis = &diagnosis,
        .fake = &fake,
        .redactor = redactor,
        .attempts = &attempt,
        .attempt_count = 1,
        .end_us = 5000};
    arena_init(&arena);
    buf_init(&in_part, BUF_NO_CAP);
    buf_init(&in_whole, BUF_NO_CAP);
    struct json *whole = document_build(&in, DOCUMENT_ALL);
    size_t in_parts = 0;
    for (size_t i = 0; i < shape_expect.count; i++) {
        const struct field *f = &shape_expect.fields[i];
        const char *from = f->from != NULL ? f->from : f->key;
        spec.expect = expect_of(&arena, f->key);
        document_parts parts = document_parts_of(&spec);
        struct json *part = document_build(&in, parts);
        print(json_get(part, from), &in_part);
        print(json_get(whole, from), &in_whole);
        if (strcmp(buf_text(&in_part), buf_text(&in_whole)) != 0) {
            fail_msg("%s: %s in its part, %s in the whole", f->key, buf_text(&in_part),
                     buf_text(&in_whole));
        }
        in_parts += parts != DOCUMENT_ALL ? 1 : 0;
        json_free(part);
    }
    assert_true(in_parts > shape_expect.count / 2); /* or nothing is gained */
    json_free(whole);
    buf_release(&in_part);
    buf_release(&in_whole);
    redactor_free(redactor);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
