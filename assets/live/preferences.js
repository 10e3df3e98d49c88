// @ts-check
/**
 * What a person chose to see, kept across reloads in this browser.
 */

const KEY = 'gandash.live';

export class Preferences {
  /** @type {Record<string, unknown>} */
  #values = {};

  constructor() {
    try {
      this.#values = JSON.parse(localStorage.getItem(KEY) ?? '{}') ?? {};
    } catch {
      // Storage may be forbidden or hold something else's words: then the defaults hold for this page.
    }
  }

  /** @template T @param {string} name @param {T} otherwise @returns {T} */
  get(name, otherwise) {
    const value = this.#values[name];
    return typeof value === typeof otherwise ? /** @type {T} */ (value) : otherwise;
  }

  /** @param {string} name @param {unknown} value */
  set(name, value) {
    this.#values[name] = value;
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#values));
    } catch {
      // as above
    }
  }
}
