// @ts-check
/**
 * The members of a comparison: games side by side on one clock, each with its label, its facts and its colour.
 */
import { typographic } from './numbers.js';

/** @typedef {{label: string, facts: any}} Member */
/** @typedef {import('./bytes.js').Packet} Packet */

export const MOST_MEMBERS = 8;

/** How member i's lines look: its own colour, and its own dash for those who cannot tell the colours apart.
 * @type {readonly {ink: import('./palette.js').Ink, dash: string}[]} */
export const LOOKS = ['solid', 'dash', 'dot', 'dashdot', 'long', 'longdot', 'fine', 'longdots'].map((dash, i) => ({
  ink: /** @type {import('./palette.js').Ink} */ (`member${i}`), dash,
}));

/** @param {any} facts @returns {Member[]} none of a single game */
export const membersOf = facts => facts?.members ?? [];

/** The facts that stage and curves draw by: those of the one game, or those of all members.
 * @param {{facts: any, members: any[]}} run */
export const factsOf = ({ facts, members }) => (members.length ? { ...facts, members: members.map(({ label, facts }, i) => ({ label: named(label, i), facts })) } : facts);

/** A label as it is written: one letter after an underscore is a subscript, as in lr_D; any other underscore parts two words.
 * @param {string} label @param {number} i its place, for one that is not known yet */
const named = (label, i) => typographic(label.replace(/_(?=\w\w)/g, ' ')) || `game ${i + 1}`;

/** Each member's own frame out of that of all: its part of the label, and its arrays by their plain names.
 * @param {Packet} frame @returns {Packet[]} */
export function framesOf({ label, arrays, shapes }) {
  const { generation, revision, members = [] } = label;
  /** @type {Packet[]} */
  const frames = members.map((/** @type {any} */ own) => ({ label: { generation, revision, ...own }, arrays: {}, shapes: {} }));
  for (const name of Object.keys(arrays)) {
    const cut = name.indexOf('/');
    const frame = frames[Number(name.slice(0, cut))];
    if (cut < 0 || !frame) continue;
    frame.arrays[name.slice(cut + 1)] = arrays[name];
    frame.shapes[name.slice(cut + 1)] = shapes[name];
  }
  return frames;
}

/** The numbers of a frame by the names of the history's columns.
 * @param {any} label of a frame @returns {Record<string, number | null>} */
export function numbersOf({ numbers, members }) {
  if (!members) return numbers;
  return Object.fromEntries(members.flatMap((/** @type {any} */ own, /** @type {number} */ i) => Object.entries(own.numbers ?? {}).map(([name, value]) => [`${i}/${name}`, value])));
}

/** The marks of all: what befell every member at one step is said once, what befell some is said with their names.
 * @param {{marks: {step: number, label: string}[], members: {label: string, marks?: {step: number, label: string}[]}[]}} run
 * @returns {import('./curve.js').Mark[]} */
export function marksOf({ marks, members }) {
  if (!members.length) return marks;
  /** @type {Map<string, {step: number, label: string, of: string[]}>} */
  const found = new Map();
  members.forEach(({ label: name, marks: own = [] }, i) => {
    for (const { step, label } of own) {
      const key = `${step} ${label}`;
      const mark = found.get(key) ?? { step, label, of: [] };
      mark.of.push(named(name, i));
      found.set(key, mark);
    }
  });
  const ordered = [...found.values()].sort((a, b) => a.step - b.step);
  return ordered.map(({ step, label, of }) => ({ step, label, whose: of.length < members.length ? of.join(', ') : undefined }));
}

/** Members whose numbers are in the same unit, by their places; the largest group first.
 * @param {readonly Member[]} members @param {(facts: any) => string | null} unitOf null where a member has no such number */
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
export const agreed = said => (said.length && said.every(one => JSON.stringify(one) === JSON.stringify(said[0])) ? said[0] : undefined);
