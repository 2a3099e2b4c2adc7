/* SPDX-License-Identifier: Apache-2.0 */
/* The template, in which every setting stands as a comment, and the table of the manual. */
#include "config/parts.h"

enum { LINE_MOST = 96, BOTH = SETTING_IN_DEFAULTS | SETTING_IN_ENTRY };

/* What it is, and what holds without it; then an example. */
static void add_setting(enum setting s, const char *indent, struct buf *out)
{
    const struct setting_info *info = setting_info(s);
    bool has_value = info->built_in[0] != '\0';
    buf_addf(out, "%s# %s (%s: %s)\n", indent, info->doc, has_value ? "built in" : "without it",
             has_value ? info->built_in : info->without);
    if (info->shape == SETTING_WORD) {
        buf_addf(out, "%s# one of: %s\n", indent, info->words);
    }
    buf_addf(out, "%s#%s: %s\n", indent, info->key, info->example);
}

static void add_settings(unsigned places, unsigned place, const char *indent, struct buf *out)
{
    for (unsigned s = 0; s < SETTING_COUNT; s++) {
        if ((setting_info((enum setting)s)->places & places) == place) {
            add_setting((enum setting)s, indent, out);
        }
    }
}

/* Those that stand under defaults: already, by name. */
static void add_shared(struct buf *out)
{
    size_t line = out->n;
    buf_add_text(out, "    # and of those above:");
    for (unsigned s = 0; s < SETTING_COUNT; s++) {
        const struct setting_info *info = setting_info((enum setting)s);
        if (info->places == BOTH) {
            bool is_wide = out->n - line + slice_of(info->key).n > LINE_MOST;
            line = is_wide ? out->n : line;
            buf_addf(out, "%s %s", is_wide ? "\n    #" : "", info->key);
        }
    }
    buf_add_char(out, '\n');
}

void config_template(struct buf *out)
{
    buf_add_text(
        out,
        "# Configuration of smtpdx check and smtpdx token: ~/.config/smtpdx/config.yaml, or the "
        "file that\n"
        "# --config or SMTPDX_CONFIG names. 'smtpdx config' shows what is in force, and why.\n"
        "#\n"
        "# An option goes before the environment (SMTPDX_RETRIES and so on), that before an entry "
        "under\n"
        "# providers:, that before defaults:. Take the # in front of a key away to set it; what "
        "stands\n"
        "# there are examples. Relative paths begin in the folder of this file. No secret stands "
        "here:\n"
        "# they come from SMTPDX_PASSWORD and its kin, a file, a command, or the store of tokens.\n"
        "\n"
        "defaults:\n");
    add_settings(SETTING_IN_DEFAULTS, SETTING_IN_DEFAULTS, "  ", out);
    buf_add_text(
        out,
        "\n"
        "# By the name of a provider ('smtpdx providers'), a host, the domain of an address, or a "
        "name of\n"
        "# your own with a host:. Of several that fit, that of the domain or host goes first.\n"
        "providers:\n"
        "  #gmail:\n");
    add_settings(BOTH, SETTING_IN_ENTRY, "    ", out);
    add_shared(out);
}

/* ---- the manual ---- */

static void add_type(const struct setting_info *info, struct buf *out)
{
    static const char *const types[] = {
        [SETTING_TIME] = "time",      [SETTING_NUMBER] = "number",
        [SETTING_FLAG] = "yes or no", [SETTING_WORD] = "word",
        [SETTING_WAYS] = "words",     [SETTING_FILE] = "path",
        [SETTING_NAME] = "name",      [SETTING_TEXT] = "text",
        [SETTING_HOSTNAME] = "host",  [SETTING_HOST_PORT] = "HOST:PORT",
        [SETTING_PROXY_URL] = "URL",  [SETTING_SASL] = "mechanism",
    };
    if (info->shape == SETTING_NUMBER) {
        buf_addf(out, "%llu to %llu", (unsigned long long)info->least,
                 (unsigned long long)info->most);
    } else if (info->words[0] != '\0') {
        for (size_t i = 0; setting_word(info->words, i).n != 0; i++) {
            buf_addf(out, "%s`" SLICE_FMT "`", i != 0 ? " " : "",
                     SLICE_ARG(setting_word(info->words, i)));
        }
    } else {
        buf_add_text(out, types[info->shape]);
    }
}

void config_manual(struct buf *out)
{
    static const char *const places[] = {
        [SETTING_IN_DEFAULTS] = "defaults",
        [SETTING_IN_ENTRY] = "entry",
        [BOTH] = "both",
    };
    buf_add_text(out, "| key | where | value | built in | what it is |\n|---|---|---|---|---|\n");
    for (unsigned s = 0; s < SETTING_COUNT; s++) {
        const struct setting_info *info = setting_info((enum setting)s);
        bool has_value = info->built_in[0] != '\0';
        buf_addf(out, "| `%s` | %s | ", info->key, places[info->places]);
        add_type(info, out);
        buf_addf(out, " | %s%s%s | %s |\n", has_value ? "`" : "",
                 has_value ? info->built_in : info->without, has_value ? "`" : "", info->doc);
    }
}
