// @ts-check
/**
 * The colour of a picture's frame: what D says of it, on the scale of the plane's
 * field (orange: generated, blue: real; the page's own ground where D cannot tell).
 */
import { compact, fixed, known } from './numbers.js';
import { channels } from './palette.js';
import { fieldsOf, FREE, KNOWN, SteadyScale } from './plane-fields.js';
import { isProbability, NO_GAME, readingOf, unitOf } from './reading.js';

/** @typedef {{d_real?: Float32Array, d_generated?: Float32Array}} Values */

const STEPS = 64; // colours on either side of the ground
const REACHED = 0.9; // of a critic's values this share lies within the scale: a few far out would make all others pale

export class FrameColours {
  #reading = readingOf(NO_GAME);
  #field = fieldsOf(this.#reading)[0];
  #scale = new SteadyScale();
  /** @type {import('./plane-fields.js').Level} */
  #level = { middle: 0.5, scale: 0.5 };
  /** @type {string[]} */
  #colours = [];
  /** @type {import('./palette.js').Theme | null} */
  #theme = null;

  /** @param {import('./reading.js').DiscriminatorReading} reading */
  read(reading) {
    this.#reading = reading;
    this.#field = fieldsOf(reading)[0];
    this.clear();
  }

  clear() {
    this.#scale.clear();
  }

  /** Numbers at the ends of the scale and in its middle. */
  get ends() {
    return this.#field.ends(this.#level);
  }

  /** Fits the scale to a frame's values. @param {Values} values @param {import('./palette.js').Theme} theme
   * @param {(unit: string, scale: number) => number} share the scale of all grids that stand side by side */
  fit({ d_real: real = NOTHING, d_generated: generated = NOTHING }, theme, share) {
    this.#recolour(theme);
    const { centre } = this.#reading;
    const middle = centre ?? middleOf(real, generated);
    if (isProbability(this.#reading)) {
      this.#level = { middle, scale: 0.5 };
      return;
    }
    const distances = [...real, ...generated].filter(Number.isFinite).map(value =>
      Math.abs(value - middle)).sort((a, b) => a - b);
    const extreme = distances[Math.floor(REACHED * (distances.length - 1))] ?? 0;
    const scale = this.#scale.fit(extreme, centre === null ? FREE : KNOWN);
    this.#level = { middle, scale: share(unitOf(this.#reading), scale) };
  }

  /** @param {number} value of D @returns {string | null} null where it is no number */
  of(value) {
    const share = this.#field.of(value, NaN, this.#level);
    return Number.isNaN(share) ? null : this.#colours[Math.round(Math.min(1, Math.max(-1, share)) * STEPS) + STEPS];
  }

  /** "D 0.482". @param {number | null | undefined} value */
  inWords(value) {
    return `${this.#reading.symbol} ${known(value) ? (isProbability(this.#reading) ? fixed : compact)(value) : '–'}`;
  }

  /** @param {import('./palette.js').Theme} theme */
  #recolour(theme) {
    if (theme === this.#theme) return;
    this.#theme = theme;
    const [ground, ...inks] = [theme.background, theme.generated, theme.real].map(channels);
    this.#colours = Array.from({ length: 2 * STEPS + 1 }, (_, i) => {
      const share = Math.abs(i - STEPS) / STEPS;
      const ink = inks[i < STEPS ? 0 : 1];
      return `rgb(${ground.map((from, k) => Math.round(from + share * (ink[k] - from))).join(',')})`;
    });
  }
}

const NOTHING = new Float32Array(0);

/** Half way between a critic's means on real and generated pictures: of its level only differences count.
 * @param {Float32Array} real @param {Float32Array} generated */
function middleOf(real, generated) {
  const means = [real, generated].map(values => Array.from(values).filter(Number.isFinite)).filter(values =>
    values.length)
    .map(values => values.reduce((a, b) => a + b, 0) / values.length);
  return means.length ? means.reduce((a, b) => a + b, 0) / means.length : 0;
}
