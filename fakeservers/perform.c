/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules and actions: what the scenario makes the fake do in place of, or around, the polite answer.
 * A rule counts its occasions over the whole case, so that "refuse twice, then recover" works
 * across connections. drip, chunks and truncate change the replies of their own list only.
 */
#include "fakeservers/conn.h"

#include "scenario/match.h"

#include <string.h>

struct performance {
    struct conn *c;
    const struct event *event;
    const struct answer *polite;
    unsigned code;                  /* of what was said last */
    const struct spec_action *drip; /* NULL: replies leave whole */
    const struct spec_action *chunks;
    const struct spec_action *truncate;
};

/* ---- speaking ---- */

static unsigned code_of(struct slice bytes)
{
    uint64_t code = 0;
    return bytes.n >= 3 && slice_to_u64(slice_sub(bytes, 0, 3), &code) ? (unsigned)code : 0;
}

static void send_chunks(struct outlet *out, const struct spec_action *a, struct slice bytes)
{
    for (size_t i = 0; i < a->chunk_count && bytes.n > 0; i++) {
        size_t n = a->chunks[i].octets == 0 ? bytes.n : a->chunks[i].octets;
        outlet_wait(out, a->chunks[i].wait_us);
        outlet_send(out, slice_sub(bytes, 0, n));
        bytes = slice_from(bytes, n);
    }
    outlet_send(out, bytes);
}

/* A reply as it goes on the wire, changed by what stood before it in the list. */
static void speak(struct performance *p, struct slice bytes)
{
    struct outlet *out = &p->c->out;
    bool is_cut = p->truncate != NULL && p->truncate->count < bytes.n;
    p->code = is_cut || out->is_mute ? 0 : code_of(bytes);
    p->c->said_421 = p->c->said_421 || p->code == 421;
    bytes = is_cut ? slice_sub(bytes, 0, p->truncate->count) : bytes;
    if (p->chunks != NULL) {
        send_chunks(out, p->chunks, bytes);
    } else if (p->drip != NULL) {
        outlet_drip(out, bytes, p->drip->count, p->drip->duration_us);
    } else {
        outlet_send(out, bytes);
    }
    out->is_mute = out->is_mute || is_cut; /* "then silence" */
    p->chunks = p->truncate = NULL;
}

static void speak_text(struct performance *p, struct slice text, bool closes)
{
    struct buf wire;
    buf_init(&wire, BUF_NO_CAP);
    conn_wire(text, &wire);
    speak(p, buf_slice(&wire));
    buf_release(&wire);
    if (closes) {
        outlet_do(&p->c->out, OUT_CLOSE);
    }
}

/* ---- actions, one each ---- */

static void do_reply(struct performance *p, const struct spec_action *a)
{
    static const char *const none[] = {"", NULL};
    const char *const *texts = a->texts != NULL && a->texts[0] != NULL ? a->texts : none;
    struct buf text;
    buf_init(&text, BUF_NO_CAP);
    for (size_t i = 0; texts[i] != NULL; i++) {
        bool is_last = texts[i + 1] == NULL;
        bool has_enhanced = a->enhanced != NULL && a->enhanced[0] != '\0';
        buf_addf(&text, "%03u%c%s%s%s%s", a->code, is_last ? ' ' : '-',
                 has_enhanced ? a->enhanced : "", has_enhanced && texts[i][0] != '\0' ? " " : "",
                 texts[i], is_last ? "" : "\n");
    }
    speak_text(p, buf_slice(&text), false);
    buf_release(&text);
}

static void do_reply_raw(struct performance *p, const struct spec_action *a)
{
    speak(p, a->bytes);
}

static void do_says(struct performance *p, const struct spec_action *a)
{
    struct persona_words said = persona_says(&p->c->fake->persona, slice_of(a->cause),
                                             slice_of(a->variant), p->event->stage);
    must(said.text != NULL); /* perform_check saw to it */
    struct buf text;
    buf_init(&text, BUF_NO_CAP);
    conn_fill(p->c, buf_slice(&p->c->auth.user), said.text, &text);
    speak_text(p, buf_slice(&text), said.closes);
    buf_release(&text);
}

static void do_wait(struct performance *p, const struct spec_action *a)
{
    outlet_wait(&p->c->out, a->duration_us);
}

static void do_stop_reading(struct performance *p, const struct spec_action *a)
{
    outlet_do(&p->c->out, OUT_STOP_READING);
    outlet_wait(&p->c->out, a->duration_us);
    outlet_do(&p->c->out, OUT_READ_ON);
}

