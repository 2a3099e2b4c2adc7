/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel alone costs: the octets of tests/bench/plain.yaml over a loopback connection
 * each, both ends in one process that knows whose turn it is: no event loop, no SMTP, no verdict.
 * No program that has this conversation over TCP can be faster here.
 *
 *   bench-segments COUNT PROCESSES      prints conversations per second, all processes together
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rate.h"

/* Octets in turn: the server's greeting, then command and reply, command and reply… */
static const unsigned turns[] = {27, 18, 59, 36, 27, 25, 30, 6, 40, 451, 48, 6, 19};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void pass(int from, int to, size_t n)
{
    static char octets[1024];
    if (send(from, octets, n, MSG_NOSIGNAL) != (ssize_t)n ||
        recv(to, octets, sizeof octets, 0) != (ssize_t)n) {
        die("pass");
    }
}

static void converse(int listener, const struct sockaddr_in *address)
{
    const int on = 1;
    int client = socket(AF_INET, SOCK_STREAM, 0);
    if (client < 0 || connect(client, (const struct sockaddr *)address, sizeof *address) != 0) {
        die("connect");
    }
    int server = accept(listener, NULL, NULL);
    if (server < 0) {
        die("accept");
    }
    (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        pass(i % 2 == 0 ? server : client, i % 2 == 0 ? client : server, turns[i]);
    }
    close(server);
    close(client);
}

static void run(long count, void *context)
{
    (void)context;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    const int on = 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    (void)setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 16) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        die("listen");
    }
    for (long i = 0; i < count; i++) {
        converse(listener, &address);
    }
    close(listener);
}

int main(int argc, char **argv)
{
    return rate_main(argc, argv, run, NULL);
}
