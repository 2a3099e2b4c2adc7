/* SPDX-License-Identifier: Apache-2.0 */
/* See check_config.h. What stands in the target itself goes before its entries. */
#include "cli/check_config.h"

#include "doc/node.h"
#include "net/tls.h"

enum { CA_FILE_MAX = 4 * 1024 * 1024 };

/* ---- the target ---- */

/* A target in its parts, none of them looked at closely: check_target_read does that. */
struct given {
    struct slice front; /* "smtp://user@" of a URL, else empty */
    struct slice name;  /* what an entry may be called: a provider, a host, a domain */
    struct slice port;
    bool is_address;
};

static void split_port(struct given *g)
{
    struct slice text = g->name;
    size_t colon = slice_find_char(text, ':'), end = slice_find_char(text, ']');
    if (slice_has_prefix(text, SLICE("[")) && end != SIZE_MAX) {
        g->name = slice_sub(text, 1, end - 1);
        g->port = slice_from(text, end + 2);
    } else if (colon != SIZE_MAX && slice_find_char(slice_from(text, colon + 1), ':') == SIZE_MAX) {
        g->name = slice_sub(text, 0, colon);
        g->port = slice_from(text, colon + 1);
    }
}

static struct given split(struct slice text)
{
    struct given g = {.name = text};
    size_t scheme = slice_find(text, SLICE("://")), at = SIZE_MAX;
    size_t from = scheme != SIZE_MAX ? scheme + 3 : 0;
    for (size_t i = from; i < text.n && text.p[i] != '/'; i++) {
        at = text.p[i] == '@' ? i : at;
    }
    size_t begin = at != SIZE_MAX ? at + 1 : from;
    g.front = scheme != SIZE_MAX ? slice_sub(text, 0, begin) : SLICE("");
    g.is_address = scheme == SIZE_MAX && at != SIZE_MAX;
    g.name = slice_from(text, begin);
    if (scheme != SIZE_MAX) {
        g.name = slice_sub(g.name, 0, slice_find_char(g.name, '/'));
    }
    if (!g.is_address) {
        split_port(&g);
    }
    return g;
}

/* The target, with the host and the port that the entries say in their places. */
static enum err read_configured(const struct registry *providers, const struct given *g,
                                const char *host, const char *port, struct arena *arena,
                                struct check_target *out, struct why *why)
{
    bool is_ipv6 = slice_find_char(slice_of(host), ':') != SIZE_MAX;
    const char *text =
        arena_printf(arena, SLICE_FMT "%s%s%s%s%s", SLICE_ARG(g->front), is_ipv6 ? "[" : "", host,
                     is_ipv6 ? "]" : "", port[0] != '\0' ? ":" : "", port);
    bool has_mark = is_ipv6 || slice_find_char(slice_of(text), '.') != SIZE_MAX ||
                    slice_find_char(slice_of(text), ':') != SIZE_MAX;
    if (!has_mark) { /* a host without a dot would be taken for a provider */
        text = arena_printf(arena, "%s:587", text);
    }
    return check_target_read(providers, slice_of(text), arena, out, why);
}

/* Of the provider that the target itself names, the first server. */
static const char *usual_host(const struct provider *p, struct slice name, struct arena *arena)
{
    return p != NULL && p->endpoint_count != 0 ? p->endpoints[0].host : arena_text(arena, name);
}

void configured_security(const struct config_for *entries, struct check_target *out)
{
    struct slice security = slice_of(config_of_entries(entries, SETTING_SECURITY).text);
    bool is_known = security.n == 0 || security_from_slug(security, &out->security);
    must(is_known);
}

