// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Why DstackMembershipNFT refuses
/// @notice Clients show these names and values to people: each one says what is wrong and carries the offending values.
interface IDstackMembershipErrors {
    // Ids

    /// @notice An instance id is 40 lowercase hex digits, without 0x, and not zero.
    error InvalidInstanceId(string instanceId);

    // Admission

    /// @notice The instance holds no ticket: mint one for it first.
    error InstanceHoldsNoTicket(bytes20 instanceId);

    /// @notice The instance holds a ticket already.
    error InstanceHoldsTicket(bytes20 instanceId);

    /// @notice The owner of the contract banned the instance.
    error InstanceIsBanned(bytes20 instanceId);

    /// @notice The account does not hold the instance's ticket.
    error NotTicketHolder(bytes20 instanceId, address account);

    /// @notice As many tickets are live as the owner allows.
    error ClusterIsFull(uint256 maxNodes);

    /// @notice A ticket costs exactly this much: less is too little, and an excess is refused, not kept.
    error WrongPayment(uint256 price, uint256 paid);

    // Registration

    /// @notice The owner of the contract paused registration. Withdrawing is still possible.
    error RegistrationIsPaused();

    /// @notice The statement is not newer than the last one accepted, or was signed before the peer's last removal.
    error AnchorNotNewer(uint64 anchor, uint64 lastAnchor);

    /// @notice The statement's anchor is no block of the last 256 before this one: too old, or of the future.
    error AnchorUnknown(uint64 anchor);

    // Signature chain

    /// @notice A derived or app public key is 33 bytes, compressed, of a point whose x coordinate is below the order of
    /// secp256k1.
    error InvalidPublicKey(bytes publicKey);

    /// @notice An app signature is 73 bytes: the signature (65) and the number of the anchor block (8).
    error InvalidAppSignatureLength(uint256 length);

    /// @notice A KMS signature is 118 bytes: the signature (65), the app public key (33) and the app id (20).
    error InvalidKmsSignatureLength(uint256 length);

    /// @notice The last byte of a signature is 0, 1, 27 or 28.
    error InvalidSignatureV(uint8 v);

    /// @notice The signature's s is in the upper half of the order: its low twin is the valid one.
    error InvalidSignatureS(bytes32 s);

    /// @notice No key has made this signature.
    error InvalidSignature();

    /// @notice The KMS certificate is signed by another key than the KMS root.
    error KmsSignerMismatch(address expected, address actual);

    /// @notice The app is not one whose instances may register here.
    error AppNotAllowed(address appId);

    /// @notice The statement is signed by another key than the certified app key, or says something else than this call:
    /// another chain, contract, instance, URL, anchor or derived key.
    error AppSignerMismatch(address expected, address actual);

    // URLs

    /// @notice A connection URL has 1 to 256 bytes.
    error InvalidUrlLength(uint256 length);

    /// @notice This byte may not stand at this position of a connection URL.
    error InvalidUrlByte(uint256 position, bytes1 value);

    /// @notice Outside dev mode a connection URL starts with `https://`.
    error UrlNotHttps(string connectionUrl);

    /// @notice The first label of the host has 1 to 63 of a-z, 0-9 and inner hyphens, and does not start with xn--.
    error InvalidUrlLabel(string label);

    /// @notice What follows the first dot of the host is no allowed base domain.
    error BaseDomainNotAllowed(string baseDomain);

    /// @notice A port is 1 to 65535, without leading zero.
    error InvalidUrlPort(string port);

    /// @notice Nothing but `/` may follow the host and its port.
    error InvalidUrlPath(string path);

    /// @notice The first label of the host does not name the instance that registers.
    error UrlNotBoundToInstance(string label, bytes20 instanceId);

    // Governance

    /// @notice A base domain has two labels at least, as in a connection URL, the last one starting with a letter, and at
    /// most 253 bytes.
    error InvalidBaseDomain(string baseDomain);

    /// @notice The KMS root is not the zero address.
    error KmsRootIsZero();

    /// @notice A limit of nodes is at most this.
    error TooManyNodes(uint256 maxNodes, uint256 most);

    /// @notice A lease is at most this many seconds.
    error LeaseTooLong(uint64 leaseSeconds, uint64 most);

    /// @notice This many base domains have been allowed, one after the other: there is no number for another one.
    error TooManyBaseDomains(uint256 most);

    /// @notice This many peers are registered: there is no room for another one.
    error IndexIsFull(uint256 most);

    /// @notice Rules have been tightened this many times: it cannot be done again.
    error TooManyTightenings(uint256 most);

    /// @notice This chain's block number or time has more bits than the contract keeps of it. Refuses deployment,
    /// registration, and whatever removes a peer.
    error ChainOutOfRange(uint256 value, uint256 bits);

    /// @notice The receiver did not take the fees.
    error FeeTransferFailed(address to, uint256 amount);

    /// @notice A contract without owner could not remove a stolen root or a bad instance.
    error OwnershipCannotBeRenounced();
}
