// SPDX-License-Identifier: MIT
// The page's words: panels, the log and the tables. Whatever a peer said goes into textContent only.

export const $ = (id) => document.getElementById(id);
export const short = (id) => id.slice(0, 6);

/** An element with text or other elements in it; nothing of it is read as markup. */
export function make(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

const two = (number) => String(number).padStart(2, '0');

/** A point in time, in seconds since 1970: the hour today, with the date on another day. */
export function clock(seconds) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return make('span', '', 'at no time there is');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const hour = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const made = make('time', '', date.toDateString() === new Date().toDateString() ? hour : `${day} ${hour}`);
  made.dateTime = date.toISOString();
  return made;
}

/** "3 min 20 s" */
export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds)), units = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];
  const first = units.findIndex(([, length]) => s >= length);
  if (first < 0 || first === 3) return `${s} s`;
  const [unit, length] = units[first], [smaller, part] = units[first + 1];
  const rest = Math.floor((s % length) / part);
  return `${Math.floor(s / length)} ${unit}${rest ? ` ${rest} ${smaller}` : ''}`;
}

/** A URL that a stranger chose: a link only when it is a plain one to a web server, text otherwise. */
export function address(text) {
  let url = null;
  try {
    url = new URL(text);
  } catch {
    return make('span', 'id', text);
  }
  if (!['http:', 'https:'].includes(url.protocol) || url.username || url.password) return make('span', 'id', text);
  const link = make('a', 'id', text);
  link.href = url.href;
  link.rel = 'noopener noreferrer nofollow';
  link.target = '_blank';
  return link;
}

/** Puts text or an element into a place, unless it says the same already. */
export function put(place, content, className) {
  const text = typeof content === 'string' ? content : content.textContent;
  if (place.textContent !== text) place.replaceChildren(content);
  if (className !== undefined && place.className !== className) place.className = className;
}

function row(cells, names) {
  const made = make('tr');
  made.setAttribute('role', 'row');
  cells.forEach((cell, index) => {
    const td = make('td', '', cell);
    td.setAttribute('role', 'cell');
    td.dataset.name = names[index];
    made.append(td);
  });
  return made;
}

const COLUMNS = ['Instance', 'URL', 'We greeted it', 'It greeted us', 'Its answer'];

/** The table of peers: rows stay the same elements while their peers stay, so that focus does. */
export class PeerTable {
  constructor(table, choose) {
    this.body = table.tBodies[0];
    this.choose = choose;
    this.rows = new Map();
  }

  update(peers, chosen) {
    const there = new Set(peers.map((peer) => peer.instance_id));
    for (const [id, tr] of this.rows) {
      if (there.has(id)) continue;
      tr.remove();
      this.rows.delete(id);
    }
    peers.forEach((peer, index) => {
      const tr = this.rows.get(peer.instance_id) ?? this.add(peer.instance_id);
      this.fill(tr, peer);
      tr.className = peer.instance_id === chosen ? 'chosen' : '';
      if (this.body.children[index] !== tr) this.body.insertBefore(tr, this.body.children[index] ?? null);
    });
  }

  add(id) {
    const button = make('button', 'id', id);
    button.type = 'button';
    button.addEventListener('click', () => this.choose(id));
    const tr = row([button, '', '', '', ''], COLUMNS);
    this.rows.set(id, tr);
    return tr;
  }

  fill(tr, peer) {
    const [, url, contact, greeted, answer] = tr.cells;
    put(url, address(peer.connection_url));
    put(contact, peer.last_contact ? clock(peer.last_contact) : 'not yet');
    put(greeted, peer.greeted_us_at ? clock(peer.greeted_us_at) : 'not yet');
    if (peer.error) put(answer, make('span', 'bad', peer.error));
    else if (peer.response) put(answer, peer.response.message);
    else put(answer, make('span', 'note', 'being greeted'));
  }
}

const WORDS = {joined: 'ok', left: 'bad', changed: 'warn', lost: 'bad', back: 'ok'};

/** The log of changes, the newest first. */
export class ChangeLog {
  constructor(place, none) {
    this.place = place;
    this.list = place.firstElementChild;
    this.none = none;
    this.known = new Set();
  }

  /** What was there before we came is not read out: a screen reader hears of it only after this task. */
  addOld(changes) {
    this.place.setAttribute('aria-busy', 'true');
    changes.forEach((change) => this.add(change));
    setTimeout(() => this.place.removeAttribute('aria-busy'), 500);
  }

  add(change) {
    // A state tells it again. Somebody may join, leave and join within a second.
    const key = JSON.stringify([change.change, change.at, change.instance_id, change.number]);
    if (this.known.has(key) || !(change.change in WORDS)) return;
    this.known.add(key);
    if (this.known.size > 1000) this.known.delete(this.known.keys().next().value);
    const what = make('span', 'id');
    const who = change.self ? 'this node ' : `${short(change.instance_id ?? '')} `;
    if (change.instance_id) what.append(who, address(change.connection_url));
    else what.append(change.text);
    if (change.previous_url) what.append(' before: ', change.previous_url);
    const word = make('span', WORDS[change.change], change.change);
    this.list.prepend(make('li', '', clock(change.at), word, what));
    while (this.list.children.length > 200) this.list.lastChild.remove();
    this.none.hidden = true;
  }
}

/** What is known of one node's greetings: a time, and whose word it is. */
function greeting(edge) {
  if (!edge) return make('span', 'note', '–');
  const words = edge.failed ? make('span', 'bad', 'no answer') : clock(edge.at);
  return edge.own ? words : make('span', '', words, make('span', 'note', ` says ${short(edge.by)}`));
}

/** The chosen node, and its greetings with all others: [{id, name, out, back}]. */
export function showChosen(place, title, pairs) {
  if (!title) {
    if (place.firstChild) place.replaceChildren();
    return;
  }
  const names = ['Node', 'It greeted', 'Greeted by'];
  const head = make('tr'), body = make('tbody');
  for (const name of names) {
    const th = make('th', '', name);
    th.scope = 'col';
    head.append(th);
  }
  for (const pair of pairs) {
    body.append(row([make('span', 'id', pair.name), greeting(pair.out), greeting(pair.back)], names));
  }
  const top = place.querySelector('.scroll')?.scrollTop ?? 0;
  const box = make('div', 'scroll', make('table', '', make('thead', '', head), body));
  box.tabIndex = 0;
  box.setAttribute('role', 'region');
  box.setAttribute('aria-label', 'Its greetings');
  const heading = make('h3', '', title);
  const content = make('div', '', heading, pairs.length ? box : make('p', 'note', 'There is no other node.'));
  if (place.textContent === content.textContent) return;
  const had = place.contains(document.activeElement);
  place.replaceChildren(...content.childNodes);
  box.scrollTop = top;
  if (had) box.focus({preventScroll: true});
}
