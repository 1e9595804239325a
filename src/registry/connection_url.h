/* SPDX-License-Identifier: MIT */
#ifndef REGISTRY_CONNECTION_URL_H
#define REGISTRY_CONNECTION_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The contract's rules for connection URLs, checked here before a transaction is paid for.
 */

/** 1 to 256 bytes 0x21 to 0x7e: what dev mode asks for, and every URL must be. */
bool registry_url_is_printable(const char *url);

/**
 * https://<label>.<base>[:port][/], as production mode asks for, byte for byte. On success `base` and
 * `base_len` are the base domain within `url`. NULL on success, else what is wrong, static storage.
 */
const char *registry_url_check_production(const char *url, const char **base, size_t *base_len);

/** Whether the contract takes it as a base domain: two labels or more, the last starting with a letter. */
bool registry_is_base_domain(const char *domain);

/** Whether the label of a URL that passed is the instance's: hex(id) [ "-" (port ["s"|"g"] | "s" | "g") ]. */
bool registry_url_is_bound(const char *url, const uint8_t instance20[static 20]);

/**
 * Whether a URL that passed is the instance's gateway URL, with nothing behind the base domain. If the base
 * domain is allowed, the contract keeps such a URL in a few bits.
 */
bool registry_url_is_gateway(const char *url, const uint8_t instance20[static 20]);

#endif
