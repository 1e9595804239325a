// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Ascii} from "../../src/libraries/Ascii.sol";

contract AsciiTest is Test {
    /// @dev What follows an argument in call data must not be found.
    function find(bytes calldata text, bytes1 a, bytes1 b, bytes calldata) external pure returns (uint256) {
        return Ascii.find(text, a, b);
    }

    function findInvisible(bytes calldata text, bytes calldata) external pure returns (uint256) {
        return Ascii.findInvisible(text);
    }

    function findNonLabel(bytes calldata text, bytes calldata) external pure returns (uint256) {
        return Ascii.findNonLabel(text);
    }

    function test_inRange_IsExactForEveryByte() public pure {
        uint256[4] memory lows = [uint256(0x01), 0x21, 0x61, 0x7e];
        uint256[4] memory highs = [uint256(0x7e), 0x21, 0x7a, 0x7e];
        for (uint256 r = 0; r < lows.length; ++r) {
            for (uint256 c = 0; c < 256; ++c) {
                // Between neighbours that are all in, and all out.
                uint256 word = c << 128;
                uint256 expected = c >= lows[r] && c <= highs[r] ? uint256(0x80) << 128 : 0;
                assertEq(Ascii.inRange(word, lows[r], highs[r]), expected);
                uint256 full = type(uint256).max / 255 * lows[r];
                uint256 all = type(uint256).max / 255 * 0x80;
                word |= full & ~(uint256(0xff) << 128);
                assertEq(Ascii.inRange(word, lows[r], highs[r]), (all & ~(uint256(0x80) << 128)) | expected);
            }
        }
    }

    function testFuzz_find_IsTheFirst(bytes calldata text, bytes1 a, bytes1 b, uint256 place) public view {
        a = bytes1(uint8(bound(uint8(a), 0x01, 0x7e)));
        b = bytes1(uint8(bound(uint8(b), 0x01, 0x7e)));
        bytes memory changed = text;
        if (text.length > 0) changed[place % text.length] = a;
        uint256 expected = 0;
        while (expected < changed.length && changed[expected] != a && changed[expected] != b) ++expected;
        assertEq(this.find(changed, a, b, abi.encodePacked(a, b)), expected);
    }

    function testFuzz_findInvisible_IsTheFirst(bytes calldata text) public view {
        uint256 expected = 0;
        while (expected < text.length && text[expected] >= 0x21 && text[expected] <= 0x7e) ++expected;
        assertEq(this.findInvisible(text, hex"00"), expected);
    }

    /// @dev A visible text with any one byte at any place.
    function testFuzz_findInvisible_AtAnyPlace(uint256 length, uint256 place, bytes1 c) public view {
        bytes memory text = filled(bound(length, 1, 300));
        place %= text.length;
        text[place] = c;
        bool visible = c >= 0x21 && c <= 0x7e;
        assertEq(this.findInvisible(text, hex"00"), visible ? text.length : place);
    }

    function testFuzz_findNonLabel_AtAnyPlace(uint256 length, uint256 place, bytes1 c) public view {
        bytes memory text = filled(bound(length, 1, 70));
        place %= text.length;
        text[place] = c;
        bool inLabel = (c >= "a" && c <= "z") || (c >= "0" && c <= "9") || c == "-";
        assertEq(this.findNonLabel(text, hex"00"), inLabel ? text.length : place);
    }

    function test_find_NothingInNothing() public view {
        assertEq(this.find("", "a", "b", "ab"), 0);
        assertEq(this.findInvisible("", hex"00"), 0);
        assertEq(this.findNonLabel("", hex"00"), 0);
    }

    function filled(uint256 length) internal pure returns (bytes memory text) {
        text = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            text[i] = "m";
        }
    }
}
