/* SPDX-License-Identifier: MIT */
#include "cli/node/peers_json.h"

#include "cli/peers/document.h"

enum { PEER_MAX = 4096 };

json_t *node_peer_json(const dstack_p2p_peer *peer)
{
    base_buf text = base_buf_make(PEER_MAX);
    peers_document_peer(&text, peer);
    json_t *value = base_buf_failed(&text) ? NULL : json_loadb(text.data, text.len, 0, NULL);
    base_buf_free(&text);
    return value;
}

char *node_peers_text(const dstack_p2p_peers *list)
{
    peers_selection everybody;
    base_buf text = base_buf_make(PEERS_DOCUMENT_MAX);
    if (peers_select(&everybody, list, false)) peers_document_write(&text, &everybody, true, NULL);
    peers_selection_free(&everybody);
    if (!base_buf_failed(&text)) return text.data;
    base_buf_free(&text);
    return NULL;
}
