/* SPDX-License-Identifier: MIT */
#include "identity.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>

static int print(dstack_p2p *sdk)
{
    const char *instance = dstack_p2p_instance_id(sdk);
    const char *address = instance ? dstack_p2p_instance_address(sdk) : NULL;
    const char *app = address ? dstack_p2p_app_id(sdk) : NULL;
    const char *payer = app ? dstack_p2p_payer_address(sdk) : NULL;
    if (!payer) return log_fatal(dstack_p2p_errcode(sdk), "%s", dstack_p2p_errmsg(sdk));
    /* Hex digits only: nothing to escape. */
    printf("{\n  \"instance_id\": \"%s\",\n  \"instance_address\": \"%s\",\n  \"app_id\": \"%s\",\n"
           "  \"payer_address\": \"%s\"\n}\n",
           instance, address, app, payer);
    return fflush(stdout) ? log_fatal(EXIT_FAILURE, "cannot write the identity") : EXIT_SUCCESS;
}

int identity_print(const hello_options *options)
{
    dstack_p2p_options quiet = options->sdk;
    if (!options->verbose) quiet.log_level = DSTACK_P2P_LOG_WARNING;
    dstack_p2p *sdk = dstack_p2p_new_with_options(options->contract, options->url, &quiet);
    if (!sdk) return log_fatal(DSTACK_P2P_ERR_NO_MEMORY, "out of memory");
    int status = print(sdk);
    dstack_p2p_free(sdk);
    return status;
}
