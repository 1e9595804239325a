// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDstackMembershipErrors} from "./IDstackMembershipErrors.sol";

/// @title The membership of a cluster of dstack instances
/// @notice One ticket (NFT) admits one instance, which then publishes one connection URL and proves with the signature
/// chain of its keys that attested code of an allowed app does so.
/// @dev Instance ids are 20 bytes, in strings 40 lowercase hex digits; every function reverts with InvalidInstanceId for
/// another string. Setters are idempotent and emit their event every time; a call that changes nothing tightens nothing.
interface IDstackMembershipNFT is IDstackMembershipErrors {
    /// @notice A listed peer.
    /// @param instanceId Its instance id.
    /// @param instanceAddress The address of its derived key.
    /// @param registeredAt When its uninterrupted membership began, in seconds since 1970.
    /// @param expiresAt From when on it is no longer listed; 0 = never.
    /// @param connectionUrl Where to reach it.
    struct Peer {
        bytes20 instanceId;
        address instanceAddress;
        uint64 registeredAt;
        uint64 expiresAt;
        string connectionUrl;
    }

    /// @notice A peer joined, came back, or changed its URL or its key. Carries the whole evidence, so that anyone can
    /// check the attestation without trusting the node that served the event.
    event PeerRegistered(
        bytes20 indexed instanceId,
        address indexed instanceAddress,
        string connectionUrl,
        uint64 expiresAt,
        uint256 version,
        bytes derivedPublicKey,
        bytes appSignature,
        bytes kmsSignature
    );

    /// @notice A listed peer registered again with the same URL and key, which renews its lease.
    event PeerRenewed(bytes20 indexed instanceId, uint64 expiresAt);

    /// @notice A peer was removed.
    /// @param reason 1 withdrawn, 2 deactivated, 3 transferred, 4 revoked, 5 banned, 6 expired, 7 reassigned.
    event PeerRemoved(bytes20 indexed instanceId, uint8 reason, uint256 version);

    /// @notice A rule became stricter: no peer is listed until it registers again under it.
    event PolicyTightened(uint256 policyEpoch, uint256 version);

    /// @notice Dev mode was switched on or off.
    event DevModeSet(bool enabled);

    /// @notice A base domain was allowed.
    event BaseDomainAdded(string baseDomain);

    /// @notice A base domain is no longer allowed.
    event BaseDomainRemoved(string baseDomain);

    /// @notice Whether URLs must name their instance was set.
    event InstanceBoundUrlsSet(bool required);

    /// @notice The root of trust was set.
    event KmsRootAddressUpdated(address indexed oldRoot, address indexed newRoot);

    /// @notice Instances of this app may register.
    event AppAllowed(address indexed appId);

    /// @notice Instances of this app may no longer register, unless it is the contract's own app.
    event AppDisallowed(address indexed appId);

    /// @notice An instance was banned.
    event InstanceBanned(bytes20 indexed instanceId);

    /// @notice A ban was lifted.
    event InstanceUnbanned(bytes20 indexed instanceId);

    /// @notice The lease of later registrations was set.
    event LeaseDurationSet(uint64 leaseSeconds);

    /// @notice The rules of minting were set.
    event ClusterConfigUpdated(uint256 maxNodes, bool publicMinting, uint256 mintPrice);

    /// @notice Registration was paused or resumed.
    event RegistrationPausedSet(bool paused);

    /// @notice Whether an instance needs its ticket to boot was set.
    event RequireNftAtBootSet(bool required);

    /// @notice Whether any device may boot instances was set.
    event AllowAnyDeviceSet(bool allowAny);

    /// @notice Whether only up-to-date platforms may boot instances was set.
    event RequireTcbUpToDateSet(bool requireUpToDate);

    /// @notice The contract's ether was sent away.
    event FeesWithdrawn(address indexed to, uint256 amount);

    // Registration

