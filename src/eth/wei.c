/* SPDX-License-Identifier: MIT */
#include "eth/wei.h"

#include <stdio.h>

eth_wei eth_wei_mul(eth_wei a, eth_wei b)
{
    return a && b > ETH_WEI_MAX / a ? ETH_WEI_MAX : a * b;
}

eth_wei eth_wei_add(eth_wei a, eth_wei b)
{
    return b > ETH_WEI_MAX - a ? ETH_WEI_MAX : a + b;
}

static void format(eth_wei wei, int decimals, const char *unit, char text[static ETH_WEI_TEXT])
{
    char digits[48];
    int n = 0, last = 0;
    for (; wei || n <= decimals; wei /= 10) /* reversed; at least "0" and the decimals */
        digits[n++] = (char)('0' + (int)(wei % 10));
    while (last < decimals && digits[last] == '0')
        last++;
    char *out = text;
    for (int i = n - 1; i >= last; i--) {
        *out++ = digits[i];
        if (i == decimals && last < decimals) *out++ = '.';
    }
    snprintf(out, ETH_WEI_TEXT - (size_t)(out - text), " %s", unit);
}

void eth_wei_format(eth_wei wei, char text[static ETH_WEI_TEXT])
{
    format(wei, 18, "ether", text);
}

void eth_wei_format_gwei(eth_wei wei, char text[static ETH_WEI_TEXT])
{
    format(wei, 9, "gwei", text);
}
