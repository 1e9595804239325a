// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClusterTest} from "./utils/ClusterTest.sol";
import {IDstackMembershipNFT} from "../src/interfaces/IDstackMembershipNFT.sol";

contract DstackMembershipNFTRegistrationTest is ClusterTest {
    function test_registerPeer_ListsThePeer() public {
        mint(ID);
        nextBlock();
        Registration memory r = registration(ID, URL);
        address key = vm.addr(derivedKey(ID));

        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.PeerRegistered(
            toId(ID), key, URL, 0, 1, r.derivedPublicKey, r.appSignature, r.kmsSignature
        );
        submit(r);

        IDstackMembershipNFT.Peer memory peer = nft.getPeer(ID);
        assertEq(peer.instanceId, toId(ID));
        assertEq(peer.instanceAddress, key);
        assertEq(peer.registeredAt, block.timestamp);
        assertEq(peer.expiresAt, 0);
        assertEq(peer.connectionUrl, URL);
        assertEq(nft.getPeerEndpoints()[0], URL);
        assertEq(nft.getActiveInstances()[0], ID);
        assertEq(nft.peerCount(), 1);
        assertEq(nft.version(), 1);
        assertEq(nft.lastAnchor(ID), latest());
    }
}
