/* SPDX-License-Identifier: Apache-2.0 */
/* smtpdx run: scenarios, progress, reports, exit status. Wiring only. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "check/wishes.h"
#include "cli/github.h"
#include "cli/outputs.h"
#include "cli/selection.h"
#include "net/world.h"
#include "run/again.h"
#include "run/coordinator.h"
#include "run/interrupt.h"
#include "run/peers.h"
#include "wire/path.h"

enum {
    OPT_SIM = SELECTION_OPTION_COUNT,
    OPT_MAPPER,
    OPT_JOBS,
    OPT_IN_FLIGHT,
    OPT_JUNIT,
    OPT_FLAVOUR,
    OPT_NO_JUNIT,
    OPT_ATTACHMENTS,
    OPT_ATTACHMENT_PATHS,
    OPT_JSON,
    OPT_LOG,
    OPT_REPORT,
    OPT_STRICT,
    OPT_FAIL_FLAKY,
    OPT_MIN_TESTS,
    OPT_SEED,
    OPT_TRANSCRIPTS,
    OPT_VERBOSE,
    OPT_COLOUR,
    OPT_KEEP_SECRETS,
};

static const struct cli_option options[] = {
    SELECTION_OPTIONS,
    {"sim", 's', NULL, "simulate: memory and a virtual clock instead of sockets"},
    {"mapper", 0, "FILE",
     "ask the mapper of FILE wherever a scenario asks ours, and run nothing else"},
    {"jobs", 'j', "N", "worker processes (default: one per processor; at most four of them)"},
    {"in-flight", 0, "N", "cases at once per worker (default: 1024)"},
    {"junit", 0, "FILE", "JUnit XML (default: TEST-smtpdx.xml)"},
    {"junit-flavour", 0, "NAME", "rich (default) or strict (the Jenkins schema)"},
    {"no-junit", 0, NULL, "no JUnit XML"},
    ATTACHMENT_OPTIONS,
    {"json", 0, "FILE", "all result documents as JSON"},
    {"log", 0, "FILE", "the event log, one JSON object a line, as it happens"},
    {"report", 0, "FORMAT=FILE", "another report: tap, github, markdown, …"},
    {"strict", 0, NULL, "a failed 'should' fails the run"},
    {"fail-flaky", 0, NULL, "a case that passed only on retry fails the run"},
    {"min-tests", 0, "N", "fail unless at least N cases were judged"},
    {"seed", 0, "N", "seed of everything random, to repeat a run"},
    {"transcripts", 0, NULL, "keep the transcripts of passing cases too"},
    {"verbose", 'v', NULL, "a line per case"},
    {"colour", 0, "WHEN", "auto (default), always or never; NO_COLOR is obeyed"},
    {"keep-secrets", 0, "FILE",
     "write the secrets of this run to FILE (mode 0600), to test redaction"},
};

enum { COLUMNS_USUAL = 80 };

struct run_command {
    struct selection selection;
    bool is_simulated, is_strict_junit, is_strict, keep_transcripts, is_verbose;
    bool flaky_fails;
    bool has_seed;
    uint64_t jobs, in_flight, min_tests, seed;
    const char *colour, *mapper;
    struct outputs outputs;

    /* while running */
    struct console *console;
    struct run_record record;
    bool is_terminal;
    int64_t started_ms;
};

static bool on_choice(const char *option, const char *value, const char *a, const char *b,
                      const char *c)
{
    if (strcmp(value, a) == 0 || strcmp(value, b) == 0 || (c != NULL && strcmp(value, c) == 0)) {
        return true;
    }
    fprintf(stderr, "smtpdx: --%s wants %s, %s%s%s, not '%s'\n", option, a, b,
            c != NULL ? " or " : "", c != NULL ? c : "", value);
    return false;
}

static bool on_flag(struct run_command *r, size_t index)
{
    bool *const flags[] = {
        [OPT_SIM] = &r->is_simulated,   [OPT_NO_JUNIT] = &r->outputs.no_junit,
        [OPT_STRICT] = &r->is_strict,   [OPT_TRANSCRIPTS] = &r->keep_transcripts,
        [OPT_VERBOSE] = &r->is_verbose, [OPT_FAIL_FLAKY] = &r->flaky_fails,
    };
    must(index < COUNT(flags) && flags[index] != NULL);
    *flags[index] = true;
    return true;
}

