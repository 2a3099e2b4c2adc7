/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any octets as evidence, through the public header alone: no crash; what is known is answered with
 * a known cause and texts that are there, the whole as JSON that can be read; what is not known is
 * told within the room that there is. The input is the members of struct smtpdx_evidence in their
 * order, each ended by a NUL, behind one octet of flags and one for the room of the error.
 */
#include <smtpdx.h>

#include <stdlib.h>
#include <string.h>

#include "doc/json.h"

enum { INSIDE_TLS = 1, HAS_TIME = 2, IS_OLD = 4, BY_LENGTH = 8, MEMBERS = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct smtpdx_mapper *mapper(void)
{
    static struct smtpdx_mapper *m;
    if (m == NULL) {
        must(smtpdx_mapper_open(NULL, &m, NULL, 0) == SMTPDX_OK);
    }
    return m;
}

/* A copy of its own for each member, so that reading past it is seen. An empty one is NULL. */
static char *member(struct slice *rest)
{
    struct slice part;
    if (!slice_take_until(rest, '\0', &part) || part.n == 0) {
        return NULL;
    }
    char *text = malloc(part.n + 1);
    must(text != NULL);
    memcpy(text, part.p, part.n);
    text[part.n] = '\0';
    return text;
}

static bool is_cause(const char *name)
{
    for (size_t i = 0; i < smtpdx_cause_count(); i++) {
        if (strcmp(smtpdx_cause_name(i), name) == 0) {
            return smtpdx_cause_sentence(i)[0] != '\0';
        }
    }
    return false;
}

static void look_at_all(struct smtpdx_diagnosis *d)
{
    struct json *json = NULL;
    must(is_cause(smtpdx_cause(d)) && smtpdx_sentence(d)[0] != '\0');
    must(smtpdx_sure(d)[0] != '\0' && smtpdx_who(d)[0] != '\0' && smtpdx_retry(d)[0] != '\0');
    must(smtpdx_advice(d) != NULL && smtpdx_link(d) != NULL && smtpdx_rule(d) != NULL);
    must(smtpdx_provider(d) != NULL && smtpdx_enhanced(d) != NULL && smtpdx_code(d) < 1000);
    for (size_t i = 0; i < smtpdx_because_count(d); i++) {
        must(smtpdx_because(d, i)[0] != '\0');
    }
    must(smtpdx_because(d, smtpdx_because_count(d)) == NULL);
    for (size_t i = 0; i < smtpdx_alternative_count(d); i++) {
        must(is_cause(smtpdx_alternative(d, i)) && smtpdx_alternative_tell(d, i) != NULL);
    }
    must(smtpdx_alternative(d, smtpdx_alternative_count(d)) == NULL);
    const char *text = smtpdx_diagnosis_json(d);
    must(strpbrk(text, "\r\n") == NULL && text == smtpdx_diagnosis_json(d));
    must(json_parse(slice_of(text), &json, NULL) == ERR_OK);
    must(slice_eq_text(json_slice(json_get(json, "cause")), smtpdx_cause(d)));
    json_free(json);
}

static void ask(const struct smtpdx_evidence *e, size_t room)
{
    struct smtpdx_diagnosis *d =
        (struct smtpdx_diagnosis *)(uintptr_t)e; /* to be set in any case */
    char *error = malloc(room + 1);
    must(error != NULL);
    memset(error, '#', room + 1);
    enum smtpdx_status status = smtpdx_diagnose(mapper(), e, &d, error, room);
    must(error[room] == '#');
    if (status == SMTPDX_OK) {
        look_at_all(d);
        smtpdx_diagnosis_free(d);
    } else {
        must(status == SMTPDX_UNKNOWN_NAME && d == NULL);
        must(room == 0 || (memchr(error, '\0', room) != NULL && (room == 1 || error[0] != '\0')));
    }
    free(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct smtpdx_evidence e = SMTPDX_EVIDENCE_INIT;
    char *members[MEMBERS];
    if (size < 2) {
        return 0;
    }
    struct slice rest = slice_make((const char *)data + 2, size - 2);
    for (size_t i = 0; i < MEMBERS; i++) {
        members[i] = member(&rest);
    }
    e.provider = members[0];
    e.host = members[1];
    e.stage = members[2];
    e.reply = members[3];
    e.greeting = members[4];
    e.mechanism = members[5];
    e.credential = members[6];
    e.user = members[7];
    e.secret = members[8];
    e.error_document = members[9];
    e.event = members[10];
    e.event_text = members[11];
    e.claims = members[12];
    e.offered_clear = members[13];
    e.offered_tls = members[14];
    e.certificate_names = members[15];
    e.inside_tls = (data[0] & INSIDE_TLS) != 0;
    e.now = (data[0] & HAS_TIME) != 0 ? 1700000000 : 0;
    e.size = (data[0] & IS_OLD) != 0 ? offsetof(struct smtpdx_evidence, claims) : e.size;
    if ((data[0] & BY_LENGTH) != 0 && rest.n != 0) { /* what is left, NULs and all */
        e.reply = rest.p;
        e.reply_length = rest.n;
    }
    ask(&e, data[1]);
    for (size_t i = 0; i < MEMBERS; i++) {
        free(members[i]);
    }
    return 0;
}
