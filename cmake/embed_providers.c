/* SPDX-License-Identifier: Apache-2.0 */
/* Run at build time: writes provider files as a C table, each as its text (for carets) and as its
 * tree. embed-providers OUT FILE… */
#include <stdio.h>
#include <string.h>

#include "doc/pack.h"

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void write_octets(FILE *out, const char *what, int n, struct slice octets)
{
    fprintf(out, "static const unsigned char %s_%d[] = {", what, n);
    for (size_t i = 0; i < octets.n; i++) {
        fprintf(out, "%s%u,", i % 24 == 0 ? "\n" : "", (unsigned char)octets.p[i]);
    }
    fprintf(out, "0};\n");
}

static bool write_file(FILE *out, const char *path, int n)
{
    struct arena arena;
    struct doc_errors errors;
    struct why why = {.text = ""};
    struct slice text;
    const struct node *root = NULL;
    struct buf packed;
    arena_init(&arena);
    doc_errors_init(&errors, &arena);
    buf_init(&packed, BUF_NO_CAP);
    bool is_good =
        doc_read_file(path, node_limits_default.file_bytes, &arena, &text, &why) == ERR_OK &&
        doc_parse_yaml(path, text, &node_limits_default, &arena, &errors, &root) == ERR_OK;
    if (is_good) {
        node_pack(root, &packed);
        write_octets(out, "text", n, text);
        write_octets(out, "tree", n, buf_slice(&packed));
    } else {
        doc_errors_print(&errors, &packed);
        fprintf(stderr, "%s%s\n", why.text, buf_text(&packed));
    }
    buf_release(&packed);
    arena_release(&arena);
    return is_good;
}

int main(int argc, char **argv)
{
    FILE *out = argc > 2 ? fopen(argv[1], "w") : NULL;
    bool is_good = out != NULL;
    if (out == NULL) {
        fprintf(stderr, "usage: embed-providers OUT FILE…\n");
        return 2;
    }
    fprintf(out,
            "/* Generated from providers/ at build time. */\n#include \"provider/embedded.h\"\n\n");
    for (int i = 2; i < argc && is_good; i++) {
        is_good = write_file(out, argv[i], i);
    }
    fprintf(out, "\nconst struct provider_embedded provider_embedded[] = {\n");
    for (int i = 2; i < argc && is_good; i++) {
        fprintf(out,
                "    {\"%s\", (const char *)text_%d, sizeof text_%d - 1, (const char *)tree_%d, "
                "sizeof tree_%d - 1},\n",
                name_of(argv[i]), i, i, i, i);
    }
    fprintf(out, "    {0, 0, 0, 0, 0},\n};\nconst size_t provider_embedded_count = %d;\n",
            argc - 2);
    is_good = !ferror(out) && is_good;
    is_good = fclose(out) == 0 && is_good;
    if (!is_good) {
        remove(argv[1]);
    }
    return is_good ? 0 : 1;
}
