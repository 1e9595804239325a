// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {IDstackMembershipErrors as Errors} from "../../src/interfaces/IDstackMembershipErrors.sol";
import {Entry, EntryLib} from "../../src/libraries/Entry.sol";
import {PeerIndex} from "../../src/libraries/PeerIndex.sol";
import {Registration, RegistrationLib} from "../../src/libraries/Registration.sol";

/// @dev An index of its own.
contract PeerIndexHarness {
    using PeerIndex for PeerIndex.Index;

    PeerIndex.Index internal index;
    uint24 internal epoch;
    uint64 internal leaseEnd;

    function put(bytes20 id, address key, string calldata url) external returns (uint64) {
        PeerIndex.Record storage record = index.recordOf(id);
        Entry entry = EntryLib.pack(id, bytes(url).length, epoch, leaseEnd);
        return index.put(record, record.registration, entry, epoch, key, block.number, bytes(url));
    }

    /// @dev With a URL that is in the code.
    function putGateway(bytes20 id, address key, uint256 code) external returns (uint64) {
        PeerIndex.Record storage record = index.recordOf(id);
        Entry entry = EntryLib.pack(id, code, epoch, leaseEnd);
        return index.put(record, record.registration, entry, epoch, key, block.number, msg.data[:0]);
    }

    function remove(bytes20 id, uint256 anchor) external returns (bool) {
        return index.remove(index.recordOf(id), anchor);
    }

    function setRules(uint24 epoch_, uint64 leaseEnd_) external {
        (epoch, leaseEnd) = (epoch_, leaseEnd_);
    }

    function setCount(uint24 count) external {
        index.count = count;
    }

    function ids() external view returns (bytes20[] memory all) {
        all = new bytes20[](index.count);
        for (uint256 i = 0; i < all.length; ++i) {
            all[i] = index.entries[i].instanceId();
            require(index.recordOf(all[i]).registration.position() == i + 1, "position");
        }
    }

    function registration(bytes20 id) external view returns (Registration) {
        return index.recordOf(id).registration;
    }

    function entry(bytes20 id) external view returns (Entry) {
        return index.entryOf(index.recordOf(id).registration);
    }

    function url(bytes20 id) external view returns (bytes memory text) {
        uint256 length = index.entryOf(index.recordOf(id).registration).urlCode();
        for (uint256 i = 0; i < length; ++i) {
            text = bytes.concat(text, index.recordOf(id).url[i / 32][i % 32]);
        }
    }

    function version() external view returns (uint64) {
        return index.version;
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
        index.setRules(1, 0);
        expectPut("y", address(1), true);
        index.setRules(1, 2000);
        expectPut("y", address(1), false);
        vm.warp(2000);
        index.setRules(1, 3000);
        expectPut("y", address(1), true);
        index.remove(A, 0);
        expectPut("y", address(1), true);
    }

    function test_put_TellsWhetherAGatewayUrlChanged() public {
        assertEq(index.putGateway(A, KEY, 1 << 18), 1);
        assertEq(index.putGateway(A, KEY, 1 << 18), 0);
        assertEq(index.putGateway(A, KEY, (1 << 18) | 443), 2);
        assertEq(index.putGateway(A, KEY, 2 << 18), 3);
        // To the bytes that stood there before, and back.
        assertEq(index.put(A, KEY, "x"), 4);
        assertEq(index.putGateway(A, KEY, 2 << 18), 5);
        assertEq(index.put(A, KEY, "x"), 6);
    }

    /// @dev Renewal, another URL, another key and other rules keep the start of membership; expiry and removal end it.
    function test_put_KeepsTheStartOfMembership() public {
        index.setRules(0, 5000);
        index.put(A, KEY, "x");
        vm.warp(2000);
        index.put(A, KEY, "x");
        index.put(A, KEY, "y");
        index.put(A, address(1), "y");
        index.setRules(1, 5000);
        index.put(A, address(1), "y");
        assertEq(index.registration(A).registeredAt(), 1000);
        vm.warp(5000);
        index.setRules(1, 9000);
        index.put(A, address(1), "y");
        assertEq(index.registration(A).registeredAt(), 5000);
        vm.warp(6000);
        index.remove(A, 1);
        index.put(A, address(1), "y");
        assertEq(index.registration(A).registeredAt(), 6000);
    }

    function test_put_KeepsTheAnchor() public {
        vm.roll(77);
        index.put(A, KEY, "x");
        assertEq(index.registration(A).lastAnchor(), 77);
        index.remove(A, 78);
        assertEq(index.registration(A).lastAnchor(), 78);
        // Also when there is nothing to remove.
        index.remove(A, 79);
        assertEq(index.registration(A).lastAnchor(), 79);
    }

    function test_put_RevertsIfTheIndexIsFull() public {
        index.put(A, KEY, "x");
        index.setCount((1 << 24) - 2);
        index.put(B, KEY, "x");
        assertEq(index.registration(B).position(), (1 << 24) - 1);
        vm.expectRevert(abi.encodeWithSelector(Errors.IndexIsFull.selector, (1 << 24) - 1));
        index.put(C, KEY, "x");
        // Those who are in it still change.
        index.put(B, KEY, "y");
    }

    function test_remove_EveryPlaceInEveryOrder() public {
        bytes20[3] memory order = [A, B, C];
        for (uint256 first = 0; first < 3; ++first) {
            for (uint256 second = 0; second < 3; ++second) {
                if (second == first) continue;
                index.put(A, KEY, "a");
                index.put(B, KEY, "b");
                index.put(C, KEY, "c");
                assertTrue(index.remove(order[first], 1));
                assertEq(index.ids().length, 2);
                assertTrue(index.remove(order[second], 1));
                bytes20[] memory left = index.ids();
                assertEq(left.length, 1);
                assertEq(left[0], order[3 - first - second]);
                assertTrue(index.remove(left[0], 1));
                assertEq(index.ids().length, 0);
            }
        }
    }

    /// @dev The moved neighbour keeps all but its position.
    function test_remove_KeepsTheNeighbour() public {
        vm.roll(5);
        index.put(A, KEY, "a");
        index.put(B, address(2), "b");
        Entry before = index.entry(B);
        index.remove(A, 9);
        assertEq(Entry.unwrap(index.entry(B)), Entry.unwrap(before));
        assertEq(
            Registration.unwrap(index.registration(B)),
            Registration.unwrap(RegistrationLib.pack(address(2), 1, 5, 1000))
        );
        assertEq(index.url(B), "b");
    }

    function test_remove_ClearsTheRegistration() public {
        index.put(A, KEY, "x");
        assertTrue(index.remove(A, 3));
        assertEq(Registration.unwrap(index.registration(A)), Registration.unwrap(RegistrationLib.onlyAnchor(3)));
        assertEq(Entry.unwrap(index.entry(A)), 0);
        assertFalse(index.remove(A, 3));
        assertFalse(index.remove(B, 3));
    }

    /// @dev What a longer URL leaves behind is never read.
    function testFuzz_put_KeepsExactlyTheUrl(bytes calldata before, bytes calldata url) public {
        vm.assume(before.length <= 256 && url.length <= 256 && before.length > 0 && url.length > 0);
        index.put(A, KEY, string(before));
        uint64 version = index.put(A, KEY, string(url));
        assertEq(index.url(A), url);
        assertEq(version != 0, keccak256(before) != keccak256(url));
    }

    /// @dev The counters, the entry, the registration and one for each word of the URL: a string takes one more.
    function test_put_TakesFewSlots() public {
        index.put(B, KEY, "x");
        assertEq(slotsWritten("http://localhost:8080"), 3 + 1);
        index.remove(A, 0);
        assertEq(
            slotsWritten("https://1691ed1b47506cad7d08834668691d88246f5b1f-s.dstack-pha-prod7.phala.network"), 3 + 3
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

    function expectPut(string memory url, address key, bool changed) internal {
        uint64 before = index.version();
        uint64 version = index.put(A, key, url);
        assertEq(version, changed ? before + 1 : 0);
        assertEq(index.version(), changed ? before + 1 : before);
    }
}
