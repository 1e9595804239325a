/* SPDX-License-Identifier: MIT */
#ifndef NET_DRIVE_H
#define NET_DRIVE_H

#include <curl/curl.h>

/** libcurl's own start, once for the process. Any thread. */
void net_drive_init(void);

/**
 * Runs the one transfer that was added to the multi handle until it ends; its outcome, or
 * CURLE_ABORTED_BY_CALLBACK when `cancel_fd` (-1: never) became readable.
 */
CURLcode net_drive(CURLM *multi, int cancel_fd);

#endif
