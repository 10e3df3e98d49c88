// @ts-check
/**
 * What the discriminator says of a point, as the objective in play has it: a
 * probability D(x), or a critic's score a(x), with the value that it has everywhere
 * at equilibrium where theory knows one. Who draws, labels or explains it asks here.
 */
import { typographic } from './numbers.js';
import { t } from './words.js';

/** @typedef {import('./types.d.ts').Facts} Facts */
/** @typedef {import('./types.d.ts').DiscriminatorReading & {symbol:
 * string}} DiscriminatorReading `symbol`: its label without the argument */

/** What is on show before a game has begun: nothing, on the line.
 * @type {import('./types.d.ts').LineFacts} */
export const NO_GAME = {
  stage: 'line',
  columns: ['jsd', 'wasserstein'],
  references: {},
  floors: {},
  objective: { name: '', label: '', other: null },
  reading: {
    kind: 'probability', label: 'D(x)', centre: 0.5, centre_label: '½', low: 0, high: 1, optimal: true,
      optimal_label: 'D*', since: 0,
  },
  averaging: 0,
  samples: 0,
  jsd_every: null,
  device: '', engine: 'torch',
  parameters: { generator: 0, discriminator: 0 },
  wasserstein: 'W_1',
  jsd_is_bound: false,
  modes: [],
  mode_std: null,
  mode_shares: [],
  perfect_quality: 1,
  window: [-1, 1],
  latent: { dimension: 1, window: [-3, 3] },
};

/** @param {Facts} facts @returns {DiscriminatorReading} */
export const readingOf = ({ reading }) => ({
  ...reading, symbol: reading.label.replace(/\(.*\)$/, ''), centre_label: typographic(reading.centre_label),
});

/** @param {DiscriminatorReading} reading */
export const isProbability = ({ kind }) => kind === 'probability';

/** The game of Goodfellow et al. (2014): D = 1/2 at equilibrium, where V = −log 4.
 * @param {DiscriminatorReading} reading */
export const isClassic = reading => isProbability(reading) && reading.centre === 0.5;

/** Whether numbers under one reading mean the same under the other.
 * @param {Facts} facts @param {Facts} others */
export function inSameUnits({ reading: a }, { reading: b }) {
  return a.kind === b.kind && a.label === b.label && a.centre === b.centre && a.optimal === b.optimal;
}

/** What numbers under this reading are in: those in the same may share an axis.
 * @param {DiscriminatorReading} reading */
export const unitOf = ({ kind, label, centre }) => JSON.stringify([kind, label, centre]);

/** "D − ½", "a" for a centre of 0, "a − its median" where the offset is free.
 * @param {DiscriminatorReading} reading */
export function aboutCentre({ symbol, centre, centre_label }) {
  if (centre === null) return t('{symbol} − its median', { symbol });
  if (centre === 0) return symbol;
  return centre < 0 ? `${symbol} + ${centre_label.replace('\u2212', '')}` : `${symbol} − ${centre_label}`;
}

/** The best response, in words and, where it is one, as a formula.
 * @param {DiscriminatorReading} reading */
export function bestResponse(reading) {
  const { optimal_label: best, symbol, centre } = reading;
  if (!isProbability(reading)) return t('the best response {best} of the discriminator to this very '
    + 'generator', { best });
  const factor = centre === 0.5 ? '' : `${Number((2 * /** @type {number} */ (centre)).toPrecision(3))} `;
  return t('the best response {what} = {factor}p_r / (p_r + p_g)', { what: best || `${symbol}*`, factor });
}

/** What holds when the game is over: how `label` then reads.
 * @param {DiscriminatorReading} reading */
export function atEquilibrium(reading) {
  const { symbol, centre, centre_label } = reading;
  return centre === null ? t('{symbol} has the same mean on both',
    { symbol }) : t('{symbol} = {value} everywhere', { symbol, value: centre_label });
}
