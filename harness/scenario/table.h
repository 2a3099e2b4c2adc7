/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The language as tables. One row per key says its type, where its value goes, and in one line what
 * it means. The same rows check the files, print the JSON Schema and print the manual, so that the
 * three cannot drift apart. A new key is a row.
 */
#ifndef SMTPDX_SCENARIO_TABLE_H
#define SMTPDX_SCENARIO_TABLE_H

#include "doc/node.h"
#include "scenario/spec.h"

struct bind;
struct field;
struct shape;

struct choice {
    const char *slug;
    int value;
    const char *doc;
};
struct choices {
    const char *name;
    const struct choice *list;
    size_t count;
};
#define LIST_BEGIN(name) extern const struct choices choices_##name;
#define WORD(slug, value, doc)
#define LIST_END(name)
#include "scenario/words.def"
#undef LIST_BEGIN
#undef WORD
#undef LIST_END
extern const struct choices choices_stages; /* stage.def */
extern const struct choices choices_faults; /* fault.def, in lower case with dashes */
extern const struct choices choices_causes; /* cause.def */
const struct choice *choices_find(const struct choices *c, struct slice word);
const char *choices_nearest(const struct choices *c, struct slice word);

enum field_type {
    /* values of a spec */
    FIELD_TEXT,     /* const char * */
    FIELD_SLICE,    /* struct slice */
    FIELD_PARTS,    /* struct spec_text: may hold ${secret:x} and ${server.…} */
    FIELD_BOOL,     /* bool */
    FIELD_NOT,      /* bool, turned round */
    FIELD_COUNT,    /* unsigned, between min and max */
    FIELD_SIZE,     /* size_t */
    FIELD_REAL,     /* double, 0 to max */
    FIELD_DURATION, /* int64_t, microseconds; a unit is needed */
    FIELD_CHOICE,   /* an enum: the choice's value */
    FIELD_WORD,     /* const char *: the choice's slug */
    FIELD_TEXTS,    /* const char *const *, NULL-terminated; one text is a list of one */
    FIELD_SLICES,   /* const struct slice * and a count */
    FIELD_PROVIDER, /* const struct provider * */
    FIELD_MAP,      /* shape, filled at offset */
    FIELD_MAPS,     /* list of shape: array and a count */
    FIELD_NAMED,    /* name -> shape; checked by whoever reads it; const struct node * */
    FIELD_NODE,     /* any value as it stands: const struct node * */
    FIELD_CUSTOM,   /* read() */
    FIELD_REFUSED,  /* a known name that may not be used; doc says what to do */
    /* assertions about a part of the result document */
    MATCH_TEXT,
    MATCH_NUMBER,
    MATCH_BOOL,
    MATCH_CODE,     /* 535, 5xx, 53x */
    MATCH_WORD,     /* one of choices */
    MATCH_DURATION, /* the document has milliseconds */
    MATCH_VERSION,  /* TLS versions, by age */
    MATCH_LIST,     /* texts */
    MATCH_VERBS,    /* SMTP verbs, without case */
    MATCH_NOT_SENT, /* verbs that must not be in the list `from` */
    MATCH_CAPTURE,  /* name -> shape: capture.h */
    MATCH_MAP,      /* shape */
    MATCH_ITEMS,    /* a list of shape, or {count, first, last, any, all} */
};

enum { FIELD_IS_REQUIRED = 1 };

#define NO_OFFSET SIZE_MAX

struct field {
    const char *key;
    enum field_type type;
    const char *doc;  /* one line for the manual */
    size_t offset;    /* into what the shape fills */
    size_t also;      /* has_… flag, or the count of an array; 0: none */
    unsigned flags;
    const struct shape *shape;
    const struct choices *choices;
    void (*read)(struct bind *b, const struct field *f, const struct node *value, void *out);
    const char *schema; /* FIELD_CUSTOM: JSON Schema of the value */
    const char *from;   /* MATCH_…: name in the document when it is another */
    unsigned min, max;  /* FIELD_COUNT, FIELD_SIZE, FIELD_REAL; 0, 0: no limit */
    const char *since;  /* version that has it first; NULL: the first one */
};

struct shape {
    const char *name;
    const char *doc;
    const struct field *fields;
    size_t count;
    size_t size;      /* of the struct it fills */
    size_t at_offset; /* where its node goes; NO_OFFSET */
};
const struct field *shape_find(const struct shape *s, struct slice key);
const char *shape_nearest(const struct shape *s, struct slice key);

/* Every shape of the language, for the schema, the manual and the tests. */
extern const struct shape *const shapes_all[];
extern const size_t shapes_all_count;

extern const struct shape shape_file, shape_defaults, shape_scenario, shape_secret, shape_server,
    shape_tls, shape_capabilities, shape_account, shape_says, shape_rule, shape_drip, shape_script, shape_probe,
    shape_auth, shape_timeout, shape_retry, shape_rerun, shape_step, shape_endpoint, shape_group, shape_classify, shape_mapper, shape_replies, shape_expect_fail;
extern const struct shape shape_expect, shape_step_expect;

#endif
