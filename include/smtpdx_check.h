/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsmtpdx_check: can mail be submitted to this server with this credential; if not, at which stage,
 * why, and who must do what. What `smtpdx check` does, for programs; docs/library.md says more.
 *
 * One connection, one mechanism, one login at most, inside verified TLS; a refused login is never
 * repeated, and nothing is delivered unless `send` is set. A check is made by smtpdx_check_run, which
 * blocks, or by smtpdx_check_start, which does not, and is then driven by the caller's loop.
 *
 * Any number of checks may be under way, in one thread or in several; a check belongs to one thread at
 * a time, and only smtpdx_check_cancel may be called from elsewhere meanwhile. The library installs no
 * signal handler, raises no SIGPIPE, prints nothing, and keeps no state of its own from one check to
 * the next. When memory runs out it ends the process.
 *
 * Strings that come in are copied. Strings that come out are never NULL unless it is said, belong to
 * the check, and live as long as it does. Should a server have repeated the credential in them, it is
 * masked; what could harm a terminal or a log is written as \x1b and the like.
 */
#ifndef SMTPDX_CHECK_H
#define SMTPDX_CHECK_H

#include <smtpdx.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What is asked. Set what you know, leave the rest zero, which means the default; begin with
 * SMTPDX_CHECK_PARAMS_INIT. Later versions add members at the end, and `size` tells them apart.
 */
