/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The login of a pasted session (RFC 4954, RFC 4616, RFC 7628): which mechanism, whose name. The
 * rest of what the client sent is only remembered as something to hide.
 */
#include "diagnose/paste_parts.h"

#include <stdio.h>

#include "base/codec.h"

enum { SECRET_OCTETS = 8 * 1024 };

/* All of it, not a part only. */
static bool is_hidden(const struct paste *p, struct slice secret)
{
    struct buf shown;
    buf_init(&shown, BUF_NO_CAP);
    redactor_apply(p->secrets, secret, &shown);
    bool is_all = slice_eq_text(buf_slice(&shown), "***");
    buf_wipe(&shown);
    buf_release(&shown);
    return is_all;
}

/* What must not be seen in the answer, whoever repeats it. Short ones cannot be told from words. */
static void hide(struct paste *p, struct slice secret)
{
    secret = slice_sub(secret, 0, SECRET_OCTETS);
    if (secret.n >= REDACT_MIN && p->secret_count < SECRETS_MAX && !is_hidden(p, secret)) {
        p->secret_count++;
        (void)!redactor_add(p->secrets, "login", secret, NULL);
    }
}

struct slice paste_kept(struct paste *p, struct slice s, size_t max)
{
    return arena_copy(&p->arena, slice_sub(s, 0, max));
}

/* authzid NUL authcid NUL password (RFC 4616), or user= … ^A (XOAUTH2, OAUTHBEARER). */
static void read_initial(struct paste *p, struct slice decoded)
{
    size_t nul = slice_find_char(decoded, '\0');
    size_t user = slice_find(decoded, SLICE("user="));
    size_t gs2 = slice_find(decoded, SLICE("n,a="));
    struct slice rest = decoded, name;
    if (nul != SIZE_MAX) {
        rest = slice_from(decoded, nul + 1);
        size_t end = slice_find_char(rest, '\0');
        name = slice_sub(rest, 0, end);
        hide(p, slice_from(rest, end != SIZE_MAX ? end + 1 : rest.n));
    } else if (user == 0 || gs2 == 0) {
        rest = slice_from(decoded, user == 0 ? 5 : 4);
        size_t end = slice_find_char(rest, user == 0 ? '\x01' : ',');
        name = slice_sub(rest, 0, end);
        size_t bearer = slice_find_nocase(rest, SLICE("Bearer "));
        struct slice token = slice_from(rest, bearer != SIZE_MAX ? bearer + 7 : rest.n);
        hide(p, slice_sub(token, 0, slice_find_char(token, '\x01')));
    } else {
        return;
    }
    p->username = name.n != 0 ? paste_kept(p, name, 256) : p->username;
}

/* One answer of the AUTH exchange: number 0 came with the command. */
void paste_take_credential(struct paste *p, struct slice text, unsigned number)
{
    struct buf decoded;
    text = slice_trim(text);
    buf_init(&decoded, SECRET_OCTETS);
    hide(p, text);
    p->auth_sent = p->auth_sent || text.n != 0;
    if (base64_decode(slice_sub(text, 0, SECRET_OCTETS), &decoded) && decoded.n != 0) {
        bool is_login = slice_eq_nocase_text(p->mechanism, "LOGIN");
        if (is_login && number == 1) {
            p->username = paste_kept(p, buf_slice(&decoded), 256);
        } else if (is_login) {
            hide(p, buf_slice(&decoded));
        } else {
            read_initial(p, buf_slice(&decoded));
        }
    }
    buf_wipe(&decoded);
    buf_release(&decoded);
}

void paste_take_auth(struct paste *p, struct slice text, struct command *c)
{
    struct slice rest = text, verb, mechanism = {"", 0};
    slice_take_word(&rest, &verb);
    slice_take_word(&rest, &mechanism);
    p->mechanism = paste_kept(p, mechanism, 32);
    snprintf(c->words, sizeof c->words, "AUTH " SLICE_FMT, SLICE_ARG(p->mechanism));
    p->answers = 0;
    p->wants_answer = false;
    if (slice_trim(rest).n != 0) {
        bool is_login = slice_eq_nocase_text(p->mechanism, "LOGIN");
        p->answers = is_login ? 1 : 0; /* LOGIN with the user name at once */
        paste_take_credential(p, rest, p->answers);
    }
}
