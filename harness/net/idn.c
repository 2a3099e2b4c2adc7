/* SPDX-License-Identifier: Apache-2.0 */
/* Internationalised host names. libcurl converts what it dials by itself; SNI and the check of the
 * certificate need the same name. */
#include <locale.h>
#include <string.h>

#include <curl/curl.h>

#include "net/world.h"

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if (((unsigned char)*text & 0x80U) != 0) {
            return false;
        }
    }
    return true;
}

#ifdef CURLU_PUNYCODE /* libcurl 7.88 */
static bool convert(const char *name, char out[256])
{
    char *ascii = NULL;
    CURLU *url = curl_url();
    bool ok = url != NULL && curl_url_set(url, CURLUPART_URL, "smtp://x/", 0) == CURLUE_OK &&
              curl_url_set(url, CURLUPART_HOST, name, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_HOST, &ascii, CURLU_PUNYCODE) == CURLUE_OK &&
              is_ascii(ascii) && strlen(ascii) < 256;
    if (ok) {
        memcpy(out, ascii, strlen(ascii) + 1);
    }
    curl_free(ascii);
    curl_url_cleanup(url);
    return ok;
}

/* libcurl takes the name in the encoding of the locale; ours is UTF-8 whatever the terminal's is.
 */
static bool convert_utf8(const char *name, char out[256])
{
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (utf8 == (locale_t)0) {
        return false;
    }
    locale_t before = uselocale(utf8);
    bool ok = convert(name, out);
    (void)uselocale(before);
    freelocale(utf8);
    return ok;
}
#else
static bool convert_utf8(const char *name, char out[256])
{
    (void)name;
    (void)out;
    return false;
}
#endif

bool world_ascii_name(const char *name, char out[256])
{
    return !is_ascii(name) && convert_utf8(name, out);
}
