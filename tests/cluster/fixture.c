/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* asprintf, vasprintf */
#include "fixture.h"

#include "base/hex.h"
#include "cluster/key_variable.h"
#include "eth/key.h"
#include "net/client.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* anvil's first account, which it signs for. */
#define OWNER "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

enum { PATIENCE_S = 30 };

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* ---- The toolchain, as contract.sh left it ---- */

static char *anvil_path, *creation_code, *filler_code;

/* The next line of a file, without its end; NULL when there is none. */
static char *next_line(FILE *file)
{
    char *line = NULL;
    size_t room = 0;
    if (getline(&line, &room, file) > 1) line[strcspn(line, "\n")] = '\0';
    return line && *line ? line : NULL;
}

bool world_is_possible(void)
{
    FILE *file = fopen(CONTRACT_FILE, "r");
    if (!file) {
        puts("SKIP: the EVM toolchain is not installed, or the contract is not compiled");
        return false;
    }
    anvil_path = next_line(file);
    creation_code = next_line(file);
    filler_code = next_line(file);
    fclose(file);
    return anvil_path && creation_code && filler_code;
}

const char *contract_code(void)
{
    return creation_code;
}

/* ---- anvil ---- */

/* It leaves the states of old blocks behind on the disk: in the world's folder they go with it. */
static void exec_anvil(const char *folder, const char *log, unsigned port, const char *file)
{
    char text[16], states[80];
    int out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    snprintf(text, sizeof text, "%u", port);
    snprintf(states, sizeof states, "%s/states", folder);
    dup2(out, 1);
    dup2(out, 2);
    execl(anvil_path, "anvil", "--host", "127.0.0.1", "--port", text, "--cache-path", states,
          file ? "--state" : NULL, file, (char *)NULL);
    _exit(127);
}

/* The port, as anvil itself says; 0 as long as it does not. */
static unsigned read_port(const char *log)
{
    char text[16384] = "";
    FILE *file = fopen(log, "r");
    if (!file) return 0;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    unsigned port = 0;
    const char *line = strstr(text, "Listening on 127.0.0.1:");
    if (line && strchr(line, '\n')) sscanf(line, "Listening on 127.0.0.1:%u", &port);
    return port;
}

void chain_start(world *it, unsigned port, const char *file)
{
    char log[80];
    int status;
    pid_t parent = getpid();
    snprintf(log, sizeof log, "%s/anvil.log", it->folder.path);
    remove(log);
    it->chain = (chain){.pid = fork()};
    assert_true(it->chain.pid >= 0);
    if (it->chain.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(126);
        exec_anvil(it->folder.path, log, port, file);
    }
    for (double end = sim_now() + PATIENCE_S; !it->chain.port; sleep_ms(10)) {
        if (waitpid(it->chain.pid, &status, WNOHANG) || sim_now() > end)
            fail_msg("anvil did not start: see %s", log);
        it->chain.port = read_port(log);
    }
    snprintf(it->chain.url, sizeof it->chain.url, "http://127.0.0.1:%u", it->chain.port);
}

void chain_stop(world *it)
{
    int status;
    if (!it->chain.pid) return;
    kill(it->chain.pid, SIGTERM);
    assert_int_equal(waitpid(it->chain.pid, &status, 0), it->chain.pid);
    it->chain.pid = 0;
}

void chain_freeze(const world *it)
{
    int status;
    kill(it->chain.pid, SIGSTOP);
    assert_int_equal(waitpid(it->chain.pid, &status, WUNTRACED), it->chain.pid);
    assert_true(WIFSTOPPED(status));
}

void chain_thaw(const world *it)
{
    kill(it->chain.pid, SIGCONT);
}

/* ---- JSON-RPC ---- */

