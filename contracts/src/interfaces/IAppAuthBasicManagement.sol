// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title dstack's management of what may boot
/// @notice Compose hashes and devices of an app. Every function is for the owner only, and setting what is set already
/// is not an error.
/// @dev ERC-165 id 0x8fd37527, as in dstack.
interface IAppAuthBasicManagement {
    /// @notice A compose hash was allowed.
    event ComposeHashAdded(bytes32 composeHash);

    /// @notice A compose hash is no longer allowed.
    event ComposeHashRemoved(bytes32 composeHash);

    /// @notice A device was allowed.
    event DeviceAdded(bytes32 deviceId);

    /// @notice A device is no longer allowed.
    event DeviceRemoved(bytes32 deviceId);

    /// @notice Lets instances with this compose hash boot.
    function addComposeHash(bytes32 composeHash) external;

    /// @notice Stops instances with this compose hash from booting. Running ones keep running.
    function removeComposeHash(bytes32 composeHash) external;

    /// @notice Lets instances boot on this device.
    function addDevice(bytes32 deviceId) external;

    /// @notice Stops instances from booting on this device, unless any device is allowed.
    function removeDevice(bytes32 deviceId) external;
}
