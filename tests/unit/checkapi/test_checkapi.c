/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check as a C library, over sockets against fakes, driven by a poll(2) of the test's own
 * wherever nothing else is said: what it answers; that it can be cancelled and freed at any time,
 * from a signal handler and while a name is being looked up; and that it leaves the process as it
 * was.
 */
#include "smtpdx_check.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/redact.h"
#include "doc/json.h"
#include "fakeservers/service.h"
#include "scenario/parts.h"

#define PASSWORD "abcdefghijklmnop" /* an app password by its form */
enum { PATIENCE_S = 300 };

static struct {
    struct registry *registry;
    struct smtpdx_mapper *mapper;
    struct pki *pki;
    struct tls_setups *setups;
    char *ca_pem;
} shared;

static int setup(void **state)
{
    struct arena arena;
    struct doc_errors errors;
    struct why why;
    (void)state;
    alarm(PATIENCE_S); /* a loop that is never woken up again */
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    enum err err = registry_load(NULL, &shared.registry, &errors, &why);
    arena_release(&arena);
    err = err == ERR_OK ? pki_new((int64_t)time(NULL), &shared.pki, &why) : err;
    if (err != ERR_OK) {
        return -1;
    }
    struct slice pem = pki_trust_pem(shared.pki);
    shared.ca_pem = calloc(1, pem.n + 1);
    memcpy(shared.ca_pem, pem.p, pem.n);
    shared.setups = tls_setups_new();
    return smtpdx_mapper_open(NULL, &shared.mapper, NULL, 0) == SMTPDX_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    smtpdx_mapper_close(shared.mapper);
    free(shared.ca_pem);
    tls_setups_free(shared.setups);
    pki_free(shared.pki);
    registry_free(shared.registry);
    return 0;
}

/* ---- a fake, in this thread ---- */

struct peer {
    struct world *world;
    struct service *service;
    struct spec_server spec;
    char connect_to[64];
    unsigned auths;
};

static void on_closed(void *context, unsigned session, int64_t now_us,
                      const struct fake_report *report)
{
    (void)session;
    (void)now_us;
    ((struct peer *)context)->auths += (unsigned)report->auth_count;
}

static struct slice no_secret(const char *name, void *context)
{
    (void)name;
    (void)context;
    return (struct slice){NULL, 0};
}

static void peer_init(struct peer *p, const char *provider, const struct spec_rule *rules,
                      size_t count)
{
    struct why why;
    const struct provider *one = registry_find(shared.registry, slice_of(provider));
    assert_non_null(one);
    *p = (struct peer){
        .spec = {.like = one->name,
                 .accepts_any = true,
                 .names_extra = "",
                 .rules = rules,
                 .rule_count = count,
                 .tls = {.cert = "", .min = "", .max = "", .ciphers = "", .fault = ""}}};
    assert_int_equal(world_new_sockets(&p->world, &why), ERR_OK);
    const struct service_params params = {.fake = {.spec = &p->spec,
                                                   .providers = shared.registry,
                                                   .pki = shared.pki,
                                                   .setups = shared.setups,
                                                   .host = one->endpoints[0].host,
                                                   .seed = 1,
                                                   .wall_time = (int64_t)time(NULL),
                                                   .secret = no_secret},
                                          .context = p,
                                          .on_closed = on_closed};
    assert_int_equal(service_start(p->world, &params, &p->service, &why), ERR_OK);
    snprintf(p->connect_to, sizeof p->connect_to, "%s:%u", service_host(p->service),
             service_port(p->service));
}

static void peer_release(struct peer *p)
{
    service_free(p->service);
    world_free(p->world);
}

/* A kernel that accepts for a server which never says a word. */
static int silent_server(char connect_to[64])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    snprintf(connect_to, 64, "127.0.0.1:%u", (unsigned)ntohs(at.sin_port));
    return fd;
}

/* ---- our loop ---- */

static struct smtpdx_check_params params_for(const char *connect_to)
{
    struct smtpdx_check_params p = SMTPDX_CHECK_PARAMS_INIT;
    p.target = "gmail";
    p.user = "jane@gmail.com";
    p.secret = PASSWORD;
    p.credential = "app_password";
    p.connect_to = connect_to;
    p.ca_pem = shared.ca_pem;
    p.mapper = shared.mapper;
    return p;
}

