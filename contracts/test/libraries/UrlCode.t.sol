// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {ConnectionUrl} from "../../src/libraries/ConnectionUrl.sol";
import {InstanceId} from "../../src/libraries/InstanceId.sol";
import {UrlCode} from "../../src/libraries/UrlCode.sol";

contract UrlCodeHarness {
    function parse(bytes calldata url, bytes calldata idText) external pure returns (bool, uint256, bytes memory) {
        (bool isGateway, uint256 code, bytes calldata base) = UrlCode.parseGateway(url, idText);
        return (isGateway, code, base);
    }

    /// @dev What PeerLists puts together, with memory behind it that is not clean.
    function render(bytes20 id, uint256 code, bytes calldata base) external pure returns (bytes memory url) {
        url = new bytes(400);
        for (uint256 i = 0; i < url.length; ++i) {
            url[i] = 0xff;
        }
        uint256 start;
        assembly ("memory-safe") {
            start := add(url, 32)
        }
        UrlCode.writeHead(start, id);
        uint256 length = UrlCode.HEAD + UrlCode.writeLabelEnd(start + UrlCode.HEAD, code);
        for (uint256 i = 0; i < base.length; ++i) {
            url[length++] = base[i];
        }
        assembly ("memory-safe") {
            mstore(url, length)
        }
    }

    function isProduction(bytes calldata url, bytes20 id) external pure returns (bool) {
        (bytes calldata label,) = ConnectionUrl.split(url);
        ConnectionUrl.requireBound(label, id);
        return true;
    }
}

