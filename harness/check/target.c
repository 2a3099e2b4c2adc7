/* SPDX-License-Identifier: Apache-2.0 */
/* See target.h. The forms are told apart by what only one of them has: "://", "@", a dot or colon.
 */
#include "check/target.h"

#include <string.h>

enum { SUBMISSION_PORT = 587, SUBMISSIONS_PORT = 465, IMAP_PORT = 143, IMAPS_PORT = 993, HOST_MAX = 253 };

enum security check_security_of_port(unsigned port)
{
    return port == SUBMISSIONS_PORT || port == 2465 || port == 8465 ? SECURITY_IMPLICIT
                                                                    : SECURITY_STARTTLS;
}

static void take_endpoint(const struct provider *p, size_t i, struct check_target *out)
{
    out->host = p->endpoints[i].host;
    out->port = p->endpoints[i].port;
    out->security = p->endpoints[i].security;
}

static enum err take_provider(const struct provider *p, struct check_target *out, struct why *why)
{
    out->provider = p;
    out->found_by = p->file;
    if (p->endpoint_count == 0) {
        return why_set(why, ERR_INVALID,
                       "%s has no server of its own: give the host, as in mail.example.com:587",
                       p->title);
    }
    take_endpoint(p, 0, out);
    return ERR_OK;
}

static enum err read_port(struct slice text, unsigned *out, struct why *why)
{
    uint64_t port;
    if (!slice_to_u64(text, &port) || port == 0 || port > 65535) {
        return why_set(why, ERR_INVALID, "a port is a number from 1 to 65535, not '" SLICE_FMT "'",
                       SLICE_ARG(slice_sub(text, 0, 40)));
    }
    *out = (unsigned)port;
    return ERR_OK;
}

/* "host", "host:587", "192.0.2.1:25", "[2001:db8::1]:587", "2001:db8::1" */
static enum err split_host(struct slice text, struct slice *host, struct slice *port,
                           struct why *why)
{
    size_t colon = slice_find_char(text, ':');
    *port = (struct slice){NULL, 0};
    *host = text;
    if (text.n != 0 && text.p[0] == '[') {
        size_t end = slice_find_char(text, ']');
        struct slice behind = end != SIZE_MAX ? slice_from(text, end + 1) : text;
        if (end == SIZE_MAX || (behind.n != 0 && behind.p[0] != ':')) {
            return why_set(why, ERR_INVALID, "an IPv6 address with a port is written [::1]:587");
        }
        *host = slice_sub(text, 1, end - 1);
        *port = slice_from(behind, 1);
    } else if (colon != SIZE_MAX && slice_find_char(slice_from(text, colon + 1), ':') == SIZE_MAX) {
        *host = slice_sub(text, 0, colon);
        *port = slice_from(text, colon + 1);
        if (port->n == 0) {
            return why_set(why, ERR_INVALID, "there is no port behind the colon");
        }
    }
    return ERR_OK;
}

static enum err check_host(struct slice host, struct why *why)
{
    if (host.n == 0) {
        return why_set(why, ERR_INVALID, "there is no host name in it");
    }
    for (size_t i = 0; i < host.n; i++) {
        unsigned char c = (unsigned char)host.p[i];
        if (host.n > HOST_MAX || c <= ' ' || c == 0x7f || c == '/' || c == '@') {
            return why_set(why, ERR_INVALID, "'" SLICE_FMT "' is no host name",
                           SLICE_ARG(slice_sub(host, 0, 60)));
        }
    }
    return ERR_OK;
}

/* The provider's own endpoint of that port says best how it is spoken. */
static void take_known(const struct provider *p, struct check_target *out, bool has_port)
{
    struct slice host = slice_of(out->host);
    out->provider = p;
    for (size_t i = 0; p != NULL && i < p->endpoint_count; i++) {
        const struct provider_endpoint *e = &p->endpoints[i];
        if (slice_eq_nocase_text(host, e->host) && (!has_port || e->port == out->port)) {
            take_endpoint(p, i, out);
            return;
        }
    }
}

