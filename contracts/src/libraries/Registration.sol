// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDstackMembershipErrors} from "../interfaces/IDstackMembershipErrors.sol";

/// @dev What is kept about an instance besides its ticket and its index entry, in one slot:
///
///     address of the derived key (160) | position (24) | last anchor (38) | registered at (34)
///
/// The position counts from 1; 0 = not registered, and then only the last anchor stands here, which outlives peer and
/// ticket. Block numbers and times that do not fit are refused.
type Registration is uint256;

using RegistrationLib for Registration global;

/// @title The fields of a registration
library RegistrationLib {
    uint256 private constant SINCE_BITS = 34;
    uint256 private constant ANCHOR_BITS = 38;
    uint256 private constant POSITION_BITS = 24;
    uint256 private constant ANCHOR_SHIFT = SINCE_BITS;
    uint256 private constant POSITION_SHIFT = ANCHOR_SHIFT + ANCHOR_BITS;
    uint256 private constant ADDRESS_SHIFT = POSITION_SHIFT + POSITION_BITS;
    uint256 private constant SINCE_MASK = (1 << SINCE_BITS) - 1;
    uint256 private constant ANCHOR_MASK = (1 << ANCHOR_BITS) - 1;
    uint256 private constant POSITION_MASK = (1 << POSITION_BITS) - 1;

    /// @notice A registered peer. The place, its position, fits, as the index has seen to, and `since` is or was a `time()`.
    function pack(address account, uint256 place, uint256 anchor, uint256 since) internal pure returns (Registration) {
        return Registration.wrap(
            (uint256(uint160(account)) << ADDRESS_SHIFT) | (place << POSITION_SHIFT)
                | Registration.unwrap(onlyAnchor(anchor)) | since
        );
    }

    /// @notice The time of the block, which fits; so does the end of a lease that begins now, in an index entry.
    function time() internal view returns (uint256) {
        _requireFits(block.timestamp, SINCE_BITS);
        return block.timestamp;
    }

    /// @notice An instance that is not registered.
    function onlyAnchor(uint256 anchor) internal pure returns (Registration) {
        _requireFits(anchor, ANCHOR_BITS);
        return Registration.wrap(anchor << ANCHOR_SHIFT);
    }

    /// @notice The same registration at another place in the index.
    function movedTo(Registration self, uint256 newPosition) internal pure returns (Registration) {
        return Registration.wrap(
            (Registration.unwrap(self) & ~(POSITION_MASK << POSITION_SHIFT)) | (newPosition << POSITION_SHIFT)
        );
    }

    function instanceAddress(Registration self) internal pure returns (address) {
        return address(uint160(Registration.unwrap(self) >> ADDRESS_SHIFT));
    }

    function position(Registration self) internal pure returns (uint256) {
        return (Registration.unwrap(self) >> POSITION_SHIFT) & POSITION_MASK;
    }

    function lastAnchor(Registration self) internal pure returns (uint64) {
        return uint64((Registration.unwrap(self) >> ANCHOR_SHIFT) & ANCHOR_MASK);
    }

    function registeredAt(Registration self) internal pure returns (uint64) {
        return uint64(Registration.unwrap(self) & SINCE_MASK);
    }

    function _requireFits(uint256 value, uint256 bits) private pure {
        if (value >> bits != 0) revert IDstackMembershipErrors.ChainOutOfRange(value, bits);
    }
}
