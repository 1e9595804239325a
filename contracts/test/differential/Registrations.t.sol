// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {console} from "forge-std/console.sol";
import {IDstackMembershipErrors as Errors} from "../../src/interfaces/IDstackMembershipErrors.sol";
import {ClusterTest} from "../utils/ClusterTest.sol";
import {Membership} from "../utils/Membership.sol";

/// @dev The random registrations of tests/differential/registrations.c, each sent to the contract as the C library has
/// encoded it, with everything that the C library says about it.
contract DifferentialRegistrationsTest is ClusterTest {
    /// @dev A line of the file, in its order.
    struct Case {
        Statement statement;
        address appId;
        address kmsRoot;
        bytes call;
        // What C makes of it. Addresses are zero where there is none.
        bytes32 statementHash;
        string purpose;
        bytes32 appMessage;
        bytes32 kmsMessage;
        address instanceAddress;
        address appKey;
        address appSigner;
        address rootSigner;
        bool urlFits;
        bool accepted;
    }

    string internal constant FILE = "../build/differential/registrations.txt";
    uint256 internal constant CHUNK = 100;

    /// @dev By the reason's selector.
    mapping(bytes4 => uint256) internal refused;
    uint256 internal accepted;

    function test_registrations_AgreeWithC() public {
        // Of a contract from before this transaction, cloneAccount would copy no storage.
        nft = deploy(vm.addr(ROOT_KEY));
        uint256 compared = 0;
        uint256 chunk = CHUNK;
        while (chunk == CHUNK) {
            chunk = this.compareChunk();
            compared += chunk;
        }
        assertGe(accepted, compared / 2);
        requireEveryReason();
        console.log("registrations.txt: compared %d, accepted %d", compared, accepted);
    }

    /// @dev A call of its own, so that its memory is given back. Returns how many cases there were, `CHUNK` at most.
    function compareChunk() external returns (uint256 compared) {
        for (; compared < CHUNK; ++compared) {
            string memory line = vm.readLine(FILE);
            if (bytes(line).length == 0) break;
            compareLine(line);
        }
    }

    function compareLine(string memory line) internal {
        Case memory c = parse(line);
        Registration memory r = this.decode(c.call);
        compareValues(c, r);
        arrange(c);
        (bool success, bytes memory reason) = c.statement.nft.call(c.call);
        assertEq(success, c.accepted && isBelowOrder(r.derivedPublicKey), line);
        if (success) {
            ++accepted;
            compareAccepted(c);
        } else {
            ++refused[bytes4(reason)];
            assertTrue(this.isReason(c, r, reason), string.concat(vm.toString(reason), " for ", line));
        }
    }

    /// @dev The test's own Solidity makes the same of the case; registration.json is its worked example.
    function compareValues(Case memory c, Registration memory r) internal view {
        assertEq(callOf(r), c.call);
        assertEq(r.connectionUrl, c.statement.connectionUrl);
        assertEq(r.instanceId, toText(c.statement.instanceId));
        assertEq(hashOf(c.statement), c.statementHash);
        assertEq(string.concat("dstack-p2p-v1:", hex_(abi.encode(c.statementHash))), c.purpose);
        assertEq(appMessage(c.statement, r.derivedPublicKey), c.appMessage);
        assertEq(
            keccak256(abi.encodePacked("dstack-kms-issued:", c.appId, appPublicKeyOf(r.kmsSignature))), c.kmsMessage
        );
    }

    /// @dev The chain, the contract, the ticket and the anchor block that the case speaks of.
    function arrange(Case memory c) internal {
        Statement memory s = c.statement;
        vm.chainId(s.chainId);
        vm.roll(s.anchor + 1);
        vm.setBlockhash(s.anchor, s.anchorHash);
        vm.cloneAccount(address(nft), s.nft);
        Membership there = Membership(s.nft);
        there.setKmsRootAddress(c.kmsRoot);
        there.allowApp(c.appId);
        there.mintNodeAccess(holder, toText(s.instanceId));
    }

    function compareAccepted(Case memory c) internal view {
        Membership there = Membership(c.statement.nft);
        string memory id = toText(c.statement.instanceId);
        bool withdrawn = bytes(c.statement.connectionUrl).length == 0;
        assertEq(there.lastAnchor(id), c.statement.anchor);
        assertEq(there.getPeer(id).connectionUrl, c.statement.connectionUrl);
        assertEq(there.getPeer(id).instanceAddress, withdrawn ? address(0) : c.instanceAddress);
    }

    /// @dev Whether C says the same as the contract's reason, whichever of several the contract found first. Where the
    /// contract names a signer, it is the one that C has recovered.
    function isReason(Case memory c, Registration memory r, bytes calldata reason) external pure returns (bool) {
        bytes4 selector = bytes4(reason);
        if (selector == Errors.InvalidUrlByte.selector) return !c.urlFits;
        if (selector == Errors.InvalidPublicKey.selector) {
            bytes memory key = abi.decode(reason[4:], (bytes));
            return isRefusedKey(key, r.derivedPublicKey, c.instanceAddress)
                || isRefusedKey(key, appPublicKeyOf(r.kmsSignature), c.appKey);
        }
        if (isNoSigner(reason, r.appSignature, c.appSigner)) return true;
        if (isNoSigner(reason, r.kmsSignature, c.rootSigner)) return true;
        if (reason.length != 4 + 64) return false;
        (address expected, address actual) = abi.decode(reason[4:], (address, address));
        if (selector == Errors.KmsSignerMismatch.selector) {
            return expected == c.kmsRoot && actual == c.rootSigner && actual != expected;
        }
        return selector == Errors.AppSignerMismatch.selector && expected == c.appKey && actual == c.appSigner
            && actual != expected;
    }

    /// @dev The one difference: C takes a key whose x is not below the curve's order, which the contract cannot tell
    /// from none (KeyChain.addressOf). A key is such with a chance of 2^-128.
    function isBelowOrder(bytes memory publicKey) internal pure returns (bool) {
        (bytes32 head,) = split(bytes.concat(publicKey, new bytes(31)));
        return uint256(head << 8) | uint8(publicKey[32]) < N;
    }

    function isRefusedKey(bytes memory key, bytes memory other, address account) internal pure returns (bool) {
        return keccak256(key) == keccak256(other) && (account == address(0) || !isBelowOrder(key));
    }

    /// @dev Whether the reason is why this signature has no signer.
    function isNoSigner(bytes memory reason, bytes memory signatureAndMore, address signer)
        internal
        pure
        returns (bool)
    {
        uint8 v = uint8(signatureAndMore[64]);
        (, bytes32 s) = split(signatureAndMore);
        bytes memory expected = abi.encodeWithSelector(Errors.InvalidSignature.selector);
        if (uint256(s) > N / 2) expected = abi.encodeWithSelector(Errors.InvalidSignatureS.selector, s);
        if (v > 1 && v != 27 && v != 28) expected = abi.encodeWithSelector(Errors.InvalidSignatureV.selector, v);
        return signer == address(0) && keccak256(reason) == keccak256(expected);
    }

    /// @dev Every way to refuse the chain has occurred, so that all of them were compared.
    function requireEveryReason() internal view {
        bytes4[7] memory reasons = [
            Errors.InvalidUrlByte.selector,
            Errors.InvalidPublicKey.selector,
            Errors.InvalidSignatureV.selector,
            Errors.InvalidSignatureS.selector,
            Errors.InvalidSignature.selector,
            Errors.KmsSignerMismatch.selector,
            Errors.AppSignerMismatch.selector
        ];
        for (uint256 i = 0; i < reasons.length; ++i) {
            assertGt(refused[reasons[i]], 0, vm.toString(abi.encodePacked(reasons[i])));
        }
    }

    // Reading

    function decode(bytes calldata call) external pure returns (Registration memory r) {
        (r.instanceId, r.derivedPublicKey, r.appSignature, r.kmsSignature, r.connectionUrl) =
            abi.decode(call[4:], (string, bytes, bytes, bytes, string));
    }

    function parse(string memory line) internal pure returns (Case memory c) {
        string[] memory column = vm.split(line, " ");
        assertEq(column.length, 19);
        c.statement = Statement({
            chainId: vm.parseUint(column[0]),
            nft: vm.parseAddress(column[1]),
            instanceId: bytes20(vm.parseAddress(column[2])),
            connectionUrl: string(vm.parseBytes(column[3])),
            anchor: uint64(vm.parseUint(column[4])),
            anchorHash: vm.parseBytes32(column[5])
        });
        c.appId = vm.parseAddress(column[6]);
        c.kmsRoot = vm.parseAddress(column[7]);
        c.call = vm.parseBytes(column[8]);
        c.statementHash = vm.parseBytes32(column[9]);
        c.purpose = string(vm.parseBytes(column[10]));
        c.appMessage = vm.parseBytes32(column[11]);
        c.kmsMessage = vm.parseBytes32(column[12]);
        c.instanceAddress = vm.parseAddress(column[13]);
        c.appKey = vm.parseAddress(column[14]);
        c.appSigner = vm.parseAddress(column[15]);
        c.rootSigner = vm.parseAddress(column[16]);
        c.urlFits = vm.parseUint(column[17]) == 1;
        c.accepted = vm.parseUint(column[18]) == 1;
    }

    /// @dev The app key in a certificate.
    function appPublicKeyOf(bytes memory kmsSignature) internal pure returns (bytes memory publicKey) {
        publicKey = new bytes(33);
        for (uint256 i = 0; i < 33; ++i) {
            publicKey[i] = kmsSignature[65 + i];
        }
    }
}
