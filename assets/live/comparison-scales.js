// @ts-check
/**
 * What small stages side by side have in common, so that they can be compared by eye:
 * the window, the ends of the axes and of the colours, and where somebody zoomed to.
 * Each says what it needs and gets what suits all whose numbers are in one unit.
 */

/** @typedef {[number, number]} Range */
/** @typedef {import('./viewport.js').Viewport} Viewport */

// whoever needs more than so many times what most need runs out of the picture, and does not flatten theirs
const RUNAWAY = 10;

export class SharedScales {
  /** by name of the scale, who needs what @type {Map<string, Map<object, {unit: string, range: Range}>>} */
  #needs = new Map();
  /** @type {Set<Viewport>} */
  #views = new Set();
  #onChange;

  /** @param {() => void} onChange all are to be painted again */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** The range that suits all who share this scale. @param {string} name @param {string} unit @param {object} who
   * @param {Range} range @returns {Range} */
  share(name, unit, who, range) {
    const needs = this.#needs.get(name) ?? new Map();
    this.#needs.set(name, needs);
    const before = span(needs, unit);
    needs.set(who, { unit, range });
    const now = span(needs, unit);
    if (before && (before[0] !== now?.[0] || before[1] !== now[1])) this.#onChange();
    return now ?? range;
  }

  /** Zooms with the others from now on. @param {Viewport} view @param {AbortSignal} signal */
  join(view, signal) {
    this.#views.add(view);
    signal.addEventListener('abort', () => this.#views.delete(view));
  }

  /** @param {Viewport} view that somebody moved */
  follow(view) {
    for (const other of this.#views) if (other !== view) other.follow(view);
    this.#onChange();
  }

  /** @param {object} who is gone */
  forget(who) {
    for (const needs of this.#needs.values()) needs.delete(who);
  }

  clear() {
    this.#needs.clear();
  }
}

/** @param {Map<object, {unit: string, range: Range}>} needs @param {string} unit @returns {Range | undefined} */
function span(needs, unit) {
  const wanted = [...needs.values()].filter(need => need.unit === unit
    && need.range.every(Number.isFinite)).map(({ range }) => range);
  const extents = wanted.map(([low, high]) => high - low).sort((a, b) => a - b);
  const ranges = wanted.filter(([low, high]) => high - low <= RUNAWAY * extents[(extents.length - 1) >> 1]);
  return ranges.length ? [Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))]
    : undefined;
}

/** One window for all games of a kind, which holds each one's own: lows and highs in turn.
 * @param {readonly import('./comparison-members.js').Member[]} members @param {string} stage */
export function windowOf(members, stage) {
  const windows = members.flatMap(({ facts }) =>
    (facts.stage === stage && 'window' in facts ? [/** @type {number[]} */ (facts.window)] : []));
  return windows[0]?.map((_, i) => Math[i % 2 ? 'max' : 'min'](...windows.map(window => window[i])));
}
