/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smtpdx serve: a fake server for other people's tests. It listens on the loopback only, says
 * where, and goes on until it is stopped, has seen as many sessions as it should, or its time is
 * over.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/selection.h"
#include "cli/serve_tokens.h"
#include "run/interrupt.h"
#include "run/secrets.h"
#include "run/setup.h"

enum { SECRET_KINDS = 3, LOOK_US = 200000 };

static const char *const secret_variables[SECRET_KINDS][2] = {
    {"SMTPDX_PASSWORD", "password"},
    {"SMTPDX_APP_PASSWORD", "app_password"},
    {"SMTPDX_TOKEN", "token"},
};

struct serve {
    const char *providers, *ca_option;
    struct serve_wishes wishes;
    uint64_t port, session_max;
    int64_t time_us; /* 0: no limit */
    bool is_ipv6, is_strict;
    struct serve_tokens_wish tokens_wish;
    struct serve_view view;

    struct arena arena;
    struct registry *registry; /* of a persona; a scenario's is in selection */
    struct selection selection;
    bool is_case;
    struct redactor *redactor; /* of a persona */
    struct secrets *secrets;   /* of a scenario */
    struct spec_server own;
    const struct spec_server *spec;
    const struct spec_case *scenario;
    const char *host; /* the certificate is for */
    struct pki *pki;
    struct tls_setups *setups;
    char ca_folder[256], ca_file[300];
    struct serve_tokens *tokens; /* NULL: none */
};

enum {
    OPT_SAYS,
    OPT_TIMES,
    OPT_AFTER,
    OPT_PORT,
    OPT_IPV6,
    OPT_SECURITY,
    OPT_CERT,
    OPT_CA,
    OPT_USER,
    OPT_SESSIONS,
    OPT_FOR,
    OPT_TOKENS,
    OPT_TOKENS_SAY,
    OPT_ACCOUNT,
    OPT_STRICT,
    OPT_JSON,
    OPT_VERBOSE,
    OPT_QUIET,
    OPT_PROVIDERS
};

static const struct cli_option options[] = {
    [OPT_SAYS] = {"says", 0, "CAUSE", "fail the persona's way: CAUSE or CAUSE/VARIANT"},
    [OPT_TIMES] = {"times", 0, "N", "only the first N times, then recover"},
    [OPT_AFTER] = {"after", 0, "N", "not before it has gone well N times"},
    [OPT_PORT] = {"port", 'p', "PORT",
                  "listen on this port of the loopback (default: any free one)"},
    [OPT_IPV6] = {"ipv6", '6', NULL, "listen on ::1 instead of 127.0.0.1"},
    [OPT_SECURITY] = {"security", 0, "MODE", "starttls, implicit or none (default: the persona's)"},
    [OPT_CERT] = {"cert", 0, "LEAF", "valid, expired, wrong-host, self-signed, untrusted, …"},
    [OPT_CA] = {"ca-file", 0, "FILE", "write the certificate of the CA there"},
    [OPT_USER] = {"user", 'u', "NAME", "the one account; its password is in SMTPDX_PASSWORD"},
    [OPT_SESSIONS] = {"sessions", 'n', "N", "end after N sessions"},
    [OPT_FOR] = {"for", 0, "TIME", "end after this time: 30s, 5m"},
    [OPT_TOKENS] = {"tokens", 0, NULL, "a token endpoint too, on a port of its own (OAuth2)"},
    [OPT_TOKENS_SAY] =
        {"tokens-say", 0, "CAUSE",
         "it refuses in the provider's way: token.invalid_grant, …, redirect.denied"},
    [OPT_ACCOUNT] = {"service-account", 0, "FILE",
                     "--tokens knows a service account; write its key file there"},
    [OPT_STRICT] = {"strict", 0, NULL, "exit 1 when a client did what none may do"},
    [OPT_JSON] = {"json", 'j', NULL, "one JSON object a line: listening, session…, end"},
    [OPT_VERBOSE] = {"verbose", 'v', NULL, "show each conversation, without its credentials"},
    [OPT_QUIET] = {"quiet", 'q', NULL, "say only where it listens, and the end"},
    [OPT_PROVIDERS] = {"providers", 0, "DIR",
                       "provider files in DIR replace or add to the built-in ones"},
};

