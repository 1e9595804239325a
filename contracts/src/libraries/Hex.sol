// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// Which bits of a word hold something on the way between bytes and digits, and the lowest bit of each byte.
uint256 constant LANE_8 = 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff;
uint256 constant LANE_4 = 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
uint256 constant LANE_2 = 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;
uint256 constant LANE_1 = 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
uint256 constant NIBBLE = 0x0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f;
uint256 constant ONE = 0x0101010101010101010101010101010101010101010101010101010101010101;

/// @title Lowercase hex
/// @notice 16 bytes are 32 digits are one word, so both directions work on whole words: every step halves the distance
/// between a nibble's place in the bytes and the byte of its digit.
library Hex {
    /// @notice The 32 digits of 16 bytes.
    function encode(bytes16 data) internal pure returns (bytes32) {
        unchecked {
            uint256 x = uint128(data);
            x = (x | (x << 64)) & LANE_8;
            x = (x | (x << 32)) & LANE_4;
            x = (x | (x << 16)) & LANE_2;
            x = (x | (x << 8)) & LANE_1;
            x = (x | (x << 4)) & NIBBLE;
            // '0' + nibble, and for 10 to 15 the distance from '9' + 1 to 'a' more; no byte overflows into the next.
            uint256 letters = ((x + 6 * ONE) >> 4) & ONE;
            return bytes32(x + 0x30 * ONE + 0x27 * letters);
        }
    }

    /// @notice The 8 digits of the last 4 of 20 bytes, the rest of the word zero.
    function encodeTail(bytes20 data) internal pure returns (bytes32) {
        unchecked {
            uint256 x = uint32(uint160(data));
            x = (x | (x << 16)) & uint64(LANE_2);
            x = (x | (x << 8)) & uint64(LANE_1);
            x = (x | (x << 4)) & uint64(NIBBLE);
            uint256 letters = ((x + 6 * uint64(ONE)) >> 4) & uint64(ONE);
            return bytes32((x + 0x30 * uint64(ONE) + 0x27 * letters) << 192);
        }
    }

    /// @notice The 16 bytes of 32 digits, for digits that `isHex` has accepted; of anything else, some value or other.
    function decode(bytes32 digits) internal pure returns (bytes16) {
        unchecked {
            uint256 x = _nibbles(uint256(digits));
            x = (x | (x >> 4)) & LANE_1;
            x = (x | (x >> 8)) & LANE_2;
            x = (x | (x >> 16)) & LANE_4;
            x = (x | (x >> 32)) & LANE_8;
            return bytes16(uint128(x | (x >> 64)));
        }
    }

    /// @notice The 4 bytes of 8 digits, likewise.
    function decodeTail(bytes8 digits) internal pure returns (bytes4) {
        unchecked {
            uint256 x = _nibbles(uint64(digits));
            x = (x | (x >> 4)) & LANE_1;
            x = (x | (x >> 8)) & LANE_2;
            return bytes4(uint32(x | (x >> 16)));
        }
    }

    /// @notice Whether each byte of two words is one of 0-9 and a-f.
    function isHex(bytes32 a, bytes32 b) internal pure returns (bool) {
        return _digitMask(uint256(a)) & _digitMask(uint256(b)) & ONE == ONE;
    }

    /// @dev Of a digit its low nibble, of a letter 9 more.
    function _nibbles(uint256 digits) private pure returns (uint256) {
        unchecked {
            return (digits & NIBBLE) + 9 * ((digits >> 6) & ONE);
        }
    }

    /// @dev The lowest bit of each byte that is a lowercase hex digit; the other bits are of no meaning. A sum sets a
    /// byte's top bit from '0' on, from behind '9' on, from 'a' on, from behind 'f' on. A byte that has it set before is
    /// none, whatever it carries into the next one.
    function _digitMask(uint256 x) private pure returns (uint256) {
        unchecked {
            uint256 digit = (x + 0x50 * ONE) & ~(x + 0x46 * ONE);
            uint256 letter = (x + 0x1f * ONE) & ~(x + 0x19 * ONE);
            return ((digit | letter) & ~x) >> 7;
        }
    }
}
