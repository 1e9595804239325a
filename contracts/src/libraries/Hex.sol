// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Lowercase hex
/// @notice 16 bytes are 32 digits are one word, so both directions work on whole words: every step halves the distance
/// between a nibble's place in the bytes and the byte of its digit.
library Hex {
    uint256 private constant LANE_8 = 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff;
    uint256 private constant LANE_4 = 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
    uint256 private constant LANE_2 = 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;
    uint256 private constant LANE_1 = 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
    uint256 private constant NIBBLE = 0x0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f;
    uint256 private constant ONE = 0x0101010101010101010101010101010101010101010101010101010101010101;

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

    /// @notice The 16 bytes of 32 digits; `valid` only when each of them is one of 0-9 and a-f.
    function decode(bytes32 digits) internal pure returns (bytes16 data, bool valid) {
        unchecked {
            uint256 x = uint256(digits);
            // For a digit: its low nibble, and 9 more for a letter. Anything else gives some value or other here.
            x = ((x & NIBBLE) + 9 * ((x >> 6) & ONE)) & NIBBLE;
            x = (x | (x >> 4)) & LANE_1;
            x = (x | (x >> 8)) & LANE_2;
            x = (x | (x >> 16)) & LANE_4;
            x = (x | (x >> 32)) & LANE_8;
            data = bytes16(uint128(x | (x >> 64)));
        }
        // Only lowercase digits come out of `encode`, so only they survive the round trip.
        valid = encode(data) == digits;
    }
}