    /// @notice Publishes an instance's connection URL, renews its lease (same URL and key), or withdraws it (empty URL,
    /// which keeps the ticket). Anyone may submit and pay for it: the statement inside is what counts.
    /// @dev The statement is keccak256(abi.encode(block.chainid, address(this), bytes20 instanceId,
    /// keccak256(connectionUrl), uint64 anchor, blockhash(anchor))). It must be newer than `lastAnchor`, and dies by
    /// itself when its anchor is more than 256 blocks old. Withdrawing a peer that is not registered is accepted and
    /// spends the statement: it calls back every older statement that may still be on its way.
    /// @param instanceId The instance; holds a ticket and is not banned.
    /// @param derivedPublicKey The instance's derived key, 33 bytes, compressed.
    /// @param appSignature The app key's signature (65) ‖ the number of the anchor block (8, big-endian).
    /// @param kmsSignature The KMS certificate: signature (65) ‖ app public key (33) ‖ app id (20).
    /// @param connectionUrl Where peers reach the instance, 1 to 256 bytes; empty to withdraw.
    function registerPeer(
        string calldata instanceId,
        bytes calldata derivedPublicKey,
        bytes calldata appSignature,
        bytes calldata kmsSignature,
        string calldata connectionUrl
    ) external;

    /// @notice Removes an instance's peer and calls back every statement signed before this block; keeps the ticket. For
    /// the ticket's holder and the owner. Not being registered is no error.
    function deactivateInstance(string calldata instanceId) external;

    /// @notice Removes peers whose lease has run out. For anyone. Leaves out, without an error, those that are not
    /// registered or have not expired, so that two pruners do not spoil each other's work.
    function pruneExpired(string[] calldata instanceIds) external;

    // Tickets

    /// @notice Mints the instance's ticket. For the owner, or for anyone while public minting is on; whoever mints pays
    /// exactly `mintPrice`. A receiving contract is not asked: a ticket does nothing to its holder.
    /// @return tokenId The instance id as a number.
    function mintNodeAccess(address to, string calldata instanceId) external payable returns (uint256 tokenId);

    /// @notice Burns the instance's ticket and removes its peer. For the owner.
    function revokeNodeAccess(string calldata instanceId) external;

    /// @notice Moves a ticket to another instance of the holder's, free: burns one and mints the other. Neither instance
    /// may be banned, since a ban cannot be shed, and the other one may not hold a ticket yet.
    function reassignInstance(string calldata fromInstanceId, string calldata toInstanceId) external;

    // Governance, owner only

    /// @notice On: any URL of visible ASCII passes. Off: only `https` URLs under an allowed base domain do. Switching it
    /// off tightens.
    function setDevMode(bool enabled) external;

    /// @notice Allows URLs under this base domain. Each time that a domain is allowed it takes one of 65,535 numbers, by
    /// which gateway URLs are stored.
    function addBaseDomain(string calldata baseDomain) external;

    /// @notice No longer allows URLs under this base domain, which tightens.
    function removeBaseDomain(string calldata baseDomain) external;

    /// @notice Outside dev mode, whether the first label of a URL must name the instance. Switching it on tightens.
    function setInstanceBoundUrls(bool required) external;

    /// @notice Sets the root of trust, not zero. Changing it tightens.
    function setKmsRootAddress(address kmsRoot) external;

    /// @notice Lets instances of this app register.
    function allowApp(address appId) external;

    /// @notice No longer lets instances of this app register, which tightens. The contract's own app is always allowed.
    function disallowApp(address appId) external;

    /// @notice Removes an instance's peer and keeps it from registering, booting, and from being given a ticket. It keeps
    /// the ticket it has.
    function banInstance(string calldata instanceId) external;

    /// @notice Lifts a ban.
    function unbanInstance(string calldata instanceId) external;

    /// @notice Sets for how long a registration is listed, 0 = for ever; below 2^37 seconds. Applies from each peer's next
    /// registration on.
    function setLeaseDuration(uint64 leaseSeconds) external;

    /// @notice Sets the rules of minting. Tickets above a lowered limit stay.
    /// @param maxNodes How many tickets may be live, 0 = any number; below 2^40.
    /// @param publicMinting Whether anyone may mint.
    /// @param mintPrice What a ticket costs in wei.
    function setClusterConfig(uint256 maxNodes, bool publicMinting, uint256 mintPrice) external;

    /// @notice Pauses or resumes registering and renewing; never reads, withdrawals and deactivation.
    function setRegistrationPaused(bool paused) external;

    /// @notice Whether an instance needs its ticket already to boot.
    function setRequireNftAtBoot(bool required) external;

