// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Calldata} from "./Calldata.sol";
import {IDstackMembershipErrors} from "../interfaces/IDstackMembershipErrors.sol";

/// @title The base domains that URLs may be under
/// @notice Each has a number, by which index entries refer to it. A number is never given twice, so that no entry changes
/// its meaning: a domain that was removed and is allowed again gets a new one.
library BaseDomains {
    struct Registry {
        uint16 lastNumber;
        // 0 = not allowed.
        mapping(bytes32 domainHash => uint16) numbers;
        mapping(uint256 number => bytes) domains;
    }

    /// @notice Allows a domain, whose grammar the caller has checked. One that is allowed already keeps its number.
    function add(Registry storage self, bytes calldata domain) internal {
        bytes32 hash = Calldata.hash(domain);
        if (self.numbers[hash] != 0) return;
        uint16 number = self.lastNumber;
        if (number == type(uint16).max) revert IDstackMembershipErrors.TooManyBaseDomains(number);
        ++number;
        self.lastNumber = number;
        self.numbers[hash] = number;
        self.domains[number] = domain;
    }

    /// @notice No longer allows a domain, and returns whether it was.
    function remove(Registry storage self, bytes calldata domain) internal returns (bool removed) {
        bytes32 hash = Calldata.hash(domain);
        removed = self.numbers[hash] != 0;
        delete self.numbers[hash];
    }

    /// @notice The number of a domain; 0 when it is not allowed.
    function numberOf(Registry storage self, bytes calldata domain) internal view returns (uint256) {
        return self.numbers[Calldata.hash(domain)];
    }
}
