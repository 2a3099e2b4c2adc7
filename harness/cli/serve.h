/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of `smtpdx serve`.
 *
 *   cmd_serve.c     options, what is served, the loop
 *   serve_server.c  the options as the spec of a fake server
 *   serve_tokens.c  the token endpoint
 *   serve_view.c    what a person or a program is shown of it
 */
#ifndef SMTPDX_CLI_SERVE_H
#define SMTPDX_CLI_SERVE_H

#include "base/redact.h"
#include "fakeservers/service.h"
#include "result/transcript.h"

/* What the command line asks of the server; strings are its own. */
struct serve_wishes {
    const char *says; /* CAUSE or CAUSE/VARIANT; NULL: polite */
    uint64_t times, after;
    const char *security, *cert; /* NULL: as the persona has it; valid */
    const char *user;            /* the only account; NULL: everybody is right */
    bool has_password, has_app_password, has_token; /* of user, in the environment */
};

/*
 * The spec of a persona that does as wished. Lives in the arena; what is secret stands in it by
 * name: "password", "app_password" and "token". Prints what is wrong and gives false.
 */
bool serve_server(const struct registry *registry, const char *persona,
                  const struct serve_wishes *wishes, struct arena *arena, struct spec_server *out);

struct serve_view {
    bool is_json, is_verbose, is_quiet;
    const struct redactor *redactor; /* borrowed */
    int64_t offset_us;               /* wall clock less the world's */
    unsigned long findings, sessions;
    struct serve_session *open; /* transcripts under way */
};

/* What stands at the head: where it listens and how it is reached. */
struct serve_facts {
    const char *name, *title; /* of the persona, or the case */
    const char *says;         /* "" when polite */
    enum stage says_at;
    const char *host; /* the name its certificate is for */
    const char *address;
    unsigned port;
    enum security security;
    const char *ca_file;
    const char *token_host; /* the name of the token endpoint's certificate */
    unsigned token_port;    /* 0: there is none */
};

void serve_view_head(struct serve_view *v, const struct serve_facts *facts);
/* The callbacks of a service; context is the view. */
void serve_view_open(void *context, unsigned session, int64_t now_us);
void serve_view_octets(void *context, unsigned session, enum driver_direction direction,
                       bool inside_tls, int64_t now_us, struct slice octets);
void serve_view_closed(void *context, unsigned session, int64_t now_us,
                       const struct fake_report *report);
/* The token endpoint has answered a request. */
void serve_view_token(struct serve_view *v, struct slice method, struct slice path, unsigned status);
void serve_view_end(struct serve_view *v);

#endif
