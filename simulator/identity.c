/* SPDX-License-Identifier: MIT */
#include "instances.h"

#include <openssl/evp.h>
#include <string.h>

const uint8_t sim_public_app_id20[20] = {0x5b, 0xb4, 0xff, 0x9a, 0x38, 0x37, 0x35, 0x7f, 0x19, 0xdc,
                                         0x17, 0x64, 0x07, 0xa5, 0x70, 0x9c, 0x62, 0xeb, 0x6c, 0x56};
static const uint8_t public_instance_id20[20] = {0x16, 0x91, 0xed, 0x1b, 0x47, 0x50, 0x6c, 0xad, 0x7d, 0x08,
                                                 0x83, 0x46, 0x68, 0x69, 0x1d, 0x88, 0x24, 0x6f, 0x5b, 0x1f};

bool sim_name_valid(const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= SIM_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

bool sim_instance_id(const sim_app *app, const char *name, uint8_t id20[static 20])
{
    static const char domain[] = "dstack-simulator-instance-v1:";
    uint8_t input[sizeof domain - 1 + 20 + SIM_NAME_MAX], hash[32];
    size_t len = sizeof domain - 1;
    if (!*name && memcmp(app->app_id20, sim_public_app_id20, 20) == 0) {
        memcpy(id20, public_instance_id20, 20);
        return true;
    }
    memcpy(input, domain, len);
    memcpy(input + len, app->app_id20, 20);
    memcpy(input + len + 20, name, strlen(name));
    if (EVP_Digest(input, len + 20 + strlen(name), hash, NULL, EVP_sha256(), NULL) != 1) return false;
    memcpy(id20, hash, 20);
    return true;
}
