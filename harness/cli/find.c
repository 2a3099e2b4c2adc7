/* SPDX-License-Identifier: Apache-2.0 */
/* See find.h. */
#include "cli/find.h"

#include <string.h>
#include <time.h>

#include "base/codec.h"
#include "check/autoconfig.h"
#include "net/http.h"
#include "net/srv.h"
#include "run/interrupt.h"

enum { DNS_S = 3 };

static const int64_t REQUEST_US = 8000000;

struct find {
    const struct registry *registry;
    const struct find_wish *wish;
    struct arena *arena;
    struct slice address, domain;
    struct found *out;
};

static const struct {
    const char *word;
    unsigned step;
} words[] = {{"files", FIND_FILES},
             {"autoconfig", FIND_AUTOCONFIG},
             {"ispdb", FIND_ISPDB},
             {"srv", FIND_SRV}};

bool find_steps_read(struct slice text, unsigned *out)
{
    struct slice word;
    *out = 0;
    if (slice_eq_text(text, "none")) {
        return true;
    }
    while (slice_take_until(&text, ',', &word)) {
        size_t i = 0;
        while (i < COUNT(words) && !slice_eq_text(slice_trim(word), words[i].word)) {
            i++;
        }
        if (i == COUNT(words)) {
            return false;
        }
        *out |= words[i].step;
    }
    return *out != 0;
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void note(struct find *f, const char *place, bool is_found, const char *text, int64_t us)
{
    struct found *out = f->out;
    if (out->line_count < FIND_LINES_MAX) {
        out->lines[out->line_count++] =
            (struct check_line){.name = "find",
                                .stage = STAGE_RESOLVE,
                                .mark = is_found ? CHECK_MARK_OK : CHECK_MARK_NOTE,
                                .text = arena_printf(f->arena, "%s: %s", place, text),
                                .us = us};
    }
}

static void take(struct find *f, const char *host, unsigned port, enum security security,
                 const char *by)
{
    f->out->target =
        (struct check_target){.provider = registry_by_host(f->registry, slice_of(host)),
                              .host = host,
                              .port = port,
                              .security = security,
                              .found_by = by};
}

/* ---- the provider files ---- */

static bool in_files(struct find *f)
{
    const struct provider *p = registry_by_address(f->registry, f->address);
    if (p == NULL || p->endpoint_count == 0) {
        note(f, "provider files", false, "none knows this domain", -1);
        return false;
    }
    take(f, p->endpoints[0].host, p->endpoints[0].port, p->endpoints[0].security, p->file);
    f->out->target.provider = p;
    return true;
}

/* ---- documents ---- */

static bool take_document(struct find *f, const char *url, struct slice body, int64_t us)
{
    struct autoconfig_server servers[AUTOCONFIG_SERVERS_MAX];
    size_t count = autoconfig_read(body, f->address, f->arena, servers);
    if (count == 0) {
        note(f, url, false, "no outgoing server in it that is reached securely", us);
        return false;
    }
    const struct autoconfig_server *s = &servers[0];
    take(f, s->host, s->port, s->security, url);
    f->out->user = s->user[0] != '\0' ? slice_of(s->user) : f->address;
    note(f, url, true,
         arena_printf(f->arena, "%s:%u, %s%s", s->host, s->port,
                      s->security == SECURITY_IMPLICIT ? "TLS from the first octet" : "STARTTLS",
                      s->wants_oauth2 ? ", OAuth2" : ""),
         us);
    return true;
}

static bool is_interrupted(void)
{
    return interrupt_number() != 0;
}

static bool at_url(struct find *f, const char *url)
{
    struct why why;
    struct http_answer answer;
    const struct http_request request = {.url = url,
                                         .trust_pem = f->wish->trust_pem,
                                         .connect_to = f->wish->connect_to,
                                         .proxy = f->wish->proxy,
                                         .timeout_us = REQUEST_US,
                                         .is_cancelled = is_interrupted};
    bool is_found = false;
    int64_t from_us = now_us();
    http_answer_init(&answer);
    if (http_ask(&request, &answer, &why) != ERR_OK) {
        note(f, url, false, why.text, -1);
    } else if (answer.status == 200) {
        is_found = take_document(f, url, buf_slice(&answer.body), now_us() - from_us);
    } else if (answer.status != 0) {
        note(f, url, false, arena_printf(f->arena, "HTTP status %u", answer.status),
             now_us() - from_us);
    } else {
        note(f, url, false, fault_sentence(answer.fault), now_us() - from_us);
    }
    http_answer_release(&answer);
    return is_found;
}

static const char *url_of(struct find *f, const char *before, const char *behind, bool with_address)
{
    struct buf out;
    buf_init(&out, 4096);
    buf_addf(&out, "https://%s" SLICE_FMT "%s", before, SLICE_ARG(f->domain), behind);
    if (with_address) {
        buf_add_text(&out, "?emailaddress=");
        url_encode(f->address, &out);
    }
    const char *text = arena_text(f->arena, buf_slice(&out));
    buf_release(&out);
    return text;
}

static bool in_autoconfig(struct find *f)
{
    return at_url(f, url_of(f, "autoconfig.", "/mail/config-v1.1.xml", true)) ||
           at_url(f, url_of(f, "", "/.well-known/autoconfig/mail/config-v1.1.xml", false));
}

static bool in_ispdb(struct find *f)
{
    return at_url(f, url_of(f, "autoconfig.thunderbird.net/v1.1/", "", false));
}

/* ---- SRV ---- */

/* The domain itself, a name within it, or a server of a provider that is known. */
static bool may_be_trusted(const struct find *f, const char *host)
{
    struct slice name = slice_of(host);
    size_t at = name.n > f->domain.n ? name.n - f->domain.n : 0;
    bool is_within = slice_eq_nocase(slice_from(name, at), f->domain) &&
                     (at == 0 ? name.n == f->domain.n : host[at - 1] == '.');
    return is_within || registry_by_host(f->registry, name) != NULL;
}

static bool at_service(struct find *f, const char *service, enum security security)
{
    struct why why;
    struct srv_record records[SRV_MAX];
    size_t count;
    int64_t from_us = now_us();
    const char *name = arena_printf(f->arena, "%s._tcp." SLICE_FMT, service, SLICE_ARG(f->domain));
    const char *place = arena_printf(f->arena, "SRV %s", name);
    if (srv_find(name, f->wish->name_server, DNS_S, f->arena, records, &count, &why) != ERR_OK) {
        note(f, place, false, why.text, now_us() - from_us);
        return false;
    }
    int64_t us = now_us() - from_us;
    const struct srv_record *r = &records[0];
    if (strcmp(r->host, ".") == 0 || r->port == 0) {
        note(f, place, false, "the domain says that there is none (RFC 6186 3.4)", us);
        return false;
    }
    const char *text = arena_printf(f->arena, "%s:%u", r->host, r->port);
    if (!may_be_trusted(f, r->host)) {
        note(f, place, false,
             arena_printf(f->arena,
                          "%s, in another domain, which anybody on the way could have written "
                          "(RFC 6186 6): if it is the right one, give it as the target",
                          text),
             us);
        return false;
    }
    note(f, place, true, text, us);
    take(f, r->host, r->port, security, place);
    return true;
}

static bool in_srv(struct find *f)
{
    return at_service(f, "_submissions", SECURITY_IMPLICIT) ||
           at_service(f, "_submission", SECURITY_STARTTLS);
}

/* ---- all of it ---- */

bool find_server(const struct registry *registry, struct slice address,
                 const struct find_wish *wish, struct arena *arena, struct found *out)
{
    size_t at = SIZE_MAX;
    for (size_t i = 0; i < address.n; i++) {
        at = address.p[i] == '@' ? i : at;
    }
    *out = (struct found){.user = address};
    struct find f = {.registry = registry,
                     .wish = wish,
                     .arena = arena,
                     .address = address,
                     .domain = at != SIZE_MAX ? slice_from(address, at + 1) : SLICE(""),
                     .out = out};
    for (size_t i = 0; i < f.domain.n; i++) { /* it becomes a part of names and URLs */
        unsigned char c = (unsigned char)f.domain.p[i];
        if (c <= ' ' || c >= 0x7f || strchr("/?#%:\\\"<>", c) != NULL) {
            return false;
        }
    }
    return f.domain.n != 0 && (((wish->steps & FIND_FILES) != 0 && in_files(&f)) ||
                               ((wish->steps & FIND_AUTOCONFIG) != 0 && in_autoconfig(&f)) ||
                               ((wish->steps & FIND_ISPDB) != 0 && in_ispdb(&f)) ||
                               ((wish->steps & FIND_SRV) != 0 && in_srv(&f)));
}
