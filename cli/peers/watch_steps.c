/* SPDX-License-Identifier: MIT */
#include "cli/peers/watch.h"

#include "cli/output_file.h"
#include "cli/peers/document.h"
#include "cli/peers/notify.h"

#include <string.h>

/* ---- The template ---- */

enum { TOLD_MAX = 16 };

static uint64_t mix(uint64_t sum, const char *text)
{
    for (; *text; text++)
        sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return sum;
}

static void tell_refusal(const watch *it, const dstack_p2p_peer *peer, peers_field field)
{
    const char *name = peers_field_name(field);
    cli_warn(
        it->settings.run,
        "peer %s is left out of %s: its {%s} is missing, or has bytes that mean something in configuration "
        "files; {%s|json}, {%s|shell} or {%s|raw} would write it",
        peer->instance_id, it->settings.output, name, name, name, name);
}

/* Takes out who has no place in what is made; said once, until it is about others. */
static void refuse_some(watch *it, peers_selection *selection)
{
    uint64_t sum = 0;
    size_t kept = 0, told = 0;
    for (size_t i = 0; i < selection->count; i++)
        if (peers_template_refuses(it->settings.template, selection->peers[i]) != PEERS_FIELDS_COUNT)
            sum = mix(mix(sum + 1, selection->peers[i]->instance_id), selection->peers[i]->connection_url);
    bool news = sum != it->refusals;
    for (size_t i = 0; i < selection->count; i++) {
        const dstack_p2p_peer *peer = selection->peers[i];
        peers_field field = peers_template_refuses(it->settings.template, peer);
        if (field == PEERS_FIELDS_COUNT)
            selection->peers[kept++] = peer;
        else if (news && told++ < TOLD_MAX)
            tell_refusal(it, peer, field);
    }
    selection->count = kept;
    it->refusals = sum;
}

/* To standard output, if it is another text than before. */
static int show(watch *it, base_buf *text, bool *changed)
{
    *changed = !it->delivered || text->len != it->shown.len || memcmp(text->data, it->shown.data, text->len);
    if (!*changed) return CLI_OK;
    base_buf last = it->shown;
    it->shown = *text;
    *text = last;
    return watch_put(it, it->shown.data, it->shown.len);
}

static int write_output(watch *it, base_buf *text, bool *changed)
{
    char problem[CLI_OUTPUT_TEXT];
    const watch_settings *settings = &it->settings;
    if (!base_buf_puts(text, "")) return cli_fail(settings->run, CLI_OUTPUT, "the output would be too long");
    if (!strcmp(settings->output, "-")) return show(it, text, changed);
    if (!cli_output_write(settings->output, settings->mode, text->data, text->len, changed, problem))
        return CLI_OK;
    return cli_fail(settings->run, CLI_OUTPUT, "%s", problem);
}

static int render(watch *it, bool *changed)
{
    peers_selection selection;
    base_buf text = base_buf_make(PEERS_DOCUMENT_MAX);
    int status = CLI_OUTPUT;
    if (peers_select(&selection, it->list, it->settings.others_only)) {
        refuse_some(it, &selection);
        peers_template_render(it->settings.template, &selection, &text);
        status = write_output(it, &text, changed);
    }
    peers_selection_free(&selection);
    base_buf_free(&text);
    return status;
}

/* ---- The signal ---- */

static void notify(watch *it)
{
    char problem[PEERS_NOTIFY_TEXT];
    it->signalled = true;
    if (peers_notify(it->settings.pid_file, it->settings.signal, problem))
        cli_warn(it->settings.run, "no signal was sent: %s", problem);
}

/* ---- All of them ---- */

bool watch_deliver(watch *it, uint64_t now)
{
    bool changed = true;
    int status = it->settings.template ? render(it, &changed) : CLI_OK;
    /* At the start in any case: who was killed after writing the same output had no time to send it. */
    bool is_news = !it->signalled && (changed || !it->delivered);
    if (!status && it->settings.signal && is_news) notify(it);
    if (!status && it->settings.command) status = watch_start_command(it, now);
    if (!status) it->delivered = true;
    it->status = status;
    return !status;
}
