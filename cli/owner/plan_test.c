/* SPDX-License-Identifier: MIT */
#include "cli/owner/plan.h"

#include "cli/commands.h"
#include "cli/owner/contract_code.h"
#include "cli/parse.h"
#include "registry/contract_abi.h"
#include "unit.h"

#define ROOT "0x1000000000000000000000000000000000000001"

static cli_run run;

/* The plan of a command line; its status. */
static int plan_of(owner_plan *plan, const char *const *options)
{
    static char words[12][512];
    char *argv[COUNT(words) + 1] = {NULL};
    int argc = 0;
    for (strcpy(words[argc++], "deploy"); *options; options++)
        snprintf(words[argc++], sizeof words[0], "%s", *options);
    for (int i = 0; i < argc; i++)
        argv[i] = words[i];
    assert_int_equal(cli_parse(&run, &command_deploy, argc, argv), CLI_GO);
    return owner_plan_read(&run, plan);
}

#define PLAN(plan, ...) plan_of(plan, (const char *const[]){__VA_ARGS__, NULL})

static void test_development(void **state)
{
    owner_plan plan;
    (void)state;
    assert_int_equal(PLAN(&plan, "--json"), 0);
    assert_false(plan.production || plan.binds_urls || plan.ends_dev_mode);
    assert_int_equal(plan.lease_seconds, 0);
    assert_int_equal(owner_plan_renewals(&plan), 0);
    assert_null(plan.kms_root.text);
    owner_plan_free(&plan);
}

static void test_production(void **state)
{
    owner_plan plan;
    (void)state;
    assert_int_equal(PLAN(&plan, "--production", "--base-domains", "a.example, b.example"), 0);
    assert_true(plan.production && plan.binds_urls && plan.ends_dev_mode);
    assert_int_equal(plan.lease_seconds, 86400);
    assert_int_equal(owner_plan_renewals(&plan), 46720000); /* as the script reports */
    assert_int_equal(plan.domain_count, 2);
    assert_string_equal(plan.domains[1].text, "b.example");
    owner_plan_free(&plan);
    assert_int_equal(
        PLAN(&plan, "--production", "--base-domains", "a.example", "--lease", "12h", "--bound-urls", "off"),
        0);
    assert_false(plan.binds_urls);
    assert_int_equal(plan.lease_seconds, 43200);
    owner_plan_free(&plan);
}

static void test_misuse(void **state)
{
    static const char *const bad[][4] = {{"--production"},
                                         {"--base-domains", "a.example,a.example"},
                                         {"--base-domains", "a.example,,b.example"},
                                         {"--base-domains", ","},
                                         {"--base-domains", "a.example,"},
                                         {"--base-domains", "A.example"},
                                         {"--kms-root", "0x0000000000000000000000000000000000000000"},
                                         {"--kms-root", "root"},
                                         {"--app-id", "0x0000000000000000000000000000000000000000"},
                                         {"--lease", "500ms"},
                                         {"--bound-urls", "maybe"}};
    owner_plan plan;
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (plan_of(&plan, bad[i]) != CLI_USAGE) fail_msg("%s %s was taken", bad[i][0], bad[i][1]);
        owner_plan_free(&plan);
    }
}

