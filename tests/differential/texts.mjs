// SPDX-License-Identifier: MIT
// Texts to ask about: URLs and domains that are right, that are wrong in one place, at a limit, or damaged.

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const ALNUM = LETTERS + '0123456789';
const HYPHENATED = ALNUM + '--';
const EVERY_BYTE = Array.from({ length: 256 }, (_, c) => String.fromCharCode(c));
const NOT_IN_A_LABEL = EVERY_BYTE.filter((c) => !/[a-z0-9-]/.test(c));
const PORT_LIMITS = [1, 9, 10, 80, 99, 100, 443, 8443, 9999, 10000, 59999, 60000, 65000, 65499, 65529, 65534, 65535];
const SCHEMES = [
  ...['http://', 'HTTPS://', 'https:/', 'https:', 'https', '//', '', ' https://', 'https:///', 'https://https://'],
  ...['wss://', 'xhttps://', 'https:\\\\', 'https//', 'htps://', 'https ://', 'https://\t', 'ftp://', 'Https://'],
];
const PATHS = ['//', '/x', '/?', '/#', '/:1', '/ ', '/.', '/..', '/%2e', '/a/', '/?x=.', '/\\', '/\0', '/\n', '/@b.c'];
const PORTS = [
  ...['', '0', '00', '00000', '0443', '00001', '65536', '65540', '65600', '66000', '70000', '99999', '100000'],
  ...['065535', '655350', '4294967297', '18446744073709551617', '+1', '-1', ' 1', '1 ', '4a', 'a', '443:1', '1\n'],
  ...['0x50', '1.0', '1\0', '\xef\xbc\x91', '8e3', '1@a', '1?x', '1#x', '1\\'],
];
const SUFFIXES = [
  ...['-', 'x', '8080', 's', '-0', '-00', '-0443', '-65536', '-99999', '-443gs', '-443sg', '-1-2', '-gs', '-ss', '-x'],
  ...['-0s', '-65536g', '-100000', '-123456s', '-123456', '-s1', '-1a', '-a1', 'g', '-sg', '--1', '--s', '-4 3', '-sx'],
];
// What a URL parser may take for something else than it says.
const TRICKS = [
  ...['u@', 'u:p@', '@', '%00', '%2e', '?', '#', '\\', '\\@', ';', '&', '\t', '\n', '\r', '\0', ' ', '_', '*', '[::1]'],
  ...['\xc2\xad', '\xe3\x80\x82', '\xef\xbc\x8e', '\xc3\xa9', '\xe2\x80\x8b', '\xef\xbd\x81', '\x7f', '\x80', '\xff'],
];
const HOSTS = [
  ...['1.2.3.4', '127.1', '0x7f.1', '017700000001', '2130706433', '[::1]', '[::ffff:1.2.3.4]', 'localhost', 'a', '.'],
  ...['a.0x7f', 'a.b.0x1', '1.2.3', 'a.1', 'a.1b', '0.0.0.0', '..', 'a..b', '-', '--', '_.a.b', 'xn--', 'xn--a.b.c'],
];

// Of ASCII letters only: the characters are bytes.
function upper(text) {
  return text.replace(/[a-z]/g, (c) => c.toUpperCase());
}

function replaced(list, at, value) {
  return list.map((old, i) => (i === at ? value : old));
}

export class Texts {
  constructor(random, { instanceId, baseDomain }) {
    this.r = random;
    this.instanceId = instanceId;
    this.baseDomain = baseDomain;
  }