static bool take_word(struct serve *s, size_t index, const char *value)
{
    const char **const places[COUNT(options)] = {
        [OPT_SAYS] = &s->wishes.says,
        [OPT_SECURITY] = &s->wishes.security,
        [OPT_CERT] = &s->wishes.cert,
        [OPT_CA] = &s->ca_option,
        [OPT_USER] = &s->wishes.user,
        [OPT_PROVIDERS] = &s->providers,
        [OPT_TOKENS_SAY] = &s->tokens_wish.says,
        [OPT_ACCOUNT] = &s->tokens_wish.account_file,
    };
    *places[index] = value;
    return true;
}

static bool take_flag(struct serve *s, size_t index)
{
    bool *const places[COUNT(options)] = {
        [OPT_IPV6] = &s->is_ipv6,        [OPT_STRICT] = &s->is_strict,
        [OPT_JSON] = &s->view.is_json,   [OPT_VERBOSE] = &s->view.is_verbose,
        [OPT_QUIET] = &s->view.is_quiet, [OPT_TOKENS] = &s->tokens_wish.is_wanted,
    };
    *places[index] = true;
    return true;
}

static bool on_option(void *context, size_t index, const char *value)
{
    struct serve *s = context;
    switch (index) {
    case OPT_TIMES:
        return cli_number("times", value, 1, 1000000, &s->wishes.times);
    case OPT_AFTER:
        return cli_number("after", value, 0, 1000000, &s->wishes.after);
    case OPT_PORT:
        return cli_number("port", value, 1, 65535, &s->port);
    case OPT_SESSIONS:
        return cli_number("sessions", value, 1, 1000000000, &s->session_max);
    case OPT_FOR:
        return cli_time(&command_serve, "for", value, &s->time_us);
    default:
        return value != NULL ? take_word(s, index, value) : take_flag(s, index);
    }
}

/* ---- the server: a persona, or the one of a scenario ---- */

static bool is_scenario(const char *word)
{
    return strstr(word, "::") != NULL || strstr(word, ".yaml") != NULL || strchr(word, '/') != NULL;
}

/* Each variable that is set becomes known to the redactor before anything is printed. */
static int take_environment(struct serve *s)
{
    bool *const is_there[SECRET_KINDS] = {&s->wishes.has_password, &s->wishes.has_app_password,
                                          &s->wishes.has_token};
    bool any = false;
    for (size_t i = 0; i < SECRET_KINDS; i++) {
        struct why why;
        const char *value = getenv(secret_variables[i][0]);
        *is_there[i] = value != NULL && value[0] != '\0';
        any = any || *is_there[i];
        if (*is_there[i] &&
            redactor_add(s->redactor, secret_variables[i][1], slice_of(value), &why) != ERR_OK) {
            fprintf(stderr, "smtpdx serve: %s: %s\n", secret_variables[i][0], why.text);
            return EXIT_DID_NOT_LOAD;
        }
    }
    if (s->wishes.user != NULL && !any) {
        return cli_wrong_use(&command_serve, "--user needs its secret in the environment: "
                                             "SMTPDX_PASSWORD, SMTPDX_APP_PASSWORD or "
                                             "SMTPDX_TOKEN");
    }
    return EXIT_ALL_PASSED;
}

