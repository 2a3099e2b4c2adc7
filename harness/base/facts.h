/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain vocabulary that crosses layers: stages, faults, how the connection is secured, facts about
 * a TLS session. Data only.
 */
#ifndef SMTPDX_BASE_FACTS_H
#define SMTPDX_BASE_FACTS_H

#include "base/slice.h"

enum stage {
#define STAGE(name, slug, title) STAGE_##name,
#include "base/stage.def"
#undef STAGE
    STAGE_COUNT
};
const char *stage_slug(enum stage stage);
const char *stage_title(enum stage stage);
bool stage_from_slug(struct slice slug, enum stage *out);

enum fault {
#define FAULT(name, cause, sentence) FAULT_##name,
#include "base/fault.def"
#undef FAULT
    FAULT_COUNT
};
const char *fault_name(enum fault fault);     /* "STARTTLS_MISSING" */
const char *fault_cause(enum fault fault);    /* slug of the cause, "" for none */
const char *fault_sentence(enum fault fault); /* for a person */

enum security { SECURITY_STARTTLS, SECURITY_IMPLICIT, SECURITY_NONE, SECURITY_COUNT };
const char *security_slug(enum security security); /* starttls, implicit, none */
bool security_from_slug(struct slice slug, enum security *out);

enum { TLS_NAMES_MAX = 8, TLS_TEXT_MAX = 128 };

/* What is known of a TLS session or of why there is none. Copyable: no pointers. */
struct tls_facts {
    bool is_up;       /* the handshake finished */
    bool is_verified; /* chain and name were checked and are right */
    enum fault why;   /* FAULT_NONE, or the FAULT_TLS_… that ended or taints it */
    char detail[TLS_TEXT_MAX];  /* the library's own words, "" if none */
    char version[16];           /* "TLSv1.3", "" before the handshake */
    char cipher[64];
    char names[TLS_NAMES_MAX][TLS_TEXT_MAX]; /* subjectAltName DNS and IP, then CN if no SAN */
    size_t names_count;
    char issuer[TLS_TEXT_MAX];
    char subject[TLS_TEXT_MAX];
    char server_name[TLS_TEXT_MAX]; /* SNI sent (client) or seen (server) */
    int days_left;                  /* of the leaf; negative once expired */
};

#endif
