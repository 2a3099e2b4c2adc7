/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that a person gives in place of DNS. */
#include <arpa/inet.h>
#include <string.h>

#include "net/world.h"

static bool is_address(struct slice text)
{
    char copy[INET6_ADDRSTRLEN + 1];
    unsigned char octets[sizeof(struct in6_addr)];
    bool has_brackets = slice_has_prefix(text, SLICE("[")) && slice_has_suffix(text, SLICE("]"));
    if (has_brackets) {
        text = slice_sub(text, 1, text.n - 2);
    }
    if (text.n == 0 || text.n >= sizeof copy) {
        return false;
    }
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    return inet_pton(AF_INET6, copy, octets) == 1 ||
           (!has_brackets && inet_pton(AF_INET, copy, octets) == 1);
}

static bool is_name(struct slice host)
{
    for (size_t i = 0; i < host.n; i++) {
        unsigned char ch = (unsigned char)host.p[i];
        if (ch <= ' ' || ch == 0x7f || strchr("+:/@[]", ch) != NULL) {
            return false;
        }
    }
    return host.n != 0;
}

bool world_resolve_ok(const char *text, struct slice *host, unsigned *port)
{
    struct slice all = slice_of(text);
    size_t first = slice_find_char(all, ':');
    struct slice rest = first != SIZE_MAX ? slice_from(all, first + 1) : slice_of("");
    size_t second = slice_find_char(rest, ':');
    uint64_t number = 0;
    if (second == SIZE_MAX || !slice_to_u64(slice_sub(rest, 0, second), &number) || number == 0 ||
        number > 65535) {
        return false;
    }
    *host = slice_sub(all, 0, first);
    *port = (unsigned)number;
    rest = slice_from(rest, second + 1);
    for (;;) {
        size_t comma = slice_find_char(rest, ',');
        if (!is_address(slice_sub(rest, 0, comma != SIZE_MAX ? comma : rest.n))) {
            return false;
        }
        if (comma == SIZE_MAX) {
            return is_name(*host);
        }
        rest = slice_from(rest, comma + 1);
    }
}
