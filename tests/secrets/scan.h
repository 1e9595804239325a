/* SPDX-License-Identifier: MIT */
#ifndef SECRETS_SCAN_H
#define SECRETS_SCAN_H

#include <stddef.h>
#include <stdint.h>

/*
 * Looks for a key in all the memory this process can write, as a debugger or a core dump would show it. The
 * key is given masked, so that the search itself does not hold what it looks for.
 */

enum { SCAN_MASK = 0x5a };

/**
 * How many quarters of the key, eight bytes each, are found outside the `count` blocks of 32 bytes that may
 * hold it: as bytes, as a number that is kept the other way round, or as hex digits. Says where on standard
 * output.
 */
size_t scan_for(const uint8_t masked32[static 32], const uint8_t *const allowed[], size_t count);

#endif