static struct smtpdx_check *started(const struct smtpdx_check_params *params)
{
    struct smtpdx_check *c = NULL;
    char error[400] = "";
    if (smtpdx_check_start(params, &c, error, sizeof error) != SMTPDX_OK) {
        fail_msg("%s", error);
    }
    return c;
}

/* All of them to their end, and the fake beside them; only ever as awake as wait_ms and the
 * descriptors say. */
static void drive(struct peer *peer, struct smtpdx_check **checks, size_t count)
{
    struct pollfd fds[16];
    assert_true(count < COUNT(fds));
    for (;;) {
        int wait = peer != NULL ? world_wait_ms(peer->world) : -1;
        nfds_t n = 0;
        for (size_t i = 0; i < count; i++) {
            if (!smtpdx_check_is_finished(checks[i])) {
                int ms = smtpdx_check_wait_ms(checks[i]);
                wait = ms >= 0 && (wait < 0 || ms < wait) ? ms : wait;
                fds[n++] = (struct pollfd){.fd = smtpdx_check_fd(checks[i]), .events = POLLIN};
            }
        }
        if (n == 0) {
            return;
        }
        if (peer != NULL) {
            fds[n++] = (struct pollfd){.fd = world_poll_fd(peer->world), .events = POLLIN};
        }
        assert_true(poll(fds, n, wait) >= 0);
        for (int i = 0; i < 2 && peer != NULL; i++) {
            (void)world_run_once(peer->world, 0);
        }
        for (size_t i = 0; i < count; i++) {
            if (!smtpdx_check_is_finished(checks[i])) {
                (void)smtpdx_check_step(checks[i]);
            }
        }
    }
}

static struct json *json_of(struct smtpdx_check *c)
{
    struct why why;
    struct json *json = NULL;
    assert_int_equal(json_parse(slice_of(smtpdx_check_json(c, 1)), &json, &why), ERR_OK);
    return json;
}

static bool says_password(const char *text)
{
    struct why why;
    struct redactor *redactor = redactor_new();
    assert_int_equal(redactor_add(redactor, "password", SLICE(PASSWORD), &why), ERR_OK);
    bool is_said = redactor_find(redactor, slice_of(text)) != NULL;
    redactor_free(redactor);
    return is_said;
}

/* ---- what it answers ---- */

static void test_right_password(void **state)
{
    struct peer peer;
    (void)state;
    peer_init(&peer, "gmail", NULL, 0);
    struct smtpdx_check_params params = params_for(peer.connect_to);
    struct smtpdx_check *c = started(&params);
    assert_string_equal(smtpdx_check_verdict(c), "unknown");
    assert_string_equal(smtpdx_check_cause(c), "");
    assert_string_equal(smtpdx_check_reply(c), "");
    assert_string_equal(smtpdx_check_json(c, 0), "");
    assert_int_equal(smtpdx_check_line_count(c), 0);
    drive(&peer, &c, 1);
    assert_string_equal(smtpdx_check_verdict(c), "usable");
    assert_string_equal(smtpdx_check_stage(c), "auth");
    assert_string_equal(smtpdx_check_cause(c), "");
    assert_string_equal(smtpdx_check_provider(c), "gmail");
    assert_string_equal(smtpdx_check_host(c), "smtp.gmail.com");
    assert_string_equal(smtpdx_check_address(c), "127.0.0.1");
    assert_string_equal(smtpdx_check_mechanism(c), "PLAIN");
    assert_string_equal(smtpdx_check_tls_version(c), "TLSv1.3");
    assert_true(smtpdx_check_tls_is_verified(c));
    assert_true(smtpdx_check_certificate_days(c) > 0);
    assert_string_equal(smtpdx_check_certificate_name(c, 0), "smtp.gmail.com");
    assert_null(smtpdx_check_certificate_name(c, smtpdx_check_certificate_name_count(c)));
    assert_int_equal(smtpdx_check_port(c), 587);
    assert_int_equal(smtpdx_check_logins(c), 1);
    assert_int_equal(smtpdx_check_attempts(c), 1);
    assert_string_equal(smtpdx_check_message_id(c), "");
    assert_true(smtpdx_check_ms(c) > 0);
    assert_true(smtpdx_check_line_count(c) >= 6);
    assert_string_equal(smtpdx_check_line_mark(c, 0), "ok");
    assert_string_equal(smtpdx_check_line_stage(c, 0), "connect");
    assert_true(smtpdx_check_line_ms(c, 0) >= 0);
    assert_null(smtpdx_check_line_text(c, smtpdx_check_line_count(c)));
    assert_int_equal(peer.auths, 1);
    struct json *json = json_of(c);
    assert_true(slice_eq_text(json_slice(json_get(json, "verdict")), "usable"));
    assert_true(slice_eq_text(json_slice(json_path(json, "target.given")), "gmail"));
    assert_true(json_count(json_get(json, "transcript")) > 5);
    json_free(json);
    assert_int_equal(smtpdx_check_step(c), 1); /* and does nothing any more */
    smtpdx_check_free(c);
    peer_release(&peer);
}

