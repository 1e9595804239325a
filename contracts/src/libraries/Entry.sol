// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev A registered peer's place in the index: one slot, with all that a listing of URLs needs.
///
///     instance id (160) | URL code (34) | policy epoch (24) | end of the lease in seconds since 1970, 0 = never (38)
///
/// The URL code says how the URL is stored: see UrlCode.
type Entry is uint256;

using EntryLib for Entry global;

// Where the fields are, for assembly as well: bits of the lease's end and its mask; mask of code and epoch above it.
uint256 constant EXPIRY_BITS = 38;
uint256 constant EXPIRY_MASK = 0x3fffffffff;
uint256 constant CODE_AND_EPOCH_MASK = 0x3ffffffffffffff;

/// @title The fields of an index entry
library EntryLib {
    uint256 internal constant EPOCH_BITS = 24;
    uint256 private constant EPOCH_MASK = (1 << EPOCH_BITS) - 1;
    uint256 private constant CODE_MASK = (1 << 34) - 1;
    uint256 private constant CODE_SHIFT = EXPIRY_BITS + EPOCH_BITS;

    /// @notice An entry of fields that fit: an epoch and a URL code do, and the end of a lease that begins at a time which
    /// RegistrationLib accepts.
    function pack(bytes20 id, uint256 code, uint256 epoch, uint256 expiry) internal pure returns (Entry) {
        return Entry.wrap(uint256(bytes32(id)) | (code << CODE_SHIFT) | (epoch << EXPIRY_BITS) | expiry);
    }

    function instanceId(Entry self) internal pure returns (bytes20) {
        return bytes20(bytes32(Entry.unwrap(self)));
    }

    function urlCode(Entry self) internal pure returns (uint256) {
        return (Entry.unwrap(self) >> CODE_SHIFT) & CODE_MASK;
    }

    /// @notice URL code and policy epoch, in one.
    function codeAndEpoch(Entry self) internal pure returns (uint256) {
        return (Entry.unwrap(self) >> EXPIRY_BITS) & CODE_AND_EPOCH_MASK;
    }

    function expiresAt(Entry self) internal pure returns (uint64) {
        return uint64(Entry.unwrap(self) & EXPIRY_MASK);
    }

    /// @notice Whether the peer is registered under this policy and its lease runs.
    function isListed(Entry self, uint256 epoch) internal view returns (bool) {
        return (Entry.unwrap(self) >> EXPIRY_BITS) & EPOCH_MASK == epoch && !hasExpired(self);
    }

    /// @notice Whether the lease has run out.
    function hasExpired(Entry self) internal view returns (bool) {
        unchecked {
            // 0 - 1 is the end of time.
            return (Entry.unwrap(self) & EXPIRY_MASK) - 1 < block.timestamp;
        }
    }
}