static void test_number_of_domains(void **state)
{
    char list[512] = "";
    owner_plan plan;
    (void)state;
    for (int i = 0; i < OWNER_DOMAINS_MAX; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%sd%d.example", i ? "," : "", i);
    assert_int_equal(PLAN(&plan, "--base-domains", list), 0);
    assert_int_equal(plan.domain_count, OWNER_DOMAINS_MAX);
    owner_plan_free(&plan);
    strcat(list, ",one.more");
    assert_int_equal(PLAN(&plan, "--base-domains", list), CLI_USAGE);
    owner_plan_free(&plan);
}

static void expect_production(const char *value, int status, bool production)
{
    owner_plan plan;
    setenv("PRODUCTION", value, 1);
    assert_int_equal(PLAN(&plan, "--base-domains", "a.example"), status);
    if (!status) assert_int_equal(plan.production, production);
    owner_plan_free(&plan);
    unsetenv("PRODUCTION");
}

static void test_production_variable(void **state)
{
    (void)state;
    expect_production("true", 0, true);
    expect_production("1", 0, true);
    expect_production("false", 0, false);
    expect_production("0", 0, false);
    expect_production("", 0, false);
    expect_production("yes", CLI_USAGE, false);
}

/* ---- The transactions ---- */

static void expect_selector(const cluster_order *order, uint32_t selector)
{
    const uint8_t *data = (const uint8_t *)order->data->data;
    assert_int_equal((uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3],
                     selector);
}

static void test_whole_deployment(void **state)
{
    static const owner_progress created = {.dev_mode = true};
    static const uint8_t contract20[20] = {1};
    owner_plan plan;
    (void)state;
    assert_int_equal(PLAN(&plan, "--production", "--base-domains", "a.example,b.example", "--kms-root", ROOT,
                          "--app-id", "5bb4ff9a3837357f19dc176407a5709c62eb6c56"),
                     0);
    owner_orders *orders = owner_orders_new(&run);
    owner_plan_create(&plan, orders);
    owner_plan_settle(&plan, contract20, &created, true, orders);
    assert_int_equal(orders->count, 7);
    assert_true(orders->orders[0].creates);
    assert_int_equal(orders->data[0].len, contract_code_size + 32);
    assert_hex(orders->data[0].data + contract_code_size, 32,
               "0000000000000000000000001000000000000000000000000000000000000001");
    static const uint32_t selectors[] = {CONTRACT_SEL_ALLOW_APP,       CONTRACT_SEL_ADD_BASE_DOMAIN,
                                         CONTRACT_SEL_ADD_BASE_DOMAIN, CONTRACT_SEL_SET_INSTANCE_BOUND_URLS,
                                         CONTRACT_SEL_SET_DEV_MODE,    CONTRACT_SEL_SET_LEASE_DURATION};
    for (size_t i = 0; i < COUNT(selectors); i++) {
        expect_selector(&orders->orders[1 + i], selectors[i]);
        assert_memory_equal(orders->orders[1 + i].to20, contract20, 20);
        assert_true(orders->orders[1 + i].gas > 21000);
    }
    owner_orders_free(orders);
    owner_plan_free(&plan);
}

static void test_only_what_is_missing(void **state)
{
    static const owner_progress half = {.app_allowed = true,
                                        .domains_allowed = {true, false},
                                        .bound_urls = true,
                                        .dev_mode = true,
                                        .lease_seconds = 86400};
    static const owner_progress whole = {
        .app_allowed = true, .domains_allowed = {true, true}, .bound_urls = true, .lease_seconds = 86400};
    static const uint8_t contract20[20] = {1};
    owner_plan plan;
    (void)state;
    assert_int_equal(PLAN(&plan, "--production", "--base-domains", "a.example,b.example", "--kms-root", ROOT,
                          "--app-id", "5bb4ff9a3837357f19dc176407a5709c62eb6c56"),
                     0);
    owner_orders *orders = owner_orders_new(&run);
    owner_plan_settle(&plan, contract20, &half, false, orders);
    assert_int_equal(orders->count, 2);
    expect_selector(&orders->orders[0], CONTRACT_SEL_ADD_BASE_DOMAIN);
    assert_string_equal(orders->orders[0].what, "addBaseDomain(b.example)");
    expect_selector(&orders->orders[1], CONTRACT_SEL_SET_DEV_MODE);
    assert_int_equal(orders->orders[0].gas, 0);
    owner_orders_free(orders);
    orders = owner_orders_new(&run);
    owner_plan_settle(&plan, contract20, &whole, false, orders);
    assert_int_equal(orders->count, 0);
    owner_orders_free(orders);
    owner_plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_development),
                                       cmocka_unit_test(test_production),
                                       cmocka_unit_test(test_misuse),
                                       cmocka_unit_test(test_number_of_domains),
                                       cmocka_unit_test(test_production_variable),
                                       cmocka_unit_test(test_whole_deployment),
                                       cmocka_unit_test(test_only_what_is_missing)};
    unsetenv("PRODUCTION");
    unsetenv("KMS_ROOT_ADDRESS");
    unsetenv("APP_ID");
    unsetenv("BASE_DOMAINS");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
