/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thunderbird's autoconfiguration document (the ConfigFileFormat of its wiki, version 1.1): which server
 * takes a domain's outgoing mail, how, and under which user name. Pure: the document comes in as octets.
 * Only what is secure is taken: STARTTLS or TLS from the first octet.
 */
#ifndef SMTPDX_CHECK_AUTOCONFIG_H
#define SMTPDX_CHECK_AUTOCONFIG_H

#include "base/arena.h"
#include "base/facts.h"

enum { AUTOCONFIG_MAX = 256 * 1024, AUTOCONFIG_SERVERS_MAX = 8 };

struct autoconfig_server {
    const char *host;
    unsigned port;
    enum security security;
    const char *user;   /* for this address; "" not said */
    bool wants_oauth2;  /* its first authentication is OAuth2 */
};

/*
 * The outgoing servers in the order of the document. address: whose mail it is, put in place of
 * %EMAILADDRESS%, %EMAILLOCALPART% and %EMAILDOMAIN%. Returns how many there are, at most
 * AUTOCONFIG_SERVERS_MAX; 0 when it is no such document. Strings live in the arena.
 */
size_t autoconfig_read(struct slice document, struct slice address, struct arena *arena,
                       struct autoconfig_server out[AUTOCONFIG_SERVERS_MAX]);

#endif