static bool on_option(void *context, size_t index, const char *value)
{
    struct run_command *r = context;
    if (index < SELECTION_OPTION_COUNT) {
        return selection_option(&r->selection, index, value);
    }
    switch (index) {
    case OPT_JOBS:
        return cli_number("jobs", value, 1, 64, &r->jobs);
    case OPT_IN_FLIGHT:
        return cli_number("in-flight", value, 1, 8192, &r->in_flight);
    case OPT_JUNIT:
        return outputs_add_junit(&r->outputs, value);
    case OPT_FLAVOUR:
        r->is_strict_junit = strcmp(value, "strict") == 0;
        return on_choice("junit-flavour", value, "rich", "strict", NULL);
    case OPT_ATTACHMENTS:
    case OPT_ATTACHMENT_PATHS:
        return attachments_option(&r->outputs.attachments, index == OPT_ATTACHMENT_PATHS, value);
    case OPT_JSON:
        return outputs_add(&r->outputs, SLICE("json"), value);
    case OPT_LOG:
        return outputs_set_log(&r->outputs, value);
    case OPT_REPORT:
        return outputs_add_report(&r->outputs, value);
    case OPT_MIN_TESTS:
        return cli_number("min-tests", value, 0, 1000000, &r->min_tests);
    case OPT_SEED:
        r->has_seed = true;
        return cli_number("seed", value, 0, INT64_MAX, &r->seed) /* as JSON holds it */;
    case OPT_COLOUR:
        r->colour = value;
        return on_choice("colour", value, "auto", "always", "never");
    case OPT_MAPPER:
        r->mapper = value;
        return true;
    case OPT_KEEP_SECRETS:
        r->outputs.secrets_path = value;
        return true;
    default:
        return on_flag(r, index);
    }
}

static int64_t monotonic_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What a person is to see does not go where a report goes: that is read by a program. */
static int console_fd(const struct run_command *r)
{
    return outputs_take_stdout(&r->outputs) ? STDERR_FILENO : STDOUT_FILENO;
}

static unsigned columns_of(int fd)
{
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : COLUMNS_USUAL;
}

/* ---- events ---- */

static struct json *new_event(struct run_command *r, const char *name)
{
    struct json *event = json_map();
    json_set(event, "event", json_text(name));
    json_set(event, "t", json_int(monotonic_ms() - r->started_ms));
    return event;
}

/* A terminal may be made narrower while we run; a line that is wider than it leaves litter. */
static void follow_width(struct run_command *r)
{
    if (r->is_terminal) {
        console_resize(r->console, columns_of(console_fd(r)));
    }
}

static void on_start(void *context, size_t index)
{
    struct run_command *r = context;
    struct json *event = new_event(r, "case-start");
    json_set(event, "id", json_text(r->record.ids[index]));
    outputs_log(&r->outputs, event);
    follow_width(r);
    console_case_start(r->console, r->record.ids[index]);
}

static void on_result(void *context, size_t index, struct json *result)
{
    struct run_command *r = context;
    if (r->outputs.log != NULL) {
        struct json *event = new_event(r, "case-end");
        json_set(event, "id", json_text(r->record.ids[index]));
        json_set(event, "result", json_ref(result));
        outputs_log(&r->outputs, event);
    }
    follow_width(r);
    console_result(r->console, r->record.ids[index], result);
}

/* ---- before ---- */

static bool wants_colour(const struct run_command *r, bool is_terminal)
{
    if (r->colour != NULL && strcmp(r->colour, "auto") != 0) {
        return strcmp(r->colour, "always") == 0;
    }
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return is_terminal && (no_color == NULL || no_color[0] == '\0') &&
           (term == NULL || strcmp(term, "dumb") != 0);
}

static struct report_options report_options(const struct run_command *r)
{
    const char *term = getenv("TERM");
    bool is_terminal = isatty(console_fd(r)) == 1;
    return (struct report_options){
        .is_strict = r->is_strict_junit,
        .should_fails = r->is_strict,
        .has_colour = wants_colour(r, is_terminal),
        /* a dumb terminal cannot take a line back */
        .is_terminal = is_terminal && term != NULL && strcmp(term, "dumb") != 0,
        .columns = is_terminal ? columns_of(console_fd(r)) : COLUMNS_USUAL,
        .is_verbose = r->is_verbose,
    };
}