static void do_drip(struct performance *p, const struct spec_action *a)
{
    p->drip = a;
}

static void do_chunks(struct performance *p, const struct spec_action *a)
{
    p->chunks = a;
}

static void do_truncate(struct performance *p, const struct spec_action *a)
{
    p->truncate = a;
}

static void do_close(struct performance *p, const struct spec_action *a)
{
    static const enum out_kind kinds[] = {
        [CLOSE_FIN] = OUT_CLOSE, [CLOSE_RST] = OUT_RESET, [CLOSE_HALF] = OUT_HALF_CLOSE};
    must(a->close_how < CLOSE_HOW_COUNT);
    outlet_do(&p->c->out, kinds[a->close_how]);
}

static void do_inject(struct performance *p, const struct spec_action *a)
{
    outlet_send(&p->c->out, a->bytes);
}

static void do_endless(struct performance *p, const struct spec_action *a)
{
    outlet_endless(&p->c->out, p->event->success, a->count ? a->count : FAKE_ENDLESS_DEFAULT);
    p->code = 0;
}

static void do_garbage(struct performance *p, const struct spec_action *a)
{
    outlet_garbage(&p->c->out, a->count);
    p->code = 0;
}

static void do_tls(struct performance *p, const struct spec_action *a)
{
    p->c->next_tls = &a->tls;
}

static void do_drop_tls(struct performance *p, const struct spec_action *a)
{
    (void)a;
    if (p->c->inside_tls) {
        outlet_do(&p->c->out, OUT_STOP_TLS);
    } else {
        record_complain(&p->c->fake->record, "drop_tls: there is no TLS to drop");
    }
}

static void do_continue(struct performance *p, const struct spec_action *a)
{
    (void)a;
    speak_text(p, buf_slice(&p->polite->text), p->polite->closes);
}

/* clang-format off */
static const struct action_rule {
    void (*run)(struct performance *p, const struct spec_action *a);
    bool answers; /* a list with none of these gets the polite answer too */
} actions[] = {
    [ACTION_REPLY]         = { do_reply,     true  },
    [ACTION_REPLY_RAW]     = { do_reply_raw, true  },
    [ACTION_SAYS]          = { do_says,      true  },
    [ACTION_DELAY]         = { do_wait,      false },
    [ACTION_STALL]         = { do_wait,      false },
    [ACTION_STOP_READING]  = { do_stop_reading, false },
    [ACTION_DRIP]          = { do_drip,      false },
    [ACTION_CHUNKS]        = { do_chunks,    false },
    [ACTION_CLOSE]         = { do_close,     true  },
    [ACTION_INJECT]        = { do_inject,    false },
    [ACTION_TRUNCATE]      = { do_truncate,  false },
    [ACTION_ENDLESS_LINES] = { do_endless,   true  },
    [ACTION_GARBAGE]       = { do_garbage,   true  },
    [ACTION_TLS]           = { do_tls,       false },
    [ACTION_DROP_TLS]      = { do_drop_tls,  false },
    [ACTION_CONTINUE]      = { do_continue,  true  },
};
_Static_assert(COUNT(actions) == ACTION_KIND_COUNT, "one row per action");

/* Causes that a server words at the AUTH command itself; all others follow the credentials. */
static const char *const at_command[] = {
    "auth.mechanism_unsupported", "auth.mechanism_too_weak", "auth.encryption_required",
    "auth.not_offered", "tls.required", "server.command_unrecognized", "server.bad_sequence",
    "server.syntax_error",
};
/* clang-format on */

/* ---- which rule ---- */

/* `says: auth.…` speaks in place of the verdict, behind the whole dialog. */
static bool waits_for_verdict(const struct spec_rule *rule)
{
    if (strcmp(rule->on, "AUTH") != 0) {
        return false;
    }
    for (size_t i = 0; i < rule->action_count; i++) {
        if (rule->actions[i].kind != ACTION_SAYS) {
            continue;
        }
        for (size_t k = 0; k < COUNT(at_command); k++) {
            if (strcmp(rule->actions[i].cause, at_command[k]) == 0) {
                return false;
            }
        }
        return true;
    }
    return false;
}

static bool is_occasion(const struct spec_rule *rule, const struct performance *p)
{
    const struct event *e = p->event;
    if (waits_for_verdict(rule)) {
        return e->stage == STAGE_AUTH && p->polite->is_verdict;
    }
    return slice_eq_nocase_text(e->on, rule->on) ||
           (e->also.n > 0 && slice_eq_nocase_text(e->also, rule->on));
}