  next() {
    const text = this.r.weighted([
      [34, () => this.url(this.parts())],
      [24, () => this.url(this.spoiltParts())],
      [6, () => this.trick(this.url(this.parts()))],
      [16, () => this.damaged(this.url(this.parts()))],
      [6, () => this.urlOfLength(this.r.between(250, 258))],
      [4, () => this.domain()],
      [3, () => this.spoiltDomain()],
      [3, () => this.damaged(this.domain())],
      [2, () => this.domainOfLength(this.r.between(248, 256))],
      [1, () => this.r.pick(['', 'https://']) + this.r.pick(HOSTS) + this.afterHost()],
      [1, () => this.r.textOf(this.r.between(0, 300), this.r.pick([EVERY_BYTE, EVERY_BYTE.slice(0x21, 0x7f)]))],
    ])();
    return text.slice(0, 320);
  }

  // What is right

  url({ scheme, label, base, afterHost }) {
    return `${scheme}${label}${base === null ? '' : '.' + base}${afterHost}`;
  }

  parts() {
    return {
      scheme: 'https://',
      label: this.r.weighted([[3, () => this.gatewayLabel()], [2, () => this.label()]])(),
      base: this.r.weighted([[4, () => this.baseDomain], [1, () => this.domain()]])(),
      afterHost: this.afterHost(),
    };
  }

  port() {
    return String(this.r.chance(4) ? this.r.pick(PORT_LIMITS) : this.r.between(1, 65535));
  }

  afterHost() {
    return (this.r.chance(2) ? ':' + this.port() : '') + (this.r.chance(2) ? '/' : '');
  }

  gatewayLabel() {
    const suffixes = ['', '-s', '-g', '-' + this.port(), `-${this.port()}s`, `-${this.port()}g`];
    return this.instanceId + this.r.weighted(suffixes.map((suffix, i) => [i < 3 ? 1 : 4, suffix]));
  }

  label(length = this.r.chance(6) ? this.r.between(61, 63) : this.r.between(1, 24)) {
    const inner = length > 2 ? this.r.textOf(length - 2, this.r.chance(2) ? ALNUM : HYPHENATED) : '';
    const label = this.r.pick(ALNUM) + inner + (length > 1 ? this.r.pick(ALNUM) : '');
    return label.startsWith('xn--') ? this.label(length) : label;
  }

  domain() {
    const labels = Array.from({ length: this.r.between(1, 3) }, () => this.label());
    return [...labels, this.lastLabel(this.r.between(1, 12))].join('.');
  }

  lastLabel(length) {
    const label = this.label(length);
    return /^[0-9]/.test(label) ? this.r.pick('abc') + label.slice(1) : label;
  }

  // Limits

  // A domain is a number of labels, all of them right.
  domainOfLength(length) {
    const labels = [];
    let left = length;
    while (left > 63) {
      const label = this.label(Math.min(this.r.between(1, 63), left - 2));
      labels.push(label);
      left -= label.length + 1;
    }
    return [...labels, this.lastLabel(left)].join('.');
  }

  urlOfLength(length) {
    const parts = this.parts();
    const others = this.url({ ...parts, base: '' }).length;
    return this.url({ ...parts, base: this.domainOfLength(length - others) });
  }

  // What is wrong in one place

  spoiltParts() {
    const parts = this.parts();
    return this.r.weighted([
      [2, () => ({ ...parts, scheme: this.r.pick(SCHEMES) })],
      [4, () => ({ ...parts, label: this.spoiltLabel() })],
      [4, () => ({ ...parts, base: this.spoiltBase() })],
      [3, () => ({ ...parts, afterHost: ':' + this.spoiltPort() + (this.r.chance(2) ? '/' : '') })],
      [2, () => ({ ...parts, afterHost: parts.afterHost.replace('/', '') + this.r.pick(PATHS) })],
      [4, () => ({ ...parts, base: this.baseDomain, label: this.unboundLabel() })],
    ])();
  }

  spoiltPort() {
    return this.r.weighted([
      [3, () => this.r.pick(PORTS)],
      [1, () => '0' + this.port()],
      [1, () => String(this.r.between(65536, 99999))],
      [1, () => String(this.r.between(100000, 999999))],
      [1, () => this.spliced(this.port(), this.r.byte())],
    ])();
  }

