/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file: `defaults:` and `providers:`, both of them maps, and nothing else. JSON is read as the
 * YAML that it is. A secret is refused, and no line of the file is ever shown.
 */
#include "config/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const struct node_limits limits = {
    .file_bytes = 1 << 20,
    .depth = 8,
    .nodes = 50000,
    .expanded_nodes = 50000,
    .scalar_bytes = 4096,
};

struct config *config_new(void)
{
    struct config *c = mem_zalloc(1, sizeof *c);
    arena_init(&c->arena);
    return c;
}

void config_free(struct config *c)
{
    if (c != NULL) {
        arena_release(&c->arena);
        free(c);
    }
}

/* ---- secrets ---- */

/* "app-password", "smtp.Password", "accessToken": what is meant is told by a part of it. */
static bool is_secret_key(struct slice key)
{
    static const char *const parts[] = {"password", "passwd", "passphrase", "passwort", "secret",
                                        "token",    "apikey", "api_key",    "api-key"};
    bool is_secret = slice_eq_nocase_text(key, "pass") || slice_eq_nocase_text(key, "pwd") ||
                     slice_eq_nocase_text(key, "pw");
    for (size_t i = 0; i < COUNT(parts); i++) {
        is_secret = is_secret || slice_find_nocase(key, slice_of(parts[i])) != SIZE_MAX;
    }
    return is_secret;
}

static void refuse_secret(const struct node *key, struct doc_errors *errors)
{
    bool is_token = slice_find_nocase(key->text, SLICE("token")) != SIZE_MAX;
    bool is_phrase = slice_find_nocase(key->text, SLICE("passphrase")) != SIZE_MAX;
    bool is_client = slice_find_nocase(key->text, SLICE("client")) != SIZE_MAX;
    doc_error_at(errors, key,
                 "'" SLICE_FMT
                 "': no secret stands in this file, nor where it is; take it out, and %s",
                 SLICE_ARG(slice_sub(key->text, 0, 60)),
                 is_phrase   ? "set SMTPDX_STORE_PASSPHRASE, or name a file with the key: key_file"
                 : is_client ? "set SMTPDX_CLIENT_SECRET, or use 'token login "
                               "--client-secret-file FILE'"
                 : is_token  ? "set SMTPDX_TOKEN, use --token-file or --token-command, or keep it "
                               "with 'smtpdx token login'"
                             : "set SMTPDX_PASSWORD or SMTPDX_APP_PASSWORD, or use --password-file "
                               "or --password-command");
}

/* ---- keys and values ---- */

static bool is_empty(const struct node *n)
{
    return n->kind == NODE_SCALAR && n->is_plain &&
           (n->text.n == 0 || node_is_text(n, "null") || node_is_text(n, "~"));
}

static void unknown_key(const struct node *key, const char *const *known, size_t n,
                        const char *where, struct doc_errors *errors)
{
    struct buf all;
    const char *nearest = text_nearest(key->text, known, n);
    if (nearest != NULL) {
        doc_error_at(errors, key, "%s has no key '" SLICE_FMT "' (did you mean '%s'?)", where,
                     SLICE_ARG(slice_sub(key->text, 0, 60)), nearest);
        return;
    }
    buf_init(&all, 1024);
    for (size_t i = 0; i < n; i++) {
        buf_addf(&all, "%s%s", i != 0 ? " " : "", known[i]);
    }
    doc_error_at(errors, key, "%s has no key '" SLICE_FMT "'; there are: %s", where,
                 SLICE_ARG(slice_sub(key->text, 0, 60)), buf_text(&all));
    buf_release(&all);
}

static void unknown_setting(const struct node *key, enum setting_place place,
                            struct doc_errors *errors)
{
    const char *known[SETTING_COUNT];
    size_t n = 0;
    enum setting s = setting_of_key(key->text);
    if (is_secret_key(key->text)) {
        refuse_secret(key, errors);
        return;
    }
    if (s != SETTING_COUNT) {
        doc_error_at(errors, key, "'%s' belongs %s", setting_info(s)->key,
                     place == SETTING_IN_DEFAULTS ? "to an entry under 'providers:'"
                                                  : "under 'defaults:'");
        return;
    }
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        const struct setting_info *info = setting_info((enum setting)i);
        if ((info->places & place) != 0) {
            known[n++] = info->key;
        }
    }
    unknown_key(key, known, n, place == SETTING_IN_DEFAULTS ? "'defaults:'" : "an entry", errors);
}