static int prepare_persona(struct serve *s, const char *persona)
{
    int status = take_environment(s);
    if (status != EXIT_ALL_PASSED) {
        return status;
    }
    s->registry = cli_load_registry(s->providers);
    if (s->registry == NULL) {
        return EXIT_DID_NOT_LOAD;
    }
    if (!serve_server(s->registry, persona, &s->wishes, &s->arena, &s->own)) {
        return EXIT_WRONG_USE;
    }
    const struct provider *p = registry_find(s->registry, slice_of(persona));
    s->spec = &s->own;
    s->host = p->endpoint_count != 0 ? p->endpoints[0].host : "localhost";
    s->view.redactor = s->redactor;
    return EXIT_ALL_PASSED;
}

static int prepare_case(struct serve *s, const char *target)
{
    struct why why;
    const struct serve_wishes *w = &s->wishes;
    if (w->says != NULL || w->security != NULL || w->cert != NULL || w->user != NULL ||
        w->times != 0 || w->after != 0 || s->tokens_wish.is_wanted) {
        return cli_wrong_use(&command_serve,
                             "the scenario says how its server is; --says, --times, "
                             "--after, --security, --cert, --user and --tokens are for "
                             "personas");
    }
    s->selection.providers = s->providers;
    s->is_case = true;
    int status = selection_load(&s->selection, &target, 1);
    if (status != EXIT_ALL_PASSED) {
        return status;
    }
    const struct plan *plan = &s->selection.plan;
    if (plan->count != 1 || plan->cases[0].spec->server == NULL) {
        return cli_wrong_use(&command_serve,
                             plan->count != 1
                                 ? "'%s' selects %zu cases, and one server is wanted: FILE::ID"
                                 : "the case '%s' has no fake server",
                             target, plan->count);
    }
    s->secrets = secrets_new(s->selection.plan.count);
    if (secrets_resolve(s->secrets, &s->selection.plan, &s->selection.arena, &why) != ERR_OK ||
        plan->cases[0].skip != NULL) {
        fprintf(stderr, "smtpdx serve: %s\n",
                plan->cases[0].skip != NULL ? plan->cases[0].skip : why.text);
        return EXIT_DID_NOT_LOAD;
    }
    s->scenario = plan->cases[0].spec;
    s->spec = s->scenario->server;
    s->host = setup_fake_host(s->scenario, s->selection.registry);
    s->view.redactor = secrets_redactor(s->secrets);
    return EXIT_ALL_PASSED;
}

static struct slice secret_of_case(const char *name, void *context)
{
    const struct serve *s = context;
    return secrets_named(s->secrets, s->scenario, name);
}

static struct slice secret_of_environment(const char *name, void *context)
{
    (void)context;
    for (size_t i = 0; i < SECRET_KINDS; i++) {
        if (strcmp(secret_variables[i][1], name) == 0) {
            return slice_of(getenv(secret_variables[i][0]));
        }
    }
    return SLICE("");
}

/* ---- the CA file ---- */

