/* SPDX-License-Identifier: MIT */
#include "cluster/paging.h"

enum { GROW_AFTER = 16 };

uint32_t cluster_paging_size(const cluster_paging *paging)
{
    return paging->size ? paging->size : CLUSTER_PAGE_MAX;
}

bool cluster_paging_shrink(cluster_paging *paging)
{
    uint32_t size = cluster_paging_size(paging);
    paging->smooth = 0;
    if (size == 1) return false;
    paging->size = size / 2;
    return true;
}

void cluster_paging_went_well(cluster_paging *paging)
{
    uint32_t size = cluster_paging_size(paging);
    if (size == CLUSTER_PAGE_MAX || ++paging->smooth < GROW_AFTER) return;
    paging->smooth = 0;
    paging->size = size > CLUSTER_PAGE_MAX / 2 ? CLUSTER_PAGE_MAX : size * 2;
}
