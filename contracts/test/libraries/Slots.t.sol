// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {IDstackMembershipErrors as Errors} from "../../src/interfaces/IDstackMembershipErrors.sol";
import {Entry, EntryLib} from "../../src/libraries/Entry.sol";
import {Registration, RegistrationLib} from "../../src/libraries/Registration.sol";

/// @dev The two packed words: each field comes out as it went in, and touches no other.
contract SlotsTest is Test {
    function testFuzz_entry_HoldsEachField(bytes20 id, uint256 code, uint24 epoch, uint256 expiry) public pure {
        code = bound(code, 0, (1 << 34) - 1);
        expiry = bound(expiry, 0, (1 << 38) - 1);
        Entry entry = EntryLib.pack(id, code, epoch, expiry);
        assertEq(entry.instanceId(), id);
        assertEq(entry.urlCode(), code);
        assertEq(entry.expiresAt(), expiry);
        assertEq(entry.codeAndEpoch(), (code << 24) | epoch);
    }

    function testFuzz_entry_IsListedUnderItsEpochWhileTheLeaseRuns(
        uint24 epoch,
        uint24 other,
        uint256 expiry,
        uint256 now_
    ) public {
        expiry = bound(expiry, 0, (1 << 38) - 1);
        now_ = bound(now_, 1, (1 << 38) - 1);
        vm.warp(now_);
        Entry entry = EntryLib.pack(bytes20(uint160(1)), 5, epoch, expiry);
        bool runs = expiry == 0 || now_ < expiry;
        assertEq(entry.hasExpired(), !runs);
        assertEq(entry.isListed(epoch), runs);
        if (other != epoch) assertFalse(entry.isListed(other));
    }

    function test_entry_ExpiresOnTheSecond() public {
        Entry entry = EntryLib.pack(bytes20(uint160(1)), 5, 0, 1000);
        vm.warp(999);
        assertTrue(entry.isListed(0));
        vm.warp(1000);
        assertFalse(entry.isListed(0));
        assertTrue(entry.hasExpired());
        assertFalse(Entry.wrap(0).hasExpired());
    }

    function testFuzz_registration_HoldsEachField(address account, uint24 place, uint256 anchor, uint256 since)
        public
        pure
    {
        anchor = bound(anchor, 0, (1 << 38) - 1);
        since = bound(since, 0, (1 << 34) - 1);
        Registration registration = RegistrationLib.pack(account, place, anchor, since);
        assertEq(registration.instanceAddress(), account);
        assertEq(registration.position(), place);
        assertEq(registration.lastAnchor(), anchor);
        assertEq(registration.registeredAt(), since);
    }

    function testFuzz_registration_Moves(address account, uint24 from, uint24 to, uint32 anchor, uint32 since)
        public
        pure
    {
        Registration moved = RegistrationLib.pack(account, from, anchor, since).movedTo(to);
        assertEq(Registration.unwrap(moved), Registration.unwrap(RegistrationLib.pack(account, to, anchor, since)));
    }

    function testFuzz_registration_OnlyAnchor(uint256 anchor) public pure {
        anchor = bound(anchor, 0, (1 << 38) - 1);
        Registration registration = RegistrationLib.onlyAnchor(anchor);
        assertEq(registration.lastAnchor(), anchor);
        assertEq(registration.position(), 0);
        assertEq(registration.instanceAddress(), address(0));
        assertEq(registration.registeredAt(), 0);
    }

    /// forge-config: default.allow_internal_expect_revert = true
    function test_registration_RevertsIfABlockNumberDoesNotFit() public {
        vm.expectRevert(abi.encodeWithSelector(Errors.ChainOutOfRange.selector, 1 << 38, 38));
        RegistrationLib.onlyAnchor(1 << 38);
    }

    /// forge-config: default.allow_internal_expect_revert = true
    function test_registration_RevertsIfATimeDoesNotFit() public {
        vm.warp((1 << 34) - 1);
        assertEq(RegistrationLib.time(), (1 << 34) - 1);
        vm.warp(1 << 34);
        vm.expectRevert(abi.encodeWithSelector(Errors.ChainOutOfRange.selector, 1 << 34, 34));
        RegistrationLib.time();
    }
}