static int write_ca(struct serve *s)
{
    const char *tmp = getenv("TMPDIR");
    if (s->ca_option != NULL) {
        snprintf(s->ca_file, sizeof s->ca_file, "%s", s->ca_option);
    } else {
        snprintf(s->ca_folder, sizeof s->ca_folder, "%s/smtpdx-XXXXXX",
                 tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
        if (mkdtemp(s->ca_folder) == NULL) {
            fprintf(stderr, "smtpdx serve: %s: %s\n", s->ca_folder, strerror(errno));
            s->ca_folder[0] = '\0';
            return EXIT_NO_REPORT;
        }
        snprintf(s->ca_file, sizeof s->ca_file, "%s/ca.pem", s->ca_folder);
    }
    struct slice pem = pki_trust_pem(s->pki);
    FILE *out = fopen(s->ca_file, "w");
    bool is_written = out != NULL && fwrite(pem.p, 1, pem.n, out) == pem.n;
    is_written = (out == NULL || fclose(out) == 0) && is_written;
    if (!is_written) {
        fprintf(stderr, "smtpdx serve: %s: %s\n", s->ca_file, strerror(errno));
        return EXIT_NO_REPORT;
    }
    return EXIT_ALL_PASSED;
}

static void remove_ca(const struct serve *s)
{
    if (s->ca_folder[0] != '\0') {
        unlink(s->ca_file);
        rmdir(s->ca_folder);
    }
}

/* ---- the loop ---- */

static const struct provider *provider_of(const struct serve *s)
{
    const struct registry *registry = s->is_case ? s->selection.registry : s->registry;
    return registry_find(registry, slice_of(s->spec->like));
}

static void tell_head(struct serve *s, const struct service *service)
{
    const struct provider *p = provider_of(s);
    const struct spec_rule *rule = s->spec->rule_count == 1 ? &s->spec->rules[0] : NULL;
    bool has_says = !s->is_case && rule != NULL;
    enum stage at = STAGE_NONE;
    if (has_says) {
        at = provider_reply_for(p, slice_of(rule->actions[0].cause),
                                slice_of(rule->actions[0].variant), STAGE_NONE)
                 ->stage;
    }
    const struct serve_facts facts = {
        .name = s->spec->like,
        .title = s->is_case ? s->scenario->id : p->title,
        .says = has_says ? s->wishes.says : "",
        .says_at = at,
        .host = s->host,
        .address = service_host(service),
        .port = service_port(service),
        .security = s->spec->security,
        .ca_file = s->ca_file,
        .token_host = serve_tokens_host(s->tokens),
        .token_port = serve_tokens_port(s->tokens),
    };
    serve_view_head(&s->view, &facts);
}

static bool is_over(const struct serve *s, const struct service *service, int64_t end_us,
                    int64_t now_us)
{
    bool has_seen_all = s->session_max != 0 && service_session_count(service) >= s->session_max &&
                        service_open_count(service) == 0;
    return has_seen_all || interrupt_number() != 0 || now_us >= end_us || ferror(stdout);
}

static void loop(struct serve *s, struct world *world, struct service *service)
{
    int64_t end_us = s->time_us != 0 ? world_now_us(world) + s->time_us : INT64_MAX;
    while (!is_over(s, service, end_us, world_now_us(world))) {
        int64_t left_us = end_us - world_now_us(world);
        (void)world_run_once(world, left_us < LOOK_US ? left_us : LOOK_US);
        if (s->session_max != 0 && service_session_count(service) >= s->session_max) {
            service_stop(service);
        }
    }
}

static int status_of(const struct serve *s)
{
    int number = interrupt_number();
    if (number != 0) {
        return 128 + number;
    }
    return s->is_strict && s->view.findings != 0 ? EXIT_SOMETHING_FAILED : EXIT_ALL_PASSED;
}

static int serve_in(struct serve *s, struct world *world)
{
    struct why why;
    struct service *service;
    uint64_t seed = 1;
    (void)!getrandom(&seed, sizeof seed, 0);
    struct service_params params = {
        .fake = {.spec = s->spec,
                 .providers = s->is_case ? s->selection.registry : s->registry,
                 .pki = s->pki,
                 .setups = s->setups,
                 .host = s->host,
                 .seed = seed,
                 .wall_time = (int64_t)time(NULL),
                 .secret = s->is_case ? secret_of_case : secret_of_environment,
                 .secret_context = s},
        .family = s->is_ipv6 ? FAMILY_IPV6 : FAMILY_IPV4,
        .port = (unsigned)s->port,
        .context = &s->view,
        .on_open = serve_view_open,
        .on_octets = s->view.is_verbose ? serve_view_octets : NULL,
        .on_closed = serve_view_closed,
    };
    s->view.offset_us = params.fake.wall_time * 1000000 - world_now_us(world);
    enum err err = service_start(world, &params, &service, &why);
    if (err == ERR_OK && s->tokens_wish.is_wanted) {
        err = serve_tokens_start(world, provider_of(s), s->pki, s->is_ipv6, &s->tokens_wish,
                                 &s->view, &s->tokens, &why);
        if (err != ERR_OK) {
            service_free(service);
        }
    }
    if (err == ERR_NOT_FOUND) {
        return cli_wrong_use(&command_serve, "%s", why.text);
    }
    if (err != ERR_OK) {
        fprintf(stderr, "smtpdx serve: %s\n", why.text);
        return err == ERR_IO      ? EXIT_NOT_JUDGED
               : err == ERR_LIMIT ? EXIT_NO_REPORT
                                  : EXIT_DID_NOT_LOAD;
    }
    interrupt_catch();
    tell_head(s, service);
    loop(s, world, service);
    service_free(service);
    serve_tokens_free(s->tokens);
    serve_view_end(&s->view);
    int status = status_of(s);
    interrupt_release();
    return status;
}

static int with_world(struct serve *s)
{
    struct why why;
    struct world *world;
    int status = EXIT_ALL_PASSED;
    if (pki_new((int64_t)time(NULL), &s->pki, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx serve: no test certificates: %s\n", why.text);
        return EXIT_OUR_BUG;
    }
    s->setups = tls_setups_new();
    if (s->spec->security != SECURITY_NONE || s->tokens_wish.is_wanted) {
        status = write_ca(s);
    }
    world_raise_descriptor_limit();
    if (status == EXIT_ALL_PASSED && world_new_sockets(&world, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx serve: %s\n", why.text);
        status = EXIT_NOT_JUDGED;
    } else if (status == EXIT_ALL_PASSED) {
        status = serve_in(s, world);
        world_free(world);
    }
    remove_ca(s);
    tls_setups_free(s->setups);
    pki_free(s->pki);
    return status;
}

static int serve(struct serve *s, int argc, char **argv)
{
    if (argc != 1) {
        return cli_wrong_use(&command_serve, "wants one persona ('smtpdx providers' lists them) or "
                                             "one scenario, FILE::ID");
    }
    if ((s->tokens_wish.says != NULL || s->tokens_wish.account_file != NULL) &&
        !s->tokens_wish.is_wanted) {
        return cli_wrong_use(&command_serve,
                             "--tokens-say and --service-account are for the endpoint of --tokens");
    }
    if (s->wishes.says == NULL && (s->wishes.times != 0 || s->wishes.after != 0)) {
        return cli_wrong_use(&command_serve, "--times and --after count what --says says");
    }
    int status = is_scenario(argv[0]) ? prepare_case(s, argv[0]) : prepare_persona(s, argv[0]);
    return status == EXIT_ALL_PASSED ? with_world(s) : status;
}

static int run(int argc, char **argv)
{
    struct serve s = {.port = 0};
    int first;
    arena_init(&s.arena);
    selection_init(&s.selection);
    s.redactor = redactor_new();
    enum cli_parsed parsed = cli_parse(&command_serve, argc, argv, &s, &first);
    int status = parsed == CLI_EXIT_OK ? EXIT_ALL_PASSED : EXIT_WRONG_USE;
    if (parsed == CLI_GO_ON) {
        status = serve(&s, argc - first, argv + first);
    }
    secrets_free(s.secrets);
    redactor_free(s.redactor);
    selection_release(&s.selection);
    registry_free(s.registry);
    arena_release(&s.arena);
    return status;
}

const struct cli_command command_serve = {
    .name = "serve",
    .arguments = "PERSONA | FILE::ID",
    .summary = "a fake server for your own tests",
    .text =
        "Plays a provider on the loopback, in the provider's own words, and tells what each "
        "client\n"
        "did. PERSONA is a provider's name or esmtp; FILE::ID serves the server of a scenario.\n"
        "Without --user every credential is right.\n\n"
        "  smtpdx serve outlook --says auth.basic_auth_disabled\n"
        "  SMTPDX_PASSWORD=… smtpdx serve gmail --user jane@gmail.com --json --sessions 1\n"
        "  smtpdx serve my-first.yaml::wrong-password --verbose",
    .options = options,
    .option_count = COUNT(options),
    .on_option = on_option,
    .run = run,
};
