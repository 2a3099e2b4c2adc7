/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose server it is, when nobody says so. A given provider is never overridden; after it come the
 * host that was asked for, the greeting, the capability lines, and the marks that a provider leaves
 * in its replies (a suffix, a host of its own, a link to its help). Each is less sure than the one
 * before.
 */
#include "diagnose/judge.h"

#include <string.h>

enum { HOST_WORDS_MAX = 6, LINES_MIN = 4 };

/* clang-format off */
/* What stands in the replies of one provider only; matched at the start of a word and not behind '@',
 * where it would be somebody's address. A name without a provider file is passed over. */
static const struct mark {
    const char *text, *provider;
} marks[] = {
    { "gsmtp", "gmail" },                    { "support.google.com", "gmail" },
    { "accounts.google.com", "gmail" },
    { "mail.live.com", "outlook" },          { "aka.ms/smtp_auth_disabled", "office365" },
    { "prod.outlook.com", "office365" },     { "protection.outlook.com", "office365" },
    { "partner.outlook.cn", "office365" },   { "prod.exchangelabs.com", "office365" },
    { "STOREDRV.", "exchange" },             { "RESOLVER.", "exchange" },
    { "icloud.com", "icloud" },              { "support.apple.com", "icloud" },
    { "postmaster.yahooinc.com", "yahoo" },  { "postmaster.yahoo.com", "yahoo" },
    { "login.yahoo.com", "yahoo" },          { "help.yahoo.com", "yahoo" },
    { "postmaster.aol.com", "aol" },
    { "mail.163.com", "netease" },           { "mail.126.com", "netease" },
    { "exmail.qq.com", "exmail" },           { "service.mail.qq.com", "qq" },
    { "mail.qq.com", "qq" },
    { "www.zoho.com", "zoho" },              { "mail.zoho.com", "zoho" },
    { "Zoho Mail", "zoho" },
    { "sendgrid.com", "sendgrid" },          { "sendgrid.net", "sendgrid" },
    { "mailgun.org", "mailgun" },            { "mailgun.com", "mailgun" },
    { "amazonses.com", "ses" },              { "email-smtp", "ses" },
    { "postmaster.gmx.net", "gmx" },         { "postmaster.gmx.com", "gmx" },
    { "postmaster.web.de", "webde" },        { "www.ionos.com", "ionos" },
    { "yandex.ru", "yandex" },               { "yandex.com", "yandex" },
    { "ya.cc", "yandex" },                   { "help.mail.ru", "mailru" },
    { "postmaster.comcast.net", "comcast" }, { "OFR_", "orange" },
    { "postmarkapp.com", "postmark" },       { "mailjet.com", "mailjet" },
    { "brevo.com", "brevo" },                { "sparkpost.com", "sparkpost" },
    { "mailtrap.io", "mailtrap" },           { "smtp2go.com", "smtp2go" },
    { "resend.com", "resend" },              { "socketlabs.com", "socketlabs" },
    { "hostinger.com", "hostinger" },        { "naver.com", "naver" },
};
/* clang-format on */

static size_t by_host(const struct judge *j)
{
    const struct registry *r = j->mapper->rules.registry;
    return j->evidence->host.n == 0 ? SIZE_MAX
                                    : registry_index(r, registry_by_host(r, j->evidence->host));
}

/* The host the greeting names, or the greeting's own wording. */
static size_t by_greeting(const struct judge *j)
{
    const struct registry *r = j->mapper->rules.registry;
    struct slice rest = j->evidence->greeting, word;
    struct words words;
    size_t end;
    if (rest.n == 0) {
        return SIZE_MAX;
    }
    for (unsigned i = 0; i < HOST_WORDS_MAX && slice_take_word(&rest, &word); i++) {
        size_t at = registry_index(r, registry_by_host(r, slice_trim(word)));
        if (at != SIZE_MAX) {
            return at;
        }
    }
    words_read(j->evidence->greeting, WORDS_OF_REPLY, &words);
    for (size_t i = 0; i < registry_count(r); i++) {
        const struct rule *pattern = &j->mapper->greetings[i].pattern;
        for (size_t at = 0; pattern->literals != 0 && at < words.count; at++) {
            if (rule_matches(pattern, &words, at, &end)) {
                return i;
            }
        }
    }
    return SIZE_MAX;
}

