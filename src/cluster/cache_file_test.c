/* SPDX-License-Identifier: MIT */
#include "cluster/cache_file.h"

#include "base/hex.h"
#include "eth/keccak.h"
#include "support/fake_server.h"
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID      "1691ed1b47506cad7d08834668691d88246f5b1f"
#define ADDRESS "0x3EFa45845852b7bF2E8C881Dd46548A9BeD73442"
#define ZEROS   "0000000000000000000000000000000000000000000000000000000000000000"
#define HEAD                                                                                                 \
    "dstack-p2p peers 1\nchain 31337\ncontract 0x0707070707070707070707070707070707070707\nhash " ZEROS      \
    "\nblock 16 1700000000\nversion 3\nsaved 1700000001\n"
#define PEER(url) "peer " ID " " ADDRESS " 900 1000 " url "\n"

typedef struct place {
    char dir[64], path[128];
} place;

static const cluster_cache ours = {
    .chain_id = 31337, .contract20 = {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7}};

static int setup(void **state)
{
    place *at = calloc(1, sizeof *at);
    if (!at) return -1;
    snprintf(at->dir, sizeof at->dir, "/tmp/dstack-p2p-cache-XXXXXX");
    if (!mkdtemp(at->dir)) return -1;
    snprintf(at->path, sizeof at->path, "%s/peers", at->dir);
    *state = at;
    return 0;
}

static int teardown(void **state)
{
    place *at = *state;
    fake_remove_dir(at->dir);
    free(at);
    return 0;
}

/* ---- Files ---- */

static void put_file(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static char *get_file(const char *path, size_t *len)
{
    struct stat about;
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &about), 0);
    *len = (size_t)about.st_size;
    char *text = malloc(*len + 1);
    assert_int_equal(fread(text, 1, *len, file), *len);
    text[*len] = '\0';
    fclose(file);
    return text;
}

/* Files in a directory. */
static size_t count_files(const char *dir)
{
    size_t count = 0;
    DIR *listing = opendir(dir);
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing));)
        count += entry->d_name[0] != '.';
    closedir(listing);
    return count;
}

/* A text with its checksum behind it. */
static void put_summed(const char *path, const char *text)
{
    uint8_t sum[32];
    char hex[65];
    size_t len = strlen(text), size = len + 80;
    char *whole = malloc(size);
    eth_keccak256(text, len, sum);
    base_hex_encode(sum, sizeof sum, hex);
    snprintf(whole, size, "%skeccak %s\n", text, hex);
    put_file(path, whole, strlen(whole));
    free(whole);
}

/* ---- Lists ---- */

static void add(dstack_p2p_peers *list, uint32_t number, uint64_t expires, size_t url_len)
{
    char url[REGISTRY_URL_MAX];
    registry_peer peer = {.registered_at = number, .expires_at = expires, .url = url, .url_len = url_len};
    memset(url, 'a' + (char)(number % 26), sizeof url);
    memcpy(peer.instance20, &number, sizeof number);
    memcpy(peer.address20 + 16, &number, sizeof number);
    assert_true(cluster_list_add(list, &peer, false));
}

static dstack_p2p_peers *make_list(uint32_t count)
{
    base_error error = {0};
    dstack_p2p_peers *list = cluster_list_new(base_clock_system());
    for (uint32_t i = 0; i < count; i++)
        add(list, i,
            i % 3 == 0   ? 0
            : i % 3 == 1 ? UINT64_MAX
                         : 2000 + i,
            i % 2   ? 1
            : i % 4 ? REGISTRY_URL_MAX
                    : 30);
    assert_int_equal(cluster_list_finish(list, &error), 0);
    list->version = 3;
    list->block_number = UINT64_MAX;
    list->block_time = 1700000000;
    memset(list->block_hash32, 0xb1, sizeof list->block_hash32);
    return list;
}

static void save(const char *path, const cluster_cache *about, uint32_t count, base_error *error)
{
    dstack_p2p_peers *list = make_list(count);
    list->checked = count % 2;
    cluster_cache_save(path, about, list, 1700000001, error);
    dstack_p2p_peers_free(list);
}

