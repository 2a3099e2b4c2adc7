/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as what a token endpoint answers, one answer after the other: no crash; every flow ends; a
 * token comes only out of an answer with status 200, and never waits into the past. */
#include "token/flow.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void play(enum token_grant grant, struct slice rest)
{
    const struct token_flow_params params = {
        .grant = grant,
        .client = {.token_url = "https://login.example/token",
                   .device_url = "https://login.example/device",
                   .id = SLICE_INIT("id"),
                   .secret = SLICE_INIT("secret"),
                   .scope = SLICE_INIT("mail")},
        .refresh_token = SLICE_INIT("old"),
        .code = SLICE_INIT("code"),
        .assertion = SLICE_INIT("a.b.c"),
        .retries = 2,
    };
    struct token_flow *f = NULL;
    struct token_act act;
    struct slice line;
    int64_t now_s = 1700000000;
    unsigned last = 0;
    must(token_flow_new(&params, &f, NULL) == ERR_OK);
    for (unsigned steps = 0; steps < 400; steps++) {
        token_flow_next(f, now_s, &act);
        if (act.kind == TOKEN_ACT_POST) {
            bool has_more = slice_take_until(&rest, '\n', &line) && line.n != 0;
            last = !has_more                ? 0
                   : line.p[0] == 'E'       ? 503
                   : (line.p[0] & 1) != 0   ? 400
                                            : 200;
            if (last == 0) {
                token_flow_broken(f, now_s, FAULT_CONNECTION_LOST, "gone");
            } else {
                token_flow_answer(f, now_s, last, slice_from(line, 1), line.p[0]);
            }
        } else if (act.kind == TOKEN_ACT_WAIT) {
            must(act.until_s > now_s && act.until_s - now_s <= 300);
            now_s = act.until_s;
        } else if (act.kind == TOKEN_ACT_SHOW) {
            must(act.uri.n != 0 && act.code.n != 0);
        } else {
            const struct token_result *r = token_flow_result(f);
            must((act.kind == TOKEN_ACT_DONE) == (r->access_token.n != 0));
            must(act.kind == TOKEN_ACT_FAILED || last == 200);
            must(r->expires_s == 0 || r->expires_s >= now_s);
            token_flow_free(f);
            return;
        }
    }
    must(rest.n != 0); /* it may go on only as long as somebody answers */
    token_flow_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size != 0 ? size : 1);
    must(copy != NULL);
    if (size != 0) {
        memcpy(copy, data, size);
    }
    for (unsigned grant = 0; grant < TOKEN_GRANT_COUNT; grant++) {
        play((enum token_grant)grant, slice_make(copy, size));
    }
    free(copy);
    return 0;
}