static enum err take_host(const struct registry *providers, struct slice text, struct arena *arena,
                          struct check_target *out, struct why *why)
{
    struct slice host, port;
    TRY(split_host(text, &host, &port, why));
    TRY(check_host(host, why));
    out->host = arena_text(arena, host);
    if (port.n != 0) {
        TRY(read_port(port, &out->port, why));
        out->security = check_security_of_port(out->port);
    }
    take_known(registry_by_host(providers, host), out, port.n != 0);
    out->found_by = "as given";
    return ERR_OK;
}

static enum err take_address(const struct registry *providers, struct slice text,
                             struct arena *arena, struct check_target *out, struct why *why)
{
    const struct provider *p = registry_by_address(providers, text);
    if (p == NULL) {
        size_t at = slice_find_char(text, '@');
        return why_set(why, ERR_NOT_FOUND,
                       "no provider file knows the domain " SLICE_FMT
                       ": give the server, as in mail.example.com:587, and the address as --user",
                       SLICE_ARG(slice_sub(text, at + 1, 80)));
    }
    TRY(take_provider(p, out, why));
    out->user = arena_copy(arena, text);
    return ERR_OK;
}

static enum err read_scheme(struct slice scheme, struct check_target *out, struct why *why)
{
    bool is_tls =
        slice_eq_nocase_text(scheme, "smtps") || slice_eq_nocase_text(scheme, "submissions");
    if (!is_tls && !slice_eq_nocase_text(scheme, "smtp") &&
        !slice_eq_nocase_text(scheme, "submission")) {
        return why_set(why, ERR_INVALID,
                       "'" SLICE_FMT "://' is not mail submission: smtp:// (STARTTLS) and "
                       "smtps:// (TLS from the first octet) are",
                       SLICE_ARG(slice_sub(scheme, 0, 40)));
    }
    out->security = is_tls ? SECURITY_IMPLICIT : SECURITY_STARTTLS;
    out->port = is_tls ? SUBMISSIONS_PORT : SUBMISSION_PORT;
    return ERR_OK;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* RFC 3986 2.1; a '%' that begins no escape stays. */
static struct slice unescaped(struct slice text, struct arena *arena)
{
    char *out = arena_alloc(arena, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        bool is_escape = text.p[i] == '%' && i + 2 < text.n && hex_value(text.p[i + 1]) >= 0 &&
                         hex_value(text.p[i + 2]) >= 0;
        if (is_escape) {
            out[n++] = (char)(hex_value(text.p[i + 1]) * 16 + hex_value(text.p[i + 2]));
            i += 2;
        } else {
            out[n++] = text.p[i];
        }
    }
    out[n] = '\0';
    return slice_make(out, n);
}

/* Behind "scheme://": [user@]host[:port][/] */
static enum err split_authority(struct slice rest, const char *variable, struct slice *user,
                                struct slice *place, struct why *why)
{
    size_t at = SIZE_MAX;
    for (size_t i = 0; i < rest.n && rest.p[i] != '/'; i++) {
        at = rest.p[i] == '@' ? i : at;
    }
    *user = slice_make(NULL, 0);
    if (at != SIZE_MAX) {
        *user = slice_sub(rest, 0, at);
        rest = slice_from(rest, at + 1);
    }
    if (slice_find_char(*user, ':') != SIZE_MAX) {
        return why_set(why, ERR_INVALID,
                       "a password has no place in an argument, where everybody on this machine "
                       "can read it: put it into %s",
                       variable);
    }
    size_t slash = slice_find_char(rest, '/');
    if (slash != SIZE_MAX && slash + 1 < rest.n) {
        return why_set(why, ERR_INVALID, "nothing may follow the host in it");
    }
    *place = slice_sub(rest, 0, slash);
    return ERR_OK;
}

/* The scheme says the mode, whatever the port is. */
static enum err take_url(const struct registry *providers, struct slice text, size_t scheme,
                         struct arena *arena, struct check_target *out, struct why *why)
{
    struct slice user, place, host, port;
    TRY(read_scheme(slice_sub(text, 0, scheme), out, why));
    TRY(split_authority(slice_from(text, scheme + 3), "SMTPDX_PASSWORD", &user, &place, why));
    struct check_target mode = *out;
    TRY(take_host(providers, place, arena, out, why));
    TRY(split_host(place, &host, &port, why));
    out->security = mode.security;
    out->port = port.n != 0 ? out->port : mode.port;
    out->user = user.n != 0 ? unescaped(user, arena) : user;
    return ERR_OK;
}

enum err check_mailbox_read(struct slice text, struct arena *arena, struct check_target *out,
                            struct why *why)
{
    size_t end = slice_find(text, SLICE("://"));
    struct slice scheme = slice_sub(text, 0, end == SIZE_MAX ? 0 : end), user, place, host, port;
    bool is_tls = slice_eq_nocase_text(scheme, "imaps");
    *out = (struct check_target){.port = is_tls ? IMAPS_PORT : IMAP_PORT,
                                 .security = is_tls ? SECURITY_IMPLICIT : SECURITY_STARTTLS,
                                 .found_by = "as given"};
    if (!is_tls && !slice_eq_nocase_text(scheme, "imap")) {
        return why_set(why, ERR_INVALID,
                       "a mailbox is imaps://HOST (TLS from the first octet) or imap://HOST "
                       "(STARTTLS), with USER@ before the host where it is not the recipient");
    }
    TRY(split_authority(slice_from(text, end + 3), "SMTPDX_MAILBOX_PASSWORD", &user, &place, why));
    TRY(split_host(place, &host, &port, why));
    TRY(check_host(host, why));
    for (size_t i = 0; i < host.n; i++) { /* it becomes a part of a URL */
        if (host.p[i] == '\0' || strchr("?#%\\\"<>[]{}|^`", host.p[i]) != NULL) {
            return why_set(why, ERR_INVALID, "'" SLICE_FMT "' is no host name",
                           SLICE_ARG(slice_sub(host, 0, 60)));
        }
    }
    if (port.n != 0) {
        TRY(read_port(port, &out->port, why));
    }
    out->host = arena_text(arena, host);
    out->user = user.n != 0 ? unescaped(user, arena) : user;
    return ERR_OK;
}

enum err check_target_read(const struct registry *providers, struct slice text, struct arena *arena,
                           struct check_target *out, struct why *why)
{
    *out = (struct check_target){.port = SUBMISSION_PORT, .security = SECURITY_STARTTLS};
    const struct provider *p = registry_find(providers, text);
    size_t scheme = slice_find(text, SLICE("://"));
    if (p != NULL) {
        return take_provider(p, out, why);
    }
    if (scheme != SIZE_MAX) {
        return take_url(providers, text, scheme, arena, out, why);
    }
    if (slice_find_char(text, '@') != SIZE_MAX) {
        return take_address(providers, text, arena, out, why);
    }
    bool is_host = slice_find_char(text, '.') != SIZE_MAX ||
                   slice_find_char(text, ':') != SIZE_MAX ||
                   slice_eq_nocase_text(text, "localhost");
    if (!is_host) {
        const char *nearest = registry_nearest(providers, text);
        return why_set(why, ERR_NOT_FOUND, "no provider '" SLICE_FMT "'%s%s%s",
                       SLICE_ARG(slice_sub(text, 0, 60)), nearest != NULL ? " (did you mean '" : "",
                       nearest != NULL ? nearest : "",
                       nearest != NULL ? "'?)" : "; a host alone is written host:587");
    }
    return take_host(providers, text, arena, out, why);
}