static json_t *exchange(const world *it, const char *body, const char *method)
{
    char reason[256];
    net_reply reply;
    net_client_config config = {
        .url = it->chain.url, .connect_ms = 5000, .total_ms = 30000, .max_body = 1 << 24, .cancel_fd = -1};
    net_client *client = net_client_new(&config);
    assert_non_null(client);
    net_result result = net_client_post(client, "", body, strlen(body), &reply, reason, sizeof reason);
    json_t *root = result ? NULL : json_loadb(reply.body.data, reply.body.len, 0, NULL);
    base_buf_free(&reply.body);
    net_client_free(client);
    json_t *value = json_incref(json_object_get(root, "result"));
    if (!value) {
        char *text = root ? json_dumps(root, 0) : NULL;
        print_error("%s: %s\n", method, text ? text : reason);
        free(text);
    }
    json_decref(root);
    assert_non_null(value);
    return value;
}

__attribute__((format(printf, 3, 0))) static json_t *ask_with(const world *it, const char *method,
                                                              const char *params, va_list args)
{
    char *list, *body;
    assert_true(vasprintf(&list, params, args) >= 0);
    assert_true(
        asprintf(&body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method, list) >= 0);
    json_t *result = exchange(it, body, method);
    free(list);
    free(body);
    return result;
}

json_t *chain_ask(const world *it, const char *method, const char *params, ...)
{
    va_list args;
    va_start(args, params);
    json_t *result = ask_with(it, method, params, args);
    va_end(args);
    return result;
}

uint64_t chain_number(const world *it, const char *method, const char *params, ...)
{
    va_list args;
    va_start(args, params);
    json_t *result = ask_with(it, method, params, args);
    va_end(args);
    assert_true(json_is_string(result));
    uint64_t value = strtoull(json_string_value(result), NULL, 16);
    json_decref(result);
    return value;
}

void chain_tell(const world *it, const char *method, const char *params, ...)
{
    va_list args;
    va_start(args, params);
    json_decref(ask_with(it, method, params, args));
    va_end(args);
}

uint64_t chain_nonce(const world *it, const char *address)
{
    return chain_number(it, "eth_getTransactionCount", "[\"%s\",\"latest\"]", address);
}

static uint64_t number_of(const json_t *object, const char *name)
{
    return strtoull(unit_text(object, name), NULL, 16);
}

uint64_t chain_last_receipt(const world *it, const char *name)
{
    json_t *block = chain_ask(it, "eth_getBlockByNumber", "[\"latest\",false]");
    json_t *hashes = json_object_get(block, "transactions");
    assert_int_equal(json_array_size(hashes), 1);
    json_t *receipt =
        chain_ask(it, "eth_getTransactionReceipt", "[\"%s\"]", json_string_value(json_array_get(hashes, 0)));
    uint64_t value = number_of(receipt, name);
    json_decref(receipt);
    json_decref(block);
    return value;
}

void chain_set_gas_limit(const world *it, uint64_t gas)
{
    chain_tell(it, "evm_setBlockGasLimit", "[\"0x%llx\"]", (unsigned long long)gas);
}

void chain_advance(const world *it, unsigned seconds)
{
    chain_tell(it, "evm_increaseTime", "[%u]", seconds);
    chain_tell(it, "evm_mine", "[]");
}

/* ---- The contract and its owner ---- */

static json_t *await_success(const world *it, json_t *hash)
{
    json_t *receipt = json_null();
    for (double end = sim_now() + PATIENCE_S; json_is_null(receipt); sleep_ms(5)) {
        assert_true(sim_now() < end);
        receipt = chain_ask(it, "eth_getTransactionReceipt", "[\"%s\"]", json_string_value(hash));
    }
    json_decref(hash);
    assert_int_equal(number_of(receipt, "status"), 1);
    return receipt;
}

int world_deploy(void **state)
{
    world *it = *state;
    json_t *hash = chain_ask(
        it, "eth_sendTransaction",
        "[{\"from\":\"" OWNER "\",\"data\":\"0x%s000000000000000000000000" KMS_ROOT "\"}]", creation_code);
    json_t *receipt = await_success(it, hash);
    unit_hex(unit_text(receipt, "contractAddress"), it->contract20, 20);
    eth_address_format(it->contract20, it->contract);
    json_decref(receipt);
    uint8_t app[20];
    unit_hex(APP_ID, app, 20);
    owner_calls(it, CONTRACT_SEL_ALLOW_APP, &(eth_abi_arg){.address20 = app}, 1);
    return 0;
}

