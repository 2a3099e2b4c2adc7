/* SPDX-License-Identifier: Apache-2.0 */
/* See token_service.h. */
#include "cli/token_service.h"

#include <time.h>

#include "cli/check_credential.h"
#include "token/assertion.h"

enum { FILE_MAX = 64 * 1024 };

void assertion_init(struct buf *assertion)
{
    buf_init(assertion, FILE_MAX);
}

void assertion_release(struct buf *assertion)
{
    buf_wipe(assertion);
    buf_release(assertion);
}

static enum err read_account(const char *path, struct service_account **out, struct why *why)
{
    struct buf text;
    struct why inner = {.line = 0};
    buf_init(&text, FILE_MAX);
    enum err err = credential_read_file(path, &text, why);
    if (err == ERR_OK) {
        err = service_account_read(buf_slice(&text), out, &inner);
        if (err == ERR_SYNTAX) { /* the library's words would repeat what stands there */
            why_set(why, err, "%s:%u: it is no JSON", path, inner.line);
        } else if (err != ERR_OK) {
            why_set(why, err, "%s: %s", path, inner.text);
        }
    }
    buf_wipe(&text);
    buf_release(&text);
    return err;
}

enum err assertion_make(const char *key_path, const char *audience, const char *user,
                        const char *scope, struct buf *assertion, struct why *why)
{
    struct service_account *account = NULL;
    TRY(read_account(key_path, &account, why));
    const struct assertion_claims claims = {.audience = audience,
                                            .subject = slice_of(user),
                                            .scope = slice_of(scope),
                                            .now_s = (int64_t)time(NULL)};
    enum err err = service_account_sign(account, &claims, assertion, why);
    service_account_free(account);
    return err;
}

enum err service_account_look(const char *key_path, struct arena *arena, const char **email,
                              const char **token_url, struct why *why)
{
    struct service_account *account = NULL;
    TRY(read_account(key_path, &account, why));
    *email = arena_text(arena, slice_of(service_account_email(account)));
    *token_url = arena_text(arena, slice_of(service_account_token_url(account)));
    service_account_free(account);
    return ERR_OK;
}
