/* SPDX-License-Identifier: Apache-2.0 */
/* See serve_tokens.h. */
#include "cli/serve_tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "doc/json.h"
#include "fakeservers/web.h"
#include "net/sign.h"

enum { KEY_FILE_MAX = 16 * 1024, TESTING_LIFETIME_S = 7 * 24 * 3600 };

#define ACCOUNT_EMAIL "smtpdx@fake.iam.gserviceaccount.com"
#define ACCOUNT_KEY   "fake-1"

struct serve_tokens {
    struct serve_view *view; /* borrowed */
    struct authority *authority;
    struct web *web;
    struct sign_key *key;
    char host[256], authorize_host[256];
};

static void on_answer(void *context, struct slice method, struct slice path, unsigned status)
{
    struct serve_tokens *t = context;
    serve_view_token(t->view, method, path, status);
}

static struct slice url_of(const struct provider *p, const char *key)
{
    const struct node *node = p->oauth2 != NULL ? node_get(p->oauth2, key) : NULL;
    return node != NULL ? node_text(node) : SLICE("");
}

/* The host of a provider's endpoint: a client that dials it here expects its certificate. */
static void find_host(const struct provider *p, const char *key, char out[256])
{
    struct slice url = url_of(p, key);
    struct slice rest = slice_from(url, slice_has_prefix(url, SLICE("https://")) ? 8 : 0);
    struct slice host = slice_sub(rest, 0, slice_find_char(rest, '/'));
    snprintf(out, 256, SLICE_FMT, SLICE_ARG(host.n != 0 ? host : SLICE("localhost")));
}

/* As Google gives it, readable by its owner alone. */
static enum err write_account(const struct serve_tokens *t, const struct provider *p,
                              const char *path, struct why *why)
{
    struct buf pem, text;
    struct json *map = json_map();
    buf_init(&pem, KEY_FILE_MAX);
    buf_init(&text, KEY_FILE_MAX);
    enum err err = sign_key_pem(t->key, &pem, why);
    json_set(map, "type", json_text("service_account"));
    json_set(map, "client_email", json_text(ACCOUNT_EMAIL));
    json_set(map, "private_key_id", json_text(ACCOUNT_KEY));
    json_set(map, "private_key", json_string(buf_slice(&pem)));
    json_set(map, "token_uri", json_string(url_of(p, "token")));
    json_print(map, JSON_INDENTED, &text);
    json_free(map);
    buf_add_char(&text, '\n');
    int fd = err == ERR_OK ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    bool is_written =
        fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, text.p, text.n) == (ssize_t)text.n;
    if (err == ERR_OK && !is_written) {
        err = why_set(why, ERR_LIMIT, "%s: %s", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    buf_wipe(&pem);
    buf_wipe(&text);
    buf_release(&pem);
    buf_release(&text);
    return err;
}

static enum err start(struct serve_tokens *t, struct world *world, const struct provider *p,
                      const struct web_params *web, const struct serve_tokens_wish *wish,
                      struct why *why)
{
    uint64_t seed = 1;
    bool is_google = strcmp(p->family, "google") == 0;
    (void)!getrandom(&seed, sizeof seed, 0);
    if (wish->account_file != NULL) {
        TRY(sign_key_new(&t->key, why));
        TRY(write_account(t, p, wish->account_file, why));
    }
    const struct authority_params params = {
        .provider = p,
        .seed = seed,
        .interval_s = 1,
        .pending = 1,
        .keeps_refresh_token = is_google,
        .refresh_lifetime_s = is_google ? TESTING_LIFETIME_S : 0,
        .service_key = t->key,
        .service_email = ACCOUNT_EMAIL,
        .service_key_id = ACCOUNT_KEY,
        .says = wish->says,
    };
    TRY(authority_new(&params, &t->authority, why));
    struct web_params own = *web;
    own.authority = t->authority;
    return web_start(world, &own, &t->web, why);
}

enum err serve_tokens_start(struct world *world, const struct provider *provider, struct pki *pki,
                            bool is_ipv6, const struct serve_tokens_wish *wish,
                            struct serve_view *view, struct serve_tokens **out, struct why *why)
{
    struct serve_tokens *t = mem_zalloc(1, sizeof *t);
    t->view = view;
    find_host(provider, "token", t->host);
    find_host(provider, "authorize", t->authorize_host);
    const struct web_params web = {
        .pki = pki,
        .host = t->host,
        .authorize_host = t->authorize_host,
        .family = is_ipv6 ? FAMILY_IPV6 : FAMILY_IPV4,
        .wall_time = (int64_t)time(NULL),
        .context = t,
        .on_answered = on_answer,
    };
    enum err err = start(t, world, provider, &web, wish, why);
    if (err != ERR_OK) {
        serve_tokens_free(t);
        return err;
    }
    *out = t;
    return ERR_OK;
}

void serve_tokens_free(struct serve_tokens *t)
{
    if (t != NULL) {
        web_free(t->web);
        authority_free(t->authority);
        sign_key_free(t->key);
        free(t);
    }
}

const char *serve_tokens_host(const struct serve_tokens *t)
{
    return t != NULL ? t->host : "";
}

unsigned serve_tokens_port(const struct serve_tokens *t)
{
    return t != NULL ? web_port(t->web) : 0;
}
