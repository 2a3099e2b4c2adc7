/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as a configuration file: no crash; what is taken can be read by every accessor and
 * shown, and what is refused has a place. */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const struct config *c, const struct config_for *e)
{
    for (unsigned s = 0; s < SETTING_COUNT; s++) {
        enum setting_shape shape = setting_info((enum setting)s)->shape;
        if (shape == SETTING_TIME) {
            must(config_time_us(c, e, (enum setting)s) > 0);
        } else if (shape == SETTING_NUMBER) {
            must(config_number(c, e, (enum setting)s) <= setting_info((enum setting)s)->most);
        } else if (shape == SETTING_FLAG) {
            (void)config_flag(c, e, (enum setting)s);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct doc_errors errors;
    struct buf out;
    struct config_target target = {.given = "x"};
    struct config *c = config_new();
    char *copy = malloc(size != 0 ? size : 1);
    must(copy != NULL);
    if (size != 0) {
        memcpy(copy, data, size);
    }
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    buf_init(&out, BUF_NO_CAP);
    enum err err = config_read(c, "c.yaml", slice_make(copy, size), NULL, &errors);
    must((err == ERR_OK) == (errors.errors == 0));
    config_errors_print(&errors, &out);
    for (size_t i = 0; i < config_entry_count(c); i++) {
        config_for_add(c, slice_of(config_entry_name(config_entry_at(c, i))), &target.entries);
    }
    read_all(c, &target.entries);
    config_show(c, &target, &out);
    config_show_json(c, NULL, &out);
    must(memchr(out.p, 0x1b, out.n) == NULL);
    buf_release(&out);
    arena_release(&arena);
    free(copy);
    config_free(c);
    return 0;
}
