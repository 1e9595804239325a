/* SPDX-License-Identifier: MIT */

/* A guest agent that is not there, refuses, lies or babbles: the node is not even asked. */

#include "bad_input/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ASSERT_GUEST(w, code, ...)                                                                           \
    do {                                                                                                     \
        ASSERT_REFUSED(w, URL, code, __VA_ARGS__);                                                           \
        assert_int_equal(fake_server_count(fake_node_server((w)->node)), 0);                                 \
    } while (0)

static void socket_missing(void **state)
{
    world *w = *state;
    w->options.guest_endpoint = "/nonexistent/dstack.sock";
    ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_UNREACHABLE, "/nonexistent/dstack.sock", "dstack-simulator",
                 "DSTACK_SIMULATOR_ENDPOINT");
    assert_null(dstack_p2p_instance_id(w->sdk));
    assert_failed(w->sdk, DSTACK_P2P_ERR_GUEST_UNREACHABLE, "/nonexistent/dstack.sock", NULL);
}

/* The file is there and nobody listens: what an agent that crashed leaves behind. */
static void socket_refuses(void **state)
{
    world *w = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char dir[] = "/tmp/bad-guest-XXXXXX";
    assert_non_null(mkdtemp(dir));
    strcat(strcpy(address.sun_path, dir), "/dstack.sock");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    w->options.guest_endpoint = address.sun_path;
    ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_UNREACHABLE, address.sun_path);
    fake_remove_dir(dir);
}

static void port_refuses(void **state)
{
    world *w = *state;
    char url[64];
    int fd = fake_refused_port(url);
    w->options.guest_endpoint = url;
    ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_UNREACHABLE, url, "dstack-simulator");
    close(fd);
}

static void waits_no_longer_than_told(void **state)
{
    world *w = *state;
    w->options.guest_endpoint = "/nonexistent/dstack.sock";
    w->options.guest_wait_ms = 300;
    uint64_t start = now_ms();
    ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_UNREACHABLE, "/nonexistent/dstack.sock");
    assert_in_range(now_ms() - start, 290, 3000);
    assert_logged(w, "waiting for the guest agent");
}

/* Answers that are wrong for Info and for GetKey alike. */
static const struct {
    guest_fault fault;
    int code;
    const char *words[2];
} faults[] = {
    {GUEST_400, DSTACK_P2P_ERR_GUEST_REFUSED, {"the path is too long", "HTTP 400"}},
    {GUEST_500_EMPTY, DSTACK_P2P_ERR_GUEST_REFUSED, {"no reason given", "HTTP 500"}},
    {GUEST_HALF, DSTACK_P2P_ERR_GUEST_ANSWER, {"is not whole", "agent.sock"}},
    {GUEST_CLOSES, DSTACK_P2P_ERR_GUEST_ANSWER, {"is not whole", "agent.sock"}},
    {GUEST_NO_STATUS_LINE, DSTACK_P2P_ERR_GUEST_ANSWER, {"is not whole", "agent.sock"}},
    {GUEST_HTML, DSTACK_P2P_ERR_GUEST_ANSWER, {"not a JSON object", ""}},
    {GUEST_BROKEN_JSON, DSTACK_P2P_ERR_GUEST_ANSWER, {"not a JSON object", ""}},
    {GUEST_JSON_ARRAY, DSTACK_P2P_ERR_GUEST_ANSWER, {"not a JSON object", ""}},
    {GUEST_EMPTY, DSTACK_P2P_ERR_GUEST_ANSWER, {"not a JSON object", ""}},
    {GUEST_HUGE, DSTACK_P2P_ERR_GUEST_ANSWER, {"larger than 1024 KiB", "agent.sock"}},
};

enum { FAULTS = sizeof faults / sizeof *faults };

static void info_goes_wrong(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < FAULTS; i++) {
        fake_guest_set(w->guest)->info = faults[i].fault;
        ASSERT_GUEST(w, faults[i].code, faults[i].words[0], faults[i].words[1]);
    }
}

static void get_key_goes_wrong(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < FAULTS; i++) {
        if (faults[i].fault == GUEST_HTML || faults[i].fault == GUEST_JSON_ARRAY) continue; /* see below */
        fake_guest_set(w->guest)->key = faults[i].fault;
        ASSERT_GUEST(w, faults[i].code, faults[i].words[0], faults[i].words[1]);
    }
}

/* The same at the second GetKey, the one that signs the statement: the node was asked, nothing is sent. */
static void signing_goes_wrong(void **state)
{
    world *w = *state;
    for (size_t i = 0; i < FAULTS; i++) {
        *fake_guest_set(w->guest) = (fake_guest_state){0};
        fake_guest_stop(w->guest);
        w->guest = fake_guest_start(false);
        w->options.guest_endpoint = fake_server_endpoint(fake_guest_server(w->guest));
        fake_guest_set(w->guest)->key = faults[i].fault;
        fake_guest_set(w->guest)->key_after = 1;
        ASSERT_REFUSED(w, URL, faults[i].code, faults[i].words[0], faults[i].words[1]);
    }
}