static void save_well(const char *path, uint32_t count)
{
    base_error error = {0};
    save(path, &ours, count, &error);
    expect_ok(&error);
}

static dstack_p2p_peers *load(const char *path, base_error *error)
{
    cluster_cache about = ours;
    uint64_t wall_s = 0;
    return cluster_cache_load(path, base_clock_system(), NULL, &about, &wall_s, error);
}

static void expect_count(const char *path, size_t count)
{
    base_error error = {0};
    dstack_p2p_peers *list = load(path, &error);
    expect_ok(&error);
    assert_non_null(list);
    assert_int_equal(list->count, count);
    dstack_p2p_peers_free(list);
}

static void expect_refused(const char *path, int code, const char *part)
{
    base_error error = {0};
    assert_null(load(path, &error));
    expect_error(&error, code, part);
}

static void expect_same_peer(const dstack_p2p_peer *a, const dstack_p2p_peer *b)
{
    assert_string_equal(a->instance_id, b->instance_id);
    assert_string_equal(a->instance_address, b->instance_address);
    assert_string_equal(a->connection_url, b->connection_url);
    assert_true(a->registered_at == b->registered_at && a->expires_at == b->expires_at);
    assert_false(a->is_self);
}

/* ---- Round trips ---- */

static void round_trip(const char *path, uint32_t count)
{
    base_error error = {0};
    cluster_cache about = ours;
    uint64_t wall_s = 0;
    dstack_p2p_peers *list = make_list(count);
    cluster_cache_save(path, &about, list, 1700000001, &error);
    expect_ok(&error);
    dstack_p2p_peers *read = cluster_cache_load(path, base_clock_system(), NULL, &about, &wall_s, &error);
    expect_ok(&error);
    assert_int_equal(read->count, count);
    for (uint32_t i = 0; i < count; i++)
        expect_same_peer(&read->peers[i]->record, &list->peers[i]->record);
    assert_int_equal(wall_s, 1700000001);
    assert_int_equal(read->version, 3);
    assert_int_equal(read->checked, list->checked);
    assert_true(read->block_number == UINT64_MAX);
    assert_int_equal(read->block_time, 1700000000);
    assert_memory_equal(read->block_hash32, list->block_hash32, 32);
    assert_false(read->knows_self || about.has_genesis);
    dstack_p2p_peers_free(list);
    dstack_p2p_peers_free(read);
}

static void test_round_trips(void **state)
{
    const place *at = *state;
    round_trip(at->path, 0);
    round_trip(at->path, 1);
    round_trip(at->path, 2);
    round_trip(at->path, 1000);
    round_trip(at->path, 0);
}

