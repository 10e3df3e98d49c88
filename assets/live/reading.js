// @ts-check
/**
 * What the discriminator says of a point, as the objective in play has it: a probability D(x), or a critic's score a(x), with
 * the value that it has everywhere at equilibrium where theory knows one. Who draws, labels or explains it asks here.
 */
import { known, typographic } from './numbers.js';

/** @typedef {object} Reading
 * @property {'probability' | 'critic'} kind
 * @property {string} label 'D(x)' or 'a(x)'
 * @property {string} symbol the same without its argument
 * @property {number | null} centre its value at equilibrium; null where its offset is free, as for Wasserstein
 * @property {string} centre_label
 * @property {number | null} low its natural range, which a critic may leave; null: wherever the data goes
 * @property {number | null} high
 * @property {boolean} optimal whether the best response is known
 * @property {string} optimal_label
 * @property {number} [since] the step from which it has been in these units */

/** @type {Reading} */
const PROBABILITY = {
  kind: 'probability', label: 'D(x)', symbol: 'D', centre: 0.5, centre_label: '½', low: 0, high: 1, optimal: true, optimal_label: 'D*',
};

/** @param {any} facts @returns {Reading} */
export function readingOf(facts) {
  const given = facts?.reading;
  if (!given) return PROBABILITY;
  const symbol = given.label.replace(/\(.*\)$/, '');
  const references = Object.values(facts.references ?? {}).map(reference => reference.since ?? 0);
  const since = given.since ?? (isClassic(given) ? 0 : Math.max(0, ...references));
  return { ...given, since, symbol, centre_label: typographic(given.centre_label || (known(given.centre) ? String(given.centre) : '')) };
}

/** @param {Reading} reading */
export const isProbability = ({ kind }) => kind === 'probability';

/** The game of Goodfellow et al. (2014): D = 1/2 at equilibrium, where V = −log 4.
 * @param {Reading} reading */
export const isClassic = reading => isProbability(reading) && reading.centre === 0.5;

/** Whether numbers under one reading mean the same under the other.
 * @param {any} facts @param {any} others */
export function inSameUnits(facts, others) {
  const [a, b] = [readingOf(facts), readingOf(others)];
  return a.kind === b.kind && a.label === b.label && a.centre === b.centre && a.optimal === b.optimal;
}

/** What numbers under this reading are in: those in the same may share an axis. @param {Reading} reading */
export const unitOf = ({ kind, label, centre }) => JSON.stringify([kind, label, centre]);

/** "D − ½", "a" for a centre of 0, "a − its median" where the offset is free.
 * @param {Reading} reading */
export function aboutCentre({ symbol, centre, centre_label }) {
  if (centre === null) return `${symbol} − its median`;
  if (centre === 0) return symbol;
  return centre < 0 ? `${symbol} + ${centre_label.replace('\u2212', '')}` : `${symbol} − ${centre_label}`;
}

/** The best response, in words and, where it is one, as a formula.
 * @param {Reading} reading */
export function bestResponse(reading) {
  const { optimal_label: best, symbol, centre } = reading;
  if (!isProbability(reading)) return `the best response ${best} of the discriminator to this very generator`;
  const factor = centre === 0.5 ? '' : `${Number((2 * /** @type {number} */ (centre)).toPrecision(3))} `;
  return `the best response ${best || `${symbol}*`} = ${factor}p_r / (p_r + p_g)`;
}

/** What holds when the game is over: how `label` then reads.
 * @param {Reading} reading */
export function atEquilibrium(reading) {
  const { symbol, centre, centre_label } = reading;
  return centre === null ? `${symbol} has the same mean on both` : `${symbol} = ${centre_label} everywhere`;
}
