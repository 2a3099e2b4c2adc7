/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine's loopback can do: containers often lack IPv6, and some networks are down. */
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

bool world_loopback_works(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int dialled = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* Without the interface a bind succeeds all the same; only who dials finds out. */
    bool works = listener >= 0 && dialled >= 0 &&
                 bind(listener, (const struct sockaddr *)&address, size) == 0 &&
                 listen(listener, 1) == 0 &&
                 getsockname(listener, (struct sockaddr *)&address, &size) == 0 &&
                 connect(dialled, (const struct sockaddr *)&address, size) == 0;
    if (listener >= 0) {
        close(listener);
    }
    if (dialled >= 0) {
        close(dialled);
    }
    return works;
}