/* More workers only take the processor from each other, until cases time out for it. */
enum { JOBS_A_PROCESSOR = 4 };

static uint64_t processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 && n <= 64 ? (uint64_t)n : 1;
}

/* Each case in flight needs a listener and three sockets; the rest is ours. */
enum { FILES_A_CASE = 5, FILES_OURS = 128, FILES_LEAST = 64, FILES_A_WORKER = 2 };

/* As many open files as the cases want, as far as we may have them. */
static uint64_t open_files_for(uint64_t in_flight)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return in_flight * FILES_A_CASE + FILES_OURS;
    }
    rlim_t wanted = (rlim_t)(in_flight * FILES_A_CASE + FILES_OURS);
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        (void)!setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur;
}

static bool has_loopback(const struct run_command *r)
{
    bool works = r->is_simulated || world_loopback_works();
    if (!works) {
        fprintf(stderr, "smtpdx: 127.0.0.1 cannot be reached here: is the loopback interface up "
                        "(ip link set lo up)? --sim needs none\n");
    }
    return works;
}

/* With too few files cases would fail for a reason that is not theirs: then nothing runs. */
static bool fit_open_files(struct run_command *r)
{
    uint64_t files = open_files_for(r->in_flight);
    if (files < FILES_LEAST) {
        fprintf(stderr,
                "smtpdx: only %llu open files are allowed, at least %d are needed: raise the limit "
                "(ulimit -n), or use --sim\n",
                (unsigned long long)files, FILES_LEAST);
        return r->is_simulated;
    }
    uint64_t cases = files > FILES_OURS + 32 ? (files - FILES_OURS) / FILES_A_CASE : 4;
    uint64_t workers = (files - FILES_LEAST / 2) / FILES_A_WORKER;
    r->in_flight = r->in_flight < cases ? r->in_flight : cases;
    workers = workers < JOBS_A_PROCESSOR * processors() ? workers : JOBS_A_PROCESSOR * processors();
    r->jobs = r->jobs < workers ? r->jobs : workers;
    return true;
}

static struct json *start_event(struct run_command *r, int64_t wall_time)
{
    char started[20], host[256] = "";
    text_utc(wall_time, started);
    gethostname(host, sizeof host - 1);
    struct json *event = new_event(r, "run-start");
    json_set(event, "schema", json_text("smtpdx/log/1"));
    json_set(event, "version", json_text(SMTPDX_VERSION));
    json_set(event, "world", json_text(r->is_simulated ? "simulation" : "sockets"));
    json_set(event, "started", json_text(started));
    json_set(event, "selected", json_int((int64_t)r->selection.plan.count));
    json_set(event, "seed", json_int((int64_t)r->seed));
    if (r->mapper != NULL) {
        json_set(event, "mapper", json_text(r->mapper));
    }
    json_set(event, "strict", json_bool(r->is_strict));
    json_set(event, "fail_flaky", json_bool(r->flaky_fails));
    json_set(event, "hostname", json_text(host));
    json_set(event, "ci", json_text(getenv("CI")));
    return event;
}

/* ---- after ---- */

static int write_reports(struct run_command *r, const struct report_options *look)
{
    struct console_written written[OUTPUTS_MAX + 1];
    size_t count;
    int status = outputs_write(&r->outputs, &r->record, look, written, &count);
    console_finish(r->console, &r->record, written, count);
    return status;
}

static int exit_status(struct run_command *r, int report_status, int signal_number)
{
    if (signal_number != 0) {
        return 128 + signal_number;
    }
    int status = run_record_exit_status(&r->record);
    size_t judged = r->record.counts.done - r->record.counts.by_verdict[VERDICT_SKIP];
    if (judged < r->min_tests && (status == EXIT_ALL_PASSED || status == EXIT_NOTHING_SELECTED)) {
        fprintf(stderr, "smtpdx: only %zu cases were judged, --min-tests wants %llu\n", judged,
                (unsigned long long)r->min_tests);
        status = EXIT_SOMETHING_FAILED;
    }
    return report_status != EXIT_ALL_PASSED && status != EXIT_SOMETHING_FAILED ? report_status
                                                                               : status;
}

