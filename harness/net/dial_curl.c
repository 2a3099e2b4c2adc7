/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and proxies are dialled by libcurl's multi socket interface on our loop: DNS, both address
 * families, happy eyeballs (RFC 8305), SOCKS and HTTP proxies. CURLOPT_CONNECT_ONLY stops behind
 * the connection; its descriptor is duplicated and libcurl's own is replaced by a dummy before the
 * transfer is removed. Not only would libcurl close the socket: later versions also read from it
 * before they close it, and would swallow the server's greeting.
 */
#include "net/sockets.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct curl_watch { /* a descriptor libcurl wants to hear of */
    uv_poll_t poll;
    struct dial_curl *owner;
    curl_socket_t fd;
    struct curl_watch *next;
};

struct curl_dial {
    struct dial_curl *owner;
    CURL *easy;
    struct curl_slist *connect_to, *resolve;
    dial_done *on_done;
    void *context;
    bool has_proxy;
    int64_t start_us;
    const char *refusal; /* why it was not even tried, or NULL */
    enum fault refusal_fault;
    struct timer soon; /* to tell a refusal from the loop */
    char error[CURL_ERROR_SIZE];
    char tried[sizeof((struct dial_result *)0)->tried];
    struct curl_dial *next;
};

struct dial_curl {
    struct sock_world *world;
    CURLM *multi;
    struct timer timer;
    struct curl_watch *watches;
    struct curl_dial *dials; /* under way */
    CURL **spare;            /* easy handles to use again */
    size_t spare_count, spare_space;
    int dummy; /* a socket that is connected to nothing */
};

/* ---- libcurl's wishes ---- */

static void look_for_results(struct dial_curl *c);

static void on_watch(uv_poll_t *poll, int status, int events)
{
    struct curl_watch *watch = poll->data;
    struct dial_curl *c = watch->owner;
    int running = 0;
    int mask = ((events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
               ((events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0) |
               (status < 0 ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(c->multi, watch->fd, mask, &running);
    look_for_results(c);
}

static void on_curl_time(struct timer *t, int64_t now_us)
{
    struct dial_curl *c = t->context;
    int running = 0;
    (void)now_us;
    curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    look_for_results(c);
}

static void on_watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void watch_remove(struct dial_curl *c, struct curl_watch *watch)
{
    struct curl_watch **at = &c->watches;
    while (*at != watch) {
        at = &(*at)->next;
    }
    *at = watch->next;
    curl_multi_assign(c->multi, watch->fd, NULL);
    uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
}

static struct curl_watch *watch_add(struct dial_curl *c, curl_socket_t fd)
{
    struct curl_watch *watch = mem_zalloc(1, sizeof *watch);
    if (uv_poll_init(&c->world->loop, &watch->poll, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    watch->owner = c;
    watch->fd = fd;
    watch->next = c->watches;
    c->watches = watch;
    curl_multi_assign(c->multi, fd, watch);
    return watch;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
    struct dial_curl *c = context;
    struct curl_watch *watch = socket_context;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL) {
            watch_remove(c, watch);
        }
        return 0;
    }
    if (watch == NULL) {
        watch = watch_add(c, fd);
    }
    if (watch == NULL) {
        return -1;
    }
    int events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) |
                 ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
    uv_poll_start(&watch->poll, events, on_watch);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct dial_curl *c = context;
    struct world *world = &c->world->world;
    (void)multi;
    if (timeout_ms < 0) {
        sock_timer_stop(world, &c->timer);
    } else {
        sock_timer_start(world, &c->timer, sock_now_us(world) + (int64_t)timeout_ms * 1000);
    }
    return 0;
}

/* ---- results ---- */

static bool has_looked_up(CURL *easy)
{
    curl_off_t us = 0;
    return curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &us) == CURLE_OK && us > 0;
}

static enum fault fault_of(const struct curl_dial *d, CURLcode code)
{
    long number = 0;
    curl_easy_getinfo(d->easy, CURLINFO_OS_ERRNO, &number);
    if (code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_PROXY) {
        return FAULT_PROXY_FAILURE;
    }
    if (d->has_proxy) {
        return FAULT_PROXY_FAILURE; /* whom the proxy did not reach, only the proxy knows */
    }
    if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_URL_MALFORMAT) {
        return FAULT_DNS_FAILURE;
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return has_looked_up(d->easy) ? FAULT_CONNECT_TIMEOUT : FAULT_DNS_FAILURE;
    }
    return sock_fault_of_errno((int)number);
}

/* Takes the connection away from libcurl, which keeps a dummy under the same number. */
static int take_descriptor(struct dial_curl *c, CURL *easy)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD) {
        return -1;
    }
    for (struct curl_watch *watch = c->watches; watch != NULL; watch = watch->next) {
        if (watch->fd == fd) {
            uv_poll_stop(&watch->poll); /* its number will mean something else */
        }
    }
    int taken = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (taken >= 0 && dup3(c->dummy, fd, O_CLOEXEC) < 0) {
        close(taken);
        taken = -1;
    }
    return taken;
}