static const struct spec_action refuses = {
    .kind = ACTION_SAYS, .enhanced = "", .cause = "auth.credentials_rejected", .variant = ""};

/* The server repeats the credential, and would write to a terminal. */
static const char *const nasty[] = {"no \x1b[31m " PASSWORD, NULL};
static const struct spec_action repeats = {
    .kind = ACTION_REPLY, .code = 535, .enhanced = "5.7.8", .texts = nasty};

static void test_wrong_password(void **state)
{
    const struct spec_rule rule = {
        .on = server_occasion(STAGE_AUTH), .actions = &refuses, .action_count = 1};
    struct peer peer;
    (void)state;
    peer_init(&peer, "gmail", &rule, 1);
    struct smtpdx_check_params params = params_for(peer.connect_to);
    struct smtpdx_check *c = started(&params);
    drive(&peer, &c, 1);
    assert_string_equal(smtpdx_check_verdict(c), "not_usable");
    assert_string_equal(smtpdx_check_cause(c), "auth.credentials_rejected");
    assert_string_equal(smtpdx_check_who(c), "user");
    assert_string_equal(smtpdx_check_retry(c), "after_fix");
    assert_true(smtpdx_check_sentence(c)[0] != '\0');
    assert_true(smtpdx_check_because_count(c) != 0);
    assert_non_null(smtpdx_check_because(c, 0));
    assert_null(smtpdx_check_because(c, smtpdx_check_because_count(c)));
    assert_null(smtpdx_check_alternative(c, smtpdx_check_alternative_count(c)));
    assert_int_equal(smtpdx_check_code(c), 535);
    assert_string_equal(smtpdx_check_enhanced(c), "5.7.8");
    assert_int_equal(strncmp(smtpdx_check_reply(c), "535", 3), 0);
    assert_int_equal(smtpdx_check_logins(c), 1);
    assert_int_equal(peer.auths, 1);
    smtpdx_check_free(c);
    peer_release(&peer);
}

static void test_texts_are_fit_for_a_log(void **state)
{
    const struct spec_rule rule = {
        .on = server_occasion(STAGE_AUTH), .actions = &repeats, .action_count = 1};
    struct peer peer;
    bool is_shown = false;
    (void)state;
    peer_init(&peer, "gmail", &rule, 1);
    struct smtpdx_check_params params = params_for(peer.connect_to);
    struct smtpdx_check *c = started(&params);
    drive(&peer, &c, 1);
    assert_string_equal(smtpdx_check_verdict(c), "not_usable");
    assert_non_null(strstr(smtpdx_check_reply(c), "***"));
    assert_false(says_password(smtpdx_check_reply(c)));
    assert_null(strchr(smtpdx_check_reply(c), '\x1b'));
    for (size_t i = 0; i < smtpdx_check_line_count(c); i++) {
        assert_false(says_password(smtpdx_check_line_text(c, i)));
        assert_null(strchr(smtpdx_check_line_text(c, i), '\x1b'));
        is_shown = is_shown || strstr(smtpdx_check_line_text(c, i), "\\x1b[31m ***") != NULL;
    }
    assert_true(is_shown);
    assert_false(says_password(smtpdx_check_json(c, 1)));
    smtpdx_check_free(c);
    peer_release(&peer);
}