static int run_plan(struct run_command *r, const struct run_context *context)
{
    struct plan *plan = &r->selection.plan;
    struct report_options look = report_options(r);
    const char **ids = arena_array(&r->selection.arena, plan->count, sizeof *ids);
    for (size_t i = 0; i < plan->count; i++) {
        ids[i] = plan->cases[i].spec->id;
    }
    r->record = (struct run_record){
        .start = start_event(r, context->wall_time),
        .results = mem_zalloc(plan->count, sizeof(struct json *)),
        .ids = ids,
        .count = plan->count,
        .should_fails = r->is_strict,
        .flaky_fails = r->flaky_fails,
    };
    outputs_log(&r->outputs, json_ref(r->record.start));
    r->is_terminal = look.is_terminal;
    r->console = console_new(&look, console_fd(r));
    console_start(r->console, plan->count, r->is_simulated ? "simulation" : "sockets");
    struct coordinator_params params = {
        .run = context,
        .plan = plan,
        .is_simulated = r->is_simulated,
        .jobs = (unsigned)r->jobs,
        .in_flight = (unsigned)r->in_flight,
        .ids = ids,
        .on_start = r->outputs.log != NULL || look.is_terminal ? on_start : NULL,
        .on_result = on_result,
        .context = r,
    };
    int signal_number = 0;
    struct why why;
    interrupt_catch();
    struct github_fence fence = {.token = ""};
    github_fence_begin(&fence, console_fd(r));
    enum err err = coordinator_run(&params, r->record.results, &signal_number, &why);
    github_fence_end(&fence);
    if (err != ERR_OK) {
        fprintf(stderr, "smtpdx: %s\n", why.text);
    }
    r->record.ms = monotonic_ms() - r->started_ms;
    r->record.is_interrupted = signal_number != 0 || err != ERR_OK;
    run_record_count(&r->record);
    struct json *end = new_event(r, "run-end");
    json_set(end, "reason", json_text(r->record.is_interrupted ? "interrupted" : "done"));
    outputs_log(&r->outputs, end);
    int status = exit_status(r, write_reports(r, &look), signal_number);
    interrupt_release();
    for (size_t i = 0; i < plan->count; i++) {
        json_free(r->record.results[i]);
    }
    free(r->record.results);
    json_free(r->record.start);
    console_free(r->console);
    return status;
}

/* Without these the command that repeats a case would not repeat it. Lives in the arena. */
static const char *again_options(struct run_command *r)
{
    const struct selection *s = &r->selection;
    struct buf out;
    buf_init(&out, BUF_NO_CAP);
    buf_add_text(&out, r->is_simulated ? " --sim" : "");
    buf_add_text(&out, r->is_strict ? " --strict" : "");
    for (size_t i = s->have_found; i < s->have.count; i++) {
        bool is_live = strcmp(s->have.list[i], "live") == 0;
        buf_add_text(&out, is_live ? " --live" : " --have ");
        if (!is_live) {
            again_add_word(&out, slice_of(s->have.list[i]));
        }
    }
    if (r->mapper != NULL) {
        buf_add_text(&out, " --mapper ");
        again_add_word(&out, slice_of(r->mapper));
    }
    if (s->providers != NULL) {
        buf_add_text(&out, " --providers ");
        again_add_word(&out, slice_of(s->providers));
    }
    if (r->has_seed) {
        buf_addf(&out, " --seed %llu", (unsigned long long)r->seed);
    }
    const char *text = arena_text(&r->selection.arena, slice_from(buf_slice(&out), 1));
    buf_release(&out);
    return text;
}

