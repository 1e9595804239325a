// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

/// @dev Three ways to keep a text of up to 256 bytes beside a slot that has room for its length, but not for an address.
contract UrlStores {
    string internal text;
    bytes32[8] internal words;
    address internal pointer;

    function writeString(string calldata url) external {
        text = url;
    }

    /// @dev What PeerIndex does: words that differ are written, and none is cleared.
    function writeWords(bytes calldata url) external {
        for (uint256 i = 0; 32 * i < url.length; ++i) {
            bytes32 word = bytes32(url[32 * i:]);
            if (words[i] != word) words[i] = word;
        }
    }

    /// @dev SSTORE2: the text as the code of a contract, behind a byte that cannot be run.
    function writeCode(bytes calldata url) external {
        bytes memory creation = bytes.concat(hex"600b5981380380925939f300", url);
        address created;
        assembly ("memory-safe") {
            created := create(0, add(creation, 32), mload(creation))
        }
        require(created != address(0));
        pointer = created;
    }

    function readString() external view returns (string memory) {
        return text;
    }

    function readWords(uint256 length) external view returns (bytes memory url) {
        url = new bytes(length);
        for (uint256 i = 0; 32 * i < length; ++i) {
            bytes32 word = words[i];
            assembly ("memory-safe") {
                mstore(add(url, add(32, mul(32, i))), word)
            }
        }
    }

    function readCode() external view returns (bytes memory url) {
        bytes memory code = pointer.code;
        url = new bytes(code.length - 1);
        for (uint256 i = 0; i < url.length; i += 32) {
            assembly ("memory-safe") {
                mstore(add(url, add(32, i)), mload(add(code, add(33, i))))
            }
        }
    }
}

/// @dev Which of them is the cheapest to write, to change and to read. The figures are in snapshots/, and what follows from
/// them in bench/README.md.
contract UrlStorageTest is Test {
    UrlStores internal stores;

    /// forge-config: default.isolate = true
    function test_gas_Stores() public {
        uint256[7] memory lengths = [uint256(16), 32, 48, 64, 96, 128, 256];
        for (uint256 i = 0; i < lengths.length; ++i) {
            stores = new UrlStores();
            measure(lengths[i], "a", "write");
            measure(lengths[i], "b", "change");
        }
    }

    function measure(uint256 length, bytes1 fill, string memory what) internal {
        bytes memory url = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            url[i] = fill;
        }
        string memory name = string.concat(length < 100 ? "0" : "", vm.toString(length), " bytes, ");
        stores.writeString(string(url));
        vm.snapshotGasLastCall(string.concat(name, what, ", string"));
        stores.writeWords(url);
        vm.snapshotGasLastCall(string.concat(name, what, ", words"));
        stores.writeCode(url);
        vm.snapshotGasLastCall(string.concat(name, what, ", code"));
        if (fill == "a") return;
        assertEq(stores.readString(), string(url));
        vm.snapshotGasLastCall(string.concat(name, "read, string"));
        assertEq(stores.readWords(length), url);
        vm.snapshotGasLastCall(string.concat(name, "read, words"));
        assertEq(stores.readCode(), url);
        vm.snapshotGasLastCall(string.concat(name, "read, code"));
    }
}
