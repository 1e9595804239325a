// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EntryLib} from "../../src/libraries/Entry.sol";
import {InstanceId} from "../../src/libraries/InstanceId.sol";
import {PeerIndex} from "../../src/libraries/PeerIndex.sol";
import {RegistrationLib} from "../../src/libraries/Registration.sol";
import {UrlCode} from "../../src/libraries/UrlCode.sol";

/// @title Fills a contract's storage with peers, quickly
/// @dev Put in the place of the contract's code with anvil_setCode for as long as it takes. tests/cluster/crowd.c knows
/// what the peer of each number looks like. The contract's first base domain is the one of the gateway URLs.
contract FillHarness {
    using InstanceId for bytes20;
    using PeerIndex for PeerIndex.Index;

    uint256 private constant FIRST_DOMAIN = 1;
    uint256 private constant PORT_443_S = 443 | (1 << 16);

    // What stands before the peers in DstackMembershipNFT: snapshots/storage-layout.txt.
    uint256[20] private _others;
    PeerIndex.Index private _peers;

    /// @notice Lists the peers with the numbers `first` to `first + count - 1`, each as if in a transaction of its own. The
    /// URL of each eighth one is kept as it stands.
    function fill(uint256 first, uint256 count) external {
        _fill(first, count, true);
    }

    /// @notice The same with gateway URLs only.
    function fillGateways(uint256 first, uint256 count) external {
        _fill(first, count, false);
    }

    function _fill(uint256 first, uint256 count, bool mixed) private {
        uint256 position = _peers.count;
        for (uint256 number = first; number < first + count; ++number) {
            bytes20 id = bytes20(keccak256(abi.encode(number)));
            PeerIndex.Record storage record = _peers.recordOf(id);
            uint256 code = UrlCode.withBase(PORT_443_S, FIRST_DOMAIN);
            if (mixed && number % 8 == 0) {
                code = _storeUrl(record.url, bytes(string.concat("https://", id.toText(), ".example.org/")));
            }
            _peers.entries[position++] = EntryLib.pack(id, code, 0, number % 3 == 0 ? 0 : 4_000_000_000 + number);
            record.registration = RegistrationLib.pack(
                address(bytes20(keccak256(abi.encode(id)))), position, 0, 1_600_000_000 + (number * 7) % 1000
            );
        }
        _peers.count = uint24(position);
        _peers.version += uint64(count);
    }

    function _storeUrl(bytes32[8] storage words, bytes memory url) private returns (uint256) {
        for (uint256 i = 0; 32 * i < url.length; ++i) {
            bytes32 word;
            assembly ("memory-safe") {
                word := mload(add(url, add(32, mul(32, i))))
            }
            words[i] = word;
        }
        return url.length;
    }
}
