// SPDX-License-Identifier: MIT
// The live cluster, as this node sees it: reads the stream of events, keeps what it says, and shows it.
import {$, ChangeLog, PeerTable, address, clock, duration, make, put, short, showChosen} from './panels.js';
import {Mesh} from './mesh.js';

const SILENCE_MS = 6000; // the node says something every two seconds
const NEW_MS = 5000;

const model = {
  self: null, startedAt: 0, status: null, statusAt: 0, // when it came
  count: 0, asksUpTo: 0, peers: new Map(), told: new Map(), joined: new Map(), // by instance id
};
const log = new ChangeLog($('changes'), $('changes-none'));
const mesh = new Mesh($('mesh'), choose);
const table = new PeerTable($('peers'), (id) => {
  choose(id);
  $('chosen').scrollIntoView({block: 'nearest'});
});
let chosen = null;

function choose(id) {
  chosen = id;
  mesh.select(id);
  schedule();
}

// ---- What the events say

function addPeer(peer) {
  const known = model.peers.get(peer.instance_id);
  model.peers.set(peer.instance_id, {...(known ?? {}), ...peer});
}

function tell(told, peers) {
  const greeted = new Map();
  for (let i = 0; i + 1 < told.greeted.length; i += 2) {
    const who = told.greeted[i];
    const id = typeof who === 'string' ? who : who < 0 ? model.self.instance_id : peers[who]?.instance_id;
    if (id) greeted.set(id, told.greeted[i + 1]);
  }
  if (told.at) model.told.set(told.instance_id, greeted);
  else model.told.delete(told.instance_id);
}

const events = {
  state(state) {
    model.self = state.self;
    model.startedAt = state.time - state.self.uptime;
    model.count = state.count;
    model.asksUpTo = state.asks_up_to;
    model.peers = new Map(state.peers.map((peer) => [peer.instance_id, peer]));
    model.told.clear();
    state.told.forEach((told) => tell(told, state.peers));
    log.addOld(state.changes);
    events.status(state.status);
  },
  status(status) {
    model.status = status;
    model.statusAt = performance.now();
  },
  joined(change) {
    log.add(change);
    if (change.self) return;
    model.count = change.count;
    addPeer({instance_id: change.instance_id, connection_url: change.connection_url});
    model.joined.set(change.instance_id, performance.now());
  },
  left(change) {
    log.add(change);
    if (change.self) return;
    model.count = change.count;
    model.peers.delete(change.instance_id);
    model.told.delete(change.instance_id);
    model.joined.delete(change.instance_id);
    if (chosen === change.instance_id) choose(null);
  },
  changed(change) {
    log.add(change);
    if (change.self) return;
    model.peers.set(change.instance_id, {instance_id: change.instance_id, connection_url: change.connection_url});
  },
  greeted(peer) {
    if (!model.peers.has(peer.instance_id)) return;
    model.peers.set(peer.instance_id, peer);
    if (!peer.error) mesh.flash(model.self.instance_id, peer.instance_id);
  },
  greeted_us(news) {
    if (!model.peers.has(news.instance_id)) return;
    addPeer(news);
    mesh.flash(news.instance_id, model.self.instance_id);
  },
  told(told) {
    if (model.peers.has(told.instance_id)) tell(told, []);
  },
};

// ---- Who greeted whom

/** All that is known, this node's own greetings first hand: a map of "from>to". */
function collectEdges() {
  const edges = new Map(), self = model.self.instance_id;
  const add = (edge) => edges.set(`${edge.from}>${edge.to}`, edge);
  for (const [by, greeted] of model.told) {
    for (const [to, at] of greeted) add({from: by, to, at, failed: !at, own: false, by});
  }
  for (const peer of model.peers.values()) {
    const id = peer.instance_id;
    if (peer.last_contact && !peer.error) add({from: self, to: id, at: peer.last_contact, own: true, by: self});
    else if (peer.error) add({from: self, to: id, failed: true, own: true, by: self});
    if (peer.greeted_us_at) add({from: id, to: self, at: peer.greeted_us_at, own: true, by: self});
  }
  return edges;
}

