/* SPDX-License-Identifier: Apache-2.0 */
/* See check_batch.h. One loop: read ahead a little, begin what may begin, write down what is done.
 */
#include "cli/check_batch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check/answer.h"
#include "cli/check_logins.h"
#include "cli/cli.h"
#include "cli/explain.h"
#include "run/interrupt.h"

enum { LINE_MAX_OCTETS = 64 * 1024, AHEAD = 64, LOOK_US = 100000 };

struct running {
    struct batch_account *account;
    struct check *check;
    bool is_done, has_login;
};

struct batch {
    const struct batch_params *params;
    struct world *world;
    FILE *in;
    int out;
    bool is_stdout;
    unsigned line;
    bool is_over;         /* no more lines */
    bool must_be_private; /* the input is a file: secrets in it must be nobody else's to read */
    bool is_unwritable;

    struct batch_account **ahead; /* AHEAD, and one for each that is under way and may come back */
    size_t ahead_count;
    bool has_key; /* of the store of tokens */
    bool is_store_busy;
    struct running *running;
    size_t running_count;

    uint64_t *done; /* hashes of the ids that were done, a table with open addressing */
    size_t done_count, done_space;

    unsigned long verdicts[CHECK_VERDICT_COUNT], causes[CAUSE_COUNT];
    unsigned long bad, before, elsewhere;
};

/* ---- what was done ---- */

static uint64_t hash_of(struct slice text)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a, and mixed: shards take its low bits */
    for (size_t i = 0; i < text.n; i++) {
        hash = (hash ^ (unsigned char)text.p[i]) * 0x100000001b3u;
    }
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93u;
    hash ^= hash >> 32;
    return hash != 0 ? hash : 1;
}

static bool put_hash(uint64_t *table, size_t space, uint64_t hash)
{
    size_t at = (size_t)hash & (space - 1);
    while (table[at] != 0 && table[at] != hash) {
        at = (at + 1) & (space - 1);
    }
    bool is_new = table[at] == 0;
    table[at] = hash;
    return is_new;
}

/* True when it was not there yet. */
static bool note_done(struct batch *b, struct slice id)
{
    if (2 * b->done_count >= b->done_space) {
        size_t space = b->done_space != 0 ? 2 * b->done_space : 1024;
        uint64_t *table = mem_zalloc(space, sizeof *table);
        for (size_t i = 0; i < b->done_space; i++) {
            if (b->done[i] != 0) {
                (void)put_hash(table, space, b->done[i]);
            }
        }
        free(b->done);
        b->done = table;
        b->done_space = space;
    }
    bool is_new = put_hash(b->done, b->done_space, hash_of(id));
    b->done_count += is_new;
    return is_new;
}

/* ---- the output ---- */

/* The ids in it, and its length up to the last whole line: a run that was killed may have left half
 * a line. */
static bool read_output(struct batch *b, const char *path, off_t *whole)
{
    FILE *f = fopen(path, "rbe");
    char *line = NULL;
    size_t space = 0;
    ssize_t n;
    *whole = 0;
    if (f == NULL) {
        return false;
    }
    while ((n = getline(&line, &space, f)) > 0 && line[n - 1] == '\n') {
        struct json *map = NULL;
        *whole += n;
        if (json_parse(slice_make(line, (size_t)n), &map, NULL) == ERR_OK) {
            struct slice id = json_slice(json_get(map, "id"));
            if (id.n != 0 && json_get(map, "verdict") != NULL) {
                (void)note_done(b, id);
            }
        }
        json_free(map);
    }
    free(line);
    fclose(f);
    return true;
}

static int open_output(struct batch *b)
{
    const char *path = b->params->output;
    off_t whole;
    if (path == NULL) {
        b->out = STDOUT_FILENO;
        b->is_stdout = true;
        return EXIT_ALL_PASSED;
    }
    b->out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (b->out < 0) {
        fprintf(stderr, "smtpdx check: %s: %s\n", path, strerror(errno));
        return EXIT_NO_REPORT;
    }
    if (flock(b->out, LOCK_EX | LOCK_NB) != 0) {
        fprintf(stderr, "smtpdx check: %s: another run is writing to it\n", path);
        return EXIT_DID_NOT_LOAD;
    }
    struct stat st;
    bool is_file = fstat(b->out, &st) == 0 && S_ISREG(st.st_mode);
    if (is_file && (!read_output(b, path, &whole) || ftruncate(b->out, whole) != 0)) {
        fprintf(stderr, "smtpdx check: %s: %s\n", path, strerror(errno));
        return EXIT_NO_REPORT;
    }
    return EXIT_ALL_PASSED;
}

