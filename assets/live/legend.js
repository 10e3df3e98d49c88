// @ts-check
/**
 * The layers of a stage: a table of what may be shown becomes a row of switches, and what was chosen is remembered.
 */
import { element } from './dom.js';
import { NO_GAME, readingOf } from './reading.js';
import { createToggle } from './toggle.js';
import { t } from './words.js';

/** @typedef {import('./reading.js').DiscriminatorReading} DiscriminatorReading */

/** @typedef {object} Layer
 * @property {string} key under which the choice is remembered
 * @property {string | ((reading: DiscriminatorReading) => string)} label
 * @property {string | ((reading: DiscriminatorReading) => string)} hint what it means, in a sentence
 * @property {import('./toggle.js').Sample} sample
 * @property {string} [needs] an array of the frame without which there is nothing to show
 * @property {(reading: DiscriminatorReading) => boolean} [when] whether it has a meaning under this reading
 * @property {boolean} [on] at first; true when not said */

export class Legend {
  node = element('div', { class: 'gd-layers', role: 'group', 'aria-label': t('Layers') });
  #preferences;
  /** @type {Map<string, ReturnType<typeof createToggle>>} */
  #entries = new Map();
  #reading = readingOf(NO_GAME);

  /** @param {readonly Layer[]} layers @param {readonly string[]} order their keys, as they stand in the legend
   * @param {{preferences: import('./preferences.js').Preferences, tips:
   * import('./tip.js').Tips, signal: AbortSignal, request: () => void}} options */
  constructor(layers, order, { preferences, tips, signal, request }) {
    this.layers = order.map(key => /** @type {Layer} */ (layers.find(l => l.key === key)));
    this.#preferences = preferences;
    for (const layer of this.layers) {
      const toggle = createToggle({
        ...wordsOf(layer, this.#reading),
        sample: layer.sample,
        tips,
        pressed: this.isOn(layer.key),
        signal,
        onToggle: on => {
          preferences.set(`layer.${layer.key}`, on);
          request();
        },
      });
      toggle.node.dataset.layer = layer.key;
      this.#entries.set(layer.key, toggle);
    }
    this.node.append(...[...this.#entries.values()].map(({ node }) => node));
  }

  /** Names and explains the layers as the discriminator is to be read now.
   * @param {DiscriminatorReading} reading */
  read(reading) {
    this.#reading = reading;
    for (const layer of this.layers) {
      const { label, hint } = wordsOf(layer, reading);
      this.#entries.get(layer.key)?.rename(label, hint);
      this.entry(layer.key).toggleAttribute('hidden', !this.has(layer));
    }
  }

  /** What the layers mean, for the help. */
  get guide() {
    return this.layers.filter(layer => this.has(layer)).map(layer =>
      ({ sample: layer.sample, ...wordsOf(layer, this.#reading) }));
  }

  /** Whether a layer has a meaning under the present reading. @param {Layer} layer */
  has({ when }) {
    return when?.(this.#reading) ?? true;
  }

  /** @param {string} key */
  isOn(key) {
    return this.#preferences.get(`layer.${key}`, this.layers.find(l => l.key === key)?.on ?? true);
  }

  /** The switch of one layer, to be put elsewhere than in the row.
   * @param {string} key */
  entry(key) {
    return /** @type {ReturnType<typeof createToggle>} */ (this.#entries.get(key)).node;
  }

  /** Hides the switches of what this game has not got, and presses those that were chosen elsewhere.
   * @param {Record<string, unknown>} arrays of the frame */
  match(arrays) {
    for (const { key } of this.layers) {
      const pressed = String(this.isOn(key));
      if (this.entry(key).getAttribute('aria-pressed') !== pressed) this.entry(key).setAttribute('aria-pressed',
        pressed);
    }
    for (const layer of this.layers) if (layer.needs) this.entry(layer.key).toggleAttribute('hidden',
      !arrays[layer.needs] || !this.has(layer));
  }
}

/** @param {Layer} layer @param {DiscriminatorReading} reading */
function wordsOf({ label, hint }, reading) {
  return { label: typeof label === 'function' ? label(reading) : label, hint: typeof hint === 'function'
    ? hint(reading) : hint };
}
