/* SPDX-License-Identifier: MIT */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * What the targets share. A target is one file with LLVMFuzzerTestOneInput(), which hands bytes to one
 * parser and checks what must hold of the outcome, one line in CMakeLists.txt, and a folder in corpus/.
 * A run must depend on its bytes only: no clock, no chance, nothing left over from the run before.
 */

/** Defined by each target: one run. Always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Ends the program, which the fuzzer takes as a finding, when a property does not hold. */
#define FUZZ_REQUIRE(condition)                                                                              \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                   \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/** The bytes of a run that have not been taken yet. */
typedef struct fuzz_input {
    const uint8_t *data;
    size_t len;
} fuzz_input;

/** The next byte; 0 when there is none. */
uint8_t fuzz_byte(fuzz_input *input);

/** The next eight bytes, big-endian, filled up with zeros. */
uint64_t fuzz_u64(fuzz_input *input);

/** Fills in the next `len` bytes, filled up with zeros. */
void fuzz_fill(fuzz_input *input, void *out, size_t len);

/**
 * The next `len` bytes, or as many as there are, in memory of exactly that size, so that reading beyond them
 * is noticed. Owned by the caller.
 */
uint8_t *fuzz_bytes(fuzz_input *input, size_t *len);

/** Up to the next newline or the end, NUL-terminated, in memory of exactly that size. Owned by the caller. */
char *fuzz_line(fuzz_input *input);

/** All that is left, likewise; what follows a NUL in it is there, but not seen. */
char *fuzz_text(fuzz_input *input);

/** Whether all bytes are 0x20 to 0x7e: what a sentence may consist of. */
bool fuzz_is_printable(const char *text);

#endif
