/* SPDX-License-Identifier: MIT */
#ifndef DSTACK_P2P_METRICS_H
#define DSTACK_P2P_METRICS_H

#include "dstack_p2p.h"

#include <stdio.h>

/*
 * Prometheus' text format, version 0.0.4. A sample's name, kind and help are the program's own words; what
 * comes from elsewhere is a number, or a label's value, which is escaped. Nothing here fails: the stream
 * knows.
 */
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

typedef enum metrics_kind { METRICS_GAUGE, METRICS_COUNTER } metrics_kind;

/** One sample without labels, with its head. Infinite values are allowed. */
void metrics_value(FILE *out, const char *name, metrics_kind kind, const char *help, double value);

/** The same for whole numbers, which a double holds only up to 2^53. */
void metrics_count(FILE *out, const char *name, metrics_kind kind, const char *help, uint64_t value);

/** A gauge of 1 with one label, for what is a word and no number. */
void metrics_word(FILE *out, const char *name, const char *help, const char *label, const char *value);

/** What the SDK's monitor knows: peers, freshness, registration, lease, requests to the nodes. */
void metrics_status(FILE *out, const dstack_p2p_status *status);

#endif
