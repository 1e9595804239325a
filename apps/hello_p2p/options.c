/* SPDX-License-Identifier: MIT */
#include "options.h"
#include "log.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage_text[] =
    "usage: hello_p2p CONTRACT [options]\n"
    "\n"
    "Registers this dstack instance in the membership contract, watches the cluster, greets each peer, and\n"
    "serves a page of the live cluster at /, and /hello, /info, /peers, /health, /events and /metrics.\n"
    "\n"
    "CONTRACT is the DstackMembershipNFT's address; without it CONTRACT_ADDRESS is used.\n"
    "\n"
    "      --port PORT              port to serve on (8080); 0 takes a free one\n"
    "      --listen ADDRESS         address to serve on (127.0.0.1); 0.0.0.0 or :: for all\n"
    "      --url URL                connection URL to publish (CONNECTION_URL; else with "
    "DSTACK_GATEWAY_DOMAIN\n"
    "                               https://<instance id>-PORT.DOMAIN; else http://localhost:PORT)\n"
    "      --rpc-url URL[,URL...]   Ethereum node (RPC_URL, else http://localhost:8545)\n"
    "      --chain-id ID            the chain to be on (CHAIN_ID, else any)\n"
    "      --guest ENDPOINT         guest agent: socket path or http://host:port "
    "(DSTACK_SIMULATOR_ENDPOINT,\n"
    "                               else the usual sockets)\n"
    "      --guest-wait SECONDS     how long to wait for the guest agent (300); 0 asks once\n"
    "      --private-key-file FILE  key that pays for gas (PRIVATE_KEY_FILE, PRIVATE_KEY, else the node's "
    "own)\n"
    "      --private-peers WHICH    allow or deny: greet peers at loopback, private and other special "
    "addresses\n"
    "                               (allow when the node's own URL holds such an address, else deny)\n"
    "      --poll-interval MS       how often to ask for changes (2000)\n"
    "      --retry SECONDS          at start, keep trying this long while the node or the agent is away (0)\n"
    "      --withdraw               withdraw from the cluster on SIGTERM or SIGINT; when that cannot be\n"
    "                               confirmed within two seconds it is said, and the exit status is not 0\n"
    "                               (53: sent, but not seen in a block)\n"
    "      --identity               print this instance's identity as JSON and end; needs no contract\n"
    "  -v, --verbose                log more\n"
    "  -h, --help                   this text\n"
    "      --version                version\n"
    "\n"
    "Exit status: 0 stopped by a signal; 1 stopped by a signal, but not in order within two seconds; 2 "
    "misuse;\n"
    "3 cannot listen on the port; otherwise why it could not register (or withdraw):\n";

static void print_help(void)
{
    fputs(usage_text, stdout);
#define ROW(name, value, sentence) printf("  %2d  %s\n", value, sentence);
    DSTACK_P2P_ERROR_MAP(ROW)
#undef ROW
}

static int misuse(void)
{
    fputs("Try 'hello_p2p --help'.\n", stderr);
    return EXIT_USAGE;
}

/* strtoull alone would take signs, white space and other bases. */
static bool number(const char *text, uint64_t max, uint64_t *out)
{
    char *end;
    if (*text < '0' || *text > '9') return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end || value > max) return false;
    *out = value;
    return true;
}

enum {
    O_PORT = 256,
    O_LISTEN,
    O_URL,
    O_RPC,
    O_CHAIN,
    O_GUEST,
    O_WAIT,
    O_KEY,
    O_PRIVATE,
    O_POLL,
    O_RETRY,
    O_WITHDRAW,
    O_IDENTITY,
    O_VERSION
};

static const struct option long_options[] = {
    {"port", required_argument, NULL, O_PORT},
    {"listen", required_argument, NULL, O_LISTEN},
    {"url", required_argument, NULL, O_URL},
    {"rpc-url", required_argument, NULL, O_RPC},
    {"chain-id", required_argument, NULL, O_CHAIN},
    {"guest", required_argument, NULL, O_GUEST},
    {"guest-wait", required_argument, NULL, O_WAIT},
    {"private-key-file", required_argument, NULL, O_KEY},
    {"private-peers", required_argument, NULL, O_PRIVATE},
    {"poll-interval", required_argument, NULL, O_POLL},
    {"retry", required_argument, NULL, O_RETRY},
    {"withdraw", no_argument, NULL, O_WITHDRAW},
    {"identity", no_argument, NULL, O_IDENTITY},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, O_VERSION},
    {NULL, 0, NULL, 0},
};

