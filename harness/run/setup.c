/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the scenario's specs; the only place that knows the defaults of a probe. */
#include "run/setup.h"

#include <string.h>
#include <strings.h>

#include "check/mechanisms.h"
#include "check/preflight.h"

static const struct provider *persona(const struct spec_case *c, const struct registry *providers)
{
    return c->server != NULL ? registry_find(providers, slice_of(c->server->like)) : NULL;
}

const char *setup_fake_host(const struct spec_case *c, const struct registry *providers)
{
    const struct provider *p = c->probe != NULL ? c->probe->provider : NULL;
    p = p != NULL ? p : persona(c, providers);
    return p != NULL && p->endpoint_count != 0 ? p->endpoints[0].host : "localhost";
}

static void target_fake(const struct spec_case *c, const struct registry *providers,
                        const struct listener *listener, struct arena *arena,
                        struct setup_target *out)
{
    out->host = setup_fake_host(c, providers);
    out->port = listener_port(listener);
    const char *host = listener_host(listener);
    bool is_ipv6 = strchr(host, ':') != NULL;
    out->connect_to = is_ipv6 ? arena_printf(arena, "[%s]:%u", host, out->port)
                              : arena_printf(arena, "%s:%u", host, out->port);
    out->security = c->server->security;
}

static void target_endpoint(const struct spec_endpoint *e, struct arena *arena,
                            struct setup_target *out)
{
    out->host = arena_text(arena, e->host);
    out->port = e->port;
    out->connect_to = e->connect_to[0] != '\0' ? e->connect_to : NULL;
    out->proxy = e->proxy[0] != '\0' ? e->proxy : NULL;
    out->security = e->security;
    if (out->provider == NULL) {
        out->provider = e->provider;
    }
}

/* What DNS, SNI and certificates know a name as (RFC 5890 2.3.2.1); as it is when it has none. */
static const char *a_labels(const char *name, struct arena *arena)
{
    char ascii[256];
    return world_ascii_name(name, ascii) ? arena_text(arena, slice_of(ascii)) : name;
}

void setup_target(const struct spec_case *c, const struct registry *providers,
                  const struct listener *listener, struct arena *arena, struct setup_target *out)
{
    *out = (struct setup_target){.provider = c->probe->provider};
    if (c->endpoint != NULL) {
        target_endpoint(c->endpoint, arena, out);
    } else {
        target_fake(c, providers, listener, arena, out);
        if (out->provider != NULL && out->provider->endpoint_count != 0) {
            out->security = out->provider->endpoints[0].security;
        }
    }
    if (c->probe->has_security) {
        out->security = c->probe->security;
    }
    out->host = a_labels(out->host, arena);
    out->server_name = out->host;
    if (c->probe->server_name.n != 0) {
        out->server_name = a_labels(arena_text(arena, c->probe->server_name), arena);
    }
}

/* False when the part is a value that was not captured. */
static bool add_part(const struct spec_part *part, const struct spec_case *c,
                     const struct secrets *secrets, const struct setup_target *target,
                     const struct match_captures *captures, struct arena *arena, struct buf *out)
{
    struct slice value;
    switch (part->kind) {
    case SPEC_LITERAL:
        buf_add(out, part->text);
        break;
    case SPEC_SECRET:
        buf_add(out, secrets_named(secrets, c, arena_text(arena, part->text)));
        break;
    case SPEC_SERVER_HOST:
        buf_add_text(out, target != NULL ? target->host : "");
        break;
    case SPEC_SERVER_PORT:
        buf_addf(out, "%u", target != NULL ? target->port : 0);
        break;
    case SPEC_SERVER_ADDR:
        if (target != NULL && target->connect_to != NULL) {
            buf_add_text(out, target->connect_to);
        } else if (target != NULL) {
            buf_addf(out, "%s:%u", target->host, target->port);
        }
        break;
    case SPEC_CAPTURE:
        if (captures == NULL || !match_captured(captures, part->text, &value)) {
            return false;
        }
        buf_add(out, value);
        break;
    }
    return true;
}

