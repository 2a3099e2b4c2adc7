/* SPDX-License-Identifier: Apache-2.0 */
/* Which address families this machine's loopback has: containers often lack IPv6. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/world.h"

bool world_has_family(enum address_family family)
{
    if (family != FAMILY_IPV6) {
        return true;
    }
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    struct sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool is_there = bind(fd, (const struct sockaddr *)&loopback, sizeof loopback) == 0;
    close(fd);
    return is_there;
}
