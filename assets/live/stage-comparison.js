// @ts-check
/**
 * The stage of a comparison: a small stage for each member, in a grid that fits, under one row of layers for all.
 */
import { Cell } from './comparison-cell.js';
import { membersOf } from './comparison-members.js';
import { SharedScales, windowOf } from './comparison-scales.js';
import { element } from './dom.js';
import { drag } from './help.js';
import { readingOf, unitOf } from './reading.js';
import { t } from './words.js';

const BUDGET_MS = 25; // of one animation frame; cells that find no room in it are first in the next
const GAP_PX = { x: 16, y: 8 };
const HEAD_PX = { one: 22, two: 40, narrow: 250 }; // a cell's title, in one line or, in a narrow cell, in two
const ASPECTS = { line: 1.5, other: 1 }; // of width to height: at best
/** @typedef {import('./help.js').Entry} Entry */

/** @returns {readonly Entry[]} */
const gestures = () => [
  [[t('click')], t('on the name above a picture: change or open that game')],
  [[t('click')], t('on a name above the curves: hide or show its lines; to point at one lets the others fade')],
];
/** @returns {readonly Entry[]} */
const planar = () => [
  [[t('wheel'), t('drag')], t('zoom and move all planes')],
  [[t('double click')], t('the whole window again')],
];

export class ComparisonStage {
  title = t('Comparison');
  #options;
  #theme;
  #layers = element('div', { class: 'gd-comparison-layers' });
  #grid = element('div', { class: 'gd-cells' });
  node = element('div', { class: 'gd-comparison' }, this.#layers, this.#grid);
  /** @type {Cell[]} */
  #cells = [];
  /** @type {import('./comparison-members.js').Comparison} */
  #facts = { stage: 'comparison', members: [] };
  #scales = new SharedScales(() => this.#refresh());

  /** @param {import('./stages.js').StageOptions} options */
  constructor(options) {
    this.#options = options;
    this.#theme = options.theme;
    const { signal } = options;
    const resized = new ResizeObserver(() => this.#arrange());
    resized.observe(this.#grid);
    signal.addEventListener('abort', () => {
      resized.disconnect();
      for (const cell of this.#cells) cell.dispose();
    });
    // A layer is chosen for all cells, though its switch belongs to one of them.
    this.#layers.addEventListener('click', () => this.#refresh(), { signal });
  }

  get guide() {
    return this.#hosts().flatMap(cell => cell.stage?.guide ?? []);
  }

  get gestures() {
    const hasPlane = this.#hosts().some(cell => cell.stage?.gestures.length); // thumbnails of the line take none
    return [...gestures(), ...(hasPlane ? planar() : []),
      ...drag().map(([keys, does]) => /** @type {Entry} */ ([keys, t('in the curves: {does}', { does })]))];
  }

  /** @param {import('./comparison-members.js').Comparison} facts */
  setFacts(facts) {
    this.#facts = facts;
    const members = membersOf(facts);
    for (const cell of this.#cells.splice(members.length)) cell.dispose();
    while (this.#cells.length < members.length) {
      const cell = new Cell(this.#cells.length, { ...this.#options, theme: this.#theme, scales: this.#scales });
      this.#cells.push(cell);
      this.#grid.append(cell.node);
    }
    members.forEach(({ label, facts }, i) => {
      const shared = { ...facts, shown: windowOf(members, facts.stage) };
      this.#options.attempt(label, () => this.#cells[i].setMember({ label, facts: shared }));
    });
    this.#offerLayers();
    this.#arrange();
  }

  /** @param {readonly import('./types.d.ts').GameState[]} games */
  showVerdicts(games) {
    games.forEach(({ verdict }, i) => this.#cells[i]?.showVerdict(verdict));
  }

  /** @param {number | null} member that stands out */
  highlight(member) {
    this.#cells.forEach((cell, i) => cell.node.toggleAttribute('data-highlighted', i === member));
  }

  /** @param {import('./palette.js').Theme} theme */
  setTheme(theme) {
    this.#theme = theme;
    for (const cell of this.#cells) cell.setTheme(theme);
  }

  clear() {
    this.#scales.clear();
    for (const cell of this.#cells) cell.clear();
  }

  /** @param {readonly import('./bytes.js').Picture[]} pictures of all members @param {number} step of all */
  draw(pictures, step) {
    pictures.forEach((own, i) => this.#cells[i]?.take(own, step));
    return this.redraw();
  }

  /** Paints the cells that want it, those that waited longest first, as many as one animation frame has time for. */
  redraw() {
    const began = performance.now();
    const waiting = this.#cells.filter(cell => cell.isStale).sort((a, b) => a.paintedAt - b.paintedAt);
    let isPainted = false;
    for (const cell of waiting) {
      if (performance.now() - began > BUDGET_MS) {
        this.#options.request();
        break;
      }
      isPainted = this.#options.attempt(cell.label, () => cell.paint()) || isPainted;
    }
    return isPainted;
  }

  #refresh() {
    for (const cell of this.#cells) cell.isStale = true;
    this.#options.request();
  }

  /** For each kind of stage the cell whose switches stand for all
   * of that kind: one that knows the best response, if any does. */
  #hosts() {
    const stages = [...new Set(this.#cells.map((_, i) => this.#member(i).stage))];
    return stages.map(stage => {
      const cells = this.#cells.filter((_, i) => this.#member(i).stage === stage);
      return cells.find(cell => readingOf(this.#member(this.#cells.indexOf(cell))).optimal) ?? cells[0];
    });
  }

  /** @param {number} i */
  #member(i) {
    return membersOf(this.#facts)[i]?.facts;
  }

  #offerLayers() {
    const hosts = this.#hosts();
    const rows = hosts.map(cell => {
      const name = hosts.length > 1 ? [element('h3', {}, cell.stage?.title ?? '')] : [];
      return element('div', { class: 'gd-comparison-row' }, ...name, ...(cell.stage?.layers ?? []));
    });
    this.#layers.replaceChildren(...rows);
    // One row of numbers stands for all whose colours mean the same.
    this.#layers.toggleAttribute('data-scales-differ',
      new Set(membersOf(this.#facts).map(({ facts }) => unitOf(readingOf(facts)))).size > 1);
  }

  #arrange() {
    const { clientWidth: width, clientHeight: height } = this.#grid;
    const stages = new Set(membersOf(this.#facts).map(({ facts }) => facts.stage));
    const aspect = stages.size === 1 && stages.has('line') ? ASPECTS.line : ASPECTS.other;
    if (width && height) this.#grid.style.setProperty('--gd-columns',
      String(columnsFor(this.#cells.length, width, height, aspect)));
    this.#refresh();
  }
}

/** The number of columns under which the pictures are largest; of two as good the one with fewer empty places.
 * @param {number} count @param {number} width @param {number} height px @param {number} aspect of a picture */
function columnsFor(count, width, height, aspect) {
  let best = { columns: 1, size: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const roomX = (width - (columns - 1) * GAP_PX.x) / columns;
    const roomY = (height - (rows - 1) * GAP_PX.y) / rows - (roomX < HEAD_PX.narrow ? HEAD_PX.two : HEAD_PX.one);
    const size = Math.min(roomX / aspect, roomY) * (1 - 0.02 * (rows * columns - count));
    if (size > best.size) best = { columns, size };
  }
  return best.columns;
}
