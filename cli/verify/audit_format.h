/* SPDX-License-Identifier: MIT */
#ifndef CLI_VERIFY_AUDIT_FORMAT_H
#define CLI_VERIFY_AUDIT_FORMAT_H

/** What a document says first; another number where the members are others. */
#define CLI_AUDIT_FORMAT "dstack-p2p-audit-1"

#endif