static enum err read_server(const struct registry *providers, const struct given *g,
                            struct slice text, const struct provider *named,
                            const struct config_for *entries, struct arena *arena,
                            struct check_target *out, bool *is_found, struct why *why)
{
    struct config_value host = config_of_entries(entries, SETTING_HOST);
    struct config_value port = config_of_entries(entries, SETTING_PORT);
    bool is_said = host.text != NULL || (port.text != NULL && named != NULL);
    *is_found = is_said || !g->is_address;
    if (!*is_found) {
        return ERR_OK;
    }
    if (host.text == NULL && (port.text == NULL || g->port.n != 0)) {
        TRY(check_target_read(providers, text, arena, out, why));
    } else {
        const char *at = host.text != NULL ? host.text : usual_host(named, g->name, arena);
        const char *number = g->port.n != 0      ? arena_text(arena, g->port)
                             : port.text != NULL ? port.text
                                                 : "";
        TRY(read_configured(providers, g, at, number, arena, out, why));
        out->found_by = host.text != NULL ? host.where : port.where;
        out->provider = named != NULL ? named : out->provider;
        out->user = g->is_address ? arena_copy(arena, text) : out->user;
    }
    /* the entry's mode is that of the entry's port */
    bool is_other_port = g->port.n != 0 && port.text != NULL && !slice_eq_text(g->port, port.text);
    if (g->front.n == 0 && !is_other_port) {
        configured_security(entries, out);
    }
    return ERR_OK;
}

enum err configured_target(const struct config *config, const struct registry *providers,
                           struct slice given, struct arena *arena, struct check_target *out,
                           struct config_for *entries, bool *is_found, struct why *why)
{
    struct given g = split(given);
    const struct provider *named = registry_find(providers, given);
    named = named == NULL && g.is_address ? registry_by_address(providers, given) : named;
    entries->count = 0;
    config_for_add(config, g.name, entries);
    if (named != NULL) {
        config_for_add(config, slice_of(named->name), entries);
    }
    TRY(read_server(providers, &g, given, named, entries, arena, out, is_found, why));
    if (*is_found && out->provider != NULL) {
        config_for_add(config, slice_of(out->provider->name), entries);
    }
    return ERR_OK;
}

/* ---- how it is looked at ---- */

static enum address_family family_of(const char *word)
{
    return slice_eq_text(slice_of(word), "ipv4")   ? FAMILY_IPV4
           : slice_eq_text(slice_of(word), "ipv6") ? FAMILY_IPV6
                                                   : FAMILY_ANY;
}

void configured_params(const struct config *config, const struct config_for *entries,
                       struct check_params *out)
{
    const char *purpose = config_text(config, entries, SETTING_PURPOSE);
    const char *helo = config_text(config, entries, SETTING_HELO);
    bool is_known = purpose == NULL || purpose_from_slug(slice_of(purpose), &out->purpose);
    must(is_known && setting_info(SETTING_RETRIES)->most < CHECK_ATTEMPTS_MAX);
    out->timeout.connect = config_time_us(config, entries, SETTING_CONNECT_TIMEOUT);
    out->timeout.total = config_time_us(config, entries, SETTING_TIMEOUT);
    out->retry.max = (unsigned)config_number(config, entries, SETTING_RETRIES);
    out->retry.base_us = config_time_us(config, entries, SETTING_BACKOFF);
    out->warn_cert_days = (int)config_number(config, entries, SETTING_WARN_CERT_DAYS);
    out->is_strict = config_flag(config, entries, SETTING_STRICT);
    out->family = family_of(config_text(config, entries, SETTING_FAMILY));
    out->proxy = config_text(config, entries, SETTING_PROXY);
    out->connect_to = config_text(config, entries, SETTING_CONNECT_TO);
    out->mechanism = slice_of(config_text(config, entries, SETTING_MECHANISM));
    out->helo = helo != NULL ? slice_of(helo) : out->helo;
}

enum err configured_tls(const char *ca_file, struct arena *arena, struct slice *pem,
                        struct tls_setup **out, struct why *why)
{
    struct tls_params params = {.min = TLS_VERSION_1_2};
    if (ca_file != NULL) {
        TRY(doc_read_file(ca_file, CA_FILE_MAX, arena, &params.trust_pem, why));
    }
    *pem = params.trust_pem;
    enum err err = tls_setup_new(&params, out, why);
    return err == ERR_LIBRARY && ca_file != NULL
               ? why_set(why, err, "%s: there is no certificate in PEM form that OpenSSL can read",
                         ca_file)
               : err;
}
