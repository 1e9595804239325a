// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDstackMembershipErrors} from "../../src/interfaces/IDstackMembershipErrors.sol";
import {KeyChain} from "../../src/libraries/KeyChain.sol";
import {ClusterTest} from "../utils/ClusterTest.sol";

/// @dev The library with arguments in call data, as it wants them.
contract KeyChainHarness {
    function anchorOf(bytes calldata appSignature) external pure returns (uint64) {
        return KeyChain.anchorOf(appSignature);
    }

    function appIdOf(bytes calldata kmsSignature) external pure returns (address) {
        return KeyChain.appIdOf(kmsSignature);
    }

    mapping(bytes32 => address) internal verified;

    function certifiedKey(bytes calldata kmsSignature, address kmsRoot) external returns (address) {
        return KeyChain.certifiedKey(verified, kmsSignature, kmsRoot);
    }

    function remembered(bytes32 hash) external view returns (address) {
        return verified[hash];
    }

    function remember(bytes32 hash, address appKey) external {
        verified[hash] = appKey;
    }

    function verifyCertificate(bytes calldata kmsSignature, address kmsRoot) external view returns (address) {
        return KeyChain.verifyCertificate(kmsSignature, kmsRoot);
    }

    function verifyStatement(
        bytes32 statement,
        bytes calldata derivedPublicKey,
        bytes calldata appSignature,
        address appKey
    ) external view {
        KeyChain.verifyStatement(statement, derivedPublicKey, appSignature, appKey);
    }

    function addressOf(bytes calldata publicKey) external view returns (address) {
        return KeyChain.addressOf(publicKey);
    }

    function recover(bytes32 messageHash, bytes calldata signature) external view returns (address) {
        return KeyChain.recover(messageHash, signature);
    }
}

