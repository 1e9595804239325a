// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDstackMembershipErrors} from "../interfaces/IDstackMembershipErrors.sol";
import {Ascii} from "./Ascii.sol";
import {InstanceId} from "./InstanceId.sol";

/// @title Connection URLs and base domains
/// @notice Refused rather than normalised: two spellings of one address never both pass, and nothing that a URL parser
/// might read in another way does.
library ConnectionUrl {
    uint256 internal constant MAX_LENGTH = 256;
    uint256 private constant MAX_DOMAIN = 253;
    uint256 private constant MAX_LABEL = 63;

    /// @notice Requires a URL of dev mode: 1 to 256 bytes from 0x21 to 0x7e.
    function requireVisible(bytes calldata url) internal pure {
        if (url.length == 0 || url.length > MAX_LENGTH) revert IDstackMembershipErrors.InvalidUrlLength(url.length);
        uint256 i = Ascii.findInvisible(url);
        if (i < url.length) revert IDstackMembershipErrors.InvalidUrlByte(i, url[i]);
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
        uint256 hostEnd = Ascii.find(rest, ":", "/");
        uint256 portEnd = hostEnd;
        if (hostEnd < rest.length && rest[hostEnd] == ":") {
            portEnd = hostEnd + 1 + Ascii.find(rest[hostEnd + 1:], "/", "/");
            bytes calldata port = rest[hostEnd + 1:portEnd];
            if (!_isPort(port)) revert IDstackMembershipErrors.InvalidUrlPort(string(port));
        }
        if (rest.length > portEnd + 1) revert IDstackMembershipErrors.InvalidUrlPath(string(rest[portEnd:]));

        uint256 dot = Ascii.find(rest[:hostEnd], ".", ".");
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
        if (label.length < 40 || !InstanceId.isText(instanceId, label[:40])) {
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
            uint256 dot = Ascii.find(domain, ".", ".");
            if (!_isLabel(domain[:dot])) return false;
            ++labels;
            if (dot == domain.length) return labels >= 2 && !_isDigit(domain[0]);
            domain = domain[dot + 1:];
        }
        return false;
    }

    /// @dev 1 to 63 of a-z, 0-9 and inner hyphens. Punycode is refused: what it displays as depends on the reader.
    function _isLabel(bytes calldata label) private pure returns (bool) {
        if (label.length == 0 || label.length > MAX_LABEL) return false;
        if (label[0] == "-" || label[label.length - 1] == "-") return false;
        if (bytes4(label) == "xn--") return false;
        return Ascii.findNonLabel(label) == label.length;
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

    function _isDigit(bytes1 c) private pure returns (bool) {
        return c >= "0" && c <= "9";
    }
}
