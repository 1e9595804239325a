// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {IAppAuth} from "../../src/interfaces/IAppAuth.sol";
import {IAppAuthBasicManagement} from "../../src/interfaces/IAppAuthBasicManagement.sol";
import {IDstackMembershipNFT} from "../../src/interfaces/IDstackMembershipNFT.sol";

/// @dev The whole of the deployed contract, as a caller sees it.
interface Membership is IDstackMembershipNFT, IAppAuth, IAppAuthBasicManagement, IERC721Metadata {
    function owner() external view returns (address);
    function pendingOwner() external view returns (address);
    function transferOwnership(address newOwner) external;
    function acceptOwnership() external;
    function renounceOwnership() external;
}