bool setup_text(const struct spec_text *text, const struct spec_case *c,
                const struct secrets *secrets, const struct setup_target *target,
                const struct match_captures *captures, struct arena *arena, struct slice *out)
{
    struct buf value;
    bool is_whole = true;
    buf_init(&value, 1 << 20);
    for (size_t i = 0; i < text->count; i++) {
        is_whole =
            add_part(&text->parts[i], c, secrets, target, captures, arena, &value) && is_whole;
    }
    *out = arena_copy(arena, buf_slice(&value));
    buf_wipe(&value);
    buf_release(&value);
    return is_whole;
}

static struct slice choose_mechanisms(const struct spec_probe *probe,
                                      const struct setup_target *target, struct arena *arena)
{
    enum credential_kind kind = probe->token.count != 0 ? CREDENTIAL_OAUTH2 : probe->credential;
    return probe->mechanism.n != 0 ? probe->mechanism
                                   : slice_of(check_mechanisms(target->provider, kind, arena));
}

static void put_auth(const struct spec_case *c, const struct run_context *context,
                     const struct setup_target *target, struct arena *arena,
                     struct client_params *out)
{
    const struct spec_probe *probe = c->probe;
    if (!probe->has_auth) {
        return;
    }
    out->mechanism = choose_mechanisms(probe, target, arena);
    out->user = probe->user;
    out->authzid = probe->authzid;
    const struct spec_text *secret = probe->token.count != 0 ? &probe->token : &probe->password;
    (void)setup_text(secret, c, context->secrets, target, NULL, arena, &out->secret);
    out->initial_response = (enum client_initial_response)probe->initial_response;
    out->ignore_offer = probe->ignore_offer;
}

static void put_timeouts(const struct spec_probe *probe, struct client_params *out)
{
    out->timeout.connect = probe->timeout.connect;
    out->timeout.greeting = probe->timeout.greeting;
    out->timeout.command = probe->timeout.command;
    out->timeout.data = probe->timeout.data;
    out->timeout.block = probe->timeout.block;
    out->timeout.final_dot = probe->timeout.final_dot;
    out->timeout.quit = probe->timeout.quit;
    out->timeout.total = probe->timeout.total;
}

static void put_steps(const struct spec_case *c, const struct run_context *context,
                      const struct setup_target *target, struct arena *arena,
                      struct client_params *out)
{
    const struct spec_probe *probe = c->probe;
    struct client_step *steps = arena_array(arena, probe->step_count, sizeof *steps);
    for (size_t i = 0; i < probe->step_count; i++) {
        const struct spec_step *from = &probe->steps[i];
        bool is_known = client_verb_from_slug(slice_of(from->verb), &steps[i].verb);
        must(is_known); /* the loader's list and the client's are one, a test compares them */
        steps[i].is_late = !setup_text(&from->argument, c, context->secrets, target, NULL, arena,
                                       &steps[i].argument);
        steps[i].duration_us = from->duration_us;
        steps[i].is_last_chunk = steps[i].verb == STEP_BDAT && !from->has_more;
    }
    out->steps = steps;
    out->step_count = probe->step_count;
}

/* How far to go when the scenario does not say: after AUTH nothing is to be gained without `send`.
 */
static enum stage default_until(const struct spec_probe *probe)
{
    if (probe->has_until) {
        return probe->until;
    }
    return probe->send ? STAGE_BODY : probe->has_auth ? STAGE_AUTH : STAGE_EHLO;
}

/* A real server may refuse an address literal of the loopback (Google's relay does, with a 421),
 * and RFC 5321 4.1.1.1 wants the name of this machine; a fake sees the same name everywhere. */
