// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DeployDstackMembershipNFT} from "../script/DeployDstackMembershipNFT.s.sol";
import {DstackMembershipNFT} from "../src/DstackMembershipNFT.sol";
import {ClusterTest} from "./utils/ClusterTest.sol";

/// @dev The script's parts; deploy_test.sh runs the whole of it against a node.
contract DeployHarness is DeployDstackMembershipNFT {
    function configure(Environment memory env, uint256 chainId) external pure returns (Config memory) {
        return _configure(env, chainId);
    }

    function deploy(Config memory config) external returns (DstackMembershipNFT) {
        return _deploy(config);
    }

    function renewalGas() external pure returns (uint256) {
        return RENEWAL_GAS;
    }

    function yearOfRenewals() external pure returns (uint256) {
        return _yearOfRenewals();
    }
}

contract DeployDstackMembershipNFTTest is ClusterTest {
    DeployHarness internal script = new DeployHarness();
    DeployDstackMembershipNFT.Environment internal env;

    address internal constant DEVELOPMENT_ROOT = 0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf;
    address internal constant DEVELOPMENT_APP = address(0x005bB4Ff9a3837357f19DC176407a5709c62eb6C56);
    string internal constant KEY = "00000000000000000000000000000000000000000000000000000000000000aB";
    string internal constant ROOT = "0x1000000000000000000000000000000000000001";

    // Local

    function test_configure_LocalDefaults() public view {
        DeployDstackMembershipNFT.Config memory config = script.configure(env, 31_337);
        assertEq(vm.addr(config.privateKey), 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266);
        assertEq(config.kmsRoot, DEVELOPMENT_ROOT);
        assertEq(config.appId, DEVELOPMENT_APP);
        assertFalse(config.production);
        assertEq(config.baseDomains.length, 0);
    }

    /// @dev The defaults are those that the simulator's keys belong to.
    function test_configure_LocalDefaultsAreTheVectors() public view {
        string memory json = vm.readFile("../tests/vectors/get_key.json");
        assertEq(DEVELOPMENT_ROOT, vm.parseJsonAddress(json, ".kms_root_address"));
        string memory appId = string.concat("0x", vm.parseJsonString(json, ".app_id"));
        assertEq(DEVELOPMENT_APP, vm.parseAddress(appId));
    }

    function test_configure_LocalTakesWhatIsSet() public {
        env.privateKey = KEY;
        env.kmsRootAddress = ROOT;
        env.appId = "2000000000000000000000000000000000000002";
        env.production = "1";
        env.baseDomains = "a.example, b.example";
        DeployDstackMembershipNFT.Config memory config = script.configure(env, 31_337);
        assertEq(config.privateKey, 0xab);
        assertEq(config.kmsRoot, vm.parseAddress(ROOT));
        assertEq(config.appId, 0x2000000000000000000000000000000000000002);
        assertTrue(config.production);
        assertEq(config.baseDomains.length, 2);
        assertEq(config.baseDomains[0], "a.example");
        assertEq(config.baseDomains[1], "b.example");
    }

    // Elsewhere

    function test_configure_ElsewhereAppIsOptional() public {
        env.privateKey = KEY;
        env.kmsRootAddress = ROOT;
        DeployDstackMembershipNFT.Config memory config = script.configure(env, 8453);
        assertEq(config.appId, address(0));
        env.appId = "0x5bb4ff9a3837357f19dc176407a5709c62eb6c56";
        assertEq(script.configure(env, 8453).appId, DEVELOPMENT_APP);
    }

    function test_configure_RevertsIfElsewhereWithoutKey() public {
        env.kmsRootAddress = ROOT;
        expectRefusal("PRIVATE_KEY is required on chain 8453", 8453);
    }

    function test_configure_RevertsIfElsewhereWithoutRoot() public {
        env.privateKey = KEY;
        expectRefusal("KMS_ROOT_ADDRESS is required on chain 1", 1);
    }

    function test_configure_RevertsIfElsewhereWithTheDevelopmentRoot() public {
        env.privateKey = KEY;
        string[2] memory spellings =
            ["0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf", "a7f6043c29f9cc1d9d6acf554c53e0c6792aaeaf"];
        for (uint256 i = 0; i < spellings.length; ++i) {
            env.kmsRootAddress = spellings[i];
            expectRefusal("KMS_ROOT_ADDRESS is dstack's public development root: anyone can sign with it", 8453);
        }
    }

    // Malformed

    function test_configure_RevertsIfKeyIsMalformed() public {
        string[6] memory bad = [
            "0x",
            "ab",
            string.concat(KEY, "0"),
            string.concat("0x0x", "0000000000000000000000000000000000000000000000000000000000ab"),
            "g000000000000000000000000000000000000000000000000000000000000000",
            "0x0000000000000000000000000000000000000000000000000000000000000000"
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            env.privateKey = bad[i];
            expectRefusal("PRIVATE_KEY is not 64 hex digits of a private key", 31_337);
        }
        env.privateKey = string.concat("0x", KEY);
        assertEq(script.configure(env, 31_337).privateKey, 0xab);
    }

    function test_configure_RevertsIfAnAddressIsMalformed() public {
        env.kmsRootAddress = "0x12";
        expectRefusal("KMS_ROOT_ADDRESS is no address: 0x12", 31_337);
        env.kmsRootAddress = "0x0000000000000000000000000000000000000000";
        expectRefusal("KMS_ROOT_ADDRESS is no address: 0x0000000000000000000000000000000000000000", 31_337);
        env.kmsRootAddress = ROOT;
        env.appId = "x";
        expectRefusal("APP_ID is no address: x", 31_337);
    }

    function test_configure_RevertsIfProductionIsMalformed() public {
        env.production = "yes";
        expectRefusal("PRODUCTION is neither true nor false: yes", 31_337);
    }

    function test_configure_RevertsIfProductionHasNoDomains() public {
        env.production = "true";
        expectRefusal("BASE_DOMAINS is required with PRODUCTION: no URL could pass", 31_337);
        env.production = "false";
        script.configure(env, 31_337);
    }

    // Deployed

    function test_deploy_Development() public {
        DstackMembershipNFT deployed = script.deploy(script.configure(env, 31_337));
        assertEq(deployed.owner(), address(script));
        assertEq(deployed.kmsRootAddress(), DEVELOPMENT_ROOT);
        assertTrue(deployed.isAppIdAllowed(DEVELOPMENT_APP));
        assertTrue(deployed.devMode());
        assertFalse(deployed.instanceBoundUrls());
        assertEq(deployed.leaseDuration(), 0);
    }

    function test_deploy_Production() public {
        env.production = "true";
        env.baseDomains = "a.example,b.example";
        DstackMembershipNFT deployed = script.deploy(script.configure(env, 31_337));
        assertFalse(deployed.devMode());
        assertTrue(deployed.instanceBoundUrls());
        assertEq(deployed.leaseDuration(), 24 hours);
        assertTrue(deployed.isBaseDomainAllowed("a.example"));
        assertTrue(deployed.isBaseDomainAllowed("b.example"));
    }

    /// @dev What the script says a year costs is what a renewal does cost, rounded up a little.
    /// forge-config: default.isolate = true
    function test_yearOfRenewals_IsMeasured() public {
        nft.addBaseDomain(BASE_DOMAIN);
        nft.setInstanceBoundUrls(true);
        nft.setDevMode(false);
        nft.setLeaseDuration(24 hours);
        mintAndRegister(ID, GATEWAY_URL);
        nextBlock();
        submit(registration(ID, GATEWAY_URL));
        uint256 used = vm.lastCallGas().gasTotalUsed;
        assertGe(script.renewalGas(), used);
        assertLe(script.renewalGas(), used + used / 20);
        assertEq(script.yearOfRenewals(), 730 * script.renewalGas());
    }

    function expectRefusal(string memory reason, uint256 chainId) internal {
        vm.expectRevert(bytes(reason));
        script.configure(env, chainId);
    }
}