/* A path of the file begins where the file is. NULL after an error. */
static const char *read_path(struct config *c, const struct node *n, struct doc_errors *errors)
{
    if (slice_has_prefix(n->text, SLICE("~/"))) {
        if (c->home == NULL) {
            doc_error_at(errors, n,
                         "HOME is not set, so '~' means nothing here: write the whole path");
            return NULL;
        }
        return arena_printf(&c->arena, "%s" SLICE_FMT, c->home, SLICE_ARG(slice_from(n->text, 1)));
    }
    bool is_whole = slice_has_prefix(n->text, SLICE("/"));
    return arena_printf(&c->arena, "%s" SLICE_FMT, is_whole ? "" : c->folder, SLICE_ARG(n->text));
}

static void read_value(struct config *c, enum setting s, const struct node *n,
                       struct config_value *out, struct doc_errors *errors)
{
    struct why why;
    const struct setting_info *info = setting_info(s);
    size_t start, end;
    if (n->kind != NODE_SCALAR) {
        doc_error_at(errors, n, "%s wants one value, as '%s', and not %s", info->key, info->example,
                     node_kind_name(n->kind));
    } else if (is_empty(n)) {
        doc_error_at(errors, n, "%s has no value: write one, as '%s', or take the key out",
                     info->key, info->example);
    } else if (setting_check(s, n->text, &why) != ERR_OK) {
        doc_error_at(errors, n, "%s %s", info->key, why.text);
    } else if (info->shape == SETTING_PROXY_URL && setting_url_password(n->text, &start, &end)) {
        doc_error_at(errors, n,
                     "a password stands in this URL, and no secret belongs into this file: set "
                     "SMTPDX_PROXY to the URL");
    } else {
        out->text =
            info->shape == SETTING_FILE ? read_path(c, n, errors) : arena_text(&c->arena, n->text);
        out->where = arena_printf(&c->arena, "%s:%u", c->name, n->line);
    }
}

static void read_settings(struct config *c, const struct node *map, enum setting_place place,
                          struct config_value values[SETTING_COUNT], struct doc_errors *errors)
{
    for (size_t i = 0; i < map->count; i++) {
        enum setting s = setting_of_key(map->keys[i]->text);
        if (s == SETTING_COUNT || (setting_info(s)->places & (unsigned)place) == 0) {
            unknown_setting(map->keys[i], place, errors);
            continue;
        }
        values[s].from = place == SETTING_IN_DEFAULTS ? CONFIG_DEFAULTS : CONFIG_ENTRY;
        read_value(c, s, map->items[i], &values[s], errors);
    }
}

static bool is_map(const struct node *n, const char *what, struct doc_errors *errors)
{
    if (n->kind != NODE_MAP && !is_empty(n)) {
        doc_error_at(errors, n, "%s is a mapping of keys and values, and not %s", what,
                     node_kind_name(n->kind));
    }
    return n->kind == NODE_MAP;
}

static void read_entries(struct config *c, const struct node *map, struct doc_errors *errors)
{
    c->entries = arena_array(&c->arena, map->count + 1, sizeof *c->entries);
    for (size_t i = 0; i < map->count; i++) {
        struct config_entry *e = &c->entries[c->entry_count];
        const struct node *key = map->keys[i];
        for (size_t k = 0; k < c->entry_count; k++) {
            if (slice_eq_nocase(key->text, c->entries[k].key->text)) {
                doc_error_at(errors, key, "there is an entry of this name already, in line %u",
                             c->entries[k].key->line);
            }
        }
        *e = (struct config_entry){.key = key, .name = arena_text(&c->arena, key->text)};
        c->entry_count++;
        if (is_map(map->items[i], "an entry", errors)) {
            read_settings(c, map->items[i], SETTING_IN_ENTRY, e->values, errors);
        }
    }
}

