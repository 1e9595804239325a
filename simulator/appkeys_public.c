/* SPDX-License-Identifier: MIT */
/*
 * The keys of dstack's public development simulator. Everybody has them: they prove nothing and must never
 * guard anything. They are here so that what is deployed against one simulator also fits the other. The
 * certificate authority's private key is left out, nothing here issues certificates.
 */
#include "appkeys.h"

const char sim_appkeys_public[] =
    "{"
    "\"disk_crypt_key\":\"2cbc10ccbed084b91af2ceff8400e6082402367f18a2c6248bac17d2fc951607\","
    "\"env_crypt_key\":\"4f3cf0a19a0444674c8e51222afd395b8df9fad2ba3cd7956f640a4b3c046db6\","
    "\"k256_key\":\"d6e88992cdeeee35fe70b5db61ab66cdb191fb9b6ec9313757ef162dd7214d5d\","
    "\"k256_signature\":"
    "\"9e618603e72d01fedb82deff6daf2d62a572becf0059eec3f89c1ab40e1f2e59"
    "4d2a283f843f34e8f39e4cc49a612496ce67223a12ac923f8efe330346dfc6c500\","
    "\"gateway_app_id\":\"any\","
    "\"ca_cert\":"
    "\"-----BEGIN CERTIFICATE-----\\n"
    "MIIBmzCCAUCgAwIBAgIUU7801+krCs2OpIdne3t6OWrJ2fMwCgYIKoZIzj0EAwIw\\n"
    "KTEPMA0GA1UECgwGRHN0YWNrMRYwFAYDVQQDDA1Ec3RhY2sgS01TIENBMB4XDTc1\\n"
    "MDEwMTAwMDAwMFoXDTM1MTIxOTAyNTEzOVowKTEPMA0GA1UECgwGRHN0YWNrMRYw\\n"
    "FAYDVQQDDA1Ec3RhY2sgS01TIENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\\n"
    "GbJFfdm4qmRG2YDxNv/3gS7NbHd0DusOKLENVsDAACiltuWdzqMH1YO9H3B2npwR\\n"
    "bfK8+xdYqV2GE+feHISCwKNGMEQwDwYDVR0PAQH/BAUDAweGADAdBgNVHQ4EFgQU\\n"
    "evjJ+VZPvDxHJ2ejjeIaUYMMcEcwEgYDVR0TAQH/BAgwBgEB/wIBATAKBggqhkjO\\n"
    "PQQDAgNJADBGAiEAvAYUOGbU5QC23zzQtJqm7/hGzVK5SlI0P7yGDii+/4ACIQCN\\n"
    "bKkagb0uncr6sUKlhKrpHhID+WWTvqJj0TrkvbVdCg==\\n"
    "-----END CERTIFICATE-----\\n\","
    "\"key_provider\":{\"None\":{\"key\":\"\"}}"
    "}";