static void test_first_block_and_self(void **state)
{
    const place *at = *state;
    base_error error = {0};
    uint64_t wall_s;
    uint8_t self[20] = {1}; /* the peer with number 1 */
    cluster_cache about = ours;
    about.has_genesis = true;
    memset(about.genesis32, 0xee, sizeof about.genesis32);
    save(at->path, &about, 3, &error);
    about = ours;
    dstack_p2p_peers *list = cluster_cache_load(at->path, base_clock_system(), self, &about, &wall_s, &error);
    expect_ok(&error);
    assert_true(about.has_genesis);
    assert_hex(about.genesis32, 32, "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
    assert_true(list->knows_self);
    for (size_t i = 0; i < list->count; i++)
        assert_int_equal(list->peers[i]->record.is_self, list->peers[i]->record.registered_at == 1);
    dstack_p2p_peers_free(list);
}

static void test_of_another(void **state)
{
    const place *at = *state;
    base_error error = {0};
    cluster_cache other = ours;
    other.chain_id = 31338;
    save(at->path, &other, 1, &error);
    expect_refused(at->path, DSTACK_P2P_ERR_CONFIG, "another chain or contract");
    other = ours;
    other.contract20[19] ^= 1;
    save(at->path, &other, 1, &error);
    expect_ok(&error);
    expect_refused(at->path, DSTACK_P2P_ERR_CONFIG, "another chain or contract");
}

/* ---- Damage ---- */

static void test_cut_anywhere(void **state)
{
    const place *at = *state;
    size_t len;
    save_well(at->path, 2);
    char *text = get_file(at->path, &len);
    for (size_t cut = 0; cut < len; cut++) {
        put_file(at->path, text, cut);
        expect_refused(at->path, DSTACK_P2P_ERR_CONFIG, "cut or damaged");
    }
    free(text);
}

static void test_each_byte_damaged(void **state)
{
    static const char flips[] = {1, 0x20, (char)0x80};
    const place *at = *state;
    size_t len;
    save_well(at->path, 1);
    char *text = get_file(at->path, &len);
    for (size_t i = 0; i < len; i++)
        for (size_t j = 0; j < COUNT(flips); j++) {
            text[i] ^= flips[j];
            put_file(at->path, text, len);
            expect_refused(at->path, DSTACK_P2P_ERR_CONFIG, "cut or damaged");
            text[i] ^= flips[j];
        }
    put_file(at->path, text, len);
    expect_count(at->path, 1);
    free(text);
}

static void test_more_behind_the_end(void **state)
{
    const place *at = *state;
    size_t len;
    save_well(at->path, 1);
    char *text = get_file(at->path, &len);
    text[len] = '\n'; /* in place of the NUL */
    put_file(at->path, text, len + 1);
    expect_refused(at->path, DSTACK_P2P_ERR_CONFIG, "cut or damaged");
    text[len] = '\0';
    put_file(at->path, text, len + 1);
    expect_refused(at->path, DSTACK_P2P_ERR_CONFIG, "cut or damaged");
    free(text);
}

/* ---- Whole, and yet not what is written here ---- */

static void test_well_formed(void **state)
{
    const place *at = *state;
    put_summed(at->path, HEAD "peers 0\n");
    expect_count(at->path, 0);
    put_summed(at->path, HEAD "peers 1\n" PEER("http://x"));
    expect_count(at->path, 1);
}

static void test_malformed(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "peers 0\n",
        "dstack-p2p peers 2\nchain 31337\n",
        HEAD,
        HEAD "peers\n",
        HEAD "peers \n",
        HEAD "peers -1\n",
        HEAD "peers 0 \n",
        HEAD "peers 0x0\n",
        HEAD "peers 0\n\n",
        HEAD "peers 0",
        HEAD "peers 0\n" PEER("http://x"),
        HEAD "peers 1\n",
        HEAD "peers 2\n" PEER("http://x"),
        HEAD "peers 1\n" PEER("http://x") "more\n",
        HEAD "peers 18446744073709551616\n",
        HEAD "peers 18446744073709551615\n" PEER("http://x"),
        HEAD "peers 1\n" PEER(""),
        HEAD "peers 1\n" PEER("http://x y"),
        HEAD "peers 1\n" PEER("http://x\t"),
        HEAD "peers 1\n" PEER("http://\x1b[2J"),
        HEAD "peers 1\n" PEER("http://\xc3\xbc"),
        HEAD "peers 1\npeer " ID " " ADDRESS " 900 http://x\n",
        HEAD "peers 1\npeer " ID " " ADDRESS " 900 -1 http://x\n",
        HEAD "peers 1\npeer " ID " " ADDRESS " 18446744073709551616 1 http://x\n",
        HEAD "peers 1\npeer " ID " " ADDRESS "  900 1000 http://x\n",
        HEAD "peers 1\npeer " ID "\n",
        HEAD "peers 1\npeer 1691ED1B47506CAD7D08834668691D88246F5B1F " ADDRESS " 900 1000 http://x\n",
        HEAD "peers 1\npeer 1691ed1b47506cad7d08834668691d88246f5b1g " ADDRESS " 900 1000 http://x\n",
        HEAD "peers 1\npeer " ID " 0x3efA45845852b7bF2E8C881Dd46548A9BeD73442 900 1000 http://x\n",
        HEAD "peers 1\npeer " ID " 3EFa45845852b7bF2E8C881Dd46548A9BeD7344200 900 1000 http://x\n",
        "dstack-p2p peers 1\nchain 31337\ncontract 0x0707\nhash " ZEROS "\n",
        "dstack-p2p peers 1\nchain 31337\ncontract 0x0707070707070707070707070707070707070707\n",
        "dstack-p2p peers 1\nchain 31337\ncontract 0x0707070707070707070707070707070707070707\nhash 00\n",
        "dstack-p2p peers 1\nchain 31337\ncontract 0x0707070707070707070707070707070707070707\nhash " ZEROS
        "\nblock 16\nversion 3\nsaved 1\npeers 0\n",
        "dstack-p2p peers 1\nchain 31337\ncontract 0x0707070707070707070707070707070707070707\nhash " ZEROS
        "\nblock 16 17 18\nversion 3\nsaved 1\npeers 0\n",
        "dstack-p2p peers 1\nchain 31337\ncontract 0x0707070707070707070707070707070707070707\nhash " ZEROS
        "\nblock 16 17\nversion 3 \nsaved 1\npeers 0\n",
        "dstack-p2p peers 1\nchain 31337\ncontract 0x0707070707070707070707070707070707070707\ngenesis "
        "\nhash " ZEROS "\nblock 16 17\nversion 3\nsaved 1\npeers 0\n",
    };
    const place *at = *state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        base_error error = {0};
        put_summed(at->path, texts[i]);
        dstack_p2p_peers *list = load(at->path, &error);
        if (list) fail_msg("believed: %s", texts[i]);
        expect_error(&error, DSTACK_P2P_ERR_CONFIG, "malformed");
    }
}