static void test_found_beforehand(void **state)
{
    char connect_to[64];
    int fd = silent_server(connect_to);
    (void)state;
    struct smtpdx_check_params params = params_for(connect_to);
    params.user = "jane";
    struct smtpdx_check *c = started(&params);
    drive(NULL, &c, 1);
    assert_string_equal(smtpdx_check_verdict(c), "not_usable");
    assert_string_equal(smtpdx_check_stage(c), "local");
    assert_int_equal(smtpdx_check_finding_count(c), 1);
    assert_string_equal(smtpdx_check_finding_weight(c, 0), "refusal");
    assert_string_equal(smtpdx_check_finding_cause(c, 0), smtpdx_check_cause(c));
    assert_true(smtpdx_check_finding_text(c, 0)[0] != '\0');
    assert_null(smtpdx_check_finding_text(c, 1));
    assert_string_equal(smtpdx_check_address(c), "");
    assert_string_equal(smtpdx_check_tls_version(c), "");
    smtpdx_check_free(c);
    close(fd);
}

static void test_a_message(void **state)
{
    struct peer peer;
    (void)state;
    peer_init(&peer, "gmail", NULL, 0);
    struct smtpdx_check_params params = params_for(peer.connect_to);
    params.send = 1;
    params.to = "joe@example.com";
    struct smtpdx_check *c = started(&params);
    drive(&peer, &c, 1);
    assert_string_equal(smtpdx_check_verdict(c), "usable");
    assert_int_equal(strncmp(smtpdx_check_message_id(c), "smtpdx.", 7), 0);
    smtpdx_check_free(c);
    peer_release(&peer);
}

/* ---- what cannot be asked ---- */