/* Makes what all workers share, before they are forked. */
static int with_context(struct run_command *r, struct secrets *secrets)
{
    struct run_context context = {
        .providers = r->selection.registry,
        .secrets = secrets,
        .seed = r->seed,
        .wall_time = (int64_t)time(NULL),
        .keep_transcripts = r->keep_transcripts,
        .again = again_options(r),
        .only_verdicts = r->outputs.count == 0 && r->outputs.log == NULL && !r->is_verbose,
    };
    char today[20], hostname[256] = "";
    context.hostname = wish_own_name(hostname, sizeof hostname);
    text_utc(context.wall_time, today);
    today[10] = '\0';
    context.today = today;
    struct mapper *mapper = NULL;
    struct why why;
    int status = EXIT_DID_NOT_LOAD;
    if (mapper_new(context.providers, &mapper, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx: %s:%u: %s\n", why.file, why.line, why.text);
    } else if (pki_new(context.wall_time, &context.pki, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx: no test certificates: %s\n", why.text);
        status = EXIT_OUR_BUG;
    } else {
        context.mapper = mapper;
        context.tls = tls_cache_new(context.pki);
        context.setups = tls_setups_new();
        context.peers = peers_new();
        status = run_plan(r, &context);
        peers_free(context.peers);
        tls_setups_free(context.setups);
        tls_cache_free(context.tls);
    }
    pki_free(context.pki);
    mapper_free(mapper);
    return status;
}

static int with_secrets(struct run_command *r)
{
    if (!r->has_seed && getrandom(&r->seed, sizeof r->seed, 0) != (ssize_t)sizeof r->seed) {
        r->seed = (uint64_t)time(NULL);
    }
    r->seed &= INT64_MAX; /* as JSON holds it */
    struct secrets *secrets = secrets_new(r->seed);
    struct why why;
    int status;
    if (secrets_resolve(secrets, &r->selection.plan, &r->selection.arena, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx: %s\n", why.text);
        status = EXIT_DID_NOT_LOAD;
    } else if (r->outputs.secrets_path != NULL &&
               secrets_keep(secrets, r->outputs.secrets_path, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx: %s\n", why.text);
        status = EXIT_NO_REPORT;
    } else {
        github_mask_secrets(secrets);
        status = with_context(r, secrets);
    }
    secrets_free(secrets);
    return status;
}

/* Where a scenario asks our mapper, that of the file is asked; all else is left out. */
static int put_mapper(struct run_command *r)
{
    const struct spec_mapper *mapper;
    struct buf errors;
    buf_init(&errors, BUF_NO_CAP);
    enum err err = mapper_file_load(r->mapper, &r->selection.arena, &mapper, &errors);
    fwrite(buf_text(&errors), 1, errors.n, stderr);
    buf_release(&errors);
    if (err != ERR_OK) {
        return EXIT_DID_NOT_LOAD;
    }
    size_t selected = r->selection.plan.count;
    plan_ask(&r->selection.plan, mapper, &r->selection.arena);
    if (selected != 0 && r->selection.plan.count == 0) {
        fprintf(stderr,
                "smtpdx: none of the %zu selected cases asks our mapper alone (classify without "
                "a command): --mapper has nothing to do\n",
                selected);
    }
    return EXIT_ALL_PASSED;
}

static int run(int argc, char **argv)
{
    struct run_command r = {.jobs = processors(), .in_flight = 1024};
    int first;
    r.started_ms = monotonic_ms();
    selection_init(&r.selection);
    enum cli_parsed parsed = cli_parse(&command_run, argc, argv, &r, &first);
    int status = parsed == CLI_EXIT_OK ? EXIT_ALL_PASSED : EXIT_WRONG_USE;
    if (parsed == CLI_GO_ON) {
        status = selection_load(&r.selection, (const char *const *)(argv + first),
                                (size_t)(argc - first));
        if (status == EXIT_ALL_PASSED && r.mapper != NULL) {
            status = put_mapper(&r);
        }
        if (status == EXIT_ALL_PASSED && r.is_simulated) {
            plan_skip_endpoints(&r.selection.plan);
        }
        r.outputs.arena = &r.selection.arena;
        status = status == EXIT_ALL_PASSED ? outputs_open(&r.outputs, r.selection.set) : status;
        if (status == EXIT_ALL_PASSED && (!has_loopback(&r) || !fit_open_files(&r))) {
            status = EXIT_NOT_JUDGED;
        }
        status = status == EXIT_ALL_PASSED ? with_secrets(&r) : status;
    }
    outputs_release(&r.outputs);
    selection_release(&r.selection);
    return status;
}

const struct cli_command command_run = {
    .name = "run",
    .arguments = "[PATH…]",
    .summary = "run scenarios and write reports",
    .text =
        "Runs scenarios (default: the folder scenarios) and writes JUnit XML and other reports.\n"
        "PATH is a file, a folder, a quoted pattern, FILE:LINE, or FILE::ID.\n\n"
        "  smtpdx run scenarios --junit out.xml --json out.json\n"
        "  smtpdx run scenarios/submission/starttls.yaml::injected\n"
        "  smtpdx run scenarios --sim --ref RFC3207",
    .options = options,
    .option_count = COUNT(options),
    .on_option = on_option,
    .run = run,
};
