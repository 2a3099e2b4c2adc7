/* SPDX-License-Identifier: Apache-2.0 */
/* Files that a run writes: looked at before, written after. */
#include "cli/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/github.h"
#include "result/log.h"

const struct report_format *outputs_format(struct slice name)
{
    const struct report_format *format = report_find(name);
    if (format == NULL) {
        fprintf(stderr, "smtpdx: no report format '" SLICE_FMT "'; there are:", SLICE_ARG(name));
        for (size_t i = 0; i < report_format_count; i++) {
            fprintf(stderr, " %s", report_formats[i].name);
        }
        fprintf(stderr, "\n");
    }
    return format;
}

bool outputs_add(struct outputs *o, struct slice name, const char *path)
{
    const struct report_format *format = outputs_format(name);
    if (format == NULL) {
        return false;
    }
    if (path[0] == '\0') {
        fprintf(stderr, "smtpdx: the name of the %s report is empty\n", format->name);
        return false;
    }
    if (o->count == OUTPUTS_MAX) {
        fprintf(stderr, "smtpdx: more than %d reports\n", OUTPUTS_MAX);
        return false;
    }
    o->list[o->count++] = (struct output){format, path};
    return true;
}

bool outputs_add_junit(struct outputs *o, const char *path)
{
    struct slice p = slice_of(path);
    if (!slice_has_suffix(p, SLICE(".xml")) && !slice_eq_text(p, "-")) {
        fprintf(stderr,
                "smtpdx: --junit wants a name that ends in .xml (CI systems look for that)\n");
        return false;
    }
    o->has_junit = true;
    return outputs_add(o, SLICE("junit"), path);
}

bool outputs_add_report(struct outputs *o, const char *format_and_path)
{
    struct slice text = slice_of(format_and_path);
    size_t at = slice_find_char(text, '=');
    if (at == SIZE_MAX || at + 1 == text.n) {
        fprintf(stderr, "smtpdx: --report wants FORMAT=FILE, not '%s'\n", format_and_path);
        return false;
    }
    return outputs_add(o, slice_sub(text, 0, at), format_and_path + at + 1);
}

bool outputs_set_log(struct outputs *o, const char *path)
{
    if (path[0] == '\0') {
        fprintf(stderr, "smtpdx: the name of the log is empty\n");
        return false;
    }
    o->log_path = path;
    return true;
}

/* ---- before ---- */

/* The folder a file would be made in. False: too long, which the writer will say. */
static bool folder_of(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    int n = slash == NULL   ? snprintf(out, PATH_MAX, ".")
            : slash == path ? snprintf(out, PATH_MAX, "/")
                            : snprintf(out, PATH_MAX, "%.*s", (int)(slash - path), path);
    return n < PATH_MAX;
}

/* Without links and dots; the file itself need not be there. Freed by the caller; NULL: unknown. */
static char *whole_path(const char *path)
{
    char folder[PATH_MAX];
    char *real = realpath(path, NULL);
    if (real != NULL || !folder_of(path, folder)) {
        return real;
    }
    real = realpath(folder, NULL);
    if (real == NULL) {
        return NULL;
    }
    const char *slash = strrchr(path, '/');
    struct buf whole;
    buf_init(&whole, BUF_NO_CAP);
    buf_addf(&whole, "%s/%s", real, slash != NULL ? slash + 1 : path);
    free(real);
    return buf_take(&whole);
}

bool outputs_are_same(const char *a, const char *b)
{
    struct stat st;
    bool is_stdout = strcmp(a, "-") == 0;
    if (is_stdout || strcmp(b, "-") == 0) {
        return is_stdout && strcmp(b, "-") == 0;
    }
    if (stat(a, &st) == 0 && !S_ISREG(st.st_mode)) {
        return false;
    }
    char *x = whole_path(a), *y = whole_path(b);
    bool is_same = x != NULL && y != NULL && strcmp(x, y) == 0;
    free(x);
    free(y);
    return is_same;
}

static int refuse(const char *path, const char *why, const char *what_to_do)
{
    fprintf(stderr, "smtpdx: the report %s cannot be written: %s%s\n", path, why, what_to_do);
    return EXIT_NO_REPORT;
}

static int check_place(const char *path, bool is_default)
{
    char folder[PATH_MAX];
    struct stat st;
    if (strcmp(path, "-") == 0 || !folder_of(path, folder)) {
        return EXIT_ALL_PASSED;
    }
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        return refuse(path, "this is a folder", "; give the name of a file in it");
    }
    bool is_device = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
    if (access(is_device ? path : folder, W_OK) != 0) {
        char why[PATH_MAX + 128];
        snprintf(why, sizeof why, "%s: %s", is_device ? path : folder, strerror(errno));
        return refuse(path, why,
                      is_default ? " (name another place with --junit FILE, or say --no-junit)"
                                 : "");
    }
    return EXIT_ALL_PASSED;
}

/* Every path that will be written, with the option it came from. */
struct target {
    const char *path, *option;
};

static size_t all_targets(const struct outputs *o, struct target *out)
{
    size_t n = 0;
    for (size_t i = 0; i < o->count; i++) {
        out[n++] = (struct target){o->list[i].path, o->list[i].format->name};
    }
    if (o->log_path != NULL) {
        out[n++] = (struct target){o->log_path, "log"};
    }
    if (o->secrets_path != NULL) {
        out[n++] = (struct target){o->secrets_path, "keep-secrets"};
    }
    return n;
}

