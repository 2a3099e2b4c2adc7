/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CI systems disagree on what a path in [[ATTACHMENT|path]] is relative to. GitLab: the project's
 * folder. Jenkins and Azure: the XML, or absolute, which needs no guessing where the XML is read.
 */
#include "cli/attachments.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
static const struct {
    const char *variable; /* set by the CI system */
    const char *paths;
} systems[] = {
    { "GITLAB_CI",   "project" },
    { "JENKINS_URL", "absolute" },
    { "TF_BUILD",    "absolute" }, /* Azure Pipelines */
};
/* clang-format on */

static const char *detected_paths(void)
{
    for (size_t i = 0; i < COUNT(systems); i++) {
        const char *value = getenv(systems[i].variable);
        if (value != NULL && value[0] != '\0') {
            return systems[i].paths;
        }
    }
    return NULL;
}

static bool is_path_kind(const char *value)
{
    return strcmp(value, "project") == 0 || strcmp(value, "xml") == 0 ||
           strcmp(value, "absolute") == 0;
}

/* The marker ends with "]]" and is one line: what would end it earlier cannot stand in it. */
static bool may_be_marked(const char *path)
{
    for (const char *p = path; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f || *p == ']') {
            return false;
        }
    }
    return path[0] != '\0';
}

bool attachments_option(struct attachments *a, bool is_paths, const char *value)
{
    bool is_good = is_paths ? is_path_kind(value) : may_be_marked(value);
    if (!is_good && is_paths) {
        fprintf(stderr, "smtpdx: --attachment-paths wants project, xml or absolute, not '%s'\n",
                value);
    } else if (!is_good) {
        fprintf(stderr, "smtpdx: --attachments wants a folder, with no ']' and no control "
                        "character in its name, or none\n");
    }
    *(is_paths ? &a->paths : &a->folder) = value;
    return is_good;
}

void attachments_choose(struct attachments *a, const char *xml_path, struct arena *arena)
{
    bool has_xml = xml_path != NULL && strcmp(xml_path, "-") != 0;
    if (a->folder != NULL || !has_xml || detected_paths() == NULL) {
        return;
    }
    struct slice name = slice_of(xml_path);
    if (slice_has_suffix(name, SLICE(".xml"))) {
        name.n -= strlen(".xml");
    }
    a->folder = arena_printf(arena, SLICE_FMT ".transcripts", SLICE_ARG(name));
}

/* "." when the path names none; "" when it is too long to be one. */
static void copy_parent(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    int n = slash == NULL   ? snprintf(out, PATH_MAX, ".")
            : slash == path ? snprintf(out, PATH_MAX, "/")
                            : snprintf(out, PATH_MAX, "%.*s", (int)(slash - path), path);
    out[n < PATH_MAX ? n : 0] = '\0';
}

static bool is_wanted(const struct attachments *a)
{
    return a->folder != NULL && strcmp(a->folder, "none") != 0;
}

/* The folder, or the one it will be made in. False with errno. */
static bool is_writable(const char *folder)
{
    char parent[PATH_MAX];
    if (access(folder, F_OK) == 0) {
        return access(folder, W_OK | X_OK) == 0;
    }
    copy_parent(folder, parent);
    return access(parent, W_OK | X_OK) == 0;
}

bool attachments_begin(const struct attachments *a)
{
    struct why why;
    if (!is_wanted(a)) {
        return true;
    }
    if (!is_writable(a->folder)) {
        fprintf(stderr, "smtpdx: the attachments cannot be written: %s: %s\n", a->folder,
                strerror(errno));
        return false;
    }
    if (attachments_clear(a->folder, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx: the attachments cannot be written: %s\n", why.text);
        return false;
    }
    return true;
}

bool attachments_finish(struct attachments *a, const struct run_record *run)
{
    struct why why;
    if (is_wanted(a) && attachments_write(run, a->folder, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx: the attachments could not be written: %s\n", why.text);
        a->folder = NULL;
        return false;
    }
    return true;
}

/* An absolute path without links, though its last part need not exist; NULL when it has no folder.
 */
static const char *absolute(const char *path, struct arena *arena)
{
    char real[PATH_MAX], parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    if (realpath(path, real) != NULL) {
        return arena_text(arena, slice_of(real));
    }
    copy_parent(path, parent);
    if (name[0] == '\0' || realpath(parent, real) == NULL) {
        return NULL;
    }
    return arena_printf(arena, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name);
}

/* From one absolute folder to an absolute path. */
static const char *relative(const char *from, const char *to, struct arena *arena)
{
    size_t same = 0; /* octets of common folders, with the slash */
    size_t i = 0;
    while (from[i] == to[i] && from[i] != '\0') {
        i++;
        same = from[i - 1] == '/' ? i : same;
    }
    if (from[i] == '\0' && (to[i] == '/' || to[i] == '\0')) {
        same = i + (to[i] == '/' ? 1 : 0);
    } else if (to[i] == '\0' && from[i] == '/') {
        same = i;
    }
    struct buf out;
    buf_init(&out, 4 * PATH_MAX);
    const char *rest = strlen(from) > same ? from + same : "";
    rest = rest[0] == '/' ? rest + 1 : rest;
    for (bool is_part = rest[0] != '\0'; is_part;) {
        const char *slash = strchr(rest, '/');
        buf_add_text(&out, "../");
        is_part = slash != NULL;
        rest = slash != NULL ? slash + 1 : rest;
    }
    buf_add_text(&out, to[same] != '\0' ? to + same : ".");
    const char *text = arena_text(arena, slice_trim_end(buf_slice(&out), "/"));
    buf_release(&out);
    return text;
}

/* The folder that a relative path begins from. */
static const char *base_folder(const char *paths, const char *xml_path, struct arena *arena)
{
    const char *project = getenv("CI_PROJECT_DIR"); /* GitLab */
    if (strcmp(paths, "project") == 0 && project != NULL && project[0] != '\0') {
        return absolute(project, arena);
    }
    char folder[PATH_MAX];
    copy_parent(xml_path, folder);
    return absolute(strcmp(paths, "project") == 0 ? "." : folder, arena);
}

const char *attachments_link(const struct attachments *a, const char *xml_path, struct arena *arena)
{
    if (!is_wanted(a)) {
        return NULL;
    }
    const char *detected = detected_paths();
    const char *paths = a->paths != NULL ? a->paths : detected != NULL ? detected : "xml";
    const char *to = absolute(a->folder, arena);
    if (to == NULL || strcmp(paths, "absolute") == 0) {
        return to != NULL ? to : a->folder;
    }
    const char *from = base_folder(paths, xml_path, arena);
    return from != NULL ? relative(from, to, arena) : to;
}