function nodeOf(peer) {
  const kind = peer.error ? 'failed' : peer.last_contact ? 'ok' : 'unknown';
  const words = {failed: `does not answer: ${peer.error}`, ok: 'answered', unknown: 'not greeted yet'}[kind];
  const isNew = performance.now() - (model.joined.get(peer.instance_id) ?? -NEW_MS) < NEW_MS;
  return {id: peer.instance_id, kind, isNew, name: `Node ${short(peer.instance_id)}, ${peer.connection_url}, ${words}`};
}

function nodes() {
  const self = model.self.instance_id;
  return [{id: self, kind: 'self', name: `This node, ${short(self)}`}, ...peersInOrder().map(nodeOf)];
}

const peersInOrder = () => [...model.peers.values()].sort((a, b) => (a.instance_id < b.instance_id ? -1 : 1));

function renderChosen(edges) {
  if (!chosen) return showChosen($('chosen'), null);
  const self = model.self.instance_id, {connection_url: url} = chosen === self ? model.self : model.peers.get(chosen);
  const others = [self, ...peersInOrder().map((peer) => peer.instance_id)].filter((id) => id !== chosen);
  const pairs = others.map((id) => ({
    name: id === self ? `${short(id)} (this node)` : short(id),
    out: edges.get(`${chosen}>${id}`),
    back: edges.get(`${id}>${chosen}`),
  }));
  const name = chosen === self ? ' this node, ' : ' ';
  return showChosen($('chosen'), make('span', '', make('span', 'id', chosen), name, address(url ?? '')), pairs);
}

function renderMesh() {
  if (!model.self.instance_id) return;
  if (chosen && chosen !== model.self.instance_id && !model.peers.has(chosen)) chosen = null;
  const edges = collectEdges(), asked = model.told.size;
  mesh.select(chosen);
  mesh.update(nodes(), [...edges.values()]);
  renderChosen(edges);
  const {listed} = model.status, total = model.count + (listed ? 1 : 0), silent = model.peers.size - asked;
  put($('count'), `${total} ${total === 1 ? 'node' : 'nodes'}${listed ? '' : ' beside this one, which is not listed'}`);
  const notes = [];
  if (model.count > model.peers.size) notes.push(`${model.peers.size} of ${model.count} peers are shown.`);
  const many = model.count > model.asksUpTo;
  if (many) notes.push(`With more than ${model.asksUpTo}, they are not asked whom they greeted.`);
  else if (silent) notes.push(`${silent} of ${model.peers.size} peers have not said whom they greeted.`);
  put($('mesh-note'), notes.join(' '));
  $('mesh-note').hidden = !notes.length;
}

// ---- Panels

function renderSelf() {
  const self = model.self;
  put($('name'), self.instance_id ? short(self.instance_id) : '');
  put($('instance'), self.instance_id ?? 'not known yet');
  put($('address'), self.instance_address ?? 'not known yet');
  put($('url'), self.connection_url ? address(self.connection_url) : 'not known yet');
  put($('contract'), self.contract ?? 'not known yet');
  put($('chain'), self.chain_id ? String(self.chain_id) : 'not known yet');
  put($('since'), clock(model.startedAt));
  document.title = self.instance_id ? `${short(self.instance_id)} · hello_p2p` : 'hello_p2p';
}

const sinceStatus = () => (performance.now() - model.statusAt) / 1000;

function renderStanding() {
  const status = model.status;
  const well = status.reason ? ['in trouble', 'pill warn'] : ['healthy', 'pill ok'];
  const health = status.healthy ? well : ['not healthy', 'pill bad'];
  put($('health'), ...(link === 'live' ? health : ['health not known', 'pill']));
  put($('problem'), status.reason, `banner ${status.healthy ? 'warn' : 'bad'}`);
  $('problem').hidden = !status.reason;
  const registered = status.registered ? 'yes' : status.listed ? 'with another URL, or not by this process' : 'no';
  put($('registered'), registered, status.registered ? 'ok' : 'bad');
  const failed = status.keeper_error && `${status.keeper_error}: ${status.keeper_message}`;
  put($('keeper'), failed || (status.keeping ? 'yes' : 'no'), failed ? 'bad' : '');
}

function renderLease() {
  const status = model.status;
  const left = status.lease_left === null ? 'does not end' : `${duration(status.lease_left - sinceStatus())} left`;
  put($('lease'), status.listed ? left : 'none');
}

