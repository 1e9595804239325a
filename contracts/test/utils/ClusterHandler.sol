// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Vm} from "forge-std/Vm.sol";
import {IDstackMembershipErrors as Errors} from "../../src/interfaces/IDstackMembershipErrors.sol";
import {IDstackMembershipNFT} from "../../src/interfaces/IDstackMembershipNFT.sol";
import {ClusterTest} from "./ClusterTest.sol";

/// @dev Does to a contract whatever can be done to it, good and bad, in any order, and keeps a model of what must come of
/// it: the plainest one there is, which stores what the contract packs and lists what the contract indexes. Every call's
/// outcome, or its reason, is predicted from the model; a wrong prediction fails the run.
contract ClusterHandler is ClusterTest {
    /// @dev All that is known of an instance.
    struct Instance {
        address holder;
        bool banned;
        uint256 lastAnchor;
        bool registered;
        string url;
        address key;
        uint256 registeredAt;
        uint256 expiresAt;
        uint256 epoch;
    }

    /// @dev A call of registerPeer, whoever makes it and whenever, and what it is a valid call for.
    struct Submission {
        Registration call;
        uint256 instance;
        uint256 url;
        uint256 anchor;
        uint256 app;
        uint256 root;
        /// @dev It was signed for this chain, contract, instance, URL, key and anchor, by the app's own key.
        bool genuine;
    }

    /// @dev A URL of the pool: under which base domain (0 none, 1, 2), and whether it names its instance.
    struct Url {
        string text;
        uint256 domain;
        bool bound;
    }

    uint256 internal constant INSTANCES = 5;
    uint256 internal constant URLS = 7;
    string internal constant OTHER_DOMAIN = "nodes.example.org";

    // The model.
    uint256 public version;
    uint256 public epoch;
    uint256 public supply;
    uint256 public lease;
    uint256 public maxNodes;
    uint256 public price;
    uint256 public fees;
    bool public publicMinting;
    bool public devMode = true;
    bool public bound;
    bool public paused;
    uint256 public root;
    bool[3] public domainAllowed;
    bool public otherAppAllowed;
    /// @dev The most tickets that may be live: those that were when the limit was lowered, or the limit.
    uint256 public mostTickets = type(uint256).max;
    Instance[INSTANCES] internal instances;
    /// @dev In the order of the index.
    uint256[] internal registered;

    // The world.
    address internal constant OTHER_APP = address(0xA99);
    address[4] internal actors;
    uint256 internal block_ = 1000;
    uint256 internal time_ = 1_800_000_000;
    Submission[] internal submissions;

    /// @dev What the last call has told, and what it must have told of membership.
    Vm.Log[] internal events;

    /// @dev How often what was done, by outcome: a run in which nothing succeeds proves nothing.
    mapping(string what => uint256) public times;

    constructor() {
        arrive();
        nft = deploy(vm.addr(ROOT_KEY));
        actors = [address(this), makeAddr("alice"), makeAddr("bob"), makeAddr("mallory")];
        for (uint256 i = 0; i < actors.length; ++i) {
            vm.deal(actors[i], 1000 ether);
        }
    }

    receive() external payable {}

    function onERC721Received(address, address, uint256, bytes calldata) external pure returns (bytes4) {
        return this.onERC721Received.selector;
    }

    /// @dev Cheats on block and time last for a call only.
    function arrive() public {
        vm.roll(block_);
        vm.warp(time_);
    }

    modifier inItsBlock() {
        arrive();
        _;
    }

    /// @dev All that may happen, the likelier ones more than once.
    function actions() external pure returns (bytes4[] memory list) {
        bytes4[36] memory all = [
            this.mint.selector,
            this.mint.selector,
            this.mint.selector,
            this.mint.selector,
            this.transfer.selector,
            this.reassign.selector,
            this.revoke.selector,
            this.deactivate.selector,
            this.ban.selector,
            this.prune.selector,
            this.register.selector,
            this.register.selector,
            this.register.selector,
            this.register.selector,
            this.register.selector,
            this.register.selector,
            this.register.selector,
            this.withdraw.selector,
            this.signOnly.selector,
            this.replay.selector,
            this.replay.selector,
            this.prune.selector,
            this.registerFlipped.selector,
            this.registerUnsigned.selector,
            this.setDevMode.selector,
            this.setBound.selector,
            this.setDomain.selector,
            this.setRoot.selector,
            this.setOtherApp.selector,
            this.setLease.selector,
            this.setConfig.selector,
            this.setPaused.selector,
            this.setBootRules.selector,
            this.withdrawFees.selector,
            this.passTime.selector,
            this.passTime.selector
        ];
        list = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; ++i) {
            list[i] = all[i];
        }
    }

    // Tickets

    function mint(uint256 actor, uint256 to, uint256 instance, uint256 value) external inItsBlock {
        (actor, to, instance) = (actor % 8 < 4 ? actor % 4 : 0, to % 4, instance % INSTANCES);
        value = value % 8 == 0 ? value % 3 : price;
        bytes4 expected;
        if (actor != 0 && !publicMinting) expected = Ownable.OwnableUnauthorizedAccount.selector;
        else if (value != price) expected = Errors.WrongPayment.selector;
        else if (maxNodes != 0 && supply >= maxNodes) expected = Errors.ClusterIsFull.selector;
        else if (instances[instance].banned) expected = Errors.InstanceIsBanned.selector;
        else if (instances[instance].holder != address(0)) expected = Errors.InstanceHoldsTicket.selector;
        bytes memory data = abi.encodeCall(nft.mintNodeAccess, (actors[to], textOf(instance)));
        if (!done("mint", actor, value, data, expected)) return;
        instances[instance].holder = actors[to];
        ++supply;
        fees += value;
    }

    function transfer(uint256 actor, uint256 to, uint256 instance, uint256 how) external inItsBlock {
        (actor, to, instance) = (actor % 4, to % 4, instance % INSTANCES);
        Instance storage it = instances[instance];
        if (it.holder == address(0)) return;
        address holder_ = it.holder;
        bool approve = how % 3 == 0;
        bool operate = how % 3 == 1 && actors[actor] != holder_;
        vm.startPrank(holder_);
        if (approve) nft.approve(actors[actor], tokenOf(instance));
        if (operate) nft.setApprovalForAll(actors[actor], true);
        vm.stopPrank();
        bool may = approve || operate || actors[actor] == holder_;
        bytes memory data = operate
            ? abi.encodeWithSignature(
                "safeTransferFrom(address,address,uint256)", holder_, actors[to], tokenOf(instance)
            )
            : abi.encodeCall(nft.transferFrom, (holder_, actors[to], tokenOf(instance)));
        // The reason is OpenZeppelin's, of no interest here.
        if (!done("transfer", actor, 0, data, may ? bytes4(0) : bytes4(0x177e802f))) {
            return;
        }
        it.holder = actors[to];
        remove(instance, 3);
        if (!operate) return;
        vm.prank(holder_);
        nft.setApprovalForAll(actors[actor], false);
    }

    function reassign(uint256 actor, uint256 from, uint256 to) external inItsBlock {
        (from, to) = (from % INSTANCES, to % INSTANCES);
        actor = mostlyTheHolder(actor, from);
        bytes4 expected;
        if (instances[from].holder == address(0)) expected = Errors.InstanceHoldsNoTicket.selector;
        else if (instances[from].holder != actors[actor]) expected = Errors.NotTicketHolder.selector;
        else if (instances[from].banned || instances[to].banned) expected = Errors.InstanceIsBanned.selector;
        else if (instances[to].holder != address(0)) expected = Errors.InstanceHoldsTicket.selector;
        bytes memory data = abi.encodeCall(nft.reassignInstance, (textOf(from), textOf(to)));
        if (!done("reassign", actor, 0, data, expected)) return;
        (instances[to].holder, instances[from].holder) = (instances[from].holder, address(0));
        remove(from, 7);
    }

    function revoke(uint256 actor, uint256 instance) external inItsBlock {
        (actor, instance) = (actor % 4, instance % INSTANCES);
        bytes4 expected = instances[instance].holder == address(0) ? Errors.InstanceHoldsNoTicket.selector : bytes4(0);
        if (!asOwner("revoke", actor, abi.encodeCall(nft.revokeNodeAccess, (textOf(instance))), expected)) return;
        instances[instance].holder = address(0);
        --supply;
        if (maxNodes != 0) mostTickets = maxNodes < supply ? supply : maxNodes;
        remove(instance, 4);
    }

    function deactivate(uint256 actor, uint256 instance) external inItsBlock {
        instance = instance % INSTANCES;
        actor = mostlyTheHolder(actor, instance);
        address holder = instances[instance].holder;
        bytes4 expected;
        if (holder == address(0)) expected = Errors.InstanceHoldsNoTicket.selector;
        else if (actor != 0 && holder != actors[actor]) expected = Errors.NotTicketHolder.selector;
        bytes memory data = abi.encodeCall(nft.deactivateInstance, (textOf(instance)));
        if (done("deactivate", actor, 0, data, expected)) remove(instance, 2);
    }

    function ban(uint256 actor, uint256 instance, uint256 how) external inItsBlock {
        bool lift = how % 3 != 0;
        (actor, instance) = (actor % 4, instance % INSTANCES);
        bytes memory data = lift
            ? abi.encodeCall(nft.unbanInstance, (textOf(instance)))
            : abi.encodeCall(nft.banInstance, (textOf(instance)));
        if (!asOwner(lift ? "unban" : "ban", actor, data, 0)) return;
        instances[instance].banned = !lift;
        if (!lift) remove(instance, 5);
    }

    function prune(uint256 actor, uint256 first, uint256 second) external inItsBlock {
        uint256[2] memory wanted = [first % INSTANCES, second % INSTANCES];
        string[] memory ids = new string[](2);
        (ids[0], ids[1]) = (textOf(wanted[0]), textOf(wanted[1]));
        done("prune", actor % 4, 0, abi.encodeCall(nft.pruneExpired, (ids)), 0);
        bool any = false;
        for (uint256 i = 0; i < 2; ++i) {
            Instance storage it = instances[wanted[i]];
            if (!it.registered || it.expiresAt == 0 || it.expiresAt > time_) continue;
            drop(wanted[i]);
            it.lastAnchor = block_ - 1;
            any = true;
        }
        // One transaction, one version.
        if (any) ++version;
        expectPruned(first, second, any);
        if (any) ++times["prune, peers"];
    }

    // Registration

    /// @dev A statement of now or of some blocks ago, submitted by anybody, in a context that is mostly the right one.
    function register(uint256 instance, uint256 url, uint256 age, uint256 context, uint256 carrier)
        external
        inItsBlock
    {
        (instance, url) = mostlyWelcome(instance, url);
        Submission memory s = sign(instance, url, age, context);
        submissions.push(s);
        send(s, carrier % 4, "register");
    }

    function withdraw(uint256 instance, uint256 age, uint256 carrier) external inItsBlock {
        Submission memory s = sign(instance % INSTANCES, URLS, age, 0);
        submissions.push(s);
        send(s, carrier % 4, "withdraw");
    }

    /// @dev Signed, and kept back for later.
    function signOnly(uint256 instance, uint256 url, uint256 context) external inItsBlock {
        (instance, url) = url % 8 == 7 ? (instance % INSTANCES, URLS) : mostlyWelcome(instance, url);
        submissions.push(sign(instance, url, 0, context));
    }

    /// @dev Anything that was ever signed, once more or for the first time.
    function replay(uint256 which, uint256 carrier) external inItsBlock {
        if (submissions.length == 0) return;
        // Mostly one of the newest, since the others are spent.
        uint256 back = which % 4 == 0 ? which % submissions.length : which % 3 % submissions.length;
        send(submissions[submissions.length - 1 - back], carrier % 4, "replay");
    }

    /// @dev A call that would succeed, with one bit of it another. It fails; or the bit is one of those that the ABI leaves
    /// unread behind the end of a text, and it does what it would have done.
    function registerFlipped(uint256 instance, uint256 url, uint256 bit) external inItsBlock {
        (instance, url) = mostlyWelcome(instance, url);
        Submission memory s = sign(instance, url, 0, 0);
        if (predict(s) != 0) return;
        bytes memory data = callOf(s.call);
        bit = bound_(bit, 32, 8 * data.length - 1);
        flip(data, bit);
        vm.recordLogs();
        (bool success,) = address(nft).call(data);
        keepLogs();
        assertEq(success, isPadding(bit / 8, s.call.connectionUrl), "a flipped bit");
        if (!success) ++times["flipped, refused"];
        if (success) accept(s);
    }

    /// @dev Signatures that no key has made, by which the precompile answers the zero address.
    function registerUnsigned(uint256 instance, uint256 url, uint256 r) external inItsBlock {
        (instance, url) = mostlyWelcome(instance, url);
        Submission memory s = sign(instance, url, 0, 0);
        if (predict(s) != 0) return;
        // An r that is no x coordinate of a point, zero among them, or all of it zero.
        bytes memory target = r % 4 < 2 ? s.call.kmsSignature : s.call.appSignature;
        for (uint256 i = 0; i < 64; ++i) {
            target[i] = r % 2 == 0 || i >= 32 ? bytes1(0) : bytes1(0xff);
        }
        expectFailure(callOf(s.call), Errors.InvalidSignature.selector);
        ++times["unsigned, refused"];
    }

    // Rules

    function setDevMode(uint256 actor, uint256 how) external inItsBlock {
        bool enabled = how % 2 == 0;
        if (!asOwner("setDevMode", actor % 4, abi.encodeCall(nft.setDevMode, (enabled)), 0)) return;
        if (devMode && !enabled) tighten();
        devMode = enabled;
    }

    function setBound(uint256 actor, uint256 how) external inItsBlock {
        bool required = how % 3 == 0;
        if (!asOwner("setBound", actor % 4, abi.encodeCall(nft.setInstanceBoundUrls, (required)), 0)) return;
        if (!bound && required) tighten();
        bound = required;
    }

    function setDomain(uint256 actor, uint256 which, uint256 how) external inItsBlock {
        bool allowed = how % 4 != 0;
        which = 1 + which % 2;
        string memory domain = which == 1 ? BASE_DOMAIN : OTHER_DOMAIN;
        bytes memory data =
            allowed ? abi.encodeCall(nft.addBaseDomain, (domain)) : abi.encodeCall(nft.removeBaseDomain, (domain));
        if (!asOwner("setDomain", actor % 4, data, 0)) return;
        if (!allowed && domainAllowed[which]) tighten();
        domainAllowed[which] = allowed;
    }

    function setRoot(uint256 actor, uint256 which) external inItsBlock {
        which = which % 4 == 0 ? 1 : 0;
        bytes memory data = abi.encodeCall(nft.setKmsRootAddress, (vm.addr(ROOT_KEY + which)));
        if (!asOwner("setRoot", actor % 4, data, 0)) return;
        if (root != which) tighten();
        root = which;
    }

    function setOtherApp(uint256 actor, uint256 how) external inItsBlock {
        bool allowed = how % 3 != 0;
        bytes memory data =
            allowed ? abi.encodeCall(nft.allowApp, (OTHER_APP)) : abi.encodeCall(nft.disallowApp, (OTHER_APP));
        if (!asOwner("setOtherApp", actor % 4, data, 0)) return;
        if (otherAppAllowed && !allowed) tighten();
        otherAppAllowed = allowed;
    }

    function setLease(uint256 actor, uint256 duration) external inItsBlock {
        duration = duration % 3 == 0 ? 0 : duration % 500;
        if (asOwner("setLease", actor % 4, abi.encodeCall(nft.setLeaseDuration, (uint64(duration))), 0)) {
            lease = duration;
        }
    }

    function setConfig(uint256 actor, uint256 limit, uint256 how, uint256 cost) external inItsBlock {
        bool public_ = how % 2 == 0;
        (limit, cost) = (limit % 3 == 0 ? limit % (INSTANCES + 1) : 0, cost % 3);
        bytes memory data = abi.encodeCall(nft.setClusterConfig, (limit, public_, cost));
        if (!asOwner("setConfig", actor % 4, data, 0)) return;
        (maxNodes, publicMinting, price) = (limit, public_, cost);
        mostTickets = limit == 0 ? type(uint256).max : limit < supply ? supply : limit;
    }

    function setPaused(uint256 actor, uint256 how) external inItsBlock {
        bool pause = how % 4 == 0;
        if (asOwner("setPaused", actor % 4, abi.encodeCall(nft.setRegistrationPaused, (pause)), 0)) paused = pause;
    }

    /// @dev What only booting reads changes nothing else.
    function setBootRules(uint256 actor, uint256 which, uint256 how, bytes32 hash) external inItsBlock {
        bool on = how % 2 == 0;
        bytes[6] memory data = [
            abi.encodeCall(nft.setRequireNftAtBoot, (on)),
            abi.encodeCall(nft.setAllowAnyDevice, (on)),
            abi.encodeCall(nft.setRequireTcbUpToDate, (on)),
            on ? abi.encodeCall(nft.addComposeHash, (hash)) : abi.encodeCall(nft.removeComposeHash, (hash)),
            on ? abi.encodeCall(nft.addDevice, (hash)) : abi.encodeCall(nft.removeDevice, (hash)),
            abi.encodeCall(nft.transferOwnership, (address(uint160(uint256(hash)))))
        ];
        asOwner("setBootRules", actor % 4, data[which % 6], 0);
    }

    function withdrawFees(uint256 actor) external inItsBlock {
        if (asOwner("withdrawFees", actor % 4, abi.encodeCall(nft.withdrawFees, (address(this))), 0)) fees = 0;
    }

    // Time

    function passTime(uint256 seconds_, uint256 blocks) external {
        time_ += seconds_ % 4 == 0 ? seconds_ % 600 : 12;
        block_ += blocks % 16 == 0 ? blocks % 300 : 1;
        ++times["time"];
    }

    // What the model holds, for the invariants.

    function contractUnderTest() external view returns (address) {
        return address(nft);
    }

    function instanceAt(uint256 i) external view returns (string memory, Instance memory) {
        return (textOf(i), instances[i]);
    }

    function registeredIds() external view returns (uint256[] memory) {
        return registered;
    }

    function isListedAt(uint256 i) public view returns (bool) {
        Instance storage it = instances[i];
        return it.registered && it.epoch == epoch && (it.expiresAt == 0 || it.expiresAt > time_);
    }

    function holdersOf() external view returns (address[4] memory) {
        return actors;
    }

    // Calls

    /// @dev Calls as an actor; the outcome must be the expected one: success, or a revert with this error.
    function done(string memory what, uint256 actor, uint256 value, bytes memory data, bytes4 expected)
        internal
        returns (bool)
    {
        vm.recordLogs();
        vm.prank(actors[actor]);
        (bool success, bytes memory answer) = address(nft).call{value: value}(data);
        keepLogs();
        if (success != (expected == 0) || (!success && bytes4(answer) != expected)) {
            revert(
                string.concat(
                    what,
                    success ? " succeeded, expected " : " failed with ",
                    vm.toString(answer),
                    " expected ",
                    vm.toString(abi.encodePacked(expected))
                )
            );
        }
        ++times[string.concat(what, success ? "" : ", refused")];
        return success;
    }

    /// @dev Only the owner may; others are refused before anything else is looked at.
    function asOwner(string memory what, uint256 actor, bytes memory data, bytes4 expected) internal returns (bool) {
        // Half of the time it is the owner, or nothing would come of a run.
        if (actor > 1) return done(what, actor, 0, data, Ownable.OwnableUnauthorizedAccount.selector);
        return done(what, 0, 0, data, expected);
    }

    /// @dev As many removals as there were, which all tell the same version.
    function expectPruned(uint256 first, uint256 second, bool any) internal view {
        uint256 removed = 0;
        for (uint256 i = 0; i < events.length; ++i) {
            if (events[i].topics[0] != IDstackMembershipNFT.PeerRemoved.selector) continue;
            assertEq(events[i].data, abi.encode(6, version), "pruned");
            ++removed;
        }
        assertLe(removed, first % INSTANCES == second % INSTANCES ? 1 : 2, "pruned");
        assertEq(removed != 0, any, "pruned");
    }

    function mostlyTheHolder(uint256 actor, uint256 instance) internal view returns (uint256) {
        for (uint256 i = 0; i < 4; ++i) {
            if (actor % 8 < 4 && actors[i] == instances[instance].holder) return i;
        }
        return actor % 4;
    }

    /// @dev An instance and a URL: in three cases of four one with a ticket, if there is one, and what it has published, or
    /// what may be published now, in a new block.
    function mostlyWelcome(uint256 instance, uint256 url) internal returns (uint256, uint256) {
        uint256 how = (instance >> 8) % 8;
        (instance, url) = (instance % INSTANCES, url % URLS);
        if (how < 2) return (instance, url);
        for (uint256 i = 0; i < INSTANCES && instances[instance].holder == address(0); ++i) {
            instance = (instance + 1) % INSTANCES;
        }
        for (uint256 i = 0; i < URLS && how < 5; ++i) {
            if (same(instances[instance].url, urlAt(instance, i).text)) url = i;
        }
        for (uint256 i = 0; i < URLS && !devMode && !domainAllowed[urlAt(instance, url).domain]; ++i) {
            url = (url + 1) % URLS;
        }
        (block_, time_) = (block_ + 1, time_ + 12);
        arrive();
        return (instance, url);
    }

    function keepLogs() internal {
        delete events;
        Vm.Log[] memory all = vm.getRecordedLogs();
        for (uint256 i = 0; i < all.length; ++i) {
            events.push(all[i]);
        }
    }

    /// @dev The data of the last call's event of a kind, which it must have told as often as expected.
    function told(bytes32 topic, uint256 expected) internal view returns (bytes memory data) {
        uint256 found = 0;
        for (uint256 i = 0; i < events.length; ++i) {
            if (events[i].topics[0] != topic) continue;
            data = events[i].data;
            ++found;
        }
        assertEq(found, expected, "events");
    }

    /// @dev A removal is told with its reason and the version that it made.
    function expectRemoval(bool removed, uint8 reason) internal view {
        bytes memory data = told(IDstackMembershipNFT.PeerRemoved.selector, removed ? 1 : 0);
        if (removed) assertEq(data, abi.encode(reason, version), "removal");
    }

    function expectFailure(bytes memory data, bytes4 expected) internal {
        (bool success, bytes memory answer) = address(nft).call(data);
        assertFalse(success, "a call that must fail");
        assertEq(bytes4(answer), expected);
    }

    function send(Submission memory s, uint256 carrier, string memory what) internal {
        if (done(what, carrier, 0, callOf(s.call), predict(s))) accept(s);
    }

    // Statements

    /// @param context 0 to 9 the right one; above, one thing about it is another one's.
    function sign(uint256 instance, uint256 url, uint256 age, uint256 context) internal returns (Submission memory s) {
        context %= 21;
        s.instance = instance;
        s.url = url;
        s.genuine = context < 10 || (context > 15 && context < 20);
        s.app = context == 16 || context == 17 ? 1 : 0;
        s.root = context == 18 ? 1 - root : root;
        string memory text = url == URLS ? "" : urlAt(instance, url).text;
        Statement memory statement = statementOf(textOf(instance), text);
        age = age % 8 == 0 ? age % 300 : 0;
        statement.anchor -= uint64(age);
        statement.anchorHash = blockhash(statement.anchor);
        s.anchor = statement.anchor;
        if (context == 20) {
            // Of a block that is not there yet, whose hash is a guess.
            statement.anchor += uint64(1 + url);
            statement.anchorHash = keccak256("a guess");
            s.anchor = statement.anchor;
        }
        if (context == 10) statement.chainId += 1;
        if (context == 11) statement.nft = address(this);
        if (context == 12) statement.instanceId = ~statement.instanceId;
        if (context == 13) statement.connectionUrl = string.concat(text, "x");
        if (context == 14) statement.anchorHash = ~statement.anchorHash;
        uint256 key = APP_KEY + s.app;
        s.call.instanceId = textOf(instance);
        s.call.connectionUrl = text;
        // An instance comes back with another derived key at times, as after an upgrade.
        s.call.derivedPublicKey = compressed(derivedKey(string.concat(textOf(instance), context == 19 ? "'" : "")));
        s.call.appSignature = abi.encodePacked(
            signature(context == 15 ? key + 7 : key, appMessage(statement, s.call.derivedPublicKey)), uint64(s.anchor)
        );
        s.call.kmsSignature = certificate(ROOT_KEY + s.root, key, s.app == 0 ? address(nft) : OTHER_APP);
    }

    /// @dev What must become of a submission now: 0, or the error.
    function predict(Submission memory s) internal view returns (bytes4) {
        Instance storage it = instances[s.instance];
        if (it.holder == address(0)) return Errors.InstanceHoldsNoTicket.selector;
        if (it.banned) return Errors.InstanceIsBanned.selector;
        if (s.url != URLS) {
            if (paused) return Errors.RegistrationIsPaused.selector;
            Url memory url = urlAt(s.instance, s.url);
            if (!devMode) {
                if (url.domain == 0) return Errors.UrlNotHttps.selector;
                if (!domainAllowed[url.domain]) return Errors.BaseDomainNotAllowed.selector;
                if (bound && !url.bound) return Errors.UrlNotBoundToInstance.selector;
            }
        }
        if (s.anchor <= it.lastAnchor) return Errors.AnchorNotNewer.selector;
        if (s.anchor >= block_ || s.anchor + 256 < block_) return Errors.AnchorUnknown.selector;
        if (s.app == 1 && !otherAppAllowed) return Errors.AppNotAllowed.selector;
        if (s.root != root) return Errors.KmsSignerMismatch.selector;
        return s.genuine ? bytes4(0) : Errors.AppSignerMismatch.selector;
    }

    function accept(Submission memory s) internal {
        Instance storage it = instances[s.instance];
        it.lastAnchor = s.anchor;
        if (s.url == URLS) return count(drop(s.instance), 1);
        string memory url = s.call.connectionUrl;
        address key = vm.addr(keyOf(s));
        bool expired = it.registered && it.expiresAt != 0 && it.expiresAt <= time_;
        bool changed = !isListedAt(s.instance) || !same(it.url, url) || it.key != key;
        if (changed) ++version;
        ++times[changed ? "changed" : "renewed"];
        if (!it.registered) registered.push(s.instance);
        if (!it.registered || expired) it.registeredAt = time_;
        it.registered = true;
        it.url = url;
        it.key = key;
        it.epoch = epoch;
        it.expiresAt = lease == 0 ? 0 : time_ + lease;
        bytes memory data = told(IDstackMembershipNFT.PeerRegistered.selector, changed ? 1 : 0);
        Registration memory r = s.call;
        if (changed) {
            assertEq(
                data,
                abi.encode(url, it.expiresAt, version, r.derivedPublicKey, r.appSignature, r.kmsSignature),
                "evidence"
            );
        }
        data = told(IDstackMembershipNFT.PeerRenewed.selector, changed ? 0 : 1);
        if (!changed) assertEq(data, abi.encode(it.expiresAt), "renewal");
    }

    function keyOf(Submission memory s) internal returns (uint256 key) {
        key = derivedKey(textOf(s.instance));
        if (keccak256(compressed(key)) != keccak256(s.call.derivedPublicKey)) {
            key = derivedKey(string.concat(textOf(s.instance), "'"));
        }
    }

    /// @dev Takes an instance out, and makes all statements of before worthless.
    function remove(uint256 instance, uint8 reason) internal {
        instances[instance].lastAnchor = block_ - 1;
        count(drop(instance), reason);
    }

    function count(bool removed, uint8 reason) internal {
        if (removed) ++version;
        expectRemoval(removed, reason);
    }

    function drop(uint256 instance) internal returns (bool) {
        Instance storage it = instances[instance];
        if (!it.registered) return false;
        (it.registered, it.url, it.key, it.registeredAt) = (false, "", address(0), 0);
        uint256 last = registered[registered.length - 1];
        for (uint256 i = 0; i < registered.length; ++i) {
            if (registered[i] == instance) registered[i] = last;
        }
        registered.pop();
        return true;
    }

    function tighten() internal {
        ++epoch;
        ++version;
        ++times["tightened"];
        assertEq(told(IDstackMembershipNFT.PolicyTightened.selector, 1), abi.encode(epoch, version), "tightening");
    }

    // Texts

    function textOf(uint256 instance) internal pure returns (string memory) {
        return toText(bytes20(keccak256(abi.encode("instance", instance))));
    }

    function tokenOf(uint256 instance) internal pure returns (uint256) {
        return uint160(toId(textOf(instance)));
    }

    function urlAt(uint256 instance, uint256 i) internal pure returns (Url memory) {
        string memory host = string.concat("https://", textOf(instance));
        if (i == 0) return Url(URL, 0, false);
        if (i == 1) return Url(string.concat(host, "-s.", BASE_DOMAIN), 1, true);
        if (i == 2) return Url(string.concat(host, "-5432s.", OTHER_DOMAIN), 2, true);
        if (i == 3) return Url(string.concat(host, ".", BASE_DOMAIN, ":443/"), 1, true);
        if (i == 4) {
            return Url(string.concat("https://", textOf((instance + 1) % INSTANCES), ".", BASE_DOMAIN), 1, false);
        }
        if (i == 5) return Url(string.concat("https://db.", OTHER_DOMAIN), 2, false);
        return Url(string.concat("redis://", textOf(instance), textOf(instance), textOf(instance)), 0, false);
    }

    function same(string memory a, string memory b) internal pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }

    function bound_(uint256 x, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + x % (high - low + 1);
    }

    /// @dev Whether a byte of the call is one that fills a text up to whole words.
    function isPadding(uint256 place, string memory url) internal pure returns (bool) {
        // Selector and five offsets, then each argument: its length, and its bytes in whole words.
        uint256[5] memory lengths = [uint256(40), 33, 73, 118, bytes(url).length];
        uint256 start = 4 + 5 * 32;
        for (uint256 i = 0; i < 5; ++i) {
            uint256 end = start + 32 + (lengths[i] + 31) / 32 * 32;
            if (place < end) return place >= start + 32 + lengths[i];
            start = end;
        }
        return false;
    }
}
