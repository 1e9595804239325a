// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Hex} from "../../src/libraries/Hex.sol";

contract HexTest is Test {
    function test_encode_EveryNibble() public pure {
        assertEq(Hex.encode(hex"0123456789abcdeffedcba9876543210"), "0123456789abcdeffedcba9876543210");
        assertEq(Hex.encode(hex"ffffffffffffffffffffffffffffffff"), "ffffffffffffffffffffffffffffffff");
        assertEq(Hex.encode(0), "00000000000000000000000000000000");
    }

    function testFuzz_encode_IsWhatOthersWrite(bytes16 data) public pure {
        string memory expected = vm.replace(vm.toString(abi.encodePacked(data)), "0x", "");
        assertEq(abi.encodePacked(Hex.encode(data)), bytes(expected));
    }

    function testFuzz_decode_UndoesEncode(bytes16 data) public pure {
        (bytes16 decoded, bool valid) = decode(Hex.encode(data));
        assertTrue(valid);
        assertEq(bytes32(decoded), bytes32(data));
    }

    /// @dev Every byte value at every place.
    function test_decode_AcceptsLowercaseDigitsOnly() public pure {
        bytes32 digits = "0123456789abcdeffedcba9876543210";
        for (uint256 place = 0; place < 32; ++place) {
            for (uint256 c = 0; c < 256; ++c) {
                uint256 shift = 8 * (31 - place);
                bytes32 changed = bytes32((uint256(digits) & ~(uint256(0xff) << shift)) | (c << shift));
                (, bool valid) = decode(changed);
                assertEq(valid, (c >= 0x30 && c <= 0x39) || (c >= 0x61 && c <= 0x66));
            }
        }
    }

    function testFuzz_decode_IsNeverValidWithoutRoundTrip(bytes32 digits) public pure {
        (bytes16 data, bool valid) = decode(digits);
        assertEq(valid, Hex.encode(data) == digits);
        for (uint256 i = 0; i < 32; ++i) {
            bytes1 c = digits[i];
            if (!((c >= "0" && c <= "9") || (c >= "a" && c <= "f"))) assertFalse(valid);
        }
    }

    function decode(bytes32 digits) internal pure returns (bytes16, bool) {
        return (Hex.decode(digits), Hex.isHex(digits, "00000000000000000000000000000000"));
    }
}