static void test_wrong_use(void **state)
{
    static const struct {
        const char *name;
        enum smtpdx_status status;
        const char *text;
        struct smtpdx_check_params p;
    } rows[] = {
        {"no target", SMTPDX_WRONG_USE, "target", {.user = "x"}},
        {"no such provider", SMTPDX_UNKNOWN_NAME, "did you mean 'gmail'", {.target = "gmial"}},
        {"nobody's domain", SMTPDX_UNKNOWN_NAME, "example.test", {.target = "j@example.test"}},
        {"kind",
         SMTPDX_UNKNOWN_NAME,
         "credential does not know 'pasword'",
         {.target = "gmail", .secret = "x", .credential = "pasword"}},
        {"no kind", SMTPDX_WRONG_USE, "`credential`", {.target = "gmail", .secret = "x"}},
        {"no secret", SMTPDX_WRONG_USE, "no secret", {.target = "gmail", .credential = "oauth2"}},
        {"stage", SMTPDX_UNKNOWN_NAME, "until does not know", {.target = "gmail", .until = "body"}},
        {"purpose", SMTPDX_UNKNOWN_NAME, "purpose", {.target = "gmail", .purpose = "c1"}},
        {"mode", SMTPDX_UNKNOWN_NAME, "security", {.target = "gmail", .security = "ssl"}},
        {"route", SMTPDX_WRONG_USE, "connect_to wants", {.target = "gmail", .connect_to = "x"}},
        {"proxy", SMTPDX_WRONG_USE, "proxy wants", {.target = "gmail", .proxy = "ftp://x"}},
        {"family", SMTPDX_WRONG_USE, "family", {.target = "gmail", .family = 5}},
        {"retries", SMTPDX_WRONG_USE, "retries", {.target = "gmail", .retries = 8}},
        {"time", SMTPDX_WRONG_USE, "negative", {.target = "gmail", .timeout_ms = -1}},
        {"both", SMTPDX_WRONG_USE, "opposite", {.target = "gmail", .strict = 1, .force = 1}},
        {"recipient", SMTPDX_WRONG_USE, "recipient", {.target = "gmail", .until = "rcpt"}},
        {"mechanism",
         SMTPDX_UNKNOWN_NAME,
         "BLAIN",
         {.target = "gmail",
          .user = "jane@gmail.com",
          .secret = PASSWORD,
          .credential = "app_password",
          .mechanism = "BLAIN"}},
        {"no file", SMTPDX_BAD_FILE, "/nowhere", {.target = "gmail", .ca_file = "/nowhere"}},
        {"no certificate", SMTPDX_BAD_FILE, "PEM", {.target = "gmail", .ca_pem = "x"}},
        {"an empty file", SMTPDX_BAD_FILE, "PEM", {.target = "gmail", .ca_file = "/dev/null"}},
        {"no folder",
         SMTPDX_BAD_FILE,
         "/nowhere",
         {.target = "gmail", .providers_folder = "/nowhere"}},
        {"no state",
         SMTPDX_BAD_FILE,
         "/nowhere",
         {.target = "gmail",
          .user = "jane@gmail.com",
          .secret = PASSWORD,
          .credential = "app_password",
          .state_folder = "/nowhere"}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct smtpdx_check_params p = rows[i].p;
        struct smtpdx_check *c = (struct smtpdx_check *)&p;
        char error[400] = "";
        p.size = sizeof p;
        p.mapper = p.providers_folder != NULL ? NULL : shared.mapper;
        enum smtpdx_status status = smtpdx_check_start(&p, &c, error, sizeof error);
        if (status != rows[i].status || strstr(error, rows[i].text) == NULL) {
            fail_msg("%s: got %d '%s', want %d '%s'", rows[i].name, status, error, rows[i].status,
                     rows[i].text);
        }
        assert_null(c);
    }
}

/* A program that was built against a header with fewer members: what lies behind them is not read.
 */
static void test_an_older_caller(void **state)
{
    struct smtpdx_check_params p = params_for("127.0.0.1:1");
    struct smtpdx_check *c = NULL;
    (void)state;
    p.family = 77;
    p.size = offsetof(struct smtpdx_check_params, family);
    p.retries = 99;
    assert_int_equal(smtpdx_check_start(&p, &c, NULL, 0), SMTPDX_OK);
    smtpdx_check_free(c);
}

/* ---- cancelled and freed ---- */

static void test_cancel_in_silence(void **state)
{
    char connect_to[64];
    int fd = silent_server(connect_to);
    (void)state;
    struct smtpdx_check_params params = params_for(connect_to);
    struct smtpdx_check *c = started(&params);
    for (int i = 0; i < 20; i++) { /* connected, and nothing comes */
        struct pollfd one = {.fd = smtpdx_check_fd(c), .events = POLLIN};
        (void)poll(&one, 1, 1);
        assert_int_equal(smtpdx_check_step(c), 0);
    }
    smtpdx_check_cancel(c);
    smtpdx_check_cancel(c);
    drive(NULL, &c, 1);
    assert_string_equal(smtpdx_check_verdict(c), "unknown");
    assert_true(smtpdx_check_was_cancelled(c));
    assert_string_equal(smtpdx_check_reason(c), "it was cancelled");
    assert_true(smtpdx_check_json(c, 0)[0] == '{');
    smtpdx_check_cancel(c); /* too late, and no harm */
    smtpdx_check_free(c);
    close(fd);
}

static struct smtpdx_check *volatile to_cancel;

static void on_signal(int number)
{
    (void)number;
    smtpdx_check_cancel(to_cancel);
}

static void test_cancel_from_a_signal(void **state)
{
    char connect_to[64];
    int fd = silent_server(connect_to);
    struct sigaction before, action = {.sa_handler = on_signal};
    const struct itimerval soon = {.it_value = {.tv_usec = 20000}};
    (void)state;
    struct smtpdx_check_params params = params_for(connect_to);
    struct smtpdx_check *c = started(&params);
    to_cancel = c;
    sigaction(SIGVTALRM, &action, &before);
    sigaction(SIGPROF, &action, NULL);
    assert_int_equal(setitimer(ITIMER_PROF, &soon, NULL), 0);
    while (!smtpdx_check_is_finished(c) && !smtpdx_check_was_cancelled(c)) {
        (void)smtpdx_check_step(c); /* uses the processor, which the timer counts */
    }
    assert_true(smtpdx_check_was_cancelled(c));
    sigaction(SIGPROF, &before, NULL);
    sigaction(SIGVTALRM, &before, NULL);
    smtpdx_check_free(c);
    close(fd);
}

static void *cancel_it(void *context)
{
    smtpdx_check_cancel(context);
    return NULL;
}

static void test_cancel_from_a_thread(void **state)
{
    char connect_to[64];
    int fd = silent_server(connect_to);
    pthread_t thread;
    (void)state;
    struct smtpdx_check_params params = params_for(connect_to);
    struct smtpdx_check *c = started(&params);
    assert_int_equal(pthread_create(&thread, NULL, cancel_it, c), 0);
    smtpdx_check_wait(c);
    pthread_join(thread, NULL);
    assert_true(smtpdx_check_was_cancelled(c));
    smtpdx_check_free(c);
    close(fd);
}

/* A check against this peer, freed after as many steps; true when it had finished by itself. */
static bool free_after(struct peer *peer, int steps)
{
    struct smtpdx_check_params params = params_for(peer->connect_to);
    struct smtpdx_check *c = started(&params);
    bool is_finished = false;
    for (int i = 0; i < steps && !is_finished; i++) {
        struct pollfd one = {.fd = smtpdx_check_fd(c), .events = POLLIN};
        (void)poll(&one, 1, 1);
        (void)world_run_once(peer->world, 0);
        is_finished = smtpdx_check_step(c);
    }
    (void)world_run_once(peer->world, 0); /* what we hear of too late */
    smtpdx_check_free(c);
    return is_finished;
}

/* However far it has come. */
static void test_free_at_every_step(void **state)
{
    struct peer peer;
    int steps = 0;
    (void)state;
    peer_init(&peer, "gmail", NULL, 0);
    smtpdx_check_free(NULL);
    while (!free_after(&peer, steps)) {
        assert_true(++steps < 1000);
    }
    peer_release(&peer);
}

/* The peer resets, and we write before we hear of it: SIGPIPE, where nobody prevents it. */
static void test_no_sigpipe(void **state)
{
    static const struct spec_action resets = {
        .kind = ACTION_CLOSE, .enhanced = "", .cause = "", .variant = "", .close_how = CLOSE_RST};
    const struct spec_rule rule = {
        .on = server_occasion(STAGE_AUTH), .actions = &resets, .action_count = 1};
    struct peer peer;
    (void)state;
    peer_init(&peer, "gmail", &rule, 1);
    for (int steps = 0; steps < 40; steps++) {
        (void)free_after(&peer, steps);
    }
    peer_release(&peer);
}

/* ---- while a name is being looked up ---- */

static sem_t resolver_may_go_on;
static atomic_int resolvers;

/* In place of the system's: as slow as somebody wants. */
__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **out)
{
    (void)node;
    (void)service;
    (void)hints;
    *out = NULL;
    atomic_fetch_add(&resolvers, 1);
    while (sem_wait(&resolver_may_go_on) != 0) {
    }
    atomic_fetch_sub(&resolvers, 1);
    return EAI_AGAIN;
}

