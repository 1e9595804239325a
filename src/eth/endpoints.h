/* SPDX-License-Identifier: MIT */
#ifndef ETH_ENDPOINTS_H
#define ETH_ENDPOINTS_H

#include "base/error.h"
#include "net/url.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The comma-separated list of URLs that RPC_URL and the options hold. http:// and https:// ones are for
 * calls; ws:// and wss:// ones are for subscriptions. In a list without any for calls, those for
 * subscriptions serve both: nodes answer plain HTTP at the same place.
 */

enum { ETH_ENDPOINTS_MAX = 8, ETH_ENDPOINT_URL = NET_URL_MAX + 3 };

/** Whether it is such a list, of at most ETH_ENDPOINTS_MAX; CONFIG says what is wrong with it. */
int eth_endpoints_check(const char *list, base_error *error);

/** The URL number `index` for calls, counted from 0; false behind the last one. The list was checked. */
bool eth_endpoints_for_calls(const char *list, size_t index, char url[static ETH_ENDPOINT_URL]);

/** The same for subscriptions. */
bool eth_endpoints_for_subscriptions(const char *list, size_t index, char url[static ETH_ENDPOINT_URL]);

#endif