contract UrlCodeTest is Test {
    UrlCodeHarness internal codes = new UrlCodeHarness();
    string internal constant ID = "1691ed1b47506cad7d08834668691d88246f5b1f";
    bytes20 internal constant RAW_ID = hex"1691ed1b47506cad7d08834668691d88246f5b1f";
    string internal constant BASE = "dstack-pha-prod7.phala.network";

    function test_parseGateway_EveryForm() public view {
        expectCode("", 0);
        expectCode("-s", 1 << 16);
        expectCode("-g", 2 << 16);
        expectCode("-1", 1);
        expectCode("-443", 443);
        expectCode("-65535", 65_535);
        expectCode("-5432s", 5432 | (1 << 16));
        expectCode("-65535g", 65_535 | (2 << 16));
    }

    function test_parseGateway_LeavesAllElseAlone() public view {
        string[25] memory ends = [
            "-",
            "-0",
            "-0s",
            "-01",
            "-65536",
            "-65536s",
            "-99999",
            "-100000",
            "-655350",
            "-ss",
            "-sg",
            "-gs",
            "-s1",
            "-1ss",
            "-S",
            "-x",
            "-1x",
            "--s",
            "-s-",
            "s",
            "1",
            "-/",
            "-:",
            "-1:",
            "-:s"
        ];
        for (uint256 i = 0; i < ends.length; ++i) {
            expectNone(string.concat("https://", ID, ends[i], ".", BASE));
        }
        expectNone("");
        expectNone("https://");
        expectNone(string.concat("https://", ID));
        expectNone(string.concat("https://", ID, "."));
        expectNone(string.concat("https://", ID, "-s."));
        expectNone(string.concat("https://", ID, "-65535s."));
        expectNone(string.concat("http://", ID, ".", BASE));
        expectNone(string.concat("HTTPS://", ID, ".", BASE));
        expectNone(string.concat(" https://", ID, ".", BASE));
        expectNone("https://0691ed1b47506cad7d08834668691d88246f5b1f.x.y");
        expectNone("https://1691ed1b47506cad7d08834668691d88246f5b1e.x.y");
        expectNone("https://1691ED1B47506CAD7D08834668691D88246F5B1F.x.y");
    }

    /// @dev What follows in the call is never taken for a part of the URL.
    function test_parseGateway_StopsAtTheEnd() public {
        bytes memory url = bytes(string.concat("https://", ID, "-443s.", BASE));
        for (uint256 length = 0; length <= url.length; ++length) {
            // The rest stands behind the URL's end in the call, instead of zeros.
            bytes memory data = abi.encodeCall(codes.parse, (url, bytes(ID)));
            assembly ("memory-safe") {
                mstore(add(data, add(32, 0x44)), length)
            }
            (bool success, bytes memory answer) = address(codes).call(data);
            assertTrue(success);
            (bool isGateway,, bytes memory base) = abi.decode(answer, (bool, uint256, bytes));
            assertEq(isGateway, length > 54);
            assertEq(base.length, length > 54 ? length - 54 : 0);
        }
    }

    /// @dev 256 bytes at most, of which the base domain's are the caller's to look up.
    function test_parseGateway_Length() public view {
        bytes memory base = new bytes(207);
        for (uint256 i = 0; i < base.length; ++i) {
            base[i] = "a";
        }
        (bool isGateway,, bytes memory found) = parse(string.concat("https://", ID, ".", string(base)));
        assertTrue(isGateway);
        assertEq(found, base);
        expectNone(string.concat("https://", ID, ".", string(base), "a"));
    }

    /// @dev Whatever the id, the port and the suffix, rendering and parsing are each other's inverse, and the URL is one
    /// that production mode accepts.
    function testFuzz_render_IsParsed(uint160 id, uint16 port, uint256 suffix, uint8 rest) public view {
        uint256 code = port | (bound(suffix, 0, 2) << 16);
        bytes memory base = bytes(string.concat("x", vm.toString(rest), ".example.org"));
        bytes memory url = codes.render(bytes20(id), code, base);
        (bool isGateway, uint256 parsed, bytes memory found) = codes.parse(url, bytes(InstanceId.toText(bytes20(id))));
        assertTrue(isGateway);
        assertEq(parsed, code);
        assertEq(found, base);
        assertTrue(codes.isProduction(url, bytes20(id)));
    }

    /// @dev Only what rendering gives back byte for byte is parsed: a byte changed, added or dropped at any place.
    function testFuzz_parseGateway_OnlyWhatIsRendered(
        uint16 port,
        uint256 suffix,
        uint256 position,
        bytes1 value,
        uint256 how
    ) public view {
        bytes memory url = codes.render(RAW_ID, port | (bound(suffix, 0, 2) << 16), bytes(BASE));
        position = bound(position, 0, url.length - 1);
        how = bound(how, 0, 2);
        bytes memory changed = new bytes(how == 0 ? url.length : how == 1 ? url.length + 1 : url.length - 1);
        for (uint256 i = 0; i < changed.length; ++i) {
            if (i < position) changed[i] = url[i];
            else if (how == 2) changed[i] = url[i + 1];
            else changed[i] = i == position ? value : url[how == 0 ? i : i - 1];
        }
        (bool isGateway, uint256 code, bytes memory base) = codes.parse(changed, bytes(ID));
        if (!isGateway) return;
        assertEq(codes.render(RAW_ID, code, base), changed);
        assertLt(code, 3 << 16);
        assertEq(UrlCode.baseNumber(code), 0);
    }

    /// @dev Any label end at all.
    function testFuzz_parseGateway_AnyLabelEnd(bytes memory end) public view {
        vm.assume(end.length < 20);
        bytes memory url = bytes.concat("https://", bytes(ID), end, ".", bytes(BASE));
        (bool isGateway, uint256 code, bytes memory base) = codes.parse(url, bytes(ID));
        if (isGateway) assertEq(codes.render(RAW_ID, code, base), url);
    }

    function testFuzz_code_HoldsBoth(uint256 code, uint16 number) public pure {
        code = bound(code, 0, (1 << 18) - 1);
        uint256 whole = UrlCode.withBase(code, number);
        assertEq(UrlCode.baseNumber(whole), number);
        assertEq(whole & ((1 << 18) - 1), code);
        assertLt(whole, 1 << 34);
    }

    function parse(string memory url) internal view returns (bool, uint256, bytes memory) {
        return codes.parse(bytes(url), bytes(ID));
    }

    function expectCode(string memory labelEnd, uint256 expected) internal view {
        string memory url = string.concat("https://", ID, labelEnd, ".", BASE);
        (bool isGateway, uint256 code, bytes memory base) = parse(url);
        assertTrue(isGateway, labelEnd);
        assertEq(code, expected, labelEnd);
        assertEq(base, bytes(BASE), labelEnd);
        assertEq(string(codes.render(RAW_ID, code, base)), url);
    }

    function expectNone(string memory url) internal view {
        (bool isGateway,, bytes memory base) = parse(url);
        assertFalse(isGateway, url);
        assertEq(base.length, 0);
    }
}
