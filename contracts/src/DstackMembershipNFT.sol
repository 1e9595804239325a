// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {InstanceTickets} from "./InstanceTickets.sol";
import {IAppAuth} from "./interfaces/IAppAuth.sol";
import {IAppAuthBasicManagement} from "./interfaces/IAppAuthBasicManagement.sol";
import {IDstackMembershipNFT} from "./interfaces/IDstackMembershipNFT.sol";
import {BaseDomains} from "./libraries/BaseDomains.sol";
import {ConnectionUrl} from "./libraries/ConnectionUrl.sol";
import {Entry, EntryLib} from "./libraries/Entry.sol";
import {InstanceId} from "./libraries/InstanceId.sol";
import {KeyChain} from "./libraries/KeyChain.sol";
import {PeerIndex} from "./libraries/PeerIndex.sol";
import {PeerLists} from "./libraries/PeerLists.sol";
import {Registration, RegistrationLib} from "./libraries/Registration.sol";
import {UrlCode} from "./libraries/UrlCode.sol";

/// @title DstackMembershipNFT
/// @notice See IDstackMembershipNFT.
contract DstackMembershipNFT is IDstackMembershipNFT, IAppAuth, IAppAuthBasicManagement, InstanceTickets, Ownable2Step {
    using BaseDomains for BaseDomains.Registry;
    using InstanceId for bytes20;
    using InstanceId for string;
    using PeerIndex for PeerIndex.Index;

    /// @dev The reasons of PeerRemoved.
    enum Removal {
        None,
        Withdrawn,
        Deactivated,
        Transferred,
        Revoked,
        Banned,
        Expired,
        Reassigned
    }

    /// @dev One slot, full: all that minting reads and writes besides the ticket itself, its holder's balance, and the price
    /// if there is one. The owner is Ownable2Step's, again: see _transferOwnership.
    struct Admission {
        address owner;
        uint40 totalSupply;
        uint40 maxNodes;
        bool publicMinting;
        bool isPriced;
    }

    /// @dev One slot, full: the rules that every registration reads, besides the app, base domain and certificate it needs.
    struct Policy {
        address kmsRoot;
        bool devMode;
        bool instanceBoundUrls;
        bool registrationPaused;
        uint24 epoch;
        uint48 leaseDuration;
    }

    /// @dev With times below 2^34, a lease ends before 2^38 seconds after 1970, which is what an index entry holds.
    uint64 private constant MAX_LEASE = (1 << 37) - 1;

    Admission private _admission;
    Policy private _policy;
    uint256 private _mintPrice;

    // One slot: the switches that only booting reads.
    bool public override requireNftAtBoot;
    bool public override allowAnyDevice;
    bool public override requireTcbUpToDate;

    mapping(address appId => bool) private _allowedApps;
    mapping(bytes32 => bool) public override allowedComposeHashes;
    mapping(bytes32 => bool) public override allowedDeviceIds;
    BaseDomains.Registry private _baseDomains;
    mapping(bytes32 certificateHash => address) private _certifiedKeys;

    // Last, since the index takes 2^24 slots.
    PeerIndex.Index private _peers;

    /// @notice Deploys in dev mode, without a lease, with minting for the owner only; the deployer becomes the owner.
    /// @param kmsRoot The address of the KMS root key, not zero.
    constructor(address kmsRoot) ERC721("DStack Cluster NFT", "DSTACK") Ownable(msg.sender) {
        // On a chain whose clock or block numbers do not fit nobody could register.
        RegistrationLib.time();
        RegistrationLib.onlyAnchor(block.number);
        _setKmsRoot(kmsRoot);
        _policy.devMode = true;
        emit DevModeSet(true);
    }

    // Registration

    /// @inheritdoc IDstackMembershipNFT
    function registerPeer(
        string calldata instanceId,
        bytes calldata derivedPublicKey,
        bytes calldata appSignature,
        bytes calldata kmsSignature,
        string calldata connectionUrl
    ) external override {
        bytes20 id = instanceId.parse();
        PeerIndex.Record storage record = _peers.recordOf(id);
        if (record.holder == address(0)) revert InstanceHoldsNoTicket(id);
        if (record.banned) revert InstanceIsBanned(id);
        uint256 urlCode = _acceptUrl(id, bytes(instanceId), bytes(connectionUrl));
        Registration old = record.registration;
        uint256 anchor = KeyChain.anchorOf(appSignature);
        bytes32 statement = _statement(id, bytes(connectionUrl), anchor, old.lastAnchor());
        address instanceAddress = _verifyChain(statement, derivedPublicKey, appSignature, kmsSignature);
        if (urlCode == 0) return _drop(id, record, anchor, Removal.Withdrawn);

        uint256 epoch = _policy.epoch;
        Entry entry = EntryLib.pack(id, urlCode, epoch, _leaseEnd());
        uint64 newVersion = _peers.put(record, old, entry, epoch, instanceAddress, anchor, bytes(connectionUrl));
        if (newVersion == 0) {
            emit PeerRenewed(id, entry.expiresAt());
        } else {
            emit PeerRegistered(
                id,
                instanceAddress,
                connectionUrl,
                entry.expiresAt(),
                newVersion,
                derivedPublicKey,
                appSignature,
                kmsSignature
            );
        }
    }

    /// @inheritdoc IDstackMembershipNFT
    function deactivateInstance(string calldata instanceId) external override {
        bytes20 id = instanceId.parse();
        if (msg.sender != owner()) _requireHolder(id);
        else _requireTicket(id);
        _removePeer(id, Removal.Deactivated);
    }

    /// @inheritdoc IDstackMembershipNFT
    function pruneExpired(string[] calldata instanceIds) external override {
        // One transaction, one version: it moves with the first removal.
        uint64 next = _peers.version + 1;
        for (uint256 i = 0; i < instanceIds.length; ++i) {
            bytes20 id = instanceIds[i].parse();
            PeerIndex.Record storage record = _peers.recordOf(id);
            if (!_peers.entryOf(record.registration).hasExpired()) continue;
            _peers.remove(record, _previousBlock());
            _peers.version = next;
            emit PeerRemoved(id, uint8(Removal.Expired), next);
        }
    }

    // Tickets

    /// @inheritdoc IDstackMembershipNFT
    function mintNodeAccess(address to, string calldata instanceId)
        external
        payable
        override
        returns (uint256 tokenId)
    {
        Admission storage admission = _admission;
        if (!admission.publicMinting && msg.sender != admission.owner) revert OwnableUnauthorizedAccount(msg.sender);
        uint256 price = admission.isPriced ? _mintPrice : 0;
        if (msg.value != price) revert WrongPayment(price, msg.value);
        if (admission.maxNodes != 0 && admission.totalSupply >= admission.maxNodes) {
            revert ClusterIsFull(admission.maxNodes);
        }
        return _mintTicket(to, instanceId.parse());
    }

    /// @inheritdoc IDstackMembershipNFT
    function revokeNodeAccess(string calldata instanceId) external override onlyOwner {
        bytes20 id = instanceId.parse();
        _requireTicket(id);
        _removePeer(id, Removal.Revoked);
        _burn(id.toTokenId());
    }

    /// @inheritdoc IDstackMembershipNFT
    function reassignInstance(string calldata fromInstanceId, string calldata toInstanceId) external override {
        bytes20 from = fromInstanceId.parse();
        bytes20 to = toInstanceId.parse();
        _requireHolder(from);
        _requireNotBanned(from);
        _mintTicket(msg.sender, to);
        _removePeer(from, Removal.Reassigned);
        _burn(from.toTokenId());
    }

    // Governance

    /// @inheritdoc IDstackMembershipNFT
    function setDevMode(bool enabled) external override onlyOwner {
        bool tightens = _policy.devMode && !enabled;
        _policy.devMode = enabled;
        emit DevModeSet(enabled);
        _tightenIf(tightens);
    }

    /// @inheritdoc IDstackMembershipNFT
    function addBaseDomain(string calldata baseDomain) external override onlyOwner {
        ConnectionUrl.requireBaseDomain(bytes(baseDomain));
        _baseDomains.add(bytes(baseDomain));
        emit BaseDomainAdded(baseDomain);
    }

    /// @inheritdoc IDstackMembershipNFT
    function removeBaseDomain(string calldata baseDomain) external override onlyOwner {
        bool tightens = _baseDomains.remove(bytes(baseDomain));
        emit BaseDomainRemoved(baseDomain);
        _tightenIf(tightens);
    }

    /// @inheritdoc IDstackMembershipNFT
    function setInstanceBoundUrls(bool required) external override onlyOwner {
        bool tightens = !_policy.instanceBoundUrls && required;
        _policy.instanceBoundUrls = required;
        emit InstanceBoundUrlsSet(required);
        _tightenIf(tightens);
    }

    /// @inheritdoc IDstackMembershipNFT
    function setKmsRootAddress(address kmsRoot) external override onlyOwner {
        bool tightens = _policy.kmsRoot != kmsRoot;
        _setKmsRoot(kmsRoot);
        _tightenIf(tightens);
    }

    /// @inheritdoc IDstackMembershipNFT
    function allowApp(address appId) external override onlyOwner {
        _allowedApps[appId] = true;
        emit AppAllowed(appId);
    }

    /// @inheritdoc IDstackMembershipNFT
    function disallowApp(address appId) external override onlyOwner {
        bool tightens = _allowedApps[appId] && appId != address(this);
        _allowedApps[appId] = false;
        emit AppDisallowed(appId);
        _tightenIf(tightens);
    }

    /// @inheritdoc IDstackMembershipNFT
    function banInstance(string calldata instanceId) external override onlyOwner {
        bytes20 id = instanceId.parse();
        _peers.recordOf(id).banned = true;
        emit InstanceBanned(id);
        _removePeer(id, Removal.Banned);
    }

    /// @inheritdoc IDstackMembershipNFT
    function unbanInstance(string calldata instanceId) external override onlyOwner {
        bytes20 id = instanceId.parse();
        _peers.recordOf(id).banned = false;
        emit InstanceUnbanned(id);
    }

    /// @inheritdoc IDstackMembershipNFT
    function setLeaseDuration(uint64 leaseSeconds) external override onlyOwner {
        if (leaseSeconds > MAX_LEASE) revert LeaseTooLong(leaseSeconds, MAX_LEASE);
        _policy.leaseDuration = uint48(leaseSeconds);
        emit LeaseDurationSet(leaseSeconds);
    }

    /// @inheritdoc IDstackMembershipNFT
    function setClusterConfig(uint256 maxNodes, bool publicMinting, uint256 mintPrice) external override onlyOwner {
        if (maxNodes > type(uint40).max) revert TooManyNodes(maxNodes, type(uint40).max);
        _admission.maxNodes = uint40(maxNodes);
        _admission.publicMinting = publicMinting;
        _admission.isPriced = mintPrice != 0;
        _mintPrice = mintPrice;
        emit ClusterConfigUpdated(maxNodes, publicMinting, mintPrice);
    }

    /// @inheritdoc IDstackMembershipNFT
    function setRegistrationPaused(bool paused) external override onlyOwner {
        _policy.registrationPaused = paused;
        emit RegistrationPausedSet(paused);
    }

    /// @inheritdoc IDstackMembershipNFT
    function setRequireNftAtBoot(bool required) external override onlyOwner {
        requireNftAtBoot = required;
        emit RequireNftAtBootSet(required);
    }

    /// @inheritdoc IAppAuthBasicManagement
    function addComposeHash(bytes32 composeHash) external override onlyOwner {
        allowedComposeHashes[composeHash] = true;
        emit ComposeHashAdded(composeHash);
    }

    /// @inheritdoc IAppAuthBasicManagement
    function removeComposeHash(bytes32 composeHash) external override onlyOwner {
        allowedComposeHashes[composeHash] = false;
        emit ComposeHashRemoved(composeHash);
    }

    /// @inheritdoc IAppAuthBasicManagement
    function addDevice(bytes32 deviceId) external override onlyOwner {
        allowedDeviceIds[deviceId] = true;
        emit DeviceAdded(deviceId);
    }

    /// @inheritdoc IAppAuthBasicManagement
    function removeDevice(bytes32 deviceId) external override onlyOwner {
        allowedDeviceIds[deviceId] = false;
        emit DeviceRemoved(deviceId);
    }

    /// @inheritdoc IDstackMembershipNFT
    function setAllowAnyDevice(bool allowAny) external override onlyOwner {
        allowAnyDevice = allowAny;
        emit AllowAnyDeviceSet(allowAny);
    }

    /// @inheritdoc IDstackMembershipNFT
    function setRequireTcbUpToDate(bool requireUpToDate) external override onlyOwner {
        requireTcbUpToDate = requireUpToDate;
        emit RequireTcbUpToDateSet(requireUpToDate);
    }

    /// @inheritdoc IDstackMembershipNFT
    function withdrawFees(address to) external override onlyOwner {
        uint256 amount = address(this).balance;
        bool sent = false;
        if (to != address(0)) (sent,) = to.call{value: amount}("");
        if (!sent) revert FeeTransferFailed(to, amount);
        emit FeesWithdrawn(to, amount);
    }

    /// @notice Always reverts: see OwnershipCannotBeRenounced.
    function renounceOwnership() public pure override {
        revert OwnershipCannotBeRenounced();
    }

    // Boot authorization

    /// @inheritdoc IAppAuth
    function isAppAllowed(AppBootInfo calldata bootInfo)
        external
        view
        override
        returns (bool isAllowed, string memory reason)
    {
        if (!isAppIdAllowed(bootInfo.appId)) return (false, "App id not allowed");
        if (!allowedComposeHashes[bootInfo.composeHash]) return (false, "Compose hash not allowed");
        if (!allowAnyDevice && !allowedDeviceIds[bootInfo.deviceId]) return (false, "Device not allowed");
        if (requireTcbUpToDate && !_isUpToDate(bytes(bootInfo.tcbStatus))) {
            return (false, "TCB status is not up to date");
        }
        bytes20 id = bytes20(bootInfo.instanceId);
        if (id == 0) return (false, "Instance id is zero");
        if (_peers.recordOf(id).banned) return (false, "Instance is banned");
        if (requireNftAtBoot && !_holdsTicket(id)) return (false, "Instance holds no NFT");
        return (true, "");
    }

    /// @notice ERC-165: ERC-165 itself, ERC-721 and its metadata, and dstack's IAppAuth and IAppAuthBasicManagement.
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IAppAuth).interfaceId || interfaceId == type(IAppAuthBasicManagement).interfaceId
            || super.supportsInterface(interfaceId);
    }

    // Views: peers

    /// @inheritdoc IDstackMembershipNFT
    function getPeerEndpoints() external view override returns (string[] memory) {
        return PeerLists.answerUrls(_peers, _baseDomains, PeerLists.open(_policy.epoch));
    }

    /// @inheritdoc IDstackMembershipNFT
    function getPeers(uint256 offset, uint256 limit)
        external
        view
        override
        returns (Peer[] memory page, uint256 total, uint256 version)
    {
        return PeerLists.answerPage(_peers, _baseDomains, PeerLists.open(_policy.epoch), offset, limit);
    }

    /// @inheritdoc IDstackMembershipNFT
    function getPeer(string calldata instanceId) external view override returns (Peer memory) {
        Entry entry = _peers.entryOf(_peers.recordOf(instanceId.parse()).registration);
        uint256 epoch = _policy.epoch;
        // An entry that is none has no fields, and no URL.
        if (!entry.isListed(epoch)) entry = Entry.wrap(0);
        return PeerLists.answerPeer(_peers, _baseDomains, PeerLists.open(epoch), entry);
    }

    /// @inheritdoc IDstackMembershipNFT
    function getActiveInstances() external view override returns (string[] memory) {
        string[] memory ids = new string[](_peers.count);
        uint256 epoch = _policy.epoch;
        uint256 found = 0;
        for (uint256 i = 0; i < ids.length; ++i) {
            Entry entry = _peers.entries[i];
            if (entry.isListed(epoch)) ids[found++] = entry.instanceId().toText();
        }
        // Shorter than allocated.
        assembly ("memory-safe") {
            mstore(ids, found)
        }
        return ids;
    }

    /// @inheritdoc IDstackMembershipNFT
    function peerCount() external view override returns (uint256) {
        return _peers.count;
    }

    /// @inheritdoc IDstackMembershipNFT
    function version() external view override returns (uint256) {
        return _peers.version;
    }

    /// @inheritdoc IDstackMembershipNFT
    function lastAnchor(string calldata instanceId) external view override returns (uint64) {
        return _peers.recordOf(instanceId.parse()).registration.lastAnchor();
    }

    // Views: tickets

    /// @inheritdoc IDstackMembershipNFT
    function instanceToToken(string calldata instanceId) external view override returns (uint256) {
        bytes20 id = instanceId.parse();
        return _holdsTicket(id) ? id.toTokenId() : 0;
    }

    /// @inheritdoc IDstackMembershipNFT
    function tokenToInstance(uint256 tokenId) external view override returns (string memory) {
        _requireOwned(tokenId);
        return InstanceId.fromTokenId(tokenId).toText();
    }

    /// @inheritdoc IDstackMembershipNFT
    function totalSupply() external view override returns (uint256) {
        return _admission.totalSupply;
    }

    // Views: rules

    /// @inheritdoc IDstackMembershipNFT
    function kmsRootAddress() external view override returns (address) {
        return _policy.kmsRoot;
    }

    /// @inheritdoc IDstackMembershipNFT
    function policyEpoch() external view override returns (uint256) {
        return _policy.epoch;
    }

    /// @inheritdoc IDstackMembershipNFT
    function devMode() external view override returns (bool) {
        return _policy.devMode;
    }

    /// @inheritdoc IDstackMembershipNFT
    function instanceBoundUrls() external view override returns (bool) {
        return _policy.instanceBoundUrls;
    }

    /// @inheritdoc IDstackMembershipNFT
    function registrationPaused() external view override returns (bool) {
        return _policy.registrationPaused;
    }

    /// @inheritdoc IDstackMembershipNFT
    function isAppIdAllowed(address appId) public view override returns (bool) {
        return appId == address(this) || _allowedApps[appId];
    }

    /// @inheritdoc IDstackMembershipNFT
    function isBaseDomainAllowed(string calldata baseDomain) external view override returns (bool) {
        return _baseDomains.numberOf(bytes(baseDomain)) != 0;
    }

    /// @inheritdoc IDstackMembershipNFT
    function isInstanceBanned(string calldata instanceId) external view override returns (bool) {
        return _peers.recordOf(instanceId.parse()).banned;
    }

    /// @inheritdoc IDstackMembershipNFT
    function leaseDuration() external view override returns (uint64) {
        return _policy.leaseDuration;
    }

    /// @inheritdoc IDstackMembershipNFT
    function maxNodes() external view override returns (uint256) {
        return _admission.maxNodes;
    }

    /// @inheritdoc IDstackMembershipNFT
    function publicMinting() external view override returns (bool) {
        return _admission.publicMinting;
    }

    /// @inheritdoc IDstackMembershipNFT
    function mintPrice() external view override returns (uint256) {
        return _mintPrice;
    }

    // Ownership

    /// @notice The account that governs.
    function owner() public view override returns (address) {
        return _admission.owner;
    }

    /// @dev The owner is kept where minting finds it without reading another slot.
    function _transferOwnership(address newOwner) internal override {
        _admission.owner = newOwner;
        super._transferOwnership(newOwner);
    }

    // Tickets

    /// @inheritdoc InstanceTickets
    function _recordOf(uint256 tokenId) internal view override returns (PeerIndex.Record storage) {
        return _peers.records[tokenId];
    }

    /// @dev Every way in which a ticket changes hands, is minted or is burned, comes through here. A transfer, also one to
    /// the holder itself, removes the registration. Before burning, the caller has removed it for its own reason.
    function _update(address to, uint256 tokenId, address auth) internal override returns (address from) {
        from = super._update(to, tokenId, auth);
        if (from == address(0)) ++_admission.totalSupply;
        else if (to == address(0)) --_admission.totalSupply;
        else _removePeer(InstanceId.fromTokenId(tokenId), Removal.Transferred);
    }

    /// @dev Without asking a receiving contract (`_safeMint`): a ticket does nothing to its holder, and nobody gets to run
    /// in the middle of a mint.
    function _mintTicket(address to, bytes20 id) private returns (uint256 tokenId) {
        tokenId = id.toTokenId();
        PeerIndex.Record storage record = _recordOf(tokenId);
        if (record.banned) revert InstanceIsBanned(id);
        if (record.holder != address(0)) revert InstanceHoldsTicket(id);
        _mint(to, tokenId);
    }

    // Internals

    /// @dev What the app key must have signed for this call, if its anchor is a recent block and newer than the last.
    function _statement(bytes20 id, bytes calldata connectionUrl, uint256 anchor, uint256 last)
        private
        view
        returns (bytes32)
    {
        if (anchor <= last) revert AnchorNotNewer(uint64(anchor), uint64(last));
        bytes32 anchorHash = blockhash(anchor);
        if (anchorHash == 0) revert AnchorUnknown(uint64(anchor));
        return KeyChain.statementOf(id, connectionUrl, anchor, anchorHash);
    }

    /// @dev Verifies the whole chain, from the KMS root to the statement.
    /// @return instanceAddress The address of the derived key.
    function _verifyChain(
        bytes32 statement,
        bytes calldata derivedPublicKey,
        bytes calldata appSignature,
        bytes calldata kmsSignature
    ) private returns (address instanceAddress) {
        address appId = KeyChain.appIdOf(kmsSignature);
        if (!isAppIdAllowed(appId)) revert AppNotAllowed(appId);
        instanceAddress = KeyChain.addressOf(derivedPublicKey);
        address appKey = KeyChain.certifiedKey(_certifiedKeys, kmsSignature, _policy.kmsRoot);
        KeyChain.verifyStatement(statement, derivedPublicKey, appSignature, appKey);
    }

    /// @dev When a lease of now ends; 0 = never.
    function _leaseEnd() private view returns (uint256) {
        unchecked {
            uint256 lease = _policy.leaseDuration;
            return lease == 0 ? 0 : block.timestamp + lease;
        }
    }

    /// @dev Accepts a URL under the rules of now.
    /// @return How it is stored: see UrlCode. 0 when there is none, which withdraws.
    function _acceptUrl(bytes20 id, bytes calldata idText, bytes calldata url) private view returns (uint256) {
        if (url.length == 0) return 0;
        if (_policy.registrationPaused) revert RegistrationIsPaused();
        (bool isGateway, uint256 code, bytes calldata base) = UrlCode.parseGateway(url, idText);
        if (isGateway) {
            uint256 number = _baseDomains.numberOf(base);
            // Then every rule of every mode is kept.
            if (number != 0) return UrlCode.withBase(code, number);
        }
        if (_policy.devMode) {
            ConnectionUrl.requireVisible(url);
            return url.length;
        }
        (bytes calldata label, bytes calldata baseDomain) = ConnectionUrl.split(url);
        if (_baseDomains.numberOf(baseDomain) == 0) revert BaseDomainNotAllowed(string(baseDomain));
        if (_policy.instanceBoundUrls) ConnectionUrl.requireBound(label, id);
        return url.length;
    }

    /// @dev Removes the peer, if there is one, and with it every statement signed so far, registered or not.
    function _removePeer(bytes20 id, Removal reason) private {
        _drop(id, _peers.recordOf(id), _previousBlock(), reason);
    }

    function _drop(bytes20 id, PeerIndex.Record storage record, uint256 anchor, Removal reason) private {
        if (_peers.remove(record, anchor)) emit PeerRemoved(id, uint8(reason), ++_peers.version);
    }

    /// @dev Leaves no peer listed that was accepted under the looser rule.
    function _tightenIf(bool tightens) private {
        if (!tightens) return;
        uint24 epoch = _policy.epoch;
        if (epoch == type(uint24).max) revert TooManyTightenings(epoch);
        _policy.epoch = ++epoch;
        emit PolicyTightened(epoch, ++_peers.version);
    }

    function _setKmsRoot(address kmsRoot) private {
        if (kmsRoot == address(0)) revert KmsRootIsZero();
        address oldRoot = _policy.kmsRoot;
        _policy.kmsRoot = kmsRoot;
        emit KmsRootAddressUpdated(oldRoot, kmsRoot);
    }

    function _holdsTicket(bytes20 id) private view returns (bool) {
        return _ownerOf(id.toTokenId()) != address(0);
    }

    function _requireTicket(bytes20 id) private view {
        if (!_holdsTicket(id)) revert InstanceHoldsNoTicket(id);
    }

    function _requireHolder(bytes20 id) private view {
        _requireTicket(id);
        if (_ownerOf(id.toTokenId()) != msg.sender) revert NotTicketHolder(id, msg.sender);
    }

    function _requireNotBanned(bytes20 id) private view {
        if (_peers.recordOf(id).banned) revert InstanceIsBanned(id);
    }

    /// @dev The newest block that a statement of now can be anchored at.
    function _previousBlock() private view returns (uint64) {
        return uint64(block.number - 1);
    }

    /// @dev The length first: the status may be of any size.
    function _isUpToDate(bytes calldata tcbStatus) private pure returns (bool) {
        return tcbStatus.length == 8 && bytes8(tcbStatus) == "UpToDate";
    }
}
