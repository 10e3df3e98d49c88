// @ts-check
/**
 * What a person chose to see, kept across reloads in this browser.
 */

const KEY = 'gandash.live';

export class Preferences {
  /** @type {Record<string, unknown>} */
  #values = {};
  #isKept;

  /** @param {boolean} [isKept] whether what is chosen is for later, too */
  constructor(isKept = true) {
    this.#isKept = isKept;
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
    if (!this.#isKept) return;
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#values));
    } catch {
      // as above
    }
  }

  /** The same choices, of which none is kept. */
  copy() {
    const copy = new Preferences(false);
    copy.#values = { ...this.#values };
    return copy;
  }
}
