// @ts-check
/**
 * Numbers as text: typographic minus, tabular width, a dash for what is not known.
 */

const UNKNOWN = '–';

/** Hyphens before digits become minus signs.
 * @param {string} text */
export const typographic = text => text.replace(/-(?=\d)/g, '\u2212');

/** @param {number | null | undefined} value @returns {value is number} */
export const known = value => typeof value === 'number' && Number.isFinite(value);

/** @param {number | null | undefined} value @param {number} digits behind the point */
export function fixed(value, digits = 3) {
  if (!known(value)) return UNKNOWN;
  // a game that runs away must not push the line apart
  if (Math.abs(value) >= 1e5) return typographic(scientific(value, 2));
  const text = value.toFixed(digits);
  return typographic(Number(text) === 0 ? text.replace('-', '') : text); // no "−0.000"
}

/** Two or three digits of any magnitude, in about five characters.
 * @param {number | null | undefined} value */
export function compact(value) {
  if (!known(value)) return UNKNOWN;
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 1e-3 || size >= 1e4) return typographic(scientific(value, 1));
  return typographic(size < 0.1 ? value.toPrecision(2) : value.toFixed(size < 10 ? 3 : size < 100 ? 2 : 1));
}

/** A number that somebody chose, as one would write it: 0.003, 3e−4.
 * @param {number | null | undefined} value */
export function chosen(value) {
  if (!known(value)) return UNKNOWN;
  const short = Number(value.toPrecision(3));
  return typographic(short !== 0 && Math.abs(short) < 1e-3 ? short.toExponential() : String(short));
}

/** Whole numbers in groups of three, as all languages spoken here write them, and as Python's sentences do: 1,438.
 * @param {number} value */
export const grouped = value => typographic(Math.round(value).toString()).replace(/\B(?=(\d{3})+$)/g, ',');

/** A round number in as few digits as it has.
 * @param {number} value */
export function round(value) {
  const short = Number(value.toPrecision(6));
  const size = Math.abs(short);
  return typographic(size !== 0 && (size < 1e-4 || size >= 1e5) ? scientific(short) : String(short));
}

/** 1e8 and 2.5e-7, without JavaScript's plus sign.
 * @param {number} value @param {number} [digits] */
const scientific = (value, digits) => value.toExponential(digits).replace('e+', 'e');

/** A share 0..1.
 * @param {number | null | undefined} value @param {number} [digits] behind the point */
export const percent = (value, digits = 0) => (known(value) ? `${fixed(100 * value, digits)} %` : UNKNOWN);
