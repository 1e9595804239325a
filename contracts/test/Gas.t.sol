// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAppAuth} from "../src/interfaces/IAppAuth.sol";
import {ClusterTest} from "./utils/ClusterTest.sol";
import {FillHarness} from "./utils/FillHarness.sol";

/// @dev What the life of a node costs, each call as a transaction of its own, intrinsic gas included. The figures go to
/// snapshots/; `FORGE_SNAPSHOT_CHECK=true forge test --mc GasTest` fails when they have moved.
contract GasTest is ClusterTest {
    /// @dev GATEWAY_URL with a port.
    string internal constant MOVED_URL =
        "https://1691ed1b47506cad7d08834668691d88246f5b1f-5432s.dstack-pha-prod7.phala.network";

    /// @dev A cluster in which one node has joined before, as every node but the first finds it.
    function setUp() public override {
        super.setUp();
        mintAndRegister(OTHER_ID, URL);
        nft.addBaseDomain(BASE_DOMAIN);
        nextBlock();
    }

    /// forge-config: default.isolate = true
    function test_gas_Mint() public {
        nft.mintNodeAccess(stranger, ID);
        vm.snapshotGasLastCall("mint, holder's first");
        nft.revokeNodeAccess(ID);
        vm.snapshotGasLastCall("revoke");
        nft.mintNodeAccess(holder, ID);
        vm.snapshotGasLastCall("mint, holder's second");
    }

    /// forge-config: default.isolate = true
    function test_gas_DevMode() public {
        mint(ID);
        measure("dev mode, http://localhost:8080", URL);
    }

    /// forge-config: default.isolate = true
    function test_gas_DevModeGatewayUrl() public {
        mint(ID);
        measure("dev mode, gateway URL", GATEWAY_URL);
    }

    /// forge-config: default.isolate = true
    function test_gas_Production() public {
        mint(ID);
        nft.setInstanceBoundUrls(true);
        nft.setDevMode(false);
        nft.setLeaseDuration(24 hours);
        measure("production, gateway URL", GATEWAY_URL);
    }

    /// @dev The first node of an app besides the contract's own brings a certificate that has not been verified before.
    /// forge-config: default.isolate = true
    function test_gas_FirstOfAnApp() public {
        nft.allowApp(stranger);
        string[2] memory ids = [ID, toText(bytes20(uint160(1) << 20))];
        string[2] memory names = ["first of an app", "second of an app"];
        for (uint256 i = 0; i < 2; ++i) {
            mint(ids[i]);
            string memory url = string.concat("https://", ids[i], "-s.", BASE_DOMAIN);
            Registration memory r = registration(ids[i], url);
            r.kmsSignature = certificate(ROOT_KEY, APP_KEY + 1, stranger);
            r.appSignature = appSignature(APP_KEY + 1, statementOf(ids[i], url), r.derivedPublicKey);
            submit(r);
            vm.snapshotGasLastCall(string.concat("gateway URL, ", names[i]));
        }
    }

    /// forge-config: default.isolate = true
    function test_gas_UrlLengths() public {
        mint(ID);
        uint256[4] memory lengths = [uint256(1), 21, 81, 256];
        for (uint256 i = 0; i < lengths.length; ++i) {
            uint256 before = vm.snapshotState();
            bytes memory url = new bytes(lengths[i]);
            for (uint256 j = 0; j < url.length; ++j) {
                url[j] = "x";
            }
            Registration memory r = registration(ID, string(url));
            submit(r);
            vm.snapshotGasLastCall(string.concat("dev mode, register, URL of ", vm.toString(lengths[i])));
            vm.revertToState(before);
        }
    }

    /// @dev What the owner and the holders of tickets do, once each, on a cluster with two registered peers.
    /// forge-config: default.isolate = true
    function test_gas_Rest() public {
        string memory third = "cccccccccccccccccccccccccccccccccccccccc";
        mintAndRegister(ID, GATEWAY_URL);
        mint(third);
        tell("addBaseDomain", abi.encodeCall(nft.addBaseDomain, ("another.example.org")));
        tell("removeBaseDomain", abi.encodeCall(nft.removeBaseDomain, ("another.example.org")));
        tell("setInstanceBoundUrls", abi.encodeCall(nft.setInstanceBoundUrls, (true)));
        tell("setDevMode", abi.encodeCall(nft.setDevMode, (false)));
        tell("setKmsRootAddress", abi.encodeCall(nft.setKmsRootAddress, (stranger)));
        tell("allowApp", abi.encodeCall(nft.allowApp, (stranger)));
        tell("disallowApp", abi.encodeCall(nft.disallowApp, (stranger)));
        tell("setLeaseDuration", abi.encodeCall(nft.setLeaseDuration, (24 hours)));
        tell("setClusterConfig", abi.encodeCall(nft.setClusterConfig, (100, true, 1)));
        tell("setRegistrationPaused", abi.encodeCall(nft.setRegistrationPaused, (true)));
        tell("setRequireNftAtBoot", abi.encodeCall(nft.setRequireNftAtBoot, (true)));
        tell("setAllowAnyDevice", abi.encodeCall(nft.setAllowAnyDevice, (true)));
        tell("setRequireTcbUpToDate", abi.encodeCall(nft.setRequireTcbUpToDate, (true)));
        tell("addComposeHash", abi.encodeCall(nft.addComposeHash, ("hash")));
        tell("removeComposeHash", abi.encodeCall(nft.removeComposeHash, ("hash")));
        tell("addDevice", abi.encodeCall(nft.addDevice, ("device")));
        tell("removeDevice", abi.encodeCall(nft.removeDevice, ("device")));
        vm.deal(address(nft), 1 ether);
        tell("withdrawFees", abi.encodeCall(nft.withdrawFees, (stranger)));
        IAppAuth.AppBootInfo memory info;
        (info.appId, info.instanceId, info.composeHash) = (address(nft), address(toId(ID)), "hash");
        (info.deviceId, info.tcbStatus) = ("device", "UpToDate");
        nft.addComposeHash("hash");
        tell("isAppAllowed, with intrinsic gas", abi.encodeCall(nft.isAppAllowed, (info)));
        tell("deactivateInstance, a peer", abi.encodeCall(nft.deactivateInstance, (OTHER_ID)));
        tell("banInstance, a peer", abi.encodeCall(nft.banInstance, (ID)));
        tell("unbanInstance", abi.encodeCall(nft.unbanInstance, (ID)));
        vm.startPrank(holder);
        tell(
            "reassignInstance, no peer",
            abi.encodeCall(nft.reassignInstance, (ID, "dddddddddddddddddddddddddddddddddddddddd"))
        );
        tell("transferFrom, no peer", abi.encodeCall(nft.transferFrom, (holder, stranger, uint160(toId(third)))));
        vm.stopPrank();
        tell("revokeNodeAccess, no peer", abi.encodeCall(nft.revokeNodeAccess, (third)));
        tell("transferOwnership", abi.encodeCall(nft.transferOwnership, (holder)));
        vm.startPrank(holder);
        tell("acceptOwnership", abi.encodeCall(nft.acceptOwnership, ()));
    }

    function tell(string memory name, bytes memory data) internal {
        (bool success,) = address(nft).call(data);
        assertTrue(success, name);
        vm.snapshotGasLastCall(name);
    }

    /// forge-config: default.isolate = true
    function test_gas_Prune() public {
        mint(ID);
        nft.setLeaseDuration(10);
        register(ID, GATEWAY_URL);
        vm.warp(vm.getBlockTimestamp() + 10);
        string[] memory ids = new string[](1);
        ids[0] = ID;
        tell("pruneExpired, one peer", abi.encodeCall(nft.pruneExpired, (ids)));
    }

    /// @dev Without what the transaction pays for its data, which is 400,000 more.
    function test_gas_Deploy() public {
        bytes memory creation =
            bytes.concat(vm.getCode("DstackMembershipNFT.sol:DstackMembershipNFT"), abi.encode(vm.addr(ROOT_KEY)));
        address created;
        vm.startSnapshotGas("deploy, without the transaction's data");
        assembly ("memory-safe") {
            created := create(0, add(creation, 32), mload(creation))
        }
        vm.stopSnapshotGas();
        assertNotEq(created, address(0));
    }

    /// forge-config: default.isolate = true
    function test_gas_Reads() public {
        uint256[3] memory sizes = [uint256(10), 100, 1000];
        uint256 peers = 1;
        for (uint256 i = 0; i < sizes.length; ++i) {
            for (; peers < sizes[i]; ++peers) {
                string memory id = toText(bytes20(keccak256(abi.encode(peers))));
                mintAndRegister(id, string.concat("https://", id, "-s.", BASE_DOMAIN));
            }
            nft.getPeerEndpoints();
            vm.snapshotGasLastCall(string.concat("getPeerEndpoints of ", vm.toString(sizes[i])));
            nft.getPeers(0, peers);
            vm.snapshotGasLastCall(string.concat("getPeers of ", vm.toString(sizes[i])));
        }
    }

    /// @dev More than that many URLs in one call are beyond what nodes grant it.
    /// forge-config: default.isolate = true
    function test_gas_TenThousand() public {
        nft = deploy(vm.addr(ROOT_KEY));
        nft.addBaseDomain(BASE_DOMAIN);
        bytes memory code = address(nft).code;
        vm.etch(address(nft), address(new FillHarness()).code);
        for (uint256 i = 0; i < 10_000; i += 500) {
            FillHarness(address(nft)).fillGateways(i, 500);
        }
        vm.etch(address(nft), code);
        assertEq(nft.getPeerEndpoints().length, 10_000);
        vm.snapshotGasLastCall("getPeerEndpoints of 10000");
        nft.getPeers(0, 4000);
        vm.snapshotGasLastCall("getPeers of 4000, of 10000");
    }

    function measure(string memory name, string memory url) internal {
        submit(registration(ID, url));
        vm.snapshotGasLastCall(string.concat(name, ", register"));
        nextBlock();
        submit(registration(ID, url));
        vm.snapshotGasLastCall(string.concat(name, ", renew"));
        nextBlock();
        if (bytes(url).length == bytes(GATEWAY_URL).length) {
            submit(registration(ID, MOVED_URL));
            vm.snapshotGasLastCall(string.concat(name, ", move to another port"));
            nextBlock();
        }
        submit(registration(ID, ""));
        vm.snapshotGasLastCall(string.concat(name, ", withdraw"));
        nextBlock();
        submit(registration(ID, url));
        vm.snapshotGasLastCall(string.concat(name, ", return"));
    }
}
