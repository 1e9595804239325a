/* SPDX-License-Identifier: MIT */
#include "connections.h"

#include <sys/socket.h>

void sim_connections_init(sim_connections *connections, const base_clock *clock)
{
    connections->clock = clock;
    for (size_t i = 0; i < SIM_CONNECTIONS_MAX; i++)
        connections->places[i] = (sim_connection){.fd = -1};
}

sim_connection *sim_connections_find(sim_connections *connections, int fd)
{
    for (size_t i = 0; i < SIM_CONNECTIONS_MAX; i++)
        if (connections->places[i].fd == fd) return &connections->places[i];
    return NULL;
}

sim_connection *sim_connections_add(sim_connections *connections, int fd, sim_instance *instance)
{
    sim_connection *place = sim_connections_find(connections, -1);
    if (!place) return NULL;
    *place = (sim_connection){.fd = fd, .instance = instance};
    sim_connections_renew(connections, place);
    return place;
}

sim_connection *sim_connections_first(sim_connections *connections)
{
    sim_connection *first = NULL;
    for (size_t i = 0; i < SIM_CONNECTIONS_MAX; i++) {
        sim_connection *place = &connections->places[i];
        if (place->fd >= 0 && (!first || place->deadline_ms < first->deadline_ms)) first = place;
    }
    return first;
}

void sim_connections_renew(const sim_connections *connections, sim_connection *connection)
{
    connection->deadline_ms = base_now_ms(connections->clock) + 1000 * SIM_REQUEST_SECONDS;
}

void sim_connections_break(const sim_connections *connections, sim_connection *connection)
{
    shutdown(connection->fd, SHUT_RDWR);
    sim_connections_renew(connections, connection); /* not the first any more, while it is being closed */
}

int64_t sim_connections_expire(sim_connections *connections)
{
    uint64_t now = base_now_ms(connections->clock);
    sim_connection *first = sim_connections_first(connections);
    if (first && first->deadline_ms <= now) {
        sim_connections_break(connections, first);
        first = sim_connections_first(connections);
    }
    if (!first) return -1;
    return first->deadline_ms > now ? (int64_t)(first->deadline_ms - now) : 0;
}

void sim_connections_closed(sim_connection *connection)
{
    connection->fd = -1;
}