static struct slice ehlo_name(const struct spec_case *c, const struct run_context *context)
{
    bool is_real = c->endpoint != NULL && context->hostname != NULL;
    return c->probe->helo.n == 0 && is_real ? slice_of(context->hostname) : c->probe->helo;
}

void setup_client_params(const struct spec_case *c, const struct run_context *context,
                         const struct setup_target *target, struct rng *rng, struct arena *arena,
                         struct client_params *out)
{
    const struct spec_probe *probe = c->probe;
    char id[17];
    rng_text(rng, id, sizeof id - 1);
    *out = (struct client_params){
        .security = target->security,
        .may_skip_tls = probe->allow_clear,
        .helo = ehlo_name(c, context),
        .host = slice_of(target->host),
        .port = target->port,
        .until = default_until(probe),
        .from = probe->from.n != 0 ? probe->from : probe->user,
        .rcpt = probe->rcpt_count != 0 ? probe->rcpts[0] : (struct slice){NULL, 0},
        .more_rcpts = probe->rcpt_count > 1 ? probe->rcpts + 1 : NULL,
        .more_rcpt_count = probe->rcpt_count > 1 ? probe->rcpt_count - 1 : 0,
        .message = probe->message,
        .date = context->wall_time,
        .message_id = slice_of(arena_printf(arena, "%s@smtpdx.invalid", id)),
    };
    put_auth(c, context, target, arena, out);
    put_timeouts(probe, out);
    if (probe->step_count != 0) {
        put_steps(c, context, target, arena, out);
    }
}

/* An app password is a ladder for tests; customers get OAuth2 where the provider has it. */
static bool forbids_password(const struct spec_probe *probe)
{
    enum purpose purpose;
    enum credential_kind kind = probe->token.count != 0 ? CREDENTIAL_OAUTH2 : CREDENTIAL_PASSWORD;
    return probe->purpose != NULL && purpose_from_slug(slice_of(probe->purpose), &purpose) &&
           preflight_forbids_password(probe->provider, kind, purpose);
}

enum fault setup_preflight(const struct spec_case *c, struct arena *arena, const char **detail)
{
    const struct spec_probe *probe = c->probe;
    *detail = "";
    if (!probe->has_auth || probe->skip_preflight) {
        return FAULT_NONE;
    }
    struct buf words;
    buf_init(&words, 512);
    if (probe->provider != NULL && !provider_username_ok(probe->provider, probe->user, &words)) {
        *detail = arena_text(arena, buf_slice(&words));
        buf_release(&words);
        return FAULT_USERNAME_FORMAT;
    }
    buf_release(&words);
    if (forbids_password(probe)) {
        *detail = arena_printf(arena, "%s offers OAuth2; a password is not for the purpose '%s'",
                               probe->provider->title, probe->purpose);
        return FAULT_CREDENTIAL_POLICY;
    }
    return FAULT_NONE;
}

struct evidence setup_evidence(const struct spec_classify *c)
{
    enum fault fault = FAULT_NONE;
    for (int f = 1; f < FAULT_COUNT; f++) {
        if (c->fault[0] != '\0' && strcasecmp(fault_name((enum fault)f), c->fault) == 0) {
            fault = (enum fault)f;
        }
    }
    return (struct evidence){
        .provider = c->provider,
        .stage = c->stage,
        .fault = fault,
        .reply = c->reply,
        .mechanism = c->mechanism,
        .credential = c->credential,
        .host = c->host,
        .greeting = c->greeting,
        .username = c->user,
        .error_document = c->error_document,
        .claims = c->claims,
        .now_s = c->now_s,
        .offered_clear = c->offered_clear,
        .offered_clear_count = c->offered_clear_count,
        .offered_tls = c->offered_tls,
        .offered_tls_count = c->offered_tls_count,
        .certificate_names = c->certificate_names,
        .certificate_name_count = c->certificate_name_count,
        .inside_tls = c->is_inside_tls,
    };
}
