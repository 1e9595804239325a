// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDstackMembershipNFT} from "../interfaces/IDstackMembershipNFT.sol";
import {BaseDomains} from "./BaseDomains.sol";
import {CODE_AND_EPOCH_MASK, EXPIRY_BITS, EXPIRY_MASK, Entry} from "./Entry.sol";
import {LANE_1, LANE_2, LANE_4, LANE_8, NIBBLE, ONE} from "./Hex.sol";
import {MAX_PEERS, PeerIndex} from "./PeerIndex.sol";
import {Registration} from "./Registration.sol";
import {UrlCode} from "./UrlCode.sol";

/// @title Answers that list peers
/// @notice Memory costs its square, so a list of thousands is written once, in the form in which it is returned (ABI),
/// instead of being gathered as structs and strings and encoded from there. Answers are written to memory that is not in
/// use yet, and end the call.
library PeerLists {
    using PeerIndex for PeerIndex.Index;

    /// @dev What URLs are listed with: the policy epoch, and what followed the id in the last gateway URL. In most clusters
    /// it is the same in every one.
    struct Source {
        uint256 epoch;
        uint256 codeAndEpoch;
        uint256 tail;
        uint256 tailLength;
    }

    /// @dev Room for the longest port, suffix and base domain, and the word that a copy may write beyond.
    uint256 private constant TAIL_ROOM = 320;

    /// @notice A source of URLs.
    function open(uint256 epoch) internal pure returns (Source memory source) {
        source.epoch = epoch;
        source.tail = _free();
        _claim(source.tail + TAIL_ROOM);
    }

    /// @notice The URLs of the listed peers, as `string[]`. Ends the call.
    function answerUrls(PeerIndex.Index storage index, BaseDomains.Registry storage domains, Source memory source)
        internal
        view
        returns (string[] memory)
    {
        unchecked {
            uint256 count = index.count;
            uint256 start = _free();
            uint256 heads = start + 64;
            uint256 head = heads;
            uint256 cursor = heads + 32 * count;
            for (uint256 i = 0; i < count; ++i) {
                (i, head, cursor) = _writeRun(index, source, i, count, heads, head, cursor);
                if (i == count) break;
                Entry entry = _entryAt(index, i);
                if (!entry.isListed(source.epoch)) continue;
                _store(head, cursor - heads);
                head += 32;
                cursor = _writeUrl(index, domains, source, entry, cursor);
            }
            _store(start, 32);
            _return(start, _closeGap(heads, head, count, cursor));
        }
    }

    /// @notice The listed peers in some index slots, as `(Peer[] page, uint256 total, uint256 version)`. Ends the call.
    function answerPage(
        PeerIndex.Index storage index,
        BaseDomains.Registry storage domains,
        Source memory source,
        uint256 offset,
        uint256 limit
    ) internal view returns (IDstackMembershipNFT.Peer[] memory, uint256, uint256) {
        unchecked {
            uint256 total = index.count;
            uint256 slots = offset < total ? total - offset : 0;
            if (limit < slots) slots = limit;
            uint256 start = _free();
            uint256 heads = start + 128;
            uint256 head = heads;
            uint256 cursor = heads + 32 * slots;
            for (uint256 i = offset; i < offset + slots; ++i) {
                Entry entry = _entryAt(index, i);
                if (!entry.isListed(source.epoch)) continue;
                _store(head, cursor - heads);
                head += 32;
                cursor = _writePeer(index, domains, source, entry, cursor);
            }
            _store(start, 96);
            _store(start + 32, total);
            _store(start + 64, index.version);
            _return(start, _closeGap(heads, head, slots, cursor));
        }
    }

    /// @notice The peer of an entry, as `(Peer)`. Ends the call.
    function answerPeer(
        PeerIndex.Index storage index,
        BaseDomains.Registry storage domains,
        Source memory source,
        Entry entry
    ) internal view returns (IDstackMembershipNFT.Peer memory) {
        uint256 start = _free();
        _store(start, 32);
        _return(start, _writePeer(index, domains, source, entry, start + 32));
    }

    /// @dev Writes a Peer, and returns its end.
    function _writePeer(
        PeerIndex.Index storage index,
        BaseDomains.Registry storage domains,
        Source memory source,
        Entry entry,
        uint256 cursor
    ) private view returns (uint256) {
        unchecked {
            Registration registration = index.recordOf(entry.instanceId()).registration;
            _store(cursor, uint256(bytes32(entry.instanceId())));
            _store(cursor + 32, uint160(registration.instanceAddress()));
            _store(cursor + 64, registration.registeredAt());
            _store(cursor + 96, entry.expiresAt());
            _store(cursor + 128, 160);
            return _writeUrl(index, domains, source, entry, cursor + 160);
        }
    }

    /// @dev Writes a string, and returns its end.
    function _writeUrl(
        PeerIndex.Index storage index,
        BaseDomains.Registry storage domains,
        Source memory source,
        Entry entry,
        uint256 cursor
    ) private view returns (uint256) {
        unchecked {
            uint256 length = entry.urlCode();
            if (UrlCode.baseNumber(length) == 0) {
                _loadUrl(index.recordOf(entry.instanceId()).url, length, cursor + 32);
                _store(cursor, length);
                return _endOf(cursor, length);
            }
            if (entry.codeAndEpoch() != source.codeAndEpoch) _loadTail(domains, source, entry);
            return _writeAlike(source, entry.instanceId(), cursor);
        }
    }

    /// @dev Writes a gateway URL that differs from the last one in the id.
    function _writeAlike(Source memory source, bytes20 id, uint256 cursor) private pure returns (uint256) {
        unchecked {
            UrlCode.writeHead(cursor + 32, id);
            uint256 length = source.tailLength;
            uint256 tail = source.tail;
            assembly ("memory-safe") {
                // With the zeros that follow it.
                mcopy(add(cursor, 80), tail, add(length, 31))
            }
            _store(cursor, UrlCode.HEAD + length);
            return _endOf(cursor, UrlCode.HEAD + length);
        }
    }

    /// @dev Writes the URLs of a run of entries that are listed and alike: equal but for the id and the lease's end, as most
    /// are in most clusters. The same as _writeAlike for each, in half the gas: this is where a list of thousands is made.
    /// @param i Position of the first entry, less one.
    /// @return The first position, less one, of another kind of entry; the new head and cursor.
    function _writeRun(
        PeerIndex.Index storage index,
        Source memory source,
        uint256 i,
        uint256 count,
        uint256 heads,
        uint256 head,
        uint256 cursor
    ) private view returns (uint256, uint256, uint256) {
        Entry[MAX_PEERS] storage entries = index.entries;
        uint256 alike = source.codeAndEpoch;
        if (alike == 0) return (i, head, cursor);
        uint256 length = UrlCode.HEAD + source.tailLength;
        uint256 size = (length + 31) & ~uint256(31);
        uint256 tail = source.tail;
        assembly ("memory-safe") {
            for {} lt(i, count) { i := add(i, 1) } {
                let entry := sload(add(entries.slot, i))
                // EntryLib's codeAndEpoch, and its hasExpired.
                let isAlike := eq(and(shr(EXPIRY_BITS, entry), CODE_AND_EPOCH_MASK), alike)
                if iszero(gt(isAlike, lt(sub(and(entry, EXPIRY_MASK), 1), timestamp()))) { break }
                mstore(head, sub(cursor, heads))
                head := add(head, 32)
                mstore(cursor, length)
                mstore(add(cursor, 32), 0x68747470733a2f2f000000000000000000000000000000000000000000000000)
                // Hex.encode
                let x := shr(128, entry)
                x := and(or(x, shl(64, x)), LANE_8)
                x := and(or(x, shl(32, x)), LANE_4)
                x := and(or(x, shl(16, x)), LANE_2)
                x := and(or(x, shl(8, x)), LANE_1)
                x := and(or(x, shl(4, x)), NIBBLE)
                let letters := and(shr(4, add(x, mul(6, ONE))), ONE)
                mstore(add(cursor, 40), add(add(x, mul(0x30, ONE)), mul(0x27, letters)))
                // Hex.encodeTail
                x := and(shr(96, entry), 0xffffffff)
                x := and(or(x, shl(16, x)), 0x0000ffff0000ffff)
                x := and(or(x, shl(8, x)), 0x00ff00ff00ff00ff)
                x := and(or(x, shl(4, x)), 0x0f0f0f0f0f0f0f0f)
                letters := and(shr(4, add(x, 0x0606060606060606)), 0x0101010101010101)
                mstore(add(cursor, 72), shl(192, add(add(x, 0x3030303030303030), mul(0x27, letters))))
                // With the zeros that follow it.
                mcopy(add(cursor, 80), tail, sub(size, 48))
                cursor := add(cursor, add(size, 32))
            }
        }
        return (i, head, cursor);
    }

    /// @dev The end of a string in the answer.
    function _endOf(uint256 start, uint256 length) private pure returns (uint256) {
        unchecked {
            return start + 32 + ((length + 31) & ~uint256(31));
        }
    }

    function _loadUrl(bytes32[8] storage words, uint256 length, uint256 cursor) private view {
        unchecked {
            for (uint256 i = 0; 32 * i < length; ++i) {
                _store(cursor + 32 * i, uint256(words[i]));
            }
        }
    }

    function _loadTail(BaseDomains.Registry storage domains, Source memory source, Entry entry) private view {
        unchecked {
            uint256 code = entry.urlCode();
            uint256 labelEnd = UrlCode.writeLabelEnd(source.tail, code);
            source.codeAndEpoch = entry.codeAndEpoch();
            source.tailLength = labelEnd + _loadBytes(domains.domains[UrlCode.baseNumber(code)], source.tail + labelEnd);
            _store(source.tail + source.tailLength, 0);
        }
    }

    /// @dev Solidity's own way to read them claims memory, which is where the answer grows.
    function _loadBytes(bytes storage data, uint256 cursor) private view returns (uint256 length) {
        length = data.length;
        assembly ("memory-safe") {
            let value := sload(data.slot)
            switch and(value, 1)
            case 0 { mstore(cursor, value) }
            default {
                mstore(0, data.slot)
                let slot := keccak256(0, 32)
                for { let i := 0 } lt(i, length) { i := add(i, 32) } {
                    mstore(add(cursor, i), sload(slot))
                    slot := add(slot, 1)
                }
            }
        }
    }

    /// @dev The entry at a position, less one, which is below the count.
    function _entryAt(PeerIndex.Index storage index, uint256 i) private view returns (Entry entry) {
        Entry[MAX_PEERS] storage entries = index.entries;
        assembly ("memory-safe") {
            entry := sload(add(entries.slot, i))
        }
    }

    /// @dev An array whose heads were laid out for `room` elements, some of which were left out: writes its length and
    /// moves everything behind the heads down.
    /// @param head The end of the heads written.
    /// @param end The end of the array.
    /// @return The new end.
    function _closeGap(uint256 heads, uint256 head, uint256 room, uint256 end) private pure returns (uint256) {
        unchecked {
            uint256 found = (head - heads) / 32;
            _store(heads - 32, found);
            uint256 gap = 32 * (room - found);
            if (gap == 0) return end;
            uint256 from = head + gap;
            assembly ("memory-safe") {
                mcopy(head, from, sub(end, from))
                for { let cursor := heads } lt(cursor, head) { cursor := add(cursor, 32) } {
                    mstore(cursor, sub(mload(cursor), gap))
                }
            }
            return end - gap;
        }
    }

    function _free() private pure returns (uint256 cursor) {
        assembly ("memory-safe") {
            cursor := mload(0x40)
        }
    }

    function _claim(uint256 end) private pure {
        assembly ("memory-safe") {
            mstore(0x40, end)
        }
    }

    function _store(uint256 cursor, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(cursor, word)
        }
    }

    function _return(uint256 start, uint256 end) private pure {
        assembly ("memory-safe") {
            return(start, sub(end, start))
        }
    }
}
