// @ts-check
/**
 * The games of a sweep that have come, and what those at one point came to: see gandash/sweeps/hosting.py.
 */

import { said, t } from './words.js';

/** @typedef {{name: string, values: string[]}} Axis
 * @typedef {{kind: string, name: string, colour: string, letter: string}} Verdict
 * @typedef {{id: string, title: string, finding: string, colour: string, seeds: number, steps: number, count: number,
 *   axes: Axis[], verdicts: Verdict[], numbers: string[]}} About in the reader's words
 * @typedef {import('./words.js').Param} Message
 * @typedef {Omit<About, 'title' | 'finding' | 'axes' | 'verdicts'> & {title: Message, finding: Message,
 *   axes: {name: Message, values: Message[]}[], verdicts: (Omit<Verdict, 'name'> & {name: Message})[]}} Told by the
 *   server
 * @typedef {{cell: number, games: number, verdict: number, agree: number, value: number}} Point `cell` is the game that
 *   shows best what is said of all: of the seeds that agree the one nearest to the median
 * @typedef {[number, number]} Limits */

export const VERDICT = 'verdict';
const NONE = 255;
const WELL = ['converged', 'modes_found']; // what the curves at the sides count

/** Ends of a scale that does not move while games come in. @type {Record<string, Limits>} */
const FIXED = { jsd: [0, Math.LN2], high_quality: [0, 1] };

/** What the screen calls a number. @type {Record<string, string>} */
const NAMES = { get verdict() { return t('verdict'); }, get jsd() { return t('JSD, nats'); }, wasserstein: 'W1',
  get frechet() { return t('Fréchet distance'); }, get modes() { return t('modes captured'); },
  get high_quality() { return t('high quality'); }, get converged_since() { return t('convergence step'); } };

/** @param {string} colour */
export const nameOf = colour => NAMES[colour] ?? (colour === 'steps' ? t('steps played') : colour);

export class Cells {
  /** @type {About} */
  about;
  #told;
  /** Values along each axis. */
  sizes;
  count = 0;
  #verdicts;
  #numbers;
  #colour = VERDICT; // that the points are for
  /** @type {(Point | null | undefined)[]} undefined: to be made anew */
  #points = [];

  /** @param {Told} about */
  constructor(about) {
    this.#told = about;
    this.about = spoken(about);
    this.sizes = [0, 1, 2].map(i => about.axes[i]?.values.length ?? 1);
    this.#verdicts = new Uint8Array(about.count).fill(NONE);
    this.#numbers = new Float32Array(about.count * about.numbers.length).fill(NaN);
  }

  /** In the language that is spoken now. */
  speak() {
    this.about = spoken(this.#told);
  }

  /** @param {ArrayLike<number>} cell @param {ArrayLike<number>} verdict @param {ArrayLike<number>} numbers */
  take(cell, verdict, numbers) {
    const k = this.about.numbers.length;
    for (let i = 0; i < cell.length; i++) {
      if (this.#verdicts[cell[i]] === NONE) this.count++;
      this.#verdicts[cell[i]] = verdict[i];
      this.#points[Math.floor(cell[i] / this.about.seeds)] = undefined;
      for (let j = 0; j < k; j++) this.#numbers[cell[i] * k + j] = numbers[i * k + j];
    }
  }

  /** Colours that there is something to be shown in. */
  colours() {
    const has = (/** @type {number} */ j) => this.#verdicts.some((v, cell) => v !== NONE
      && !Number.isNaN(this.number(cell, j)));
    return [VERDICT, ...this.about.numbers.filter((name, j) => name in NAMES && has(j))];
  }

  /** @param {number} cell @param {number} j */
  number(cell, j) {
    return this.#numbers[cell * this.about.numbers.length + j];
  }

  /** @param {number} x @param {number} y @param {number} z @param {string} colour @returns {Point | null} */
  at(x, y, z, colour) {
    const point = (x * this.sizes[1] + y) * this.sizes[2] + z;
    if (colour !== this.#colour) this.#points = [];
    this.#colour = colour;
    return (this.#points[point] ??= this.#summary(point, colour));
  }

  /** @param {number} point @param {string} colour @returns {Point | null} */
  #summary(point, colour) {
    const { seeds, numbers } = this.about;
    const first = point * seeds;
    const j = numbers.indexOf(colour);
    const counts = new Map();
    let games = 0;
    for (let cell = first; cell < first + seeds; cell++) {
      const verdict = this.#verdicts[cell];
      if (verdict === NONE) continue;
      games++;
      counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
    }
    if (!games) return null;
    const [verdict, most] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
    const own = Array.from({ length: seeds }, (_, i) => first + i).filter(cell => this.#verdicts[cell] !== NONE);
    const agreeing = own.filter(cell => this.#verdicts[cell] === verdict);
    if (j < 0) return { cell: agreeing[0], games, verdict, agree: most / games, value: verdict };
    const value = median(own.map(cell => this.number(cell, j)));
    const away = (/** @type {number} */ cell) => Math.abs(this.number(cell, j) - value);
    const near = agreeing.reduce((a, b) => (away(b) < away(a) ? b : a));
    return { cell: near, games, verdict, agree: most / games, value };
  }

  /** Of the scale of a colour. @param {string} colour @returns {Limits} */
  limits(colour) {
    if (colour in FIXED) return FIXED[colour];
    const j = this.about.numbers.indexOf(colour);
    let [low, high] = [Infinity, -Infinity];
    for (let cell = 0; cell < this.about.count; cell++) {
      const value = this.number(cell, j);
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return low <= high ? [Math.min(low, colour === 'modes' ? 0 : low), high > low ? high : low + 1] : [0, 1];
  }

  /** How many games came to each verdict. */
  tally() {
    const found = this.about.verdicts.map(() => 0);
    for (const verdict of this.#verdicts) if (verdict !== NONE) found[verdict]++;
    return found;
  }

  /** Along one axis, over the other one: the share of points where it went well, or the median of the number, as a
   * share of its scale; NaN where nothing has come.
   * @param {0 | 1} axis @param {number} z @param {string} colour @param {Limits} limits */
  marginal(axis, z, colour, limits) {
    const [along, over] = [this.sizes[axis], this.sizes[1 - axis]];
    return Array.from({ length: along }, (_, i) => {
      const at = (/** @type {number} */ o) => (axis ? this.at(o, i, z, colour) : this.at(i, o, z, colour));
      const points = Array.from({ length: over }, (_, o) => at(o)).filter(point => point !== null);
      if (!points.length) return NaN;
      if (colour === VERDICT) {
        return points.filter(p => WELL.includes(this.about.verdicts[p.verdict].kind)).length / points.length;
      }
      return share(median(points.map(p => p.value)), limits);
    });
  }
}

/** @param {Told} told @returns {About} */
const spoken = told => ({ ...told, title: said(told.title), finding: said(told.finding),
  axes: told.axes.map(({ name, values }) => ({ name: said(name), values: values.map(said) })),
  verdicts: told.verdicts.map(verdict => ({ ...verdict, name: said(verdict.name) })) });

/** @param {number} value @param {Limits} limits */
export const share = (value, [low, high]) => Math.min(1, Math.max(0, (value - low) / (high - low)));

/** Of those that are numbers. @param {number[]} values */
function median(values) {
  const sorted = values.filter(v => !Number.isNaN(v)).sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return !sorted.length ? NaN : sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
