/* SPDX-License-Identifier: MIT */

/* What a client sends to the simulator: its server runs in this thread, over a socket of this process. */

#include "base/buf.h"
#include "fuzz.h"
#include "http.h"
#include "http_answer.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { NAMED_MAX = 4 };

static sim_appkeys keys;
static sim_app app;
static sim_instances instances;
static sim_instance *first_instance;
static sim_http http;
static char folder[] = "/tmp/fuzz-simulator-XXXXXX";

static bool born(void *context, sim_instance *instance, base_error *error)
{
    (void)context;
    (void)error;
    if (!first_instance) first_instance = instance;
    return true;
}

static void stop(void)
{
    sim_http_stop(&http);
    sim_instances_close(&instances);
    sim_appkeys_free(&keys);
    rmdir(folder);
}

static void start(void)
{
    base_error error = {0};
    if (http.daemon) return;
    memcpy(app.app_id20, sim_public_app_id20, 20);
    FUZZ_REQUIRE(mkdtemp(folder) && sim_appkeys_load_public(&keys, &error));
    FUZZ_REQUIRE(sim_instances_open(&instances, &app, folder, NAMED_MAX, born, NULL, &error));
    FUZZ_REQUIRE(sim_http_start(&http, &keys, &app, &instances, &error));
    atexit(stop);
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    FUZZ_REQUIRE(fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof address));
    return fd;
}

static void step(void *context)
{
    sim_http_run(context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    start();
    int fd = connect_to(first_instance->path);
    sim_http_accept(&http, first_instance->socket.fd, first_instance);
    fuzz_http_exchange(fd, data, size, step, &http);
    close(fd);
    step(&http);
    step(&http);
    FUZZ_REQUIRE(!sim_connections_first(&http.connections));
    return 0;
}
