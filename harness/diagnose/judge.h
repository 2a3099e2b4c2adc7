/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of this folder: one judgement while it is being made. */
#ifndef SMTPDX_DIAGNOSE_JUDGE_H
#define SMTPDX_DIAGNOSE_JUDGE_H

#include "diagnose/rules.h"
#include "diagnose/starts.h"

struct greeting_pattern {
    struct rule pattern; /* no words: the provider's greeting is too plain to know it by */
};

struct mapper {
    struct rules rules;
    struct greeting_pattern *greetings; /* by provider */
    struct starts phrases, marks, sayings, notes;
    struct cause_json causes[CAUSE_COUNT];
};

struct judge {
    const struct mapper *mapper;
    const struct evidence *evidence;
    struct arena *arena;
    struct diagnosis *out;
    size_t provider;   /* index; SIZE_MAX: unknown */
    bool is_given;     /* the evidence names it, or its host does */
    const char *by;    /* what it was recognised by; "" when it was given or is unknown */
    bool is_password; /* a program says that it sent one */
    struct slice document; /* the JSON behind a 334, given or found in the reply; empty: none */
    enum stage stage;  /* of the evidence; of the inner reply when the wrapping says it */
    struct slice text; /* the reply, or the inner one: what words were read from */
    struct words words;
};

void judge_because(struct judge *j, const char *format, ...) PRINTF(2, 3);
/* The same with words that live as long as the mapper. */
void judge_because_of(struct judge *j, const char *said);
/* Adds an alternative unless it is there already or is the cause itself. */
void judge_alternative(struct judge *j, enum cause cause);
/* Takes an alternative out that the evidence rules out. */
void judge_not(struct judge *j, enum cause cause);
/* The cause becomes another; what it was becomes the first alternative. */
void judge_instead(struct judge *j, enum cause cause, enum sureness sure);

/* Whose server it is: given, or known by host, greeting, capability lines or the reply's marks. */
void judge_recognise(struct judge *j);
/* A provider that was not given stands in "because", with what it was known by. */
void judge_say_provider(struct judge *j);
/* Evidence and words of a judgement that has not begun; the provider found. */
void judge_begin(const struct mapper *m, const struct evidence *e, struct arena *arena,
                 struct diagnosis *out, struct judge *j);
/* Fills cause, sure, rule, codes and alternatives from the reply; false when no rule says anything.
 */
bool judge_reply(struct judge *j);
/* The rules whose sentence is in the reply without any doubt, at most max, in the order of files:
 * more than one cause among them is a question to the rules. */
size_t mapper_claims(const struct mapper *m, const struct evidence *e, const struct rule **list,
                     size_t max);
/* What the words that servers commonly use stand for at this stage, at most possible; UNKNOWN:
 * none. */
enum cause phrase_cause(const struct starts *phrases, struct slice text, enum stage stage,
                        struct arena *arena, const char **words);
void phrases_index(struct starts *out, struct arena *arena);
void sayings_index(struct starts *out, struct arena *arena);
void marks_index(struct starts *out, struct arena *arena);
/* paste_fault by an index: what a program's words say, and the same as that. */
void paste_notes_index(struct starts *out, struct arena *arena);
enum fault paste_fault_by(const struct starts *index, struct slice note);
/* The same from the error document of a token endpoint; false when the reply is none. */
bool judge_oauth(struct judge *j);
/* The keyword is first word of a capability line. */
bool judge_offers(const struct slice *list, size_t count, const char *keyword);
/* The same from the fault. */
void judge_fault(struct judge *j);
/* What the token's claims say about a refusal of it. */
void judge_token(struct judge *j);
/* What the secret's form says: an app password as the provider makes them, a token, or neither. */
enum secret_form { SECRET_UNKNOWN, SECRET_APP_PASSWORD, SECRET_TOKEN, SECRET_OTHER };
enum secret_form judge_secret_form(const struct judge *j);
/* What the other evidence says about a judgement by words and codes. */
void judge_evidence(struct judge *j);

#endif