struct smtpdx_check_params {
    size_t size;
    const char *target;     /* must be: a provider, an address of one, host[:port], smtp[s]://host */
    const char *user;       /* NULL: the one that the target names */
    const char *secret;     /* password or access token; NULL: no login, the server alone is looked at */
    size_t secret_length;   /* octets; 0: up to the NUL */
    const char *credential; /* must be with a secret: "password", "app_password", "oauth2" */
    const char *mechanism;  /* "PLAIN", "XOAUTH2", …; NULL: the best that provider and server know */
    const char *security;   /* "starttls", "implicit", "none"; NULL: the target's */
    const char *until;      /* "connect" … "auth" (default), "mail", "rcpt", "data" */
    const char *purpose;    /* "ci", "onboarding", "bulk", "migration"; NULL: none */
    int strict;             /* doubts found beforehand stop it, as refusals do */
    int force;              /* nothing found beforehand stops it */
    int send;               /* a message is delivered, from `from` to `to` */
    const char *from;       /* NULL: the user */
    const char *to;
    const char *connect_to; /* "host:port" dialled in the target's place */
    const char *proxy;      /* "http://…", "socks5://…", "socks5h://…" */
    int family;             /* 4, 6; 0: either */
    const char *helo;       /* NULL: this machine's full name, else [127.0.0.1] */
    const char *ca_file;    /* trusted instead of the system's certificates; … */
    const char *ca_pem;     /* … the same as text, and not both */
    int64_t connect_timeout_ms; /* DNS and TCP: 15 s */
    int64_t command_timeout_ms; /* each reply: 30 s */
    int64_t timeout_ms;     /* each attempt: 2 min */
    int retries;            /* of what is temporary: 0 is 3 times, -1 is never; 7 at most */
    int64_t backoff_ms;     /* before the first, then doubled: 1 s */
    int warn_cert_days;     /* a certificate with fewer days left is a doubt; 0: none */
    const char *providers_folder;       /* provider files that replace or add to the built-in ones */
    const struct smtpdx_mapper *mapper; /* in its place: one for many checks; has to live until the check
                                         * is freed. NULL: the check makes its own */
    const char *state_folder; /* that is there: logins not accepted are counted in it, from one check and
                               * process to the next; NULL: not at all */
    int logins_per_hour;      /* of an account, with state_folder: 3; the loopback is not counted */
};
#define SMTPDX_CHECK_PARAMS_INIT \
    {sizeof(struct smtpdx_check_params), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
     0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

struct smtpdx_check; /* opaque */

/*
 * Both set *out, which is the caller's to free, to NULL unless they return SMTPDX_OK. error (may be NULL)
 * takes a text for a person, cut at error_size octets. That the server cannot be reached, or refuses,
 * is no error but the result.
 *   SMTPDX_UNKNOWN_NAME   a provider, or a word that is none of its list
 *   SMTPDX_WRONG_USE      members that are missing or do not go together
 *   SMTPDX_BAD_FILE       ca_file, ca_pem or a provider file
 *   SMTPDX_SYSTEM         the system gave no descriptor
 */
SMTPDX_API enum smtpdx_status smtpdx_check_run(const struct smtpdx_check_params *params,
                                               struct smtpdx_check **out, char *error,
                                               size_t error_size);
/* Does not wait for the network. It reads ca_file, and without a mapper it makes one, which takes tens of
 * milliseconds. */
SMTPDX_API enum smtpdx_status smtpdx_check_start(const struct smtpdx_check_params *params,
                                                 struct smtpdx_check **out, char *error,
                                                 size_t error_size);

/*
 * For the caller's loop. Wait until the descriptor is readable (poll, select, epoll; the same one all
 * the time) or wait_ms have passed (-1: no limit), whatever is first, and call step. Ask wait_ms anew
 * before each wait. Spurious calls of step do no harm. The descriptor is not to be read or closed, and a
 * child after fork() is not to use it.
 */
SMTPDX_API int smtpdx_check_fd(const struct smtpdx_check *c);
SMTPDX_API int smtpdx_check_wait_ms(struct smtpdx_check *c);
/* Runs what is ready. True (not 0) when the check has finished; it then does nothing any more. */
SMTPDX_API int smtpdx_check_step(struct smtpdx_check *c);
/* Blocks until it has finished. */
SMTPDX_API void smtpdx_check_wait(struct smtpdx_check *c);
SMTPDX_API int smtpdx_check_is_finished(const struct smtpdx_check *c);

/*
 * Ends it as it stands, the next time it is stepped; a wait wakes up. May be called from any thread and
 * from a signal handler (it sets a lock-free flag and calls write(2); errno is kept), any number of
 * times, at any time between the return of smtpdx_check_start and the call of smtpdx_check_free.
 */
SMTPDX_API void smtpdx_check_cancel(struct smtpdx_check *c);

/* At any time, in the middle too: then the connection is dropped without QUIT. The credential is wiped.
 * Never waits. NULL is fine. */
SMTPDX_API void smtpdx_check_free(struct smtpdx_check *c);

/* ---- the result. Until it has finished: "unknown", "", 0. ---- */

/* usable: AUTH was sent inside verified TLS, and accepted. reached: all went well, and no login was part
 * of it. not_usable: somebody has to act. unknown: nothing is known of the account. */
SMTPDX_API const char *smtpdx_check_verdict(const struct smtpdx_check *c);
SMTPDX_API const char *smtpdx_check_reason(const struct smtpdx_check *c); /* where no cause says it */
SMTPDX_API const char *smtpdx_check_stage(const struct smtpdx_check *c);  /* reached, or that failed */
SMTPDX_API int smtpdx_check_was_cancelled(const struct smtpdx_check *c);

SMTPDX_API const char *smtpdx_check_cause(const struct smtpdx_check *c);    /* "" when nothing went wrong */
SMTPDX_API const char *smtpdx_check_sentence(const struct smtpdx_check *c); /* the cause in words */
SMTPDX_API const char *smtpdx_check_sure(const struct smtpdx_check *c);     /* certain likely possible */
SMTPDX_API const char *smtpdx_check_who(const struct smtpdx_check *c);
SMTPDX_API const char *smtpdx_check_retry(const struct smtpdx_check *c); /* never later after_fix */
SMTPDX_API const char *smtpdx_check_advice(const struct smtpdx_check *c);
SMTPDX_API const char *smtpdx_check_link(const struct smtpdx_check *c);
SMTPDX_API size_t smtpdx_check_because_count(const struct smtpdx_check *c);
SMTPDX_API const char *smtpdx_check_because(const struct smtpdx_check *c, size_t i); /* NULL past the end */
SMTPDX_API size_t smtpdx_check_alternative_count(const struct smtpdx_check *c);
SMTPDX_API const char *smtpdx_check_alternative(const struct smtpdx_check *c, size_t i); /* a cause */
SMTPDX_API const char *smtpdx_check_alternative_tell(const struct smtpdx_check *c, size_t i);

/* The stages as a person reads them, one line each; NULL past the end. */
SMTPDX_API size_t smtpdx_check_line_count(const struct smtpdx_check *c);
SMTPDX_API const char *smtpdx_check_line_name(const struct smtpdx_check *c, size_t i); /* "AUTH PLAIN" */
SMTPDX_API const char *smtpdx_check_line_stage(const struct smtpdx_check *c, size_t i);
SMTPDX_API const char *smtpdx_check_line_mark(const struct smtpdx_check *c, size_t i); /* ok fail note */
SMTPDX_API const char *smtpdx_check_line_text(const struct smtpdx_check *c, size_t i);
SMTPDX_API double smtpdx_check_line_ms(const struct smtpdx_check *c, size_t i); /* -1: not measured */

/* What was found before anything was sent; NULL past the end. */
SMTPDX_API size_t smtpdx_check_finding_count(const struct smtpdx_check *c);
SMTPDX_API const char *smtpdx_check_finding_weight(const struct smtpdx_check *c, size_t i); /* note doubt refusal */
SMTPDX_API const char *smtpdx_check_finding_cause(const struct smtpdx_check *c, size_t i); /* "": none */
SMTPDX_API const char *smtpdx_check_finding_text(const struct smtpdx_check *c, size_t i);

SMTPDX_API const char *smtpdx_check_provider(const struct smtpdx_check *c); /* "": none that is known */
SMTPDX_API const char *smtpdx_check_host(const struct smtpdx_check *c);
SMTPDX_API unsigned smtpdx_check_port(const struct smtpdx_check *c);
SMTPDX_API const char *smtpdx_check_address(const struct smtpdx_check *c);   /* that was dialled */
SMTPDX_API const char *smtpdx_check_mechanism(const struct smtpdx_check *c); /* that was used */
SMTPDX_API unsigned smtpdx_check_logins(const struct smtpdx_check *c);   /* AUTH commands sent */
SMTPDX_API unsigned smtpdx_check_attempts(const struct smtpdx_check *c); /* connections tried */
SMTPDX_API unsigned smtpdx_check_code(const struct smtpdx_check *c);     /* of the decisive reply */
SMTPDX_API const char *smtpdx_check_enhanced(const struct smtpdx_check *c); /* "5.7.8" */
SMTPDX_API const char *smtpdx_check_reply(const struct smtpdx_check *c); /* as it came, lines and codes */
SMTPDX_API const char *smtpdx_check_message_id(const struct smtpdx_check *c); /* of what was accepted */
SMTPDX_API double smtpdx_check_ms(const struct smtpdx_check *c); /* from start to end */

SMTPDX_API const char *smtpdx_check_tls_version(const struct smtpdx_check *c); /* "TLSv1.3"; "": none */
SMTPDX_API const char *smtpdx_check_tls_cipher(const struct smtpdx_check *c);
SMTPDX_API int smtpdx_check_tls_is_verified(const struct smtpdx_check *c); /* chain and name are right */
SMTPDX_API const char *smtpdx_check_certificate_subject(const struct smtpdx_check *c);
SMTPDX_API const char *smtpdx_check_certificate_issuer(const struct smtpdx_check *c);
SMTPDX_API int smtpdx_check_certificate_days(const struct smtpdx_check *c); /* left; negative: expired */
SMTPDX_API size_t smtpdx_check_certificate_name_count(const struct smtpdx_check *c);
SMTPDX_API const char *smtpdx_check_certificate_name(const struct smtpdx_check *c, size_t i);

/* All of it as one JSON object without line breaks: what `smtpdx check --json` prints, with_transcript
 * as with --verbose. Lives until the next call or the end of the check. */
SMTPDX_API const char *smtpdx_check_json(struct smtpdx_check *c, int with_transcript);

#ifdef __cplusplus
}
#endif

#endif
