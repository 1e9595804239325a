// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {PeerIndex} from "./libraries/PeerIndex.sol";

/// @title ERC-721's books
/// @notice Who holds a ticket stands in the slot that tells whether its instance is banned, so that minting and registering
/// read one slot for both. All else of ERC-721 is OpenZeppelin's, which keeps no holders and balances beside these.
abstract contract InstanceTickets is ERC721 {
    mapping(address owner => uint256) private _balances;

    /// @notice How many tickets an account holds.
    function balanceOf(address owner) public view override returns (uint256) {
        if (owner == address(0)) revert ERC721InvalidOwner(address(0));
        return _balances[owner];
    }

    /// @dev What is kept about a token's instance. Any number is a token id here, also one that is no instance id.
    function _recordOf(uint256 tokenId) internal view virtual returns (PeerIndex.Record storage);

    function _ownerOf(uint256 tokenId) internal view override returns (address) {
        return _recordOf(tokenId).holder;
    }

    /// @dev As OpenZeppelin's, which this replaces.
    function _update(address to, uint256 tokenId, address auth) internal virtual override returns (address from) {
        PeerIndex.Record storage record = _recordOf(tokenId);
        from = record.holder;
        if (auth != address(0)) _checkAuthorized(from, auth, tokenId);
        unchecked {
            // An account holds as many tickets as it has got and not given; nobody gets 2^256 of them.
            if (from != address(0)) {
                _approve(address(0), tokenId, address(0), false);
                --_balances[from];
            }
            if (to != address(0)) ++_balances[to];
        }
        record.holder = to;
        emit Transfer(from, to, tokenId);
    }
}