contract KeyChainTest is ClusterTest {
    function test_certifiedKey_RemembersByRootAndCertificate() public {
        address root = vm.addr(ROOT_KEY);
        bytes memory cert = certificate(ROOT_KEY, APP_KEY, stranger);
        bytes32 hash = keccak256(abi.encodePacked(uint256(uint160(root)), cert));
        assertEq(chain.remembered(hash), address(0));
        assertEq(chain.certifiedKey(cert, root), vm.addr(APP_KEY));
        assertEq(chain.remembered(hash), vm.addr(APP_KEY));
        assertEq(chain.certifiedKey(cert, root), vm.addr(APP_KEY));
    }

    /// @dev What was verified is not verified again: here it could not be.
    function test_certifiedKey_AsksItsMemoryFirst() public {
        bytes memory cert = new bytes(118);
        chain.remember(keccak256(abi.encodePacked(uint256(uint160(stranger)), cert)), holder);
        assertEq(chain.certifiedKey(cert, stranger), holder);
        vm.expectRevert();
        chain.certifiedKey(cert, holder);
    }

    KeyChainHarness internal chain = new KeyChainHarness();
    address internal constant APP_ID = address(0xA11CE);

    // addressOf

    function testFuzz_addressOf_IsTheKeysAddress(uint256 key) public {
        key = bound(key, 1, N - 1);
        assertEq(chain.addressOf(compressed(key)), vm.addr(key));
    }

    function test_addressOf_RevertsIfOfAnotherLength() public {
        bytes memory key = compressed(APP_KEY);
        expectInvalidKey("");
        expectInvalidKey(cut(key, 32));
        expectInvalidKey(bytes.concat(key, hex"00"));
        // Uncompressed.
        expectInvalidKey(bytes.concat(hex"04", new bytes(64)));
    }

    function test_addressOf_RevertsIfPrefixIsNeither2Nor3() public {
        bytes memory key = compressed(APP_KEY);
        for (uint256 prefix = 0; prefix < 256; ++prefix) {
            if (prefix == 2 || prefix == 3) continue;
            key[0] = bytes1(uint8(prefix));
            expectInvalidKey(key);
        }
    }

    function test_addressOf_RevertsIfXIsZeroOrNotBelowN() public {
        expectInvalidKey(abi.encodePacked(uint8(2), uint256(0)));
        expectInvalidKey(abi.encodePacked(uint8(3), N));
        // A point of the curve with an x between the order and the field's prime.
        expectInvalidKey(abi.encodePacked(uint8(2), N + 2));
        expectInvalidKey(abi.encodePacked(uint8(3), type(uint256).max));
    }

    function test_addressOf_RevertsIfXIsNotOnTheCurve() public {
        expectInvalidKey(abi.encodePacked(uint8(2), uint256(5)));
    }

    // recover

    function testFuzz_recover_TakesBothFormsOfV(uint256 key, bytes32 hash) public view {
        key = bound(key, 1, N - 1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, hash);
        assertEq(chain.recover(hash, abi.encodePacked(r, s, v)), vm.addr(key));
        assertEq(chain.recover(hash, abi.encodePacked(r, s, v - 27)), vm.addr(key));
    }

    function test_recover_RevertsIfVIsAnother() public {
        bytes memory sig = signature(APP_KEY, "message");
        for (uint256 v = 2; v < 256; ++v) {
            if (v == 27 || v == 28) continue;
            sig[64] = bytes1(uint8(v));
            vm.expectRevert(abi.encodeWithSelector(IDstackMembershipErrors.InvalidSignatureV.selector, v));
            chain.recover("message", sig);
        }
    }

    function test_recover_RevertsIfSIsHigh() public {
        (bytes memory other, bytes32 highS) = twin(signature(APP_KEY, "message"));
        (bytes32 r,) = split(other);
        // The twin is a signature by the same key, just not the canonical one.
        assertEq(ecrecover("message", 27 + uint8(other[64]), r, highS), vm.addr(APP_KEY));
        vm.expectRevert(abi.encodeWithSelector(IDstackMembershipErrors.InvalidSignatureS.selector, highS));
        chain.recover("message", other);
    }

    function test_recover_AcceptsTheHighestLowS() public {
        uint256 half = N / 2;
        (bytes32 r,) = split(signature(APP_KEY, "message"));
        assertNotEq(chain.recover("message", abi.encodePacked(r, half, uint8(0))), address(0));
        vm.expectRevert(abi.encodeWithSelector(IDstackMembershipErrors.InvalidSignatureS.selector, half + 1));
        chain.recover("message", abi.encodePacked(r, half + 1, uint8(0)));
    }

    function test_recover_RevertsIfThereIsNoSigner() public {
        (bytes32 r, bytes32 s) = split(signature(APP_KEY, "message"));
        expectNoSigner(0, s);
        expectNoSigner(r, 0);
        expectNoSigner(0, 0);
        expectNoSigner(bytes32(N), s);
        expectNoSigner(bytes32(uint256(5)), s);
    }

    // verifyCertificate

    function test_verifyCertificate_AnswersTheAppKey() public {
        bytes memory kmsSignature = certificate(ROOT_KEY, APP_KEY, APP_ID);
        assertEq(chain.verifyCertificate(kmsSignature, vm.addr(ROOT_KEY)), vm.addr(APP_KEY));
        assertEq(chain.appIdOf(kmsSignature), APP_ID);
    }

    function test_verifyCertificate_RevertsIfAnotherRootSigned() public {
        bytes memory kmsSignature = certificate(ROOT_KEY + 1, APP_KEY, APP_ID);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDstackMembershipErrors.KmsSignerMismatch.selector, vm.addr(ROOT_KEY), vm.addr(ROOT_KEY + 1)
            )
        );
        chain.verifyCertificate(kmsSignature, vm.addr(ROOT_KEY));
    }

    /// @dev Each of the three parts counts: every single bit of the certificate.
    function testFuzz_verifyCertificate_RevertsIfABitIsAnother(uint256 bit) public {
        bytes memory kmsSignature = certificate(ROOT_KEY, APP_KEY, APP_ID);
        bit = bound(bit, 0, 8 * kmsSignature.length - 1);
        flip(kmsSignature, bit);
        (bool success,) =
            address(chain).staticcall(abi.encodeCall(chain.verifyCertificate, (kmsSignature, vm.addr(ROOT_KEY))));
        assertFalse(success);
    }

    function test_appIdOf_RevertsIfOfAnotherLength() public {
        bytes memory kmsSignature = certificate(ROOT_KEY, APP_KEY, APP_ID);
        uint256[5] memory lengths = [uint256(0), 65, 98, 117, 119];
        for (uint256 i = 0; i < lengths.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IDstackMembershipErrors.InvalidKmsSignatureLength.selector, lengths[i])
            );
            chain.appIdOf(cut(bytes.concat(kmsSignature, hex"00"), lengths[i]));
        }
    }

    // verifyStatement

    function test_verifyStatement_AcceptsTheAppKeysSignature() public {
        (Statement memory s, bytes memory publicKey, bytes memory sig) = signed();
        chain.verifyStatement(hashOf(s), publicKey, sig, vm.addr(APP_KEY));
        assertEq(chain.anchorOf(sig), s.anchor);
    }

    function test_verifyStatement_RevertsIfAnotherKeySigned() public {
        (Statement memory s, bytes memory publicKey, bytes memory sig) = signed();
        vm.expectRevert(
            abi.encodeWithSelector(IDstackMembershipErrors.AppSignerMismatch.selector, stranger, vm.addr(APP_KEY))
        );
        chain.verifyStatement(hashOf(s), publicKey, sig, stranger);
    }

    function testFuzz_verifyStatement_RevertsIfAnotherStatementOrKeyIsMeant(uint256 bit) public {
        (Statement memory s, bytes memory publicKey, bytes memory sig) = signed();
        bytes32 statement = hashOf(s);
        bit = bound(bit, 0, 256 + 8 * 33 - 1);
        if (bit < 256) statement ^= bytes32(uint256(1) << bit);
        else flip(publicKey, bit - 256);
        vm.expectPartialRevert(IDstackMembershipErrors.AppSignerMismatch.selector);
        chain.verifyStatement(statement, publicKey, sig, vm.addr(APP_KEY));
    }

    function test_anchorOf_IsBigEndian() public view {
        assertEq(chain.anchorOf(bytes.concat(new bytes(65), hex"0102030405060708")), 0x0102030405060708);
    }

    function test_anchorOf_RevertsIfOfAnotherLength() public {
        uint256[5] memory lengths = [uint256(0), 64, 65, 72, 74];
        for (uint256 i = 0; i < lengths.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IDstackMembershipErrors.InvalidAppSignatureLength.selector, lengths[i])
            );
            chain.anchorOf(new bytes(lengths[i]));
        }
    }

    function signed() internal returns (Statement memory s, bytes memory publicKey, bytes memory sig) {
        s = statementOf(ID, URL);
        publicKey = compressed(derivedKey(ID));
        sig = appSignature(APP_KEY, s, publicKey);
    }

    function expectInvalidKey(bytes memory publicKey) internal {
        vm.expectRevert(abi.encodeWithSelector(IDstackMembershipErrors.InvalidPublicKey.selector, publicKey));
        chain.addressOf(publicKey);
    }

    function expectNoSigner(bytes32 r, bytes32 s) internal {
        vm.expectRevert(IDstackMembershipErrors.InvalidSignature.selector);
        chain.recover("message", abi.encodePacked(r, s, uint8(0)));
    }
}
