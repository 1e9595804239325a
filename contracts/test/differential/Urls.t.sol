// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {console} from "forge-std/console.sol";
import {ConnectionUrl} from "../../src/libraries/ConnectionUrl.sol";
import {InstanceId} from "../../src/libraries/InstanceId.sol";
import {UrlCode} from "../../src/libraries/UrlCode.sol";

/// @dev All that this test knows of the library: each question about a text, as the contract asks it. The answer no is
/// one of the contract's errors.
contract UrlRules {
    function requireDev(bytes calldata text) external pure {
        ConnectionUrl.requireVisible(text);
    }

    /// @dev A URL of production mode for some base domain: the contract looks the rest of the host up among those that
    /// it checked when they were added.
    function requireProduction(bytes calldata text)
        external
        pure
        returns (bytes memory label, bytes memory baseDomain)
    {
        (bytes calldata l, bytes calldata b) = ConnectionUrl.split(text);
        ConnectionUrl.requireBaseDomain(b);
        return (l, b);
    }

    function requireBound(bytes calldata text, bytes20 instanceId) external pure {
        (bytes calldata label,) = ConnectionUrl.split(text);
        ConnectionUrl.requireBound(label, instanceId);
    }

    function requireBaseDomain(bytes calldata text) external pure {
        ConnectionUrl.requireBaseDomain(text);
    }

    /// @dev Whether the URL is kept as a code, if its base domain is allowed, and that domain.
    function asGateway(bytes calldata text, bytes calldata idText) external pure returns (bool, bytes memory) {
        (bool isGateway,, bytes calldata baseDomain) = UrlCode.parseGateway(text, idText);
        return (isGateway, baseDomain);
    }
}

/// @dev The texts of tests/differential/urls.mjs, each with what an independent grammar says about it.
contract DifferentialUrlsTest is Test {
    string internal constant FOLDER = "../build/differential/";
    uint256 internal constant CHUNK = 500;

    // The bits of a verdict, as in grammar.mjs.
    uint8 internal constant DEV = 1;
    uint8 internal constant PRODUCTION = 2;
    uint8 internal constant ALLOWED = 4;
    uint8 internal constant BOUND = 8;
    uint8 internal constant BASE_DOMAIN = 16;

    UrlRules internal rules = new UrlRules();
    bytes20 internal instanceId;
    bytes32 internal allowedBase;

    function test_urls_Vectors() public {
        compareFile("urls-vectors.txt");
    }

    function test_urls_Generated() public {
        compareFile("urls-generated.txt");
    }

    function compareFile(string memory name) internal {
        string memory file = string.concat(FOLDER, name);
        this.readRules(vm.parseBytes(vm.readLine(file)));
        uint256 compared = 0;
        uint256 chunk = CHUNK;
        while (chunk == CHUNK) {
            chunk = this.compareChunk(file);
            compared += chunk;
        }
        assertGt(compared, 0);
        console.log("%s: compared %d", name, compared);
    }

    function readRules(bytes calldata line) external {
        instanceId = bytes20(line[:20]);
        allowedBase = keccak256(line[20:]);
    }

    /// @dev A call of its own, so that its memory is given back. Returns how many texts there were, `CHUNK` at most.
    function compareChunk(string calldata file) external view returns (uint256 compared) {
        for (; compared < CHUNK; ++compared) {
            string memory line = vm.readLine(file);
            if (bytes(line).length == 0) break;
            this.compareLine(vm.parseBytes(line));
        }
    }

    /// @param line Verdict, length of the label, length of the base domain, text.
    function compareLine(bytes calldata line) external view {
        bytes calldata text = line[3:];
        (uint8 verdict, uint256 label, uint256 baseDomain) = judge(text);
        bytes3 got = bytes3(abi.encodePacked(verdict, uint8(label), uint8(baseDomain)));
        if (got != bytes3(line[:3])) {
            revert(string.concat(vm.toString(text), " (", string(text), "): ", describe(bytes3(line[:3]), got)));
        }
        compareGateway(text, verdict, label + baseDomain);
    }

    /// @dev A code is for what is accepted in every mode and ends behind the base domain, and for nothing else.
    function compareGateway(bytes calldata text, uint8 verdict, uint256 lengths) internal view {
        uint8 all = DEV | PRODUCTION | ALLOWED | BOUND;
        (bool isGateway, bytes memory baseDomain) = rules.asGateway(text, bytes(InstanceId.toText(instanceId)));
        bool coded = isGateway && keccak256(baseDomain) == allowedBase;
        assertEq(coded, verdict & all == all && text.length == 9 + lengths, vm.toString(text));
    }

    function judge(bytes calldata text) internal view returns (uint8 verdict, uint256 label, uint256 baseDomain) {
        bytes memory answer;
        if (passes(abi.encodeCall(rules.requireDev, (text)))) verdict |= DEV;
        if (passes(abi.encodeCall(rules.requireBaseDomain, (text)))) verdict |= BASE_DOMAIN;
        (bool production, bytes memory parts) = ask(abi.encodeCall(rules.requireProduction, (text)));
        if (!production) return (verdict, 0, 0);
        verdict |= PRODUCTION;
        (bytes memory l, bytes memory b) = abi.decode(parts, (bytes, bytes));
        bool cutRight = keccak256(bytes.concat("https://", l, ".", b)) == keccak256(text[:9 + l.length + b.length]);
        if (!cutRight) revert(string.concat(vm.toString(text), " is not cut into ", string(l), " and ", string(b)));
        if (keccak256(b) == allowedBase) verdict |= ALLOWED;
        if (passes(abi.encodeCall(rules.requireBound, (text, instanceId)))) verdict |= BOUND;
        return (verdict, l.length, b.length);
    }

    function passes(bytes memory question) internal view returns (bool answer) {
        (answer,) = ask(question);
    }

    /// @dev No is one of the contract's own errors, never a panic.
    function ask(bytes memory question) internal view returns (bool passed, bytes memory answer) {
        (passed, answer) = address(rules).staticcall(question);
        if (!passed) assertTrue(answer.length >= 4 && bytes4(answer) != 0x4e487b71, vm.toString(question));
    }

    function describe(bytes3 wanted, bytes3 got) internal pure returns (string memory) {
        return string.concat(
            "verdict and lengths ", vm.toString(abi.encodePacked(wanted)), ", not ", vm.toString(abi.encodePacked(got))
        );
    }
}
