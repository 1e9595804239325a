// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAppAuth} from "../src/interfaces/IAppAuth.sol";
import {ClusterTest} from "./utils/ClusterTest.sol";

/// @dev What a dstack KMS is told.
contract DstackMembershipNFTBootTest is ClusterTest {
    IAppAuth.AppBootInfo internal info;

    /// @dev Everything that can be required is, and is met.
    function setUp() public override {
        super.setUp();
        info.appId = address(nft);
        info.composeHash = "compose";
        info.instanceId = address(toId(ID));
        info.deviceId = "device";
        info.tcbStatus = "UpToDate";
        nft.addComposeHash("compose");
        nft.addDevice("device");
        nft.setRequireTcbUpToDate(true);
        nft.setRequireNftAtBoot(true);
        mint(ID);
    }

    function test_isAppAllowed_WhenEveryRuleIsMet() public {
        expectAllowed();
        vm.prank(stranger);
        expectAllowed();
    }

    function test_isAppAllowed_App() public {
        info.appId = stranger;
        expectRefused("App id not allowed");
        nft.allowApp(stranger);
        expectAllowed();
    }

    function test_isAppAllowed_ComposeHash() public {
        info.composeHash = "other";
        expectRefused("Compose hash not allowed");
        nft.addComposeHash("other");
        expectAllowed();
        nft.removeComposeHash("other");
        expectRefused("Compose hash not allowed");
    }

    function test_isAppAllowed_Device() public {
        info.deviceId = "other";
        expectRefused("Device not allowed");
        nft.setAllowAnyDevice(true);
        expectAllowed();
        nft.setAllowAnyDevice(false);
        nft.addDevice("other");
        expectAllowed();
    }

    function test_isAppAllowed_TcbStatus() public {
        string[5] memory bad = ["", "OutOfDate", "uptodate", "UpToDat", "UpToDate "];
        for (uint256 i = 0; i < bad.length; ++i) {
            info.tcbStatus = bad[i];
            expectRefused("TCB status is not up to date");
        }
        nft.setRequireTcbUpToDate(false);
        expectAllowed();
    }

    function test_isAppAllowed_InstanceIdZero() public {
        info.instanceId = address(0);
        expectRefused("Instance id is zero");
        nft.setRequireNftAtBoot(false);
        expectRefused("Instance id is zero");
    }

    function test_isAppAllowed_Ban() public {
        nft.banInstance(ID);
        expectRefused("Instance is banned");
        nft.unbanInstance(ID);
        expectAllowed();
    }

    function test_isAppAllowed_Ticket() public {
        nft.revokeNodeAccess(ID);
        expectRefused("Instance holds no NFT");
        nft.setRequireNftAtBoot(false);
        expectAllowed();
    }

    /// @dev Breaks every rule, then mends them one after the other: each time the next reason shows.
    function test_isAppAllowed_TellsTheFirstReason() public {
        nft.revokeNodeAccess(ID);
        nft.banInstance(ID);
        info.appId = stranger;
        info.composeHash = "other";
        info.deviceId = "other";
        info.tcbStatus = "OutOfDate";
        info.instanceId = address(0);
        expectRefused("App id not allowed");
        info.appId = address(nft);
        expectRefused("Compose hash not allowed");
        info.composeHash = "compose";
        expectRefused("Device not allowed");
        info.deviceId = "device";
        expectRefused("TCB status is not up to date");
        info.tcbStatus = "UpToDate";
        expectRefused("Instance id is zero");
        info.instanceId = address(toId(ID));
        expectRefused("Instance is banned");
        nft.unbanInstance(ID);
        expectRefused("Instance holds no NFT");
        mint(ID);
        expectAllowed();
    }

    function testFuzz_isAppAllowed_NeverReverts(IAppAuth.AppBootInfo calldata any) public view {
        (bool allowed, string memory reason) = nft.isAppAllowed(any);
        assertEq(allowed, bytes(reason).length == 0);
    }

    /// @dev Only its length is looked at: a megabyte costs what its call data does, and nothing on top.
    function test_isAppAllowed_HugeTcbStatusCostsNothing() public view {
        bytes memory small = abi.encodeCall(nft.isAppAllowed, (withStatus(9)));
        bytes memory huge = abi.encodeCall(nft.isAppAllowed, (withStatus(1_000_000)));
        // The first call of a transaction warms the slots up.
        cost(small);
        assertEq(cost(huge), cost(small));
    }

    function cost(bytes memory data) internal view returns (uint256) {
        (bool success, bytes memory answer) = address(nft).staticcall(data);
        assertTrue(success);
        (bool allowed, string memory reason) = abi.decode(answer, (bool, string));
        assertFalse(allowed);
        assertEq(reason, "TCB status is not up to date");
        return vm.lastCallGas().gasTotalUsed;
    }

    function withStatus(uint256 length) internal view returns (IAppAuth.AppBootInfo memory changed) {
        changed = info;
        changed.tcbStatus = string(new bytes(length));
    }

    /// @dev A KMS that expects one bool reads the first word.
    function test_isAppAllowed_FirstWordIsTheAnswer() public {
        assertTrue(firstWord());
        nft.banInstance(ID);
        assertFalse(firstWord());
    }

    function firstWord() internal view returns (bool) {
        (bool success, bytes memory answer) = address(nft).staticcall(abi.encodeCall(nft.isAppAllowed, (info)));
        assertTrue(success);
        return abi.decode(answer, (bool));
    }

    function test_supportsInterface_Ids() public view {
        bytes4[5] memory ids =
            [bytes4(0x01ffc9a7), bytes4(0x1e079198), bytes4(0x8fd37527), bytes4(0x80ac58cd), bytes4(0x5b5e139f)];
        for (uint256 i = 0; i < ids.length; ++i) {
            assertTrue(nft.supportsInterface(ids[i]));
        }
        assertFalse(nft.supportsInterface(0xffffffff));
        assertFalse(nft.supportsInterface(0x780e9d63));
        assertEq(nft.isAppAllowed.selector, bytes4(0x1e079198));
        assertEq(nft.registerPeer.selector, bytes4(0x5d9db9c8));
    }

    function expectAllowed() internal view {
        (bool allowed, string memory reason) = nft.isAppAllowed(info);
        assertTrue(allowed, reason);
        assertEq(reason, "");
    }

    function expectRefused(string memory expected) internal view {
        (bool allowed, string memory reason) = nft.isAppAllowed(info);
        assertFalse(allowed);
        assertEq(reason, expected);
    }
}
