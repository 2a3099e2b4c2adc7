/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random octets, news and times into a fake with a rich specification. The first octet chooses
 * server and cutting; then 0xfd passes time, 0xfe brings TLS up, 0xff ends the connection.
 * Laws: it always comes to wait or to an end, no piece is over 64 KiB, and what a client that
 * leaves is charged with adds up.
 */
#include "fakeservers/fake.h"

#include <stdlib.h>
#include <string.h>

#define LIST(...)                                                                                  \
    (const struct spec_action[])                                                                   \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define TEXTS(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static const char *const caps[] = {"PIPELINING",
                                   "SIZE 1000",
                                   "8BITMIME",
                                   "SMTPUTF8",
                                   "CHUNKING",
                                   "DSN",
                                   "STARTTLS",
                                   "AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER EXTERNAL CRAM-MD5 "
                                   "DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-256-PLUS",
                                   NULL};
static const struct spec_chunk chunks[] = {{2, 5}, {0, 7}};
static const struct spec_part secret[] = {{SPEC_LITERAL, {"b", 1}}};
static const struct spec_account accounts[] = {
    {.user = {"a", 1}, .password = {secret, 1, NULL}, .token = {secret, 1, NULL}},
    {.user = {"l", 1}, .password = {secret, 1, NULL}, .state = "auth.account_disabled"}};

static const struct spec_rule *rules(size_t *count)
{
    static struct spec_action lists[][3] = {
        {{.kind = ACTION_DRIP, .count = 1, .duration_us = 3}, {.kind = ACTION_CONTINUE}},
        {{.kind = ACTION_CHUNKS, .chunks = chunks, .chunk_count = 2}, {.kind = ACTION_CONTINUE}},
        {{.kind = ACTION_CONTINUE}, {.kind = ACTION_INJECT, .bytes = {"250 x\r\n", 7}}},
        {{.kind = ACTION_TRUNCATE, .count = 4}, {.kind = ACTION_CONTINUE}},
        {{.kind = ACTION_STALL, .duration_us = 30}, {.kind = ACTION_CONTINUE}},
        {{.kind = ACTION_GARBAGE, .count = 100}, {.kind = ACTION_CONTINUE}},
        {{.kind = ACTION_ENDLESS_LINES, .count = 9}, {.kind = ACTION_CLOSE}},
        {{.kind = ACTION_REPLY, .code = 334, .enhanced = "", .texts = NULL},
         {.kind = ACTION_DELAY}},
        {{.kind = ACTION_CONTINUE}, {.kind = ACTION_CLOSE, .close_how = CLOSE_HALF}},
        {{.kind = ACTION_CONTINUE}, {.kind = ACTION_DROP_TLS}},
        {{.kind = ACTION_SAYS, .cause = "auth.rate_limited", .variant = ""}, {.kind = ACTION_TLS}},
        {{.kind = ACTION_REPLY_RAW, .bytes = {"250", 3}}, {.kind = ACTION_CONTINUE}},
    };
    static struct spec_rule all[] = {
        {.on = "greeting", .after = 1},
        {.on = "HELO"},
        {.on = "NOOP", .after = 1},
        {.on = "HELP"},
        {.on = "VRFY"},
        {.on = "EXPN"},
        {.on = "RSET", .after = 2},
        {.on = "AUTH", .after = 3, .times = 1},
        {.on = "QUIT", .times = 1},
        {.on = "MAIL", .after = 3},
        {.on = "AUTH", .after = 2, .times = 1},
        {.on = "sasl", .after = 5},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        all[i].actions = lists[i];
        all[i].action_count = 2;
    }
    *count = COUNT(all);
    return all;
}

static const struct spec_script_line script[] = {
    {.verb = SCRIPT_SEND, .text = {"220 a", 5}},    {.verb = SCRIPT_RECV, .text = {"EHLO *", 6}},
    {.verb = SCRIPT_SEND_RAW, .text = {"250 ", 4}}, {.verb = SCRIPT_DELAY, .duration_us = 9},
    {.verb = SCRIPT_RECV_RAW, .text = {"xy", 2}},   {.verb = SCRIPT_STARTTLS},
    {.verb = SCRIPT_RECV, .text = {"*a*b", 4}},     {.verb = SCRIPT_EXPECT_CLOSE}};

static struct spec_server server_of(unsigned which)
{
    struct spec_server s = {.security = which & 1 ? SECURITY_IMPLICIT : SECURITY_STARTTLS};
    if (which & 2) {
        s.clear = s.tls_lines = caps;
    }
    if (which & 4) {
        s.rules = rules(&s.rule_count);
    }
    if (which & 8) {
        s.accounts = accounts;
        s.account_count = COUNT(accounts);
    }
    if ((which & 0x30) == 0x30) {
        s.script = script;
        s.script_count = COUNT(script);
    }
    return s;
}

struct run {
    struct session session;
    int64_t now_us;
    bool is_done;
};

static void law(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void drain(struct run *r)
{
    struct session_act act = {.kind = SESSION_SEND};
    size_t acts = 0;
    while (!r->is_done && act.kind != SESSION_WAIT) {
        r->session.ops->next(r->session.self, r->now_us, &act);
        law(act.bytes.n <= 65536);
        law(act.kind != SESSION_SEND || act.bytes.n > 0);
        r->is_done = act.kind == SESSION_DONE;
        law(++acts < 100000);
    }
}

static void tell(struct run *r, enum session_event event)
{
    static const struct tls_facts facts = {.is_up = true, .version = "TLSv1.3"};
    struct session_news news = {.event = event, .facts = &facts};
    r->session.ops->on_news(r->session.self, r->now_us, &news);
    drain(r);
}

static void pass_time(struct run *r)
{
    int64_t due = r->session.ops->deadline_us(r->session.self);
    r->now_us = due == INT64_MAX || due < r->now_us ? r->now_us + 1000 : due;
    r->session.ops->on_time(r->session.self, r->now_us);
    drain(r);
}

static void control(struct run *r, uint8_t octet)
{
    if (octet == 0xfd) {
        pass_time(r);
    } else if (octet == 0xfe) {
        tell(r, SESSION_TLS_UP);
    } else {
        tell(r, SESSION_EOF);
    }
}

static void feed(struct run *r, const uint8_t *data, size_t size, size_t cut)
{
    for (size_t i = 0; i < size && !r->is_done;) {
        size_t n = 0;
        while (i + n < size && n < cut && data[i + n] < 0xfd) {
            n++;
        }
        if (n == 0) {
            control(r, data[i++]);
            continue;
        }
        r->session.ops->on_input(r->session.self, r->now_us, slice_make((const char *)data + i, n));
        drain(r);
        i += n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    struct spec_server spec = server_of(data[0]);
    struct fake_params params = {.spec = &spec, .host = "h.test", .seed = 1};
    struct fake *f = NULL;
    struct why why;
    law(fake_new(&params, &f, &why) == ERR_OK);
    size_t cut = data[0] & 0x40 ? 1 : data[0] & 0x80 ? 5 : size;
    for (unsigned i = 0; i < 2; i++) { /* rules count over connections */
        struct run r = {.session = fake_accept(f, (int64_t)i * 10), .now_us = (int64_t)i * 10};
        tell(&r, SESSION_CONNECTED);
        feed(&r, data + 1, size - 1, cut);
        tell(&r, SESSION_EOF);
        law(r.is_done);
    }
    const struct fake_report *report = fake_report(f);
    law(report->connections == 2 && report->quits + report->leaked <= 2);
    law(report->command_count <= 2 * 4096 && report->clear_bytes.n <= 2 * size);
    for (size_t i = 0; i < report->auth_count; i++) {
        law(!(report->auths[i].accepted && report->auths[i].cancelled));
    }
    fake_free(f);
    return 0;
}
