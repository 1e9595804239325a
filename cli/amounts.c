/* SPDX-License-Identifier: MIT */
#include "cli/amounts.h"

#include <string.h>

enum { ETHER_DECIMALS = 18, GWEI_DECIMALS = 9 };

static int decimals_of(const char *unit)
{
    if (!*unit) return ETHER_DECIMALS;
    unit += *unit == ' ';
    if (!strcmp(unit, "ether") || !strcmp(unit, "eth") || !strcmp(unit, "ETH")) return ETHER_DECIMALS;
    if (!strcmp(unit, "gwei")) return GWEI_DECIMALS;
    return strcmp(unit, "wei") ? -1 : 0;
}

/* Appends a digit; false when it does not fit. */
static bool push(eth_wei *value, char digit)
{
    eth_wei one = (eth_wei)(digit - '0');
    if (*value > (ETH_WEI_MAX - one) / 10) return false;
    *value = *value * 10 + one;
    return true;
}

bool cli_amount_parse(const char *text, eth_wei *out)
{
    size_t whole = strspn(text, "0123456789"), fraction = 0;
    const char *rest = text + whole;
    eth_wei value = 0;
    if (*rest == '.') {
        fraction = strspn(rest + 1, "0123456789");
        rest += 1 + fraction;
    }
    int decimals = decimals_of(rest);
    if (!whole || (text[whole] == '.' && !fraction) || decimals < 0 || fraction > (size_t)decimals)
        return false;
    for (size_t i = 0; i < whole; i++)
        if (!push(&value, text[i])) return false;
    for (size_t i = 0; i < (size_t)decimals; i++)
        if (!push(&value, i < fraction ? text[whole + 1 + i] : '0')) return false;
    *out = value;
    return true;
}

int cli_amount(const cli_run *run, const char *name, eth_wei *out)
{
    const char *text = cli_value(run, name);
    if (!text || cli_amount_parse(text, out)) return 0;
    return cli_misuse(run, "--%s takes an amount such as 0.05ether, 30gwei or 1000wei, not '%s'", name,
                      strlen(text) > 40 ? "..." : text);
}

void cli_wei_text(eth_wei wei, char text[static CLI_WEI_TEXT])
{
    char digits[CLI_WEI_TEXT];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + (int)(wei % 10));
        wei /= 10;
    } while (wei);
    memcpy(text, digits + at, sizeof digits - at);
}

json_t *cli_wei_json(eth_wei wei)
{
    char text[CLI_WEI_TEXT];
    cli_wei_text(wei, text);
    return json_string(text);
}
