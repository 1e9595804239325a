/* SPDX-License-Identifier: MIT */
/*
 * --appkeys. Each appkeys/NAME.json is a file that must be refused; NAME.error is what the refusal says after
 * the file's name.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CASES TEST_SOURCE_DIR "/tests/simulator/appkeys"

static sim_folder folder;

static int set_up(void **state)
{
    (void)state;
    folder = sim_folder_make();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sim_folder_remove(&folder);
    return 0;
}

/* Exactly one line, after what is said before the keys are read: nothing. */
static void expect_refusal(const char *file, const char *sentence)
{
    char expected[1024];
    sim_end end = sim_run("--dir", folder.path, "--appkeys", file, NULL);
    snprintf(expected, sizeof expected, "dstack-simulator: %s: %s\n", file, sentence);
    assert_string_equal(end.err, expected);
    assert_string_equal(end.out, "");
    assert_int_equal(end.status, 1);
}

static void read_expected(const char *name, char text[static 512])
{
    char path[512];
    snprintf(path, sizeof path, CASES "/%.*s.error", (int)(strlen(name) - strlen(".json")), name);
    FILE *file = fopen(path, "r");
    if (!file) fail_msg("%s is missing", path);
    assert_non_null(fgets(text, 512, file));
    text[strcspn(text, "\n")] = '\0';
    fclose(file);
}

static void test_refused_files(void **state)
{
    DIR *cases = opendir(CASES);
    const struct dirent *entry;
    size_t count = 0;
    (void)state;
    assert_non_null(cases);
    while ((entry = readdir(cases)) != NULL) {
        char path[512], expected[512];
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ".json") != 0) continue;
        snprintf(path, sizeof path, CASES "/%s", entry->d_name);
        read_expected(entry->d_name, expected);
        expect_refusal(path, expected);
        count++;
    }
    closedir(cases);
    assert_true(count >= 20);
}

static char *path_of(const char *name)
{
    static char path[64];
    snprintf(path, sizeof path, "%s/%s", folder.path, name);
    return path;
}

static void write_file(const char *path, const char *text, size_t spaces)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    while (spaces--)
        fputc(' ', file);
    assert_int_equal(fclose(file), 0);
}

static void test_files_that_cannot_be_read(void **state)
{
    (void)state;
    expect_refusal("/no/such/appkeys.json", "cannot be opened: No such file or directory");
    expect_refusal(folder.path, "cannot be read: Is a directory");
    write_file(path_of("large"), "{}", 64 * 1024);
    expect_refusal(path_of("large"), "is larger than 65536 bytes");
    if (geteuid() == 0) return; /* may read everything */
    assert_int_equal(chmod(path_of("large"), 0), 0);
    expect_refusal(path_of("large"), "cannot be opened: Permission denied");
}

static void write_keys(const char *path, const char *key, const char *signature)
{
    char text[2048];
    snprintf(text, sizeof text,
             "{\"disk_crypt_key\":\"\",\"k256_key\":\"%s\",\"k256_signature\":\"%s\",\"gateway_app_id\":\"\","
             "\"ca_cert\":\"Z\\u00fcrich\\n-----BEGIN CERTIFICATE-----\\n"
             "MIIBmzCCAUCgAwIBAgIUU7801+krCs2OpIdne3t6OWrJ2fMwCgYIKoZIzj0EAwIw\\n"
             "KTEPMA0GA1UECgwGRHN0YWNrMRYwFAYDVQQDDA1Ec3RhY2sgS01TIENBMB4XDTc1\\n"
             "MDEwMTAwMDAwMFoXDTM1MTIxOTAyNTEzOVowKTEPMA0GA1UECgwGRHN0YWNrMRYw\\n"
             "FAYDVQQDDA1Ec3RhY2sgS01TIENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\\n"
             "GbJFfdm4qmRG2YDxNv/3gS7NbHd0DusOKLENVsDAACiltuWdzqMH1YO9H3B2npwR\\n"
             "bfK8+xdYqV2GE+feHISCwKNGMEQwDwYDVR0PAQH/BAUDAweGADAdBgNVHQ4EFgQU\\n"
             "evjJ+VZPvDxHJ2ejjeIaUYMMcEcwEgYDVR0TAQH/BAgwBgEB/wIBATAKBggqhkjO\\n"
             "PQQDAgNJADBGAiEAvAYUOGbU5QC23zzQtJqm7/hGzVK5SlI0P7yGDii+/4ACIQCN\\n"
             "bKkagb0uncr6sUKlhKrpHhID+WWTvqJj0TrkvbVdCg==\\n"
             "-----END CERTIFICATE-----\\n\",\"key_provider\":{\"Kms\":{}},\"unknown\":1}",
             key, signature);
    write_file(path, text, 0);
}

static const char *chain(const sim_reply *reply, size_t index)
{
    return json_string_value(json_array_get(json_object_get(reply->json, "signature_chain"), index));
}

/* Starts with a key of its own and the given signature, and checks what GetKey makes of them. */
static void check_keys(const char *signature, const char *said)
{
    static const char key[] = "0000000000000000000000000000000000000000000000000000000000000001";
    write_keys(path_of("keys.json"), key, signature);
    sim_process process = sim_start(folder.path, "--appkeys", path_of("keys.json"), NULL);
    sim_reply reply = sim_request(sim_unix(process.unix_path), "/GetKey", "{\"path\":\"\"}");
    assert_int_equal(reply.status, 200);
    /* HKDF-SHA256 of that key with salt "RATLS" and no info, worked out with another implementation. */
    assert_string_equal(sim_reply_text(&reply, "key"),
                        "a2c5a75ed23ce1094962c0e2ba7d729fd4c951234174bc6bfb526fc6702f0b90");
    assert_string_equal(chain(&reply, 1), signature);
    sim_reply_free(&reply);
    sim_end end = sim_stop(&process, SIGTERM);
    assert_int_equal(end.status, 0);
    assert_non_null(strstr(end.err, "nothing attests the keys from"));
    assert_non_null(strstr(end.err, said));
    assert_null(strstr(end.err, key));
}

static void test_other_keys(void **state)
{
    (void)state;
    check_keys("9e618603e72d01fedb82deff6daf2d62a572becf0059eec3f89c1ab40e1f2e59"
               "4d2a283f843f34e8f39e4cc49a612496ce67223a12ac923f8efe330346dfc6c500",
               "KMS root 0x");
}

/* Text around a certificate may be in any language; dstack's clients only get along with ASCII. */
static void test_info_stays_ascii(void **state)
{
    (void)state;
    write_keys(path_of("keys.json"), "0000000000000000000000000000000000000000000000000000000000000001", "");
    sim_process process = sim_start(folder.path, "--appkeys", path_of("keys.json"), NULL);
    sim_reply reply = sim_request(sim_unix(process.unix_path), "/Info", "{}");
    assert_memory_equal(sim_reply_text(&reply, "app_cert"), "Z\xc3\xbcrich\n-----BEGIN", 18);
    for (size_t i = 0; i < reply.len; i++)
        assert_in_range((unsigned char)reply.body[i], 0x20, 0x7e);
    assert_non_null(strstr(sim_reply_text(&reply, "key_provider_info"), "\"name\":\"local\""));
    sim_reply_free(&reply);
    sim_stop_clean(&process);
}

/* As local key providers give it. */
static void test_no_kms_signature(void **state)
{
    (void)state;
    check_keys("", "no KMS signature");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_refused_files),    TEST(test_files_that_cannot_be_read), TEST(test_other_keys),
        TEST(test_info_stays_ascii), TEST(test_no_kms_signature),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
