// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ConnectionUrl} from "./ConnectionUrl.sol";
import {Hex} from "./Hex.sol";

/// @title How a connection URL is stored
/// @notice A gateway URL, `https://<hex instance id>["-" (port ["s"|"g"] | "s" | "g")].<allowed base domain>` to the
/// byte, is a function of the instance id and of 34 bits; those stand in the index entry. Of any other URL only the
/// length does, and its bytes beside the registration.
///
///     base domain's number (16), not 0 | suffix (2): 0 none, 1 "s", 2 "g" | port (16), 0 = none
///     0 (16)                           | length of the URL in bytes (18)
library UrlCode {
    uint256 private constant BASE_SHIFT = 18;
    uint256 private constant SUFFIX_SHIFT = 16;
    uint256 private constant PORT_MASK = 0xffff;

    /// @dev The bytes of a gateway URL up to the last digit of the id.
    uint256 internal constant HEAD = 48;

    /// @notice A gateway URL's code without the base domain's number, and the base domain.
    /// @param url Of any length and content.
    /// @param idText The 40 lowercase digits of the instance's id.
    /// @return isGateway Whether it is one, if the base domain is an allowed one: that is the caller's to look up. Then
    /// it is a URL that production mode accepts, bound to its instance.
    /// @return code Suffix and port.
    /// @return base What follows the first dot.
    function parseGateway(bytes calldata url, bytes calldata idText)
        internal
        pure
        returns (bool isGateway, uint256 code, bytes calldata base)
    {
        uint256 most = ConnectionUrl.MAX_LENGTH;
        assembly ("memory-safe") {
            // Loads beyond the end of a text read what follows it in the call; the lengths decide.
            let u := url.offset
            let t := idText.offset
            let start :=
                and(
                    eq(shr(192, calldataload(u)), 0x68747470733a2f2f), // "https://"
                    and(
                        eq(calldataload(add(u, 8)), calldataload(t)),
                        eq(shr(192, calldataload(add(u, 40))), shr(192, calldataload(add(t, 32))))
                    )
                )
            let rest := calldataload(add(u, HEAD))
            let end := 0 // of what stands between id and dot
            if eq(byte(0, rest), 0x2d) {
                let digit := sub(byte(1, rest), 0x30)
                // No port begins with 0.
                if digit {
                    for { end := 1 } and(lt(digit, 10), lt(end, 6)) { digit := sub(byte(end, rest), 0x30) } {
                        code := add(mul(code, 10), digit)
                        end := add(end, 1)
                    }
                    // Too large a port, or nothing: end is back at the "-", which is no dot.
                    let valid := lt(code, 0x10000)
                    let suffix := or(eq(digit, 0x43), shl(1, eq(digit, 0x37))) // "s", "g"
                    code := or(code, shl(SUFFIX_SHIFT, suffix))
                    end := mul(add(end, gt(suffix, 0)), and(valid, gt(code, 0)))
                }
            }
            isGateway := and(start, eq(byte(end, rest), 0x2e)) // "."
            end := add(end, add(HEAD, 1))
            isGateway := and(isGateway, and(gt(url.length, end), iszero(gt(url.length, most))))
            base.offset := add(u, end)
            base.length := mul(isGateway, sub(url.length, end))
        }
    }

    /// @notice The code of a gateway URL.
    function withBase(uint256 code, uint256 number) internal pure returns (uint256) {
        return code | (number << BASE_SHIFT);
    }

    /// @notice The base domain's number of a gateway URL, 0 when the code is a length.
    function baseNumber(uint256 code) internal pure returns (uint256) {
        return code >> BASE_SHIFT;
    }

    /// @notice Writes the scheme and the id's digits to memory that is not in use yet: 48 bytes, and 24 of zeros.
    function writeHead(uint256 cursor, bytes20 id) internal pure {
        bytes32 head = Hex.encode(bytes16(id));
        bytes32 tail = Hex.encodeTail(id);
        assembly ("memory-safe") {
            mstore(cursor, 0x68747470733a2f2f000000000000000000000000000000000000000000000000) // "https://"
            mstore(add(cursor, 8), head)
            mstore(add(cursor, 40), tail)
        }
    }

    /// @notice Writes what is between the id and the base domain: "-", the port's digits if there are any, the suffix if
    /// there is one; the dot. 8 bytes at most, and zeros up to 32.
    /// @return length How many.
    function writeLabelEnd(uint256 cursor, uint256 code) internal pure returns (uint256 length) {
        unchecked {
            uint256 port = code & PORT_MASK;
            uint256 suffix = (code >> SUFFIX_SHIFT) & 3;
            uint256 word = 0x2e; // ".", and from here to the left
            length = 1;
            if (suffix != 0) {
                word |= (suffix == 1 ? uint256(0x73) : 0x67) << 8;
                ++length;
            }
            for (; port != 0; port /= 10) {
                word |= (0x30 + port % 10) << (8 * length++);
            }
            if (length > 1) word |= 0x2d << (8 * length++);
            assembly ("memory-safe") {
                mstore(cursor, shl(sub(256, mul(8, length)), word))
            }
        }
    }
}