static void write_line(struct batch *b, struct slice text)
{
    size_t at = 0;
    while (at < text.n) {
        ssize_t n = write(b->out, text.p + at, text.n - at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            if (!b->is_unwritable) {
                fprintf(stderr, "smtpdx check: %s: %s\n",
                        b->params->output != NULL ? b->params->output : "standard output",
                        strerror(errno));
            }
            b->is_unwritable = true;
            return;
        }
        at += (size_t)n;
    }
}

static void write_json(struct batch *b, struct json *map, const struct redactor *redactor)
{
    struct buf text, safe;
    buf_init(&text, BUF_NO_CAP);
    buf_init(&safe, BUF_NO_CAP);
    json_print(map, JSON_COMPACT, &text);
    if (redactor != NULL) {
        redactor_apply(redactor, buf_slice(&text), &safe);
    } else {
        buf_add(&safe, buf_slice(&text));
    }
    buf_add_char(&safe, '\n');
    write_line(b, buf_slice(&safe));
    buf_release(&text);
    buf_release(&safe);
    json_free(map);
}

/* A line that is no account; it has no verdict, so that it is looked at again next time. */
static void write_bad(struct batch *b, const char *id, unsigned line, const struct why *why)
{
    struct json *map = json_map();
    b->bad++;
    if (id != NULL && id[0] != '\0') {
        json_set(map, "id", json_text(id));
    }
    json_set(map, "line", json_int(line));
    if (why->col != 0) {
        json_set(map, "column", json_int(why->col));
    }
    json_set(map, "error", json_text(why->text));
    write_json(b, map, NULL);
}

static void write_result(struct batch *b, const struct running *r)
{
    const struct check_result *result = check_result(r->check);
    struct json *map = json_map();
    struct json *rest = check_to_json(r->check, slice_of(r->account->given), false);
    const char *key;
    struct json *value;
    json_set(map, "id", json_text(r->account->id));
    for (size_t i = 0; json_pair(rest, i, &key, &value); i++) {
        json_set(map, key, json_ref(value));
    }
    json_free(rest);
    write_json(b, map, r->account->redactor);
    b->verdicts[result->verdict]++;
    if (result->has_diagnosis) {
        b->causes[result->diagnosis.cause]++;
    }
}

/* ---- the input ---- */

/* One line of at most LINE_MAX_OCTETS; the rest of a longer one is read over. False at the end. */
static bool read_line(struct batch *b, struct buf *line)
{
    int c = getc(b->in);
    buf_wipe(line);
    if (c == EOF) {
        return false;
    }
    for (; c != EOF && c != '\n'; c = getc(b->in)) {
        buf_add_char(line, (char)c);
    }
    b->line++;
    return true;
}

static bool is_ours(struct batch *b, const struct batch_account *a)
{
    unsigned shards = b->params->shards;
    if (hash_of(slice_of(a->id)) % shards != b->params->shard - 1) {
        b->elsewhere++;
        return false;
    }
    if (!note_done(b, slice_of(a->id))) {
        b->before++;
        return false;
    }
    return true;
}

/* Errors: ERR_LIMIT when the file must not be read on. */
static enum err take_line(struct batch *b, const struct buf *line)
{
    struct why why = {.col = 0};
    struct batch_account *a = NULL;
    char *id = NULL;
    if (slice_trim(buf_slice(line)).n == 0) {
        return ERR_OK;
    }
    if (b->must_be_private && account_has_secret(buf_slice(line))) {
        fprintf(stderr, "smtpdx check: %s holds secrets, and others can read it: chmod 600\n",
                b->params->input);
        return ERR_LIMIT;
    }
    if (line->is_full) {
        why_set(&why, ERR_LIMIT, "the line has more than %d octets", LINE_MAX_OCTETS);
        write_bad(b, NULL, b->line, &why);
        return ERR_OK;
    }
    if (account_read(b->params, buf_slice(line), &a, &id, &why) != ERR_OK) {
        write_bad(b, id, b->line, &why);
    } else if (is_ours(b, a)) {
        a->line = b->line;
        b->ahead[b->ahead_count++] = a;
    } else {
        account_free(a);
    }
    free(id);
    return ERR_OK;
}

static enum err read_ahead(struct batch *b, struct buf *line)
{
    while (!b->is_over && b->ahead_count < AHEAD) {
        if (!read_line(b, line)) {
            b->is_over = true;
            break;
        }
        TRY(take_line(b, line));
    }
    return ERR_OK;
}

/* ---- the run ---- */

static void on_done(void *context)
{
    ((struct running *)context)->is_done = true;
}

static unsigned at_group(const struct batch *b, const char *group)
{
    unsigned n = 0;
    for (size_t i = 0; i < b->params->jobs; i++) {
        const struct running *r = &b->running[i];
        n += r->account != NULL && strcmp(r->account->group, group) == 0;
    }
    return n;
}

