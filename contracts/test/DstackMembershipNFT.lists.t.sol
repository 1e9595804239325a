// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDstackMembershipNFT} from "../src/interfaces/IDstackMembershipNFT.sol";
import {ClusterTest} from "./utils/ClusterTest.sol";

/// @dev The lists are encoded by hand, so they are held against a model, and byte for byte against the compiler's encoding.
contract DstackMembershipNFTListsTest is ClusterTest {
    struct Node {
        string id;
        string url;
        uint64 expiresAt;
    }

    /// @dev See snapshots/storage-layout.txt.
    uint256 internal constant ENTRIES_SLOT = 22;

    /// @dev Longer than 31 bytes, which Solidity stores in another way.
    string internal constant LONG_DOMAIN = "a-base-domain-of-more-than-31-bytes.example.org";

    Node[] internal nodes;

    function setUp() public override {
        super.setUp();
        nft.addBaseDomain(BASE_DOMAIN);
        nft.addBaseDomain(LONG_DOMAIN);
    }

    function test_lists_Empty() public view {
        checkLists();
    }

    function test_lists_GatewayUrlsOfEveryForm() public {
        string[7] memory ends = ["", "-s", "-g", "-1", "-65535", "-5432s", "-8080g"];
        for (uint256 i = 0; i < 2 * ends.length; ++i) {
            join(gatewayUrl(next(), ends[i % 7], i < 7 ? BASE_DOMAIN : LONG_DOMAIN), 0);
        }
        checkLists();
    }

    /// @dev Runs of alike ones, broken by another suffix, another domain, bytes, and a lease that ended.
    function test_lists_Mixed() public {
        string[10] memory ends = ["-s", "-s", "-s", "-g", "-s", "-s", "-443s", "-443s", "-s", "-s"];
        for (uint256 i = 0; i < 30; ++i) {
            string memory domain = i == 5 || i > 25 ? LONG_DOMAIN : BASE_DOMAIN;
            string memory url = gatewayUrl(next(), ends[i % 10], domain);
            if (i % 7 == 3) url = string.concat(url, ":8443/");
            join(url, i % 4 == 1 ? 50 : i % 4 == 2 ? 5000 : 0);
        }
        checkLists();
        vm.warp(vm.getBlockTimestamp() + 100);
        checkLists();
        vm.warp(vm.getBlockTimestamp() + 10_000);
        checkLists();
        nft.setInstanceBoundUrls(true);
        delete nodes;
        checkLists();
    }

    function test_lists_OneAliveAmongTheDead() public {
        for (uint256 alive = 0; alive < 4; ++alive) {
            uint256 before = vm.snapshotState();
            for (uint256 i = 0; i < 4; ++i) {
                join(gatewayUrl(next(), "-s", BASE_DOMAIN), i == alive ? 0 : 10);
            }
            vm.warp(vm.getBlockTimestamp() + 100);
            checkLists();
            vm.revertToState(before);
        }
    }

    function test_lists_UrlsOfEveryLength() public {
        for (uint256 length = 1; length <= 256; length += length < 70 ? 1 : 31) {
            bytes memory url = new bytes(length);
            for (uint256 i = 0; i < length; ++i) {
                url[i] = bytes1(uint8(0x21 + (i + length) % 94));
            }
            join(string(url), 0);
        }
        checkLists();
    }

    function testFuzz_lists_AnyMixture(uint256 seed) public {
        string[4] memory ends = ["-s", "-s", "-443s", ""];
        for (uint256 i = 0; i < 1 + seed % 12; ++i) {
            uint256 r = uint256(keccak256(abi.encode(seed, i)));
            string memory url = gatewayUrl(next(), ends[r % 4], (r >> 8) % 5 == 0 ? LONG_DOMAIN : BASE_DOMAIN);
            if ((r >> 16) % 5 == 0) url = string.concat(url, "/");
            join(url, (r >> 24) % 3 == 0 ? 20 + (r >> 32) % 100 : 0);
        }
        vm.warp(vm.getBlockTimestamp() + seed % 200);
        checkLists();
    }

    /// @dev A gateway URL takes two slots, at the domain that is allowed when it registers; without, its bytes are kept.
    function test_registerPeer_KeepsTheUrlWhateverBecomesOfTheDomain() public {
        string memory url = gatewayUrl(next(), "-s", BASE_DOMAIN);
        join(url, 0);
        nft.removeBaseDomain(BASE_DOMAIN);
        assertFalse(isListed(nodes[0].id));
        register(nodes[0].id, url);
        checkLists();
        nft.addBaseDomain(BASE_DOMAIN);
        checkLists();
        register(nodes[0].id, url);
        checkLists();
    }

    /// @dev A code for a gateway URL under an allowed base domain, and the length for any other, in dev mode as well.
    function test_registerPeer_KeepsACodeOfGatewayUrlsOnly() public {
        uint256 domain = domainCode(1);
        uint256 long = domainCode(2);
        joinAndExpect(gatewayUrl(next(), "", BASE_DOMAIN), domain);
        joinAndExpect(gatewayUrl(next(), "-s", BASE_DOMAIN), domain | (1 << 16));
        joinAndExpect(gatewayUrl(next(), "-g", LONG_DOMAIN), long | (2 << 16));
        joinAndExpect(gatewayUrl(next(), "-65535s", LONG_DOMAIN), long | (1 << 16) | 65_535);
        joinAndExpect(gatewayUrl(next(), "-443", BASE_DOMAIN), domain | 443);
        joinAndExpect(gatewayUrl(next(), "-443", "not.allowed.example.org"), 8 + 40 + 4 + 1 + 23);
        joinAndExpect(string.concat(gatewayUrl(next(), "-443", BASE_DOMAIN), "/"), 8 + 40 + 4 + 1 + 30 + 1);
        joinAndExpect(string.concat(gatewayUrl(next(), "", BASE_DOMAIN), ":443"), 8 + 40 + 1 + 30 + 4);
        joinAndExpect(gatewayUrl(ID, "-s", BASE_DOMAIN), 81);
        joinAndExpect(URL, 21);
        nft.setDevMode(false);
        joinAndExpect(gatewayUrl(next(), "-5432s", BASE_DOMAIN), domain | (1 << 16) | 5432);
        joinAndExpect(string.concat("https://db.", BASE_DOMAIN), 11 + 30);
    }

    function joinAndExpect(string memory url, uint256 code) internal {
        uint256 position = nft.peerCount();
        join(url, 0);
        uint256 entry = uint256(vm.load(address(nft), bytes32(ENTRIES_SLOT + position)));
        assertEq((entry >> 62) & ((1 << 34) - 1), code, url);
        // The first word of bytes kept: none beside a code.
        bytes32 word = vm.load(address(nft), bytes32(recordSlot(nodes[nodes.length - 1].id) + 2));
        assertEq(word, code < domainCode(1) ? bytes32(bytes(url)) : bytes32(0), url);
    }

    function domainCode(uint256 number) internal pure returns (uint256) {
        return number << 18;
    }

    function recordSlot(string memory id) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(uint160(toId(id)), ENTRIES_SLOT - 1)));
    }

    /// @dev What those who left from the end have left there is in no list, also where it is like those before it.
    function test_lists_NothingBehindTheEnd() public {
        for (uint256 i = 0; i < 6; ++i) {
            join(i == 2 ? URL : gatewayUrl(next(), "-s", BASE_DOMAIN), 0);
        }
        while (nodes.length > 0) {
            nft.deactivateInstance(nodes[nodes.length - 1].id);
            nodes.pop();
            checkLists();
        }
    }

    /// @dev As long as a URL of 256 bytes lets it be, behind peers whose places in the answer must not be touched.
    function test_lists_LongestBaseDomain() public {
        string memory label = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvw";
        string memory domain = string.concat(label, ".", label, ".", label, ".", label);
        nft.addBaseDomain(domain);
        for (uint256 i = 0; i < 4; ++i) {
            join(gatewayUrl(next(), "-s", BASE_DOMAIN), 0);
            join(gatewayUrl(next(), i % 2 == 0 ? "-65535s" : "-65534s", domain), 0);
        }
        assertEq(bytes(nodes[1].url).length, 255);
        checkLists();
    }

    /// @dev Bytes of a longer URL that stood there before are no part of one that ends with a whole word.
    function test_registerPeer_RenewsWhenTheDomainIsAllowedLaterWhateverStoodThere() public {
        string memory id = next();
        string memory url = string.concat("https://", id, ".abc.example.org");
        assertEq(bytes(url).length, 64);
        join(string.concat("http://", id, id, id), 0);
        register(id, url);
        nft.addBaseDomain("abc.example.org");
        uint256 version = nft.version();
        register(id, url);
        assertEq(nft.version(), version);
        assertEq(nft.getPeer(id).connectionUrl, url);
    }

    /// @dev The same URL, which is kept in another way from then on: a renewal, not a change.
    function test_registerPeer_RenewsWhenTheDomainIsAllowedLater() public {
        string memory url = gatewayUrl(next(), "-443s", "later.example.org");
        join(url, 0);
        nft.addBaseDomain("later.example.org");
        uint256 version = nft.version();
        nextBlock();
        Registration memory r = registration(nodes[0].id, url);
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.PeerRenewed(toId(nodes[0].id), 0);
        submit(r);
        assertEq(nft.version(), version);
        checkLists();
        // Of the same length, but another one.
        register(nodes[0].id, gatewayUrl(nodes[0].id, "-444s", "later.example.org"));
        assertEq(nft.version(), version + 1);
        nft.removeBaseDomain("later.example.org");
        register(nodes[0].id, url);
        nft.addBaseDomain("later.example.org");
        register(nodes[0].id, gatewayUrl(nodes[0].id, "-444s", "later.example.org"));
        assertEq(nft.version(), version + 4);
    }

    // Helpers

    function next() internal view returns (string memory) {
        return toText(bytes20(keccak256(abi.encode("node", nodes.length))));
    }

    function gatewayUrl(string memory id, string memory end, string memory domain)
        internal
        pure
        returns (string memory)
    {
        return string.concat("https://", id, end, ".", domain);
    }

    function join(string memory url, uint256 lease) internal {
        string memory id = next();
        nft.setLeaseDuration(uint64(lease));
        mintAndRegister(id, url);
        nodes.push(Node(id, url, lease == 0 ? 0 : uint64(vm.getBlockTimestamp() + lease)));
    }

    /// @dev What the model says is listed, in the order of the index: nobody has left it.
    function expectedPeers(uint256 from, uint256 to) internal view returns (IDstackMembershipNFT.Peer[] memory peers) {
        peers = new IDstackMembershipNFT.Peer[](to - from);
        uint256 found = 0;
        for (uint256 i = from; i < to; ++i) {
            Node memory node = nodes[i];
            if (node.expiresAt != 0 && node.expiresAt <= vm.getBlockTimestamp()) continue;
            peers[found++] = IDstackMembershipNFT.Peer({
                instanceId: toId(node.id),
                instanceAddress: vm.addr(derivedKey(node.id)),
                registeredAt: nft.getPeer(node.id).registeredAt,
                expiresAt: node.expiresAt,
                connectionUrl: node.url
            });
        }
        assembly ("memory-safe") {
            mstore(peers, found)
        }
    }

    function checkLists() internal view {
        IDstackMembershipNFT.Peer[] memory peers = expectedPeers(0, nodes.length);
        string[] memory urls = new string[](peers.length);
        string[] memory ids = new string[](peers.length);
        for (uint256 i = 0; i < peers.length; ++i) {
            urls[i] = peers[i].connectionUrl;
            ids[i] = toText(peers[i].instanceId);
            assertEq(answer(abi.encodeCall(nft.getPeer, (ids[i]))), abi.encode(peers[i]));
        }
        assertEq(answer(abi.encodeCall(nft.getPeerEndpoints, ())), abi.encode(urls));
        assertEq(answer(abi.encodeCall(nft.getActiveInstances, ())), abi.encode(ids));
        checkPage(0, type(uint256).max);
        checkPage(0, 3);
        checkPage(3, 4);
        checkPage(nodes.length, 1);
        checkPage(type(uint256).max, type(uint256).max);
        checkPage(1, type(uint256).max);
    }

    function checkPage(uint256 offset, uint256 limit) internal view {
        uint256 total = nft.peerCount();
        uint256 from = offset < nodes.length ? offset : nodes.length;
        uint256 to = limit < nodes.length - from ? from + limit : nodes.length;
        assertEq(
            answer(abi.encodeCall(nft.getPeers, (offset, limit))),
            abi.encode(expectedPeers(from, to), total, nft.version())
        );
    }

    function answer(bytes memory data) internal view returns (bytes memory result) {
        bool success;
        (success, result) = address(nft).staticcall(data);
        assertTrue(success);
    }
}
