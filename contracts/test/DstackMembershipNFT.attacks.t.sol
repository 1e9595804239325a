// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDstackMembershipErrors as Errors} from "../src/interfaces/IDstackMembershipErrors.sol";
import {IDstackMembershipNFT} from "../src/interfaces/IDstackMembershipNFT.sol";
import {ClusterTest} from "./utils/ClusterTest.sol";
import {Membership} from "./utils/Membership.sol";

/// @dev What an operator, a stranger or a lying node could try with statements, one attack a test.
contract DstackMembershipNFTAttacksTest is ClusterTest {
    address internal appKey = vm.addr(APP_KEY);

    function setUp() public override {
        super.setUp();
        mint(ID);
        mint(OTHER_ID);
    }

    // Signatures that nobody entitled has made

    function test_registerPeer_RevertsIfAppSignatureIsRandom() public {
        Registration memory r = registration(ID, URL);
        // Its r is the x coordinate of some point, as it is in half of all random signatures.
        uint256 point = vm.createWallet("some point").publicKeyX;
        r.appSignature = abi.encodePacked(point, uint256(keccak256("s")) >> 1, uint8(0), latest());
        address actual = signerOf(r, statementOf(ID, URL));
        assertNotEq(actual, address(0), "a random signature has some signer");
        expectMismatch(r, actual);
    }

    function test_registerPeer_RevertsIfAppSignatureIsByAnotherKey() public {
        Registration memory r = registration(ID, URL);
        r.appSignature = appSignature(APP_KEY + 1, statementOf(ID, URL), r.derivedPublicKey);
        expectMismatch(r, vm.addr(APP_KEY + 1));
    }

    function test_registerPeer_RevertsIfAppSignatureIsByTheDerivedKey() public {
        Registration memory r = registration(ID, URL);
        r.appSignature = appSignature(derivedKey(ID), statementOf(ID, URL), r.derivedPublicKey);
        expectMismatch(r, vm.addr(derivedKey(ID)));
    }

    function test_registerPeer_RevertsIfCertificateIsByAnotherRoot() public {
        Registration memory r = registration(ID, URL);
        r.kmsSignature = certificate(ROOT_KEY + 1, APP_KEY, address(nft));
        expectRefusal(
            r, abi.encodeWithSelector(Errors.KmsSignerMismatch.selector, vm.addr(ROOT_KEY), vm.addr(ROOT_KEY + 1))
        );
    }

    function test_registerPeer_RevertsIfGarbageSignatureAndZeroRoot() public {
        vm.expectRevert(Errors.KmsRootIsZero.selector);
        this.tryDeploy(address(0));
        vm.expectRevert(Errors.KmsRootIsZero.selector);
        nft.setKmsRootAddress(address(0));

        // ecrecover answers zero for these, which must not count as a signer anywhere.
        Registration memory r = registration(ID, URL);
        for (uint256 i = 0; i < 64; ++i) {
            r.kmsSignature[i] = 0;
        }
        expectRefusal(r, abi.encodeWithSelector(Errors.InvalidSignature.selector));
        r = registration(ID, URL);
        for (uint256 i = 0; i < 64; ++i) {
            r.appSignature[i] = 0;
        }
        expectRefusal(r, abi.encodeWithSelector(Errors.InvalidSignature.selector));
    }

    // Genuine signatures, used for something else

    function test_registerPeer_RevertsIfStrangerReplacesTheUrl() public {
        Registration memory r = registration(ID, URL);
        submit(r);
        nextBlock();
        // The evidence is public, in the event. With a new URL it is nobody's signature; as it stands it is spent.
        r.connectionUrl = OTHER_URL;
        vm.prank(stranger);
        expectRefusal(r, abi.encodeWithSelector(Errors.AnchorNotNewer.selector, latest() - 1, latest() - 1));
        r = registration(ID, URL);
        r.connectionUrl = OTHER_URL;
        address actual = signerOf(r, statementOf(ID, OTHER_URL));
        vm.prank(stranger);
        expectMismatch(r, actual);
        assertEq(nft.getPeer(ID).connectionUrl, URL);
    }

    function test_registerPeer_RevertsIfReplayedLater() public {
        Registration memory r = registration(ID, URL);
        submit(r);
        nextBlock();
        expectRefusal(r, abi.encodeWithSelector(Errors.AnchorNotNewer.selector, latest() - 1, latest() - 1));
        // Nor does it undo a newer one.
        submit(registration(ID, OTHER_URL));
        expectRefusal(r, abi.encodeWithSelector(Errors.AnchorNotNewer.selector, latest() - 1, latest()));
        assertEq(nft.getPeer(ID).connectionUrl, OTHER_URL);
    }

    function test_registerPeer_RevertsIfForAnotherContract() public {
        Registration memory r = registration(ID, URL);
        nft.allowApp(address(nft));
        Membership other = deploy(vm.addr(ROOT_KEY));
        other.allowApp(address(nft));
        other.mintNodeAccess(holder, ID);

        Statement memory s = statementOf(ID, URL);
        s.nft = address(other);
        address actual = signerOf(r, s);
        vm.expectRevert(abi.encodeWithSelector(Errors.AppSignerMismatch.selector, appKey, actual));
        other.registerPeer(r.instanceId, r.derivedPublicKey, r.appSignature, r.kmsSignature, r.connectionUrl);
    }

    function test_registerPeer_RevertsIfForAnotherChain() public {
        Registration memory r = registration(ID, URL);
        vm.chainId(8453);
        Statement memory s = statementOf(ID, URL);
        s.chainId = 8453;
        expectMismatch(r, signerOf(r, s));
    }

    function test_registerPeer_RevertsIfForAnotherInstance() public {
        Registration memory r = registration(ID, URL);
        r.instanceId = OTHER_ID;
        expectMismatch(r, signerOf(r, statementOf(OTHER_ID, URL)));
    }

    function test_registerPeer_RevertsIfForAnotherUrl() public {
        Registration memory r = registration(ID, URL);
        r.connectionUrl = OTHER_URL;
        expectMismatch(r, signerOf(r, statementOf(ID, OTHER_URL)));
    }

    function test_registerPeer_RevertsIfForAnotherDerivedKey() public {
        Registration memory r = registration(ID, URL);
        r.derivedPublicKey = compressed(derivedKey(OTHER_ID));
        expectMismatch(r, signerOf(r, statementOf(ID, URL)));
    }

    function test_registerPeer_RevertsIfAWithdrawalIsMadeARegistrationOrTheReverse() public {
        Registration memory r = registration(ID, "");
        r.connectionUrl = URL;
        expectMismatch(r, signerOf(r, statementOf(ID, URL)));

        submit(registration(ID, URL));
        nextBlock();
        r = registration(ID, URL);
        r.connectionUrl = "";
        expectMismatch(r, signerOf(r, statementOf(ID, "")));
        assertTrue(isListed(ID));
    }

    // Statements of another time

    function test_registerPeer_RevertsIfPreparedForAFutureBlock() public {
        Statement memory s = statementOf(ID, URL);
        s.anchor = latest() + 10;
        s.anchorHash = keccak256("a guess");
        Registration memory r = registration(ID, s);
        expectRefusal(r, abi.encodeWithSelector(Errors.AnchorUnknown.selector, s.anchor));
        // The block that the call is in has no hash yet either.
        vm.roll(s.anchor);
        expectRefusal(r, abi.encodeWithSelector(Errors.AnchorUnknown.selector, s.anchor));
        // When its time has come, the hash is another.
        vm.roll(s.anchor + 1);
        expectMismatch(r, signerOf(r, statementOf(ID, URL)));
    }

    function test_registerPeer_RevertsIfPreparedForNoHash() public {
        Statement memory s = statementOf(ID, URL);
        s.anchor = latest() + 1;
        s.anchorHash = 0;
        expectRefusal(registration(ID, s), abi.encodeWithSelector(Errors.AnchorUnknown.selector, s.anchor));
        s.anchor = type(uint64).max;
        expectRefusal(registration(ID, s), abi.encodeWithSelector(Errors.AnchorUnknown.selector, s.anchor));
    }

    function test_registerPeer_RevertsIfOlderThan256Blocks() public {
        Registration memory r = registration(ID, URL);
        uint64 anchor = latest();
        vm.roll(vm.getBlockNumber() + 256);
        expectRefusal(r, abi.encodeWithSelector(Errors.AnchorUnknown.selector, anchor));
    }

    function test_registerPeer_RevertsIfTheAnchorIsRelabelled() public {
        // A spent statement with the number of a newer block.
        Registration memory r = registration(ID, URL);
        submit(r);
        nextBlock();
        r.appSignature = abi.encodePacked(cut(r.appSignature, 65), latest());
        expectMismatch(r, signerOf(r, statementOf(ID, URL)));
    }

    function test_registerPeer_RevertsIfFromBeforeARemoval() public {
        submit(registration(ID, URL));
        nextBlock();
        Registration memory r = registration(ID, OTHER_URL);
        nft.deactivateInstance(ID);
        expectSpent(r);
        nextBlock();
        expectSpent(r);
    }

    function test_registerPeer_RevertsIfFromBeforeBurnAndMint() public {
        Registration memory r = registration(ID, URL);
        nft.revokeNodeAccess(ID);
        mint(ID);
        expectSpent(r);
    }

    function test_registerPeer_RevertsIfFromBeforeReassigningAndBack() public {
        Registration memory r = registration(ID, URL);
        nft.revokeNodeAccess(OTHER_ID);
        vm.startPrank(holder);
        nft.reassignInstance(ID, OTHER_ID);
        nft.reassignInstance(OTHER_ID, ID);
        vm.stopPrank();
        expectSpent(r);
    }

    function test_registerPeer_RevertsIfFromBeforeATransfer() public {
        Registration memory r = registration(ID, URL);
        vm.prank(holder);
        nft.transferFrom(holder, stranger, uint160(toId(ID)));
        expectSpent(r);
        nextBlock();
        submit(registration(ID, URL));
        assertTrue(isListed(ID));
    }

    function test_registerPeer_RevertsIfFromBeforeABan() public {
        Registration memory r = registration(ID, URL);
        nft.banInstance(ID);
        nft.unbanInstance(ID);
        expectSpent(r);
    }

    function test_registerPeer_RevertsIfFromBeforePruning() public {
        nft.setLeaseDuration(10);
        submit(registration(ID, URL));
        nextBlock();
        Registration memory r = registration(ID, OTHER_URL);
        string[] memory ids = new string[](1);
        ids[0] = ID;
        nft.pruneExpired(ids);
        expectSpent(r);
    }

    // Malformed evidence

    function test_registerPeer_RevertsIfAppSignatureIsTheHighTwin() public {
        Registration memory r = registration(ID, URL);
        bytes32 highS;
        (r.appSignature, highS) = twin(r.appSignature);
        assertEq(signerOf(r, statementOf(ID, URL)), appKey);
        expectRefusal(r, abi.encodeWithSelector(Errors.InvalidSignatureS.selector, highS));
    }

    function test_registerPeer_RevertsIfKmsSignatureIsTheHighTwin() public {
        Registration memory r = registration(ID, URL);
        bytes32 highS;
        (r.kmsSignature, highS) = twin(r.kmsSignature);
        expectRefusal(r, abi.encodeWithSelector(Errors.InvalidSignatureS.selector, highS));
    }

    function test_registerPeer_RevertsIfAppSignatureHasAnotherLength() public {
        Registration memory r = registration(ID, URL);
        bytes memory genuine = bytes.concat(r.appSignature, hex"00");
        uint256[5] memory lengths = [uint256(0), 64, 65, 72, 74];
        for (uint256 i = 0; i < lengths.length; ++i) {
            r.appSignature = cut(genuine, lengths[i]);
            expectRefusal(r, abi.encodeWithSelector(Errors.InvalidAppSignatureLength.selector, lengths[i]));
        }
    }

    function test_registerPeer_RevertsIfCertificateHasAnotherLength() public {
        Registration memory r = registration(ID, URL);
        bytes memory genuine = bytes.concat(r.kmsSignature, hex"00");
        // 0 and 65 are what local key providers give: no KMS, or its bare signature.
        uint256[5] memory lengths = [uint256(0), 65, 98, 117, 119];
        for (uint256 i = 0; i < lengths.length; ++i) {
            r.kmsSignature = cut(genuine, lengths[i]);
            expectRefusal(r, abi.encodeWithSelector(Errors.InvalidKmsSignatureLength.selector, lengths[i]));
        }
    }

    function test_registerPeer_RevertsIfPublicKeyHasAnotherLength() public {
        Registration memory r = registration(ID, URL);
        bytes memory genuine = bytes.concat(r.derivedPublicKey, hex"00");
        uint256[3] memory lengths = [uint256(0), 1, 34];
        for (uint256 i = 0; i < lengths.length; ++i) {
            r.derivedPublicKey = cut(genuine, lengths[i]);
            expectRefusal(r, abi.encodeWithSelector(Errors.InvalidPublicKey.selector, r.derivedPublicKey));
        }
    }

    function test_registerPeer_RevertsIfPublicKeyIsEd25519Sized() public {
        Registration memory r = registration(ID, URL);
        r.derivedPublicKey = cut(r.derivedPublicKey, 32);
        // Signed for, as the guest agent would.
        r.appSignature = appSignature(APP_KEY, statementOf(ID, URL), r.derivedPublicKey);
        expectRefusal(r, abi.encodeWithSelector(Errors.InvalidPublicKey.selector, r.derivedPublicKey));
    }

    function test_registerPeer_RevertsIfXIsNotBelowN() public {
        Registration memory r = registration(ID, URL);
        // A point of the curve.
        r.derivedPublicKey = abi.encodePacked(uint8(2), N + 2);
        r.appSignature = appSignature(APP_KEY, statementOf(ID, URL), r.derivedPublicKey);
        expectRefusal(r, abi.encodeWithSelector(Errors.InvalidPublicKey.selector, r.derivedPublicKey));
    }

    function test_registerPeer_RevertsIfVIs29() public {
        Registration memory r = registration(ID, URL);
        r.appSignature[64] = bytes1(uint8(29));
        expectRefusal(r, abi.encodeWithSelector(Errors.InvalidSignatureV.selector, 29));
        r = registration(ID, URL);
        r.kmsSignature[64] = bytes1(uint8(29));
        expectRefusal(r, abi.encodeWithSelector(Errors.InvalidSignatureV.selector, 29));
        r = registration(ID, URL);
        r.kmsSignature[64] = bytes1(uint8(2));
        expectRefusal(r, abi.encodeWithSelector(Errors.InvalidSignatureV.selector, 2));
    }

    /// @dev Each refused before anything else is looked at, so no statement needs to exist for it.
    function test_registerPeer_RevertsIfInstanceIdIsUpperCase() public {
        expectInvalidId("1691ED1B47506CAD7D08834668691D88246F5B1F");
    }

    function test_registerPeer_RevertsIfInstanceIdIsPrefixed() public {
        expectInvalidId("0x1691ed1b47506cad7d08834668691d88246f5b1f");
        expectInvalidId("0x91ed1b47506cad7d08834668691d88246f5b1f");
    }

    function test_registerPeer_RevertsIfInstanceIdHasAnotherLength() public {
        expectInvalidId("1691ed1b47506cad7d08834668691d88246f5b1");
        expectInvalidId("1691ed1b47506cad7d08834668691d88246f5b1f0");
    }

    function test_registerPeer_RevertsIfInstanceIdIsZero() public {
        expectInvalidId("0000000000000000000000000000000000000000");
    }

    function test_registerPeer_RevertsIfInstanceIdIsEmpty() public {
        expectInvalidId("");
    }

    /// @dev Any single bit of the evidence.
    function testFuzz_registerPeer_RevertsIfABitOfTheEvidenceIsAnother(uint256 bit) public {
        Registration memory r = registration(ID, URL);
        bytes memory evidence = bytes.concat(r.derivedPublicKey, r.appSignature, r.kmsSignature);
        bit = bound(bit, 0, 8 * evidence.length - 1);
        if (bit < 8 * 33) flip(r.derivedPublicKey, bit);
        else if (bit < 8 * (33 + 73)) flip(r.appSignature, bit - 8 * 33);
        else flip(r.kmsSignature, bit - 8 * (33 + 73));
        vm.expectRevert();
        submit(r);
        assertEq(nft.peerCount(), 0);
    }

    // Apps

    function test_registerPeer_RevertsIfAppIsNotAllowed() public {
        Registration memory r = registration(ID, URL);
        r.kmsSignature = certificate(ROOT_KEY, APP_KEY, stranger);
        expectRefusal(r, abi.encodeWithSelector(Errors.AppNotAllowed.selector, stranger));
    }

    function test_registerPeer_RevertsIfAppIdIsTheCallersChoice() public {
        // A genuine certificate of a foreign app, with the id of an allowed one written over.
        Registration memory r = registration(ID, URL);
        uint256 foreignKey = APP_KEY + 1;
        bytes memory foreign = certificate(ROOT_KEY, foreignKey, stranger);
        r.kmsSignature = bytes.concat(cut(foreign, 98), bytes20(address(nft)));
        r.appSignature = appSignature(foreignKey, statementOf(ID, URL), r.derivedPublicKey);
        (bytes32 high, bytes32 low) = split(foreign);
        bytes32 hash = keccak256(abi.encodePacked("dstack-kms-issued:", address(nft), compressed(foreignKey)));
        address actual = ecrecover(hash, 27 + uint8(foreign[64]), high, low);
        expectRefusal(r, abi.encodeWithSelector(Errors.KmsSignerMismatch.selector, vm.addr(ROOT_KEY), actual));
    }

    // Certificates, of which each is verified once

    function test_registerPeer_RevertsIfAVerifiedCertificateIsOfAnotherRoot() public {
        submit(registration(ID, URL));
        nft.setKmsRootAddress(vm.addr(ROOT_KEY + 1));
        nextBlock();
        expectRefusal(
            registration(ID, URL),
            abi.encodeWithSelector(Errors.KmsSignerMismatch.selector, vm.addr(ROOT_KEY + 1), vm.addr(ROOT_KEY))
        );
        nft.setKmsRootAddress(vm.addr(ROOT_KEY));
        submit(registration(ID, URL));
        assertTrue(isListed(ID));
    }

    function test_registerPeer_RevertsIfAVerifiedCertificateIsOfADisallowedApp() public {
        nft.allowApp(stranger);
        Registration memory r = registration(ID, URL);
        r.kmsSignature = certificate(ROOT_KEY, APP_KEY, stranger);
        submit(r);
        nft.disallowApp(stranger);
        nextBlock();
        r.appSignature = appSignature(APP_KEY, statementOf(ID, URL), r.derivedPublicKey);
        expectRefusal(r, abi.encodeWithSelector(Errors.AppNotAllowed.selector, stranger));
    }

    /// @dev Any single bit of a certificate that has been verified before.
    function testFuzz_registerPeer_RevertsIfABitOfAVerifiedCertificateIsAnother(uint256 bit) public {
        submit(registration(ID, URL));
        nextBlock();
        Registration memory r = registration(ID, URL);
        flip(r.kmsSignature, bound(bit, 0, 8 * r.kmsSignature.length - 1));
        vm.expectRevert();
        submit(r);
    }

    /// @dev Even a KMS root cannot make a key of what is none.
    function test_registerPeer_RevertsIfTheRootCertifiesNoKey() public {
        bytes[3] memory none = [
            bytes.concat(hex"04", bytes32(uint256(1))),
            bytes.concat(hex"02", bytes32(uint256(5))), // on no point of the curve
            bytes.concat(hex"02", bytes32(0))
        ];
        for (uint256 i = 0; i < none.length; ++i) {
            Registration memory r = registration(ID, URL);
            bytes32 hash = keccak256(abi.encodePacked("dstack-kms-issued:", address(nft), none[i]));
            r.kmsSignature = abi.encodePacked(signature(ROOT_KEY, hash), none[i], address(nft));
            expectRefusal(r, abi.encodeWithSelector(Errors.InvalidPublicKey.selector, none[i]));
        }
    }

    /// @dev A verified certificate speaks for the key that is in it, not for whoever brings it.
    function test_registerPeer_RevertsIfAnotherKeySignsUnderAVerifiedCertificate() public {
        submit(registration(ID, URL));
        nextBlock();
        Registration memory r = registration(ID, OTHER_URL);
        r.appSignature = appSignature(APP_KEY + 1, statementOf(ID, OTHER_URL), r.derivedPublicKey);
        expectMismatch(r, vm.addr(APP_KEY + 1));
    }

    // Peers that must not be listed any more

    function test_getPeers_NotIfTransferred() public {
        submit(registration(ID, URL));
        vm.prank(holder);
        nft.transferFrom(holder, stranger, uint160(toId(ID)));
        assertUnlisted();
    }

    function test_getPeers_NotIfRevoked() public {
        submit(registration(ID, URL));
        nft.revokeNodeAccess(ID);
        assertUnlisted();
    }

    function test_getPeers_NotIfBanned() public {
        submit(registration(ID, URL));
        nft.banInstance(ID);
        assertUnlisted();
    }

    function test_getPeers_NotIfExpired() public {
        nft.setLeaseDuration(100);
        submit(registration(ID, URL));
        vm.warp(vm.getBlockTimestamp() + 100);
        assertUnlisted();
    }

    function test_getPeers_NotIfFromBeforeATightening() public {
        submit(registration(ID, URL));
        nft.setInstanceBoundUrls(true);
        assertUnlisted();
    }

    // Carriers

    function test_registerPeer_ACopiedTransactionDoesWhatTheNodeWanted() public {
        Registration memory r = registration(ID, URL);
        vm.prank(stranger);
        submit(r);
        // The node's own transaction fails, and finds the state it wanted.
        expectRefusal(r, abi.encodeWithSelector(Errors.AnchorNotNewer.selector, latest(), latest()));
        assertEq(nft.getPeer(ID).connectionUrl, URL);
        assertEq(nft.getPeer(ID).instanceAddress, vm.addr(derivedKey(ID)));
        assertEq(nft.ownerOf(uint160(toId(ID))), holder);
    }

    // Helpers

    function expectMismatch(Registration memory r, address actual) internal {
        assertNotEq(actual, appKey);
        expectRefusal(r, abi.encodeWithSelector(Errors.AppSignerMismatch.selector, appKey, actual));
    }

    /// @dev Signed before the last removal, whose block's parent is what counts.
    function expectSpent(Registration memory r) internal {
        uint64 anchor = uint64(bytes8(cutFront(r.appSignature, 65)));
        assertGe(nft.lastAnchor(ID), anchor);
        expectRefusal(r, abi.encodeWithSelector(Errors.AnchorNotNewer.selector, anchor, nft.lastAnchor(ID)));
        assertFalse(isListed(ID));
    }

    function cutFront(bytes memory data, uint256 offset) internal pure returns (bytes memory rest) {
        rest = new bytes(data.length - offset);
        for (uint256 i = 0; i < rest.length; ++i) {
            rest[i] = data[offset + i];
        }
    }

    function expectInvalidId(string memory instanceId) internal {
        vm.expectRevert(abi.encodeWithSelector(Errors.InvalidInstanceId.selector, instanceId));
        nft.registerPeer(instanceId, "", "", "", URL);
    }

    function assertUnlisted() internal view {
        assertFalse(isListed(ID));
        assertEq(nft.getPeerEndpoints().length, 0);
        assertEq(nft.getActiveInstances().length, 0);
        (IDstackMembershipNFT.Peer[] memory page,,) = nft.getPeers(0, 10);
        assertEq(page.length, 0);
    }
}