static void set_times(const struct curl_dial *d, struct dial_result *result)
{
    curl_off_t lookup = 0;
    curl_off_t connect = 0;
    curl_easy_getinfo(d->easy, CURLINFO_NAMELOOKUP_TIME_T, &lookup);
    curl_easy_getinfo(d->easy, CURLINFO_CONNECT_TIME_T, &connect);
    int64_t elapsed = sock_now_us(&d->owner->world->world) - d->start_us;
    int64_t until = connect > 0 ? connect : elapsed; /* it did not come to a connection */
    result->resolve_us = lookup > 0 ? lookup : until;
    result->connect_us = until > lookup ? until - lookup : 0;
}

static void set_result(struct curl_dial *d, CURLcode code, struct dial_result *result)
{
    const char *address = NULL;
    struct sock_link *link = NULL;
    int fd = code == CURLE_OK ? take_descriptor(d->owner, d->easy) : -1;
    if (fd >= 0) {
        link = sock_link_new(d->owner->world, fd);
    }
    if (link != NULL) {
        result->link = &link->link;
    } else {
        const char *words = d->error[0] != '\0' ? d->error : curl_easy_strerror(code);
        result->fault = fault_of(d, code);
        /* cut to fit: libcurl may say more than a line can show */
        snprintf(result->detail, sizeof result->detail, "%.*s", (int)sizeof result->detail - 1,
                 words);
    }
    curl_easy_getinfo(d->easy, CURLINFO_PRIMARY_IP, &address);
    snprintf(result->address, sizeof result->address, "%s", address != NULL ? address : "");
    memcpy(result->tried, d->tried, sizeof result->tried);
    set_times(d, result);
}

static void keep_spare(struct dial_curl *c, CURL *easy)
{
    if (c->spare_count == c->spare_space) {
        c->spare_space = c->spare_space == 0 ? 8 : c->spare_space * 2;
        c->spare = mem_realloc(c->spare, c->spare_space * sizeof *c->spare);
    }
    curl_easy_reset(easy);
    c->spare[c->spare_count++] = easy;
}

static void dial_release(struct curl_dial *d)
{
    struct dial_curl *c = d->owner;
    struct curl_dial **at = &c->dials;
    while (*at != d) {
        at = &(*at)->next;
    }
    *at = d->next;
    sock_timer_stop(&c->world->world, &d->soon);
    if (d->easy != NULL) {
        curl_multi_remove_handle(c->multi, d->easy);
        keep_spare(c, d->easy);
    }
    curl_slist_free_all(d->connect_to);
    curl_slist_free_all(d->resolve);
    free(d);
}

static void dial_end(struct curl_dial *d, const struct dial_result *result)
{
    dial_done *on_done = d->on_done;
    void *context = d->context;
    dial_release(d);
    on_done(context, result);
}