/* Neither a cancel nor a free waits for the system's resolver, which may take half a minute. */
static void test_free_while_looking_up(void **state)
{
    (void)state;
    assert_int_equal(sem_init(&resolver_may_go_on, 0, 0), 0);
    struct smtpdx_check_params params = params_for(NULL);
    struct smtpdx_check *cancelled = started(&params), *freed = started(&params);
    while (atomic_load(&resolvers) != 2) {
        (void)smtpdx_check_step(cancelled);
        (void)smtpdx_check_step(freed);
    }
    smtpdx_check_cancel(cancelled);
    smtpdx_check_wait(cancelled);
    assert_true(smtpdx_check_was_cancelled(cancelled));
    smtpdx_check_free(cancelled);
    smtpdx_check_free(freed);
    assert_int_equal(atomic_load(&resolvers), 2); /* nobody has let them go on */
    sem_post(&resolver_may_go_on);
    sem_post(&resolver_may_go_on);
    while (atomic_load(&resolvers) != 0) {
        sched_yield();
    }
}

/* ---- many, and what they leave behind ---- */

static void test_many_in_one_loop(void **state)
{
    const struct spec_rule rule = {
        .on = server_occasion(STAGE_AUTH), .times = 3, .actions = &refuses, .action_count = 1};
    struct peer peer;
    struct smtpdx_check *checks[8];
    unsigned good = 0, bad = 0;
    (void)state;
    peer_init(&peer, "gmail", &rule, 1);
    struct smtpdx_check_params params = params_for(peer.connect_to);
    for (size_t i = 0; i < COUNT(checks); i++) {
        checks[i] = started(&params);
    }
    drive(&peer, checks, COUNT(checks));
    for (size_t i = 0; i < COUNT(checks); i++) {
        good += strcmp(smtpdx_check_verdict(checks[i]), "usable") == 0;
        bad += strcmp(smtpdx_check_verdict(checks[i]), "not_usable") == 0;
        smtpdx_check_free(checks[i]);
    }
    assert_int_equal(good, 5);
    assert_int_equal(bad, 3);
    peer_release(&peer);
}

