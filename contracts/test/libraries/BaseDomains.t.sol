// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {IDstackMembershipErrors as Errors} from "../../src/interfaces/IDstackMembershipErrors.sol";
import {BaseDomains} from "../../src/libraries/BaseDomains.sol";

contract BaseDomainsHarness {
    using BaseDomains for BaseDomains.Registry;

    BaseDomains.Registry internal registry;

    function add(bytes calldata domain) external {
        registry.add(domain);
    }

    function remove(bytes calldata domain) external returns (bool) {
        return registry.remove(domain);
    }

    function numberOf(bytes calldata domain) external view returns (uint256) {
        return registry.numberOf(domain);
    }

    function domainOf(uint256 number) external view returns (bytes memory) {
        return registry.domains[number];
    }

    function setLastNumber(uint16 number) external {
        registry.lastNumber = number;
    }
}

contract BaseDomainsTest is Test {
    BaseDomainsHarness internal domains = new BaseDomainsHarness();

    function test_add_CountsFromOne() public {
        assertEq(domains.numberOf("a.b"), 0);
        domains.add("a.b");
        domains.add("c.d");
        assertEq(domains.numberOf("a.b"), 1);
        assertEq(domains.numberOf("c.d"), 2);
        assertEq(domains.domainOf(1), "a.b");
        assertEq(domains.domainOf(2), "c.d");
    }

    function test_add_AgainKeepsTheNumber() public {
        domains.add("a.b");
        domains.add("a.b");
        assertEq(domains.numberOf("a.b"), 1);
        domains.add("c.d");
        assertEq(domains.numberOf("c.d"), 2);
    }

    function test_remove_TellsWhetherItWasAllowed() public {
        assertFalse(domains.remove("a.b"));
        domains.add("a.b");
        assertTrue(domains.remove("a.b"));
        assertFalse(domains.remove("a.b"));
        assertEq(domains.numberOf("a.b"), 0);
    }

    function test_add_NeverGivesANumberTwice() public {
        domains.add("a.b");
        domains.remove("a.b");
        domains.add("a.b");
        assertEq(domains.numberOf("a.b"), 2);
        domains.remove("a.b");
        domains.add("c.d");
        assertEq(domains.numberOf("c.d"), 3);
        // What an old number stood for, it stands for.
        assertEq(domains.domainOf(1), "a.b");
    }

    function test_add_RevertsIfThereIsNoNumberLeft() public {
        domains.add("a.b");
        domains.setLastNumber(type(uint16).max - 1);
        domains.add("c.d");
        assertEq(domains.numberOf("c.d"), type(uint16).max);
        domains.add("a.b");
        vm.expectRevert(abi.encodeWithSelector(Errors.TooManyBaseDomains.selector, type(uint16).max));
        domains.add("e.f");
    }
}
