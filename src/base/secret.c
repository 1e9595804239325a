/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

void base_wipe(void *data, size_t len)
{
    if (len) explicit_bzero(data, len);
}

void base_wipe_free(char *text)
{
    if (text) base_wipe(text, strlen(text));
    free(text);
}
