// SPDX-License-Identifier: MIT
// Texts and what the rules say about them, for the C library and the contract to be compared with:
//
//   node urls.mjs FOLDER SEED COUNT
//
// writes to FOLDER, in hex, what tests/vectors/urls.json holds (urls-vectors.txt) and COUNT generated texts
// (urls-generated.txt): first a line with the instance id (20 bytes) and the allowed base domain, then a line for each
// text: the verdict's bits (grammar.mjs), the lengths of the URL's label and base domain, the text. The vectors have to
// agree with the grammar, and so has the WHATWG parser of Node about every URL of production mode.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as faults from './faults.mjs';
import { ASKED, judge } from './grammar.mjs';
import { Random } from './random.mjs';
import { Texts } from './texts.mjs';
import { agreeAboutAccepted, agreeAboutRefused } from './whatwg.mjs';

const VECTORS = new URL('../vectors/urls.json', import.meta.url);
// Unlike that of the vectors it tells its digits apart.
const INSTANCE_ID = '1691ed1b47506cad7d08834668691d88246f5b1f';
// Each rule is broken alone, and each form accepted, by this many texts at least out of 100,000.
const ENOUGH_OF_100000 = 20;

function show(text) {
  return JSON.stringify(text);
}

// The faults that a text has by name must be those it has by the grammar. Returns them by question.
function faultsOf(text, answer, rules) {
  const found = {
    dev: faults.devFaults(text),
    production: text === '' ? ['empty'] : faults.urlFaults(text),
    domain: faults.domainFaults(text),
    bound: answer.verdict & ASKED.production ? faults.boundFaults(answer.label, rules.instanceId) : undefined,
  };
  for (const [name, list] of Object.entries(found)) {
    if (list) assert.equal(list.length === 0, (answer.verdict & ASKED[name]) !== 0, `${name}: ${list}: ${show(text)}`);
  }
  return found;
}

// Counts by name.
class Tally extends Map {
  add(name) {
    this.set(name, (this.get(name) ?? 0) + 1);
  }

  of(name) {
    return this.get(name) ?? 0;
  }
}

// The form of an accepted URL: what follows the instance id, and what follows the host.
function formOf(text, { label, port }, { instanceId }) {
  const suffix = label.slice(instanceId.length).replace(/[0-9]+/, 'port');
  return `${suffix} | ${port === undefined ? '' : ':port'}${text.endsWith('/') ? '/' : ''}`;
}

function formsWanted() {
  const suffixes = ['', '-port', '-ports', '-portg', '-s', '-g'];
  const ends = ['', '/', ':port', ':port/'];
  return suffixes.flatMap((suffix) => ends.map((end) => `${suffix} | ${end}`));
}

class Comparison {
  constructor(rules) {
    this.rules = rules;
    this.lines = ['0x' + rules.instanceId + hexOf(rules.baseDomain)];
    this.accepted = new Tally();
    this.alone = new Tally();
    this.forms = new Tally();
    this.whatwg = { accepted: 0, refused: 0 };
  }

  add(text) {
    const answer = judge(text, this.rules);
    const found = faultsOf(text, answer, this.rules);
    if (answer.verdict & ASKED.production) {
      agreeAboutAccepted(text, answer);
      this.whatwg.accepted++;
    } else if (agreeAboutRefused(text, found.production)) {
      this.whatwg.refused++;
    }
    this.#count(text, answer, found);
    const head = [answer.verdict, answer.label.length, answer.base.length];
    this.lines.push('0x' + hexOf(String.fromCharCode(...head) + text));
    return answer.verdict;
  }

  #count(text, answer, found) {
    for (const [name, bit] of Object.entries(ASKED)) if (answer.verdict & bit) this.accepted.add(name);
    if (answer.verdict & ASKED.bound) this.forms.add(formOf(text, answer, this.rules));
    for (const [name, list] of Object.entries(found)) {
      if (list?.length === 1) this.alone.add(`${name}: ${list[0]}`);
    }
  }

  write(file) {
    writeFileSync(file, this.lines.join('\n') + '\n');
  }
}

function hexOf(text) {
  return Buffer.from(text, 'latin1').toString('hex');
}

function compareVectors(folder) {
  const vectors = JSON.parse(readFileSync(VECTORS, 'utf8'));
  const comparison = new Comparison({ instanceId: vectors.instance_id, baseDomain: vectors.base_domain });
  const sections = { dev: ASKED.dev, production: ASKED.allowed, base_domains: ASKED.domain };
  sections.instance_bound = ASKED.allowed | ASKED.bound;
  for (const [section, bits] of Object.entries(sections)) {
    for (const wanted of ['accept', 'reject']) {
      for (const text of vectors[section][wanted]) {
        const verdict = comparison.add(Buffer.from(text, 'utf8').toString('latin1'));
        assert.equal((verdict & bits) === bits, wanted === 'accept', `${section}.${wanted}: ${show(text)}`);
      }
    }
  }
  comparison.write(join(folder, 'urls-vectors.txt'));
  console.log(`${comparison.lines.length - 1} texts of urls.json`);
}

function requireEnough(what, tally, names, enough) {
  for (const name of names) assert.ok(tally.of(name) >= enough, `${what} '${name}': only ${tally.of(name)}`);
}

// Every rule decides about some texts alone, every form is accepted, and at least a third of the URLs are.
function requireCoverage({ accepted, alone, forms }, count) {
  const enough = Math.floor((ENOUGH_OF_100000 * count) / 100_000);
  const named = (question, list) => list.map((fault) => `${question}: ${fault}`);
  requireEnough('refused for nothing but', alone, named('dev', faults.DEV_FAULTS.slice(1)), enough);
  requireEnough('refused for nothing but', alone, named('production', faults.URL_FAULTS), enough);
  requireEnough('refused for nothing but', alone, named('bound', faults.BOUND_FAULTS), enough);
  requireEnough('refused for nothing but', alone, named('domain', faults.DOMAIN_FAULTS), enough);
  requireEnough('accepted of the form', forms, formsWanted(), enough);
  requireEnough('accepted as', accepted, ['production'], count / 3);
  requireEnough('accepted as', accepted, ['bound'], count / 10);
}

function compareGenerated(folder, seed, count) {
  const { base_domain: baseDomain } = JSON.parse(readFileSync(VECTORS, 'utf8'));
  const rules = { instanceId: INSTANCE_ID, baseDomain };
  const comparison = new Comparison(rules);
  const texts = new Texts(new Random(seed), rules);
  const seen = new Set();
  comparison.add('');
  seen.add('');
  while (seen.size < count) {
    const text = texts.next();
    if (seen.has(text)) continue;
    seen.add(text);
    comparison.add(text);
  }
  requireCoverage(comparison, count);
  comparison.write(join(folder, 'urls-generated.txt'));
  const accepted = [...comparison.accepted].map(([name, times]) => `${name} ${times}`).join(', ');
  const { whatwg } = comparison;
  console.log(`${count} texts of seed ${seed}, accepted as ${accepted}`);
  console.log(`WHATWG leaves as they are ${whatwg.accepted} accepted and ${whatwg.refused} refused ones`);
}

const [folder, seed, count] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
compareVectors(folder);
compareGenerated(folder, Number(seed), Number(count));
