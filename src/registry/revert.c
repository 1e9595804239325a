/* SPDX-License-Identifier: MIT */
#include "registry/revert.h"

#include "base/buf.h"
#include "base/hex.h"
#include "eth/abi.h"
#include "eth/key.h"
#include "registry/contract_abi.h"

#include <string.h>

typedef struct custom_error {
    uint32_t selector;
    const char *name, *arguments; /* "address expected, address actual" */
} custom_error;

static const custom_error custom_errors[] = {
#define X(selector, name, arguments) {selector, name, arguments},
    CONTRACT_ERRORS(X)
#undef X
        {0x08c379a0u, "Error", "string reason"},
    {0x4e487b71u, "Panic", "uint256 code"}};

typedef struct rule {
    const char *prefix;
    int code;
} rule;

/* Which of our codes a custom error stands for, by the beginning of its name. */
static const rule rules[] = {{"InstanceHoldsNoTicket", DSTACK_P2P_ERR_NO_NFT},
                             {"InstanceIsBanned", DSTACK_P2P_ERR_BANNED},
                             {"RegistrationIsPaused", DSTACK_P2P_ERR_PAUSED},
                             {"AppNotAllowed", DSTACK_P2P_ERR_APP_NOT_ALLOWED},
                             {"KmsSignerMismatch", DSTACK_P2P_ERR_WRONG_KMS_ROOT},
                             {"InvalidUrl", DSTACK_P2P_ERR_URL_REFUSED},
                             {"Url", DSTACK_P2P_ERR_URL_REFUSED},
                             {"BaseDomainNotAllowed", DSTACK_P2P_ERR_URL_REFUSED},
                             {"OwnableUnauthorizedAccount", DSTACK_P2P_ERR_NOT_AUTHORISED},
                             {"NotTicketHolder", DSTACK_P2P_ERR_NOT_AUTHORISED},
                             {"ERC721InsufficientApproval", DSTACK_P2P_ERR_NOT_AUTHORISED},
                             {"ERC721InvalidApprover", DSTACK_P2P_ERR_NOT_AUTHORISED}};

static int code_of(const char *name)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strncmp(name, rules[i].prefix, strlen(rules[i].prefix)) == 0) return rules[i].code;
    return DSTACK_P2P_ERR_REVERTED;
}

static bool is_type(const char *type, size_t len, const char *prefix)
{
    return len >= strlen(prefix) && strncmp(type, prefix, strlen(prefix)) == 0;
}

static void put_integer(base_buf *out, const uint8_t *word)
{
    eth_abi abi = eth_abi_open(word, ETH_ABI_WORD);
    uint64_t value = eth_abi_u64(&abi);
    if (!abi.bad) {
        base_buf_printf(out, "%llu", (unsigned long long)value);
        return;
    }
    base_buf_puts(out, "0x");
    base_buf_hex(out, word, ETH_ABI_WORD);
}

static void put_fixed_bytes(base_buf *out, const uint8_t *word, const char *type, size_t len)
{
    size_t size = len == 6 ? (size_t)(type[5] - '0') : (size_t)((type[5] - '0') * 10 + type[6] - '0');
    base_buf_puts(out, "0x");
    base_buf_hex(out, word, size <= ETH_ABI_WORD ? size : ETH_ABI_WORD);
}

static void put_dynamic(base_buf *out, eth_abi *abi, bool is_text)
{
    size_t len;
    const uint8_t *data = eth_abi_bytes(abi, abi->len, &len);
    if (!is_text) {
        base_buf_puts(out, "0x");
        base_buf_hex(out, data, len > 128 ? 128 : len);
        return;
    }
    base_buf_puts(out, "'");
    for (size_t i = 0; i < len && i < 256; i++)
        base_buf_append(out, data[i] ? (const char *)&data[i] : "?", 1); /* a NUL would end the sentence */
    base_buf_puts(out, "'");
}

static void put_address(base_buf *out, eth_abi *abi)
{
    uint8_t address[20];
    char text[43];
    eth_abi_address(abi, address);
    eth_address_format(address, text);
    base_buf_puts(out, text);
}

/* One argument, "name value". */
static void put_argument(base_buf *out, eth_abi *abi, const char *type, size_t type_len, const char *name,
                         size_t name_len)
{
    base_buf_printf(out, "%.*s%s", (int)name_len, name, name_len ? " " : "");
    if (is_type(type, type_len, "address"))
        put_address(out, abi);
    else if (is_type(type, type_len, "uint"))
        put_integer(out, eth_abi_word(abi));
    else if (is_type(type, type_len, "bool"))
        base_buf_puts(out, eth_abi_bool(abi) ? "true" : "false");
    else if (is_type(type, type_len, "string"))
        put_dynamic(out, abi, true);
    else if (type_len == 5)
        put_dynamic(out, abi, false);
    else
        put_fixed_bytes(out, eth_abi_word(abi), type, type_len);
}

static void put_arguments(base_buf *out, eth_abi *abi, const char *arguments)
{
    while (*arguments) {
        size_t len = strcspn(arguments, ","), type_len = strcspn(arguments, " ,");
        const char *name = arguments + type_len;
        size_t name_len = len - type_len;
        if (name_len) name++, name_len--;
        put_argument(out, abi, arguments, type_len, name, name_len);
        arguments += len;
        arguments += strspn(arguments, ", ");
        if (*arguments) base_buf_puts(out, ", ");
    }
}

static int explain(const custom_error *known, const uint8_t *data, size_t len, base_error *error)
{
    base_buf text = base_buf_make(BASE_ERROR_TEXT);
    eth_abi abi = eth_abi_open(data + 4, len - 4);
    base_buf_puts(&text, "the contract refused: ");
    base_buf_puts(&text, known->name);
    if (known->arguments[0]) {
        base_buf_puts(&text, " (");
        put_arguments(&text, &abi, known->arguments);
        base_buf_puts(&text, ")");
    }
    int code = base_fail(error, code_of(known->name), "%s%s", text.data ? text.data : "",
                         abi.bad ? " (its values do not decode)" : "");
    base_buf_free(&text);
    return code;
}

/* The error that revert data begins with; NULL for an unknown one. */
static const custom_error *find(const uint8_t *data, size_t len)
{
    if (len < 4) return NULL;
    uint32_t selector =
        (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | (uint32_t)data[3];
    for (size_t i = 0; i < sizeof custom_errors / sizeof *custom_errors; i++)
        if (custom_errors[i].selector == selector) return &custom_errors[i];
    return NULL;
}

bool registry_revert_is_stale(const uint8_t *data, size_t len)
{
    const custom_error *known = find(data, len);
    return known &&
           (strcmp(known->name, "AnchorUnknown") == 0 || strcmp(known->name, "AnchorNotNewer") == 0 ||
            strcmp(known->name, "AppSignerMismatch") == 0);
}

int registry_explain_revert(const uint8_t *data, size_t len, base_error *error)
{
    char shown[2 * 36 + 1];
    const custom_error *known = find(data, len);
    if (known) return explain(known, data, len, error);
    if (len < 4)
        return base_fail(error, DSTACK_P2P_ERR_REVERTED,
                         "the contract refused the transaction without a reason");
    base_hex_encode(data, len > 36 ? 36 : len, shown);
    return base_fail(error, DSTACK_P2P_ERR_REVERTED, "the contract refused the transaction: 0x%s", shown);
}
