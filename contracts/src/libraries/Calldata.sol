// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Hashing arguments
/// @notice As `keccak256` of them, in memory that is not in use yet and stays so.
library Calldata {
    function hash(bytes calldata data) internal pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, data.offset, data.length)
            digest := keccak256(free, data.length)
        }
    }
}
