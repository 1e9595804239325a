/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include "unit.h"

static void test_wipe(void **state)
{
    uint8_t secret[40];
    (void)state;
    memset(secret, 0x5a, sizeof secret);
    base_wipe(secret + 4, 32);
    assert_hex(secret + 4, 32, "0000000000000000000000000000000000000000000000000000000000000000");
    assert_hex(secret, 4, "5a5a5a5a");
    assert_hex(secret + 36, 4, "5a5a5a5a");
    base_wipe(NULL, 0);
}

static void test_wipe_free(void **state)
{
    (void)state;
    base_wipe_free(unit_copy("secret", 7));
    base_wipe_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wipe),
        cmocka_unit_test(test_wipe_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