static int check_conflicts(const struct outputs *o, const struct suite_set *set)
{
    struct target targets[OUTPUTS_MAX + 2];
    size_t n = all_targets(o, targets);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (outputs_are_same(targets[i].path, targets[k].path)) {
                fprintf(stderr, "smtpdx: %s and %s would both be written to %s; name two files\n",
                        targets[k].option, targets[i].option,
                        strcmp(targets[i].path, "-") == 0 ? "standard output" : targets[i].path);
                return EXIT_WRONG_USE;
            }
        }
        for (size_t k = 0; k < suites_count(set); k++) {
            if (outputs_are_same(targets[i].path, suites_at(set, k)->file)) {
                fprintf(stderr, "smtpdx: %s would overwrite the scenario file %s\n",
                        targets[i].option, targets[i].path);
                return EXIT_WRONG_USE;
            }
        }
    }
    return EXIT_ALL_PASSED;
}

/* Two runs that write one log would leave a mixture that no reader takes. */
static int open_log(struct outputs *o)
{
    bool is_stdout = strcmp(o->log_path, "-") == 0;
    int fd = is_stdout ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                       : open(o->log_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    const char *why = fd < 0 ? strerror(errno) : NULL;
    if (fd >= 0 && !is_stdout && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        why = "another run is writing it";
    } else if (fd >= 0 && !is_stdout && ftruncate(fd, 0) != 0 && errno != EINVAL) {
        why = strerror(errno);
    }
    if (why != NULL) {
        fprintf(stderr, "smtpdx: the log %s cannot be written: %s\n", o->log_path, why);
        if (fd >= 0) {
            close(fd);
        }
        return EXIT_NO_REPORT;
    }
    o->log = fdopen(fd, "w");
    must(o->log != NULL);
    return EXIT_ALL_PASSED;
}

/* Of the first JUnit XML; NULL: there is none. */
static const char *junit_path(const struct outputs *o)
{
    for (size_t i = 0; i < o->count; i++) {
        if (strcmp(o->list[i].format->name, "junit") == 0) {
            return o->list[i].path;
        }
    }
    return NULL;
}

int outputs_open(struct outputs *o, const struct suite_set *set)
{
    static const char *const usual = "TEST-smtpdx.xml";
    if (o->has_junit && o->no_junit) {
        fprintf(stderr, "smtpdx: --junit and --no-junit exclude each other\n");
        return EXIT_WRONG_USE;
    }
    if (!o->has_junit && !o->no_junit && !outputs_add(o, SLICE("junit"), usual)) {
        return EXIT_WRONG_USE;
    }
    int status = check_conflicts(o, set);
    for (size_t i = 0; i < o->count && status == EXIT_ALL_PASSED; i++) {
        status = check_place(o->list[i].path, o->list[i].path == usual);
    }
    attachments_choose(&o->attachments, junit_path(o), o->arena);
    if (status == EXIT_ALL_PASSED && !attachments_begin(&o->attachments)) {
        status = EXIT_NO_REPORT;
    }
    return status == EXIT_ALL_PASSED && o->log_path != NULL ? open_log(o) : status;
}

bool outputs_take_stdout(const struct outputs *o)
{
    struct target targets[OUTPUTS_MAX + 2];
    size_t n = all_targets(o, targets);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(targets[i].path, "-") == 0) {
            return true;
        }
    }
    return false;
}

/* ---- while running, and after ---- */

void outputs_log(struct outputs *o, struct json *event)
{
    if (o->log != NULL && o->log_error == 0) {
        struct buf line;
        buf_init(&line, BUF_NO_CAP);
        log_line(event, &line);
        if (fwrite(buf_text(&line), 1, line.n, o->log) != line.n || fflush(o->log) != 0) {
            o->log_error = errno != 0 ? errno : EIO;
        }
        buf_release(&line);
    }
    json_free(event);
}

static bool close_log(struct outputs *o)
{
    if (fclose(o->log) != 0 && o->log_error == 0) {
        o->log_error = errno;
    }
    o->log = NULL;
    if (o->log_error != 0) {
        struct why why;
        (void)report_io_error("writing", o->log_path, o->log_error, &why);
        fprintf(stderr, "smtpdx: the log is incomplete: %s\n", why.text);
    }
    return o->log_error == 0;
}

/* One report. On standard output what echoes a server is fenced, our own commands are not. */
static enum err write_one(const struct outputs *o, const struct output *one,
                          const struct run_record *run, const struct report_options *look,
                          struct why *why)
{
    struct report_options options = *look;
    struct github_fence fence = {.token = ""};
    bool is_echo = strcmp(one->path, "-") == 0 && strcmp(one->format->name, "github") != 0;
    options.attachments = attachments_link(&o->attachments, one->path, o->arena);
    if (is_echo) {
        github_fence_begin(&fence, STDOUT_FILENO);
    }
    enum err err = report_write_file(one->format, run, &options, one->path, why);
    github_fence_end(&fence);
    return err;
}

int outputs_write(struct outputs *o, const struct run_record *run,
                  const struct report_options *look, struct console_written *written,
                  size_t *written_count)
{
    int status = attachments_finish(&o->attachments, run) ? EXIT_ALL_PASSED : EXIT_NO_REPORT;
    size_t n = 0;
    for (size_t i = 0; i < o->count; i++) {
        struct why why;
        const struct output *one = &o->list[i];
        if (write_one(o, one, run, look, &why) == ERR_OK) {
            written[n++] = (struct console_written){one->format->title, one->path};
        } else {
            fprintf(stderr, "smtpdx: the report %s could not be written: %s\n", one->path,
                    why.text);
            status = EXIT_NO_REPORT;
        }
    }
    if (o->log != NULL && close_log(o)) {
        written[n++] = (struct console_written){"log", o->log_path};
    } else if (o->log_path != NULL) {
        status = EXIT_NO_REPORT;
    }
    *written_count = n;
    return status;
}

void outputs_release(struct outputs *o)
{
    if (o->log != NULL) {
        fclose(o->log);
        o->log = NULL;
    }
}
