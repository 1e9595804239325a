// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDstackMembershipErrors} from "../interfaces/IDstackMembershipErrors.sol";
import {Hex} from "./Hex.sol";

/// @title Instance ids
/// @notice An instance id is 20 bytes, as text 40 lowercase hex digits. Its ticket's token id is the same number, so
/// neither needs a mapping to the other.
library InstanceId {
    /// @notice The id in a text, which is exactly 40 lowercase hex digits and not zero.
    function parse(string calldata text) internal pure returns (bytes20 id) {
        bytes32 head;
        bytes32 tail;
        assembly ("memory-safe") {
            head := calldataload(text.offset)
            // The last 32 of the 40 digits: of these only the last 8 are new.
            tail := calldataload(add(text.offset, 8))
        }
        id = bytes20(Hex.decode(head)) | (bytes20(Hex.decodeTail(bytes8(tail << 192))) >> 128);
        if (bytes(text).length != 40 || !Hex.isHex(head, tail) || id == 0) {
            revert IDstackMembershipErrors.InvalidInstanceId(text);
        }
    }

    /// @notice The 40 digits of an id.
    function toText(bytes20 id) internal pure returns (string memory) {
        (bytes32 head, bytes8 tail) = _digits(id);
        return string(bytes.concat(head, tail));
    }

    /// @notice Whether 40 bytes are the digits of an id.
    function isText(bytes20 id, bytes calldata text) internal pure returns (bool) {
        (bytes32 head, bytes8 tail) = _digits(id);
        return bytes32(text) == head && bytes8(text[32:]) == tail;
    }

    /// @notice The id's token.
    function toTokenId(bytes20 id) internal pure returns (uint256) {
        return uint160(id);
    }

    /// @notice The token's id; only for tokens that exist.
    function fromTokenId(uint256 tokenId) internal pure returns (bytes20) {
        return bytes20(uint160(tokenId));
    }

    function _digits(bytes20 id) private pure returns (bytes32 head, bytes8 tail) {
        head = Hex.encode(bytes16(id));
        tail = bytes8(Hex.encode(bytes16(id << 128)));
    }
}
