/* SPDX-License-Identifier: Apache-2.0 */
/* See wishes.h. */
#include "check/wishes.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "wire/path.h"

static enum err unknown(const char *word, const char *const *known, size_t n, struct why *why)
{
    const char *nearest = text_nearest(slice_of(word), known, n);
    return why_set(why, ERR_NOT_FOUND, "does not know '%.60s'%s%s%s", word,
                   nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                   nearest != NULL ? "'?)" : "");
}

enum err wish_until(const char *word, enum stage *out, struct why *why)
{
    static const char *const stages[] = {"connect", "greeting", "ehlo", "starttls", "tls",
                                         "auth",    "mail",     "rcpt", "data"};
    for (size_t i = 0; word != NULL && i < COUNT(stages); i++) {
        if (strcmp(word, stages[i]) == 0) {
            bool is_known = stage_from_slug(slice_of(word), out);
            must(is_known);
            return ERR_OK;
        }
    }
    return word != NULL ? unknown(word, stages, COUNT(stages), why) : ERR_OK;
}

enum err wish_purpose(const char *word, enum purpose *out, struct why *why)
{
    static const char *const purposes[] = {"ci", "onboarding", "bulk", "migration"};
    return word == NULL || purpose_from_slug(slice_of(word), out)
               ? ERR_OK
               : unknown(word, purposes, COUNT(purposes), why);
}

enum err wish_security(const char *word, enum security *out, struct why *why)
{
    static const char *const modes[] = {"starttls", "implicit", "none"};
    return word == NULL || security_from_slug(slice_of(word), out)
               ? ERR_OK
               : unknown(word, modes, COUNT(modes), why);
}

enum err wish_credential(const char *word, enum credential_kind *out, struct why *why)
{
    static const char *const kinds[] = {"password", "app_password", "oauth2"};
    enum credential_kind kind;
    if (word == NULL) {
        return ERR_OK;
    }
    if (!credential_from_slug(slice_of(word), &kind) || kind == CREDENTIAL_NONE) {
        return unknown(word, kinds, COUNT(kinds), why);
    }
    *out = kind;
    return ERR_OK;
}

/* ---- the way there ---- */

enum err wish_connect_to(const char *text, struct why *why)
{
    struct slice host;
    unsigned port;
    return text == NULL || world_split_host_port(slice_of(text), &host, &port)
               ? ERR_OK
               : why_set(why, ERR_INVALID, "wants HOST:PORT, as 127.0.0.1:2587, not '%s'", text);
}

enum err wish_proxy(const char *url, struct why *why)
{
    static const char *const schemes[] = {"http",    "https",  "socks4",
                                          "socks4a", "socks5", "socks5h"};
    size_t end = slice_find(slice_of(url), SLICE("://"));
    bool is_known = end == SIZE_MAX;
    for (size_t i = 0; i < COUNT(schemes); i++) {
        is_known = is_known || slice_eq_nocase_text(slice_sub(slice_of(url), 0, end), schemes[i]);
    }
    return is_known ? ERR_OK
                    : why_set(why, ERR_INVALID,
                              "wants http://HOST:PORT (CONNECT), "
                              "socks5://HOST:PORT or socks5h://HOST:PORT");
}

void wish_hide_proxy(const char *text, struct redactor *redactor)
{
    struct why why;
    struct slice url = slice_of(text);
    size_t scheme = slice_find(url, SLICE("://")), at = slice_find_char(url, '@');
    struct slice login = slice_sub(url, scheme != SIZE_MAX ? scheme + 3 : 0, at);
    size_t colon = slice_find_char(login, ':');
    if (at != SIZE_MAX && colon != SIZE_MAX) {
        struct slice secret = slice_from(login, colon + 1);
        secret = slice_sub(secret, 0, slice_find_char(secret, '@'));
        (void)!redactor_add(redactor, "proxy", secret, &why); /* too short: as it is */
    }
}

/* ---- what nobody has to say ---- */

const char *wish_own_name(char *space, size_t size)
{
    struct why why;
    if (gethostname(space, size - 1) != 0) {
        return NULL;
    }
    space[size - 1] = '\0';
    struct slice name = slice_of(space);
    bool is_local =
        slice_has_suffix(name, SLICE(".local")) || slice_has_suffix(name, SLICE(".localdomain"));
    bool is_full = slice_find_char(name, '.') != SIZE_MAX && !is_local;
    return is_full && path_check_helo(name, &why) == ERR_OK ? space : NULL;
}

void wish_complete(struct check_params *p, struct arena *arena)
{
    unsigned char random[12] = {0};
    char hostname[256];
    struct buf id;
    p->wall_time = (int64_t)time(NULL);
    if (p->helo.n == 0) {
        const char *name = wish_own_name(hostname, sizeof hostname);
        p->helo = slice_of(name != NULL ? arena_text(arena, slice_of(name)) : NULL);
    }
    p->retry.factor = 2;
    p->retry.jitter = 0.25;
    p->retry.max_delay_us = 60000000;
    (void)!getrandom(&p->seed, sizeof p->seed, 0);
    (void)!getrandom(random, sizeof random, 0);
    buf_init(&id, 64);
    buf_add_text(&id, "smtpdx.");
    for (size_t i = 0; i < sizeof random; i++) {
        buf_addf(&id, "%02x", random[i]);
    }
    buf_add_text(&id, "@smtpdx.invalid");
    p->message_id = arena_copy(arena, buf_slice(&id));
    buf_release(&id);
}