static void read_root(struct config *c, const struct node *root, struct doc_errors *errors)
{
    static const char *const parts[] = {"defaults", "providers"};
    if (!is_map(root, "the file", errors)) {
        return;
    }
    for (size_t i = 0; i < root->count; i++) {
        const struct node *key = root->keys[i], *part = root->items[i];
        if (node_is_text(key, "defaults")) {
            if (is_map(part, "'defaults:'", errors)) {
                read_settings(c, part, SETTING_IN_DEFAULTS, c->defaults, errors);
            }
        } else if (node_is_text(key, "providers")) {
            if (is_map(part, "'providers:'", errors)) {
                read_entries(c, part, errors);
            }
        } else if (setting_of_key(key->text) != SETTING_COUNT) {
            doc_error_at(errors, key, "'" SLICE_FMT "' belongs under '%s'", SLICE_ARG(key->text),
                         (setting_info(setting_of_key(key->text))->places & SETTING_IN_DEFAULTS) !=
                                 0
                             ? "defaults:"
                             : "providers:");
        } else if (is_secret_key(key->text)) {
            refuse_secret(key, errors);
        } else {
            unknown_key(key, parts, COUNT(parts), "the file", errors);
        }
    }
}

/* "/etc/smtpdx/" of "/etc/smtpdx/config.yaml"; "" of a name alone. */
static const char *folder_of(struct arena *arena, const char *name)
{
    const char *slash = strrchr(name, '/');
    return arena_text(arena, slice_make(name, slash != NULL ? (size_t)(slash + 1 - name) : 0));
}

/* Nothing but blanks and comments is a file, too: that of somebody who begins. */
static bool is_blank(struct slice text)
{
    struct slice line;
    while (slice_take_until(&text, '\n', &line)) {
        line = slice_trim(line);
        if (line.n != 0 && line.p[0] != '#') {
            return false;
        }
    }
    return true;
}

enum err config_read(struct config *c, const char *name, struct slice text, const char *home,
                     struct doc_errors *errors)
{
    const struct node *root = NULL;
    c->name = arena_text(&c->arena, slice_of(name));
    c->folder = folder_of(&c->arena, name);
    c->home = home != NULL ? arena_text(&c->arena, slice_of(home)) : NULL;
    if (is_blank(text)) {
        return ERR_OK;
    }
    TRY(doc_parse_yaml(name, text, &limits, &c->arena, errors, &root));
    read_root(c, root, errors);
    return errors->errors == 0 ? ERR_OK : ERR_INVALID;
}

enum err config_check_entries(const struct config *c, const struct registry *providers,
                              struct doc_errors *errors)
{
    for (size_t i = 0; i < c->entry_count; i++) {
        const struct config_entry *e = &c->entries[i];
        struct slice name = slice_of(e->name);
        bool is_host = slice_find_char(name, '.') != SIZE_MAX ||
                       slice_find_char(name, ':') != SIZE_MAX ||
                       slice_eq_nocase_text(name, "localhost");
        if (is_host || e->values[SETTING_HOST].text != NULL ||
            registry_find(providers, name) != NULL) {
            continue;
        }
        const char *nearest = registry_nearest(providers, name);
        doc_error_at(errors, e->key,
                     "no provider '%.60s'%s%s%s; an entry of a name of your own says its 'host:'",
                     e->name, nearest != NULL ? " (did you mean '" : "",
                     nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
    }
    return errors->errors == 0 ? ERR_OK : ERR_INVALID;
}

void config_errors_print(const struct doc_errors *errors, struct buf *out)
{
    for (size_t i = 0; i < errors->count; i++) {
        const struct doc_error *e = &errors->list[i];
        if (e->source != NULL) {
            buf_addf(out, "%s:", e->source->name);
        }
        if (e->line != 0) {
            buf_addf(out, "%u:%u:", e->line, e->col);
        }
        buf_addf(out, " error: %s\n", e->text);
    }
    if (errors->dropped != 0) {
        buf_addf(out, "and %zu more\n", errors->dropped);
    }
}
