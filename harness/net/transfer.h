/* SPDX-License-Identifier: Apache-2.0 */
/* What the transfers of http.c and mailbox.c have in common: trust, the way there, and what failed.
 * net/ only. */
#ifndef SMTPDX_NET_TRANSFER_H
#define SMTPDX_NET_TRANSFER_H

#include <curl/curl.h>

#include "base/facts.h"

/* pem: empty for the system's store. It is copied. */
void transfer_set_trust(CURL *easy, struct slice pem);
/* proxy: as curl's --proxy, or NULL; connect_to: "host:port" dialled in the URL's place, or NULL.
 * The list is the caller's to free, after the transfer. */
struct curl_slist *transfer_set_route(CURL *easy, const char *proxy, const char *connect_to);
/* error: what CURLOPT_ERRORBUFFER holds. */
enum fault transfer_fault(CURL *easy, CURLcode code, const char *error);
/* The library's words, cut to n - 1 octets. */
void transfer_words(CURLcode code, const char *error, char *out, size_t n);

#endif
