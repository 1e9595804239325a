// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title dstack's boot authorization
/// @notice What a dstack KMS asks an app's contract before it gives an instance of the app its keys.
/// @dev ERC-165 id 0x1e079198, as in dstack.
interface IAppAuth {
    /// @notice What the KMS has verified about the instance that wants to boot.
    struct AppBootInfo {
        address appId;
        bytes32 composeHash;
        address instanceId;
        bytes32 deviceId;
        bytes32 mrAggregated;
        bytes32 mrSystem;
        bytes32 osImageHash;
        string tcbStatus;
        string[] advisoryIds;
    }

    /// @notice Whether the instance may boot and have its keys.
    /// @dev Does not depend on msg.sender and never reverts on well-formed input.
    /// @param bootInfo What the KMS knows about the instance.
    /// @return isAllowed Whether every rule is met.
    /// @return reason The first rule that is not met; empty when all are.
    function isAppAllowed(AppBootInfo calldata bootInfo) external view returns (bool isAllowed, string memory reason);
}