static void test_twice(void **state)
{
    const place *at = *state;
    put_summed(at->path, HEAD "peers 2\n" PEER("http://x") PEER("http://y"));
    expect_refused(at->path, DSTACK_P2P_ERR_CONFIG, "twice");
}

static void test_url_too_long(void **state)
{
    const place *at = *state;
    char text[1024], url[REGISTRY_URL_MAX + 2];
    memset(url, 'x', sizeof url);
    for (int more = 0; more < 2; more++) {
        snprintf(text, sizeof text, HEAD "peers 1\npeer " ID " " ADDRESS " 1 2 %.*s\n",
                 REGISTRY_URL_MAX + more, url);
        put_summed(at->path, text);
        if (more)
            expect_refused(at->path, DSTACK_P2P_ERR_CONFIG, "malformed");
        else
            expect_count(at->path, 1);
    }
}

/* ---- No file, or no such file ---- */

static void test_no_file(void **state)
{
    const place *at = *state;
    char path[256];
    base_error error = {0};
    assert_null(load(at->path, &error));
    expect_ok(&error);
    expect_refused(at->dir, DSTACK_P2P_ERR_CONFIG, "no regular file");
    expect_refused("/dev/zero", DSTACK_P2P_ERR_CONFIG, "no regular file");
    put_file(at->path, "", 0);
    expect_refused(at->path, DSTACK_P2P_ERR_CONFIG, "cut or damaged");
    snprintf(path, sizeof path, "%s/below", at->path);
    expect_refused(path, DSTACK_P2P_ERR_SYSTEM, "cannot read");
    snprintf(path, sizeof path, "%s/pipe", at->dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_refused(path, DSTACK_P2P_ERR_CONFIG, "no regular file"); /* and nobody is waited for */
}

/* By its size alone: it is sparse, and there is nothing to read. */
static void test_huge_file(void **state)
{
    const place *at = *state;
    put_file(at->path, "", 0);
    assert_int_equal(truncate(at->path, (off_t)1 << 40), 0);
    expect_refused(at->path, DSTACK_P2P_ERR_CONFIG, "too large");
}

/* No mode keeps root out: what root owns is given to a user without rights, who root then is for a while. */
static void become_nobody(const place *at)
{
    enum { NOBODY = 65534 };
    if (geteuid() != 0) return;
    assert_int_equal(chown(at->path, NOBODY, NOBODY), 0);
    assert_int_equal(chown(at->dir, NOBODY, NOBODY), 0);
    assert_int_equal(seteuid(NOBODY), 0);
}

static void become_oneself(void)
{
    assert_int_equal(seteuid(getuid()), 0);
}

static void test_not_readable(void **state)
{
    const place *at = *state;
    base_error error = {0};
    save_well(at->path, 1);
    assert_int_equal(chmod(at->path, 0), 0);
    become_nobody(at);
    dstack_p2p_peers *list = load(at->path, &error);
    become_oneself();
    assert_null(list);
    expect_error(&error, DSTACK_P2P_ERR_SYSTEM, "Permission denied");
}

/* ---- Writing ---- */

static void test_mode_and_leftovers(void **state)
{
    const place *at = *state;
    struct stat about;
    mode_t mask = umask(0);
    put_file(at->path, "anything", 8);
    for (int i = 0; i < 3; i++)
        save_well(at->path, 3);
    umask(mask);
    assert_int_equal(stat(at->path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_int_equal(count_files(at->dir), 1);
}

/* A reader that has opened the old file reads it to its end. */
static void test_replaced_at_once(void **state)
{
    const place *at = *state;
    struct stat before, after;
    save_well(at->path, 1);
    int fd = open(at->path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(fstat(fd, &before), 0);
    save_well(at->path, 50);
    assert_int_equal(fstat(fd, &after), 0);
    assert_int_equal(after.st_size, before.st_size);
    assert_int_equal(after.st_nlink, 0);
    close(fd);
    expect_count(at->path, 50);
}

/* The link is replaced, and what it points to is left alone. */
static void test_symbolic_link(void **state)
{
    const place *at = *state;
    char target[256];
    struct stat about;
    snprintf(target, sizeof target, "%s/target", at->dir);
    save_well(target, 2);
    assert_int_equal(symlink(target, at->path), 0);
    expect_count(at->path, 2);
    save_well(at->path, 5);
    assert_int_equal(lstat(at->path, &about), 0);
    assert_true(S_ISREG(about.st_mode));
    expect_count(target, 2);
    expect_count(at->path, 5);
}

static void expect_not_saved(const char *path, const char *part)
{
    base_error error = {0};
    save(path, &ours, 50, &error);
    expect_error(&error, DSTACK_P2P_ERR_SYSTEM, part);
}

static void test_bad_places(void **state)
{
    const place *at = *state;
    char path[5000];
    snprintf(path, sizeof path, "%s/none/peers", at->dir);
    expect_not_saved(path, "No such file or directory");
    expect_not_saved(at->dir, "directory");
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = '\0';
    expect_not_saved(path, "too long");
    assert_int_equal(count_files(at->dir), 0);
}

static void test_directory_not_writable(void **state)
{
    const place *at = *state;
    base_error error = {0};
    save_well(at->path, 1);
    assert_int_equal(chmod(at->dir, 0500), 0);
    become_nobody(at);
    save(at->path, &ours, 50, &error);
    become_oneself();
    assert_int_equal(chmod(at->dir, 0700), 0);
    expect_error(&error, DSTACK_P2P_ERR_SYSTEM, "Permission denied");
    expect_count(at->path, 1);
}

/* The limit stands for a full disk: nothing is left of what could be written, and the old file is whole. */
static void test_no_room(void **state)
{
    static const rlim_t limits[] = {0, 1, 4096};
    const place *at = *state;
    struct rlimit before, limit;
    save_well(at->path, 1);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    for (size_t i = 0; i < COUNT(limits); i++) {
        limit = (struct rlimit){.rlim_cur = limits[i], .rlim_max = before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        base_error error = {0};
        save(at->path, &ours, 50, &error);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        expect_error(&error, DSTACK_P2P_ERR_SYSTEM, "File too large");
        assert_int_equal(count_files(at->dir), 1);
        expect_count(at->path, 1);
    }
    (void)signal(SIGXFSZ, SIG_DFL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_round_trips),
        TEST(test_first_block_and_self),
        TEST(test_of_another),
        TEST(test_cut_anywhere),
        TEST(test_each_byte_damaged),
        TEST(test_more_behind_the_end),
        TEST(test_well_formed),
        TEST(test_malformed),
        TEST(test_twice),
        TEST(test_url_too_long),
        TEST(test_no_file),
        TEST(test_huge_file),
        TEST(test_not_readable),
        TEST(test_mode_and_leftovers),
        TEST(test_replaced_at_once),
        TEST(test_symbolic_link),
        TEST(test_bad_places),
        TEST(test_directory_not_writable),
        TEST(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
