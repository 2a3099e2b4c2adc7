/* SPDX-License-Identifier: Apache-2.0 */
/* What programs and libraries print when a connection fails, and the fault that it stands for. */
#include "diagnose/judge.h"
#include "diagnose/paste_parts.h"

/* OpenSSL's, Python's and curl's words around the verification's own. */
static bool is_refused_certificate(struct slice note)
{
    static const struct slice words[] = {SLICE_INIT("certificate verify failed"),
                                         SLICE_INIT("SSL certificate problem"),
                                         SLICE_INIT("verify error:num")};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (slice_find_nocase(note, words[i]) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

static const struct note {
    const char *words;
    enum fault fault;
    bool is_of_certificate;
} notes[] = {
#define NOTE(words, fault)      {words, FAULT_##fault, false},
#define CERT_NOTE(words, fault) {words, FAULT_##fault, true},
#include "diagnose/paste_notes.def"
#undef CERT_NOTE
#undef NOTE
};

static const char *words_of(size_t i)
{
    return notes[i].words;
}

void paste_notes_index(struct starts *out, struct arena *arena)
{
    starts_build(out, words_of, COUNT(notes), arena);
}

/* The first row below `end` whose words stand here. */
static size_t row_at(const struct starts *index, struct slice here, bool is_refused, size_t end)
{
    for (size_t i = starts_first(index, here); i != 0 && i <= end; i = starts_next(index, i)) {
        const struct note *n = &notes[i - 1];
        if ((is_refused || !n->is_of_certificate) && starts_stand_at(here, n->words)) {
            return i - 1;
        }
    }
    return end;
}

enum fault paste_fault_by(const struct starts *index, struct slice note)
{
    struct slice head = slice_sub(note, 0, NOTE_WITHIN);
    bool is_refused = is_refused_certificate(head);
    size_t best = COUNT(notes);
    for (size_t at = 0; at < head.n && best != 0; at++) {
        best = row_at(index, slice_from(head, at), is_refused, best);
    }
    return best < COUNT(notes) ? notes[best].fault : FAULT_NONE;
}

enum fault paste_fault(struct slice note)
{
    struct slice head = slice_sub(note, 0, NOTE_WITHIN);
    bool is_refused = is_refused_certificate(head);
    for (size_t i = 0; i < COUNT(notes); i++) {
        if ((is_refused || !notes[i].is_of_certificate) &&
            slice_find_nocase(head, slice_of(notes[i].words)) != SIZE_MAX) {
            return notes[i].fault;
        }
    }
    return FAULT_NONE;
}
