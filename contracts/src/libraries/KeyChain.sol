// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IDstackMembershipErrors} from "../interfaces/IDstackMembershipErrors.sol";
import {Hex} from "./Hex.sol";

/// @title The signature chain of a registration
/// @notice The KMS root certifies an app's key; the app key, which only attested code of that app can use, signs a
/// statement together with the instance's derived key. dstack hashes both messages with bare keccak256, without
/// Ethereum's prefix.
library KeyChain {
    uint256 private constant SIGNATURE = 65;
    uint256 private constant PUBLIC_KEY = 33;
    uint256 private constant APP_ID = 20;
    uint256 private constant ANCHOR = 8;

    /// @notice The number of the anchor block in an app signature: signature (65) ‖ anchor block number (8, big-endian).
    /// @dev Checks the length for `verifyStatement` as well.
    function anchorOf(bytes calldata appSignature) internal pure returns (uint64) {
        if (appSignature.length != SIGNATURE + ANCHOR) {
            revert IDstackMembershipErrors.InvalidAppSignatureLength(appSignature.length);
        }
        return uint64(bytes8(appSignature[SIGNATURE:]));
    }

    /// @notice The app id in a certificate: signature (65) ‖ app public key (33) ‖ app id (20). Nothing is verified yet.
    /// @dev Checks the length for `verifyCertificate` as well.
    function appIdOf(bytes calldata kmsSignature) internal pure returns (address) {
        if (kmsSignature.length != SIGNATURE + PUBLIC_KEY + APP_ID) {
            revert IDstackMembershipErrors.InvalidKmsSignatureLength(kmsSignature.length);
        }
        return address(bytes20(kmsSignature[SIGNATURE + PUBLIC_KEY:]));
    }

    /// @notice Verifies that the KMS root certified the app key, of which it returns the address.
    /// @param kmsSignature A certificate whose length `appIdOf` has checked.
    /// @param kmsRoot Not zero.
    function verifyCertificate(bytes calldata kmsSignature, address kmsRoot) internal pure returns (address appKey) {
        bytes calldata publicKey = kmsSignature[SIGNATURE:SIGNATURE + PUBLIC_KEY];
        bytes32 message =
            keccak256(bytes.concat("dstack-kms-issued:", kmsSignature[SIGNATURE + PUBLIC_KEY:], publicKey));
        address signer = recover(message, kmsSignature[:SIGNATURE]);
        if (signer != kmsRoot) revert IDstackMembershipErrors.KmsSignerMismatch(kmsRoot, signer);
        return addressOf(publicKey);
    }

    /// @notice Verifies that the app key signed this statement for this derived key.
    /// @param statement The hash of everything the registration binds.
    /// @param derivedPublicKey A key that `addressOf` has accepted.
    /// @param appSignature A signature whose length `anchorOf` has checked.
    /// @param appKey The address of the certified app key.
    function verifyStatement(
        bytes32 statement,
        bytes calldata derivedPublicKey,
        bytes calldata appSignature,
        address appKey
    ) internal pure {
        bytes32 head = bytes32(derivedPublicKey);
        bytes32 message = keccak256(
            bytes.concat(
                "dstack-p2p-v1:",
                Hex.encode(bytes16(statement)),
                Hex.encode(bytes16(statement << 128)),
                ":",
                Hex.encode(bytes16(head)),
                Hex.encode(bytes16(head << 128)),
                bytes2(Hex.encode(bytes16(bytes1(derivedPublicKey[32]))))
            )
        );
        address signer = recover(message, appSignature[:SIGNATURE]);
        if (signer != appKey) revert IDstackMembershipErrors.AppSignerMismatch(appKey, signer);
    }

    /// @notice The address of a compressed public key.
    /// @dev Public key recovery with z = 0 and s = r = x gives Q = (s·R - z·G) / r = R, the point with that x coordinate
    /// and the parity of v: decompression by the precompile, which refuses x = 0, x ≥ n, and x not on the curve. A key
    /// with n ≤ x < p exists with a chance of 2^-128 and is refused.
    function addressOf(bytes calldata publicKey) internal pure returns (address account) {
        if (publicKey.length == PUBLIC_KEY && (publicKey[0] == 0x02 || publicKey[0] == 0x03)) {
            bytes32 x = bytes32(publicKey[1:]);
            account = ecrecover(0, 25 + uint8(publicKey[0]), x, x);
        }
        if (account == address(0)) revert IDstackMembershipErrors.InvalidPublicKey(publicKey);
    }

    /// @notice The signer of a message hash, never zero.
    /// @param signature r ‖ s ‖ v, 65 bytes, low s; v is 0 or 1, as the guest agent gives it, or 27 or 28.
    function recover(bytes32 messageHash, bytes calldata signature) internal pure returns (address signer) {
        bytes32 s = bytes32(signature[32:64]);
        uint8 v = uint8(signature[64]);
        if (v < 2) v += 27;
        if (v != 27 && v != 28) revert IDstackMembershipErrors.InvalidSignatureV(v);
        ECDSA.RecoverError err;
        (signer, err,) = ECDSA.tryRecover(messageHash, v, bytes32(signature[:32]), s);
        if (err == ECDSA.RecoverError.InvalidSignatureS) revert IDstackMembershipErrors.InvalidSignatureS(s);
        if (err != ECDSA.RecoverError.NoError) revert IDstackMembershipErrors.InvalidSignature();
    }
}
