/* SPDX-License-Identifier: MIT */
#include "cluster/order.h"

#include "unit.h"

/* Made with cast compute-address; the first two are the best known ones. */
static void test_created_addresses(void **state)
{
    static const struct {
        uint64_t nonce;
        const char *address;
    } cases[] = {{0, "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"},
                 {1, "343c43a37d37dff08ae8c4a11544c718abb4fcf8"},
                 {127, "06d9a77f5e4b311bae8d559db9cdb4df94104aa0"},
                 {128, "08e190dcb7b73f5fcdabb43e102215c83659a76d"},
                 {255, "3ef7c1a519e4b4431e317d7839340e3139b03c65"},
                 {256, "3837c1ae70354f670550c746580199ac6a73cb0a"},
                 {65536, "f666a819b370d38f44f2573464da3fba8479b917"},
                 {UINT64_MAX - 1, "9ab3917bcc9efbcf7de35bced143ed95c3b3cbf5"}};
    uint8_t from[20], address[20];
    (void)state;
    unit_hex("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0", from, 20);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_true(cluster_created_address(from, cases[i].nonce, address));
        assert_hex(address, 20, cases[i].address);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_created_addresses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
