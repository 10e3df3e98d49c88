// @ts-check
/**
 * The members of a comparison: games side by side on one clock, each with its label, its facts and its colour.
 */
import { typographic } from './numbers.js';
import { NO_GAME } from './reading.js';
import { said, t } from './words.js';

/** @typedef {import('./types.d.ts').Facts} Facts of one game */
/** @typedef {import('./types.d.ts').RunState} RunState */
/** @typedef {import('./bytes.js').Frame} Frame */
/** @typedef {import('./bytes.js').Picture} Picture */
/** @typedef {{label: string, facts: Facts}} Member */
/** @typedef {{stage: 'comparison', members: Member[]}} Comparison */
/** @typedef {Facts | Comparison} Shown what stage and curves draw by */

export const MOST_MEMBERS = 8;

const DASHES = ['solid', 'dash', 'dot', 'dashdot', 'long', 'longdot', 'fine', 'longdots'];

/** How member i's lines look: its own colour, and its own dash for those who cannot tell the colours apart.
 * @type {readonly {ink: import('./palette.js').Ink, dash: string}[]} */
export const LINE_STYLES = DASHES.map((dash, i) => ({
  ink: /** @type {import('./palette.js').Ink} */ (`member${i}`), dash,
}));

/** @param {Shown} shown @returns {Member[]} none of a single game */
export const membersOf = shown => (shown.stage === 'comparison' ? shown.members : []);

/** The facts of the one game, or those of all members; those of no game before one has begun.
 * @param {Pick<RunState, 'games'>} run @returns {Shown} */
export function factsOf({ games }) {
  if (games.length > 1) return { stage: 'comparison',
    members: games.map(({ label, facts }, i) => ({ label: named(label, i), facts })) };
  return firstOf({ games });
}

/** The facts of the first game. @param {Pick<RunState, 'games'>} run @returns {Facts} */
export const firstOf = ({ games }) => games[0]?.facts ?? NO_GAME;

/** A label as it is written: one letter after an underscore is a
 * subscript, as in lr_D; any other underscore parts two words.
 * @param {string} label @param {number} i its place, for one that is not known yet */
const named = (label, i) => typographic(label.replace(/_(?=\w\w)/g, ' ')) || t('game {number}', { number: i + 1 });

/** Each game's own picture out of the frame of all: its part of the label, and its arrays by their plain names.
 * @param {Frame} frame @returns {Picture[]} */
export function picturesOf({ label: { members }, arrays, shapes }) {
  if (members.length === 1) return [{ label: members[0], arrays, shapes }];
  /** @type {Picture[]} */
  const pictures = members.map(label => ({ label, arrays: {}, shapes: {} }));
  for (const name of Object.keys(arrays)) {
    const cut = name.indexOf('/');
    const picture = pictures[Number(name.slice(0, cut))];
    if (cut < 0 || !picture) continue;
    picture.arrays[name.slice(cut + 1)] = arrays[name];
    picture.shapes[name.slice(cut + 1)] = shapes[name];
  }
  return pictures;
}

/** The numbers of a frame by the names of the history's columns, and as `measured` the step that they are of.
 * @param {Frame['label']} label @returns {Record<string, number | null>} */
export function numbersOf({ members }) {
  const all = members.map(({ numbers, measured }) => ({ ...numbers, measured }));
  if (all.length === 1) return all[0];
  return Object.fromEntries(
    all.flatMap((numbers, i) => Object.entries(numbers).map(([name, value]) => [`${i}/${name}`, value])),
  );
}

/** The marks of all: what befell every member at one step is said once, what befell some is said with their names.
 * @param {Pick<RunState, 'games'>} run @returns {import('./curve.js').Mark[]} */
export function marksOf({ games }) {
  if (games.length === 1) return games[0].marks.map(({ step, label }) => ({ step, label: said(label) }));
  /** @type {Map<string, {step: number, label: string, of: string[]}>} */
  const found = new Map();
  games.forEach(({ label: name, marks }, i) => {
    for (const { step, label: what } of marks) {
      const label = said(what);
      const key = `${step} ${label}`;
      const mark = found.get(key) ?? { step, label, of: [] };
      mark.of.push(named(name, i));
      found.set(key, mark);
    }
  });
  const ordered = [...found.values()].sort((a, b) => a.step - b.step);
  return ordered.map(({ step, label, of }) =>
    ({ step, label, whose: of.length < games.length ? of.join(', ') : undefined }));
}

/** Members whose numbers are in the same unit, by their places; the largest group first.
 * @param {readonly Member[]} members
 * @param {(facts: Facts) => string | null} unitOf null where a member has no such number */
export function groupsBy(members, unitOf) {
  /** @type {Map<string, number[]>} */
  const groups = new Map();
  members.forEach(({ facts }, i) => {
    const unit = unitOf(facts);
    if (unit !== null) groups.set(unit, [...(groups.get(unit) ?? []), i]);
  });
  return [...groups].map(([unit, places]) => ({ unit, places })).sort((a, b) => b.places.length - a.places.length);
}

/** What all members say alike, or undefined.
 * @template T @param {readonly T[]} said */
export const agreed = said =>
  (said.length && said.every(one => JSON.stringify(one) === JSON.stringify(said[0])) ? said[0] : undefined);
