// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {IDstackMembershipErrors} from "../../src/interfaces/IDstackMembershipErrors.sol";
import {InstanceId} from "../../src/libraries/InstanceId.sol";

contract InstanceIdTest is Test {
    function parse(string calldata text) external pure returns (bytes20) {
        return InstanceId.parse(text);
    }

    function isText(bytes20 id, bytes calldata text) external pure returns (bool) {
        return InstanceId.isText(id, text);
    }

    function test_parse_ReadsTheDigits() public view {
        assertEq(this.parse("1691ed1b47506cad7d08834668691d88246f5b1f"), hex"1691ed1b47506cad7d08834668691d88246f5b1f");
        assertEq(uint160(this.parse("0000000000000000000000000000000000000001")), 1);
        assertEq(uint160(this.parse("ffffffffffffffffffffffffffffffffffffffff")), type(uint160).max);
    }

    function testFuzz_parse_UndoesToText(bytes20 id) public view {
        vm.assume(id != 0);
        assertEq(this.parse(InstanceId.toText(id)), id);
        assertEq(string.concat("0x", InstanceId.toText(id)), vm.toString(abi.encodePacked(id)));
    }

    /// @dev Every place of the text counts.
    function testFuzz_isText_IsTheIdsTextAlone(bytes20 id) public view {
        bytes memory text = bytes(InstanceId.toText(id));
        assertTrue(this.isText(id, text));
        for (uint256 place = 0; place < 40; ++place) {
            text[place] ^= 0x01;
            assertFalse(this.isText(id, text));
            text[place] ^= 0x01;
        }
    }

    function testFuzz_toTokenId_IsTheIdAsANumber(uint160 number) public pure {
        assertEq(InstanceId.toTokenId(bytes20(number)), number);
        assertEq(InstanceId.fromTokenId(number), bytes20(number));
    }

    function test_parse_RevertsIfUpperCase() public {
        expectRefusal("1691ED1B47506CAD7D08834668691D88246F5B1F");
        expectRefusal("1691ed1b47506cad7d08834668691d88246f5b1F");
        expectRefusal("A691ed1b47506cad7d08834668691d88246f5b1f");
    }

    function test_parse_RevertsIfPrefixed() public {
        expectRefusal("0x1691ed1b47506cad7d08834668691d88246f5b1f");
        expectRefusal("0x91ed1b47506cad7d08834668691d88246f5b1f");
    }

    function test_parse_RevertsIfOfAnotherLength() public {
        expectRefusal("1691ed1b47506cad7d08834668691d88246f5b1");
        expectRefusal("1691ed1b47506cad7d08834668691d88246f5b1f0");
        expectRefusal("1691ed1b47506cad7d08834668691d88246f5b1f00000000000000000000000000000000000000");
    }

    function test_parse_RevertsIfZero() public {
        expectRefusal("0000000000000000000000000000000000000000");
    }

    function test_parse_RevertsIfEmpty() public {
        expectRefusal("");
    }

    /// @dev Every byte value at the places on both sides of the inner boundary, and at the ends.
    function test_parse_RevertsIfNotADigit() public {
        uint256[4] memory places = [uint256(0), 31, 32, 39];
        for (uint256 p = 0; p < places.length; ++p) {
            for (uint256 c = 0; c < 256; ++c) {
                bytes memory text = bytes("1691ed1b47506cad7d08834668691d88246f5b1f");
                text[places[p]] = bytes1(uint8(c));
                bool digit = (c >= 0x30 && c <= 0x39) || (c >= 0x61 && c <= 0x66);
                if (digit) this.parse(string(text));
                else expectRefusal(string(text));
            }
        }
    }

    function expectRefusal(string memory text) internal {
        vm.expectRevert(abi.encodeWithSelector(IDstackMembershipErrors.InvalidInstanceId.selector, text));
        this.parse(text);
    }
}
