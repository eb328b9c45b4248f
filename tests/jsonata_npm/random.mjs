// Random choices that are the same everywhere for the same seed.

export class Random {
  #state;

  constructor(seed) {
    // Zero would stay zero, and neighbouring seeds would begin alike.
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) | 0 || 1;
    for (let i = 0; i < 16; i++) this.#next();
  }

  /** A number from 0 up to but not including 1: one step of a 32-bit xorshift. */
  #next() {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) / 2 ** 32;
  }

  /** A whole number below `end`. */
  below(end) {
    return Math.floor(this.#next() * end);
  }

  chance(probability) {
    return this.#next() < probability;
  }

  pick(choices) {
    return choices[this.below(choices.length)];
  }

  /** Makes one of `[weight, make]`; those with a greater weight more often. */
  weighted(choices) {
    const total = choices.reduce((sum, [weight]) => sum + weight, 0);
    let at = this.#next() * total;
    const chosen = choices.find(([weight]) => (at -= weight) < 0) ?? choices.at(-1);
    return chosen[1]();
  }

  /** `count` things, made one after another. */
  times(count, make) {
    return Array.from({ length: count }, (_, index) => make(index));
  }
}
