// SPDX-License-Identifier: MIT
// Draws the cluster: its nodes on a circle, and who greeted whom between them.

const SVG = 'http://www.w3.org/2000/svg';
const MANY = 30; // from here on lines are straight, without heads, and one stands for both directions
const FEW = 12; // up to here labels are upright
const LABEL_PX = 13; // what a label needs on the circle

function element(name, parent, className) {
  const made = document.createElementNS(SVG, name);
  if (className) made.setAttribute('class', className);
  parent.append(made);
  return made;
}

const round = (number) => Math.round(number * 10) / 10;

/** Lines as one path, and their heads as another: a hundred nodes have ten thousand lines. */
class Lines {
  constructor(parent, name) {
    this.path = element('path', parent, name);
    this.heads = element('path', parent, `${name} heads`);
    this.clear();
  }

  clear() {
    this.lines = [];
    this.triangles = [];
    this.pairs = new Set();
  }

  add(from, to, bent, gap) {
    const dx = to.x - from.x, dy = to.y - from.y, length = Math.hypot(dx, dy);
    if (!length) return;
    if (!bent) {
      const pair = from.id < to.id ? from.id + to.id : to.id + from.id;
      if (this.pairs.has(pair)) return;
      this.pairs.add(pair);
      this.lines.push(`M${round(from.x)} ${round(from.y)}L${round(to.x)} ${round(to.y)}`);
      return;
    }
    // Bent to the left of its direction, so that the answering greeting lies beside it.
    const bend = length * 0.09;
    const mx = (from.x + to.x) / 2 + (dy / length) * bend, my = (from.y + to.y) / 2 - (dx / length) * bend;
    const end = Math.hypot(to.x - mx, to.y - my), ux = (to.x - mx) / end, uy = (to.y - my) / end;
    const tx = to.x - ux * gap, ty = to.y - uy * gap, bx = tx - ux * 8, by = ty - uy * 8;
    this.lines.push(`M${round(from.x)} ${round(from.y)}Q${round(mx)} ${round(my)} ${round(bx)} ${round(by)}`);
    this.triangles.push(`M${round(tx)} ${round(ty)}L${round(bx - uy * 3.5)} ${round(by + ux * 3.5)}` +
      `L${round(bx + uy * 3.5)} ${round(by - ux * 3.5)}Z`);
  }

  draw() {
    this.path.setAttribute('d', this.lines.join(''));
    this.heads.setAttribute('d', this.triangles.join(''));
  }
}

export class Mesh {
  /** `choose(id)` is called when somebody chooses a node, or null when it is given up. */
  constructor(svg, choose) {
    this.svg = svg;
    this.choose = choose;
    this.nodes = [];
    this.edges = [];
    this.marks = new Map();
    this.chosen = this.hot = this.tab = null;
    this.fresh = new Map();
    const lines = element('g', svg);
    const names = ['told', 'failed-edges', 'own', 'lit', 'fresh'];
    this.layers = Object.fromEntries(names.map((name) => [name, new Lines(lines, name)]));
    this.group = element('g', svg);
    svg.addEventListener('keydown', (event) => this.onKey(event));
    new ResizeObserver(() => this.schedule()).observe(svg.parentElement);
  }

  /** nodes: [{id, kind: 'self'|'ok'|'failed'|'new', name}], this node first; edges: [{from, to, own, failed}] by id. */
  update(nodes, edges) {
    this.nodes = nodes;
    this.edges = edges;
    this.schedule();
  }

  /** A greeting that happened just now. */
  flash(from, to) {
    this.fresh.set(`${from}>${to}`, performance.now() + 2500);
    setTimeout(() => this.schedule(), 2600);
  }

