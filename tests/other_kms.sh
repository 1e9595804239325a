# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For tests/*_test.sh: the keys of an app under a KMS other than dstack's public development one.

# other_keys FILE: for dstack-simulator --appkeys.
other_keys() {
  local zeros authority
  zeros=$(printf '0%.0s' {1..63})
  authority=$(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=KMS 2>/dev/null)
  jq -n --arg ca "$authority"$'\n' --arg key "${zeros}1" '{disk_crypt_key: "", k256_key: $key, gateway_app_id: "", ca_cert: $ca,
    k256_signature: ("9e618603e72d01fedb82deff6daf2d62a572becf0059eec3f89c1ab40e1f2e59" +
      "4d2a283f843f34e8f39e4cc49a612496ce67223a12ac923f8efe330346dfc6c500"), key_provider: {Kms: {}}}' >"$1"
}
