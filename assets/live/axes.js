// @ts-check
/**
 * Ranges that widen in steps instead of trembling with the data, and quiet ticks.
 */
import { round } from './numbers.js';

/** @typedef {[number, number]} Range */

const HEADROOM = 0.1; // room left beyond the data when a range is set, so that the next record fits
const WASTE = 0.4; // a range is tightened when the data fills less than this of it

/** A range that changes rarely: it jumps to a bigger one when the
 * data leaves it, to a smaller one when most of it lies bare. */
export class SteadyRange {
  /** @type {Range | null} */
  #range = null;

  /** @param {number} low @param {number} high of the data @param {number} narrowest extent @returns {Range} */
  fit(low, high, narrowest = 1e-9) {
    const middle = (low + high) / 2;
    const half = Math.max(high - low, narrowest) / 2;
    [low, high] = [middle - half, middle + half];
    const now = this.#range;
    if (!now || low < now[0] || high > now[1] || high - low < WASTE * (now[1] - now[0])) {
      const room = HEADROOM * (high - low);
      // Only the side that overflowed moves; the other keeps still.
      const keep = now && high - low >= WASTE * (now[1] - now[0]);
      this.#range = [keep && low >= now[0] ? now[0] : low - room, keep && high <= now[1] ? now[1] : high + room];
    }
    return /** @type {Range} */ (this.#range);
  }

  clear() {
    this.#range = null;
  }
}

/** Round values inside a range, about `count` of them.
 * @param {Range} range @param {number} count */
export function niceTicks([low, high], count) {
  const rough = (high - low) / Math.max(1, count);
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find(m => m * power >= rough * 0.999) ?? 10);
  // one number alone tells no scale
  const found = [1, 2, 5].map(part => multiples(step / part, low, high));
  return found.find(values => values.length > 1) ?? found[0];
}

/** @param {number} step @param {number} low @param {number} high */
function multiples(step, low, high) {
  const values = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) values.push(i * step || 0);
  return values;
}

/** Powers of ten inside a range of log10, thinned to about `count`.
 * @param {Range} range of exponents @param {number} count */
export function decades([low, high], count) {
  const every = Math.max(1, Math.ceil((high - low) / Math.max(1, count)));
  const values = [];
  for (let power = Math.ceil(low / every) * every; power <= high; power += every) values.push(power);
  if (values.length > 1 || high - low > 1.5) return values.map(power =>
    ({ value: 10 ** power, label: decadeLabel(power) }));
  // Less than two decades: 1, 2 and 5 times them say more.
  const finer = [];
  for (let power = Math.floor(low); power <= high; power++)
    for (const times of [1, 2, 5]) {
      const at = Math.log10(times) + power;
      if (at >= low && at <= high) finer.push({ value: times * 10 ** power, label: times === 1 ? decadeLabel(power)
        : timesLabel(times, power) });
    }
  return finer;
}

/** @param {number} power */
const decadeLabel = power =>
  (power >= -2 && power <= 3 ? String(10 ** power) : `10<sup>${String(power).replace('-', '\u2212')}</sup>`);

/** @param {number} times @param {number} power */
const timesLabel = (times, power) =>
  (power >= -2 && power <= 2 ? String(+(times * 10 ** power).toPrecision(2)) : `${times}·${decadeLabel(power)}`);

/** @typedef {{value: number, label: string}} Reference */

/** Tick values and labels for a y axis: the references by name, and round numbers where they leave room.
 * @param {Range} range in axis units (exponents when `log`) @param {number} height in px
 * @param {Reference[]} references @param {boolean} log
 * @param {(value: number) => string} [write] the round numbers */
export function axisTicks(range, height, references, log, write = round) {
  const at = (/** @type {number} */ value) => (log ? Math.log10(value) : value);
  const scale = height / (range[1] - range[0]);
  const inside = (/** @type {number} */ value) => at(value) >= range[0] && at(value) <= range[1];
  const taken = references.filter(r => r.label && inside(r.value));
  const count = Math.min(5, height / 38);
  const rounds = log ? decades(range, count) : niceTicks(range, count).map(value => ({ value, label: write(value) }));
  /** @type {Reference[]} */
  const chosen = [];
  for (const candidate of [...taken, ...rounds])
    if (chosen.every(other => Math.abs(at(other.value) - at(candidate.value)) * scale > 13)) chosen.push(candidate);
  return { tickvals: chosen.map(t => t.value), ticktext: chosen.map(t => t.label) };
}
