// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDstackMembershipErrors} from "../interfaces/IDstackMembershipErrors.sol";
import {Entry, EntryLib} from "./Entry.sol";
import {Registration, RegistrationLib} from "./Registration.sol";
import {UrlCode} from "./UrlCode.sol";

/// @dev As many as a registration has bits for the position.
uint256 constant MAX_PEERS = (1 << 24) - 1;

/// @title The instances and the index of those that are registered
/// @notice The index is dense, so that reads cost what is registered now, not what was ever minted: removal moves the last
/// peer into the gap. What is beyond the end of the index, or of a URL, stays: it is never read, and writing over it later
/// is cheaper than writing to a cleared slot.
library PeerIndex {
    struct Record {
        // One slot, 168 bits: the ticket, and whether the instance is banned, with or without one.
        address holder;
        bool banned;
        // One slot.
        Registration registration;
        // The URL's bytes, unless it is a gateway URL; its length is in the index entry.
        bytes32[8] url;
    }

    struct Index {
        // One slot, 88 bits: what joining and leaving writes.
        uint64 version;
        uint24 count;
        mapping(uint256 tokenId => Record) records;
        // At positions 1 to count, each one less here. A fixed array needs neither a length nor a hash for each access.
        Entry[MAX_PEERS] entries;
    }

    /// @notice Registers a peer, or registers it again.
    /// @param record The instance's.
    /// @param old What `record.registration` is.
    /// @param entry Its new index entry.
    /// @param epoch The policy epoch in the entry.
    /// @return version The new membership version, if membership is another than before: the peer was not listed, or had
    /// another URL or key. 0 if not.
    function put(
        Index storage self,
        Record storage record,
        Registration old,
        Entry entry,
        uint256 epoch,
        address instanceAddress,
        uint256 anchor,
        bytes calldata url
    ) internal returns (uint64 version) {
        unchecked {
            uint256 position = old.position();
            uint256 since = RegistrationLib.time();
            Entry before;
            if (position != 0) {
                before = _entryAt(self, position);
                if (!before.hasExpired()) since = old.registeredAt();
            }
            // Without an entry neither the code nor the length is that of a URL.
            bool same = (before.urlCode() == entry.urlCode() || _holds(record.url, before.urlCode(), url))
                && before.isListed(epoch) && old.instanceAddress() == instanceAddress;
            if (UrlCode.baseNumber(entry.urlCode()) == 0 && _storeUrl(record.url, url)) same = false;
            if (!same) (version, position) = _countIn(self, position);
            if (Entry.unwrap(entry) != Entry.unwrap(before)) _setEntryAt(self, position, entry);
            record.registration = RegistrationLib.pack(instanceAddress, position, anchor, since);
        }
    }

    /// @notice Removes a peer, if there is one, and makes every statement up to an anchor worthless.
    /// @return removed Whether it was registered. The version is the caller's to move.
    function remove(Index storage self, Record storage record, uint256 anchor) internal returns (bool removed) {
        uint256 position = record.registration.position();
        record.registration = RegistrationLib.onlyAnchor(anchor);
        if (position == 0) return false;
        uint256 last = self.count;
        if (position != last) {
            Entry moved = _entryAt(self, last);
            _setEntryAt(self, position, moved);
            Record storage neighbour = recordOf(self, moved.instanceId());
            neighbour.registration = neighbour.registration.movedTo(position);
        }
        self.count = uint24(last - 1);
        return true;
    }

    /// @notice What is kept about an instance.
    function recordOf(Index storage self, bytes20 id) internal view returns (Record storage) {
        return self.records[uint160(id)];
    }

    /// @notice The index entry of a registration; all zero when it is none.
    function entryOf(Index storage self, Registration registration) internal view returns (Entry entry) {
        uint256 position = registration.position();
        if (position != 0) entry = _entryAt(self, position);
    }

    /// @notice The entry at a position, from 1 to the count.
    function _entryAt(Index storage self, uint256 position) private view returns (Entry entry) {
        Entry[MAX_PEERS] storage entries = self.entries;
        assembly ("memory-safe") {
            entry := sload(add(entries.slot, sub(position, 1)))
        }
    }

    function _setEntryAt(Index storage self, uint256 position, Entry entry) private {
        Entry[MAX_PEERS] storage entries = self.entries;
        assembly ("memory-safe") {
            sstore(add(entries.slot, sub(position, 1)), entry)
        }
    }

    /// @dev Moves the version on, and for a newcomer the end of the index. A registration has no other position than 0
    /// and those of the index.
    function _countIn(Index storage self, uint256 position) private returns (uint64 version, uint256) {
        unchecked {
            uint256 count = self.count;
            // At a billion transactions a second it takes 500 years to the last one.
            version = self.version + 1;
            if (position == 0) {
                if (count == MAX_PEERS) revert IDstackMembershipErrors.IndexIsFull(count);
                position = ++count;
            }
            self.version = version;
            self.count = uint24(count);
            return (version, position);
        }
    }

    /// @dev Whether a URL is the one that is kept as it stands: a gateway URL was, until its base domain was allowed.
    function _holds(bytes32[8] storage words, uint256 urlCode, bytes calldata url) private view returns (bool) {
        if (urlCode != url.length) return false;
        for (uint256 i = 0; 32 * i < url.length; ++i) {
            if (words[i] != bytes32(url[32 * i:])) return false;
        }
        return true;
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
}
