// @ts-check
/**
 * What a person chose to see, kept across reloads in this browser.
 */

const KEY = 'gandash.live';
const LAYER = 'layer.';

export class Preferences {
  /** @type {Record<string, unknown>} */
  #values = {};
  #isKept;
  /** What is on for a time whatever was chosen, and what was chosen meanwhile: a lesson's layers.
   * @type {{layers: string[] | null, curves: string[] | null, chosen: Record<string, unknown>} | null} */
  #lent = null;

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
    const layers = this.#lent?.layers;
    const value = layers && name.startsWith(LAYER)
      ? this.#lent?.chosen[name] ?? layers.includes(name.slice(LAYER.length)) : this.#values[name];
    return typeof value === typeof otherwise ? /** @type {T} */ (value) : otherwise;
  }

  /** @param {string} name @param {unknown} value */
  set(name, value) {
    if (this.#lent && name.startsWith(LAYER)) {
      this.#lent.chosen[name] = value;
      return;
    }
    this.#values[name] = value;
    if (!this.#isKept) return;
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#values));
    } catch {
      // as above
    }
  }

  /** Shows these layers and curves alone, until others are lent, or null.
   * @param {{layers: string[] | null, curves: string[] | null} | null} lent */
  lend(lent) {
    this.#lent = lent && { ...lent, chosen: {} };
  }

  /** Whether a panel of curves may be shown. @param {string} key */
  hasCurve(key) {
    return this.#lent?.curves?.includes(key) ?? true;
  }

  /** The same choices, of which none is kept. */
  copy() {
    const copy = new Preferences(false);
    copy.#values = { ...this.#values };
    copy.#lent = this.#lent;
    return copy;
  }
}
