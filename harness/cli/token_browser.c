/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing in through the person's browser (RFC 8252): the address is shown, the answer comes to a
 * port of the loopback, or is pasted where the browser is on another machine. Nothing is opened
 * that was not asked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/browser.h"
#include "cli/check_credential.h"
#include "cli/token_command.h"
#include "net/http_door.h"
#include "net/seal.h"
#include "run/interrupt.h"
#include "token/authorize.h"
#include "token/redirect.h"

enum { LOOK_US = 100000, VISIT_US = 10000000, LAST_LOOKS = 3 };

#define USUAL_REDIRECT "http://127.0.0.1"

/* One sign-in under way. */
struct waiting {
    struct redirect_wish wish;
    struct redirect redirect; /* what has come, or the last thing that did */
    pid_t browser;
};

void sign_in_init(struct sign_in *s)
{
    buf_init(&s->code, REDIRECT_MAX);
    buf_init(&s->redirect_uri, 4096);
    buf_init(&s->verifier, PROOF_TEXT);
}

void sign_in_release(struct sign_in *s)
{
    buf_wipe(&s->code);
    buf_wipe(&s->verifier);
    buf_release(&s->code);
    buf_release(&s->redirect_uri);
    buf_release(&s->verifier);
}

/* ---- the answer comes to a port ---- */

static void on_octets(void *context, struct slice in, struct buf *answer)
{
    struct waiting *w = context;
    struct redirect r;
    if (redirect_is_end(w->redirect.kind)) { /* what comes behind the end changes nothing */
        redirect_page(REDIRECT_OTHER, answer);
        return;
    }
    redirect_init(&r);
    redirect_read_request(in, &w->wish, &r);
    if (r.kind != REDIRECT_MORE) {
        redirect_page(r.kind, answer);
    }
    if (redirect_is_end(r.kind)) {
        redirect_release(&w->redirect);
        w->redirect = r;
    } else {
        redirect_release(&r);
    }
}

static void look_at_browser(struct waiting *w)
{
    if (browser_has_failed(&w->browser)) {
        fprintf(stderr, "smtpdx token: the command of --browser has failed; open the address "
                        "yourself\n");
    }
}

static void wait_for_browser(struct waiting *w, struct world *world, int64_t wait_us)
{
    int64_t until_us = world_now_us(world) + wait_us;
    while (!redirect_is_end(w->redirect.kind) && interrupt_number() == 0 &&
           world_now_us(world) < until_us) {
        (void)world_run_once(world, LOOK_US);
        look_at_browser(w);
    }
    for (unsigned i = 0; redirect_is_end(w->redirect.kind) && i < LAST_LOOKS; i++) {
        (void)world_run_once(world, LOOK_US / 10); /* so that the last page arrives */
    }
}

static void show_question(const char *url, const char *where)
{
    struct buf text;
    buf_init(&text, 64 * 1024);
    buf_add_text(&text, "To sign in, open  ");
    text_visible(slice_of(url), TEXT_ONE_LINE, &text);
    fprintf(stderr, "%s\n%s\n", buf_text(&text), where);
    buf_release(&text);
}

static void open_browser(struct token_command *c, struct waiting *w, const char *url)
{
    struct why why;
    if (c->browser != NULL && browser_start(c->browser, url, &w->browser, &why) != ERR_OK) {
        fprintf(stderr, "smtpdx token: --browser: %s; open the address yourself\n", why.text);
    }
}

/* Owns nothing; texts live in the arena. */
static const char *question_of(struct token_command *c, const struct sign_in *s,
                               const struct token_proof *proof)
{
    struct buf url;
    const struct token_question q = {.url = s->authorize_url,
                                     .client_id = slice_of(c->client_id),
                                     .redirect_uri = buf_slice(&s->redirect_uri),
                                     .scope = slice_of(s->scope),
                                     .user = slice_of(s->user)};
    buf_init(&url, 64 * 1024);
    token_question_url(&q, proof, &url);
    const char *text = arena_text(&c->arena, buf_slice(&url));
    buf_release(&url);
    return text;
}

static int by_port(struct token_command *c, struct sign_in *s, const struct redirect_uri *uri,
                   const struct token_proof *proof, struct waiting *w)
{
    struct why why;
    struct world *world;
    struct http_door *door;
    if (world_new_sockets(&world, &why) != ERR_OK) {
        return token_complain(why.text, EXIT_NOT_JUDGED);
    }
    const struct http_door_params params = {
        .port = uri->port, .visit_us = VISIT_US, .context = w, .on_octets = on_octets};
    if (http_door_open(world, &params, &door, &why) != ERR_OK) {
        world_free(world);
        return token_complain(arena_printf(&c->arena,
                                           "%s; --redirect-url names another port, and --paste "
                                           "needs none",
                                           why.text),
                              EXIT_NOT_JUDGED);
    }
    redirect_uri_add(uri, http_door_port(door), &s->redirect_uri);
    const char *url = question_of(c, s, proof);
    struct buf where;
    buf_init(&where, 256);
    buf_addf(&where, "(waiting for it on 127.0.0.1:%u, for at most ", http_door_port(door));
    text_add_duration(&where, c->wait_us);
    buf_add_char(&where, ')');
    show_question(url, buf_text(&where));
    buf_release(&where);
    open_browser(c, w, url);
    wait_for_browser(w, world, c->wait_us);
    look_at_browser(w);
    http_door_free(door);
    world_free(world);
    return EXIT_ALL_PASSED;
}

