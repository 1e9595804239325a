// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {IDstackMembershipNFT} from "../../src/interfaces/IDstackMembershipNFT.sol";
import {PeerIndex} from "../../src/libraries/PeerIndex.sol";

/// @dev An index of its own.
contract PeerIndexHarness {
    using PeerIndex for PeerIndex.Index;
    using PeerIndex for PeerIndex.Record;

    PeerIndex.Index internal index;

    function put(bytes20 id, address key, string calldata url) external returns (bool, uint64) {
        return index.put(id, key, url);
    }

    function remove(bytes20 id) external returns (bool) {
        return index.remove(id);
    }

    function setPolicyEpoch(uint48 epoch) external {
        index.policyEpoch = epoch;
    }

    function setLeaseDuration(uint64 leaseSeconds) external {
        index.leaseDuration = leaseSeconds;
    }

    function ids() external view returns (bytes20[] memory all) {
        all = new bytes20[](index.count);
        for (uint256 i = 0; i < all.length; ++i) {
            all[i] = index.ids[i + 1];
            require(index.records[all[i]].standing.position == i + 1, "position");
        }
    }

    function standing(bytes20 id) external view returns (PeerIndex.Standing memory) {
        return index.records[id].standing;
    }

    function isListed(bytes20 id) external view returns (bool) {
        return index.isListed(index.records[id].standing);
    }

    function peer(bytes20 id) external view returns (IDstackMembershipNFT.Peer memory) {
        return index.records[id].toPeer(index.records[id].standing, id);
    }
}

contract PeerIndexTest is Test {
    PeerIndexHarness internal index = new PeerIndexHarness();
    address internal constant KEY = address(0xCE11);
    bytes20 internal constant A = bytes20(uint160(1));
    bytes20 internal constant B = bytes20(uint160(2));
    bytes20 internal constant C = bytes20(uint160(3));

    function setUp() public {
        vm.warp(1000);
    }

    function test_put_TellsWhetherMembershipChanged() public {
        expectPut("x", KEY, true);
        expectPut("x", KEY, false);
        expectPut("y", KEY, true);
        expectPut("yy", KEY, true);
        expectPut("y", KEY, true);
        expectPut("y", address(1), true);
        expectPut("y", address(1), false);
        index.setPolicyEpoch(1);
        expectPut("y", address(1), true);
        index.remove(A);
        expectPut("y", address(1), true);
    }

    function test_put_TellsTheEndOfTheLease() public {
        (, uint64 expiresAt) = index.put(A, KEY, "x");
        assertEq(expiresAt, 0);
        index.setLeaseDuration(10);
        (, expiresAt) = index.put(A, KEY, "x");
        assertEq(expiresAt, 1010);
        index.setLeaseDuration(type(uint64).max - 999);
        (, expiresAt) = index.put(A, KEY, "x");
        assertEq(expiresAt, type(uint64).max);
    }

    function test_isListed_EndsWithTheLease() public {
        assertFalse(index.isListed(A));
        index.setLeaseDuration(10);
        index.put(A, KEY, "x");
        vm.warp(1009);
        assertTrue(index.isListed(A));
        vm.warp(1010);
        assertFalse(index.isListed(A));
    }

    function test_isListed_EndsWithThePolicy() public {
        index.put(A, KEY, "x");
        index.setPolicyEpoch(1);
        assertFalse(index.isListed(A));
    }

    function test_remove_EveryPlaceInEveryOrder() public {
        bytes20[3] memory order = [A, B, C];
        for (uint256 first = 0; first < 3; ++first) {
            for (uint256 second = 0; second < 3; ++second) {
                if (second == first) continue;
                index.put(A, KEY, "a");
                index.put(B, KEY, "b");
                index.put(C, KEY, "c");
                assertTrue(index.remove(order[first]));
                assertEq(index.ids().length, 2);
                assertTrue(index.remove(order[second]));
                bytes20[] memory left = index.ids();
                assertEq(left.length, 1);
                assertEq(left[0], order[3 - first - second]);
                assertTrue(index.remove(left[0]));
                assertEq(index.ids().length, 0);
            }
        }
    }

    function test_remove_ClearsTheStanding() public {
        index.put(A, KEY, "x");
        index.remove(A);
        PeerIndex.Standing memory none;
        assertEq(abi.encode(index.standing(A)), abi.encode(none));
        assertEq(index.peer(A).instanceAddress, address(0));
        assertFalse(index.remove(A));
        assertFalse(index.remove(B));
    }

    /// @dev What a longer URL leaves behind is never read.
    function testFuzz_put_KeepsExactlyTheUrl(bytes calldata before, bytes calldata url) public {
        vm.assume(before.length <= 256 && url.length <= 256);
        index.put(A, KEY, string(before));
        index.put(A, KEY, string(url));
        assertEq(index.peer(A).connectionUrl, string(url));
    }

    /// @dev The counters, the id, two slots of the record and one for each word of the URL: a string takes one more.
    function test_put_TakesFewSlots() public {
        index.put(B, KEY, "x");
        assertEq(slotsWritten("http://localhost:8080"), 4 + 1);
        index.remove(A);
        assertEq(
            slotsWritten("https://1691ed1b47506cad7d08834668691d88246f5b1f-s.dstack-pha-prod7.phala.network"), 4 + 3
        );
    }

    function slotsWritten(string memory url) internal returns (uint256 slots) {
        vm.record();
        index.put(A, KEY, url);
        (, bytes32[] memory writes) = vm.accesses(address(index));
        for (uint256 i = 0; i < writes.length; ++i) {
            ++slots;
            for (uint256 j = 0; j < i; ++j) {
                if (writes[i] == writes[j]) {
                    --slots;
                    break;
                }
            }
        }
    }

    function expectPut(string memory url, address key, bool expected) internal {
        (bool changed,) = index.put(A, key, url);
        assertEq(changed, expected);
    }
}
