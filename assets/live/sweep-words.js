// @ts-check
/**
 * What the page of sweeps says: how far it is, what is at a point, why something cannot be done.
 */
import { compact, grouped, percent } from './numbers.js';
import { nameOf } from './sweep-cells.js';
import { t } from './words.js';

/** @typedef {import('./sweep-cells.js').Cells} Cells
 * @typedef {import('./words.js').Param} Message
 * @typedef {{state: string, trouble: Message, start: number, count: number, is_compiling: boolean, pace: number,
 *   left: Message}} News as the server tells them */

/** Counts as such: 120 steps, not 120.0. @param {number} value */
export const read = value => (Number.isInteger(value) ? grouped(value) : compact(value));

/** How far it is. @param {News} news @param {Cells} cells */
export function progressOf({ state, trouble, is_compiling, pace, left }, { about, count }) {
  const games = t('{count} of {all} games', { count: grouped(count), all: grouped(about.count) });
  const speed = pace ? t('{what} steps/s', { what: grouped(pace) }) : t('starting');
  /** @type {Record<string, string>} */
  const told = {
    done: t('all played'),
    stopped: t('stopped; it can go on'),
    stopping: t('what is in play is finished'),
    failed: t('it could not go on: {problem}', { problem: trouble }),
    playing: is_compiling ? t('rounds are compiled for this machine, once: half a minute')
      : left ? t('{speed}, {time} left', { speed, time: left }) : speed,
  };
  return `${games} · ${told[state] ?? state}`;
}

/** What is at a point. @param {Cells} cells @param {import('./sweep-picture.js').Place} place
 * @param {import('./sweep-cells.js').Point | null} point */
export function sentenceOf(cells, place, point) {
  const { axes, verdicts, numbers: names } = cells.about;
  const where = enumerated(axes.map((axis, i) => `${axis.name} ${axis.values[place[i]]}`));
  if (!point) return t('{where}: not played yet', { where });
  const numbers = enumerated(names.map((name, j) => ({ name, value: cells.number(point.cell, j) }))
    .filter(({ name, value }) => name !== 'seed' && !Number.isNaN(value))
    .map(({ name, value }) => `${nameOf(name)} ${read(value)}`));
  const verdict = verdicts[point.verdict].name;
  if (point.games < 2) return t('{where}: {verdict}. {numbers}', { where, verdict, numbers });
  return t('{where}: {verdict}, {share} of {count} seeds. {numbers}',
    { where, verdict, share: percent(point.agree), count: point.games, numbers });
}

/** @param {unknown} error */
export const inWords = error => (error instanceof TypeError ? t('the server cannot be reached') // so `fetch` says that
  : error instanceof Error ? error.message : String(error));

/** One after the other, with no word before the last. @param {string[]} items */
const enumerated = items => (items.length ? items.reduce((first, second) => t('{first}, {second}', { first, second }))
  : '');