static void look_for_results(struct dial_curl *c)
{
    int left = 0;
    const CURLMsg *message = curl_multi_info_read(c->multi, &left);
    while (message != NULL) {
        struct curl_dial *d = NULL;
        struct dial_result result = {.fault = FAULT_NONE};
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&d);
        set_result(d, message->data.result, &result);
        dial_end(d, &result);
        message = curl_multi_info_read(c->multi, &left);
    }
}

/* ---- starting ---- */

static void on_refused(struct timer *t, int64_t now_us)
{
    struct curl_dial *d = t->context;
    (void)now_us;
    struct dial_result result = {.fault = d->refusal_fault};
    snprintf(result.detail, sizeof result.detail, "%s", d->refusal);
    dial_end(d, &result);
}

/* It goes into a URL: nothing in it may be taken for anything but a host. */
static bool is_host(struct slice host)
{
    for (size_t i = 0; i < host.n; i++) {
        unsigned char ch = (unsigned char)host.p[i];
        bool is_fine = (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') ||
                       (ch >= 'a' && ch <= 'z') || ch == '.' || ch == '-' || ch == '_' ||
                       ch == ':' || ch >= 0x80;
        if (!is_fine) {
            return false;
        }
    }
    return host.n != 0 && host.n < 256;
}

static void set_target(struct curl_dial *d, const struct dial_params *params)
{
    char url[320];
    bool is_v6 = strchr(params->host, ':') != NULL;
    snprintf(url, sizeof url, is_v6 ? "http://[%s]:%u/" : "http://%s:%u/", params->host,
             params->port);
    curl_easy_setopt(d->easy, CURLOPT_URL, url);
    if (params->connect_to != NULL) {
        char entry[320];
        snprintf(entry, sizeof entry, "::%s", params->connect_to); /* whatever the URL says */
        d->connect_to = curl_slist_append(NULL, entry);
        curl_easy_setopt(d->easy, CURLOPT_CONNECT_TO, d->connect_to);
    }
}

/* libcurl is about to connect to this address. */
static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct curl_dial *d = context;
    char text[INET6_ADDRSTRLEN] = "";
    const void *octets = to->family == AF_INET6
                             ? (const void *)&((const struct sockaddr_in6 *)&to->addr)->sin6_addr
                             : (const void *)&((const struct sockaddr_in *)&to->addr)->sin_addr;
    size_t used = strlen(d->tried);
    (void)purpose;
    if ((to->family == AF_INET || to->family == AF_INET6) &&
        inet_ntop(to->family, octets, text, sizeof text) != NULL &&
        used + strlen(text) + 3 < sizeof d->tried) {
        snprintf(d->tried + used, sizeof d->tried - used, "%s%s", used != 0 ? ", " : "", text);
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static void set_resolve(struct curl_dial *d, const struct dial_params *params)
{
    for (size_t i = 0; i < params->resolve_count; i++) {
        d->resolve = curl_slist_append(d->resolve, params->resolve[i]);
    }
    curl_easy_setopt(d->easy, CURLOPT_RESOLVE, d->resolve);
}

static void set_options(struct curl_dial *d, const struct dial_params *params)
{
    static const long resolve[] = {[FAMILY_ANY] = CURL_IPRESOLVE_WHATEVER,
                                   [FAMILY_IPV4] = CURL_IPRESOLVE_V4,
                                   [FAMILY_IPV6] = CURL_IPRESOLVE_V6};
    long timeout_ms = params->timeout_us > 0 ? (long)((params->timeout_us + 999) / 1000) : 0;
    curl_easy_setopt(d->easy, CURLOPT_PRIVATE, d);
    curl_easy_setopt(d->easy, CURLOPT_ERRORBUFFER, d->error);
    curl_easy_setopt(d->easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(d->easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700 /* whoever gives up does not wait for the system's resolver */
    curl_easy_setopt(d->easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    /* Not FORBID_REUSE as well: with it libcurl closes the connection before it can be taken. */
    curl_easy_setopt(d->easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(d->easy, CURLOPT_IPRESOLVE, resolve[params->family]);
    curl_easy_setopt(d->easy, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
    curl_easy_setopt(d->easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    /* No hidden inputs: the empty proxy keeps libcurl from asking the environment. */
    curl_easy_setopt(d->easy, CURLOPT_PROXY, d->has_proxy ? params->proxy : "");
    curl_easy_setopt(d->easy, CURLOPT_NOPROXY, "");
    curl_easy_setopt(d->easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    curl_easy_setopt(d->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(d->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(d->easy, CURLOPT_OPENSOCKETDATA, d);
}

static const char *reason_to_refuse(const struct dial_params *params, enum fault *fault)
{
    struct slice host = slice_of(params->host);
    struct slice to = host;
    unsigned port = 0;
    *fault = FAULT_DNS_FAILURE;
    if (params->connect_to != NULL &&
        !world_split_host_port(slice_of(params->connect_to), &to, &port)) {
        return "connect_to is not HOST:PORT";
    }
    if (!is_host(host) || !is_host(to)) {
        return "not a host name";
    }
    *fault = FAULT_PROXY_FAILURE;
    if (params->proxy != NULL &&
        slice_has_prefix_nocase(slice_of(params->proxy), SLICE("https://"))) {
        return "a proxy that is itself reached by TLS is not supported";
    }
    return NULL;
}

void dial_curl_start(struct dial_curl *c, const struct dial_params *params, dial_done *on_done,
                     void *context)
{
    struct curl_dial *d = mem_zalloc(1, sizeof *d);
    d->owner = c;
    d->on_done = on_done;
    d->context = context;
    d->has_proxy = params->proxy != NULL && params->proxy[0] != '\0';
    d->start_us = sock_now_us(&c->world->world);
    d->soon.on_time = on_refused;
    d->soon.context = d;
    d->next = c->dials;
    c->dials = d;
    d->refusal = reason_to_refuse(params, &d->refusal_fault);
    if (d->refusal != NULL) {
        sock_timer_start(&c->world->world, &d->soon, 0);
        return;
    }
    d->easy = c->spare_count != 0 ? c->spare[--c->spare_count] : curl_easy_init();
    if (d->easy == NULL) {
        die_no_memory();
    }
    set_options(d, params);
    set_target(d, params);
    set_resolve(d, params);
    must(curl_multi_add_handle(c->multi, d->easy) == CURLM_OK);
}

void dial_curl_drop(struct dial_curl *c, const void *context)
{
    struct curl_dial *d = c->dials;
    while (d != NULL && d->context != context) {
        d = d->next;
    }
    if (d != NULL) {
        dial_release(d);
    }
}

/* ---- life ---- */

struct dial_curl *dial_curl_new(struct sock_world *w)
{
    struct dial_curl *c = mem_zalloc(1, sizeof *c);
    c->world = w;
    c->timer.on_time = on_curl_time;
    c->timer.context = c;
    c->dummy = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    c->multi = curl_multi_init();
    if (c->multi == NULL) {
        die_no_memory();
    }
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    return c;
}

void dial_curl_free(struct dial_curl *c)
{
    if (c == NULL) {
        return;
    }
    while (c->dials != NULL) {
        dial_release(c->dials);
    }
    for (size_t i = 0; i < c->spare_count; i++) {
        curl_easy_cleanup(c->spare[i]);
    }
    curl_multi_cleanup(c->multi);
    while (c->watches != NULL) {
        struct curl_watch *watch = c->watches;
        c->watches = watch->next;
        uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
    }
    sock_timer_stop(&c->world->world, &c->timer);
    curl_global_cleanup();
    close(c->dummy);
    free(c->spare);
    free(c);
}
