/* SPDX-License-Identifier: Apache-2.0 */
/* Life of a fake: persona and TLS setups at the start, connections as they come, evidence at the
 * end. */
#include "fakeservers/conn.h"

#include <stdlib.h>
#include <string.h>

/* May a handshake happen on this server? Then its certificate is made now, where errors can be
 * told. */
static bool needs_tls(const struct fake *f)
{
    const struct spec_server *spec = f->spec;
    if (spec->security != SECURITY_NONE || capability_has(f->persona.clear, "STARTTLS")) {
        return true;
    }
    for (size_t i = 0; i < spec->rule_count; i++) {
        if (strcmp(spec->rules[i].on, "STARTTLS") == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < spec->script_count; i++) {
        if (spec->script[i].verb == SCRIPT_STARTTLS) {
            return true;
        }
    }
    return false;
}

static enum err fake_add_tls(struct fake *f, const struct spec_tls *over, struct why *why)
{
    struct tls_cache_source from = {.pki = f->params.pki,
                                    .setups = f->params.setups,
                                    .host = f->params.host,
                                    .server = f->spec};
    return tls_cache_add(&f->tls, &from, over, why);
}

static enum err fake_make_tls(struct fake *f, struct why *why)
{
    if (f->params.pki == NULL || !needs_tls(f)) {
        return ERR_OK; /* without a CA the driver brings the setup */
    }
    TRY(fake_add_tls(f, NULL, why));
    for (size_t i = 0; i < f->spec->rule_count; i++) {
        const struct spec_rule *rule = &f->spec->rules[i];
        for (size_t k = 0; k < rule->action_count; k++) {
            if (rule->actions[k].kind == ACTION_TLS) {
                TRY(fake_add_tls(f, &rule->actions[k].tls, why));
            }
        }
    }
    return ERR_OK;
}

enum err fake_new(const struct fake_params *params, struct fake **out, struct why *why)
{
    struct fake *f = mem_zalloc(1, sizeof *f);
    f->params = *params;
    f->spec = params->spec;
    arena_init(&f->arena);
    record_init(&f->record, &f->arena);
    f->own_counters =
        params->counters != NULL ? NULL : mem_zalloc(2 * f->spec->rule_count + 1, sizeof *f->seen);
    f->seen = params->counters != NULL ? params->counters : f->own_counters;
    f->fired = f->seen + f->spec->rule_count;
    *out = NULL;
    enum err err =
        persona_init(&f->persona, f->spec, params->providers, params->host, &f->arena, why);
    if (err == ERR_OK) {
        err = perform_check(f, why);
    }
    if (err == ERR_OK) {
        err = fake_make_tls(f, why);
    }
    if (err != ERR_OK) {
        fake_free(f);
        return err;
    }
    *out = f;
    return ERR_OK;
}

void fake_free(struct fake *f)
{
    if (f == NULL) {
        return;
    }
    for (size_t i = 0; i < f->conn_count; i++) {
        conn_free(f->conns[i]);
    }
    free(f->conns);
    free(f->own_counters);
    tls_cache_release(&f->tls);
    record_release(&f->record);
    arena_release(&f->arena);
    free(f);
}

struct session fake_accept(struct fake *f, int64_t now_us)
{
    if (f->conn_count == f->conn_space) {
        f->conn_space = f->conn_space ? 2 * f->conn_space : 4;
        f->conns = mem_realloc(f->conns, f->conn_space * sizeof(struct conn *));
    }
    if (f->conn_count == 0) {
        f->start_us = now_us;
    }
    struct conn *c = conn_new(f, (unsigned)f->conn_count, now_us);
    f->conns[f->conn_count++] = c;
    f->record.report.connections++;
    if (f->spec->max_connections > 0 && f->conn_count > f->spec->max_connections) {
        record_complain(&f->record, "connection %zu: more than the %u that were expected",
                        f->conn_count, f->spec->max_connections);
    }
    if (f->conn_count > FAKE_CONNECTIONS_MAX) {
        outlet_do(&c->out, OUT_RESET);
    }
    return (struct session){.ops = &conn_ops, .self = c};
}

struct tls_setup *fake_implicit_tls(const struct fake *f)
{
    return f->spec->security == SECURITY_IMPLICIT ? tls_cache_find(&f->tls, NULL) : NULL;
}

void fake_set_binding(const struct session *session, struct slice binding)
{
    struct conn *c = session->self;
    c->binding_n = binding.n < sizeof c->binding ? binding.n : sizeof c->binding;
    memcpy(c->binding, binding.n > 0 ? binding.p : "", c->binding_n);
}

const struct fake_report *fake_report(struct fake *f)
{
    unsigned quits = 0;
    for (size_t i = 0; i < f->conn_count; i++) {
        quits += f->conns[i]->said_quit;
    }
    f->record.report.quits = quits;
    return record_report(&f->record);
}
