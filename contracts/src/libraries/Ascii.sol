// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Searching in ASCII text
/// @notice Looks at the 32 bytes of a word at once: a set of them is a mask with the top bit of each byte that is in it.
library Ascii {
    uint256 private constant ONE = 0x0101010101010101010101010101010101010101010101010101010101010101;
    uint256 private constant TOP = 0x8080808080808080808080808080808080808080808080808080808080808080;

    /// @notice The bytes of a word from `low` to `high`, where 1 <= low <= high <= 0x7e.
    /// @dev Of seven bits, adding 0x80 - low sets the top bit from `low` on, adding 0x7f - high only above `high`, and no
    /// sum carries into the next byte. Bytes that had their top bit set are in no range.
    function inRange(uint256 word, uint256 low, uint256 high) internal pure returns (uint256 mask) {
        unchecked {
            uint256 bits = word & ~TOP;
            mask = (bits + (0x80 - low) * ONE) & ~(bits + (0x7f - high) * ONE) & ~word & TOP;
        }
    }

    /// @notice Where the first of two bytes stands in a text, or its length when neither does.
    function find(bytes calldata text, bytes1 a, bytes1 b) internal pure returns (uint256) {
        for (uint256 i = 0; i < text.length; i += 32) {
            uint256 word = _wordAt(text, i);
            uint256 mask = inRange(word, uint8(a), uint8(a)) | inRange(word, uint8(b), uint8(b));
            if (mask != 0) return Math.min(i + _first(mask), text.length);
        }
        return text.length;
    }

    /// @notice Where the first byte that is not visible stands, or the length when 0x21 to 0x7e are all there is.
    function findInvisible(bytes calldata text) internal pure returns (uint256) {
        for (uint256 i = 0; i < text.length; i += 32) {
            uint256 mask = inRange(_wordAt(text, i), 0x21, 0x7e) ^ TOP;
            if (mask != 0) return Math.min(i + _first(mask), text.length);
        }
        return text.length;
    }

    /// @notice Where the first byte stands that is none of a-z, 0-9 and the hyphen, or the length when there is none.
    function findNonLabel(bytes calldata text) internal pure returns (uint256) {
        for (uint256 i = 0; i < text.length; i += 32) {
            uint256 word = _wordAt(text, i);
            uint256 mask = (inRange(word, 0x61, 0x7a) | inRange(word, 0x30, 0x39) | inRange(word, 0x2d, 0x2d)) ^ TOP;
            if (mask != 0) return Math.min(i + _first(mask), text.length);
        }
        return text.length;
    }

    /// @dev 32 bytes of a text, with whatever follows it at its end: callers stop at the length.
    function _wordAt(bytes calldata text, uint256 i) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(text.offset, i))
        }
    }

    /// @dev The first byte in a mask that is not empty.
    function _first(uint256 mask) private pure returns (uint256) {
        return Math.clz(mask) / 8;
    }
}