/* Nothing is known of it then; it is looked at again next time. */
static void give_up(struct batch *b, size_t at, const struct why *why)
{
    struct batch_account *a = b->ahead[at];
    write_bad(b, a->id, a->line, why);
    account_free(a);
    b->ahead_count--;
    memmove(&b->ahead[at], &b->ahead[at + 1], (b->ahead_count - at) * sizeof *b->ahead);
}

static bool wants_token(const struct batch_account *a)
{
    return a->is_stored && !a->is_ready;
}

static bool has_waiting(const struct batch *b)
{
    for (size_t i = 0; i < b->ahead_count; i++) {
        if (wants_token(b->ahead[i])) {
            return true;
        }
    }
    return false;
}

/* All that wait for a token get theirs; nothing else is under way. Errors: the store cannot be
 * opened. */
static enum err take_tokens(struct batch *b)
{
    struct why why = {.text = ""};
    struct stored_token *s = b->params->stored;
    enum err err = b->has_key ? stored_reopen(s, &why) : stored_open(s, false, &why);
    if (err != ERR_OK) {
        fprintf(stderr, "smtpdx check: %s\n", why.text);
        b->is_store_busy = err == ERR_LIMIT;
        return err;
    }
    b->has_key = true;
    for (size_t i = 0; i < b->ahead_count && interrupt_number() == 0;) {
        if (wants_token(b->ahead[i]) && account_take_token(b->ahead[i], s, &why) != ERR_OK) {
            give_up(b, i, &why);
        } else {
            i++;
        }
    }
    stored_close(s);
    return ERR_OK;
}

static void begin(struct batch *b, struct batch_account *a)
{
    struct why why = {.col = 0};
    struct running *r = b->running;
    while (r->account != NULL) {
        r++;
    }
    *r = (struct running){.account = a};
    a->params.wall_time = (int64_t)time(NULL); /* a run may take hours */
    if (check_new(&a->params, &r->check, &why) != ERR_OK) {
        write_bad(b, a->id, a->line, &why);
        account_free(a);
        *r = (struct running){.account = NULL};
        return;
    }
    b->running_count++;
    if (a->token_flow != NULL) {
        const struct token_result *t = token_flow_result(a->token_flow);
        check_token_failed(r->check, t->fault, t->detail, t->document);
    }
    r->has_login = check_take_login(r->check, a->logins_per_hour);
    check_start(r->check, b->world, on_done, r);
}

static void begin_what_may(struct batch *b)
{
    for (size_t i = 0; i < b->ahead_count && b->running_count < b->params->jobs;) {
        struct batch_account *a = b->ahead[i];
        if (wants_token(a) || at_group(b, a->group) >= b->params->per_group) {
            i++;
            continue;
        }
        b->ahead_count--;
        memmove(&b->ahead[i], &b->ahead[i + 1], (b->ahead_count - i) * sizeof *b->ahead);
        begin(b, a);
    }
}

/* A token that was refused because its time is over is renewed once; then the account comes again.
 */
static bool may_come_again(const struct running *r)
{
    const struct batch_account *a = r->account;
    const struct check_result *result = check_result(r->check);
    return a->is_stored && !a->must_renew && a->token_flow == NULL && interrupt_number() == 0 &&
           result->has_diagnosis && result->diagnosis.cause == CAUSE_AUTH_TOKEN_EXPIRED;
}

static void end_one(struct batch *b, struct running *r)
{
    if (r->has_login) {
        check_settle_login(r->check);
    }
    if (may_come_again(r)) {
        check_free(r->check);
        r->account->must_renew = true;
        r->account->is_ready = false;
        b->ahead[b->ahead_count++] = r->account;
        *r = (struct running){.account = NULL};
        b->running_count--;
        return;
    }
    if (!check_result(r->check)->was_cancelled) {
        if (!b->params->has_diagnosis) {
            check_forget_diagnosis(r->check);
        }
        write_result(b, r);
    }
    check_free(r->check);
    account_free(r->account);
    *r = (struct running){.account = NULL};
    b->running_count--;
}

static void end_what_is_done(struct batch *b)
{
    for (size_t i = 0; i < b->params->jobs; i++) {
        if (b->running[i].account != NULL && b->running[i].is_done) {
            end_one(b, &b->running[i]);
        }
    }
}

static void cancel_all(struct batch *b)
{
    for (size_t i = 0; i < b->params->jobs; i++) {
        if (b->running[i].account != NULL) {
            check_cancel(b->running[i].check);
        }
    }
    while (b->running_count != 0) {
        (void)world_run_once(b->world, LOOK_US);
        end_what_is_done(b);
    }
}

