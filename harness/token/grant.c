/* SPDX-License-Identifier: Apache-2.0 */
/* See grant.h. */
#include "token/grant.h"

#include "base/codec.h"

static void add(struct buf *form, size_t begin, const char *name, struct slice value)
{
    if (value.n != 0) {
        buf_addf(form, "%s%s=", form->n != begin ? "&" : "", name);
        url_encode(value, form);
    }
}

static void add_client(const struct token_client *c, size_t begin, struct buf *form)
{
    add(form, begin, "client_id", c->id);
    add(form, begin, "client_secret", c->secret);
}

void grant_refresh(const struct token_client *c, struct slice refresh_token, struct buf *form)
{
    size_t begin = form->n;
    add(form, begin, "grant_type", SLICE("refresh_token"));
    add(form, begin, "refresh_token", refresh_token);
    add_client(c, begin, form);
    add(form, begin, "scope", c->scope);
}

void grant_client_credentials(const struct token_client *c, struct buf *form)
{
    size_t begin = form->n;
    add(form, begin, "grant_type", SLICE("client_credentials"));
    add_client(c, begin, form);
    add(form, begin, "scope", c->scope);
}

void grant_device_begin(const struct token_client *c, struct buf *form)
{
    size_t begin = form->n;
    add(form, begin, "client_id", c->id);
    add(form, begin, "scope", c->scope);
}

void grant_device_ask(const struct token_client *c, struct slice device_code, struct buf *form)
{
    size_t begin = form->n;
    add(form, begin, "grant_type", SLICE("urn:ietf:params:oauth:grant-type:device_code"));
    add(form, begin, "device_code", device_code);
    add_client(c, begin, form);
}

void grant_code(const struct token_client *c, struct slice code, struct slice redirect_uri,
                struct slice verifier, struct buf *form)
{
    size_t begin = form->n;
    add(form, begin, "grant_type", SLICE("authorization_code"));
    add(form, begin, "code", code);
    add(form, begin, "redirect_uri", redirect_uri);
    add(form, begin, "code_verifier", verifier);
    add_client(c, begin, form);
}

void grant_assertion(struct slice assertion, struct buf *form)
{
    size_t begin = form->n;
    add(form, begin, "grant_type", SLICE("urn:ietf:params:oauth:grant-type:jwt-bearer"));
    add(form, begin, "assertion", assertion);
}
