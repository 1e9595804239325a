/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SAID_H
#define TESTS_SAID_H

/** What is said on standard error, kept for a test to look at: as its set-up and tear-down. */
int said_begin(void **state);
int said_end(void **state);

/** Fails unless this is part of what was said since the last look. */
void expect_said(const char *part);

#endif
