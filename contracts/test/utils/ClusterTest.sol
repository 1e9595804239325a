// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";
import {Membership} from "./Membership.sol";

/// @dev A deployed contract whose KMS root and app keys the test holds, and what a guest agent does with them.
abstract contract ClusterTest is Test {
    /// @dev The arguments of registerPeer.
    struct Registration {
        string instanceId;
        bytes derivedPublicKey;
        bytes appSignature;
        bytes kmsSignature;
        string connectionUrl;
    }

    /// @dev Everything a statement binds; a test changes one field to sign for something else.
    struct Statement {
        uint256 chainId;
        address nft;
        bytes20 instanceId;
        string connectionUrl;
        uint64 anchor;
        bytes32 anchorHash;
    }

    uint256 internal constant ROOT_KEY = uint256(keccak256("kms root"));
    uint256 internal constant APP_KEY = uint256(keccak256("app"));
    /// @dev The order of secp256k1.
    uint256 internal constant N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    string internal constant ID = "1691ed1b47506cad7d08834668691d88246f5b1f";
    string internal constant OTHER_ID = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    string internal constant URL = "http://localhost:8080";
    string internal constant OTHER_URL = "http://localhost:8081";
    string internal constant BASE_DOMAIN = "dstack-pha-prod7.phala.network";
    /// @dev 81 characters, as dstack's gateway serves it.
    string internal constant GATEWAY_URL =
        "https://1691ed1b47506cad7d08834668691d88246f5b1f-s.dstack-pha-prod7.phala.network";

    Membership internal nft;
    address internal holder = makeAddr("holder");
    address internal stranger = makeAddr("stranger");

    function setUp() public virtual {
        vm.roll(1000);
        vm.warp(1_800_000_000);
        nft = deploy(vm.addr(ROOT_KEY));
    }

    /// @dev The compiled artifact, so that tests need not be built with the contract's settings.
    function deploy(address kmsRoot) internal returns (Membership) {
        return Membership(vm.deployCode("DstackMembershipNFT.sol:DstackMembershipNFT", abi.encode(kmsRoot)));
    }

    /// @dev A call of its own, for expecting that it reverts: from within, that would end the test and pass it.
    function tryDeploy(address kmsRoot) external {
        deploy(kmsRoot);
    }

    // Chain

    function nextBlock() internal {
        vm.roll(vm.getBlockNumber() + 1);
        vm.warp(vm.getBlockTimestamp() + 12);
    }

    /// @dev The newest block that a statement can be anchored at.
    function latest() internal view returns (uint64) {
        return uint64(vm.getBlockNumber() - 1);
    }

    // Keys

    /// @dev Every instance has a derived key of its own.
    function derivedKey(string memory instanceId) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("derived", instanceId)));
    }

    function compressed(uint256 key) internal returns (bytes memory) {
        Vm.Wallet memory wallet = vm.createWallet(key);
        return abi.encodePacked(uint8(2 + (wallet.publicKeyY & 1)), wallet.publicKeyX);
    }

    function signature(uint256 key, bytes32 hash) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, hash);
        return abi.encodePacked(r, s, v - 27);
    }

    /// @dev The certificate of an app key by a KMS root.
    function certificate(uint256 rootKey, uint256 appKey, address appId) internal returns (bytes memory) {
        bytes memory publicKey = compressed(appKey);
        bytes32 hash = keccak256(abi.encodePacked("dstack-kms-issued:", appId, publicKey));
        return abi.encodePacked(signature(rootKey, hash), publicKey, appId);
    }

    // Statements

    function statementOf(string memory instanceId, string memory url) internal view returns (Statement memory) {
        uint64 anchor = latest();
        return Statement(block.chainid, address(nft), toId(instanceId), url, anchor, blockhash(anchor));
    }

    /// @dev 73 bytes: what the guest agent signs for the statement's purpose, and the anchor.
    function appSignature(uint256 appKey, Statement memory s, bytes memory publicKey)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(signature(appKey, appMessage(s, publicKey)), s.anchor);
    }

    function appMessage(Statement memory s, bytes memory publicKey) internal pure returns (bytes32) {
        string memory purpose = string.concat("dstack-p2p-v1:", hex_(abi.encode(hashOf(s))));
        return keccak256(bytes(string.concat(purpose, ":", hex_(publicKey))));
    }

    function hashOf(Statement memory s) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(s.chainId, s.nft, s.instanceId, keccak256(bytes(s.connectionUrl)), s.anchor, s.anchorHash)
        );
    }

    /// @dev Whom the contract takes for the signer of a registration when the call says `s`.
    function signerOf(Registration memory r, Statement memory s) internal pure returns (address) {
        (bytes32 high, bytes32 low) = split(r.appSignature);
        return ecrecover(appMessage(s, r.derivedPublicKey), 27 + uint8(r.appSignature[64]), high, low);
    }

    /// @dev The r and s of a signature.
    function split(bytes memory signature65) internal pure returns (bytes32 r, bytes32 s) {
        assembly ("memory-safe") {
            r := mload(add(signature65, 32))
            s := mload(add(signature65, 64))
        }
    }

    /// @dev The other signature that the same key has made of the same message: s negated, v flipped.
    function twin(bytes memory signatureAndMore) internal pure returns (bytes memory other, bytes32 highS) {
        (, bytes32 s) = split(signatureAndMore);
        highS = bytes32(N - uint256(s));
        other = copy(signatureAndMore);
        for (uint256 i = 0; i < 32; ++i) {
            other[32 + i] = highS[i];
        }
        other[64] = other[64] ^ 0x01;
    }

    function flip(bytes memory data, uint256 bit) internal pure {
        data[bit / 8] = data[bit / 8] ^ (bytes1(0x80) >> (bit % 8));
    }

    function copy(bytes memory data) internal pure returns (bytes memory) {
        return bytes.concat(data);
    }

    function cut(bytes memory data, uint256 length) internal pure returns (bytes memory) {
        data = copy(data);
        assembly ("memory-safe") {
            mstore(data, length)
        }
        return data;
    }

    /// @dev What an honest node of the contract's own app submits now.
    function registration(string memory instanceId, string memory url) internal returns (Registration memory r) {
        return registration(instanceId, statementOf(instanceId, url));
    }

    /// @dev The same with another statement than the arguments say.
    function registration(string memory instanceId, Statement memory s) internal returns (Registration memory r) {
        r.instanceId = instanceId;
        r.connectionUrl = s.connectionUrl;
        r.derivedPublicKey = compressed(derivedKey(instanceId));
        r.appSignature = appSignature(APP_KEY, s, r.derivedPublicKey);
        r.kmsSignature = certificate(ROOT_KEY, APP_KEY, address(nft));
    }

    function callOf(Registration memory r) internal view returns (bytes memory) {
        return abi.encodeCall(
            nft.registerPeer, (r.instanceId, r.derivedPublicKey, r.appSignature, r.kmsSignature, r.connectionUrl)
        );
    }

    function submit(Registration memory r) internal {
        nft.registerPeer(r.instanceId, r.derivedPublicKey, r.appSignature, r.kmsSignature, r.connectionUrl);
    }

    function mint(string memory instanceId) internal returns (uint256) {
        return nft.mintNodeAccess(holder, instanceId);
    }

    /// @dev Registers with a fresh statement, in a block of its own.
    function register(string memory instanceId, string memory url) internal {
        nextBlock();
        submit(registration(instanceId, url));
    }

    function mintAndRegister(string memory instanceId, string memory url) internal {
        mint(instanceId);
        register(instanceId, url);
    }

    function expectRefusal(Registration memory r, bytes memory reason) internal {
        vm.expectRevert(reason);
        submit(r);
    }

    function isListed(string memory instanceId) internal view returns (bool) {
        return nft.getPeer(instanceId).instanceId != 0;
    }

    // Text

    function toId(string memory instanceId) internal pure returns (bytes20) {
        return bytes20(vm.parseAddress(string.concat("0x", instanceId)));
    }

    function toText(bytes20 id) internal pure returns (string memory) {
        return hex_(abi.encodePacked(id));
    }

    /// @dev Hex without 0x.
    function hex_(bytes memory data) internal pure returns (string memory) {
        return vm.replace(vm.toString(data), "0x", "");
    }
}
