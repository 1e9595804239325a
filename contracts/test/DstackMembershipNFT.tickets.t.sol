// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Vm} from "forge-std/Vm.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";
import {IDstackMembershipErrors as Errors} from "../src/interfaces/IDstackMembershipErrors.sol";
import {IDstackMembershipNFT} from "../src/interfaces/IDstackMembershipNFT.sol";
import {ClusterTest} from "./utils/ClusterTest.sol";
import {Membership} from "./utils/Membership.sol";

/// @dev Looks around, and sends the ticket on, in the middle of being given it.
contract CuriousReceiver is IERC721Receiver {
    uint256 public slotsSeen;
    address internal immutable NEXT;

    constructor(address next) {
        NEXT = next;
    }

    function onERC721Received(address, address, uint256 tokenId, bytes calldata) external returns (bytes4) {
        slotsSeen = Membership(msg.sender).peerCount();
        Membership(msg.sender).transferFrom(address(this), NEXT, tokenId);
        return this.onERC721Received.selector;
    }
}

/// @dev Minting, burning, moving and handing on tickets.
contract DstackMembershipNFTTicketsTest is ClusterTest {
    uint256 internal token;

    function setUp() public override {
        super.setUp();
        token = uint160(toId(ID));
        vm.deal(holder, 1 ether);
    }

    function test_name_IsTheCollections() public view {
        assertEq(nft.name(), "DStack Cluster NFT");
        assertEq(nft.symbol(), "DSTACK");
    }

    // mintNodeAccess

    function test_mintNodeAccess_TokenIsTheInstance() public {
        vm.expectEmit(address(nft));
        emit IERC721.Transfer(address(0), holder, token);
        assertEq(mint(ID), token);
        assertEq(nft.ownerOf(token), holder);
        assertEq(nft.balanceOf(holder), 1);
        assertEq(nft.totalSupply(), 1);
        assertEq(nft.instanceToToken(ID), token);
        assertEq(nft.tokenToInstance(token), ID);
        assertEq(nft.peerCount(), 0);
        assertEq(nft.version(), 0);
    }

    function test_mintNodeAccess_DoesNotAskAReceivingContract() public {
        nft.mintNodeAccess(address(this), ID);
        assertEq(nft.ownerOf(token), address(this));
    }

    function test_mintNodeAccess_RevertsIfNotOwner() public {
        vm.prank(holder);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, holder));
        nft.mintNodeAccess(holder, ID);
    }

    function test_mintNodeAccess_ByAnyoneWhenPublic() public {
        nft.setClusterConfig(0, true, 0);
        vm.prank(stranger);
        nft.mintNodeAccess(holder, ID);
        assertEq(nft.ownerOf(token), holder);
    }

    function test_mintNodeAccess_CostsThePriceExactly() public {
        nft.setClusterConfig(0, true, 100);
        vm.startPrank(holder);
        vm.expectRevert(abi.encodeWithSelector(Errors.WrongPayment.selector, 100, 99));
        nft.mintNodeAccess{value: 99}(holder, ID);
        vm.expectRevert(abi.encodeWithSelector(Errors.WrongPayment.selector, 100, 101));
        nft.mintNodeAccess{value: 101}(holder, ID);
        nft.mintNodeAccess{value: 100}(holder, ID);
        vm.stopPrank();
        assertEq(address(nft).balance, 100);
        // The owner pays as well, and takes the fees back.
        vm.expectRevert(abi.encodeWithSelector(Errors.WrongPayment.selector, 100, 0));
        nft.mintNodeAccess(holder, OTHER_ID);
        nft.mintNodeAccess{value: 100}(holder, OTHER_ID);
    }

    function test_mintNodeAccess_RevertsIfPaidForNothing() public {
        vm.expectRevert(abi.encodeWithSelector(Errors.WrongPayment.selector, 0, 1));
        nft.mintNodeAccess{value: 1}(holder, ID);
    }

    function test_mintNodeAccess_RevertsIfFull() public {
        nft.setClusterConfig(1, false, 0);
        mint(ID);
        vm.expectRevert(abi.encodeWithSelector(Errors.ClusterIsFull.selector, 1));
        nft.mintNodeAccess(holder, OTHER_ID);
        // Live tickets count, not those ever minted.
        nft.revokeNodeAccess(ID);
        mint(OTHER_ID);
        // Nor does moving a ticket need room.
        vm.prank(holder);
        nft.reassignInstance(OTHER_ID, ID);
        assertEq(nft.totalSupply(), 1);
    }

    function test_mintNodeAccess_RevertsIfInstanceHoldsOne() public {
        mint(ID);
        vm.expectRevert(abi.encodeWithSelector(Errors.InstanceHoldsTicket.selector, toId(ID)));
        nft.mintNodeAccess(stranger, ID);
    }

    function test_mintNodeAccess_RevertsIfBanned() public {
        nft.banInstance(ID);
        vm.expectRevert(abi.encodeWithSelector(Errors.InstanceIsBanned.selector, toId(ID)));
        nft.mintNodeAccess(holder, ID);
        nft.unbanInstance(ID);
        mint(ID);
    }

    function test_mintNodeAccess_RevertsIfToNobody() public {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(0)));
        nft.mintNodeAccess(address(0), ID);
    }

    function test_mintNodeAccess_RevertsIfIdIsMalformed() public {
        vm.expectRevert(abi.encodeWithSelector(Errors.InvalidInstanceId.selector, "0x1"));
        nft.mintNodeAccess(holder, "0x1");
    }

    // revokeNodeAccess

    function test_revokeNodeAccess_BurnsAndRemoves() public {
        mintAndRegister(ID, URL);
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.PeerRemoved(toId(ID), 4, 2);
        vm.expectEmit(address(nft));
        emit IERC721.Transfer(holder, address(0), token);
        nft.revokeNodeAccess(ID);
        assertFalse(isListed(ID));
        assertEq(nft.totalSupply(), 0);
        assertEq(nft.instanceToToken(ID), 0);
        assertEq(nft.version(), 2);
        assertEq(nft.lastAnchor(ID), latest());
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, token));
        nft.tokenToInstance(token);
    }

    function test_revokeNodeAccess_UnregisteredChangesNoMembership() public {
        mint(ID);
        nft.revokeNodeAccess(ID);
        assertEq(nft.version(), 0);
        assertEq(nft.totalSupply(), 0);
    }

    function test_revokeNodeAccess_RevertsIfThereIsNoTicket() public {
        vm.expectRevert(abi.encodeWithSelector(Errors.InstanceHoldsNoTicket.selector, toId(ID)));
        nft.revokeNodeAccess(ID);
    }

    function test_revokeNodeAccess_TicketCanBeMintedAgain() public {
        mintAndRegister(ID, URL);
        nft.revokeNodeAccess(ID);
        mint(ID);
        assertFalse(isListed(ID));
        register(ID, URL);
        assertTrue(isListed(ID));
    }

    // reassignInstance

    function test_reassignInstance_MovesTheTicket() public {
        mintAndRegister(ID, URL);
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.PeerRemoved(toId(ID), 7, 2);
        vm.prank(holder);
        nft.reassignInstance(ID, OTHER_ID);
        assertFalse(isListed(ID));
        assertEq(nft.instanceToToken(ID), 0);
        assertEq(nft.ownerOf(nft.instanceToToken(OTHER_ID)), holder);
        assertEq(nft.totalSupply(), 1);
        assertEq(nft.balanceOf(holder), 1);
        assertEq(nft.version(), 2);
        register(OTHER_ID, URL);
        assertTrue(isListed(OTHER_ID));
    }

    function test_reassignInstance_RevertsIfNotHolder() public {
        mint(ID);
        vm.prank(holder);
        nft.approve(stranger, token);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Errors.NotTicketHolder.selector, toId(ID), stranger));
        nft.reassignInstance(ID, OTHER_ID);
        // The owner of the contract is no exception.
        vm.expectRevert(abi.encodeWithSelector(Errors.NotTicketHolder.selector, toId(ID), address(this)));
        nft.reassignInstance(ID, OTHER_ID);
        vm.expectRevert(abi.encodeWithSelector(Errors.InstanceHoldsNoTicket.selector, toId(OTHER_ID)));
        nft.reassignInstance(OTHER_ID, ID);
    }

    function test_reassignInstance_RevertsIfTheOtherHoldsATicket() public {
        mint(ID);
        nft.mintNodeAccess(stranger, OTHER_ID);
        vm.startPrank(holder);
        vm.expectRevert(abi.encodeWithSelector(Errors.InstanceHoldsTicket.selector, toId(OTHER_ID)));
        nft.reassignInstance(ID, OTHER_ID);
        vm.expectRevert(abi.encodeWithSelector(Errors.InstanceHoldsTicket.selector, toId(ID)));
        nft.reassignInstance(ID, ID);
    }

    function test_reassignInstance_RevertsIfEitherIsBanned() public {
        mint(ID);
        nft.banInstance(ID);
        vm.prank(holder);
        vm.expectRevert(abi.encodeWithSelector(Errors.InstanceIsBanned.selector, toId(ID)));
        nft.reassignInstance(ID, OTHER_ID);
        nft.unbanInstance(ID);
        nft.banInstance(OTHER_ID);
        vm.prank(holder);
        vm.expectRevert(abi.encodeWithSelector(Errors.InstanceIsBanned.selector, toId(OTHER_ID)));
        nft.reassignInstance(ID, OTHER_ID);
    }

    // Transfers

    function test_transferFrom_RemovesTheRegistration() public {
        mintAndRegister(ID, URL);
        vm.expectEmit(address(nft));
        emit IDstackMembershipNFT.PeerRemoved(toId(ID), 3, 2);
        vm.prank(holder);
        nft.transferFrom(holder, stranger, token);
        assertFalse(isListed(ID));
        assertEq(nft.ownerOf(token), stranger);
        assertEq(nft.balanceOf(holder), 0);
        assertEq(nft.balanceOf(stranger), 1);
        assertEq(nft.totalSupply(), 1);
        assertEq(nft.lastAnchor(ID), latest());
    }

    /// @dev As OpenZeppelin's: an approval that goes with a transfer or a burn goes without an event of its own.
    function test_transferFrom_TellsTheTransferAndTheRemoval() public {
        mintAndRegister(ID, URL);
        vm.prank(holder);
        nft.approve(stranger, token);
        vm.recordLogs();
        vm.prank(stranger);
        nft.transferFrom(holder, stranger, token);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 2);
        assertEq(logs[0].topics[0], IERC721.Transfer.selector);
        assertEq(logs[0].topics[1], bytes32(uint256(uint160(holder))));
        assertEq(logs[0].topics[2], bytes32(uint256(uint160(stranger))));
        assertEq(logs[0].topics[3], bytes32(token));
        assertEq(logs[1].topics[0], IDstackMembershipNFT.PeerRemoved.selector);
        assertEq(nft.getApproved(token), address(0));
        vm.recordLogs();
        nft.revokeNodeAccess(ID);
        assertEq(vm.getRecordedLogs().length, 1);
        assertEq(nft.balanceOf(stranger), 0);
    }

    function test_transferFrom_ByAnOperatorRemovesTheRegistration() public {
        mintAndRegister(ID, URL);
        vm.prank(holder);
        nft.setApprovalForAll(stranger, true);
        vm.prank(stranger);
        nft.transferFrom(holder, stranger, token);
        assertFalse(isListed(ID));
    }

    function test_transferFrom_ToOneselfIsATransfer() public {
        mintAndRegister(ID, URL);
        vm.prank(holder);
        nft.transferFrom(holder, holder, token);
        assertFalse(isListed(ID));
        assertEq(nft.balanceOf(holder), 1);
    }

    function test_transferFrom_UnregisteredChangesNoMembership() public {
        mint(ID);
        vm.prank(holder);
        nft.transferFrom(holder, stranger, token);
        assertEq(nft.version(), 0);
        assertEq(nft.lastAnchor(ID), latest());
    }

    function test_transferFrom_RevertsIfByAStranger() public {
        mintAndRegister(ID, URL);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, stranger, token));
        nft.transferFrom(holder, stranger, token);
        assertTrue(isListed(ID));
    }

    function test_safeTransferFrom_RemovesTheRegistration() public {
        mintAndRegister(ID, URL);
        vm.prank(holder);
        nft.safeTransferFrom(holder, stranger, token);
        assertFalse(isListed(ID));

        vm.prank(stranger);
        nft.transferFrom(stranger, holder, token);
        register(ID, URL);
        vm.prank(holder);
        nft.safeTransferFrom(holder, stranger, token, "data");
        assertFalse(isListed(ID));
    }

    /// @dev The one place where foreign code runs sees everything done, and can go on from there.
    function test_safeTransferFrom_ReceiverFindsTheRegistrationRemoved() public {
        mintAndRegister(ID, URL);
        mintAndRegister(OTHER_ID, OTHER_URL);
        CuriousReceiver receiver = new CuriousReceiver(stranger);
        vm.prank(holder);
        nft.safeTransferFrom(holder, address(receiver), token);
        assertEq(receiver.slotsSeen(), 1);
        assertEq(nft.ownerOf(token), stranger);
        assertEq(nft.peerCount(), 1);
        assertTrue(isListed(OTHER_ID));
        assertEq(nft.version(), 3);
    }

    function test_balanceOf_RevertsIfNobodyIsAsked() public {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidOwner.selector, address(0)));
        nft.balanceOf(address(0));
    }

    /// @dev Numbers above those of instance ids are no other names for them.
    function test_tokens_OnlyInstanceIds() public {
        mint(ID);
        uint256 alias_ = uint256(uint160(toId(ID))) | (1 << 160);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, alias_));
        nft.ownerOf(alias_);
        vm.prank(holder);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, alias_));
        nft.transferFrom(holder, stranger, alias_);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, alias_));
        nft.tokenToInstance(alias_);
    }
}