static const struct number_rule {
    int option;
    const char *name;
    uint64_t min, max;
} number_rules[] = {
    {O_PORT, "port", 0, UINT16_MAX},    {O_CHAIN, "chain-id", 1, UINT64_MAX},
    {O_WAIT, "guest-wait", 0, 86400},   {O_POLL, "poll-interval", 10, 3600000},
    {O_RETRY, "retry", 0, 365 * 86400},
};

static const struct number_rule *number_rule(int option)
{
    for (size_t i = 0; i < sizeof number_rules / sizeof *number_rules; i++) {
        if (number_rules[i].option == option) return &number_rules[i];
    }
    return NULL;
}

static int set_number(hello_options *out, const struct number_rule *rule, const char *text)
{
    uint64_t value = 0;
    if (!number(text, rule->max, &value) || value < rule->min) {
        log_fatal(0, "--%s takes a number from %" PRIu64 " to %" PRIu64 ", not '%s'", rule->name, rule->min,
                  rule->max, text);
        return misuse();
    }
    if (rule->option == O_PORT) out->port = (uint16_t)value;
    if (rule->option == O_CHAIN) out->sdk.chain_id = value;
    if (rule->option == O_WAIT) out->sdk.guest_wait_ms = value ? (uint32_t)value * 1000 : DSTACK_P2P_NO_WAIT;
    if (rule->option == O_POLL) out->sdk.poll_interval_ms = (uint32_t)value;
    if (rule->option == O_RETRY) out->retry_s = (uint32_t)value;
    return -1;
}

static int set_private_peers(hello_options *out, const char *text)
{
    if (!strcmp(text, "allow"))
        out->private_peers = PRIVATE_PEERS_ALLOW;
    else if (!strcmp(text, "deny"))
        out->private_peers = PRIVATE_PEERS_DENY;
    else
        log_fatal(0, "--private-peers takes 'allow' or 'deny', not '%s'", text);
    return out->private_peers == PRIVATE_PEERS_AUTO ? misuse() : -1;
}

static void set_flag(hello_options *out, int option)
{
    if (option == 'v') out->verbose = true;
    if (option == O_WITHDRAW) out->withdraw = true;
    if (option == O_IDENTITY) out->identity = true;
}

static int set_text(hello_options *out, int option, const char *text)
{
    if (option == O_PRIVATE) return set_private_peers(out, text);
    if (option == O_LISTEN) out->listen = text;
    if (option == O_URL) out->url = text;
    if (option == O_RPC) out->sdk.rpc_url = text;
    if (option == O_GUEST) out->sdk.guest_endpoint = text;
    if (option == O_KEY) out->sdk.private_key_file = text;
    return -1;
}

static int apply(hello_options *out, int option, const char *text)
{
    switch (option) {
    case 'h':
        print_help();
        return EXIT_SUCCESS;
    case O_VERSION:
        printf("hello_p2p %s (libdstack-p2p %s)\n", DSTACK_P2P_VERSION, dstack_p2p_version());
        return EXIT_SUCCESS;
    case '?':
        return misuse();
    default:
        break;
    }
    const struct number_rule *rule = number_rule(option);
    if (rule) return set_number(out, rule, text);
    if (text) return set_text(out, option, text);
    set_flag(out, option);
    return -1;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static int finish(hello_options *out, int argc, char **argv)
{
    if (argc - optind > 1) {
        log_fatal(0, "one contract address is expected, '%s' is left over", argv[optind + 1]);
        return misuse();
    }
    out->contract = optind < argc ? argv[optind] : environment("CONTRACT_ADDRESS");
    if (!out->contract && !out->identity) {
        log_fatal(0, "the contract address is missing: give it as argument or in CONTRACT_ADDRESS");
        return misuse();
    }
    if (!out->url) out->url = environment("CONNECTION_URL");
    out->gateway_domain = environment("DSTACK_GATEWAY_DOMAIN");
    out->sdk.log_level = out->verbose ? DSTACK_P2P_LOG_DEBUG : DSTACK_P2P_LOG_INFO;
    out->sdk.log = log_from_sdk;
    return -1;
}

int options_parse(hello_options *out, int argc, char **argv)
{
    *out = (hello_options){.port = 8080, .listen = "127.0.0.1"};
    int option;
    while ((option = getopt_long(argc, argv, "vh", long_options, NULL)) != -1) {
        int status = apply(out, option, optarg);
        if (status >= 0) return status;
    }
    return finish(out, argc, argv);
}
