/* SPDX-License-Identifier: MIT */
#ifndef REGISTRY_REVERT_H
#define REGISTRY_REVERT_H

#include "base/error.h"

#include <stdint.h>

/**
 * Puts revert data into `error`: the custom error's name with its values, "AppNotAllowed (appId 0x...)".
 * The code says which rule it was where there is one for it, else REVERTED. Returns the code.
 */
int registry_explain_revert(const uint8_t *data, size_t len, base_error *error);

/**
 * Whether it says that a statement was refused for its anchor, be it as AppSignerMismatch, which a block
 * that left the chain looks like once the signature has been verified here. Another statement may do.
 */
bool registry_revert_is_stale(const uint8_t *data, size_t len);

#endif