    /// @notice Whether instances may boot on any device.
    function setAllowAnyDevice(bool allowAny) external;

    /// @notice Whether instances may boot only on a platform whose TCB status is UpToDate.
    function setRequireTcbUpToDate(bool requireUpToDate) external;

    /// @notice Sends all of the contract's ether to an address of the owner's choice, not zero.
    function withdrawFees(address to) external;

    // Views: peers

    /// @notice The URLs of the listed peers, in no particular order.
    function getPeerEndpoints() external view returns (string[] memory);

    /// @notice The listed peers in the index slots from `offset` to `offset + limit`. Slots of peers that are registered
    /// but not listed, because they expired or a rule was tightened, are left out, so a page may be short.
    /// @dev Pages belong together when they carry the same version; peers are ordered by (registeredAt, instanceId), which
    /// is left to the reader.
    /// @return page The peers.
    /// @return total The number of index slots.
    /// @return version The membership version.
    function getPeers(uint256 offset, uint256 limit)
        external
        view
        returns (Peer[] memory page, uint256 total, uint256 version);

    /// @notice The instance's peer; all zero and "" when it is not listed.
    function getPeer(string calldata instanceId) external view returns (Peer memory);

    /// @notice The ids of the listed peers, in no particular order.
    function getActiveInstances() external view returns (string[] memory);

    /// @notice The number of index slots, the total of `getPeers`.
    function peerCount() external view returns (uint256);

    /// @notice Counts the transactions that changed membership: a peer registered that was not listed, or with another
    /// URL or key; peers were removed; a rule was tightened. Renewal and expiry do not move it.
    function version() external view returns (uint256);

    /// @notice A new statement's anchor must be greater: the anchor of the last statement accepted, or the block before
    /// the last removal, transfer, burn, ban or deactivation. Outlives the ticket.
    function lastAnchor(string calldata instanceId) external view returns (uint64);

    // Views: tickets

    /// @notice The instance's token, which is its id as a number; 0 when it holds no ticket.
    function instanceToToken(string calldata instanceId) external view returns (uint256);

    /// @notice The instance of a token; reverts when there is no such token.
    function tokenToInstance(uint256 tokenId) external view returns (string memory);

    /// @notice The number of live tickets.
    function totalSupply() external view returns (uint256);

    // Views: rules

    /// @notice The root of trust: the KMS key that certifies app keys.
    function kmsRootAddress() external view returns (address);

    /// @notice Counts the tightenings. Peers registered under an older one are not listed.
    function policyEpoch() external view returns (uint256);

    /// @notice Whether any URL passes.
    function devMode() external view returns (bool);

    /// @notice Whether instances of this app may register; always true for the contract's own app.
    function isAppIdAllowed(address appId) external view returns (bool);

    /// @notice Whether URLs under this base domain pass outside dev mode.
    function isBaseDomainAllowed(string calldata baseDomain) external view returns (bool);

    /// @notice Whether the instance is banned.
    function isInstanceBanned(string calldata instanceId) external view returns (bool);

    /// @notice Whether, outside dev mode, the first label of a URL must name the instance.
    function instanceBoundUrls() external view returns (bool);

    /// @notice Whether registering and renewing is paused.
    function registrationPaused() external view returns (bool);

    /// @notice Whether an instance needs its ticket already to boot.
    function requireNftAtBoot() external view returns (bool);

    /// @notice For how long a registration is listed, in seconds; 0 = for ever.
    function leaseDuration() external view returns (uint64);

    /// @notice How many tickets may be live; 0 = any number.
    function maxNodes() external view returns (uint256);

    /// @notice Whether anyone may mint.
    function publicMinting() external view returns (bool);

    /// @notice What a ticket costs in wei.
    function mintPrice() external view returns (uint256);

    /// @notice Whether instances with this compose hash may boot.
    function allowedComposeHashes(bytes32 composeHash) external view returns (bool);

    /// @notice Whether instances may boot on this device.
    function allowedDeviceIds(bytes32 deviceId) external view returns (bool);

    /// @notice Whether instances may boot on any device.
    function allowAnyDevice() external view returns (bool);

    /// @notice Whether instances may boot only on a platform whose TCB status is UpToDate.
    function requireTcbUpToDate() external view returns (bool);
}
