/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON Schema of an answer. ci/check-preflight holds real answers against it, so that it and
 * answer.c cannot part. */
#include "check/answer.h"

#define STRING        "{\"type\":\"string\"}"
#define OR_NULL(type) "{\"type\":[\"" type "\",\"null\"]}"
#define NUMBER        "{\"type\":\"number\",\"minimum\":0}"
#define COUNTED       "{\"type\":\"integer\",\"minimum\":0}"
#define FLAG          "{\"type\":\"boolean\"}"
#define TEXTS         "{\"type\":\"array\",\"items\":" STRING "}"
#define WORDS(list)   "{\"enum\":[" list "]}"
#define OBJECT(properties, needed)                                                                 \
    "{\"type\":\"object\",\"properties\":{" properties "},\"required\":[" needed                   \
    "],\"additionalProperties\":false}"
#define LIST(item) "{\"type\":\"array\",\"items\":" item "}"

#define STAGES        "{\"$ref\":\"#/$defs/stage\"}"
#define CAUSES        "{\"$ref\":\"#/$defs/cause\"}"
#define CAUSE_OR_NULL "{\"anyOf\":[" CAUSES ",{\"type\":\"null\"}]}"
#define WHO_OR_NULL   WORDS("\"user\",\"admin\",\"developer\",\"provider\",\"network\",\"nobody\",null")
#define VERDICTS      WORDS("\"usable\",\"reached\",\"not_usable\",\"unknown\"")

#define REPLY                                                                                      \
    OBJECT("\"code\":" COUNTED ",\"enhanced\":" STRING ",\"lines\":" TEXTS ",\"text\":" STRING     \
           ",\"notes\":" TEXTS,                                                                    \
           "\"code\",\"enhanced\",\"lines\",\"text\",\"notes\"")
#define REPLY_OR_NULL "{\"anyOf\":[" REPLY ",{\"type\":\"null\"}]}"