static json_t *owner_sends(const world *it, const char *fees, const char *hex)
{
    return chain_ask(it, "eth_sendTransaction", "[{\"from\":\"" OWNER "\",\"to\":\"%s\",\"data\":\"%s\"%s}]",
                     it->contract, hex, fees);
}

static json_t *owner_submits(const world *it, const char *fees, uint32_t selector, const eth_abi_arg *args,
                             size_t count)
{
    base_buf data = base_buf_make(4096), text = base_buf_make(8192);
    eth_abi_encode_call(&data, selector, args, count);
    base_buf_puts(&text, "0x");
    base_buf_hex(&text, data.data, data.len);
    assert_false(base_buf_failed(&data) || base_buf_failed(&text));
    json_t *hash = owner_sends(it, fees, text.data);
    base_buf_free(&data);
    base_buf_free(&text);
    return hash;
}

void owner_calls(const world *it, uint32_t selector, const eth_abi_arg *args, size_t count)
{
    json_decref(await_success(it, owner_submits(it, "", selector, args, count)));
}

void owner_calls_data(const world *it, const char *hex)
{
    json_decref(await_success(it, owner_sends(it, "", hex)));
}

void owner_sets(const world *it, uint32_t selector, uint64_t value)
{
    owner_calls(it, selector, &(eth_abi_arg){.value = value}, 1);
}

void owner_names(const world *it, uint32_t selector, const char *text)
{
    owner_calls(it, selector, &(eth_abi_arg){.data = text, .len = strlen(text)}, 1);
}

static const char best_fees[] = ",\"gas\":\"0x4c4b40\",\"maxPriorityFeePerGas\":\"0x174876e800\","
                                "\"maxFeePerGas\":\"0x2e90edd000\"";

void owner_queues(const world *it, uint32_t selector, const char *text)
{
    json_decref(owner_submits(it, best_fees, selector, &(eth_abi_arg){.data = text, .len = strlen(text)}, 1));
}

void owner_queues_data(const world *it, const char *hex)
{
    json_decref(owner_sends(it, best_fees, hex));
}

static json_t *swap_code(const world *it, const char *code)
{
    json_t *before = chain_ask(it, "eth_getCode", "[\"%s\",\"latest\"]", it->contract);
    chain_tell(it, "anvil_setCode", "[\"%s\",\"%s\"]", it->contract, code);
    return before;
}

void fill(const world *it, uint64_t first, uint64_t count)
{
    enum { STEP = 2500, FILL = 0x3c29fc43 };
    static const char gas[] = ",\"gas\":\"0x3b9aca00\"";
    owner_names(it, CONTRACT_SEL_ADD_BASE_DOMAIN, "dstack-pha-prod7.phala.network");
    json_t *code = swap_code(it, filler_code);
    chain_set_gas_limit(it, UINT64_C(1) << 32);
    for (uint64_t done = 0, step; done < count; done += step) {
        step = count - done < STEP ? count - done : STEP;
        const eth_abi_arg args[] = {{.value = first + done}, {.value = step}};
        json_decref(await_success(it, owner_submits(it, gas, FILL, args, 2)));
    }
    chain_set_gas_limit(it, CHAIN_GAS_LIMIT);
    json_decref(swap_code(it, json_string_value(code)));
    json_decref(code);
}

void admit(const world *it, const char *instance_id)
{
    uint8_t holder[20];
    unit_hex(OWNER, holder, 20);
    const eth_abi_arg args[] = {{.address20 = holder}, {.data = instance_id, .len = 40}};
    owner_calls(it, CONTRACT_SEL_MINT_NODE_ACCESS, args, 2);
}

