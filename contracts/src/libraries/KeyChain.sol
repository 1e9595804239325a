// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDstackMembershipErrors} from "../interfaces/IDstackMembershipErrors.sol";
import {Calldata} from "./Calldata.sol";
import {Hex} from "./Hex.sol";

/// @title The signature chain of a registration
/// @notice The KMS root certifies an app's key; the app key, which only attested code of that app can use, signs a
/// statement together with the instance's derived key. dstack hashes both messages with bare keccak256, without
/// Ethereum's prefix. Messages are put together in memory that is not in use yet and stays so.
library KeyChain {
    uint256 private constant SIGNATURE = 65;
    uint256 private constant PUBLIC_KEY = 33;
    uint256 private constant APP_ID = 20;
    uint256 private constant ANCHOR = 8;

    /// @dev The largest s of a signature: half the order of secp256k1.
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice The number of the anchor block in an app signature: signature (65) ‖ anchor block number (8, big-endian).
    /// @dev Checks the length for `verifyStatement` as well.
    function anchorOf(bytes calldata appSignature) internal pure returns (uint64) {
        if (appSignature.length != SIGNATURE + ANCHOR) {
            revert IDstackMembershipErrors.InvalidAppSignatureLength(appSignature.length);
        }
        return uint64(bytes8(_load(appSignature, SIGNATURE)));
    }

    /// @notice The app id in a certificate: signature (65) ‖ app public key (33) ‖ app id (20). Nothing is verified yet.
    /// @dev Checks the length for `verifyCertificate` as well.
    function appIdOf(bytes calldata kmsSignature) internal pure returns (address) {
        if (kmsSignature.length != SIGNATURE + PUBLIC_KEY + APP_ID) {
            revert IDstackMembershipErrors.InvalidKmsSignatureLength(kmsSignature.length);
        }
        return address(bytes20(_load(kmsSignature, SIGNATURE + PUBLIC_KEY)));
    }

    /// @notice The app key's address in a certificate by the KMS root, verified: now, or before, since a certificate that
    /// was good under a root is good under it for ever. Nodes of one app share a certificate, and save two signature
    /// recoveries each time.
    /// @param verified By hash of root and certificate, the app key's address.
    /// @param kmsSignature A certificate whose length `appIdOf` has checked.
    /// @param kmsRoot Not zero.
    function certifiedKey(mapping(bytes32 => address) storage verified, bytes calldata kmsSignature, address kmsRoot)
        internal
        returns (address appKey)
    {
        bytes32 hash;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, kmsRoot)
            calldatacopy(add(free, 32), kmsSignature.offset, 118)
            hash := keccak256(free, 150)
        }
        appKey = verified[hash];
        if (appKey == address(0)) {
            appKey = verifyCertificate(kmsSignature, kmsRoot);
            verified[hash] = appKey;
        }
    }

    /// @notice Verifies that the KMS root certified the app key, of which it returns the address.
    /// @param kmsSignature A certificate whose length `appIdOf` has checked.
    /// @param kmsRoot Not zero.
    function verifyCertificate(bytes calldata kmsSignature, address kmsRoot) internal view returns (address appKey) {
        bytes32 message;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, "dstack-kms-issued:") // 18 bytes
            calldatacopy(add(free, 18), add(kmsSignature.offset, 98), 20) // app id
            calldatacopy(add(free, 38), add(kmsSignature.offset, 65), 33) // app public key
            message := keccak256(free, 71)
        }
        address signer = recover(message, kmsSignature);
        if (signer != kmsRoot) revert IDstackMembershipErrors.KmsSignerMismatch(kmsRoot, signer);
        return addressOf(kmsSignature[SIGNATURE:SIGNATURE + PUBLIC_KEY]);
    }

    /// @notice The hash of everything that a registration binds.
    function statementOf(bytes20 id, bytes calldata connectionUrl, uint256 anchor, bytes32 anchorHash)
        internal
        view
        returns (bytes32 statement)
    {
        bytes32 urlHash = Calldata.hash(connectionUrl);
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, chainid())
            mstore(add(free, 32), address())
            mstore(add(free, 64), id)
            mstore(add(free, 96), urlHash)
            mstore(add(free, 128), anchor)
            mstore(add(free, 160), anchorHash)
            statement := keccak256(free, 192)
        }
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
    ) internal view {
        bytes32 head = Hex.encode(bytes16(statement));
        bytes32 tail = Hex.encode(bytes16(statement << 128));
        bytes32 x = _load(derivedPublicKey, 1);
        bytes32 xHead = Hex.encode(bytes16(x));
        bytes32 xTail = Hex.encode(bytes16(x << 128));
        bytes32 message;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, "dstack-p2p-v1:") // 14 bytes
            mstore(add(free, 14), head)
            mstore(add(free, 46), tail)
            mstore(add(free, 78), ":0")
            mstore8(add(free, 80), add(0x30, byte(0, calldataload(derivedPublicKey.offset)))) // 2 or 3
            mstore(add(free, 81), xHead)
            mstore(add(free, 113), xTail)
            message := keccak256(free, 145)
        }
        address signer = recover(message, appSignature);
        if (signer != appKey) revert IDstackMembershipErrors.AppSignerMismatch(appKey, signer);
    }

    /// @notice The address of a compressed public key.
    function addressOf(bytes calldata publicKey) internal view returns (address account) {
        account = _decompress(_load(publicKey, 0), _load(publicKey, 1));
        if (publicKey.length != PUBLIC_KEY || account == address(0)) {
            revert IDstackMembershipErrors.InvalidPublicKey(publicKey);
        }
    }

    /// @notice The signer of a message hash, never zero.
    /// @param signature Begins with r ‖ s ‖ v, low s; v is 0 or 1, as the guest agent gives it, or 27 or 28. At least 65
    /// bytes, as the callers have checked.
    function recover(bytes32 messageHash, bytes calldata signature) internal view returns (address signer) {
        bytes32 s = _load(signature, 32);
        uint256 v = uint8(bytes1(_load(signature, 64)));
        unchecked {
            // 27 or 28 for the valid ones.
            if (v < 2) v += 27;
            if (v - 27 > 1) revert IDstackMembershipErrors.InvalidSignatureV(uint8(v));
        }
        if (uint256(s) > HALF_ORDER) revert IDstackMembershipErrors.InvalidSignatureS(s);
        signer = _recover(messageHash, v, _load(signature, 0), s);
        if (signer == address(0)) revert IDstackMembershipErrors.InvalidSignature();
    }

    /// @dev The address of a compressed public key; zero when it is none.
    ///
    /// Public key recovery with z = 0 and s = r = x gives Q = (s·R - z·G) / r = R, the point with that x coordinate and the
    /// parity of v: decompression by the precompile, which refuses x = 0, x ≥ n, and x not on the curve. A key with
    /// n ≤ x < p exists with a chance of 2^-128 and is refused.
    /// @param prefix The word whose first byte is 2 or 3. With any other v there is no signer.
    function _decompress(bytes32 prefix, bytes32 x) private view returns (address) {
        return _recover(0, 25 + uint256(uint8(bytes1(prefix))), x, x);
    }

    /// @dev The precompile, which answers nothing when it finds no signer, and accepts only 27 and 28 as v.
    function _recover(bytes32 messageHash, uint256 v, bytes32 r, bytes32 s) private view returns (address signer) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, messageHash)
            mstore(add(free, 32), v)
            mstore(add(free, 64), r)
            mstore(add(free, 96), s)
            mstore(0, 0)
            // It cannot fail but for want of gas, and then answers nothing either.
            pop(staticcall(gas(), 1, free, 128, 0, 32))
            signer := mload(0)
        }
    }

    /// @dev The word at a position of an argument, beyond whose end it reads what follows: lengths are checked elsewhere.
    function _load(bytes calldata data, uint256 position) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(data.offset, position))
        }
    }
}
