/* SPDX-License-Identifier: Apache-2.0 */
/* See srv.h. The C library's resolver asks, and takes the packet apart. */
#include "net/srv.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

#include "net/world.h"

enum { PACKET_MAX = 65536, SRV_FIXED = 6 };

static unsigned number_at(const unsigned char *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static int better_first(const void *left, const void *right)
{
    const struct srv_record *a = left, *b = right;
    return a->priority != b->priority ? (a->priority < b->priority ? -1 : 1)
           : a->weight != b->weight   ? (a->weight > b->weight ? -1 : 1)
                                      : strcmp(a->host, b->host);
}

static bool is_name(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '/' || *c == '@' || *c == ':') {
            return false;
        }
    }
    return text[0] != '\0' && strlen(text) <= 253;
}

bool srv_read(struct slice packet, struct arena *arena, struct srv_record out[SRV_MAX],
              size_t *count)
{
    ns_msg message;
    ns_rr record;
    char host[NS_MAXDNAME];
    const unsigned char *octets = (const unsigned char *)packet.p;
    *count = 0;
    if (packet.n > PACKET_MAX || ns_initparse(octets, (int)packet.n, &message) != 0) {
        return false;
    }
    for (int i = 0; i < ns_msg_count(message, ns_s_an) && *count < SRV_MAX; i++) {
        if (ns_parserr(&message, ns_s_an, i, &record) != 0) {
            return false;
        }
        const unsigned char *data = ns_rr_rdata(record);
        bool is_srv = ns_rr_type(record) == ns_t_srv && ns_rr_rdlen(record) > SRV_FIXED;
        if (!is_srv ||
            dn_expand(octets, octets + packet.n, data + SRV_FIXED, host, sizeof host) < 0) {
            continue;
        }
        if (host[0] == '\0' || is_name(host)) { /* the root's name comes out as "" */
            out[(*count)++] = (struct srv_record){
                .host = arena_text(arena, slice_of(host[0] == '\0' ? "." : host)),
                .priority = number_at(data),
                .weight = number_at(data + 2),
                .port = number_at(data + 4)};
        }
    }
    qsort(out, *count, sizeof *out, better_first);
    return true;
}

static enum err use_server(struct __res_state *state, const char *server, struct why *why)
{
    struct slice host;
    unsigned port;
    char text[64];
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (!world_split_host_port(slice_of(server), &host, &port) || host.n >= sizeof text) {
        return why_set(why, ERR_INVALID, "a name server is ADDRESS:PORT, not '%.60s'", server);
    }
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    if (inet_pton(AF_INET, text, &address.sin_addr) != 1) {
        return why_set(why, ERR_INVALID, "a name server is an IPv4 address and a port, not '%.60s'",
                       server);
    }
    address.sin_port = htons((uint16_t)port);
    state->nsaddr_list[0] = address;
    state->nscount = 1;
    return ERR_OK;
}

enum err srv_find(const char *name, const char *server, int timeout_s, struct arena *arena,
                  struct srv_record out[SRV_MAX], size_t *count, struct why *why)
{
    struct __res_state state;
    *count = 0;
    memset(&state, 0, sizeof state);
    if (res_ninit(&state) != 0) {
        return why_set(why, ERR_IO, "the resolver cannot begin");
    }
    state.retrans = timeout_s;
    state.retry = 1;
    enum err err = server != NULL ? use_server(&state, server, why) : ERR_OK;
    if (err == ERR_OK) {
        unsigned char *packet = mem_alloc(PACKET_MAX);
        int n = res_nquery(&state, name, ns_c_in, ns_t_srv, packet, PACKET_MAX);
        int reason = state.res_h_errno;
        if (n < 0) {
            bool is_absent = reason == HOST_NOT_FOUND || reason == NO_DATA;
            err = why_set(why, is_absent ? ERR_NOT_FOUND : ERR_IO, "%s",
                          is_absent ? "there is no such record" : "no name server answers");
        } else if (n > PACKET_MAX ||
                   !srv_read(slice_make((char *)packet, (size_t)n), arena, out, count)) {
            err = why_set(why, ERR_IO, "the name server's answer is damaged");
        } else if (*count == 0) {
            err = why_set(why, ERR_NOT_FOUND, "there is no such record");
        }
        free(packet);
    }
    res_nclose(&state);
    return err;
}
