/* SPDX-License-Identifier: MIT */
#include "cli/node/doctor/doctor.h"

#include "cli/peers/address.h"
#include "net/url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { CONNECT_MS = 5000, TOTAL_MS = 8000, BODY_MAX = 65536 };

#define REMEDY "start the application, and check its address, the firewall and the gateway; then look again"

/* What came of trying. */
typedef struct attempt {
    CURLcode code;
    long status; /* 0 = no HTTP */
    char reason[CURL_ERROR_SIZE];
    size_t body;
} attempt;

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)context;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return cli_interrupted();
}

/* The body is of no interest; a long one is cut off. */
static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    attempt *it = context;
    (void)data;
    it->body += size * count;
    return it->body > BODY_MAX ? 0 : size * count;
}

static CURL *prepare(attempt *it, const char *url)
{
    CURL *curl = curl_easy_init();
    if (!curl) return NULL;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TOTAL_MS);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, it->reason);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, it);
    return curl;
}

static attempt attempt_at(const char *url, bool connects_only, bool verifies)
{
    attempt it = {.code = CURLE_OUT_OF_MEMORY};
    CURL *curl = prepare(&it, url);
    if (!curl) return it;
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, (long)connects_only);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, (long)verifies);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, verifies ? 2L : 0L);
    it.code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &it.status);
    if (!*it.reason) snprintf(it.reason, sizeof it.reason, "%s", curl_easy_strerror(it.code));
    curl_easy_cleanup(curl);
    return it;
}

/* With an HTTP status it was reached, however the answer ended. */
static void find_http(doctor *self, const attempt *it, bool verified, bool tls)
{
    const char *how = !tls ? "" : verified ? "TLS with a certificate that verifies, " : "TLS, ";
    if (!it->status)
        doctor_find(self, "url_reachable", DOCTOR_BAD, REMEDY, "%s, as seen from here", it->reason);
    else if (it->status >= 500)
        doctor_find(self, "url_reachable", DOCTOR_WARNING, "see the application's log, or the gateway's",
                    "reachable from here, and answers with HTTP status %ld", it->status);
    else if (tls && !verified)
        doctor_find(self, "url_reachable", DOCTOR_WARNING,
                    "with RA-TLS that is as it should be, and peers check the attestation; otherwise get a "
                    "certificate",
                    "reachable from here, TLS with a certificate that no public authority vouches for, HTTP "
                    "status %ld",
                    it->status);
    else
        doctor_find(self, "url_reachable", DOCTOR_GOOD, NULL, "reachable from here: %sHTTP status %ld", how,
                    it->status);
}

static void reach_http(doctor *self, bool tls)
{
    attempt it = attempt_at(self->url_text, false, true);
    bool refused = it.code == CURLE_PEER_FAILED_VERIFICATION;
    if (refused) it = attempt_at(self->url_text, false, false);
    /* TLS, and behind it something that does not talk HTTP. */
    if (tls && !it.status &&
        (it.code == CURLE_GOT_NOTHING || it.code == CURLE_WEIRD_SERVER_REPLY ||
         it.code == CURLE_UNSUPPORTED_PROTOCOL || it.code == CURLE_RECV_ERROR ||
         it.code == CURLE_OPERATION_TIMEDOUT)) {
        attempt shake = attempt_at(self->url_text, true, false);
        if (!shake.code) {
            doctor_find(self, "url_reachable", DOCTOR_GOOD, NULL,
                        "reachable from here: TLS, no HTTP behind it");
            return;
        }
    }
    find_http(self, &it, !refused, tls);
}

static void reach_tcp(doctor *self)
{
    char url[PEERS_HOST_TEXT + 32];
    peers_address at;
    peers_address_read(self->url_text, &at);
    if (!*at.host || !*at.port) {
        doctor_find(self, "url_reachable", DOCTOR_SKIPPED, NULL, "there is no host and port in it");
        return;
    }
    snprintf(url, sizeof url, strchr(at.host, ':') ? "http://[%s]:%s" : "http://%s:%s", at.host, at.port);
    attempt it = attempt_at(url, true, false);
    if (it.code)
        doctor_find(self, "url_reachable", DOCTOR_BAD, REMEDY, "%s, as seen from here", it.reason);
    else
        doctor_find(self, "url_reachable", DOCTOR_GOOD, NULL,
                    "reachable from here: a TCP connection to %s port %s", at.host, at.port);
}

void doctor_check_url(doctor *self)
{
    if (!*self->url_text)
        doctor_find(self, "url_reachable", DOCTOR_SKIPPED, NULL, "no URL is given");
    else if (net_url_is_http(self->url_text))
        reach_http(self, !strncasecmp(self->url_text, "https:", 6));
    else
        reach_tcp(self);
}
