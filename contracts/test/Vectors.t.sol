// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDstackMembershipErrors as Errors} from "../src/interfaces/IDstackMembershipErrors.sol";
import {KeyChainHarness} from "./libraries/KeyChain.t.sol";
import {ClusterTest} from "./utils/ClusterTest.sol";
import {Membership} from "./utils/Membership.sol";

/// @dev The worked examples that contract, C library and simulator share, whole.
contract VectorsTest is ClusterTest {
    string internal constant FOLDER = "../tests/vectors/";

    // registration.json

    /// @dev Every byte of every case, and its call data sent as it stands.
    function test_registration_EveryCase() public {
        string memory json = vm.readFile(string.concat(FOLDER, "registration.json"));
        uint256 cases = 0;
        for (; vm.keyExistsJson(json, path(".cases", cases, "")); ++cases) {
            checkRegistration(json, path(".cases", cases, ""));
        }
        assertEq(cases, 3);
    }

    function checkRegistration(string memory json, string memory where) internal {
        Registration memory r = Registration({
            instanceId: vm.parseJsonString(json, string.concat(where, ".instance_id")),
            derivedPublicKey: bytesAt(json, where, ".derived_public_key"),
            appSignature: bytesAt(json, where, ".app_signature"),
            kmsSignature: bytesAt(json, where, ".kms_signature"),
            connectionUrl: vm.parseJsonString(json, string.concat(where, ".connection_url"))
        });
        Statement memory s = Statement({
            chainId: vm.parseJsonUint(json, string.concat(where, ".chain_id")),
            nft: vm.parseJsonAddress(json, string.concat(where, ".contract")),
            instanceId: toId(r.instanceId),
            connectionUrl: r.connectionUrl,
            anchor: uint64(vm.parseJsonUint(json, string.concat(where, ".anchor_number"))),
            anchorHash: vm.parseJsonBytes32(json, string.concat(where, ".anchor_hash"))
        });
        uint256 key = uint256(bytes32(bytesAt(json, where, ".derived_private_key")));
        address instanceAddress = vm.parseJsonAddress(json, string.concat(where, ".instance_address"));

        // How the tests themselves build statements is right by the same example.
        assertEq(hashOf(s), keccak256(bytesAt(json, where, ".statement_preimage")));
        assertEq(abi.encode(hashOf(s)), bytesAt(json, where, ".statement"));
        assertEq(abi.encode(appMessage(s, r.derivedPublicKey)), bytesAt(json, where, ".app_message_hash"));
        assertEq(compressed(key), r.derivedPublicKey);
        assertEq(vm.addr(key), instanceAddress);

        arrange(json, s, r.instanceId);
        bytes memory data = bytesAt(json, where, ".calldata");
        assertEq(data, callOf(r));
        vm.prank(stranger);
        (bool success,) = s.nft.call(data);
        assertTrue(success);

        assertEq(nft.lastAnchor(r.instanceId), s.anchor);
        assertEq(nft.getPeer(r.instanceId).connectionUrl, r.connectionUrl);
        assertEq(
            nft.getPeer(r.instanceId).instanceAddress, bytes(r.connectionUrl).length == 0 ? address(0) : instanceAddress
        );
    }

    /// @dev The chain, the contract, the ticket and the anchor block that the example speaks of.
    function arrange(string memory json, Statement memory s, string memory instanceId) internal {
        vm.chainId(s.chainId);
        vm.roll(s.anchor + 1);
        vm.setBlockhash(s.anchor, s.anchorHash);
        nft = Membership(s.nft);
        if (s.nft.code.length > 0) return;
        deployCodeTo(
            "DstackMembershipNFT.sol:DstackMembershipNFT",
            abi.encode(vm.parseJsonAddress(json, ".kms_root_address")),
            s.nft
        );
        nft.allowApp(address(bytes20(bytesAt(json, "", ".app_id"))));
        mint(instanceId);
    }

    // get_key.json

    /// @dev The guest agent's answers verify: key, app signature and KMS signature of each.
    function test_getKey_EveryAnswer() public {
        string memory json = vm.readFile(string.concat(FOLDER, "get_key.json"));
        KeyChainHarness chain = new KeyChainHarness();
        address appKey = vm.parseJsonAddress(json, ".app_address");
        address root = vm.parseJsonAddress(json, ".kms_root_address");
        bytes memory appPublicKey = bytesAt(json, "", ".app_public_key");
        assertEq(chain.addressOf(appPublicKey), appKey);
        assertEq(chain.addressOf(bytesAt(json, "", ".kms_root_public_key")), root);

        uint256 answers = 0;
        for (; vm.keyExistsJson(json, path(".get_key", answers, "")); ++answers) {
            string memory where = path(".get_key", answers, "");
            bytes memory publicKey = bytesAt(json, where, ".public_key");
            assertEq(chain.addressOf(publicKey), vm.parseJsonAddress(json, string.concat(where, ".address")));
            string memory purpose = vm.parseJsonString(json, string.concat(where, ".purpose"));
            bytes32 message = keccak256(bytes(string.concat(purpose, ":", hex_(publicKey))));
            assertEq(chain.recover(message, bytesAt(json, where, ".signature_chain[0]")), appKey);
            bytes memory kmsSignature =
                bytes.concat(bytesAt(json, where, ".signature_chain[1]"), appPublicKey, bytesAt(json, "", ".app_id"));
            assertEq(chain.verifyCertificate(kmsSignature, root), appKey);
        }
        assertEq(answers, 5);
    }

    // urls.json

    function test_urls_Dev() public {
        string memory json = vm.readFile(string.concat(FOLDER, "urls.json"));
        assertEq(checkUrls(json, ".dev", OTHER_ID), 14);
    }

    function test_urls_Production() public {
        string memory json = vm.readFile(string.concat(FOLDER, "urls.json"));
        nft.addBaseDomain(vm.parseJsonString(json, ".base_domain"));
        nft.setDevMode(false);
        assertEq(checkUrls(json, ".production", OTHER_ID), 53);
    }

    function test_urls_InstanceBound() public {
        string memory json = vm.readFile(string.concat(FOLDER, "urls.json"));
        nft.addBaseDomain(vm.parseJsonString(json, ".base_domain"));
        nft.setDevMode(false);
        nft.setInstanceBoundUrls(true);
        assertEq(checkUrls(json, ".instance_bound", vm.parseJsonString(json, ".instance_id")), 19);
    }

    function test_urls_BaseDomains() public {
        string memory json = vm.readFile(string.concat(FOLDER, "urls.json"));
        string[] memory accept = vm.parseJsonStringArray(json, ".base_domains.accept");
        for (uint256 i = 0; i < accept.length; ++i) {
            nft.addBaseDomain(accept[i]);
            assertTrue(nft.isBaseDomainAllowed(accept[i]), accept[i]);
        }
        string[] memory reject = vm.parseJsonStringArray(json, ".base_domains.reject");
        for (uint256 i = 0; i < reject.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Errors.InvalidBaseDomain.selector, reject[i]));
            nft.addBaseDomain(reject[i]);
        }
        assertEq(accept.length + reject.length, 20);
    }

    /// @dev Registers with each accepted URL, and is refused, for the URL's sake, with each rejected one. Returns how
    /// many there are.
    function checkUrls(string memory json, string memory where, string memory instanceId) internal returns (uint256) {
        mint(instanceId);
        string[] memory accept = vm.parseJsonStringArray(json, string.concat(where, ".accept"));
        for (uint256 i = 0; i < accept.length; ++i) {
            register(instanceId, accept[i]);
            assertEq(nft.getPeer(instanceId).connectionUrl, accept[i]);
        }
        string[] memory reject = vm.parseJsonStringArray(json, string.concat(where, ".reject"));
        for (uint256 i = 0; i < reject.length; ++i) {
            nextBlock();
            Registration memory r = registration(instanceId, reject[i]);
            // To registerPeer the empty string is no URL but a withdrawal; the URL library's own tests refuse it.
            if (bytes(reject[i]).length == 0) continue;
            (bool success, bytes memory reason) = address(nft).call(callOf(r));
            assertFalse(success, reject[i]);
            assertTrue(isUrlError(bytes4(reason)), reject[i]);
        }
        return accept.length + reject.length;
    }

    function isUrlError(bytes4 selector) internal pure returns (bool) {
        return selector == Errors.InvalidUrlLength.selector || selector == Errors.InvalidUrlByte.selector
            || selector == Errors.UrlNotHttps.selector || selector == Errors.InvalidUrlLabel.selector
            || selector == Errors.BaseDomainNotAllowed.selector || selector == Errors.InvalidUrlPort.selector
            || selector == Errors.InvalidUrlPath.selector || selector == Errors.UrlNotBoundToInstance.selector;
    }

    // JSON

    function path(string memory array, uint256 i, string memory field) internal pure returns (string memory) {
        return string.concat(array, "[", vm.toString(i), "]", field);
    }

    function bytesAt(string memory json, string memory where, string memory field)
        internal
        pure
        returns (bytes memory)
    {
        return vm.parseBytes(string.concat("0x", vm.parseJsonString(json, string.concat(where, field))));
    }
}
