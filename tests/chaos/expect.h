/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CHAOS_EXPECT_H
#define TESTS_CHAOS_EXPECT_H

#include "chaos/stage.h"
#include "unit.h"

/*
 * What a test insists on, at its own line.
 */

/** A test that gets a stage to open, as often as it likes; what it leaves open when it fails is closed. */
#define stage_test(test) cmocka_unit_test_setup_teardown(test, stage_make, stage_unmake)
int stage_make(void **state);
int stage_unmake(void **state);

/** The list is the contract's, the recorder has seen nothing wrong, and so many changes were told. */
#define expect_told(it, count) expect_told_at(it, count, __FILE__, __LINE__)
void expect_told_at(stage *it, size_t count, const char *file, int line);

/** The last reading ended so, with this in its sentence. */
#define expect_status(it, code, part) expect_status_at(it, code, part, __FILE__, __LINE__)
void expect_status_at(stage *it, int code, const char *part, const char *file, int line);

/** How changes are noticed now. */
#define expect_transport(it, name) assert_string_equal(stage_status(it).transport, name)

#endif
