// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDstackMembershipErrors} from "../interfaces/IDstackMembershipErrors.sol";
import {InstanceId} from "./InstanceId.sol";

/// @title Connection URLs and base domains
/// @notice Refused rather than normalised: two spellings of one address never both pass, and nothing that a URL parser
/// might read in another way does.
library ConnectionUrl {
    uint256 internal constant MAX_LENGTH = 256;
    uint256 private constant MAX_DOMAIN = 253;
    uint256 private constant MAX_LABEL = 63;

    uint256 private constant ONE = 0x0101010101010101010101010101010101010101010101010101010101010101;
    uint256 private constant TOP_BIT = 0x80 * ONE;

    /// @notice Requires a URL of dev mode: 1 to 256 bytes from 0x21 to 0x7e.
    function requireVisible(bytes calldata url) internal pure {
        if (url.length == 0 || url.length > MAX_LENGTH) revert IDstackMembershipErrors.InvalidUrlLength(url.length);
        for (uint256 i = 0; i < url.length; i += 32) {
            uint256 word = uint256(bytes32(url[i:]));
            unchecked {
                // Of the last word only the bytes of the URL: the others read as zero and become '0'.
                if (url.length - i < 32) word |= (0x30 * ONE) >> (8 * (url.length - i));
                // For bytes below 0x80, adding 0x5f sets the top bit from 0x21 on, adding 1 only for 0x7f, and no sum
                // carries into the next byte.
                if ((word & TOP_BIT) == 0 && ((word + 0x5f * ONE) & ~(word + ONE) & TOP_BIT) == TOP_BIT) continue;
            }
            _revertAtByte(url, i);
        }
    }

    /// @notice Takes a URL of production mode apart: `https://<label>.<base>[:port][/]`.
    /// @dev The base domain is not checked here: the caller compares it, byte for byte, with those it allows.
    /// @return label The host before its first dot, checked.
    /// @return baseDomain The host after its first dot.
    function split(bytes calldata url) internal pure returns (bytes calldata label, bytes calldata baseDomain) {
        if (url.length == 0 || url.length > MAX_LENGTH) revert IDstackMembershipErrors.InvalidUrlLength(url.length);
        if (url.length < 8 || bytes8(url[:8]) != "https://") revert IDstackMembershipErrors.UrlNotHttps(string(url));

        // 248 bytes at most, so a host needs no check against DNS's 253.
        bytes calldata rest = url[8:];
        uint256 hostEnd = _find(rest, ":", "/");
        uint256 portEnd = hostEnd;
        if (hostEnd < rest.length && rest[hostEnd] == ":") {
            portEnd = hostEnd + 1 + _find(rest[hostEnd + 1:], "/", "/");
            bytes calldata port = rest[hostEnd + 1:portEnd];
            if (!_isPort(port)) revert IDstackMembershipErrors.InvalidUrlPort(string(port));
        }
        if (rest.length > portEnd + 1) revert IDstackMembershipErrors.InvalidUrlPath(string(rest[portEnd:]));

        uint256 dot = _find(rest[:hostEnd], ".", ".");
        label = rest[:dot];
        if (!_isLabel(label)) revert IDstackMembershipErrors.InvalidUrlLabel(string(label));
        baseDomain = dot < hostEnd ? rest[dot + 1:hostEnd] : rest[:0];
    }

    /// @notice Requires that a checked label names the instance: hex(instanceId) [ "-" ( port ["s"|"g"] | "s" | "g" ) ].
    function requireBound(bytes calldata label, bytes20 instanceId) internal pure {
        if (!_isBound(label, instanceId)) {
            revert IDstackMembershipErrors.UrlNotBoundToInstance(string(label), instanceId);
        }
    }

    /// @notice Requires a base domain: two labels at least, the last one starting with a letter, so that no IPv4 address
    /// passes.
    function requireBaseDomain(bytes calldata domain) internal pure {
        if (!_isBaseDomain(domain)) revert IDstackMembershipErrors.InvalidBaseDomain(string(domain));
    }

    function _isBound(bytes calldata label, bytes20 instanceId) private pure returns (bool) {
        if (label.length < 40 || keccak256(label[:40]) != keccak256(bytes(InstanceId.toText(instanceId)))) {
            return false;
        }
        if (label.length == 40) return true;
        if (label[40] != "-") return false;
        bytes calldata suffix = label[41:];
        if (suffix.length == 0) return false;
        bytes1 last = suffix[suffix.length - 1];
        if (last != "s" && last != "g") return _isPort(suffix);
        return suffix.length == 1 || _isPort(suffix[:suffix.length - 1]);
    }

    function _isBaseDomain(bytes calldata domain) private pure returns (bool) {
        if (domain.length > MAX_DOMAIN) return false;
        uint256 labels = 0;
        while (true) {
            uint256 dot = _find(domain, ".", ".");
            if (!_isLabel(domain[:dot])) return false;
            ++labels;
            if (dot == domain.length) return labels >= 2 && _isLetter(domain[0]);
            domain = domain[dot + 1:];
        }
        return false;
    }

    /// @dev 1 to 63 of a-z, 0-9 and inner hyphens. Punycode is refused: what it displays as depends on the reader.
    function _isLabel(bytes calldata label) private pure returns (bool) {
        if (label.length == 0 || label.length > MAX_LABEL) return false;
        if (label[0] == "-" || label[label.length - 1] == "-") return false;
        if (label.length >= 4 && bytes4(label[:4]) == "xn--") return false;
        for (uint256 i = 0; i < label.length; ++i) {
            bytes1 c = label[i];
            if (!_isLetter(c) && !_isDigit(c) && c != "-") return false;
        }
        return true;
    }

    function _isPort(bytes calldata digits) private pure returns (bool) {
        if (digits.length == 0 || digits.length > 5 || digits[0] == "0") return false;
        uint256 port = 0;
        for (uint256 i = 0; i < digits.length; ++i) {
            if (!_isDigit(digits[i])) return false;
            port = 10 * port + uint8(digits[i]) - 0x30;
        }
        return port <= 65_535;
    }

    function _isLetter(bytes1 c) private pure returns (bool) {
        return c >= "a" && c <= "z";
    }

    function _isDigit(bytes1 c) private pure returns (bool) {
        return c >= "0" && c <= "9";
    }

    /// @dev Where the first of two bytes stands, or the length when neither does.
    function _find(bytes calldata text, bytes1 a, bytes1 b) private pure returns (uint256 i) {
        while (i < text.length && text[i] != a && text[i] != b) ++i;
    }

    /// @dev Names the first byte from `i` on that is not visible ASCII.
    function _revertAtByte(bytes calldata url, uint256 i) private pure {
        while (url[i] >= 0x21 && url[i] <= 0x7e) ++i;
        revert IDstackMembershipErrors.InvalidUrlByte(i, url[i]);
    }
}
