/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's state machine as a table: one row per step, one column per thing that can happen
 * while the step waits. No cell is empty (a unit test walks them all), so that no answer of a
 * server can leave the client without a next state.
 */
#ifndef SMTPDX_CLIENT_RULES_H
#define SMTPDX_CLIENT_RULES_H

#include "client/client.h"

enum happening { /* columns */
                 HAPPENS_2XX,
                 HAPPENS_3XX,
                 HAPPENS_4XX,
                 HAPPENS_5XX,
                 HAPPENS_GARBAGE, /* not a reply, or one without end */
                 HAPPENS_CLOSE,   /* FIN or reset */
                 HAPPENS_TIME,    /* the step's deadline */
                 HAPPENS_COUNT
};

enum arrow {
    ARROW_NONE,      /* an empty cell: a bug */
    ARROW_NEXT,      /* the step is done; the next one */
    ARROW_REFUSED,   /* the peer said no */
    ARROW_ODD,       /* a reply that makes no sense here */
    ARROW_HELO,      /* refused, unless HELO may be tried instead of EHLO */
    ARROW_TLS,       /* the handshake */
    ARROW_CHALLENGE, /* the SASL exchange goes on */
    ARROW_KEEP,      /* nothing was asked: keep it as unsolicited, go on waiting */
    ARROW_GARBAGE,   /* protocol error */
    ARROW_LOST,      /* the connection is gone */
    ARROW_SILENT,    /* the peer said nothing in time */
    ARROW_END,       /* the session is over */
    ARROW_COUNT
};

enum waiting { /* which timer a step runs on */
               TIMER_NONE,
               TIMER_GREETING,
               TIMER_COMMAND,
               TIMER_DATA,
               TIMER_CONTENT, /* block by block, then the final dot */
               TIMER_QUIT,
               TIMER_STEP, /* the step's own duration */
};

struct client_rule {
    enum stage stage;
    enum waiting timer;
    unsigned only; /* the one code whose cell is taken in its class; others there are odd. 0: any */
    enum arrow on[HAPPENS_COUNT];
    const char *source;
};

const struct client_rule *client_rule(enum client_verb verb); /* not for STEP_NONE */
enum happening client_happening(unsigned code);               /* 200 to 599 */
/* The cell for a reply, `only` taken into account. */
enum arrow client_arrow(const struct client_rule *rule, unsigned code);

#endif