/* clang-format off */
static const struct row {
    const char *key, *schema;
    bool is_needed; /* else not there when nothing was dialled, when nothing went wrong, or when not asked for */
    const char *doc;
} rows[] = {
    {"schema", "{\"const\":\"smtpdx/check/1\"}", true, "name and version of this form"},
    {"target", OBJECT("\"given\":" STRING ",\"provider\":" OR_NULL("string") ",\"host\":" STRING ",\"port\":" COUNTED
                      ",\"security\":" WORDS("\"starttls\",\"implicit\",\"none\"") ",\"address\":" STRING,
                      "\"given\",\"provider\",\"host\",\"port\",\"security\",\"address\""), true, "what was looked at"},
    {"credential", WORDS("\"none\",\"password\",\"app_password\",\"oauth2\""), true, "its kind, as its form tells"},
    {"purpose", WORDS("\"ci\",\"onboarding\",\"bulk\",\"migration\",null"), true, "as given"},
    {"verdict", VERDICTS, true, "usable: AUTH was accepted inside verified TLS"},
    {"reason", OR_NULL("string"), true, "where no cause says it; what was replied when diagnostics are off"},
    {"stage", STAGES, true, "reached, or where it failed"},
    {"cause", CAUSE_OR_NULL, true, "null: nothing went wrong, or diagnostics are off"},
    {"sure", WORDS("\"certain\",\"likely\",\"possible\""), false, "how sure the cause is"},
    {"who", WORDS("\"user\",\"admin\",\"developer\",\"provider\",\"network\",\"nobody\""), false, "who can act"},
    {"retry", WORDS("\"never\",\"later\",\"after_fix\""), false, "whether trying again helps"},
    {"because", TEXTS, false, "evidence in words"},
    {"alternatives", LIST(OBJECT("\"cause\":" CAUSES ",\"tell\":" STRING, "\"cause\",\"tell\"")), false, "what else it could be, and how to tell"},
    {"advice", STRING, false, "what to do"},
    {"link", STRING, false, "where to read more"},
    {"lines", LIST(OBJECT("\"name\":" STRING ",\"stage\":" STAGES ",\"mark\":" WORDS("\"ok\",\"fail\",\"note\"") ",\"text\":" STRING
                          ",\"ms\":" OR_NULL("number"), "\"name\",\"stage\",\"mark\",\"text\",\"ms\"")), true, "what a person reads"},
    {"findings", LIST(OBJECT("\"cause\":" CAUSE_OR_NULL ",\"weight\":" WORDS("\"note\",\"doubt\",\"refusal\"") ",\"text\":" STRING,
                             "\"cause\",\"weight\",\"text\"")), true, "what was found before anything was sent"},
    {"connection", OBJECT("\"address\":" OR_NULL("string") ",\"family\":" WORDS("\"ipv4\",\"ipv6\",null") ",\"tried\":" TEXTS,
                          "\"address\",\"family\",\"tried\""), false, "the peer's address, and all that were tried"},
    {"reply", REPLY_OR_NULL, false, "the decisive reply"},
    {"greeting", REPLY_OR_NULL, false, "the server's"},
    {"proof", OBJECT("\"auth_sent\":" FLAG ",\"accepted\":" FLAG ",\"mechanism\":" STRING ",\"inside_tls\":" FLAG ",\"verified\":" FLAG,
                     "\"auth_sent\",\"accepted\",\"mechanism\",\"inside_tls\",\"verified\""), false, "what a green light rests on"},
    {"capabilities", OBJECT("\"clear\":" TEXTS ",\"tls\":" TEXTS, "\"clear\",\"tls\""), false, "EHLO lines before and inside TLS"},
    {"tls", OBJECT("\"up\":" FLAG ",\"version\":" STRING ",\"cipher\":" STRING ",\"verified\":" FLAG ",\"names\":" TEXTS ",\"issuer\":" STRING
                   ",\"days_left\":{\"type\":\"integer\"},\"why\":" CAUSE_OR_NULL ",\"detail\":" STRING,
                   "\"up\",\"version\",\"cipher\",\"verified\",\"names\",\"issuer\",\"days_left\",\"why\",\"detail\""), false, "the TLS session and the certificate"},
    {"quit", FLAG, false, "QUIT was sent"},
    {"delivery", WORDS("\"none\",\"accepted\",\"unknown\""), false, "of the message"},
    {"message_id", OR_NULL("string"), true, "of the message that was accepted"},
    {"round_trip", OBJECT("\"state\":" WORDS("\"arrived\",\"not_there\",\"unreadable\",\"interrupted\"") ",\"folder\":" OR_NULL("string")
                          ",\"is_junk\":" FLAG ",\"ms\":" NUMBER ",\"looks\":" COUNTED ",\"logins\":" COUNTED ",\"cause\":" CAUSE_OR_NULL
                          ",\"who\":" WHO_OR_NULL ",\"text\":" STRING ",\"advice\":" STRING,
                          "\"state\",\"folder\",\"is_junk\",\"ms\",\"looks\",\"logins\",\"cause\",\"who\",\"text\",\"advice\""),
     false, "with --verify-delivery: what the mailbox says of the message"},
    {"logins", COUNTED, true, "AUTH commands that were sent"},
    {"attempts", LIST(OBJECT("\"n\":" COUNTED ",\"verdict\":" VERDICTS ",\"stage\":" STAGES ",\"code\":" COUNTED ",\"cause\":" CAUSE_OR_NULL
                             ",\"after_ms\":" NUMBER, "\"n\",\"verdict\",\"stage\",\"code\",\"cause\",\"after_ms\"")), true, "each connection that was tried"},
    {"ms", NUMBER, true, "from start to end"},
    {"transcript", LIST(OBJECT("\"ms\":" NUMBER ",\"who\":" WORDS("\"C\",\"S\"") ",\"tls\":" FLAG ",\"text\":" STRING,
                               "\"ms\",\"who\",\"tls\",\"text\"")), false, "with --verbose: what crossed, without the credential"},
};
/* clang-format on */

static struct json *parsed(const char *text)
{
    struct json *out = NULL;
    struct why why;
    enum err err = json_parse(slice_of(text), &out, &why);
    must(err == ERR_OK);
    return out;
}

static struct json *words_of(const char *(*word)(unsigned i), unsigned count)
{
    struct json *map = json_map(), *list = json_list();
    for (unsigned i = 0; i < count; i++) {
        json_add(list, json_text(word(i)));
    }
    json_set(map, "enum", list);
    return map;
}

static const char *stage_word(unsigned i)
{
    return stage_slug((enum stage)i);
}

static const char *cause_word(unsigned i)
{
    return cause_slug((enum cause)i);
}

void check_schema(struct buf *out)
{
    struct json *schema = json_map(), *properties = json_map(), *needed = json_list();
    struct json *definitions = json_map();
    json_set(schema, "$schema", json_text("https://json-schema.org/draft/2020-12/schema"));
    json_set(schema, "title", json_text("smtpdx: what a check has found"));
    json_set(schema, "type", json_text("object"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct json *value = parsed(rows[i].schema);
        json_set(value, "description", json_text(rows[i].doc));
        json_set(properties, rows[i].key, value);
        if (rows[i].is_needed) {
            json_add(needed, json_text(rows[i].key));
        }
    }
    json_set(definitions, "stage", words_of(stage_word, STAGE_COUNT));
    json_set(definitions, "cause", words_of(cause_word, CAUSE_COUNT));
    json_set(schema, "properties", properties);
    json_set(schema, "required", needed);
    json_set(schema, "additionalProperties", json_bool(false));
    json_set(schema, "$defs", definitions);
    json_print(schema, JSON_INDENTED, out);
    json_free(schema);
}
