/* SPDX-License-Identifier: MIT */

/* Templates and formats, and URLs put into them: a first line is the URL, a byte says which of both the rest
 * is. */

#include "cli/peers/template.h"
#include "cluster/list.h"
#include "fuzz.h"

#include <string.h>

static dstack_p2p_peers *make_list(const char *url)
{
    base_error error = {0};
    dstack_p2p_peers *list = cluster_list_new(base_clock_system());
    const char *urls[] = {"https://a.example:8443/x", url};
    FUZZ_REQUIRE(list);
    for (uint8_t i = 0; i < 2; i++) {
        registry_peer peer = {.registered_at = i, .url = urls[i], .url_len = strlen(urls[i])};
        memset(peer.instance20, i + 1, 20);
        if (peer.url_len && peer.url_len <= 256) FUZZ_REQUIRE(cluster_list_add(list, &peer, i == 1));
    }
    FUZZ_REQUIRE(!cluster_list_finish(list, &error));
    return list;
}

/* Who is not refused brings no byte into what is made that the template does not have, but harmless ones. */
static void check_text(const peers_template *it, const base_buf *out, const char *source, bool has_filter)
{
    if (has_filter || it->is_format) return;
    for (size_t i = 0; i < out->len; i++) {
        char text[] = {'a', out->data[i], '\0'};
        FUZZ_REQUIRE(peers_is_harmless(text) || strchr(source, out->data[i]));
    }
}

static void run(const peers_template *it, const char *source, const char *url)
{
    dstack_p2p_peers *list = make_list(url);
    peers_selection selection;
    base_buf out = base_buf_make(1 << 20);
    size_t kept = 0;
    FUZZ_REQUIRE(peers_select(&selection, list, false));
    for (size_t i = 0; i < selection.count; i++)
        if (peers_template_refuses(it, selection.peers[i]) == PEERS_FIELDS_COUNT)
            selection.peers[kept++] = selection.peers[i];
    selection.count = kept;
    if (it->is_format)
        peers_format_render(it, &selection, &out, NULL);
    else
        peers_template_render(it, &selection, &out);
    check_text(it, &out, source, strchr(source, '|'));
    base_buf_free(&out);
    peers_selection_free(&selection);
    dstack_p2p_peers_free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    char problem[PEERS_PROBLEM_TEXT];
    char *url = fuzz_line(&input);
    bool is_format = fuzz_byte(&input) & 1;
    char *source = fuzz_text(&input);
    peers_template *it = peers_template_read(source, strlen(source), is_format, problem);
    if (it)
        run(it, source, url);
    else
        FUZZ_REQUIRE(*problem && memchr(problem, '\0', sizeof problem));
    peers_template_free(it);
    free(source);
    free(url);
    return 0;
}
