// @ts-check
/**
 * What the field behind the samples may show, and how its values become colours.
 */
import { known, round } from './numbers.js';
import { bestResponse, isProbability } from './reading.js';
import { t } from './words.js';

const LOG_ODDS = 5; // the field's colours end here

/** How the field's values become colours: `middle` has none, `scale` above or below it has all.
 * @typedef {{middle: number, scale: number}} Level */

/** What the field may show: `of` maps D and D* to -1..1, where 0 is the
 * background's colour. Numbers at the ends of its scale are `ends`.
 * @typedef {object} Field
 * @property {string} value
 * @property {string} label
 * @property {string} hint
 * @property {(level: Level) => [string, string, string]} ends
 * @property {(d: number, star: number, level: Level) => number} of
 * @property {'star'} [uses] */

/** @param {import('./reading.js').DiscriminatorReading} reading @returns {Field[]} */
export function fieldsOf(reading) {
  const { symbol, label, optimal_label: best, centre, centre_label: middle } = reading;
  const probability = isProbability(reading);
  const half = centre ?? 0.5;
  // A probability keeps its natural scale; where its middle is not ½ both sides have their own.
  const coloured = probability
    ? (/** @type {number} */ d) => (d < half ? (d - half) / half : (d - half) / (1 - half))
    : (/** @type {number} */ d, /** @type {Level} */ level) => (d - level.middle) / level.scale;
  const around = (/** @type {number} */ value, /** @type {string} */ name) => (/** @type {Level} */ { scale }) =>
    /** @type {[string, string, string]} */ ([round(value - scale), name,
      `${known(centre) ? '' : '+'}${round(value + scale)}`]);
  const ends = probability ? () => /** @type {[string, string, string]} */ (['0', middle, '1'])
    : around(centre ?? 0, middle || 'mean');
  const late = (/** @type {string} */ it) => t('At full speed {it} is some steps old; paused, exact.', { it });
  /** @type {Field[]} */
  const fields = [{
    value: 'd', label: symbol, ends, of: (d, _, level) => coloured(d, level),
    hint: t('{label}: how real x looks to the discriminator. Orange: generated; blue: real.', { label }),
  }];
  if (reading.optimal)
    fields.push(
      {
        value: 'd_star', label: best, ends, of: (_, star, level) => coloured(star, level), uses: 'star',
        hint: t('{sentence}. Hatched: neither law has mass there, and {best} is undetermined. {late}',
            { sentence: sentence(bestResponse(reading)), best, late: late('it') }),
      },
      {
        value: 'gap', label: `${symbol} − ${best}`, uses: 'star', of: (d, star, { scale }) =>
          (d - star) / (probability ? 1 : scale),
        ends: probability ? () => ['−1', '0', '1'] : ({ scale }) => [round(-scale), '0', round(scale)],
        hint: t('How far {symbol} is from its best response. Orange: too low; blue: too high; no '
          + 'colour: the discriminator plays perfectly. {late}', { symbol, late: late(best) }),
      },
    );
  if (probability) {
    const odds = Math.log(half / (1 - half));
    fields.push({
      value: 'log_odds', label: t('log-odds'), of: d => (Math.log(d / (1 - d)) - odds) / LOG_ODDS,
      ends: () => [round(+(odds - LOG_ODDS).toFixed(1)), round(+odds.toFixed(1)), round(+(odds + LOG_ODDS).toFixed(1))],
      hint: t('log D/(1 − D), the discriminator’s output itself. It still has a slope where D is flat '
        + 'at 0 or 1.'),
    });
  }
  return fields;
}

/** @param {string} words */
const sentence = words => words[0].toUpperCase() + words.slice(1);

const LEVELS = [1, 1.5, 2, 3, 5, 7, 10];
const SPARE = 0.7; // a smaller scale is taken when the data would fill less than this of it

/** Smallest scales. Where a critic's value at equilibrium is known,
 * labels and margins are of order 1, and a field much flatter
 * than that is to look flat; where its offset is free, so is its scale. */
export const KNOWN = 0.5;
export const FREE = 1e-6;

/** A scale for a critic's colours, in round numbers, that seldom changes. */
export class SteadyScale {
  #scale = 0;

  /** @param {number} extreme distance from the middle @param {number} smallest */
  fit(extreme, smallest) {
    const wanted = roundUp(Math.max(extreme, smallest));
    if (wanted > this.#scale || roundUp(Math.max(extreme / SPARE, smallest)) < this.#scale) this.#scale = wanted;
    return this.#scale;
  }

  clear() {
    this.#scale = 0;
  }
}

/** The next of LEVELS times a power of ten. @param {number} value */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return Number((power * (LEVELS.find(level => level * power >= value * 0.999999) ?? 10)).toPrecision(3));
}

/** Half way between the critic's means on the real and on the generated samples at hand.
 * @param {Record<string, Float32Array>} arrays @param {number} size @param {number[]} window */
export function meanLevel({ d, real, generated }, size, window) {
  const means = [real, generated].map(points => {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < (points?.length ?? 0); i += 2) {
      const value = valueAt(d, size, window, points[i], points[i + 1]);
      if (!known(value)) continue;
      sum += value;
      count++;
    }
    return count ? sum / count : null;
  }).filter(known);
  return means.length ? means.reduce((a, b) => a + b, 0) / means.length : 0;
}

/** The field at a point, between the four cells around it; null outside the window, NaN where it is undetermined.
 * @param {Float32Array} values (size, size) @param {number} size @param {number[]} window
 * @param {number} x @param {number} y */
export function valueAt(values, size, window, x, y) {
  const [xLow, xHigh, yLow, yHigh] = window;
  if (x < xLow || x > xHigh || y < yLow || y > yHigh) return null;
  const inside = (/** @type {number} */ place) => Math.min(size - 1, Math.max(0, place));
  const [u, v] = [inside(((x - xLow) / (xHigh - xLow)) * size - 0.5),
    inside(((y - yLow) / (yHigh - yLow)) * size - 0.5)];
  const [i, j] = [Math.min(size - 2, Math.floor(u)), Math.min(size - 2, Math.floor(v))];
  const [s, t] = [u - i, v - j];
  const at = j * size + i;
  return (1 - t) * ((1 - s) * values[at] + s * values[at + 1])
    + t * ((1 - s) * values[at + size] + s * values[at + size + 1]);
}