  spoiltLabel() {
    const label = this.label();
    return this.r.weighted([
      [1, () => ''],
      [2, () => '-' + label.slice(1)],
      [2, () => label.slice(1) + '-'],
      [2, () => 'xn--' + label.slice(0, 59)],
      [2, () => this.label(this.r.pick([64, 64, 65, 100]))],
      [4, () => this.spliced(label.slice(1), this.r.pick(NOT_IN_A_LABEL))],
      [1, () => upper(label)],
      [1, () => upper(this.instanceId)],
    ])();
  }

  unboundLabel() {
    const at = this.r.below(40);
    const other = this.instanceId.slice(0, at) + this.r.pick(ALNUM) + this.instanceId.slice(at + 1);
    const suffix = this.gatewayLabel().slice(40);
    return this.r.weighted([
      [3, () => other + suffix],
      [1, () => this.instanceId.slice(0, at) + this.instanceId.slice(at + 1) + suffix],
      [1, () => this.spliced(this.instanceId, this.r.pick(ALNUM)) + suffix],
      [1, () => this.r.textOf(40, '0123456789abcdef') + suffix],
      [3, () => this.instanceId + this.r.pick(SUFFIXES)],
      [2, () => `${this.instanceId}-${this.spoiltPort()}${this.r.pick(['', 's', 'g'])}`],
      [2, () => `${this.instanceId}-${this.r.pick(['', this.port()])}${this.r.pick(LETTERS)}`],
      [1, () => this.instanceId + this.spliced(suffix, this.r.pick(HYPHENATED))],
    ])();
  }

  spoiltBase() {
    return this.r.weighted([
      [3, () => this.spoiltDomain()],
      [1, () => null],
      [1, () => this.r.pick(['evil', 'evil.', '.', 'x@']) + this.baseDomain],
      [1, () => this.baseDomain + this.r.pick(['.evil.com', '.', 'x', '@evil.com'])],
      [1, () => this.damaged(this.baseDomain)],
    ])();
  }

  spoiltDomain() {
    const labels = this.domain().split('.');
    const last = labels.length - 1;
    const at = this.r.below(labels.length);
    return this.r.weighted([
      [4, () => replaced(labels, at, this.spoiltLabel()).join('.')],
      [2, () => replaced(labels, last, this.r.below(10) + this.label(this.r.between(1, 8))).join('.')],
      [1, () => replaced(labels, last, String(this.r.below(256))).join('.')],
      [1, () => labels[at]],
      [1, () => replaced(labels, at, '.' + labels[at]).join('.')],
      [1, () => labels.join('.') + '.'],
    ])();
  }

  trick(text) {
    return this.spliced(text, this.r.pick(TRICKS));
  }

  spliced(text, part) {
    const at = this.r.below(text.length + 1);
    return text.slice(0, at) + part + text.slice(at);
  }

  // Damage

  damaged(text) {
    for (let times = this.r.between(1, 3); times > 0; times--) text = this.damagedOnce(text);
    return text;
  }

  damagedOnce(text) {
    const at = this.r.below(text.length);
    const end = at + this.r.between(1, 8);
    const [head, c, tail] = [text.slice(0, at), text.slice(at, at + 1), text.slice(at + 1)];
    return this.r.weighted([
      [2, () => this.spliced(text, this.r.byte())],
      [2, () => this.spliced(text, this.r.pick('-.:/@?#0'))],
      [2, () => head + tail],
      [2, () => head + String.fromCharCode(c.charCodeAt(0) ^ (1 << this.r.below(8))) + tail],
      [1, () => head + this.r.pick(HYPHENATED) + tail],
      [1, () => head + c + c + tail],
      [1, () => head + tail.slice(0, 1) + c + tail.slice(1)],
      [1, () => text.slice(0, end) + text.slice(at)],
      [1, () => head + text.slice(end)],
      [1, () => head + upper(c) + tail],
      [1, () => head],
    ])();
  }
}
