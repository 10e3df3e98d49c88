// @ts-check
/**
 * The layers of a stage: a table of what may be shown becomes a row of switches, and what was chosen is remembered.
 */
import { element } from './dom.js';
import { createToggle } from './toggle.js';

/** @typedef {object} Layer
 * @property {string} key under which the choice is remembered
 * @property {string} label
 * @property {string} hint what it means, in a sentence
 * @property {import('./toggle.js').Sample} sample
 * @property {string} [needs] an array of the frame without which there is nothing to show
 * @property {boolean} [on] at first; true when not said */

export class Legend {
  node = element('div', { class: 'gd-layers', role: 'group', 'aria-label': 'Layers' });
  #preferences;
  /** @type {Map<string, HTMLElement>} */
  #entries = new Map();

  /** @param {readonly Layer[]} layers @param {readonly string[]} order their keys, as they stand in the legend
   * @param {{preferences: import('./preferences.js').Preferences, tips: import('./tip.js').Tips, signal: AbortSignal, request: () => void}} options */
  constructor(layers, order, { preferences, tips, signal, request }) {
    this.layers = order.map(key => /** @type {Layer} */ (layers.find(l => l.key === key)));
    this.#preferences = preferences;
    for (const layer of this.layers) {
      const { node } = createToggle({
        ...layer,
        tips,
        pressed: this.isOn(layer.key),
        signal,
        onToggle: on => {
          preferences.set(`layer.${layer.key}`, on);
          request();
        },
      });
      node.dataset.layer = layer.key;
      this.#entries.set(layer.key, node);
    }
    this.node.append(...this.#entries.values());
  }

  /** @param {string} key */
  isOn(key) {
    return this.#preferences.get(`layer.${key}`, this.layers.find(l => l.key === key)?.on ?? true);
  }

  /** The switch of one layer, to be put elsewhere than in the row.
   * @param {string} key */
  entry(key) {
    return /** @type {HTMLElement} */ (this.#entries.get(key));
  }

  /** Hides the switches of what this game has not got.
   * @param {Record<string, unknown>} arrays of the frame */
  match(arrays) {
    for (const { key, needs } of this.layers) if (needs) this.entry(key).toggleAttribute('hidden', !arrays[needs]);
  }
}
