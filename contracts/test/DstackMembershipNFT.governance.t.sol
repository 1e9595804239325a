// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IAppAuthBasicManagement} from "../src/interfaces/IAppAuthBasicManagement.sol";
import {IDstackMembershipErrors as Errors} from "../src/interfaces/IDstackMembershipErrors.sol";
import {IDstackMembershipNFT} from "../src/interfaces/IDstackMembershipNFT.sol";
import {ClusterTest} from "./utils/ClusterTest.sol";

/// @dev Takes no ether.
contract Refuser {}

/// @dev What the owner, and nobody else, may do, and which of it tightens.
contract DstackMembershipNFTGovernanceTest is ClusterTest {
    /// @dev See snapshots/storage-layout.txt.
    uint256 internal constant POLICY_SLOT = 10;
    uint256 internal constant EPOCH_SHIFT = 8 * 23;

    // Deployment

    function test_constructor_Defaults() public view {
        assertEq(nft.owner(), address(this));
        assertEq(nft.kmsRootAddress(), vm.addr(ROOT_KEY));
        assertTrue(nft.devMode());
        assertFalse(nft.instanceBoundUrls());
        assertFalse(nft.registrationPaused());
        assertFalse(nft.requireNftAtBoot());
        assertFalse(nft.allowAnyDevice());
        assertFalse(nft.requireTcbUpToDate());
        assertFalse(nft.publicMinting());
        assertEq(nft.leaseDuration(), 0);
        assertEq(nft.maxNodes(), 0);
        assertEq(nft.mintPrice(), 0);
        assertEq(nft.totalSupply(), 0);
        assertEq(nft.policyEpoch(), 0);
        assertEq(nft.version(), 0);
        assertTrue(nft.isAppIdAllowed(address(nft)));
    }

    function test_constructor_TellsTheRootAndTheMode() public {
        address expected = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.expectEmit(expected);
        emit IDstackMembershipNFT.KmsRootAddressUpdated(address(0), stranger);
        vm.expectEmit(expected);
        emit IDstackMembershipNFT.DevModeSet(true);
        assertEq(address(deploy(stranger)), expected);
    }

    function test_constructor_RevertsIfRootIsZero() public {
        vm.expectRevert(Errors.KmsRootIsZero.selector);
        this.tryDeploy(address(0));
    }

    // Who may

    function test_owner_EveryFunctionRevertsIfByAnyoneElse() public {
        bytes[] memory calls = new bytes[](23);
        calls[0] = abi.encodeCall(nft.revokeNodeAccess, (ID));
        calls[1] = abi.encodeCall(nft.setDevMode, (false));
        calls[2] = abi.encodeCall(nft.addBaseDomain, (BASE_DOMAIN));
        calls[3] = abi.encodeCall(nft.removeBaseDomain, (BASE_DOMAIN));
        calls[4] = abi.encodeCall(nft.setInstanceBoundUrls, (true));
        calls[5] = abi.encodeCall(nft.setKmsRootAddress, (stranger));
        calls[6] = abi.encodeCall(nft.allowApp, (stranger));
        calls[7] = abi.encodeCall(nft.disallowApp, (stranger));
        calls[8] = abi.encodeCall(nft.banInstance, (ID));
        calls[9] = abi.encodeCall(nft.unbanInstance, (ID));
        calls[10] = abi.encodeCall(nft.setLeaseDuration, (1));
        calls[11] = abi.encodeCall(nft.setClusterConfig, (1, true, 1));
        calls[12] = abi.encodeCall(nft.setRegistrationPaused, (true));
        calls[13] = abi.encodeCall(nft.setRequireNftAtBoot, (true));
        calls[14] = abi.encodeCall(nft.withdrawFees, (stranger));
        calls[15] = abi.encodeCall(nft.addComposeHash, (0));
        calls[16] = abi.encodeCall(nft.removeComposeHash, (0));
        calls[17] = abi.encodeCall(nft.addDevice, (0));
        calls[18] = abi.encodeCall(nft.removeDevice, (0));
        calls[19] = abi.encodeCall(nft.setAllowAnyDevice, (true));
        calls[20] = abi.encodeCall(nft.setRequireTcbUpToDate, (true));
        calls[21] = abi.encodeCall(nft.transferOwnership, (stranger));
        calls[22] = abi.encodeCall(nft.mintNodeAccess, (stranger, ID));
        mint(ID);
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.prank(stranger);
            (bool success, bytes memory reason) = address(nft).call(calls[i]);
            assertFalse(success, vm.toString(i));
            assertEq(reason, abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        }
    }

    function test_transferOwnership_TakesTwoSteps() public {
        nft.transferOwnership(stranger);
        assertEq(nft.owner(), address(this));
        assertEq(nft.pendingOwner(), stranger);
        vm.prank(holder);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, holder));
        nft.acceptOwnership();
        vm.expectEmit(address(nft));
        emit Ownable.OwnershipTransferred(address(this), stranger);
        vm.prank(stranger);
        nft.acceptOwnership();
        assertEq(nft.owner(), stranger);
        assertEq(nft.pendingOwner(), address(0));
        // Minting and governing know the new one, and the old one no longer.
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        nft.mintNodeAccess(holder, ID);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        nft.setDevMode(false);
        vm.startPrank(stranger);
        nft.mintNodeAccess(holder, ID);
        nft.setDevMode(false);
    }

    function test_renounceOwnership_RevertsAlways() public {
        vm.expectRevert(Errors.OwnershipCannotBeRenounced.selector);
        nft.renounceOwnership();
        vm.prank(stranger);
        vm.expectRevert(Errors.OwnershipCannotBeRenounced.selector);
        nft.renounceOwnership();
    }

    // What tightens

    function test_setDevMode_OffTightens() public {
        expectEvent(abi.encode(true), IDstackMembershipNFT.DevModeSet.selector);
        nft.setDevMode(true);
        assertEpoch(0);
        expectEvent(abi.encode(false), IDstackMembershipNFT.DevModeSet.selector);
        expectTightened(1, 1);
        nft.setDevMode(false);
        assertFalse(nft.devMode());
        nft.setDevMode(false);
        nft.setDevMode(true);
        assertTrue(nft.devMode());
        assertEpoch(1);
    }

    function test_setInstanceBoundUrls_OnTightens() public {
        nft.setInstanceBoundUrls(false);
        assertEpoch(0);
        expectEvent(abi.encode(true), IDstackMembershipNFT.InstanceBoundUrlsSet.selector);
        expectTightened(1, 1);
        nft.setInstanceBoundUrls(true);
        assertTrue(nft.instanceBoundUrls());
        nft.setInstanceBoundUrls(true);
        nft.setInstanceBoundUrls(false);
        assertEpoch(1);
    }

    function test_setKmsRootAddress_ChangeTightens() public {
        nft.setKmsRootAddress(vm.addr(ROOT_KEY));
        assertEpoch(0);
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.KmsRootAddressUpdated(vm.addr(ROOT_KEY), stranger);
        expectTightened(1, 1);
        nft.setKmsRootAddress(stranger);
        assertEq(nft.kmsRootAddress(), stranger);
        assertEpoch(1);
    }

    function test_setKmsRootAddress_RevertsIfZero() public {
        vm.expectRevert(Errors.KmsRootIsZero.selector);
        nft.setKmsRootAddress(address(0));
    }

    function test_disallowApp_Tightens() public {
        nft.disallowApp(stranger);
        assertEpoch(0);
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.AppAllowed(stranger);
        nft.allowApp(stranger);
        assertTrue(nft.isAppIdAllowed(stranger));
        assertEpoch(0);
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.AppDisallowed(stranger);
        expectTightened(1, 1);
        nft.disallowApp(stranger);
        assertFalse(nft.isAppIdAllowed(stranger));
        nft.disallowApp(stranger);
        assertEpoch(1);
    }

    function test_disallowApp_NeverTheContractItself() public {
        nft.allowApp(address(nft));
        nft.disallowApp(address(nft));
        assertTrue(nft.isAppIdAllowed(address(nft)));
        assertEpoch(0);
    }

    function test_removeBaseDomain_Tightens() public {
        nft.removeBaseDomain(BASE_DOMAIN);
        assertEpoch(0);
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.BaseDomainAdded(BASE_DOMAIN);
        nft.addBaseDomain(BASE_DOMAIN);
        assertTrue(nft.isBaseDomainAllowed(BASE_DOMAIN));
        assertFalse(nft.isBaseDomainAllowed("phala.network"));
        assertEpoch(0);
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.BaseDomainRemoved(BASE_DOMAIN);
        expectTightened(1, 1);
        nft.removeBaseDomain(BASE_DOMAIN);
        assertFalse(nft.isBaseDomainAllowed(BASE_DOMAIN));
        nft.removeBaseDomain(BASE_DOMAIN);
        assertEpoch(1);
    }

    function test_addBaseDomain_RevertsIfItIsNone() public {
        vm.expectRevert(abi.encodeWithSelector(Errors.InvalidBaseDomain.selector, "localhost"));
        nft.addBaseDomain("localhost");
    }

    /// @dev As often as an index entry has room for; what does not tighten goes on.
    function test_tightening_RevertsIfThereIsNoEpochLeft() public {
        uint256 policy = uint256(vm.load(address(nft), bytes32(POLICY_SLOT)));
        vm.store(address(nft), bytes32(POLICY_SLOT), bytes32(policy | (uint256(type(uint24).max - 1) << EPOCH_SHIFT)));
        assertEq(nft.policyEpoch(), type(uint24).max - 1);
        nft.setInstanceBoundUrls(true);
        assertEq(nft.policyEpoch(), type(uint24).max);
        mintAndRegister(ID, URL);
        assertTrue(isListed(ID));
        vm.expectRevert(abi.encodeWithSelector(Errors.TooManyTightenings.selector, type(uint24).max));
        nft.setDevMode(false);
        nft.setInstanceBoundUrls(false);
        nft.setLeaseDuration(1);
        assertTrue(nft.devMode());
    }

    function test_constructor_RevertsIfTheChainDoesNotFit() public {
        vm.roll((1 << 38) - 1);
        vm.warp((1 << 34) - 1);
        deploy(vm.addr(ROOT_KEY));
        vm.roll(1 << 38);
        vm.expectRevert(abi.encodeWithSelector(Errors.ChainOutOfRange.selector, 1 << 38, 38));
        this.tryDeploy(vm.addr(ROOT_KEY));
        vm.roll(1000);
        vm.warp(1 << 34);
        vm.expectRevert(abi.encodeWithSelector(Errors.ChainOutOfRange.selector, 1 << 34, 34));
        this.tryDeploy(vm.addr(ROOT_KEY));
    }

    function test_tightening_UnlistsEveryPeerUntilItReturns() public {
        mintAndRegister(ID, URL);
        mintAndRegister(OTHER_ID, OTHER_URL);
        nft.setInstanceBoundUrls(true);
        assertEq(nft.getPeerEndpoints().length, 0);
        assertEq(nft.peerCount(), 2);
        register(OTHER_ID, OTHER_URL);
        assertEq(nft.getPeerEndpoints().length, 1);
        assertTrue(isListed(OTHER_ID));
    }

    /// @dev Everything else lets the listed peers be.
    function test_otherSetters_DoNotTighten() public {
        mintAndRegister(ID, URL);
        nft.setLeaseDuration(1 days);
        nft.setClusterConfig(1, true, 1);
        nft.setRegistrationPaused(true);
        nft.setRequireNftAtBoot(true);
        nft.setRequireTcbUpToDate(true);
        nft.setAllowAnyDevice(true);
        nft.setAllowAnyDevice(false);
        nft.removeComposeHash("x");
        nft.removeDevice("x");
        nft.banInstance(OTHER_ID);
        nft.unbanInstance(OTHER_ID);
        assertTrue(isListed(ID));
        assertEq(nft.version(), 1);
        assertEpoch(0);
    }

    // What else is set

    function test_setClusterConfig_Sets() public {
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.ClusterConfigUpdated(3, true, 7);
        nft.setClusterConfig(3, true, 7);
        assertEq(nft.maxNodes(), 3);
        assertTrue(nft.publicMinting());
        assertEq(nft.mintPrice(), 7);
        nft.setClusterConfig(type(uint40).max, false, type(uint256).max);
        assertEq(nft.maxNodes(), type(uint40).max);
        assertEq(nft.mintPrice(), type(uint256).max);
    }

    function test_setClusterConfig_KeepsTheSupply() public {
        mint(ID);
        nft.setClusterConfig(type(uint40).max, true, type(uint256).max);
        assertEq(nft.totalSupply(), 1);
    }

    function test_setClusterConfig_RevertsIfTooManyNodes() public {
        uint256 nodes = uint256(type(uint40).max) + 1;
        vm.expectRevert(abi.encodeWithSelector(Errors.TooManyNodes.selector, nodes, type(uint40).max));
        nft.setClusterConfig(nodes, false, 0);
    }

    function test_setLeaseDuration_RevertsIfTooLong() public {
        uint64 most = (1 << 37) - 1;
        nft.setLeaseDuration(most);
        assertEq(nft.leaseDuration(), most);
        vm.expectRevert(abi.encodeWithSelector(Errors.LeaseTooLong.selector, most + 1, most));
        nft.setLeaseDuration(most + 1);
        vm.expectRevert(abi.encodeWithSelector(Errors.LeaseTooLong.selector, type(uint64).max, most));
        nft.setLeaseDuration(type(uint64).max);
    }

    function test_setters_SetAndTell() public {
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.LeaseDurationSet(5);
        nft.setLeaseDuration(5);
        assertEq(nft.leaseDuration(), 5);
        expectEvent(abi.encode(true), IDstackMembershipNFT.RegistrationPausedSet.selector);
        nft.setRegistrationPaused(true);
        assertTrue(nft.registrationPaused());
        expectEvent(abi.encode(true), IDstackMembershipNFT.RequireNftAtBootSet.selector);
        nft.setRequireNftAtBoot(true);
        assertTrue(nft.requireNftAtBoot());
        expectEvent(abi.encode(true), IDstackMembershipNFT.AllowAnyDeviceSet.selector);
        nft.setAllowAnyDevice(true);
        assertTrue(nft.allowAnyDevice());
        expectEvent(abi.encode(true), IDstackMembershipNFT.RequireTcbUpToDateSet.selector);
        nft.setRequireTcbUpToDate(true);
        assertTrue(nft.requireTcbUpToDate());
    }

    function test_composeHashesAndDevices_AreAddedAndRemoved() public {
        expectEvent(abi.encode(bytes32("c")), IAppAuthBasicManagement.ComposeHashAdded.selector);
        nft.addComposeHash("c");
        assertTrue(nft.allowedComposeHashes("c"));
        expectEvent(abi.encode(bytes32("c")), IAppAuthBasicManagement.ComposeHashRemoved.selector);
        nft.removeComposeHash("c");
        assertFalse(nft.allowedComposeHashes("c"));
        expectEvent(abi.encode(bytes32("d")), IAppAuthBasicManagement.DeviceAdded.selector);
        nft.addDevice("d");
        assertTrue(nft.allowedDeviceIds("d"));
        expectEvent(abi.encode(bytes32("d")), IAppAuthBasicManagement.DeviceRemoved.selector);
        nft.removeDevice("d");
        assertFalse(nft.allowedDeviceIds("d"));
    }

    function test_banInstance_RemovesThePeerAndKeepsTheTicket() public {
        mintAndRegister(ID, URL);
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.InstanceBanned(toId(ID));
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.PeerRemoved(toId(ID), 5, 2);
        nft.banInstance(ID);
        assertTrue(nft.isInstanceBanned(ID));
        assertFalse(isListed(ID));
        assertEq(nft.ownerOf(uint160(toId(ID))), holder);
        assertEq(nft.lastAnchor(ID), latest());

        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.InstanceUnbanned(toId(ID));
        nft.unbanInstance(ID);
        assertFalse(nft.isInstanceBanned(ID));
        assertFalse(isListed(ID));
    }

    function test_banInstance_OutlivesTheTicket() public {
        mint(ID);
        nft.banInstance(ID);
        nft.revokeNodeAccess(ID);
        assertTrue(nft.isInstanceBanned(ID));
    }

    // Ether

    function test_withdrawFees_SendsEverything() public {
        vm.deal(address(nft), 3 ether);
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.FeesWithdrawn(stranger, 3 ether);
        nft.withdrawFees(stranger);
        assertEq(stranger.balance, 3 ether);
        assertEq(address(nft).balance, 0);
    }

    function test_withdrawFees_RevertsIfNobodyTakesThem() public {
        vm.deal(address(nft), 1);
        vm.expectRevert(abi.encodeWithSelector(Errors.FeeTransferFailed.selector, address(0), 1));
        nft.withdrawFees(address(0));
        address refuser = address(new Refuser());
        vm.expectRevert(abi.encodeWithSelector(Errors.FeeTransferFailed.selector, refuser, 1));
        nft.withdrawFees(refuser);
    }

    function test_ether_IsTakenForTicketsOnly() public {
        (bool success,) = address(nft).call{value: 1}("");
        assertFalse(success);
    }

    // Helpers

    /// @dev An event without indexed parameters.
    function expectEvent(bytes memory data, bytes32 topic) internal {
        vm.expectEmit(address(nft));
        assembly ("memory-safe") {
            log1(add(data, 32), mload(data), topic)
        }
    }

    function expectTightened(uint256 epoch, uint256 version) internal {
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.PolicyTightened(epoch, version);
    }

    /// @dev Without registrations the version counts the tightenings as well.
    function assertEpoch(uint256 epoch) internal view {
        assertEq(nft.policyEpoch(), epoch);
        if (nft.peerCount() == 0) assertEq(nft.version(), epoch);
    }
}
