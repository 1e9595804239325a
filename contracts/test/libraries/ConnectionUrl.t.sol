// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {IDstackMembershipErrors as Errors} from "../../src/interfaces/IDstackMembershipErrors.sol";
import {ConnectionUrl} from "../../src/libraries/ConnectionUrl.sol";

/// @dev The library with arguments in call data, as it wants them.
contract ConnectionUrlHarness {
    function requireVisible(string calldata url) external pure {
        ConnectionUrl.requireVisible(bytes(url));
    }

    function split(string calldata url) external pure returns (string memory, string memory) {
        (bytes calldata label, bytes calldata baseDomain) = ConnectionUrl.split(bytes(url));
        return (string(label), string(baseDomain));
    }

    function requireBound(string calldata label, bytes20 instanceId) external pure {
        ConnectionUrl.requireBound(bytes(label), instanceId);
    }

    function requireBaseDomain(string calldata domain) external pure {
        ConnectionUrl.requireBaseDomain(bytes(domain));
    }
}

contract ConnectionUrlTest is Test {
    ConnectionUrlHarness internal urls = new ConnectionUrlHarness();
    bytes20 internal constant ID = hex"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    string internal constant HEX = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    // requireVisible

    /// @dev Every byte value at both ends of URLs around each multiple of a word.
    function test_requireVisible_AcceptsVisibleAsciiOnly() public {
        uint256[8] memory lengths = [uint256(1), 2, 31, 32, 33, 64, 65, 256];
        for (uint256 l = 0; l < lengths.length; ++l) {
            for (uint256 c = 0; c < 256; ++c) {
                expectVisible(lengths[l], 0, c);
                expectVisible(lengths[l], lengths[l] / 2, c);
                expectVisible(lengths[l], lengths[l] - 1, c);
            }
        }
    }

    function testFuzz_requireVisible_IsTheByteRule(bytes memory url) public {
        vm.assume(url.length > 0 && url.length <= 256);
        uint256 bad = 0;
        while (bad < url.length && url[bad] >= 0x21 && url[bad] <= 0x7e) ++bad;
        if (bad < url.length) vm.expectRevert(abi.encodeWithSelector(Errors.InvalidUrlByte.selector, bad, url[bad]));
        urls.requireVisible(string(url));
    }

    function test_requireVisible_LengthIs1To256() public {
        urls.requireVisible("x");
        urls.requireVisible(string(filled(256)));
        expectLength("", 0);
        expectLength(string(filled(257)), 257);
    }

    // split

    function test_split_TakesTheHostApartAtItsFirstDot() public view {
        expectSplit("https://a.b.c", "a", "b.c");
        expectSplit("https://a.b.c/", "a", "b.c");
        expectSplit("https://a.b.c:1", "a", "b.c");
        expectSplit("https://a.b.c:65535/", "a", "b.c");
        expectSplit("https://a.b.c:9090", "a", "b.c");
        expectSplit("https://a-0.b", "a-0", "b");
        // What is no base domain is the caller's to refuse: none of these equals one that could be allowed.
        expectSplit("https://a", "a", "");
        expectSplit("https://a.", "a", "");
        expectSplit("https://a..b", "a", ".b");
        expectSplit("https://a.b.", "a", "b.");
        expectSplit("https://a.b?x", "a", "b?x");
        expectSplit("https://a.u@b", "a", "u@b");
    }

    function test_split_RevertsIfOfNoLength() public {
        vm.expectRevert(abi.encodeWithSelector(Errors.InvalidUrlLength.selector, 0));
        urls.split("");
        string memory long = string.concat("https://a.", string(filled(247)));
        vm.expectRevert(abi.encodeWithSelector(Errors.InvalidUrlLength.selector, 257));
        urls.split(long);
    }

    function test_split_RevertsIfNotHttps() public {
        string[6] memory bad = ["http://a.b", "HTTPS://a.b", "https:/a.b", "https:", "//a.b", " https://a.b"];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Errors.UrlNotHttps.selector, bad[i]));
            urls.split(bad[i]);
        }
    }

    function test_split_RevertsIfLabelIsNone() public {
        string[9] memory bad = ["", "-a", "a-", "-", "A", "a_b", "xn--a", "u@a", unicode"é"];
        for (uint256 i = 0; i < bad.length; ++i) {
            expectLabel(bad[i]);
        }
        vm.expectRevert(abi.encodeWithSelector(Errors.InvalidUrlLabel.selector, ""));
        urls.split("https://");
        urls.split("https://xn-a.b");
        urls.split(string.concat("https://", string(filled(63)), ".b"));
        expectLabel(string(filled(64)));
    }

    function test_split_RevertsIfPortIsNone() public {
        string[8] memory bad = ["", "0", "080", "65536", "99999", "100000", "44a", "443:1"];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Errors.InvalidUrlPort.selector, bad[i]));
            urls.split(string.concat("https://a.b:", bad[i]));
            vm.expectRevert(abi.encodeWithSelector(Errors.InvalidUrlPort.selector, bad[i]));
            urls.split(string.concat("https://a.b:", bad[i], "/"));
        }
        // Too long for a number of any size.
        string memory long = string.concat("9", vm.toString(type(uint256).max));
        vm.expectRevert(abi.encodeWithSelector(Errors.InvalidUrlPort.selector, long));
        urls.split(string.concat("https://a.b:", long));
    }

    function test_split_RevertsIfAnotherPathFollows() public {
        string[4] memory bad = ["//", "/x", "/?", "/:1"];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Errors.InvalidUrlPath.selector, bad[i]));
            urls.split(string.concat("https://a.b", bad[i]));
            vm.expectRevert(abi.encodeWithSelector(Errors.InvalidUrlPath.selector, bad[i]));
            urls.split(string.concat("https://a.b:1", bad[i]));
        }
    }

    function test_split_TakesTheLongestHost() public view {
        string memory url = string.concat("https://a.", longDomain(246));
        assertEq(bytes(url).length, 256);
        expectSplit(url, "a", longDomain(246));
    }

    // requireBound

    function test_requireBound_AcceptsTheGatewaysForms() public view {
        string[7] memory suffixes = ["", "-8080", "-443s", "-s", "-50051g", "-g", "-65535s"];
        for (uint256 i = 0; i < suffixes.length; ++i) {
            urls.requireBound(string.concat(HEX, suffixes[i]), ID);
        }
    }

    function test_requireBound_RevertsIfTheSuffixIsNone() public {
        string[14] memory suffixes =
            ["-", "x", "8080", "s", "-0", "-0443", "-65536", "-443gs", "-443sg", "-1-2", "-gs", "-ss", "-x", "-0s"];
        for (uint256 i = 0; i < suffixes.length; ++i) {
            expectUnbound(string.concat(HEX, suffixes[i]));
        }
        // What would be a suffix behind a hyphen.
        expectUnbound(string.concat(HEX, "x443"));
        expectUnbound(string.concat(HEX, "8443s"));
        expectUnbound(string.concat(HEX, "xs"));
    }

    function test_requireBound_RevertsIfItNamesAnotherInstance() public {
        expectUnbound("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
        expectUnbound("baaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-443s");
        expectUnbound("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab-443s");
        expectUnbound("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-443s");
        expectUnbound("abc123-443s");
        expectUnbound("s");
    }

    // requireBaseDomain

    function test_requireBaseDomain_TakesTwoLabelsAtLeast() public {
        urls.requireBaseDomain("a.b");
        urls.requireBaseDomain("0.b");
        urls.requireBaseDomain("a-b.c-d.e1");
        string[9] memory bad = ["", "a", "a.1", "a.1b", "a.9b", "a..b", ".a.b", "a.b.", "a.xn--b"];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Errors.InvalidBaseDomain.selector, bad[i]));
            urls.requireBaseDomain(bad[i]);
        }
    }

    function test_requireBaseDomain_RevertsIfTooLong() public {
        urls.requireBaseDomain(longDomain(253));
        vm.expectRevert(abi.encodeWithSelector(Errors.InvalidBaseDomain.selector, longDomain(254)));
        urls.requireBaseDomain(longDomain(254));
    }

    // Helpers

    function filled(uint256 length) internal pure returns (bytes memory text) {
        text = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            text[i] = "a";
        }
    }

    /// @dev A base domain of this length: labels of one letter, and one of two when the length is even.
    function longDomain(uint256 length) internal pure returns (string memory) {
        bytes memory text = filled(length);
        for (uint256 i = length % 2 == 0 ? 2 : 1; i < length; i += 2) {
            text[i] = ".";
        }
        return string(text);
    }

    function expectVisible(uint256 length, uint256 place, uint256 c) internal {
        bytes memory url = filled(length);
        url[place] = bytes1(uint8(c));
        if (c < 0x21 || c > 0x7e) {
            vm.expectRevert(abi.encodeWithSelector(Errors.InvalidUrlByte.selector, place, bytes1(uint8(c))));
        }
        urls.requireVisible(string(url));
    }

    function expectLength(string memory url, uint256 length) internal {
        vm.expectRevert(abi.encodeWithSelector(Errors.InvalidUrlLength.selector, length));
        urls.requireVisible(url);
    }

    function expectSplit(string memory url, string memory label, string memory baseDomain) internal view {
        (string memory l, string memory b) = urls.split(url);
        assertEq(l, label);
        assertEq(b, baseDomain);
    }

    function expectLabel(string memory label) internal {
        vm.expectRevert(abi.encodeWithSelector(Errors.InvalidUrlLabel.selector, label));
        urls.split(string.concat("https://", label, ".b"));
    }

    function expectUnbound(string memory label) internal {
        vm.expectRevert(abi.encodeWithSelector(Errors.UrlNotBoundToInstance.selector, label, ID));
        urls.requireBound(label, ID);
    }
}
