// SPDX-License-Identifier: MIT
// The rules for connection URLs and base domains, a third time and in another way: as a grammar in regular expressions,
// written from the rules and not from either parser. A text is a string with one character per byte.

const LABEL = '(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const BASE = `(?:${LABEL}[.])+(?=[a-z])${LABEL}`;
const PORT = '(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';

const DEV = /^[\x21-\x7e]{1,256}$/;
const PRODUCTION = new RegExp(`^(?=[^]{1,256}$)https://(${LABEL})[.](${BASE})(?::(${PORT}))?/?$`);
const DOMAIN = new RegExp(`^(?=[^]{1,253}$)${BASE}$`);
const SUFFIX = new RegExp(`^(?:-(?:${PORT}[sg]?|[sg]))?$`);

// What is asked about every text, a bit each.
export const ASKED = {
  dev: 1, // a URL of dev mode?
  production: 2, // one of production mode, for some base domain?
  allowed: 4, // and is its base domain the allowed one?
  bound: 8, // one of production mode, whose label names the instance?
  domain: 16, // a base domain?
};

// The verdict's bits, and what a URL of production mode consists of.
export function judge(text, { instanceId, baseDomain }) {
  const [, label = '', base = '', port] = PRODUCTION.exec(text) ?? [];
  const production = label !== '';
  const isBound = label.startsWith(instanceId) && SUFFIX.test(label.slice(instanceId.length));
  const verdict =
    (DEV.test(text) ? ASKED.dev : 0) |
    (production ? ASKED.production : 0) |
    (production && base === baseDomain ? ASKED.allowed : 0) |
    (production && isBound ? ASKED.bound : 0) |
    (DOMAIN.test(text) ? ASKED.domain : 0);
  return { verdict, label, base, port };
}