static void test_the_process_is_as_it_was(void **state)
{
    struct peer peer;
    struct rlimit limit, after;
    struct sigaction before[32], now;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_cur > 512 ? 512 : limit.rlim_cur;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (int i = 1; i < 32; i++) {
        sigaction(i, NULL, &before[i]);
    }
    peer_init(&peer, "gmail", NULL, 0);
    struct smtpdx_check_params params = params_for(peer.connect_to);
    int lowest = dup(0);
    close(lowest);
    struct smtpdx_check *c = started(&params);
    drive(&peer, &c, 1);
    smtpdx_check_free(c);
    int again = dup(0); /* nothing is left open */
    assert_int_equal(again, lowest);
    close(again);
    for (int i = 1; i < 32; i++) {
        sigaction(i, NULL, &now);
        assert_true(now.sa_handler == before[i].sa_handler);
    }
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
    assert_int_equal(after.rlim_cur, limit.rlim_cur);
    peer_release(&peer);
}

/* ---- logins that are counted ---- */

/* Nothing listens there, and it is not the loopback's name: what is counted is the attempt to log
 * in. */
static void test_state_folder(void **state)
{
    char folder[] = "/tmp/smtpdx-state-XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/logins", folder);
    FILE *book = fopen(path, "w");
    assert_non_null(book);
    for (int i = 0; i < 3; i++) {
        fprintf(book, "{\"at\":%lld,\"host\":\"192.0.2.1\",\"port\":587,\"user\":\"jane\"}\n",
                (long long)time(NULL));
    }
    fclose(book);
    struct smtpdx_check_params params = params_for(NULL);
    params.target = "192.0.2.1";
    params.user = "jane";
    params.state_folder = folder;
    struct smtpdx_check *c = started(&params);
    drive(NULL, &c, 1);
    assert_string_equal(smtpdx_check_verdict(c), "unknown");
    assert_non_null(strstr(smtpdx_check_reason(c), "could lock it"));
    smtpdx_check_free(c);
    params.logins_per_hour = 4;
    c = started(&params); /* one more is free; nothing is sent, so it is given back */
    smtpdx_check_free(c);
    c = started(&params);
    smtpdx_check_free(c);
    unlink(path);
    snprintf(path, sizeof path, "%s/logins.lock", folder);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_password),
        cmocka_unit_test(test_wrong_password),
        cmocka_unit_test(test_texts_are_fit_for_a_log),
        cmocka_unit_test(test_found_beforehand),
        cmocka_unit_test(test_a_message),
        cmocka_unit_test(test_wrong_use),
        cmocka_unit_test(test_an_older_caller),
        cmocka_unit_test(test_cancel_in_silence),
        cmocka_unit_test(test_cancel_from_a_signal),
        cmocka_unit_test(test_cancel_from_a_thread),
        cmocka_unit_test(test_free_at_every_step),
        cmocka_unit_test(test_no_sigpipe),
        cmocka_unit_test(test_free_while_looking_up),
        cmocka_unit_test(test_many_in_one_loop),
        cmocka_unit_test(test_the_process_is_as_it_was),
        cmocka_unit_test(test_state_folder),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
