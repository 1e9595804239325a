// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {console} from "forge-std/console.sol";
import {Test} from "forge-std/Test.sol";
import {IDstackMembershipNFT} from "../src/interfaces/IDstackMembershipNFT.sol";
import {ClusterHandler} from "./utils/ClusterHandler.sol";
import {Membership} from "./utils/Membership.sol";

/// @dev What holds after any sequence of calls by anybody. The handler predicts each call's outcome, which covers what no
/// state shows: that no URL or key changes without a fresh and valid statement (4), that none is accepted twice, late,
/// early or in another context (5), that a zero signer never passes (6), that a flipped bit is refused (7), and that
/// strangers change nothing but by paying for a ticket (12).
contract DstackMembershipNFTInvariantTest is Test {
    /// @dev Of the last state variable, see storage.json: version and count; then the records, and the index.
    uint256 internal constant PEERS_SLOT = 20;

    ClusterHandler internal handler;
    Membership internal nft;

    function setUp() public {
        handler = new ClusterHandler();
        nft = Membership(handler.contractUnderTest());
        targetSelector(FuzzSelector({addr: address(handler), selectors: handler.actions()}));
        targetContract(address(handler));
    }

    /// @dev One function, so that each sequence is checked against all of them.
    function invariant_all() public {
        handler.arrive();
        IDstackMembershipNFT.Peer[] memory peers = listed();
        checkInstances(peers);
        checkIndex();
        checkPages(peers);
        checkCounters();
    }

    /// @dev (1) each listed peer holds a live ticket; (2) the list is exactly the live set; (9) a transfer, revocation, ban
    /// or reassignment leaves no peer; (14) neither an expired, nor a banned, nor a peer from before a tightening is
    /// listed; (15) registration times are what the model says.
    function checkInstances(IDstackMembershipNFT.Peer[] memory peers) internal view {
        uint256 found = 0;
        for (uint256 i = 0; i < 5; ++i) {
            (string memory id, ClusterHandler.Instance memory it) = handler.instanceAt(i);
            uint256 token = nft.instanceToToken(id);
            assertEq(token != 0, it.holder != address(0), "ticket");
            if (token != 0) assertEq(nft.ownerOf(token), it.holder, "holder");
            assertEq(nft.isInstanceBanned(id), it.banned, "banned");
            assertEq(nft.lastAnchor(id), it.lastAnchor, "last anchor");
            IDstackMembershipNFT.Peer memory peer = nft.getPeer(id);
            if (!it.registered) assertEq(uint24(registrationOf(id) >> 72), 0, "(3) no position");
            if (!handler.isListedAt(i)) {
                assertEq(peer.instanceId, 0, "listed, and must not be");
                continue;
            }
            ++found;
            assertNotEq(it.holder, address(0), "(1)");
            assertFalse(it.banned, "(14)");
            assertEq(peer.connectionUrl, it.url, "(4) URL");
            assertEq(peer.instanceAddress, it.key, "(4) key");
            assertEq(peer.registeredAt, it.registeredAt, "(15)");
            assertEq(peer.expiresAt, it.expiresAt, "lease");
            assertTrue(peer.expiresAt == 0 || peer.expiresAt > vm.getBlockTimestamp(), "(14) expired");
            uint256 times = 0;
            for (uint256 j = 0; j < peers.length; ++j) {
                if (keccak256(abi.encode(peers[j])) == keccak256(abi.encode(peer))) ++times;
            }
            assertEq(times, 1, "(2)");
        }
        assertEq(peers.length, found, "(2) length");
    }

    /// @dev (3) each record's position is where its entry stands, read from storage itself.
    function checkIndex() internal view {
        uint256[] memory registered = handler.registeredIds();
        uint256 counters = uint256(vm.load(address(nft), bytes32(PEERS_SLOT)));
        assertEq(uint24(counters >> 64), registered.length, "count");
        assertEq(uint64(counters), nft.version(), "slots");
        for (uint256 i = 0; i < registered.length; ++i) {
            (string memory id,) = handler.instanceAt(registered[i]);
            uint256 token = uint256(vm.parseUint(string.concat("0x", id)));
            uint256 entry = uint256(vm.load(address(nft), bytes32(PEERS_SLOT + 2 + i)));
            assertEq(entry >> 96, token, "(3) entry");
            assertEq(uint24(registrationOf(id) >> 72), i + 1, "(3) position");
        }
    }

    /// @dev The second slot of an instance's record.
    function registrationOf(string memory id) internal view returns (uint256) {
        uint256 token = uint256(vm.parseUint(string.concat("0x", id)));
        uint256 record = uint256(keccak256(abi.encode(token, PEERS_SLOT + 1)));
        return uint256(vm.load(address(nft), bytes32(record + 1)));
    }

    /// @dev (10) pages of any size, one after the other, are the whole; the other lists say the same.
    function checkPages(IDstackMembershipNFT.Peer[] memory peers) internal view {
        uint256 size = 1 + uint256(keccak256(abi.encode(peers.length, nft.version()))) % 4;
        uint256 position = 0;
        for (uint256 offset = 0; offset < nft.peerCount(); offset += size) {
            (IDstackMembershipNFT.Peer[] memory page, uint256 total, uint256 version) = nft.getPeers(offset, size);
            assertEq(total, nft.peerCount());
            assertEq(version, nft.version());
            for (uint256 i = 0; i < page.length; ++i) {
                assertEq(abi.encode(page[i]), abi.encode(peers[position++]), "(10)");
            }
        }
        assertEq(position, peers.length, "(10) length");
        string[] memory urls = nft.getPeerEndpoints();
        string[] memory ids = nft.getActiveInstances();
        assertEq(urls.length, peers.length);
        assertEq(ids.length, peers.length);
        for (uint256 i = 0; i < peers.length; ++i) {
            assertEq(urls[i], peers[i].connectionUrl);
            assertEq(vm.parseAddress(string.concat("0x", ids[i])), address(peers[i].instanceId));
        }
    }

    /// @dev (8) no more tickets than allowed; (11) the version moved with each transaction that changed membership, and
    /// with no other; (13) the balance is the fees less the withdrawals. Supply and balances of tickets agree.
    function checkCounters() internal view {
        assertEq(nft.version(), handler.version(), "(11)");
        assertEq(nft.policyEpoch(), handler.epoch(), "epoch");
        assertEq(nft.totalSupply(), handler.supply(), "supply");
        assertLe(nft.totalSupply(), handler.mostTickets(), "(8)");
        assertEq(address(nft).balance, handler.fees(), "(13)");
        assertEq(nft.owner(), address(handler), "(12) owner");
        address[4] memory holders = handler.holdersOf();
        uint256 sum = 0;
        for (uint256 i = 0; i < holders.length; ++i) {
            uint256 tickets = 0;
            for (uint256 j = 0; j < 5; ++j) {
                (, ClusterHandler.Instance memory it) = handler.instanceAt(j);
                if (it.holder == holders[i]) ++tickets;
            }
            assertEq(nft.balanceOf(holders[i]), tickets, "balance");
            sum += tickets;
        }
        assertEq(sum, nft.totalSupply(), "balances");
    }

    function listed() internal view returns (IDstackMembershipNFT.Peer[] memory peers) {
        (peers,,) = nft.getPeers(0, type(uint256).max);
    }

    /// @dev A long sequence comes to each outcome that the handler tells apart: one that succeeds in nothing, or is refused
    /// for one reason only, would prove nothing.
    function test_handler_ComesToEveryOutcome() public {
        bytes4[] memory actions = handler.actions();
        uint256 seed = 1;
        for (uint256 i = 0; i < 3000; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            // At least as many random words as any action takes arguments.
            bytes memory data = abi.encodePacked(actions[seed % actions.length]);
            for (uint256 j = 0; j < 5; ++j) {
                data = abi.encodePacked(data, keccak256(abi.encode(seed, j)));
            }
            (bool success, bytes memory reason) = address(handler).call(data);
            assertTrue(success, string(reason));
            if (i % 100 == 0) invariant_all();
        }
        invariant_all();
        string[30] memory outcomes = [
            "mint",
            "mint, refused",
            "transfer",
            "transfer, refused",
            "reassign",
            "reassign, refused",
            "revoke",
            "revoke, refused",
            "deactivate",
            "deactivate, refused",
            "ban",
            "unban",
            "ban, refused",
            "prune, peers",
            "register",
            "register, refused",
            "withdraw",
            "withdraw, refused",
            "replay",
            "replay, refused",
            "flipped, refused",
            "unsigned, refused",
            "changed",
            "renewed",
            "tightened",
            "setRoot, refused",
            "withdrawFees",
            "withdrawFees, refused",
            "setBootRules",
            "setConfig, refused"
        ];
        for (uint256 i = 0; i < outcomes.length; ++i) {
            console.log(outcomes[i], handler.times(outcomes[i]));
            assertGt(handler.times(outcomes[i]), 0, outcomes[i]);
        }
    }
}