static void huge_answer_costs_no_memory(void **state)
{
    world *w = *state;
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    fake_guest_set(w->guest)->info = GUEST_HUGE;
    ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_ANSWER, "1024 KiB");
    getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_maxrss - before.ru_maxrss < 20 * 1024);
    assert_true(fake_server_streamed(fake_guest_server(w->guest)) < 20 * 1000 * 1000);
}

static void instance_id_empty(void **state)
{
    world *w = *state;
    fake_guest_set(w->guest)->instance_id = "";
    ASSERT_GUEST(w, DSTACK_P2P_ERR_NO_INSTANCE_ID, "no instance id", "no_instance_id");
}

static void ids_malformed(void **state)
{
    static const char *const ids[] = {NULL,
                                      "1691ed1b47506cad7d08834668691d88246f5b1",
                                      "0x1691ed1b",
                                      "1691ed1b47506cad7d08834668691d88246f5b1g",
                                      "1691ed1b47506cad7d08834668691d88246f5b1f00",
                                      "0000000000000000000000000000000000000000"};
    world *w = *state;
    fake_guest_state *guest = fake_guest_set(w->guest);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        guest->instance_id = ids[i];
        ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_ANSWER, "instance_id is not 40 hex digits");
    }
    guest->instance_id = FAKE_INSTANCE_ID;
    for (size_t i = 0; i < sizeof ids / sizeof *ids - 1; i++) {
        guest->app_id = ids[i];
        ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_ANSWER, "app_id is not 40 hex digits");
    }
    guest->app_id = "";
    ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_ANSWER, "app_id is not 40 hex digits");
    fake_guest_set(w->guest)->info = GUEST_EMPTY_OBJECT;
    ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_ANSWER, "instance_id");
}

/* The contract takes lower case only, so that is what the SDK makes of it. */
static void ids_in_upper_case_are_taken(void **state)
{
    world *w = *state;
    fake_guest_set(w->guest)->instance_id = "1691ED1B47506CAD7D08834668691D88246F5B1F";
    fake_guest_set(w->guest)->app_id = "5BB4FF9A3837357F19DC176407A5709C62EB6C56";
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_string_equal(dstack_p2p_instance_id(w->sdk), FAKE_INSTANCE_ID);
    assert_string_equal(dstack_p2p_app_id(w->sdk), FAKE_APP_ID);
}

static void kms_signature_missing(void **state)
{
    world *w = *state;
    fake_guest_set(w->guest)->kms_signature = "";
    ASSERT_GUEST(w, DSTACK_P2P_ERR_NO_KMS_SIGNATURE, "no KMS signature", "local key provider");
    fake_guest_set(w->guest)->kms_signature = NULL;
    ASSERT_GUEST(w, DSTACK_P2P_ERR_NO_KMS_SIGNATURE, "no KMS signature", "local key provider");
}

static void kms_signature_garbage(void **state)
{
    char ones[131];
    world *w = *state;
    memset(ones, 'f', sizeof ones - 1);
    ones[sizeof ones - 1] = '\0';
    fake_guest_set(w->guest)->kms_signature = ones;
    ASSERT_GUEST(w, DSTACK_P2P_ERR_KEY_CHAIN, "key chain is broken", "KMS signature");
    ones[128] = '\0';
    ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_ANSWER, "signature_chain[1]", "65 bytes");
    fake_guest_set(w->guest)->kms_signature = "zz";
    ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_ANSWER, "signature_chain[1]", "65 bytes");
}

static void app_signature_garbage(void **state)
{
    world *w = *state;
    fake_guest_set(w->guest)->key = GUEST_GARBAGE_SIGNATURE;
    ASSERT_GUEST(w, DSTACK_P2P_ERR_KEY_CHAIN, "key chain is broken", "app key's signature");
    fake_guest_set(w->guest)->key = GUEST_SHORT_SIGNATURE;
    ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_ANSWER, "signature_chain[0]", "65 bytes");
    fake_guest_set(w->guest)->key = GUEST_NO_CHAIN;
    ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_ANSWER, "signature_chain[0]", "65 bytes");
}

/* A signature, but another key's: what it certifies was never issued by the contract's KMS. */
static void app_signature_by_another_key(void **state)
{
    world *w = *state;
    fake_guest_set(w->guest)->key = GUEST_OTHER_SIGNER;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_WRONG_KMS_ROOT, FAKE_KMS_ROOT);
}

static void statement_signed_by_another_key(void **state)
{
    world *w = *state;
    fake_guest_set(w->guest)->key = GUEST_OTHER_SIGNER;
    fake_guest_set(w->guest)->key_after = 1;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_KEY_CHAIN, "key chain is broken", "registration statement");
}

static void statement_signed_with_garbage(void **state)
{
    world *w = *state;
    fake_guest_set(w->guest)->key = GUEST_GARBAGE_SIGNATURE;
    fake_guest_set(w->guest)->key_after = 1;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_KEY_CHAIN, "key chain is broken", "registration statement");
}