static enum err run_all(struct batch *b)
{
    struct buf line;
    enum err err = ERR_OK;
    buf_init(&line, LINE_MAX_OCTETS);
    while (err == ERR_OK && interrupt_number() == 0 && !b->is_unwritable) {
        err = read_ahead(b, &line);
        if (err == ERR_OK && b->running_count == 0 && has_waiting(b)) {
            err = take_tokens(b);
        }
        begin_what_may(b);
        bool goes_on = err == ERR_OK && interrupt_number() == 0; /* else tokens may be missing */
        must(!goes_on || b->running_count != 0 || b->ahead_count == 0); /* nothing would happen */
        end_what_is_done(b);
        if (b->running_count != 0) {
            (void)world_run_once(b->world, LOOK_US);
            end_what_is_done(b);
        } else if (b->is_over && b->ahead_count == 0) {
            break;
        }
    }
    cancel_all(b);
    buf_wipe(&line);
    buf_release(&line);
    return err;
}

/* ---- the summary ---- */

static void print_summary(struct batch *b)
{
    unsigned long good = b->verdicts[CHECK_USABLE] + b->verdicts[CHECK_REACHED];
    unsigned long all = good + b->verdicts[CHECK_NOT_USABLE] + b->verdicts[CHECK_UNKNOWN];
    fprintf(stderr, "%lu accounts: %lu usable, %lu not usable, %lu could not be told", all, good,
            b->verdicts[CHECK_NOT_USABLE], b->verdicts[CHECK_UNKNOWN]);
    if (b->before != 0) {
        fprintf(stderr, "; %lu done before", b->before);
    }
    if (b->elsewhere != 0) {
        fprintf(stderr, "; %lu of other shards", b->elsewhere);
    }
    fprintf(stderr, b->bad != 0 ? "; %lu lines were bad\n" : "\n", b->bad);
    for (;;) { /* the most frequent first */
        size_t most = 0;
        for (size_t i = 0; i < CAUSE_COUNT; i++) {
            most = b->causes[i] > b->causes[most] ? i : most;
        }
        if (b->causes[most] == 0) {
            break;
        }
        fprintf(stderr, "%8lu  %-32s %s\n", b->causes[most], cause_slug((enum cause)most),
                explain_who(cause_who((enum cause)most)));
        b->causes[most] = 0;
    }
}

static int status_of(const struct batch *b, enum err err)
{
    int number = interrupt_number();
    return number != 0                                   ? 128 + number
           : err == ERR_UNSUPPORTED                      ? EXIT_WRONG_USE
           : b->is_store_busy                            ? EXIT_NOT_JUDGED
           : err != ERR_OK                               ? EXIT_DID_NOT_LOAD
           : b->is_unwritable                            ? EXIT_NO_REPORT
           : b->verdicts[CHECK_NOT_USABLE] + b->bad != 0 ? EXIT_SOMETHING_FAILED
           : b->verdicts[CHECK_UNKNOWN] != 0             ? EXIT_NOT_JUDGED
                                                         : EXIT_ALL_PASSED;
}

static int open_input(struct batch *b)
{
    struct stat st;
    const char *path = b->params->input;
    b->in = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    if (b->in == NULL || fstat(fileno(b->in), &st) != 0 || S_ISDIR(st.st_mode)) {
        fprintf(stderr, "smtpdx check: %s: %s\n", path, strerror(b->in != NULL ? EISDIR : errno));
        return EXIT_DID_NOT_LOAD;
    }
    b->must_be_private = S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0;
    return EXIT_ALL_PASSED;
}

int batch_run(const struct batch_params *params)
{
    struct why why;
    struct batch b = {.params = params, .out = -1};
    b.running = mem_zalloc(params->jobs, sizeof *b.running);
    b.ahead = mem_zalloc(AHEAD + params->jobs, sizeof *b.ahead);
    int status = open_input(&b);
    status = status == EXIT_ALL_PASSED ? open_output(&b) : status;
    world_raise_descriptor_limit();
    if (status == EXIT_ALL_PASSED && world_new_sockets(&b.world, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx check: %s\n", why.text);
        status = EXIT_NOT_JUDGED;
    }
    if (status == EXIT_ALL_PASSED) {
        interrupt_catch();
        enum err err = run_all(&b);
        status = status_of(&b, err);
        print_summary(&b);
        interrupt_release();
    }
    for (size_t i = 0; i < b.ahead_count; i++) {
        account_free(b.ahead[i]);
    }
    if (b.world != NULL) {
        world_free(b.world);
    }
    if (b.in != NULL && b.in != stdin) {
        fclose(b.in);
    }
    if (b.out >= 0 && !b.is_stdout) {
        close(b.out);
    }
    free(b.ahead);
    free(b.running);
    free(b.done);
    return status;
}