void fund(const world *it, const char *address)
{
    chain_tell(it, "anvil_setBalance", "[\"%s\",\"0x8ac7230489e80000\"]", address);
}

/* ---- The world ---- */

int world_setup(void **state)
{
    static world it;
    static const char *const variables[] = {"CONTRACT_ADDRESS",
                                            "CONNECTION_URL",
                                            "RPC_URL",
                                            "CHAIN_ID",
                                            "PRIVATE_KEY_FILE",
                                            "PRIVATE_KEY",
                                            "DSTACK_SIMULATOR_ENDPOINT",
                                            "DSTACK_P2P_STATE_DIR",
                                            "DSTACK_P2P_CACHE_FILE"};
    for (size_t i = 0; i < COUNT(variables); i++)
        unsetenv(variables[i]);
    cluster_key_variable_forget();
    it.folder = sim_folder_make();
    it.simulator = sim_start(it.folder.path, "--listen", "127.0.0.1:0", NULL);
    chain_start(&it, 0, NULL);
    *state = &it;
    return 0;
}

int world_teardown(void **state)
{
    world *it = *state;
    chain_stop(it);
    sim_stop_clean(&it->simulator);
    sim_folder_remove(&it->folder);
    return 0;
}

/* ---- Nodes ---- */

void node_defaults(const world *it, const char *name, node_options *node)
{
    memset(node, 0, sizeof *node);
    snprintf(node->endpoint, sizeof node->endpoint, "%s%s%s", it->simulator.url, *name ? "/i/" : "", name);
    node->options.rpc_url = it->chain.url;
    node->options.guest_endpoint = node->endpoint;
    node->options.guest_wait_ms = DSTACK_P2P_NO_WAIT;
    node->options.poll_interval_ms = 20;
    snprintf(node->state_dir, sizeof node->state_dir, "%s/state", it->folder.path);
    node->options.state_dir = node->state_dir;
    node->options.keep = DSTACK_P2P_KEEP_OFF;
}

dstack_p2p *node_new(const world *it, const char *name, const char *url)
{
    node_options node;
    node_defaults(it, name, &node);
    dstack_p2p *sdk = dstack_p2p_new_with_options(it->contract, url, &node.options);
    assert_non_null(sdk);
    expect_code(sdk, DSTACK_P2P_OK, "");
    return sdk;
}

dstack_p2p *node_admitted(const world *it, const char *name, const char *url)
{
    dstack_p2p *sdk = node_new(it, name, url);
    const char *id = dstack_p2p_instance_id(sdk);
    expect_code(sdk, DSTACK_P2P_OK, "");
    admit(it, id);
    fund(it, dstack_p2p_instance_address(sdk));
    return sdk;
}

void fixture_expect_code(const dstack_p2p *sdk, int code, const char *part, const char *file, int line)
{
    if (dstack_p2p_errcode(sdk) == code && strstr(dstack_p2p_errmsg(sdk), part)) return;
    print_error("expected %s with '%s', got %s: '%s'\n", dstack_p2p_code_name(code), part,
                dstack_p2p_code_name(dstack_p2p_errcode(sdk)), dstack_p2p_errmsg(sdk));
    _fail(file, line);
}

void fixture_expect_call(const dstack_p2p *sdk, int code, const char *file, int line)
{
    if (code != dstack_p2p_errcode(sdk)) print_error("returned %d\n", code);
    fixture_expect_code(sdk, DSTACK_P2P_OK, "", file, line);
    _assert_true(code == DSTACK_P2P_OK, "code == DSTACK_P2P_OK", file, line);
}

dstack_p2p_peers *fixture_peers(dstack_p2p *sdk, const char *file, int line)
{
    dstack_p2p_peers *peers = dstack_p2p_get_peers(sdk);
    fixture_expect_code(sdk, DSTACK_P2P_OK, "", file, line);
    _assert_true(peers != NULL, "peers", file, line);
    return peers;
}
