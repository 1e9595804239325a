/* SPDX-License-Identifier: MIT */
#include "methods.h"

#include <string.h>

static const struct {
    const char *name;
    sim_method method;
} methods[] = {
    {"GetKey", sim_get_key},
    {"Info", sim_info},
    {"Version", sim_version},
};

sim_method sim_method_find(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i].name, name) == 0) return methods[i].method;
    return NULL;
}
