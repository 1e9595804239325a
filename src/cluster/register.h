/* SPDX-License-Identifier: MIT */
#ifndef CLUSTER_REGISTER_H
#define CLUSTER_REGISTER_H

#include "base/error.h"

/** Makes the contract list this node with `url`, or not list it when `url` is "". */
int cluster_register(dstack_p2p *sdk, const char *url, base_error *error);

#endif
