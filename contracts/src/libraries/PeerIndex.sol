// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDstackMembershipNFT} from "../interfaces/IDstackMembershipNFT.sol";

/// @title The registered peers
/// @notice An index of them, so that reads cost what is registered now, not what was ever minted. Removal moves the last
/// peer into the gap.
library PeerIndex {
    /// @dev One slot, 240 bits, all zero when not registered. `position` counts from 1.
    struct Standing {
        uint64 registeredAt;
        uint64 expiresAt;
        uint48 policyEpoch;
        uint48 position;
        uint16 urlLength;
    }

    struct Record {
        // One slot, 232 bits: the derived key's address, and what outlives peer and ticket.
        address instanceAddress;
        uint64 lastAnchor;
        bool banned;
        Standing standing;
        // The URL's bytes, its length being above: one slot less than a string takes. What a longer URL has left behind
        // stays: it is never read, and writing over it is cheaper than writing to a cleared slot.
        bytes32[8] url;
    }

    struct Index {
        // One slot, 224 bits: all that every registration reads or writes besides its own record.
        uint64 version;
        uint48 policyEpoch;
        uint48 count;
        uint64 leaseDuration;
        // Position, from 1 to count, to instance id.
        mapping(uint256 position => bytes20) ids;
        mapping(bytes20 instanceId => Record) records;
    }

    /// @notice Registers a peer, or registers it again.
    /// @return changed Whether membership is another than before: it was not listed, or had another URL or key.
    /// @return expiresAt When its new lease ends; 0 = never.
    function put(Index storage self, bytes20 id, address instanceAddress, string calldata url)
        internal
        returns (bool changed, uint64 expiresAt)
    {
        Record storage record = self.records[id];
        Standing memory standing = record.standing;
        changed = !isListed(self, standing);
        if (standing.position == 0 || hasExpired(standing)) standing.registeredAt = uint64(block.timestamp);
        if (standing.position == 0) standing.position = _append(self, id);
        if (record.instanceAddress != instanceAddress) {
            record.instanceAddress = instanceAddress;
            changed = true;
        }
        if (_storeUrl(record.url, bytes(url)) || standing.urlLength != bytes(url).length) changed = true;
        expiresAt = _leaseEnd(self.leaseDuration);
        standing.expiresAt = expiresAt;
        standing.policyEpoch = self.policyEpoch;
        standing.urlLength = uint16(bytes(url).length);
        record.standing = standing;
    }

    /// @notice Removes a peer from the index.
    /// @return removed Whether it was registered.
    function remove(Index storage self, bytes20 id) internal returns (bool removed) {
        Record storage record = self.records[id];
        uint48 position = record.standing.position;
        if (position == 0) return false;
        uint48 last = self.count;
        if (position != last) {
            bytes20 moved = self.ids[last];
            self.ids[position] = moved;
            self.records[moved].standing.position = position;
        }
        delete self.ids[last];
        self.count = last - 1;
        delete record.instanceAddress;
        delete record.standing;
        return true;
    }

    /// @notice Whether a peer is registered under the policy of now and its lease runs.
    function isListed(Index storage self, Standing memory standing) internal view returns (bool) {
        return standing.position != 0 && standing.policyEpoch == self.policyEpoch && !hasExpired(standing);
    }

    /// @notice Whether a registered peer's lease has run out.
    function hasExpired(Standing memory standing) internal view returns (bool) {
        return standing.expiresAt != 0 && block.timestamp >= standing.expiresAt;
    }

    /// @notice A listed peer, as readers get it.
    function toPeer(Record storage record, Standing memory standing, bytes20 id)
        internal
        view
        returns (IDstackMembershipNFT.Peer memory)
    {
        return IDstackMembershipNFT.Peer({
            instanceId: id,
            instanceAddress: record.instanceAddress,
            registeredAt: standing.registeredAt,
            expiresAt: standing.expiresAt,
            connectionUrl: loadUrl(record, standing.urlLength)
        });
    }

    /// @notice The URL of a record.
    function loadUrl(Record storage record, uint256 length) internal view returns (string memory) {
        bytes memory url = new bytes(length);
        for (uint256 i = 0; 32 * i < length; ++i) {
            bytes32 word = record.url[i];
            // Memory is allocated in whole words, so the last one has room as well.
            assembly ("memory-safe") {
                mstore(add(add(url, 32), mul(32, i)), word)
            }
        }
        return string(url);
    }

    function _append(Index storage self, bytes20 id) private returns (uint48 position) {
        position = self.count + 1;
        self.count = position;
        self.ids[position] = id;
    }

    /// @dev Writes only the words that differ, and returns whether any did.
    function _storeUrl(bytes32[8] storage words, bytes calldata url) private returns (bool changed) {
        for (uint256 i = 0; 32 * i < url.length; ++i) {
            bytes32 word = bytes32(url[32 * i:]);
            if (words[i] != word) {
                words[i] = word;
                changed = true;
            }
        }
    }

    /// @dev The longest leases end at the end of time, not before now.
    function _leaseEnd(uint64 leaseSeconds) private view returns (uint64) {
        if (leaseSeconds == 0) return 0;
        uint256 end = block.timestamp + leaseSeconds;
        return end > type(uint64).max ? type(uint64).max : uint64(end);
    }
}