  select(id) {
    this.chosen = id;
    this.schedule();
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  layout() {
    const width = Math.max(240, this.svg.parentElement.clientWidth - 34), count = this.nodes.length;
    const few = count <= FEW, most = Math.min(width, few ? 500 : 680), margin = few ? 44 : 58;
    const angles = this.nodes.map((_, index) => (2 * Math.PI * index) / count - Math.PI / 2);
    // From the first node, at the top, to the lowest, in radii: three nodes are less than a circle.
    const deep = 1 + Math.max(-1, ...angles.map(Math.sin));
    const radius = Math.max(60, Math.min((most - 2 * margin) / deep, width / 2 - (few ? 68 : 58)));
    const height = round(deep * radius + 2 * margin);
    this.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.svg.setAttribute('height', height);
    this.svg.classList.toggle('dense', count > MANY);
    this.places = new Map();
    this.nodes.forEach(({id}, index) => {
      const angle = angles[index];
      const x = width / 2 + radius * Math.cos(angle), y = margin + radius + radius * Math.sin(angle);
      this.places.set(id, {id, x, y, angle});
    });
    const apart = (2 * Math.PI * radius) / count;
    this.every = Math.max(1, Math.ceil(LABEL_PX / apart));
    this.mark = Math.max(2, Math.min(few ? 8 : 6, 0.3 * apart));
  }

  draw() {
    this.layout();
    this.drawNodes();
    this.drawEdges();
  }

  drawEdges() {
    const hot = this.hot ?? this.chosen, bent = this.nodes.length <= MANY, now = performance.now();
    for (const layer of Object.values(this.layers)) layer.clear();
    for (const [greeting, until] of this.fresh) if (until <= now) this.fresh.delete(greeting);
    for (const edge of this.edges) {
      const from = this.places.get(edge.from), to = this.places.get(edge.to);
      if (!from || !to) continue;
      const lit = hot && (edge.from === hot || edge.to === hot);
      // Many who all say the same of one that is away would hide everything else.
      if (edge.failed && !edge.own && !bent && !lit) continue;
      let name = edge.failed ? 'failed-edges' : edge.own ? 'own' : 'told';
      if (lit && !edge.failed) name = 'lit';
      if (this.fresh.has(`${edge.from}>${edge.to}`) && !edge.failed) name = 'fresh';
      this.layers[name].add(from, to, bent, this.mark + 4);
    }
    for (const layer of Object.values(this.layers)) layer.draw();
    this.svg.classList.toggle('has-hot', Boolean(hot));
  }

  drawNodes() {
    const there = new Set(this.nodes.map((node) => node.id));
    for (const [id, mark] of this.marks) {
      if (there.has(id)) continue;
      mark.remove();
      this.marks.delete(id);
    }
    if (!there.has(this.tab)) this.tab = this.nodes.length ? this.nodes[0].id : null;
    if (!there.has(this.hot)) this.hot = null;
    const special = this.nodes.map((node) => node.kind === 'self' || node.id === this.hot || node.id === this.chosen);
    this.nodes.forEach((node, index) => this.drawNode(node, index, this.hasLabel(special, index)));
  }

  /** Every so many, and the special ones, which their neighbours make room for. */
  hasLabel(special, index) {
    if (special[index] || index % this.every) return special[index];
    const count = special.length;
    for (let step = 1; step < this.every; step++) {
      if (special[(index + step) % count] || special[(index - step + count) % count]) return false;
    }
    return true;
  }

  drawNode(node, index, hasLabel) {
    const place = this.places.get(node.id), mark = this.marks.get(node.id) ?? this.makeNode(node.id);
    // The order of the circle is that of the document, too. Only newcomers are moved: the focus stays.
    if (this.group.children[index] !== mark) this.group.insertBefore(mark, this.group.children[index] ?? null);
    const [hit, ring, circle, text] = mark.children;
    const classes = ['node', node.kind];
    if (node.id === this.hot) classes.push('hot');
    if (node.id === this.chosen) classes.push('chosen');
    if (node.isNew) classes.push('new');
    mark.setAttribute('class', classes.join(' '));
    mark.setAttribute('transform', `translate(${round(place.x)} ${round(place.y)})`);
    mark.setAttribute('aria-label', node.name);
    mark.setAttribute('aria-pressed', String(node.id === this.chosen));
    mark.setAttribute('tabindex', node.id === this.tab ? '0' : '-1');
    hit.setAttribute('r', this.mark + 5);
    ring.setAttribute('r', this.mark + 3.5);
    circle.setAttribute('r', this.mark);
    text.textContent = hasLabel ? node.id.slice(0, 6) : '';
    this.placeLabel(text, place);
  }

  /** Upright for a few nodes, along the radius for many; always readable from left to right. */
  placeLabel(text, place) {
    const distance = this.mark + 9, cos = Math.cos(place.angle), sin = Math.sin(place.angle);
    const few = this.nodes.length <= FEW, left = cos < -0.01;
    const degrees = (place.angle * 180) / Math.PI;
    text.setAttribute('text-anchor', few && Math.abs(cos) < 0.2 ? 'middle' : left ? 'end' : 'start');
    text.setAttribute('dominant-baseline', 'central');
    if (few) text.setAttribute('transform', `translate(${round(cos * distance)} ${round(sin * (distance + 5))})`);
    else text.setAttribute('transform',
      `rotate(${round(left ? degrees + 180 : degrees)}) translate(${left ? -distance : distance} 0)`);
  }

  makeNode(id) {
    const mark = element('g', this.group, 'node');
    element('circle', mark, 'hit');
    element('circle', mark, 'ring');
    element('circle', mark, 'mark');
    element('text', mark);
    mark.setAttribute('role', 'button');
    mark.dataset.id = id;
    mark.addEventListener('pointerenter', () => this.heat(id));
    mark.addEventListener('pointerleave', () => this.heat(null));
    mark.addEventListener('focus', () => {
      this.tab = id;
      this.heat(id);
    });
    mark.addEventListener('blur', () => this.heat(null));
    mark.addEventListener('click', () => this.choose(this.chosen === id ? null : id));
    this.marks.set(id, mark);
    return mark;
  }

  heat(id) {
    this.hot = id;
    this.schedule();
  }

  onKey(event) {
    const count = this.nodes.length, at = this.nodes.findIndex((node) => node.id === event.target.dataset.id);
    if (at < 0) return;
    const id = this.nodes[at].id;
    const steps = {ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: count - 1};
    if (event.key in steps) this.marks.get(this.nodes[(steps[event.key] + count) % count].id).focus();
    else if (event.key === 'Enter' || event.key === ' ') this.choose(this.chosen === id ? null : id);
    else if (event.key === 'Escape') this.choose(null);
    else return;
    event.preventDefault();
  }
}
