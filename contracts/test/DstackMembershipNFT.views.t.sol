// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDstackMembershipErrors as Errors} from "../src/interfaces/IDstackMembershipErrors.sol";
import {IDstackMembershipNFT} from "../src/interfaces/IDstackMembershipNFT.sol";
import {ClusterTest} from "./utils/ClusterTest.sol";

/// @dev What readers get.
contract DstackMembershipNFTViewsTest is ClusterTest {
    /// @dev Peers 1 to n, in this order.
    function fill(uint256 n) internal {
        for (uint256 i = 1; i <= n; ++i) {
            mintAndRegister(id(i), url(i));
        }
    }

    function id(uint256 i) internal pure returns (string memory) {
        return toText(bytes20(uint160(i)));
    }

    function url(uint256 i) internal pure returns (string memory) {
        return string.concat("http://node:", vm.toString(i));
    }

    function prune(uint256 i) internal {
        string[] memory ids = new string[](1);
        ids[0] = id(i);
        nft.pruneExpired(ids);
    }

    // getPeers

    function test_getPeers_Pages() public {
        fill(5);
        expectPage(0, 5, 1, 5);
        expectPage(0, 2, 1, 2);
        expectPage(2, 2, 3, 4);
        expectPage(4, 2, 5, 5);
        expectPage(0, 100, 1, 5);
    }

    function test_getPeers_NothingBeyondTheEnd() public {
        expectEmpty(0, 0);
        expectEmpty(0, 10);
        fill(2);
        expectEmpty(0, 0);
        expectEmpty(2, 10);
        expectEmpty(3, 10);
        expectEmpty(type(uint256).max, type(uint256).max);
    }

    function testFuzz_getPeers_NeverOverflows(uint256 offset, uint256 limit) public {
        fill(3);
        (IDstackMembershipNFT.Peer[] memory page, uint256 total, uint256 version) = nft.getPeers(offset, limit);
        uint256 rest = offset < 3 ? 3 - offset : 0;
        assertEq(page.length, limit < rest ? limit : rest);
        assertEq(total, 3);
        assertEq(version, 3);
        expectPage(1, type(uint256).max, 2, 3);
    }

    function test_getPeers_LeavesOutDeadSlots() public {
        nft.setLeaseDuration(100);
        fill(2);
        vm.warp(vm.getBlockTimestamp() + 90);
        mintAndRegister(id(3), url(3));
        vm.warp(vm.getBlockTimestamp() + 10);
        (IDstackMembershipNFT.Peer[] memory page, uint256 total,) = nft.getPeers(0, 10);
        assertEq(total, 3);
        assertEq(page.length, 1);
        assertEq(page[0].connectionUrl, url(3));
        (page, total,) = nft.getPeers(0, 2);
        assertEq(total, 3);
        assertEq(page.length, 0);
        assertEq(nft.getPeerEndpoints().length, 1);
        assertEq(nft.getPeerEndpoints()[0], url(3));
        assertEq(nft.getActiveInstances().length, 1);
        assertEq(nft.getActiveInstances()[0], id(3));
        prune(1);
        prune(2);
        (page, total,) = nft.getPeers(0, 10);
        assertEq(total, 1);
        assertEq(page[0].connectionUrl, url(3));
    }

    function test_getPeers_RemovalMovesTheLastIntoTheGap() public {
        fill(4);
        nft.deactivateInstance(id(2));
        string[] memory ids = nft.getActiveInstances();
        assertEq(ids.length, 3);
        assertEq(ids[0], id(1));
        assertEq(ids[1], id(4));
        assertEq(ids[2], id(3));
        // The moved one is found where it is now, and so is the last one.
        nft.deactivateInstance(id(4));
        nft.deactivateInstance(id(3));
        ids = nft.getActiveInstances();
        assertEq(ids.length, 1);
        assertEq(ids[0], id(1));
        register(id(3), url(3));
        assertEq(nft.getActiveInstances()[1], id(3));
    }

    /// @dev Tickets without a peer, live or burned, cost readers nothing.
    function test_getPeers_CostsWhatIsRegistered() public {
        fill(2);
        uint256 before = cost();
        for (uint256 i = 10; i < 60; ++i) {
            mint(id(i));
            if (i % 2 == 0) nft.revokeNodeAccess(id(i));
        }
        assertEq(cost(), before);
    }

    function cost() internal view returns (uint256) {
        nft.getPeers(0, 100);
        return vm.lastCallGas().gasTotalUsed;
    }

    // getPeer

    function test_getPeer_IsZeroWhenNotListed() public {
        nft.setLeaseDuration(100);
        expectZero();
        mint(ID);
        expectZero();
        register(ID, URL);
        vm.warp(vm.getBlockTimestamp() + 100);
        expectZero();
        register(ID, URL);
        nft.setInstanceBoundUrls(true);
        expectZero();
        nft.deactivateInstance(ID);
        expectZero();
    }

    function test_views_RevertIfIdIsMalformed() public {
        bytes[] memory calls = new bytes[](4);
        calls[0] = abi.encodeCall(nft.getPeer, ("X"));
        calls[1] = abi.encodeCall(nft.instanceToToken, ("X"));
        calls[2] = abi.encodeCall(nft.lastAnchor, ("X"));
        calls[3] = abi.encodeCall(nft.isInstanceBanned, ("X"));
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool success, bytes memory reason) = address(nft).staticcall(calls[i]);
            assertFalse(success);
            assertEq(reason, abi.encodeWithSelector(Errors.InvalidInstanceId.selector, "X"));
        }
    }

    function test_lastAnchor_IsZeroAtFirst() public view {
        assertEq(nft.lastAnchor(ID), 0);
        assertEq(nft.instanceToToken(ID), 0);
    }

    // Any sequence

    struct Model {
        string url;
        address key;
        uint64 registeredAt;
        uint64 expiresAt;
        uint256 epoch;
        bool registered;
        bool ticket;
        bool banned;
    }

    uint256 internal constant INSTANCES = 5;
    mapping(uint256 instance => Model) internal model;

    /// @dev After any sequence of operations, readers get exactly the peers that they should, and the version has moved
    /// exactly when membership did.
    /// forge-config: default.fuzz.runs = 50
    function testFuzz_membership_IsWhatTheModelSays(uint256[40] calldata operations) public {
        for (uint256 i = 0; i < operations.length; ++i) {
            uint256 versionBefore = nft.version();
            bool changed = step(operations[i]);
            assertEq(nft.version(), versionBefore + (changed ? 1 : 0), "version");
            compare();
        }
    }

    function step(uint256 operation) internal returns (bool changed) {
        uint256 i = 1 + (operation >> 8) % INSTANCES;
        Model storage m = model[i];
        uint256 kind = operation % 12;
        nextBlock();
        if (kind < 4) {
            if (!m.ticket && !m.banned) mint(id(i));
            m.ticket = m.ticket || !m.banned;
            if (m.ticket && !m.banned) return doRegister(i, url((operation >> 16) % 2));
        } else if (kind == 4 && m.ticket) {
            if (m.banned) return false;
            submit(registration(id(i), ""));
            return forget(m);
        } else if (kind == 5 && m.ticket) {
            vm.prank(holder);
            nft.transferFrom(holder, holder, uint160(i));
            return forget(m);
        } else if (kind == 6 && m.ticket) {
            nft.revokeNodeAccess(id(i));
            m.ticket = false;
            return forget(m);
        } else if (kind == 7) {
            m.banned = !m.banned;
            if (!m.banned) nft.unbanInstance(id(i));
            else nft.banInstance(id(i));
            return m.banned && forget(m);
        } else if (kind == 8) {
            vm.warp(vm.getBlockTimestamp() + 60);
        } else if (kind == 9) {
            bool expired = m.registered && m.expiresAt != 0 && m.expiresAt <= vm.getBlockTimestamp();
            prune(i);
            return expired && forget(m);
        } else if (kind == 10) {
            nft.setLeaseDuration(uint64((operation >> 16) % 3) * 50);
        } else if (kind == 11) {
            bool on = !nft.instanceBoundUrls();
            nft.setInstanceBoundUrls(on);
            return on;
        }
    }

    function doRegister(uint256 i, string memory newUrl) internal returns (bool changed) {
        Model storage m = model[i];
        bool expired = m.registered && m.expiresAt != 0 && m.expiresAt <= vm.getBlockTimestamp();
        bool listed = m.registered && !expired && m.epoch == nft.policyEpoch();
        changed = !listed || keccak256(bytes(m.url)) != keccak256(bytes(newUrl));
        submit(registration(id(i), newUrl));
        if (!m.registered || expired) m.registeredAt = uint64(vm.getBlockTimestamp());
        m.registered = true;
        m.url = newUrl;
        m.key = vm.addr(derivedKey(id(i)));
        m.epoch = nft.policyEpoch();
        m.expiresAt = nft.leaseDuration() == 0 ? 0 : uint64(vm.getBlockTimestamp()) + nft.leaseDuration();
    }

    function forget(Model storage m) internal returns (bool wasRegistered) {
        wasRegistered = m.registered;
        m.registered = false;
    }

    function compare() internal view {
        uint256 slots = 0;
        uint256 listed = 0;
        for (uint256 i = 1; i <= INSTANCES; ++i) {
            Model storage m = model[i];
            IDstackMembershipNFT.Peer memory peer = nft.getPeer(id(i));
            if (m.registered) ++slots;
            if (
                m.registered && m.epoch == nft.policyEpoch()
                    && (m.expiresAt == 0 || m.expiresAt > vm.getBlockTimestamp())
            ) {
                ++listed;
                assertEq(peer.instanceId, bytes20(uint160(i)));
                assertEq(peer.instanceAddress, m.key);
                assertEq(peer.registeredAt, m.registeredAt);
                assertEq(peer.expiresAt, m.expiresAt);
                assertEq(peer.connectionUrl, m.url);
            } else {
                assertEq(peer.instanceId, 0);
            }
        }
        (IDstackMembershipNFT.Peer[] memory page, uint256 total,) = nft.getPeers(0, type(uint256).max);
        assertEq(total, slots);
        assertEq(page.length, listed);
        string[] memory urls = nft.getPeerEndpoints();
        string[] memory ids = nft.getActiveInstances();
        assertEq(urls.length, listed);
        assertEq(ids.length, listed);
        for (uint256 i = 0; i < listed; ++i) {
            assertEq(abi.encode(nft.getPeer(ids[i])), abi.encode(page[i]));
            assertEq(urls[i], page[i].connectionUrl);
        }
    }

    // Helpers

    function expectPage(uint256 offset, uint256 limit, uint256 first, uint256 last) internal view {
        (IDstackMembershipNFT.Peer[] memory page, uint256 total, uint256 version) = nft.getPeers(offset, limit);
        assertEq(total, nft.peerCount());
        assertEq(version, nft.version());
        assertEq(page.length, last + 1 - first);
        for (uint256 i = 0; i < page.length; ++i) {
            assertEq(page[i].instanceId, bytes20(uint160(first + i)));
            assertEq(page[i].connectionUrl, url(first + i));
        }
    }

    function expectEmpty(uint256 offset, uint256 limit) internal view {
        (IDstackMembershipNFT.Peer[] memory page, uint256 total,) = nft.getPeers(offset, limit);
        assertEq(page.length, 0);
        assertEq(total, nft.peerCount());
    }

    function expectZero() internal view {
        IDstackMembershipNFT.Peer memory none;
        assertEq(abi.encode(nft.getPeer(ID)), abi.encode(none));
    }
}
