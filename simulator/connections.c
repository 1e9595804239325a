/* SPDX-License-Identifier: MIT */
#include "connections.h"

#include "base/clock.h"

#include <sys/socket.h>

void sim_connections_init(sim_connections *connections)
{
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
    sim_connection_renew(place);
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

void sim_connection_renew(sim_connection *connection)
{
    connection->deadline_ms = base_now_ms(base_clock_system()) + 1000 * SIM_REQUEST_SECONDS;
}

void sim_connection_break(sim_connection *connection)
{
    shutdown(connection->fd, SHUT_RDWR);
    sim_connection_renew(connection);
}

void sim_connection_closed(sim_connection *connection)
{
    connection->fd = -1;
}
