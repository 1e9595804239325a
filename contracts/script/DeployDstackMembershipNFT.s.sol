// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Script} from "forge-std/Script.sol";
import {console} from "forge-std/console.sol";
import {DstackMembershipNFT} from "../src/DstackMembershipNFT.sol";

/// @title Deploys DstackMembershipNFT
/// @notice forge script script/DeployDstackMembershipNFT.s.sol --broadcast
///
/// From the environment:
///   RPC_URL           the node; http://localhost:8545 by default, unless forge was given --rpc-url
///   PRIVATE_KEY       pays, and becomes the owner
///   KMS_ROOT_ADDRESS  the KMS root, which certifies app keys
///   APP_ID            optional: an app whose instances may register; the contract itself always is one
///   PRODUCTION        true: no dev mode, URLs bound to their instance, a lease of 24 hours
///   BASE_DOMAINS      with PRODUCTION: the base domains of URLs, comma-separated
/// On chain 31337 (a local node) the defaults are anvil's first account and dstack's public development root and app.
/// Anyone can sign with those: elsewhere key and root are required, and the public root is refused.
contract DeployDstackMembershipNFT is Script {
    /// @dev The environment as it stands, "" for what is not set.
    struct Environment {
        string privateKey;
        string kmsRootAddress;
        string appId;
        string production;
        string baseDomains;
    }

    struct Config {
        uint256 privateKey;
        address kmsRoot;
        address appId;
        bool production;
        string[] baseDomains;
    }

    uint256 internal constant LOCAL_CHAIN = 31_337;
    string internal constant ANVIL_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    string internal constant DEVELOPMENT_ROOT = "0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf";
    string internal constant DEVELOPMENT_APP = "0x5bb4ff9a3837357f19dc176407a5709c62eb6c56";

    uint64 internal constant LEASE = 24 hours;
    /// @dev The gas of a renewal with a gateway URL, measured, rounded up.
    uint256 internal constant RENEWAL_GAS = 64_000;

    function run() external returns (DstackMembershipNFT nft) {
        _selectNode();
        Config memory config = _configure(
            Environment({
                privateKey: vm.envOr("PRIVATE_KEY", string("")),
                kmsRootAddress: vm.envOr("KMS_ROOT_ADDRESS", string("")),
                appId: vm.envOr("APP_ID", string("")),
                production: vm.envOr("PRODUCTION", string("")),
                baseDomains: vm.envOr("BASE_DOMAINS", string(""))
            }),
            block.chainid
        );
        vm.startBroadcast(config.privateKey);
        nft = _deploy(config);
        vm.stopBroadcast();
        _report(nft, config);
    }

    /// @dev A node from RPC_URL, else the one that forge was given, else a local one.
    function _selectNode() internal {
        string memory url = vm.envOr("RPC_URL", string(""));
        if (bytes(url).length == 0) {
            try vm.activeFork() {
                return;
            } catch {
                url = "http://localhost:8545";
            }
        }
        vm.createSelectFork(url);
    }

    function _configure(Environment memory env, uint256 chainId) internal pure returns (Config memory config) {
        bool local = chainId == LOCAL_CHAIN;
        config.privateKey = _parseKey(_orDefault("PRIVATE_KEY", env.privateKey, ANVIL_KEY, chainId));
        config.kmsRoot = _parseAddress(
            "KMS_ROOT_ADDRESS", _orDefault("KMS_ROOT_ADDRESS", env.kmsRootAddress, DEVELOPMENT_ROOT, chainId)
        );
        if (!local && config.kmsRoot == vm.parseAddress(DEVELOPMENT_ROOT)) {
            revert("KMS_ROOT_ADDRESS is dstack's public development root: anyone can sign with it");
        }
        string memory appId = local && bytes(env.appId).length == 0 ? DEVELOPMENT_APP : env.appId;
        if (bytes(appId).length != 0) config.appId = _parseAddress("APP_ID", appId);
        config.production = _parseBool("PRODUCTION", env.production);
        bool hasDomains = bytes(env.baseDomains).length != 0;
        if (config.production && !hasDomains) revert("BASE_DOMAINS is required with PRODUCTION: no URL could pass");
        if (hasDomains) config.baseDomains = vm.split(vm.replace(env.baseDomains, " ", ""), ",");
    }

    function _deploy(Config memory config) internal returns (DstackMembershipNFT nft) {
        nft = new DstackMembershipNFT(config.kmsRoot);
        if (config.appId != address(0)) nft.allowApp(config.appId);
        for (uint256 i = 0; i < config.baseDomains.length; ++i) {
            nft.addBaseDomain(config.baseDomains[i]);
        }
        if (config.production) {
            nft.setInstanceBoundUrls(true);
            nft.setDevMode(false);
            nft.setLeaseDuration(LEASE);
        }
    }

    function _report(DstackMembershipNFT nft, Config memory config) internal view {
        console.log("DstackMembershipNFT deployed at", address(nft));
        console.log("  chain id ", block.chainid);
        console.log("  owner    ", nft.owner());
        console.log("  KMS root ", nft.kmsRootAddress());
        if (config.appId != address(0)) console.log("  app      ", config.appId);
        if (!config.production) {
            console.log("  dev mode: any URL passes");
            return;
        }
        for (uint256 i = 0; i < config.baseDomains.length; ++i) {
            console.log("  base domain", config.baseDomains[i]);
        }
        console.log("  lease in seconds", uint256(LEASE));
        console.log("  a node renews at half its lease; gas for a year of that:", _yearOfRenewals());
    }

    function _yearOfRenewals() internal pure returns (uint256) {
        return 2 * 365 days * RENEWAL_GAS / LEASE;
    }

    function _orDefault(string memory name, string memory value, string memory fallbackValue, uint256 chainId)
        internal
        pure
        returns (string memory)
    {
        if (bytes(value).length != 0) return value;
        if (chainId != LOCAL_CHAIN) revert(string.concat(name, " is required on chain ", vm.toString(chainId)));
        return fallbackValue;
    }

    /// @dev Not by cheatcode, which would show a malformed key in its error and any key in a trace.
    function _parseKey(string memory text) internal pure returns (uint256 key) {
        bytes memory digits = bytes(text);
        uint256 start = digits.length == 66 && digits[0] == "0" && (digits[1] == "x" || digits[1] == "X") ? 2 : 0;
        bool valid = digits.length - start == 64;
        for (uint256 i = start; valid && i < digits.length; ++i) {
            uint8 c = uint8(digits[i]);
            if (c >= 0x30 && c <= 0x39) key = 16 * key + c - 0x30;
            else if (c >= 0x41 && c <= 0x46) key = 16 * key + c - 0x41 + 10;
            else if (c >= 0x61 && c <= 0x66) key = 16 * key + c - 0x61 + 10;
            else valid = false;
        }
        if (!valid || key == 0) revert("PRIVATE_KEY is not 64 hex digits of a private key");
    }

    /// @dev 40 hex digits, with or without 0x.
    function _parseAddress(string memory name, string memory text) internal pure returns (address account) {
        string memory digits = bytes(text).length == 40 ? string.concat("0x", text) : text;
        try vm.parseAddress(digits) returns (address parsed) {
            account = parsed;
        } catch {}
        if (account == address(0)) revert(string.concat(name, " is no address: ", text));
    }

    function _parseBool(string memory name, string memory text) internal pure returns (bool) {
        bytes32 hash = keccak256(bytes(text));
        if (hash == keccak256("true") || hash == keccak256("1")) return true;
        if (bytes(text).length == 0 || hash == keccak256("false") || hash == keccak256("0")) return false;
        revert(string.concat(name, " is neither true nor false: ", text));
    }
}
