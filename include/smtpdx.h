/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsmtpdx: from a mail server's reply and its circumstances to a cause, who can act, and what to
 * do. docs/library.md says more; `smtpdx causes` lists what a cause can be.
 *
 * A mapper is made once and may then be used by any number of threads at the same time. The library
 * keeps no global state, opens no socket, reads no file but the provider files that smtpdx_mapper_open
 * is asked for, and writes nothing. When memory runs out it ends the process, as the programs of this
 * project do.
 *
 * Strings that come in are borrowed for the call. Strings that come out belong to the object they
 * were asked of and live as long as it does. Functions that take an object accept NULL only where it
 * is said.
 */
#ifndef SMTPDX_H
#define SMTPDX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SMTPDX_API __attribute__((visibility("default")))
#else
#define SMTPDX_API
#endif

enum smtpdx_status {
    SMTPDX_OK = 0,
    SMTPDX_BAD_FILE = 1,    /* a provider file cannot be read or is wrong */
    SMTPDX_UNKNOWN_NAME = 2, /* a provider, stage, credential kind or event that is not known */
    SMTPDX_WRONG_USE = 3,    /* smtpdx_check.h: what was asked for does not go together */
    SMTPDX_SYSTEM = 4        /* smtpdx_check.h: no descriptor, or no trusted certificates */
};

/* The version of the library, "0.1.0". */
SMTPDX_API const char *smtpdx_version(void);

struct smtpdx_mapper; /* opaque */

/*
 * Compiles the rules of the provider files that are built in; those in providers_folder (NULL: none)
 * replace or add to them. *out is NULL unless it returns SMTPDX_OK. error (may be NULL) takes a text
 * for a person, cut at error_size octets, with file and line.
 * Takes tens of milliseconds: keep the mapper.
 */
SMTPDX_API enum smtpdx_status smtpdx_mapper_open(const char *providers_folder,
                                                 struct smtpdx_mapper **out, char *error,
                                                 size_t error_size);
SMTPDX_API void smtpdx_mapper_close(struct smtpdx_mapper *mapper); /* NULL is fine */

/*
 * What is known of a failed submission. Set what you know, leave the rest zero; begin with
 * SMTPDX_EVIDENCE_INIT. Later versions add members at the end, and `size` tells them apart.
 */
struct smtpdx_evidence {
    size_t size;
    const char *provider;   /* a name, a mail address or a host; NULL: recognised */
    const char *host;       /* that was dialled */
    const char *stage;      /* "auth", "rcpt", …: where the reply came; NULL: not known */
    const char *reply;      /* as received, any number of lines */
    size_t reply_length;    /* octets; 0: up to the NUL */
    const char *greeting;   /* the 220 of this session */
    const char *mechanism;  /* "PLAIN", "XOAUTH2", … */
    const char *credential; /* "password", "app_password", "oauth2" */
    const char *user;       /* held against the provider's rule, never repeated */
    const char *secret;     /* form and claims of a token are looked at; never repeated, never kept */
    int64_t now;            /* seconds since 1970, for the expiry of tokens; 0: not known */
    const char *error_document; /* the decoded JSON behind a 334 */
    const char *event;      /* "connect-timeout", "tls-expired", …, when no reply says what happened */
    const char *event_text; /* the words of the library that saw it */
    int inside_tls;         /* the reply came inside TLS */
    const char *claims;     /* payload of the token as JSON, in place of secret; never repeated */
    const char *offered_clear; /* capability lines before TLS, separated by LF or CRLF, without codes */
    const char *offered_tls;   /* … and inside it; of each the first 64 count */
    const char *certificate_names; /* in the server's certificate, separated likewise */
};
#define SMTPDX_EVIDENCE_INIT \
    {sizeof(struct smtpdx_evidence), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

struct smtpdx_diagnosis; /* opaque */

/*
 * Judges. *out is the caller's to free; NULL unless it returns SMTPDX_OK. A reply that no rule knows is
 * no error: its cause is "unknown". Safe for any number of threads with one mapper.
 */
SMTPDX_API enum smtpdx_status smtpdx_diagnose(const struct smtpdx_mapper *mapper,
                                              const struct smtpdx_evidence *evidence,
                                              struct smtpdx_diagnosis **out, char *error,
                                              size_t error_size);
SMTPDX_API void smtpdx_diagnosis_free(struct smtpdx_diagnosis *diagnosis); /* NULL is fine */

SMTPDX_API const char *smtpdx_cause(const struct smtpdx_diagnosis *d);    /* "auth.…"; "unknown" */
SMTPDX_API const char *smtpdx_sentence(const struct smtpdx_diagnosis *d); /* the cause in words */
SMTPDX_API const char *smtpdx_sure(const struct smtpdx_diagnosis *d);  /* certain likely possible */
SMTPDX_API const char *smtpdx_who(const struct smtpdx_diagnosis *d);   /* user admin developer provider network nobody */
SMTPDX_API const char *smtpdx_retry(const struct smtpdx_diagnosis *d); /* never later after_fix */
SMTPDX_API const char *smtpdx_advice(const struct smtpdx_diagnosis *d);   /* "" if none */
SMTPDX_API const char *smtpdx_link(const struct smtpdx_diagnosis *d);     /* "" if none */
SMTPDX_API const char *smtpdx_rule(const struct smtpdx_diagnosis *d);     /* "providers/x.yaml:88"; "" */
SMTPDX_API const char *smtpdx_provider(const struct smtpdx_diagnosis *d); /* given or recognised; "" */
SMTPDX_API unsigned smtpdx_code(const struct smtpdx_diagnosis *d);        /* 535; 0: none */
SMTPDX_API const char *smtpdx_enhanced(const struct smtpdx_diagnosis *d); /* "5.7.8"; "" */
SMTPDX_API size_t smtpdx_because_count(const struct smtpdx_diagnosis *d);
SMTPDX_API const char *smtpdx_because(const struct smtpdx_diagnosis *d, size_t i); /* NULL past the end */
SMTPDX_API size_t smtpdx_alternative_count(const struct smtpdx_diagnosis *d);
SMTPDX_API const char *smtpdx_alternative(const struct smtpdx_diagnosis *d, size_t i); /* a cause */
SMTPDX_API const char *smtpdx_alternative_tell(const struct smtpdx_diagnosis *d, size_t i);
/* All of it as one JSON object without line breaks, with the names of the result document. */
SMTPDX_API const char *smtpdx_diagnosis_json(struct smtpdx_diagnosis *d);

/* Every cause there is, and what it means; NULL past the end. */
SMTPDX_API size_t smtpdx_cause_count(void);
SMTPDX_API const char *smtpdx_cause_name(size_t i);
SMTPDX_API const char *smtpdx_cause_sentence(size_t i);

#ifdef __cplusplus
}
#endif

#endif
