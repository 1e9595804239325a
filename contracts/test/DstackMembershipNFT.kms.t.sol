// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAppAuth} from "../src/interfaces/IAppAuth.sol";
import {ClusterTest} from "./utils/ClusterTest.sol";

/// @dev What dstack's DstackKms does when an instance asks for its keys: it looks at the OS image itself, and asks the
/// contract whose address is the app id, as an IAppAuth, about the rest. Here with a limit of gas.
contract Kms {
    uint256 public constant GAS = 100_000;
    mapping(bytes32 => bool) internal allowedOsImages;

    function addOsImageHash(bytes32 osImageHash) external {
        allowedOsImages[osImageHash] = true;
    }

    function isAppAllowed(IAppAuth.AppBootInfo calldata bootInfo) external view returns (bool, string memory) {
        if (!allowedOsImages[bootInfo.osImageHash]) return (false, "OS image is not allowed");
        if (bootInfo.appId.code.length == 0) return (false, "App not deployed or invalid address");
        return IAppAuth(bootInfo.appId).isAppAllowed{gas: GAS}(bootInfo);
    }
}

/// @dev The contract as an app's own auth contract, asked by a KMS. An app id that is not the contract's never gets here:
/// the KMS asks the other app's contract.
contract DstackMembershipNFTKmsTest is ClusterTest {
    Kms internal kms = new Kms();
    IAppAuth.AppBootInfo internal info;

    function setUp() public override {
        super.setUp();
        kms.addOsImageHash("os image");
        info = IAppAuth.AppBootInfo({
            appId: address(nft),
            composeHash: "compose",
            instanceId: address(toId(ID)),
            deviceId: "device",
            mrAggregated: "mr aggregated",
            mrSystem: "mr system",
            osImageHash: "os image",
            tcbStatus: "UpToDate",
            advisoryIds: new string[](0)
        });
        nft.addComposeHash("compose");
        nft.addDevice("device");
        nft.setRequireTcbUpToDate(true);
        nft.setRequireNftAtBoot(true);
        mint(ID);
    }

    function test_kms_EveryReason() public {
        expect(true, "");
        info.osImageHash = "another";
        expect(false, "OS image is not allowed");
        info.osImageHash = "os image";
        info.appId = stranger;
        expect(false, "App not deployed or invalid address");
        info.appId = address(nft);
        info.composeHash = "another";
        expect(false, "Compose hash not allowed");
        info.composeHash = "compose";
        info.deviceId = "another";
        expect(false, "Device not allowed");
        info.deviceId = "device";
        info.tcbStatus = "OutOfDate";
        expect(false, "TCB status is not up to date");
        info.tcbStatus = "UpToDate";
        info.instanceId = address(0);
        expect(false, "Instance id is zero");
        info.instanceId = address(toId(ID));
        nft.banInstance(ID);
        expect(false, "Instance is banned");
        nft.unbanInstance(ID);
        nft.revokeNodeAccess(ID);
        expect(false, "Instance holds no NFT");
        mint(ID);
        expect(true, "");
    }

    /// @dev The one reason that a KMS which asks by app id cannot come to: somebody else's contract forwards its question.
    function test_kms_AnotherAppsQuestion() public {
        info.appId = stranger;
        (bool allowed, string memory reason) = nft.isAppAllowed{gas: kms.GAS()}(info);
        assertFalse(allowed);
        assertEq(reason, "App id not allowed");
        nft.allowApp(stranger);
        (allowed,) = nft.isAppAllowed{gas: kms.GAS()}(info);
        assertTrue(allowed);
    }

    /// @dev A megabyte of status costs the contract no more than eight bytes do.
    function test_kms_HugeTcbStatus() public {
        info.tcbStatus = string(new bytes(1_000_000));
        expect(false, "TCB status is not up to date");
        nft.setRequireTcbUpToDate(false);
        expect(true, "");
    }

    /// @dev Nor does a megabyte of advisories, in one or in thousands.
    function test_kms_HugeAdvisoryLists() public {
        info.advisoryIds = [string(new bytes(1_000_000))];
        expect(true, "");
        string[] memory many = new string[](10_000);
        for (uint256 i = 0; i < many.length; ++i) {
            many[i] = "INTEL-SA-00000";
        }
        IAppAuth.AppBootInfo memory changed = info;
        changed.advisoryIds = many;
        (bool allowed,) = kms.isAppAllowed(changed);
        assertTrue(allowed);
    }

    function testFuzz_kms_NeverReverts(IAppAuth.AppBootInfo memory any, bool known) public view {
        any.osImageHash = "os image";
        // Some other contract there may do anything.
        if (known || any.appId.code.length != 0) any.appId = address(nft);
        (bool allowed, string memory reason) = kms.isAppAllowed(any);
        assertEq(allowed, bytes(reason).length == 0);
    }

    function expect(bool expected, string memory expectedReason) internal view {
        (bool allowed, string memory reason) = kms.isAppAllowed(info);
        assertEq(allowed, expected);
        assertEq(reason, expectedReason);
    }
}
