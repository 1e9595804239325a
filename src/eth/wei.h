/* SPDX-License-Identifier: MIT */
#ifndef ETH_WEI_H
#define ETH_WEI_H

#include <stdbool.h>
#include <stdint.h>

/* Amounts of wei: 128 bits hold 3.4e20 ether, more than exists on any chain; C17 has no standard type. */
__extension__ typedef unsigned __int128 eth_wei;

#define ETH_WEI_MAX ((eth_wei)-1)

enum { ETH_WEI_TEXT = 64 };

/** a * b, at most ETH_WEI_MAX. */
eth_wei eth_wei_mul(eth_wei a, eth_wei b);

/** a + b, at most ETH_WEI_MAX. */
eth_wei eth_wei_add(eth_wei a, eth_wei b);

/** Writes it in ether, "0.000000001 ether", at most 18 decimals, none at the end that are zero. */
void eth_wei_format(eth_wei wei, char text[static ETH_WEI_TEXT]);

/** Writes it in gwei, "1.5 gwei", as fees per gas are thought of; at most 9 decimals. */
void eth_wei_format_gwei(eth_wei wei, char text[static ETH_WEI_TEXT]);

#endif
