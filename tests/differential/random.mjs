// SPDX-License-Identifier: MIT
// splitmix32: numbers that a seed brings back.

export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  #next() {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  // 0 to limit - 1
  below(limit) {
    return Math.floor((this.#next() / 2 ** 32) * limit);
  }

  between(low, high) {
    return low + this.below(high - low + 1);
  }

  chance(oneIn) {
    return this.below(oneIn) === 0;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  // An entry of [[weight, value], ...].
  weighted(list) {
    let at = this.below(list.reduce((sum, [weight]) => sum + weight, 0));
    return list.find(([weight]) => (at -= weight) < 0)[1];
  }

  byte() {
    return String.fromCharCode(this.below(256));
  }

  textOf(length, alphabet) {
    return Array.from({ length }, () => this.pick(alphabet)).join('');
  }
}
