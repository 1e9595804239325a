// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDstackMembershipErrors as Errors} from "../src/interfaces/IDstackMembershipErrors.sol";
import {IDstackMembershipNFT} from "../src/interfaces/IDstackMembershipNFT.sol";
import {ClusterTest} from "./utils/ClusterTest.sol";

/// @dev What registration, renewal, withdrawal, deactivation and pruning do; attacks have a file of their own.
contract DstackMembershipNFTRegistrationTest is ClusterTest {
    // Registering

    function test_registerPeer_ListsThePeer() public {
        mint(ID);
        nextBlock();
        Registration memory r = registration(ID, URL);
        address key = vm.addr(derivedKey(ID));

        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.PeerRegistered(
            toId(ID), key, URL, 0, 1, r.derivedPublicKey, r.appSignature, r.kmsSignature
        );
        submit(r);

        IDstackMembershipNFT.Peer memory peer = nft.getPeer(ID);
        assertEq(peer.instanceId, toId(ID));
        assertEq(peer.instanceAddress, key);
        assertEq(peer.registeredAt, vm.getBlockTimestamp());
        assertEq(peer.expiresAt, 0);
        assertEq(peer.connectionUrl, URL);
        assertEq(nft.getPeerEndpoints()[0], URL);
        assertEq(nft.getActiveInstances()[0], ID);
        assertEq(nft.peerCount(), 1);
        assertEq(nft.version(), 1);
        assertEq(nft.lastAnchor(ID), latest());
    }

    function test_registerPeer_FromAnyone() public {
        mint(ID);
        nextBlock();
        Registration memory r = registration(ID, URL);
        vm.prank(stranger);
        submit(r);
        assertTrue(isListed(ID));
    }

    function test_registerPeer_KeepsUrlsOfEveryLength() public {
        mint(ID);
        for (uint256 length = 256; length > 0; --length) {
            bytes memory url = new bytes(length);
            for (uint256 i = 0; i < length; ++i) {
                url[i] = bytes1(uint8(0x21 + (i + length) % 94));
            }
            register(ID, string(url));
            assertEq(nft.getPeer(ID).connectionUrl, string(url));
        }
    }

    function test_registerPeer_AcceptsTheAnchorsOf256Blocks() public {
        mint(ID);
        Registration memory r = registration(ID, URL);
        vm.roll(vm.getBlockNumber() + 255);
        submit(r);
        assertTrue(isListed(ID));
    }

    function test_registerPeer_AcceptsAnAllowedApp() public {
        nft.allowApp(stranger);
        mint(ID);
        Registration memory r = registration(ID, URL);
        r.kmsSignature = certificate(ROOT_KEY, APP_KEY, stranger);
        submit(r);
        assertTrue(isListed(ID));
    }

    function test_registerPeer_AcceptsBothFormsOfV() public {
        mint(ID);
        Registration memory r = registration(ID, URL);
        r.appSignature[64] = bytes1(uint8(r.appSignature[64]) + 27);
        r.kmsSignature[64] = bytes1(uint8(r.kmsSignature[64]) + 27);
        submit(r);
        assertTrue(isListed(ID));
    }

    function test_registerPeer_RevertsIfThereIsNoTicket() public {
        expectRefusal(registration(ID, URL), abi.encodeWithSelector(Errors.InstanceHoldsNoTicket.selector, toId(ID)));
    }

    function test_registerPeer_RevertsIfBanned() public {
        mint(ID);
        nft.banInstance(ID);
        nextBlock();
        expectRefusal(registration(ID, URL), abi.encodeWithSelector(Errors.InstanceIsBanned.selector, toId(ID)));
        nft.unbanInstance(ID);
        submit(registration(ID, URL));
        assertTrue(isListed(ID));
    }

    function test_registerPeer_RevertsIfPaused() public {
        mint(ID);
        nft.setRegistrationPaused(true);
        expectRefusal(registration(ID, URL), abi.encodeWithSelector(Errors.RegistrationIsPaused.selector));
        nft.setRegistrationPaused(false);
        submit(registration(ID, URL));
        assertTrue(isListed(ID));
    }

    function test_registerPeer_RevertsIfUrlIsRefused() public {
        mint(ID);
        expectRefusal(registration(ID, "a b"), abi.encodeWithSelector(Errors.InvalidUrlByte.selector, 1, bytes1(" ")));
        production();
        expectRefusal(registration(ID, URL), abi.encodeWithSelector(Errors.UrlNotHttps.selector, URL));
        expectRefusal(
            registration(ID, "https://a.phala.network"),
            abi.encodeWithSelector(Errors.BaseDomainNotAllowed.selector, "phala.network")
        );
        submit(registration(ID, "https://a.dstack-pha-prod7.phala.network"));
        nft.setInstanceBoundUrls(true);
        nextBlock();
        expectRefusal(
            registration(ID, "https://a.dstack-pha-prod7.phala.network"),
            abi.encodeWithSelector(Errors.UrlNotBoundToInstance.selector, "a", toId(ID))
        );
        submit(registration(ID, GATEWAY_URL));
        assertEq(nft.getPeer(ID).connectionUrl, GATEWAY_URL);
    }

    // Registering again

    function test_registerPeer_RenewsTheLease() public {
        nft.setLeaseDuration(100);
        mintAndRegister(ID, URL);
        uint64 start = uint64(vm.getBlockTimestamp());
        assertEq(nft.getPeer(ID).expiresAt, start + 100);
        nextBlock();

        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.PeerRenewed(toId(ID), start + 112);
        submit(registration(ID, URL));

        assertEq(nft.getPeer(ID).expiresAt, start + 112);
        assertEq(nft.getPeer(ID).registeredAt, start);
        assertEq(nft.version(), 1);
        assertEq(nft.peerCount(), 1);
        assertEq(nft.lastAnchor(ID), latest());
    }

    function test_registerPeer_RenewalTakesTheLeaseOfNow() public {
        mintAndRegister(ID, URL);
        nft.setLeaseDuration(100);
        assertEq(nft.getPeer(ID).expiresAt, 0);
        register(ID, URL);
        assertEq(nft.getPeer(ID).expiresAt, vm.getBlockTimestamp() + 100);
        nft.setLeaseDuration(0);
        register(ID, URL);
        assertEq(nft.getPeer(ID).expiresAt, 0);
        assertEq(nft.version(), 1);
    }

    /// @dev Before a lease that begins then could end where an entry has no room for it: joining and renewing alike.
    function test_registerPeer_RevertsIfTheTimeDoesNotFit() public {
        nft.setLeaseDuration((1 << 37) - 1);
        vm.warp((1 << 34) - 13);
        mintAndRegister(ID, URL);
        assertEq(nft.getPeer(ID).expiresAt, (1 << 34) + (1 << 37) - 2);
        nft.setLeaseDuration(0);
        vm.roll(vm.getBlockNumber() + 1);
        submit(registration(ID, URL));
        vm.roll(vm.getBlockNumber() + 1);
        vm.warp(1 << 34);
        expectRefusal(registration(ID, URL), abi.encodeWithSelector(Errors.ChainOutOfRange.selector, 1 << 34, 34));
        mint(OTHER_ID);
        expectRefusal(registration(OTHER_ID, URL), abi.encodeWithSelector(Errors.ChainOutOfRange.selector, 1 << 34, 34));
        assertTrue(isListed(ID));
    }

    function test_registerPeer_LongestLeaseEndsAtTheEndOfTime() public {
        nft.setLeaseDuration((1 << 37) - 1);
        mintAndRegister(ID, URL);
        assertEq(nft.getPeer(ID).expiresAt, vm.getBlockTimestamp() + (1 << 37) - 1);
        assertTrue(isListed(ID));
    }

    function test_registerPeer_ReplacesTheUrl() public {
        mintAndRegister(ID, URL);
        uint64 start = uint64(vm.getBlockTimestamp());
        nextBlock();
        Registration memory r = registration(ID, OTHER_URL);

        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.PeerRegistered(
            toId(ID), vm.addr(derivedKey(ID)), OTHER_URL, 0, 2, r.derivedPublicKey, r.appSignature, r.kmsSignature
        );
        submit(r);

        assertEq(nft.getPeer(ID).connectionUrl, OTHER_URL);
        assertEq(nft.getPeer(ID).registeredAt, start);
        assertEq(nft.version(), 2);
        assertEq(nft.peerCount(), 1);
    }

    /// @dev The shorter one differs in its length alone, the longer one in its last word alone.
    function test_registerPeer_NoticesEveryUrlChange() public {
        string memory words = "http://0123456789/0123456789/012";
        mintAndRegister(ID, words);
        register(ID, string.concat(words, "3"));
        assertEq(nft.version(), 2);
        register(ID, words);
        assertEq(nft.version(), 3);
        register(ID, "http://0123456789/0123456789/01");
        assertEq(nft.version(), 4);
        register(ID, "http://0123456789/0123456789/01");
        assertEq(nft.version(), 4);
    }

    function test_registerPeer_ReplacesTheKey() public {
        mintAndRegister(ID, URL);
        uint64 start = uint64(vm.getBlockTimestamp());
        nextBlock();
        Registration memory r = registration(ID, URL);
        r.derivedPublicKey = compressed(derivedKey(OTHER_ID));
        r.appSignature = appSignature(APP_KEY, statementOf(ID, URL), r.derivedPublicKey);
        submit(r);

        assertEq(nft.getPeer(ID).instanceAddress, vm.addr(derivedKey(OTHER_ID)));
        assertEq(nft.getPeer(ID).registeredAt, start);
        assertEq(nft.version(), 2);
    }

    // Leases

    function test_registerPeer_ExpiredPeerIsNotListed() public {
        nft.setLeaseDuration(100);
        mintAndRegister(ID, URL);
        vm.warp(vm.getBlockTimestamp() + 99);
        assertTrue(isListed(ID));
        vm.warp(vm.getBlockTimestamp() + 1);
        assertFalse(isListed(ID));
        assertEq(nft.getPeerEndpoints().length, 0);
        assertEq(nft.version(), 1);
        assertEq(nft.peerCount(), 1);
    }

    function test_registerPeer_AfterExpiryMembershipBeginsAgain() public {
        nft.setLeaseDuration(100);
        mintAndRegister(ID, URL);
        vm.warp(vm.getBlockTimestamp() + 100);
        register(ID, URL);
        assertEq(nft.getPeer(ID).registeredAt, vm.getBlockTimestamp());
        assertEq(nft.version(), 2);
        assertEq(nft.peerCount(), 1);
    }

    function test_registerPeer_AfterTighteningMembershipGoesOn() public {
        nft.setLeaseDuration(100);
        mintAndRegister(ID, URL);
        uint64 start = uint64(vm.getBlockTimestamp());
        nft.setKmsRootAddress(stranger);
        nft.setKmsRootAddress(vm.addr(ROOT_KEY));
        assertFalse(isListed(ID));
        assertEq(nft.version(), 3);

        register(ID, URL);
        assertTrue(isListed(ID));
        assertEq(nft.getPeer(ID).registeredAt, start);
        // It came back: watchers of the version must see it.
        assertEq(nft.version(), 4);
    }

    function test_registerPeer_AfterTighteningAndExpiryMembershipBeginsAgain() public {
        nft.setLeaseDuration(100);
        mintAndRegister(ID, URL);
        nft.setInstanceBoundUrls(true);
        vm.warp(vm.getBlockTimestamp() + 100);
        register(ID, URL);
        assertEq(nft.getPeer(ID).registeredAt, vm.getBlockTimestamp());
    }

    function test_registerPeer_AfterRemovalMembershipBeginsAgain() public {
        mintAndRegister(ID, URL);
        nft.deactivateInstance(ID);
        register(ID, URL);
        assertEq(nft.getPeer(ID).registeredAt, vm.getBlockTimestamp());
        assertEq(nft.version(), 3);
    }

    // Withdrawing

    function test_registerPeer_EmptyUrlWithdraws() public {
        mintAndRegister(ID, URL);
        nextBlock();
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.PeerRemoved(toId(ID), 1, 2);
        submit(registration(ID, ""));

        assertFalse(isListed(ID));
        assertEq(nft.peerCount(), 0);
        assertEq(nft.version(), 2);
        assertEq(nft.ownerOf(uint160(toId(ID))), holder);
        assertEq(nft.lastAnchor(ID), latest());
    }

    function test_registerPeer_WithdrawsWhilePausedAndInProduction() public {
        mintAndRegister(ID, URL);
        production();
        nft.setRegistrationPaused(true);
        nextBlock();
        submit(registration(ID, ""));
        assertEq(nft.peerCount(), 0);
    }

    function test_registerPeer_ReturnsAfterWithdrawing() public {
        mintAndRegister(ID, URL);
        register(ID, "");
        register(ID, OTHER_URL);
        assertEq(nft.getPeer(ID).connectionUrl, OTHER_URL);
        assertEq(nft.getPeer(ID).registeredAt, vm.getBlockTimestamp());
        assertEq(nft.version(), 3);
    }

    /// @dev A withdrawal of nothing is accepted: it calls back the registration that may still be on its way.
    function test_registerPeer_WithdrawingUnregisteredSpendsTheStatement() public {
        mint(ID);
        Registration memory onItsWay = registration(ID, URL);
        nextBlock();
        vm.recordLogs();
        submit(registration(ID, ""));
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(nft.version(), 0);
        expectRefusal(onItsWay, abi.encodeWithSelector(Errors.AnchorNotNewer.selector, latest() - 1, latest()));
    }

    /// @dev A withdrawal needs everything that a registration does, except a URL and an open registration.
    function test_registerPeer_WithdrawalIsVerified() public {
        mintAndRegister(ID, URL);
        nextBlock();
        Registration memory r = registration(ID, "");
        r.appSignature = appSignature(APP_KEY + 1, statementOf(ID, ""), r.derivedPublicKey);
        expectRefusal(
            r, abi.encodeWithSelector(Errors.AppSignerMismatch.selector, vm.addr(APP_KEY), vm.addr(APP_KEY + 1))
        );
        assertTrue(isListed(ID));
    }

    // Deactivating

    function test_deactivateInstance_ByHolderAndOwner() public {
        mintAndRegister(ID, URL);
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.PeerRemoved(toId(ID), 2, 2);
        vm.prank(holder);
        nft.deactivateInstance(ID);
        assertFalse(isListed(ID));
        assertEq(nft.ownerOf(uint160(toId(ID))), holder);
        assertEq(nft.lastAnchor(ID), latest());

        register(ID, URL);
        nft.deactivateInstance(ID);
        assertFalse(isListed(ID));
    }

    function test_deactivateInstance_WhilePaused() public {
        mintAndRegister(ID, URL);
        nft.setRegistrationPaused(true);
        vm.prank(holder);
        nft.deactivateInstance(ID);
        assertEq(nft.peerCount(), 0);
    }

    function test_deactivateInstance_UnregisteredCallsBackStatements() public {
        mint(ID);
        Registration memory onItsWay = registration(ID, URL);
        vm.prank(holder);
        nft.deactivateInstance(ID);
        assertEq(nft.version(), 0);
        expectRefusal(onItsWay, abi.encodeWithSelector(Errors.AnchorNotNewer.selector, latest(), latest()));
    }

    function test_deactivateInstance_RevertsIfByAnyoneElse() public {
        mintAndRegister(ID, URL);
        vm.prank(holder);
        nft.approve(stranger, uint160(toId(ID)));
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Errors.NotTicketHolder.selector, toId(ID), stranger));
        nft.deactivateInstance(ID);
    }

    function test_deactivateInstance_RevertsIfThereIsNoTicket() public {
        bytes memory reason = abi.encodeWithSelector(Errors.InstanceHoldsNoTicket.selector, toId(ID));
        vm.expectRevert(reason);
        nft.deactivateInstance(ID);
        vm.prank(stranger);
        vm.expectRevert(reason);
        nft.deactivateInstance(ID);
    }

    // Pruning

    function test_pruneExpired_RemovesTheExpiredInOneVersion() public {
        nft.setLeaseDuration(100);
        mintAndRegister(ID, URL);
        mintAndRegister(OTHER_ID, OTHER_URL);
        vm.warp(vm.getBlockTimestamp() + 100);
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.PeerRemoved(toId(ID), 6, 3);
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.PeerRemoved(toId(OTHER_ID), 6, 3);
        vm.prank(stranger);
        nft.pruneExpired(list(ID, OTHER_ID));
        assertEq(nft.peerCount(), 0);
        assertEq(nft.version(), 3);
        assertEq(nft.lastAnchor(ID), latest());
        assertEq(nft.ownerOf(uint160(toId(ID))), holder);
    }

    function test_pruneExpired_LeavesOthersAlone() public {
        mintAndRegister(ID, URL);
        uint64 anchor = nft.lastAnchor(ID);
        nft.setInstanceBoundUrls(true);
        nextBlock();
        vm.recordLogs();
        nft.pruneExpired(list(ID, OTHER_ID));
        nft.pruneExpired(new string[](0));
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(nft.peerCount(), 1);
        assertEq(nft.version(), 2);
        assertEq(nft.lastAnchor(ID), anchor);
        assertEq(nft.lastAnchor(OTHER_ID), 0);
    }

    function test_pruneExpired_TwiceIsOnce() public {
        nft.setLeaseDuration(100);
        mintAndRegister(ID, URL);
        vm.warp(vm.getBlockTimestamp() + 100);
        nft.pruneExpired(list(ID, ID));
        nft.pruneExpired(list(ID, ID));
        assertEq(nft.version(), 2);
    }

    function test_pruneExpired_RevertsIfAnIdIsMalformed() public {
        vm.expectRevert(abi.encodeWithSelector(Errors.InvalidInstanceId.selector, "x"));
        nft.pruneExpired(list(ID, "x"));
    }

    // Helpers

    function production() internal {
        nft.addBaseDomain(BASE_DOMAIN);
        nft.setDevMode(false);
    }

    function list(string memory a, string memory b) internal pure returns (string[] memory ids) {
        ids = new string[](2);
        ids[0] = a;
        ids[1] = b;
    }
}
