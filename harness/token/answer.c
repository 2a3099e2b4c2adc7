/* SPDX-License-Identifier: Apache-2.0 */
/* See answer.h. */
#include "token/answer.h"

enum { BODY_MAX = 256 * 1024, INTERVAL_USUAL_S = 5, SECONDS_MAX = 366 * 24 * 3600 };

static int64_t seconds_of(const struct json *map, const char *key)
{
    const struct json *value = json_get(map, key);
    uint64_t from_text = 0;
    int64_t seconds = json_kind(value) == JSON_STRING &&
                              slice_to_u64(json_slice(value), &from_text) &&
                              from_text <= SECONDS_MAX
                          ? (int64_t)from_text
                          : json_to_int(value);
    return seconds < 0 ? 0 : seconds > SECONDS_MAX ? SECONDS_MAX : seconds;
}

static struct slice text_of(const struct json *map, const char *key)
{
    return json_slice(json_get(map, key));
}

void token_answer_read(struct slice body, struct token_answer *out)
{
    struct json *map = NULL;
    *out = (struct token_answer){.interval_s = INTERVAL_USUAL_S};
    if (body.n > BODY_MAX || json_parse(slice_trim(body), &map, NULL) != ERR_OK ||
        json_kind(map) != JSON_MAP) {
        json_free(map);
        return;
    }
    out->document = map;
    out->access_token = text_of(map, "access_token");
    out->refresh_token = text_of(map, "refresh_token");
    out->scope = text_of(map, "scope");
    out->token_type = text_of(map, "token_type");
    out->expires_in_s = seconds_of(map, "expires_in");
    out->refresh_expires_in_s = seconds_of(map, "refresh_token_expires_in");
    if (out->refresh_expires_in_s == 0) { /* Keycloak's name for it */
        out->refresh_expires_in_s = seconds_of(map, "refresh_expires_in");
    }
    out->error = text_of(map, "error");
    out->error_description = text_of(map, "error_description");
    out->device_code = text_of(map, "device_code");
    out->user_code = text_of(map, "user_code");
    out->verification_uri = text_of(map, "verification_uri");
    if (out->verification_uri.n == 0) { /* Google's name for it */
        out->verification_uri = text_of(map, "verification_url");
    }
    int64_t interval_s = seconds_of(map, "interval");
    out->interval_s = interval_s != 0 ? interval_s : INTERVAL_USUAL_S;
}

void token_answer_release(struct token_answer *a)
{
    json_free(a->document);
    *a = (struct token_answer){.document = NULL};
}
