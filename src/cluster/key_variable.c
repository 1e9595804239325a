/* SPDX-License-Identifier: MIT */
#include "cluster/key_variable.h"

#include "base/secret.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *kept;

static void copy(char text[static CLUSTER_KEY_TEXT], const char *value)
{
    size_t len = strnlen(value, CLUSTER_KEY_TEXT - 1);
    base_wipe(text, CLUSTER_KEY_TEXT);
    memcpy(text, value, len);
}

/* The bytes are wiped where they are: unsetenv() only drops the pointer to them. */
static void take(char *value)
{
    if (!kept) kept = base_secret_new(CLUSTER_KEY_TEXT, NULL);
    if (!kept) return;
    copy(kept, value);
    base_wipe(value, strlen(value));
    unsetenv("PRIVATE_KEY");
}

bool cluster_key_variable(char text[static CLUSTER_KEY_TEXT])
{
    pthread_mutex_lock(&lock);
    char *value = getenv("PRIVATE_KEY");
    if (value) take(value);
    const char *source = kept ? kept : value;
    if (source) copy(text, source);
    pthread_mutex_unlock(&lock);
    return source;
}

__attribute__((destructor)) void cluster_key_variable_forget(void)
{
    pthread_mutex_lock(&lock);
    base_secret_free(kept, CLUSTER_KEY_TEXT);
    kept = NULL;
    pthread_mutex_unlock(&lock);
}