static void another_derived_key_at_the_second_call(void **state)
{
    world *w = *state;
    fake_guest_set(w->guest)->key = GUEST_OTHER_KEY;
    fake_guest_set(w->guest)->key_after = 1;
    ASSERT_REFUSED(w, URL, DSTACK_P2P_ERR_KEY_CHAIN, "another derived key", "same path");
}

static void derived_key_invalid(void **state)
{
    world *w = *state;
    fake_guest_set(w->guest)->key = GUEST_ZERO_KEY;
    ASSERT_GUEST(w, DSTACK_P2P_ERR_KEY_CHAIN, "derived key is not a secp256k1 private key");
    fake_guest_set(w->guest)->key = GUEST_EMPTY_OBJECT;
    ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_ANSWER, "GetKey", "64 hex digits");
    fake_guest_set(w->guest)->key = GUEST_HTML;
    ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_ANSWER, "GetKey");
    fake_guest_set(w->guest)->key = GUEST_JSON_ARRAY;
    ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_ANSWER, "GetKey");
}

typedef struct late_socket {
    const char *real;
    char dir[32], path[64];
} late_socket;

static void *appear(void *context)
{
    late_socket *late = context;
    sleep_ms(250);
    assert_int_equal(symlink(late->real, late->path), 0);
    return NULL;
}

/* The agent comes up while the SDK waits for it. */
static void agent_that_comes_late(void **state)
{
    world *w = *state;
    pthread_t thread;
    late_socket late = {.real = w->options.guest_endpoint, .dir = "/tmp/bad-guest-XXXXXX"};
    assert_non_null(mkdtemp(late.dir));
    snprintf(late.path, sizeof late.path, "%s/dstack.sock", late.dir);
    w->options.guest_endpoint = late.path;
    w->options.guest_wait_ms = 20000;
    world_open(w, FAKE_CONTRACT, URL);
    assert_int_equal(pthread_create(&thread, NULL, appear, &late), 0);
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    pthread_join(thread, NULL);
    assert_logged(w, "waiting for the guest agent");
    fake_remove_dir(late.dir);
}

static void agent_over_tcp(void **state)
{
    world *w = *state;
    fake_guest_stop(w->guest);
    w->guest = fake_guest_start(true);
    w->options.guest_endpoint = fake_server_endpoint(fake_guest_server(w->guest));
    world_open(w, FAKE_CONTRACT, URL);
    assert_string_equal(dstack_p2p_instance_id(w->sdk), FAKE_INSTANCE_ID);
    assert_string_equal(dstack_p2p_instance_address(w->sdk), FAKE_INSTANCE_ADDRESS);
    fake_guest_set(w->guest)->key = GUEST_400;
    ASSERT_CODE(w, dstack_p2p_register(w->sdk), DSTACK_P2P_ERR_GUEST_REFUSED, "HTTP 400");
    assert_sends(w, 0);
}

/* A failure is not remembered: the next call finds the agent well. */
static void agent_that_recovers(void **state)
{
    world *w = *state;
    fake_guest_set(w->guest)->info = GUEST_HALF;
    ASSERT_GUEST(w, DSTACK_P2P_ERR_GUEST_ANSWER, "not whole");
    fake_guest_set(w->guest)->info = GUEST_HEALTHY;
    assert_int_equal(dstack_p2p_register(w->sdk), DSTACK_P2P_OK);
    assert_string_equal(dstack_p2p_errmsg(w->sdk), "");
}

/* Reading needs no agent. */
static void peers_are_read_without_an_agent(void **state)
{
    world *w = *state;
    w->options.guest_endpoint = "/nonexistent/dstack.sock";
    world_open(w, FAKE_CONTRACT, NULL);
    dstack_p2p_peers *peers = dstack_p2p_get_peers(w->sdk);
    assert_non_null(peers);
    dstack_p2p_peers_free(peers);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_unmake)
    const struct CMUnitTest tests[] = {TEST(huge_answer_costs_no_memory),
                                       TEST(socket_missing),
                                       TEST(socket_refuses),
                                       TEST(port_refuses),
                                       TEST(waits_no_longer_than_told),
                                       TEST(info_goes_wrong),
                                       TEST(get_key_goes_wrong),
                                       TEST(signing_goes_wrong),
                                       TEST(instance_id_empty),
                                       TEST(ids_malformed),
                                       TEST(ids_in_upper_case_are_taken),
                                       TEST(kms_signature_missing),
                                       TEST(kms_signature_garbage),
                                       TEST(app_signature_garbage),
                                       TEST(app_signature_by_another_key),
                                       TEST(statement_signed_by_another_key),
                                       TEST(statement_signed_with_garbage),
                                       TEST(another_derived_key_at_the_second_call),
                                       TEST(derived_key_invalid),
                                       TEST(agent_that_comes_late),
                                       TEST(agent_over_tcp),
                                       TEST(agent_that_recovers),
                                       TEST(peers_are_read_without_an_agent)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
