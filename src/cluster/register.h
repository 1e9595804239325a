/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_REGISTER_H
#define CLUSTER_REGISTER_H

#include "base/error.h"

/** Makes the contract list this node with `url`, or not list it when `url` is "". */
struct cluster_session;

int cluster_register(struct cluster_session *session, const char *url, base_error *error);

#endif