static bool has_line(const struct slice *lines, size_t count, const char *line)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_eq_nocase_text(lines[i], line)) {
            return true;
        }
    }
    return false;
}

/* All lines of the one are lines of the other, and there are as many. */
static bool is_offer(const struct slice *lines, size_t count, const char *const *known)
{
    size_t n = 0;
    while (known != NULL && known[n] != NULL && has_line(lines, count, known[n])) {
        n++;
    }
    return n >= LINES_MIN && n == count && known[n] == NULL;
}

/* Only when no other house offers exactly the same. */
static size_t by_offer(const struct judge *j)
{
    const struct evidence *e = j->evidence;
    const struct registry *r = j->mapper->rules.registry;
    size_t found = SIZE_MAX;
    for (size_t i = 0; e->offered_clear_count + e->offered_tls_count != 0 && i < registry_count(r);
         i++) {
        const struct provider *p = registry_at(r, i);
        if (!is_offer(e->offered_tls, e->offered_tls_count, p->tls) &&
            !is_offer(e->offered_clear, e->offered_clear_count, p->clear)) {
            continue;
        }
        if (found != SIZE_MAX && strcmp(registry_at(r, found)->family, p->family) != 0) {
            return SIZE_MAX;
        }
        found = found != SIZE_MAX ? found : i;
    }
    return found;
}

static bool is_word_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Behind '@' stands somebody's address, and all of its domain goes with it. */
static bool is_mark_start(struct slice s, size_t at, bool *is_address)
{
    char before = at == 0 ? ' ' : s.p[at - 1];
    *is_address =
        before == '@' || (*is_address && (is_word_char(before) || before == '.' || before == '-'));
    return !*is_address && is_word_char(s.p[at]) && !is_word_char(before) && before != '_';
}

static const char *mark_text(size_t i)
{
    return marks[i].text;
}

void marks_index(struct starts *out, struct arena *arena)
{
    starts_build(out, mark_text, COUNT(marks), arena);
}

static size_t mark_at(const struct judge *j, struct slice here)
{
    const struct registry *r = j->mapper->rules.registry;
    const struct starts *index = &j->mapper->marks;
    for (size_t i = starts_first(index, here); i != 0; i = starts_next(index, i)) {
        const struct mark *m = &marks[i - 1];
        if (starts_stand_at(here, m->text)) {
            size_t found = registry_index(r, registry_find(r, slice_of(m->provider)));
            if (found != SIZE_MAX) {
                return found;
            }
        }
    }
    return SIZE_MAX;
}

static size_t by_mark(const struct judge *j)
{
    struct slice reply = j->evidence->reply;
    bool is_address = false;
    for (size_t at = 0; at < reply.n; at++) {
        if (!is_mark_start(reply, at, &is_address)) {
            continue;
        }
        size_t found = mark_at(j, slice_from(reply, at));
        if (found != SIZE_MAX) {
            return found;
        }
    }
    return SIZE_MAX;
}

void judge_recognise(struct judge *j)
{
    static const struct {
        size_t (*find)(const struct judge *j);
        const char *by;
        enum sureness sure;
    } ways[] = {
        {by_host, "the host's name", SURE_CERTAIN},
        {by_greeting, "the greeting", SURE_LIKELY},
        {by_offer, "the capability lines", SURE_LIKELY},
        {by_mark, "the style of the reply", SURE_LIKELY},
    };
    const struct registry *r = j->mapper->rules.registry;
    j->by = "";
    j->provider = registry_index(r, j->evidence->provider);
    j->out->provider_sure = SURE_CERTAIN;
    for (size_t i = 0; j->provider == SIZE_MAX && i < COUNT(ways); i++) {
        j->provider = ways[i].find(j);
        j->by = j->provider != SIZE_MAX ? ways[i].by : "";
        j->out->provider_sure = j->provider != SIZE_MAX ? ways[i].sure : SURE_POSSIBLE;
    }
    j->is_given = j->provider != SIZE_MAX && j->out->provider_sure == SURE_CERTAIN;
    j->out->provider = j->provider == SIZE_MAX ? NULL : registry_at(r, j->provider);
}

void judge_say_provider(struct judge *j)
{
    if (j->out->provider != NULL && j->by[0] != '\0') {
        judge_because(j, "taken for %s by %s", j->out->provider->title, j->by);
    }
}
