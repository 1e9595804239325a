/* SPDX-License-Identifier: MIT */
#include "cli/peers/watch.h"

#include "cli/commands.h"
#include "cli/peers/document.h"
#include "cli/peers/print.h"

#include <stdlib.h>

/* ---- watch: what happens in the cluster, and what is to be done about it ---- */

static dstack_p2p *open_handle(const watch_settings *it, int *status)
{
    dstack_p2p_options options;
    *status = cli_sdk_options(it->run, &options);
    /* What is done once is done with what the chain says now. */
    if (it->once)
        unsetenv("DSTACK_P2P_CACHE_FILE");
    else
        options.cache_file = cli_value(it->run, "cache-file");
    return *status ? NULL : cli_open_with(it->run, NULL, &options, status);
}

static int run_watch(cli_run *run)
{
    watch it = {.shown = base_buf_make(PEERS_DOCUMENT_MAX)};
    int status = watch_settings_read(&it.settings, run);
    if (!status) it.sdk = open_handle(&it.settings, &status);
    if (!status) status = peers_know_self(run, it.sdk, it.settings.others_only);
    if (!status) status = watch_run(&it);
    /* Before it began, while it waited for the guest agent. */
    if (status == DSTACK_P2P_ERR_CANCELLED && !it.settings.once) status = CLI_OK;
    dstack_p2p_peers_free(it.list);
    cli_close(it.sdk);
    base_buf_free(&it.shown);
    peers_template_free(it.settings.template);
    return status;
}

static const cli_option options[] = {
    PEERS_EXCLUDE_SELF,
    {"exec", 'x', "COMMAND", NULL,
     "run COMMAND with sh at the start and after changes, with the list as JSON on its standard input"},
    {"exec-timeout", 0, "TIME", NULL, "end a command that takes longer; 0: never (5m)"},
    {"debounce", 0, "TIME", NULL,
     "act on changes once there were none for so long, or ten times as long since the first (200ms)"},
    {"template", 0, "FILE", NULL, "render FILE at the start and after changes"},
    {"output", 'o', "FILE", NULL, "where to; -: standard output, instead of the changes"},
    {"mode", 0, "MODE", NULL, "mode of the output (that of the file that is there, else 0644)"},
    {"signal", 0, "HUP|INT|QUIT|TERM|USR1|USR2|WINCH|CONT", NULL,
     "send a signal at the start and after changes"},
    {"pid-file", 0, "FILE", NULL, "to the process whose id is in FILE then"},
    {"once", 0, NULL, NULL, "do all that once, with the first list, and end"},
    {"exit-on-failure", 0, NULL, NULL, "end when a command fails, or the output cannot be written"},
    {"cache-file", 0, "FILE", "DSTACK_P2P_CACHE_FILE",
     "keep the last list in FILE, and begin with it; needs --chain-id"},
    {0}};

static const char description[] =
    "Prints who is there, and then a line for each change, until SIGINT or SIGTERM ends it with status 0: "
    "time, what "
    "happened (present, joined, left, changed), instance id, URL, and the URL before if that changed. While "
    "no node can "
    "be asked the last list stands, and standard error says why; there is no need to start it again."
    "\n\n"
    "With --json a line is an object with kind, time, version and block. The first is a snapshot, as the "
    "document of "
    "peers --json; then joined, left and changed with peer, previous (changed only) and count; and command "
    "with status, "
    "signal and timed_out for each end of a command, whose own output goes to standard error then."
    "\n\n"
    "Of --template, --signal and --exec, what is given is done in this order, with the first list and after "
    "changes. "
    "What cannot be rendered or started is tried again after 1 s, then less and less often, and at the next "
    "change, with what the list is then. A signal that cannot be sent is told, and not sent again before the "
    "next change: a process that is not there yet reads the output when it starts."
    "\n\n"
    "Commands run one at a time. What happens meanwhile leads to one more run afterwards: the last list is "
    "always "
    "delivered. The list is the document of peers --json; the environment has DSTACK_P2P_EVENT (start or "
    "change), "
    "DSTACK_P2P_COUNT, DSTACK_P2P_VERSION and DSTACK_P2P_BLOCK, and no private key. A command that takes too "
    "long, or "
    "runs at the end, gets SIGTERM with its process group, and SIGKILL after 5 s."
    "\n\n"
    "A template is read at the start. It is text with fields of peers, as in --format of the command peers: "
    "{#peers} and {/peers} "
    "enclose what is "
    "written for each; {url}, {host}, {port}, {host_port}, {instance_id}, {address}, {registered_at}, "
    "{expires_at}, "
    "{is_self}, {index}, {first} and {last} are the peer's, {count}, {version}, {block} and {block_time} "
    "stand anywhere. "
    "{#is_self} and {/is_self} enclose what is written if it is true, not 0 and not empty, {^is_self} and "
    "{/is_self} "
    "what is written if not; {^peers} and {/peers}, if there are none. A brace is written {{ or }}. A line "
    "with nothing "
    "but the tag of a section leaves no line."
    "\n\n"
    "Peers choose their URLs, and the output is read by other programs. So a peer is left out, and said to "
    "be, when a "
    "field is missing that the template shows without asking for it ({#port} asks), or has other bytes than "
    "letters, "
    "digits and -._~:/?@=%+[], with a letter, a digit or [ first. {url|json} writes a JSON string, "
    "{url|shell} a "
    "word in single quotes, {url|raw} what was published, whatever that is. {count}, {first} and {last} "
    "count those who "
    "are left. The output is replaced as a whole, and only when it becomes another; where it is a symbolic "
    "link, that is followed, also to where nothing is yet. The signal is sent then, "
    "and once at the start in any case: a watch that was killed may have written the output, and not sent "
    "it.";

static const char examples[] =
    "dstack-p2p watch --exec 'jq -r .peers[].url > /run/peers'\n"
    "dstack-p2p watch --template upstreams.conf.in --output /etc/nginx/upstreams.conf --signal HUP "
    "--pid-file "
    "/run/nginx.pid\n"
    "  # upstream app {{\n"
    "  # {#peers}\n"
    "  #     server {host_port};\n"
    "  # {/peers}\n"
    "  # }}\n"
    "dstack-p2p watch --once --template kafka.in --output kafka.properties\n"
    "  # bootstrap.servers={#peers}{host_port}{^last},{/last}{/peers}\n"
    "dstack-p2p watch --template redis.in --output /etc/redis/replica.conf\n"
    "  # {#peers}{#first}{^is_self}replicaof {host} {port}{/is_self}{/first}{/peers}\n"
    "dstack-p2p watch --json | jq -c 'select(.kind == \"left\")'\n";

const cli_command command_watch = {.name = "watch",
                                   .group = CLI_EVERYONE,
                                   .arguments = "",
                                   .summary = "follow the peers, and act on changes",
                                   .description = description,
                                   .options = options,
                                   .takes = CLI_CONTRACT | CLI_CHAIN | CLI_GUEST | CLI_TRUST,
                                   .examples = examples,
                                   .run = run_watch};