/* The first rule in order whose occasion this is and whose count says so; all rules count it. */
static const struct spec_rule *pick_rule(const struct performance *p)
{
    struct fake *f = p->c->fake;
    const struct spec_rule *picked = NULL;
    for (size_t i = 0; i < f->spec->rule_count; i++) {
        const struct spec_rule *rule = &f->spec->rules[i];
        if (!is_occasion(rule, p) ||
            (rule->when != NULL && !match_text(rule->when, p->event->argument))) {
            continue;
        }
        f->seen[i]++;
        bool is_due = f->seen[i] > rule->after && (rule->times == 0 || f->fired[i] < rule->times);
        if (picked == NULL && is_due) {
            f->fired[i]++;
            picked = rule;
        }
    }
    return picked;
}

/* Where the polite answer goes into a list that has none: before the first injection, which rides
 * on it; at the end otherwise. SIZE_MAX when the list answers itself. */
static size_t polite_place(const struct spec_rule *rule)
{
    size_t place = rule->action_count;
    for (size_t i = rule->action_count; i > 0; i--) {
        if (actions[rule->actions[i - 1].kind].answers) {
            return SIZE_MAX;
        }
        if (rule->actions[i - 1].kind == ACTION_INJECT) {
            place = i - 1;
        }
    }
    return place;
}

void perform_event(struct conn *c, const struct event *event, const struct answer *polite)
{
    struct performance p = {.c = c, .event = event, .polite = polite};
    const struct spec_rule *rule = pick_rule(&p);
    size_t place = rule != NULL ? polite_place(rule) : 0;
    for (size_t i = 0; rule != NULL && i < rule->action_count; i++) {
        if (i == place) {
            do_continue(&p, NULL);
        }
        actions[rule->actions[i].kind].run(&p, &rule->actions[i]);
    }
    if (rule == NULL || place == rule->action_count) {
        do_continue(&p, NULL);
    }
    event->effect(c, p.code);
}

/* ---- checks at the start ---- */

/* The stage at which a rule speaks, for the choice of words. */
static enum stage stage_of(const char *on)
{
    static const struct {
        const char *on;
        enum stage stage;
    } stages[] = {{"greeting", STAGE_GREETING}, {"EHLO", STAGE_EHLO}, {"HELO", STAGE_EHLO},
                  {"STARTTLS", STAGE_STARTTLS}, {"AUTH", STAGE_AUTH}, {"sasl", STAGE_AUTH},
                  {"MAIL", STAGE_MAIL},         {"RCPT", STAGE_RCPT}, {"DATA", STAGE_DATA},
                  {"BDAT", STAGE_BODY},         {"body", STAGE_BODY}, {"QUIT", STAGE_QUIT}};
    for (size_t i = 0; i < COUNT(stages); i++) {
        if (strcmp(on, stages[i].on) == 0) {
            return stages[i].stage;
        }
    }
    return STAGE_NONE;
}

static enum err cause_check(const struct fake *f, const char *cause, const char *variant,
                            enum stage stage, struct why *why)
{
    if (persona_says(&f->persona, slice_of(cause), slice_of(variant), stage).text != NULL) {
        return ERR_OK;
    }
    bool has_variant = variant != NULL && variant[0] != '\0';
    return why_set(why, ERR_INVALID, "the persona '%s' does not word the cause %s%s%s%s",
                   f->persona.provider != NULL ? f->persona.provider->name : "esmtp", cause,
                   has_variant ? " (variant " : "", has_variant ? variant : "",
                   has_variant ? ")" : "");
}

enum err perform_check(const struct fake *f, struct why *why)
{
    for (size_t i = 0; i < f->spec->rule_count; i++) {
        const struct spec_rule *rule = &f->spec->rules[i];
        for (size_t k = 0; k < rule->action_count; k++) {
            const struct spec_action *a = &rule->actions[k];
            if (a->kind == ACTION_SAYS) {
                TRY(cause_check(f, a->cause, a->variant, stage_of(rule->on), why));
            }
        }
    }
    for (size_t i = 0; i < f->spec->account_count; i++) {
        const char *state = f->spec->accounts[i].state;
        if (state != NULL && state[0] != '\0') {
            TRY(cause_check(f, state, "", STAGE_AUTH, why));
        }
    }
    return ERR_OK;
}
