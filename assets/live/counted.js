// @ts-check
/**
 * What a game is measured by, in words: points have densities
 * and modes; pictures have features, and classes that can be told.
 */
import { t } from './words.js';

/** @typedef {import('./types.d.ts').Facts} Facts */

/** Whether this game measures it. @param {Facts} facts @param {string} column of its history */
export const measures = (facts, column) => facts.columns.includes(column);

/** @param {Facts} facts */
export const hasModes = facts => facts.modes.length > 1;

/** @typedef {object} Counted
 * @property {string} noun
 * @property {string} captured when one of them counts as captured
 * @property {string} quality what a sample of high quality is */

/** @type {Record<import('./types.d.ts').Counted, Counted>} */
const COUNTED = {
  modes: { get noun() { return t('modes'); },
    get captured() { return t('with at least one generated sample within 3 standard '
    + 'deviations'); },
    get quality() { return t('within 3 standard deviations of a mode'); } },
  digits: { get noun() { return t('digits'); },
    get captured() { return t('shown by at least a tenth as many generated pictures as real ones, by the '
      + 'classifier'); },
    get quality() { return t('that the classifier tells to be one of these digits with a probability above ½'); } },
  classes: {
    get noun() { return t('classes'); },
    get captured() { return t('shown by at least a tenth as many generated pictures as real ones, by the real '
      + 'pictures nearest to each'); },
    get quality() { return t('near to real pictures most of which are of one class'); },
  },
  cells: { get noun() { return t('cells'); },
    get captured() { return t('with at least one generated picture: cells divide what the pictures of this law may '
      + 'show'); },
    get quality() { return t('that can be read as one of the law’s pictures'); } },
};

/** What can be told apart in pictures; null where nothing can, and of points. @param {Facts} facts */
export const nounOf = facts => (facts.stage === 'pictures' ? facts.counted_by : null);

/** @param {import('./types.d.ts').Counted | null | undefined} noun of pictures */
export const inWords = noun => COUNTED[noun ?? 'modes'];

/** What generated samples are counted by. @param {Facts} facts */
export const countedBy = facts => inWords(nounOf(facts));

/** Whether the JSD that is read is only known to be at most the true one. @param {Facts} facts */
export const isBound = facts => facts.stage !== 'pictures' && facts.jsd_is_bound;

/** What the measured JSD is called. @param {Facts} facts */
export const jsdOf = facts => (isBound(facts) ? 'JSD ≥' : 'JSD');

/** What the measured Wasserstein distance is called. @param {Facts} facts */
export const wassersteinOf = facts => (facts.stage === 'pictures' ? 'W_1' : facts.wasserstein);

/** What it is. The plane's is no distance that probability travels. @param {Facts} facts */
export const wassersteinInWords = facts => (facts.stage === 'plane'
  ? t('sliced Wasserstein distance, in units of x: the mean over directions of the distance between '
    + 'projections, so that a shift by d reads 2/π d = 0.64 d')
  : t('Wasserstein distance, in units of x: how far, on average, probability has to travel'));
