/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding of the mechanisms whose exact octets are what we test. Own code, and not that of the
 * client: PLAIN (RFC 4616 2), XOAUTH2 (Google and Microsoft), OAUTHBEARER (RFC 7628 3.1).
 */
#include "fakeservers/auth.h"

#define KVSEP '\001'

bool credential_plain(struct slice in, struct credential *out)
{
    size_t first = slice_find_char(in, '\0');
    if (first == SIZE_MAX) {
        return false;
    }
    struct slice rest = slice_from(in, first + 1);
    size_t second = slice_find_char(rest, '\0');
    if (second == SIZE_MAX || second == 0) {
        return false;
    }
    *out = (struct credential){.user = slice_sub(rest, 0, second),
                               .secret = slice_from(rest, second + 1)};
    return out->secret.n > 0 && slice_find_char(out->secret, '\0') == SIZE_MAX;
}

/* "Bearer TOKEN" (RFC 6750 2.1); the scheme has no case. */
static bool bearer_token(struct slice value, struct slice *token)
{
    if (!slice_has_prefix_nocase(value, SLICE("Bearer "))) {
        return false;
    }
    *token = slice_trim(slice_from(value, 7));
    return token->n > 0;
}

bool credential_xoauth2(struct slice in, struct credential *out)
{
    const struct slice user = SLICE("user="), auth = SLICE("auth=");
    size_t end = slice_find_char(in, KVSEP);
    if (!slice_has_prefix(in, user) || end == SIZE_MAX) {
        return false;
    }
    *out = (struct credential){.user = slice_sub(in, user.n, end - user.n), .is_token = true};
    struct slice rest = slice_from(in, end + 1);
    size_t stop = slice_find_char(rest, KVSEP);
    /* exactly two ^A at the end */
    if (!slice_has_prefix(rest, auth) || stop == SIZE_MAX || stop + 2 != rest.n ||
        rest.p[stop + 1] != KVSEP) {
        return false;
    }
    return bearer_token(slice_sub(rest, auth.n, stop - auth.n), &out->secret);
}

/* gs2-header: "n,a=USER," or "y,,"; the name's "=2C" and "=3D" stay as sent (no user needs them).
 */
static bool gs2_header(struct slice *in, struct slice *user)
{
    size_t first = slice_find_char(*in, ',');
    if (first != 1 || (in->p[0] != 'n' && in->p[0] != 'y')) {
        return false;
    }
    struct slice rest = slice_from(*in, 2);
    size_t second = slice_find_char(rest, ',');
    if (second == SIZE_MAX) {
        return false;
    }
    struct slice authzid = slice_sub(rest, 0, second);
    if (authzid.n > 0 && !slice_has_prefix(authzid, SLICE("a="))) {
        return false;
    }
    *user = slice_from(authzid, 2);
    *in = slice_from(rest, second + 1);
    return true;
}

bool credential_oauthbearer(struct slice in, struct credential *out)
{
    *out = (struct credential){.is_token = true};
    if (!gs2_header(&in, &out->user) || in.n < 3 || in.p[0] != KVSEP || in.p[in.n - 1] != KVSEP ||
        in.p[in.n - 2] != KVSEP) {
        return false;
    }
    in = slice_sub(in, 1, in.n - 2); /* pairs, each ended by ^A */
    struct slice pair;
    while (slice_take_until(&in, KVSEP, &pair)) {
        if (slice_has_prefix(pair, SLICE("auth=")) &&
            !bearer_token(slice_from(pair, 5), &out->secret)) {
            return false;
        }
    }
    return out->secret.n > 0;
}
