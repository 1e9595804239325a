/* SPDX-License-Identifier: MIT */
#include "cli/node/doctor/doctor.h"

#include "base/hex.h"
#include "guest/endpoint.h"

static const char *remedy_for(int code)
{
    switch (code) {
    case DSTACK_P2P_ERR_GUEST_UNREACHABLE:
        return "mount the guest agent's socket into the container (/var/run/dstack.sock), or give --guest; "
               "outside a "
               "dstack VM start dstack-simulator";
    case DSTACK_P2P_ERR_NO_INSTANCE_ID:
        return "take no_instance_id out of the app's compose, and deploy it again";
    case DSTACK_P2P_ERR_NO_KMS_SIGNATURE:
        return "deploy the app with keys from a KMS (key provider \"kms\"): local ones carry no KMS "
               "signature";
    case DSTACK_P2P_ERR_KEY_CHAIN:
        return "restart the VM; if that does not help, what answers here is no dstack guest agent";
    default:
        return "check with --guest that this is a dstack guest agent, and see its log";
    }
}

static void skip_rest(doctor *self, const char *why)
{
    doctor_find(self, "key_chain", DOCTOR_SKIPPED, NULL, "%s", why);
}

/* Info alone first, so that it shows what is at fault: the agent, the id, or the keys. */
static int ask_info(doctor *self, guest_info *info, base_error *error)
{
    guest_client *guest =
        cluster_meet_guest(self->sdk, self->sdk->config.guest_wait_ms, self->sdk->cancel_fd, error);
    if (guest) guest_client_info(guest, info, error);
    guest_client_free(guest);
    return error->code;
}

static void check_keys(doctor *self)
{
    cluster_session session;
    base_error error = {0};
    const cluster_identity *id = &self->sdk->identity;
    if (cluster_own_session(self->sdk, &session, &error) || cluster_identify(&session, &error)) {
        doctor_find(self, "key_chain", DOCTOR_BAD, remedy_for(error.code), "%s", error.text);
        return;
    }
    self->has_instance = true;
    doctor_find(self, "key_chain", DOCTOR_GOOD, NULL, "app %s, address %s, KMS root %s", id->app_id_text,
                id->address_text, id->kms_root_text);
}

void doctor_check_guest(doctor *self)
{
    char id[41];
    guest_info info;
    base_error error = {0};
    guest_endpoint endpoint;
    int code = ask_info(self, &info, &error);
    if (code && code != DSTACK_P2P_ERR_NO_INSTANCE_ID) {
        doctor_find(self, "guest_agent", DOCTOR_BAD, remedy_for(code), "%s", error.text);
        doctor_find(self, "instance_id", DOCTOR_SKIPPED, NULL, "no guest agent answers");
        skip_rest(self, "no guest agent answers");
        return;
    }
    if (guest_endpoint_parse(self->sdk->config.guest_endpoint, &endpoint, NULL)) *endpoint.shown = '\0';
    doctor_find(self, "guest_agent", DOCTOR_GOOD, NULL, "answers at %s", endpoint.shown);
    if (code) {
        doctor_find(self, "instance_id", DOCTOR_BAD, remedy_for(code), "%s", error.text);
        skip_rest(self, "there is no instance id");
        return;
    }
    base_hex_encode(info.instance_id20, 20, id);
    doctor_find(self, "instance_id", DOCTOR_GOOD, NULL, "%s", id);
    check_keys(self);
}
