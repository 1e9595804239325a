/* SPDX-License-Identifier: MIT */

/*
 * What a client sends to hello_p2p. The server is started as the program starts it, but for its thread:
 * MHD_start_daemon() is wrapped, so that libmicrohttpd is run from here, in steps, over a socket pair.
 */

#include "fuzz.h"
#include "http_answer.h"
#include "server.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

/* The linker's names for the wrapper and for what it wraps. */
struct MHD_Daemon *__wrap_MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback accept,
                                           void *accept_context, MHD_AccessHandlerCallback handler,
                                           void *handler_context, ...);

static struct MHD_Daemon *daemon_made;

struct MHD_Daemon *__wrap_MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback accept,
                                           void *accept_context, MHD_AccessHandlerCallback handler,
                                           void *handler_context, ...)
{
    va_list options;
    va_start(options, handler_context);
    flags &= ~(unsigned)(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC);
    daemon_made = MHD_start_daemon_va(flags, port, accept, accept_context, handler, handler_context, options);
    va_end(options);
    return daemon_made;
}

static hello_node node;
static hello_server *server;

static void start(void)
{
    static const char id[] = "1691ed1b47506cad7d08834668691d88246f5b1f";
    static const char other[] = "00000000000000000000000000000000000000aa";
    if (daemon_made) return;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    FUZZ_REQUIRE(fd >= 0 && !listen(fd, 1));
    FUZZ_REQUIRE(node_init(&node, 0) && node_set_identity(&node, id, "0x00", "http://localhost:8080"));
    FUZZ_REQUIRE(peers_put(&node.others, other, "https://peer.example.com/\"<script>"));
    FUZZ_REQUIRE((server = server_start(&node, fd)) && daemon_made);
}

static void step(void *context)
{
    MHD_run(context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sockaddr_storage nobody = {.ss_family = AF_UNIX};
    int ends[2];
    start();
    FUZZ_REQUIRE(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
    FUZZ_REQUIRE(MHD_add_connection(daemon_made, ends[0], (struct sockaddr *)&nobody, sizeof nobody) ==
                 MHD_YES);
    fuzz_http_exchange(ends[1], data, size, step, daemon_made);
    close(ends[1]);
    server_tend(server); /* a stream of events is left */
    step(daemon_made);
    step(daemon_made);
    const union MHD_DaemonInfo *open = MHD_get_daemon_info(daemon_made, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    FUZZ_REQUIRE(open && open->num_connections == 0);
    return 0;
}
