// @ts-check
/**
 * The way of a told round: its looks, five sub-steps each, what lights up in which, and what every node then holds.
 */
import { t } from './words.js';

/** @typedef {import('./graph-layout.js').NodeKey} NodeKey */
/** @typedef {import('./graph-layout.js').EdgeKey} EdgeKey *//** @typedef {import('./types.d.ts').StepTold} StepTold */
/** @typedef {import('./types.d.ts').LookTold} LookTold */

export const subSteps = () => [t('draw'), t('generate'), t('judge'), t('loss'), t('gradient and move')];
export const PER_LOOK = 5;

/** The sub-step from which on a look fills a node, and whose looks do.
 * @type {Record<NodeKey, {from: number, of: 'D' | 'G' | 'both'}>} */
const FILLED = {
  z: { from: 0, of: 'both' }, real: { from: 0, of: 'D' }, G: { from: 4, of: 'G' }, fake: { from: 1, of: 'both' },
  D: { from: 4, of: 'D' }, says: { from: 2, of: 'both' }, slope: { from: 3, of: 'D' }, loss_d: { from: 3, of: 'D' },
  loss_g: { from: 3, of: 'G' }, grad_d: { from: 4, of: 'D' }, grad_g: { from: 4, of: 'G' },
};

/** Whether a look asks D for its word on real samples, too. @param {LookTold} look */
export const seesReal = look => look.player === 'D' || look.mean_real !== null;

/** What lights up in one sub-step of a look.
 * @param {LookTold} look @param {number} sub @returns {{nodes: NodeKey[], edges: EdgeKey[]}} */
export function litIn(look, sub) {
  const real = seesReal(look);
  const isD = look.player === 'D';
  const at = (/** @type {string} */ name) => look.penalties.some(one => one.name === name);
  /** @type {NodeKey[][]} */
  const nodes = [
    real ? ['z', 'real'] : ['z'],
    ['z', 'G', 'fake'],
    real ? ['real', 'fake', 'D', 'says'] : ['fake', 'D', 'says'],
    isD ? (look.penalties.length ? ['says', 'slope', 'loss_d'] : ['says', 'loss_d']) : ['says', 'loss_g'],
    isD ? ['loss_d', 'grad_d', 'D'] : ['loss_g', 'grad_g', 'G'],
  ];
  /** @type {EdgeKey[]} */
  const slopes = look.penalties.length ? ['slope-loss_d'] : [];
  if (at('r1') || at('gradient_penalty')) slopes.push('real-slope');
  if (at('r2') || at('gradient_penalty')) slopes.push('fake-slope');
  /** @type {EdgeKey[][]} */
  const edges = [
    [],
    ['z-G', 'G-fake'],
    real ? ['real-D', 'fake-D', 'D-says'] : ['fake-D', 'D-says'],
    isD ? ['says-loss_d', ...slopes] : ['says-loss_g'],
    isD ? ['loss_d-grad_d', 'grad_d-D'] : ['loss_g-grad_g', 'grad_g-G'],
  ];
  return { nodes: nodes[sub], edges: edges[sub] };
}

/** The look that a node shows once the way has come to `at`, a count of sub-steps; without it, at the end. Undefined
 * where none has come to it yet.
 * @param {StepTold} told @param {NodeKey} node @param {number} [at] */
export function lookIn(told, node, at = lengthOf(told)) {
  const { from, of } = FILLED[node];
  const seen = told.looks.filter((look, i) => i * PER_LOOK + from <= at && (of === 'both' || look.player === of));
  // Of a whole step, what D says of both
  return (node === 'says' && at === lengthOf(told) && seen.findLast(seesReal)) || seen.at(-1);
}

/** The look and the sub-step of a place on the way. @param {StepTold} told @param {number} at */
export const placeOf = (told, at) => ({ look: told.looks[Math.floor(at / PER_LOOK)], sub: at % PER_LOOK });

/** How many places there are on the way. @param {StepTold} told */
export const lengthOf = told => told.looks.length * PER_LOOK;
