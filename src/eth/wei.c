/* SPDX-License-Identifier: MIT */
#include "eth/wei.h"

#include <stdio.h>
#include <string.h>

eth_wei eth_wei_mul(eth_wei a, eth_wei b)
{
    return a && b > ETH_WEI_MAX / a ? ETH_WEI_MAX : a * b;
}

eth_wei eth_wei_add(eth_wei a, eth_wei b)
{
    return b > ETH_WEI_MAX - a ? ETH_WEI_MAX : a + b;
}

void eth_wei_format(eth_wei wei, char text[static ETH_WEI_TEXT])
{
    char digits[48];
    int n = 0;
    for (; wei || n < 19; wei /= 10) /* reversed; at least "0" and 18 decimals */
        digits[n++] = (char)('0' + (int)(wei % 10));
    int last = 0;
    while (last < 18 && digits[last] == '0')
        last++;
    char *out = text;
    for (int i = n - 1; i >= last || i >= 18; i--) {
        *out++ = digits[i];
        if (i == 18 && last < 18) *out++ = '.';
    }
    memcpy(out, " ether", sizeof " ether");
}
