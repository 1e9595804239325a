// SPDX-License-Identifier: MIT
// Node's URL, which follows the WHATWG standard as browsers do, as a second opinion about the grammar.

import assert from 'node:assert/strict';

function parseWhatwg(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

// A URL of production mode is the spelling that the WHATWG parser would give it, but for the slash at the end and the
// default port, and that parser finds nothing in it but host and port.
export function agreeAboutAccepted(text, { label, base, port = '' }) {
  const url = parseWhatwg(text);
  assert.ok(url, `WHATWG refuses ${JSON.stringify(text)}`);
  const shown = port === '443' ? '' : port;
  const wanted = {
    href: `https://${label}.${base}${shown && ':' + shown}/`,
    protocol: 'https:',
    username: '',
    password: '',
    hostname: `${label}.${base}`,
    port: shown,
    pathname: '/',
    search: '',
    hash: '',
  };
  for (const [part, value] of Object.entries(wanted)) {
    assert.equal(url[part], value, `${part} of ${JSON.stringify(text)}`);
  }
}

// The other way round: a spelling that WHATWG leaves as it is, of host and port alone, can only be refused for its
// host, which is narrower here, for port 0, or for its length. Returns whether it is such a spelling.
export function agreeAboutRefused(text, faultNames) {
  const url = parseWhatwg(text);
  if (!url || url.protocol !== 'https:' || url.username || url.password) return false;
  if (`https://${url.host}` !== text && `https://${url.host}/` !== text) return false;
  assert.ok(
    faultNames.some((fault) => /^(label|base|no base domain|port: zero|long)/.test(fault)),
    `WHATWG takes ${JSON.stringify(text)}, refused for: ${faultNames}`,
  );
  return true;
}
