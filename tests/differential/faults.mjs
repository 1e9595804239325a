// SPDX-License-Identifier: MIT
// Everything that is wrong with a text, by name: nothing exactly when the grammar takes it. This tells whether the
// generated texts reach every rule, alone: one that no text breaks without breaking another could be missing unnoticed.

export const DEV_FAULTS = ['empty', 'long', 'byte'];
export const LABEL_FAULTS = ['empty', 'long', 'edge hyphen', 'xn--', 'byte'];
export const DOMAIN_FAULTS = ['long', 'one label', 'digit in front', ...prefixed('label', LABEL_FAULTS)];
export const PORT_FAULTS = ['empty', 'byte', 'zero', 'leading zero', 'above 65535', 'six digits'];
// A host of a URL that is short enough is never too long for a domain.
export const URL_FAULTS = [
  'long',
  'scheme',
  'path',
  'no base domain',
  ...prefixed('port', PORT_FAULTS),
  ...prefixed('label', LABEL_FAULTS),
  ...prefixed('base', DOMAIN_FAULTS).filter((fault) => fault !== 'base: long'),
];
const SUFFIX_FAULTS = PORT_FAULTS.filter((fault) => fault !== 'empty' && fault !== 'byte');
export const BOUND_FAULTS = ['id', 'no hyphen', 'kind', ...prefixed('port', SUFFIX_FAULTS)];

function prefixed(what, faults) {
  return faults.map((fault) => `${what}: ${fault}`);
}

export function devFaults(text) {
  const faults = [];
  if (text.length === 0) faults.push('empty');
  if (text.length > 256) faults.push('long');
  if ([...text].some((c) => c < '!' || c > '~')) faults.push('byte');
  return faults;
}

function labelFaults(label) {
  if (label === '') return ['empty'];
  const faults = [];
  if (label.length > 63) faults.push('long');
  if (label.startsWith('-') || label.endsWith('-')) faults.push('edge hyphen');
  if (label.startsWith('xn--')) faults.push('xn--');
  if (/[^a-z0-9-]/.test(label)) faults.push('byte');
  return faults;
}

export function domainFaults(domain) {
  const labels = domain.split('.');
  const faults = labels.flatMap((label) => prefixed('label', labelFaults(label)));
  if (domain.length > 253) faults.push('long');
  if (labels.length < 2) faults.push('one label');
  if (/^[0-9]/.test(labels.at(-1))) faults.push('digit in front');
  return faults;
}

function portFaults(digits) {
  if (digits === '') return ['empty'];
  if (/[^0-9]/.test(digits)) return ['byte'];
  if (/^0+$/.test(digits)) return ['zero'];
  if (digits[0] === '0') return ['leading zero'];
  if (digits.length > 5) return ['six digits'];
  return Number(digits) > 65535 ? ['above 65535'] : [];
}

export function urlFaults(text) {
  const faults = text.length > 256 ? ['long'] : [];
  if (!text.startsWith('https://')) return [...faults, 'scheme'];
  const rest = text.slice('https://'.length);
  const [host] = rest.split(/[:/]/, 1);
  let path = rest.slice(host.length);
  if (path.startsWith(':')) {
    const [port] = path.slice(1).split('/', 1);
    faults.push(...prefixed('port', portFaults(port)));
    path = path.slice(1 + port.length);
  }
  if (path !== '' && path !== '/') faults.push('path');
  const dot = host.indexOf('.');
  faults.push(...prefixed('label', labelFaults(dot < 0 ? host : host.slice(0, dot))));
  if (dot < 0) faults.push('no base domain');
  else faults.push(...prefixed('base', domainFaults(host.slice(dot + 1))));
  return faults;
}

// Of the label of a URL that has no fault otherwise, so that it does not end with the hyphen.
export function boundFaults(label, instanceId) {
  if (!label.startsWith(instanceId)) return ['id'];
  const suffix = label.slice(instanceId.length);
  if (suffix === '') return [];
  if (suffix[0] !== '-') return ['no hyphen'];
  const [, port, kind] = /^([0-9]*)(.*)$/.exec(suffix.slice(1));
  const faults = port === '' ? [] : prefixed('port', portFaults(port));
  if (!['', 's', 'g'].includes(kind)) faults.push('kind');
  return faults;
}
