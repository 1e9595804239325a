/* SPDX-License-Identifier: MIT */
#include "net/drive.h"

#include "base/event.h"

#include <pthread.h>

enum { LOOK_MS = 60000 };

static void global_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

void net_drive_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, global_init);
}

CURLcode net_drive(CURLM *multi, int cancel_fd)
{
    struct curl_waitfd cancel = {.fd = cancel_fd, .events = CURL_WAIT_POLLIN};
    unsigned extra = cancel_fd >= 0;
    int running = 1, left;
    for (;;) {
        if (base_event_is_set(cancel_fd)) return CURLE_ABORTED_BY_CALLBACK;
        if (curl_multi_perform(multi, &running)) return CURLE_OUT_OF_MEMORY;
        if (!running) break;
        if (curl_multi_poll(multi, &cancel, extra, LOOK_MS, NULL)) return CURLE_OUT_OF_MEMORY;
    }
    CURLMsg *message = curl_multi_info_read(multi, &left);
    return message && message->msg == CURLMSG_DONE ? message->data.result : CURLE_OUT_OF_MEMORY;
}
