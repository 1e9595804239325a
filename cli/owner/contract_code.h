/* SPDX-License-Identifier: MIT */
#ifndef CLI_OWNER_CONTRACT_CODE_H
#define CLI_OWNER_CONTRACT_CODE_H

#include <stddef.h>
#include <stdint.h>

/** What creates a DstackMembershipNFT; its constructor's argument, the KMS root as a word, is to follow. */
extern const uint8_t contract_code[];
extern const size_t contract_code_size;

#endif
