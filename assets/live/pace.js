// @ts-check
/**
 * Painted frames per second, over the last moments.
 */

const WINDOW_MS = 2000;

export class Pace {
  /** @type {number[]} */
  #times = [];

  /** @param {number} now in ms */
  tick(now) {
    this.#times.push(now);
    while (this.#times[0] < now - WINDOW_MS) this.#times.shift();
  }

  /** @param {number} now in ms */
  perSecond(now) {
    if (this.#times.length < 2) return 0;
    return (1000 * (this.#times.length - 1)) / Math.max(1, now - this.#times[0]);
  }

  clear() {
    this.#times = [];
  }
}