function renderReading() {
  const reading = model.status.reading;
  if (!reading) {
    for (const id of ['age', 'transport', 'checked']) put($(id), '–');
    put($('reading'), 'the contract is not watched yet');
    return;
  }
  const age = reading.age_ms === null ? null : reading.age_ms / 1000 + sinceStatus();
  put($('age'), age === null ? 'not yet' : age < 1.5 ? 'just now' : `${duration(age)} ago`);
  put($('transport'), reading.transport === 'poll' ? 'by asking the Ethereum node' : `by ${reading.transport}`);
  const out = reading.left_out ? `, ${reading.left_out} left out: their evidence does not hold` : '';
  const checked = reading.checked ? 'all peers are checked' : 'peers are not checked';
  put($('checked'), checked + out, reading.left_out ? 'warn' : '');
  const failed = reading.error && `${reading.error}: ${reading.message} (${reading.failures} in a row)`;
  put($('reading'), failed || `block ${reading.block_number}, version ${reading.version}`, failed ? 'bad' : '');
}

/** A search field comes with the number of rows that makes one want it. */
function renderPeers() {
  const all = peersInOrder(), wanted = $('filter').value.trim().toLowerCase();
  const answer = (peer) => peer.error ?? peer.response?.message ?? '';
  const says = (peer) => `${peer.instance_id} ${peer.connection_url} ${answer(peer)}`.toLowerCase();
  const shown = all.filter((peer) => says(peer).includes(wanted));
  table.update(shown, chosen);
  $('filter').hidden = all.length <= 12 && !wanted;
  $('peers').hidden = all.length === 0;
  $('peers-none').hidden = all.length > 0;
  const note = all.length ? `${all.length} beside this node` : '';
  put($('peers-note'), wanted ? `${shown.length} of ${all.length}` : note);
}

function render() {
  if (!model.self) return;
  renderSelf();
  renderStanding();
  tick();
  renderMesh();
  renderPeers();
}

function tick() {
  if (!model.status || link !== 'live') return;
  renderLease();
  renderReading();
}

let scheduled = false;
function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    render();
  });
}

$('filter').addEventListener('input', schedule);

// ---- The connection to this node

let source = null, link = 'connecting', heard = performance.now(), heardAt = null, pause = 1000;

/** The browser does not tell what kind of answer it was that brought no events. */
function sayLost() {
  const refused = source.readyState === EventSource.CLOSED;
  const why = refused ? 'This node sends no events: too many may be looking at it. ' : 'The connection to this node is lost. ';
  const stale = heardAt ? ['What you see is from ', clock(heardAt), '. '] : [];
  put($('lost'), make('span', '', why, ...stale, 'Trying again.'));
}

function setLink(now) {
  if (link === now) return;
  const lost = now === 'lost', back = link === 'lost';
  const change = {at: Math.floor(Date.now() / 1000), text: 'the connection to this node'};
  if (model.self && (lost || back)) log.add({...change, change: lost ? 'lost' : 'back'});
  link = now;
  put($('link'), lost ? 'connection lost' : now, `pill ${lost ? 'bad' : now === 'live' ? 'ok' : ''}`);
  $('lost').hidden = !lost;
  schedule();
}

function listen(name) {
  source.addEventListener(name, (event) => {
    heard = performance.now();
    heardAt = Math.floor(Date.now() / 1000);
    pause = 1000;
    // Until the first state there is nothing that a change could be applied to.
    if (name !== 'state' && !model.self) return;
    events[name](JSON.parse(event.data));
    setLink('live');
    schedule();
  });
}

/**
 * The browser tries again by itself after a lost connection, but not after an answer such as 503; and an attempt that
 * nobody answers, as after a sleep or on another network, it lets hang for minutes.
 */
function connect() {
  source?.close();
  source = new EventSource('events');
  heard = performance.now();
  source.onerror = () => {
    setLink('lost');
    sayLost();
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(connect, pause);
    pause = Math.min(2 * pause, 15000);
  };
  Object.keys(events).forEach(listen);
}

setInterval(() => {
  tick();
  const silent = performance.now() - heard > SILENCE_MS;
  if (silent && source.readyState !== EventSource.CLOSED) {
    setLink('lost');
    sayLost();
    connect();
  }
}, 1000);
connect();
