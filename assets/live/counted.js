// @ts-check
/**
 * What a game is measured by, in words: points have densities and modes; pictures have features, and kinds that can be told.
 */

/** The numbers of points, which is what a game is taken for until it is known. */
const OF_POINTS = ['jsd', 'wasserstein'];

/** Whether this game measures it. @param {any} facts @param {string} column of its history */
export const measures = (facts, column) => (facts.columns ?? OF_POINTS).includes(column);

/** @param {any} facts */
export const hasModes = facts => facts.modes?.length > 1;

/** @typedef {object} Counted
 * @property {string} noun
 * @property {string} captured when one of them counts as captured
 * @property {string} quality what a sample of high quality is */

/** @type {Record<string, Counted>} */
const COUNTED = {
  modes: { noun: 'modes', captured: 'with at least one generated sample within 3 standard deviations', quality: 'within 3 standard deviations of a mode' },
  digits: { noun: 'digits', captured: 'shown by at least a tenth as many generated pictures as real ones, by the classifier', quality: 'that the classifier tells to be one of these digits with a probability above ½' },
  classes: {
    noun: 'classes',
    captured: 'shown by at least a tenth as many generated pictures as real ones, by the real pictures nearest to each',
    quality: 'near to real pictures most of which are of one class',
  },
  cells: { noun: 'cells', captured: 'with at least one generated picture: cells divide what the pictures of this law may show', quality: 'that can be read as one of the law’s pictures' },
};

/** What generated samples are counted by; of what is not known here as much as its name says.
 * @param {any} facts or a result that says its `kinds` @returns {Counted} */
export function countedBy({ kinds }) {
  const noun = String(kinds ?? 'modes');
  if (Object.hasOwn(COUNTED, noun)) return COUNTED[noun];
  return { noun, captured: 'found among the generated samples', quality: `that can be told to be of one of the ${noun}` };
}
