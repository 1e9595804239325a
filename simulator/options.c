/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "base/hex.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

const char sim_options_help[] =
    "usage: dstack-simulator [options]\n"
    "\n"
    "A dstack guest agent for development: Info, GetKey and Version over unix sockets and TCP, for any "
    "number\n"
    "of instances of one app. Its keys are public and must never guard anything.\n"
    "\n"
    "  --dir DIR            folder of the sockets (default: ./simulator, made if it is missing)\n"
    "                         DIR/dstack.sock         the default instance\n"
    "                         DIR/NAME/dstack.sock    the instance NAME, 1 to 32 of a-z, 0-9 and -\n"
    "  --listen HOST:PORT   serve TCP as well; port 0 takes a free one\n"
    "                         http://HOST:PORT        the default instance\n"
    "                         http://HOST:PORT/i/NAME the instance NAME, made when it is first asked for;\n"
    "                                                 /i/NAME also works on every unix socket\n"
    "  --allow-remote       let --listen use an address that other machines can reach\n"
    "  --instance NAME      make the instance NAME at once; may be repeated\n"
    "  --appkeys FILE       other keys, in the format of dstack's appkeys.json\n"
    "  --app-id HEX         another app id, 40 hex digits\n"
    "  --no-instance-id     answer an empty instance id, as apps with no_instance_id do\n"
    "  --help, --version\n"
    "\n"
    "Once everything listens, one line on standard output says so: \"ready: unix:DIR/dstack.sock\", followed "
    "by\n"
    "the TCP address if there is one. SIGTERM and SIGINT end the simulator and remove its sockets.\n"
    "Exit status: 0 after a signal, 1 when it cannot run, 2 for wrong usage.\n";

static bool misuse(const char *sentence, const char *text)
{
    fprintf(stderr, "dstack-simulator: %s%s (see --help)\n", sentence, text);
    return false;
}

static bool add_name(sim_options *options, const char *name)
{
    if (!sim_name_valid(name))
        return misuse("--instance takes 1 to 32 of the characters a-z, 0-9 and -, not ", name);
    if (options->name_count == SIM_INSTANCES_MAX) return misuse("too many instances, at ", name);
    options->names[options->name_count++] = name;
    return true;
}

static bool set_app_id(sim_options *options, const char *text)
{
    const char *digits = base_hex_skip_prefix(text);
    if (base_hex_decode(digits, strlen(digits), options->app.app_id20, 20)) return true;
    return misuse("--app-id takes 40 hex digits, not ", text);
}

enum { DIR = 'd', LISTEN = 'l', APPKEYS = 'k', APP_ID = 'a', INSTANCE = 'i', REMOTE = 'r', NO_ID = 'n' };

static bool take(sim_options *options, int option, const char *argument)
{
    switch (option) {
    case DIR:
        options->dir = argument;
        return *argument || misuse("--dir is empty", "");
    case LISTEN:
        options->listen = argument;
        return true;
    case APPKEYS:
        options->appkeys = argument;
        return true;
    case APP_ID:
        return set_app_id(options, argument);
    case INSTANCE:
        return add_name(options, argument);
    case REMOTE:
        return options->allow_remote = true;
    case NO_ID:
        return options->app.no_instance_id = true;
    case 'h':
        return options->help = true;
    case 'v':
        return options->version = true;
    default:
        return false; /* getopt_long() has said why */
    }
}

bool sim_options_parse(sim_options *options, int count, char **arguments)
{
    static const struct option known[] = {{"dir", required_argument, NULL, DIR},
                                          {"listen", required_argument, NULL, LISTEN},
                                          {"appkeys", required_argument, NULL, APPKEYS},
                                          {"app-id", required_argument, NULL, APP_ID},
                                          {"instance", required_argument, NULL, INSTANCE},
                                          {"allow-remote", no_argument, NULL, REMOTE},
                                          {"no-instance-id", no_argument, NULL, NO_ID},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'v'},
                                          {NULL, 0, NULL, 0}};
    int option = 0;
    *options = (sim_options){.dir = "./simulator"};
    memcpy(options->app.app_id20, sim_public_app_id20, 20);
    while ((option = getopt_long(count, arguments, "h", known, NULL)) != -1)
        if (!take(options, option, optarg)) return false;
    return optind == count || misuse("unexpected argument ", arguments[optind]);
}
