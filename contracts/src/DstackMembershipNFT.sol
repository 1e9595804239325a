// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IAppAuth} from "./interfaces/IAppAuth.sol";
import {IAppAuthBasicManagement} from "./interfaces/IAppAuthBasicManagement.sol";
import {IDstackMembershipNFT} from "./interfaces/IDstackMembershipNFT.sol";
import {ConnectionUrl} from "./libraries/ConnectionUrl.sol";
import {InstanceId} from "./libraries/InstanceId.sol";
import {KeyChain} from "./libraries/KeyChain.sol";
import {PeerIndex} from "./libraries/PeerIndex.sol";

/// @title DstackMembershipNFT
/// @notice See IDstackMembershipNFT.
contract DstackMembershipNFT is IDstackMembershipNFT, IAppAuth, IAppAuthBasicManagement, ERC721, Ownable2Step {
    using InstanceId for bytes20;
    using InstanceId for string;
    using PeerIndex for PeerIndex.Index;
    using PeerIndex for PeerIndex.Record;

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

    /// @dev One slot, 232 bits: all that minting reads and writes besides the ticket itself.
    struct Tickets {
        uint64 totalSupply;
        uint64 maxNodes;
        uint96 mintPrice;
        bool publicMinting;
    }

    // One slot, 208 bits: the root of trust, which every registration reads, and the switches.
    address public override kmsRootAddress;
    bool public override devMode;
    bool public override instanceBoundUrls;
    bool public override registrationPaused;
    bool public override requireNftAtBoot;
    bool public override allowAnyDevice;
    bool public override requireTcbUpToDate;

    Tickets private _tickets;

    PeerIndex.Index private _peers;

    mapping(address appId => bool) private _allowedApps;
    mapping(bytes32 domainHash => bool) private _baseDomains;
    mapping(bytes32 => bool) public override allowedComposeHashes;
    mapping(bytes32 => bool) public override allowedDeviceIds;

    /// @notice Deploys in dev mode, without a lease, with minting for the owner only; the deployer becomes the owner.
    /// @param kmsRoot The address of the KMS root key, not zero.
    constructor(address kmsRoot) ERC721("DStack Cluster NFT", "DSTACK") Ownable(msg.sender) {
        _setKmsRoot(kmsRoot);
        devMode = true;
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
        _requireTicket(id);
        _requireNotBanned(id);
        bool withdrawing = bytes(connectionUrl).length == 0;
        if (!withdrawing) {
            if (registrationPaused) revert RegistrationIsPaused();
            _requireUrl(id, bytes(connectionUrl));
        }
        address instanceAddress = _acceptStatement(id, derivedPublicKey, appSignature, kmsSignature, connectionUrl);
        if (withdrawing) {
            _drop(id, Removal.Withdrawn);
            return;
        }
        (bool changed, uint64 expiresAt) = _peers.put(id, instanceAddress, connectionUrl);
        if (changed) {
            emit PeerRegistered(
                id,
                instanceAddress,
                connectionUrl,
                expiresAt,
                ++_peers.version,
                derivedPublicKey,
                appSignature,
                kmsSignature
            );
        } else {
            emit PeerRenewed(id, expiresAt);
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
            if (!PeerIndex.hasExpired(_peers.records[id].standing)) continue;
            _peers.remove(id);
            _peers.records[id].lastAnchor = _previousBlock();
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
        Tickets memory tickets = _tickets;
        if (!tickets.publicMinting) _checkOwner();
        if (msg.value != tickets.mintPrice) revert WrongPayment(tickets.mintPrice, msg.value);
        if (tickets.maxNodes != 0 && tickets.totalSupply >= tickets.maxNodes) revert ClusterIsFull(tickets.maxNodes);
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
        bool tightens = devMode && !enabled;
        devMode = enabled;
        emit DevModeSet(enabled);
        if (tightens) _tighten();
    }

    /// @inheritdoc IDstackMembershipNFT
    function addBaseDomain(string calldata baseDomain) external override onlyOwner {
        ConnectionUrl.requireBaseDomain(bytes(baseDomain));
        _baseDomains[keccak256(bytes(baseDomain))] = true;
        emit BaseDomainAdded(baseDomain);
    }

    /// @inheritdoc IDstackMembershipNFT
    function removeBaseDomain(string calldata baseDomain) external override onlyOwner {
        bool tightens = isBaseDomainAllowed(baseDomain);
        _baseDomains[keccak256(bytes(baseDomain))] = false;
        emit BaseDomainRemoved(baseDomain);
        if (tightens) _tighten();
    }

    /// @inheritdoc IDstackMembershipNFT
    function setInstanceBoundUrls(bool required) external override onlyOwner {
        bool tightens = !instanceBoundUrls && required;
        instanceBoundUrls = required;
        emit InstanceBoundUrlsSet(required);
        if (tightens) _tighten();
    }

    /// @inheritdoc IDstackMembershipNFT
    function setKmsRootAddress(address kmsRoot) external override onlyOwner {
        bool tightens = kmsRootAddress != kmsRoot;
        _setKmsRoot(kmsRoot);
        if (tightens) _tighten();
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
        if (tightens) _tighten();
    }

    /// @inheritdoc IDstackMembershipNFT
    function banInstance(string calldata instanceId) external override onlyOwner {
        bytes20 id = instanceId.parse();
        _peers.records[id].banned = true;
        emit InstanceBanned(id);
        _removePeer(id, Removal.Banned);
    }

    /// @inheritdoc IDstackMembershipNFT
    function unbanInstance(string calldata instanceId) external override onlyOwner {
        bytes20 id = instanceId.parse();
        _peers.records[id].banned = false;
        emit InstanceUnbanned(id);
    }

    /// @inheritdoc IDstackMembershipNFT
    function setLeaseDuration(uint64 leaseSeconds) external override onlyOwner {
        _peers.leaseDuration = leaseSeconds;
        emit LeaseDurationSet(leaseSeconds);
    }

    /// @inheritdoc IDstackMembershipNFT
    function setClusterConfig(uint256 maxNodes, bool publicMinting, uint256 mintPrice) external override onlyOwner {
        if (maxNodes > type(uint64).max || mintPrice > type(uint96).max) {
            revert ClusterConfigTooLarge(maxNodes, mintPrice);
        }
        _tickets.maxNodes = uint64(maxNodes);
        _tickets.publicMinting = publicMinting;
        _tickets.mintPrice = uint96(mintPrice);
        emit ClusterConfigUpdated(maxNodes, publicMinting, mintPrice);
    }

    /// @inheritdoc IDstackMembershipNFT
    function setRegistrationPaused(bool paused) external override onlyOwner {
        registrationPaused = paused;
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
        if (_peers.records[id].banned) return (false, "Instance is banned");
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
        string[] memory urls = new string[](_peers.count);
        uint256 found = 0;
        for (uint256 position = 1; position <= urls.length; ++position) {
            PeerIndex.Record storage record = _peers.records[_peers.ids[position]];
            PeerIndex.Standing memory standing = record.standing;
            if (_peers.isListed(standing)) urls[found++] = record.loadUrl(standing.urlLength);
        }
        return _shrink(urls, found);
    }

    /// @inheritdoc IDstackMembershipNFT
    function getPeers(uint256 offset, uint256 limit)
        external
        view
        override
        returns (Peer[] memory page, uint256 total, uint256 version)
    {
        total = _peers.count;
        version = _peers.version;
        uint256 slots = offset < total ? total - offset : 0;
        page = new Peer[](limit < slots ? limit : slots);
        uint256 found = 0;
        for (uint256 i = 0; i < page.length; ++i) {
            bytes20 id = _peers.ids[offset + i + 1];
            PeerIndex.Record storage record = _peers.records[id];
            PeerIndex.Standing memory standing = record.standing;
            if (_peers.isListed(standing)) page[found++] = record.toPeer(standing, id);
        }
        // Shorter than allocated.
        assembly ("memory-safe") {
            mstore(page, found)
        }
    }

    /// @inheritdoc IDstackMembershipNFT
    function getPeer(string calldata instanceId) external view override returns (Peer memory) {
        bytes20 id = instanceId.parse();
        PeerIndex.Record storage record = _peers.records[id];
        PeerIndex.Standing memory standing = record.standing;
        Peer memory none;
        return _peers.isListed(standing) ? record.toPeer(standing, id) : none;
    }

    /// @inheritdoc IDstackMembershipNFT
    function getActiveInstances() external view override returns (string[] memory) {
        string[] memory ids = new string[](_peers.count);
        uint256 found = 0;
        for (uint256 position = 1; position <= ids.length; ++position) {
            bytes20 id = _peers.ids[position];
            if (_peers.isListed(_peers.records[id].standing)) ids[found++] = id.toText();
        }
        return _shrink(ids, found);
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
        return _peers.records[instanceId.parse()].lastAnchor;
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
        return _tickets.totalSupply;
    }

    // Views: rules

    /// @inheritdoc IDstackMembershipNFT
    function policyEpoch() external view override returns (uint256) {
        return _peers.policyEpoch;
    }

    /// @inheritdoc IDstackMembershipNFT
    function isAppIdAllowed(address appId) public view override returns (bool) {
        return appId == address(this) || _allowedApps[appId];
    }

    /// @inheritdoc IDstackMembershipNFT
    function isBaseDomainAllowed(string calldata baseDomain) public view override returns (bool) {
        return _baseDomains[keccak256(bytes(baseDomain))];
    }

    /// @inheritdoc IDstackMembershipNFT
    function isInstanceBanned(string calldata instanceId) external view override returns (bool) {
        return _peers.records[instanceId.parse()].banned;
    }

    /// @inheritdoc IDstackMembershipNFT
    function leaseDuration() external view override returns (uint64) {
        return _peers.leaseDuration;
    }

    /// @inheritdoc IDstackMembershipNFT
    function maxNodes() external view override returns (uint256) {
        return _tickets.maxNodes;
    }

    /// @inheritdoc IDstackMembershipNFT
    function publicMinting() external view override returns (bool) {
        return _tickets.publicMinting;
    }

    /// @inheritdoc IDstackMembershipNFT
    function mintPrice() external view override returns (uint256) {
        return _tickets.mintPrice;
    }

    // Internals

    /// @dev Every way in which a ticket changes hands, is minted or is burned, comes through here. A transfer, also one to
    /// the holder itself, removes the registration. Before burning, the caller has removed it for its own reason.
    function _update(address to, uint256 tokenId, address auth) internal override returns (address from) {
        from = super._update(to, tokenId, auth);
        if (from == address(0)) ++_tickets.totalSupply;
        else if (to == address(0)) --_tickets.totalSupply;
        else _removePeer(InstanceId.fromTokenId(tokenId), Removal.Transferred);
    }

    /// @dev Without asking a receiving contract (`_safeMint`): a ticket does nothing to its holder, and nobody gets to run
    /// in the middle of a mint.
    function _mintTicket(address to, bytes20 id) private returns (uint256 tokenId) {
        _requireNotBanned(id);
        if (_holdsTicket(id)) revert InstanceHoldsTicket(id);
        tokenId = id.toTokenId();
        _mint(to, tokenId);
    }

    /// @dev Verifies the whole chain, from the KMS root to this very call, and spends the statement.
    /// @return instanceAddress The address of the derived key.
    function _acceptStatement(
        bytes20 id,
        bytes calldata derivedPublicKey,
        bytes calldata appSignature,
        bytes calldata kmsSignature,
        string calldata connectionUrl
    ) private returns (address instanceAddress) {
        uint64 anchor = KeyChain.anchorOf(appSignature);
        bytes32 statement = _statement(id, connectionUrl, anchor);
        address appId = KeyChain.appIdOf(kmsSignature);
        if (!isAppIdAllowed(appId)) revert AppNotAllowed(appId);
        instanceAddress = KeyChain.addressOf(derivedPublicKey);
        address appKey = KeyChain.verifyCertificate(kmsSignature, kmsRootAddress);
        KeyChain.verifyStatement(statement, derivedPublicKey, appSignature, appKey);
        _peers.records[id].lastAnchor = anchor;
    }

    /// @dev What the app key must have signed for this call, if its anchor is a recent block and newer than the last.
    function _statement(bytes20 id, string calldata connectionUrl, uint64 anchor) private view returns (bytes32) {
        uint64 last = _peers.records[id].lastAnchor;
        if (anchor <= last) revert AnchorNotNewer(anchor, last);
        bytes32 anchorHash = blockhash(anchor);
        if (anchorHash == 0) revert AnchorUnknown(anchor);
        return
            keccak256(abi.encode(block.chainid, address(this), id, keccak256(bytes(connectionUrl)), anchor, anchorHash));
    }

    function _requireUrl(bytes20 id, bytes calldata url) private view {
        if (devMode) return ConnectionUrl.requireVisible(url);
        (bytes calldata label, bytes calldata baseDomain) = ConnectionUrl.split(url);
        if (!_baseDomains[keccak256(baseDomain)]) revert BaseDomainNotAllowed(string(baseDomain));
        if (instanceBoundUrls) ConnectionUrl.requireBound(label, id);
    }

    /// @dev Removes the peer, if there is one, and with it every statement signed so far, registered or not.
    function _removePeer(bytes20 id, Removal reason) private {
        _peers.records[id].lastAnchor = _previousBlock();
        _drop(id, reason);
    }

    function _drop(bytes20 id, Removal reason) private {
        if (_peers.remove(id)) emit PeerRemoved(id, uint8(reason), ++_peers.version);
    }

    function _tighten() private {
        emit PolicyTightened(++_peers.policyEpoch, ++_peers.version);
    }

    function _setKmsRoot(address kmsRoot) private {
        if (kmsRoot == address(0)) revert KmsRootIsZero();
        address oldRoot = kmsRootAddress;
        kmsRootAddress = kmsRoot;
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
        if (_peers.records[id].banned) revert InstanceIsBanned(id);
    }

    /// @dev The newest block that a statement of now can be anchored at.
    function _previousBlock() private view returns (uint64) {
        return uint64(block.number - 1);
    }

    /// @dev The length first: the status may be of any size.
    function _isUpToDate(bytes calldata tcbStatus) private pure returns (bool) {
        return tcbStatus.length == 8 && bytes8(tcbStatus) == "UpToDate";
    }

    /// @dev The first `length` of an array that was allocated for more.
    function _shrink(string[] memory array, uint256 length) private pure returns (string[] memory) {
        assembly ("memory-safe") {
            mstore(array, length)
        }
        return array;
    }
}