/* ---- the answer is pasted ---- */

/* One line of standard input. */
static bool read_line(struct buf *out)
{
    char octet = 0;
    ssize_t n = 0;
    while ((n = read(STDIN_FILENO, &octet, 1)) == 1 && octet != '\n' && !out->is_full) {
        buf_add_char(out, octet);
    }
    return out->n != 0;
}

static int by_hand(struct token_command *c, struct sign_in *s, const struct redirect_uri *uri,
                   const struct token_proof *proof, struct waiting *w)
{
    struct buf line;
    int signal = 0;
    redirect_uri_add(uri, uri->port, &s->redirect_uri);
    const char *url = question_of(c, s, proof);
    show_question(url, "At the end the browser shows a page that it cannot open: copy that "
                       "page's address.");
    open_browser(c, w, url);
    buf_init(&line, REDIRECT_MAX);
    bool is_read = isatty(STDIN_FILENO) == 1
                       ? credential_ask("The address (it is not shown): ", &line, &signal)
                       : read_line(&line);
    if (is_read) {
        redirect_read_address(buf_slice(&line), &w->wish, &w->redirect);
    }
    buf_wipe(&line);
    buf_release(&line);
    signal = signal != 0 ? signal : interrupt_number();
    if (signal != 0) {
        return token_complain("interrupted; nothing was kept", 128 + signal);
    }
    return !is_read ? token_complain("no address was pasted; nothing was kept", EXIT_WRONG_USE)
           : !redirect_is_end(w->redirect.kind)
               ? token_complain("that is not the address of the page at the end of the sign-in; "
                                "nothing was kept",
                                EXIT_WRONG_USE)
               : EXIT_ALL_PASSED;
}

/* ---- what has come ---- */

static int refused(struct token_command *c, const struct sign_in *s, const struct redirect *r)
{
    struct buf document;
    buf_init(&document, 64 * 1024);
    redirect_document(r, &document);
    int status = token_refused(c, s->provider, buf_slice(&document));
    buf_release(&document);
    return status;
}

static int judge(struct token_command *c, struct sign_in *s, const struct redirect *r)
{
    switch (r->kind) {
    case REDIRECT_CODE:
        buf_add(&s->code, buf_slice(&r->code));
        stored_hide(&c->stored, "code", buf_slice(&s->code));
        return EXIT_ALL_PASSED;
    case REDIRECT_REFUSED:
        return refused(c, s, r);
    case REDIRECT_STATE:
        return token_complain("an answer came that is not to our question (its state is another): "
                              "an old page, or somebody else's; nothing was kept",
                              EXIT_SOMETHING_FAILED);
    case REDIRECT_ISSUER:
        return token_complain("another server has answered than was asked (RFC 9207); nothing was "
                              "kept",
                              EXIT_SOMETHING_FAILED);
    case REDIRECT_MORE:
    case REDIRECT_OTHER:
    case REDIRECT_BAD:
    case REDIRECT_KIND_COUNT:
        break;
    }
    return interrupt_number() != 0
               ? token_complain("interrupted; nothing was kept", 128 + interrupt_number())
               : token_complain("nobody has signed in in time; nothing was kept", EXIT_NOT_JUDGED);
}

static struct slice issuer_of(const struct sign_in *s)
{
    const struct node *oauth2 = s->provider != NULL ? s->provider->oauth2 : NULL;
    const struct node *known = oauth2 != NULL ? node_get(oauth2, "authorize") : NULL;
    const struct node *issuer = oauth2 != NULL ? node_get(oauth2, "issuer") : NULL;
    bool is_its_own = known != NULL && slice_eq_text(node_text(known), s->authorize_url);
    return is_its_own && issuer != NULL ? node_text(issuer) : SLICE("");
}

int sign_in_run(struct token_command *c, struct sign_in *s)
{
    struct why why;
    struct token_proof proof;
    struct redirect_uri uri;
    unsigned char octets[PROOF_OCTETS];
    struct waiting w = {.browser = 0};
    const char *given = c->redirect_url != NULL ? c->redirect_url : USUAL_REDIRECT;
    if (redirect_uri_read(slice_of(given), &uri, &why) != ERR_OK) {
        return cli_wrong_use(&command_token, "--redirect-url '%s': %s", given, why.text);
    }
    if (seal_random(octets, sizeof octets, &why) != ERR_OK) {
        return token_complain(why.text, EXIT_DID_NOT_LOAD);
    }
    token_proof_make(octets, &proof);
    explicit_bzero(octets, sizeof octets);
    buf_add_text(&s->verifier, proof.verifier);
    stored_hide(&c->stored, "verifier", buf_slice(&s->verifier));
    w.wish = (struct redirect_wish){.path = uri.path.n != 0 ? uri.path : SLICE("/"),
                                    .state = slice_of(proof.state),
                                    .issuer = issuer_of(s),
                                    .asked = slice_of(s->authorize_url)};
    redirect_init(&w.redirect);
    int status = c->is_pasted ? by_hand(c, s, &uri, &proof, &w) : by_port(c, s, &uri, &proof, &w);
    status = status == EXIT_ALL_PASSED ? judge(c, s, &w.redirect) : status;
    redirect_release(&w.redirect);
    token_proof_wipe(&proof);
    return status;
}
