/* SPDX-License-Identifier: Apache-2.0 */
/* See mechanisms.h. */
#include "check/mechanisms.h"

/*
 * Best first. A mechanism that does not hand the password over is better than one that does;
 * whoever wants another names it, and nothing else is ever tried (locked accounts).
 */
static const char for_passwords[] =
    "auto:SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1 PLAIN LOGIN CRAM-MD5";
static const char for_tokens[] = "auto:OAUTHBEARER XOAUTH2";

static const char *listed(const char *const *mechanisms, struct arena *arena)
{
    struct buf list;
    buf_init(&list, 512);
    buf_add_text(&list, "auto:");
    for (size_t k = 0; mechanisms[k] != NULL; k++) {
        buf_addf(&list, "%s%s", k != 0 ? " " : "", mechanisms[k]);
    }
    const char *text = arena_text(arena, buf_slice(&list));
    buf_release(&list);
    return text;
}

const char *check_mechanisms(const struct provider *p, enum credential_kind kind,
                             struct arena *arena)
{
    for (size_t i = 0; p != NULL && i < p->credential_count; i++) {
        const struct provider_credential *known = &p->credentials[i];
        if (known->kind == kind && known->mechanisms != NULL && known->mechanisms[0] != NULL) {
            return listed(known->mechanisms, arena);
        }
    }
    return kind == CREDENTIAL_OAUTH2 ? for_tokens : for_passwords;
}
