// @ts-check
/**
 * The column of curves: they share one time axis, and take turns at being drawn so that no frame pays for all of them.
 */
import { COMPARISON_PANELS } from './comparison-panels.js';
import { membersOf } from './comparison-members.js';
import { Curve } from './curve.js';
import { element, maths } from './dom.js';
import { inGame, PANELS } from './panels.js';
import { inSameUnits, NO_GAME } from './reading.js';
import { createSwitch } from './switch.js';
import { t } from './words.js';

const SHORTEST_INTERVAL_MS = 140; // a curve that moves more often than this says no more
const SHARE = 0.25; // of the time is for the curves, the rest for the stage: its motion is what the eye follows
const RECENT_STEPS = 1000;
const GIVES_WAY_MS = 250; // from a move through time: it is the stage that one looks at
const HALF = 0.5; // less than this of a panel in view is out of sight
const FIRST_STEPS = 100; // the time axis is at least this long

/** @typedef {import('./comparison-members.js').Shown} Shown */
/** @typedef {import('./panels.js').PanelSpec<Shown>} PanelSpec */

/** Each is asked only about what it is for, one game or several: see `#titleIn`. */
const ALL = /** @type {PanelSpec[]} */ ([...PANELS, ...COMPARISON_PANELS]);

/** @typedef {{curve: Curve, version: number, seen: boolean, share: number, drawnAt:
 * number}} Slot `seen`: at least a part of it is in view; `share`: so much of it */
/** @typedef {import('./curve.js').Scene & {version: number}} Round the moment that the curves show, and its version */

export class Curves {
  /** whether the stage moves; where it stands still, the curves may have all of the time */
  isMoving = false;
  #preferences;
  #request;
  #attempt;
  #history;
  /** @type {Slot[]} */
  #slots;
  #list;
  #more = element('nav', { class: 'gd-more', 'aria-label': t('More curves'), hidden: '' });
  /** @type {[number, number] | null} */
  #zoom = null;
  /** to a panel out of sight, by its element @type {Map<Element, HTMLElement>} */
  #links = new Map();
  #recent;
  #memberLegend;
  #timeSwitch;
  #roundBegan = -Infinity;
  #restsUntil = -Infinity;
  /** @type {Round | null} */
  #round = null;
  #version = 0; // grows with everything that changes the picture
  #state;

  /** @param {object} options
   * @param {Promise<import('./plotly.d.ts').Plotly>} options.plotly @param {AbortSignal} options.signal
   * @param {import('./attempts.js').Attempt} options.attempt
   * @param {import('./preferences.js').Preferences} options.preferences
   * @param {import('./history.js').History} options.history
   * @param {import('./palette.js').Theme} options.theme @param {import('./tip.js').Tips} options.tips
   * @param {import('./comparison-legend.js').MemberLegend} options.memberLegend of a comparison: whose lines are shown
   * @param {() => void} options.request asks for a call of `paint` at the next animation frame */
  constructor({ plotly, signal, attempt, preferences, history, theme, tips, memberLegend, request }) {
    this.#preferences = preferences;
    this.#request = request;
    this.#attempt = attempt;
    this.#history = history;
    this.#recent = preferences.get('recent', false);
    this.#state = { numbers: {}, step: 0, marks: /** @type {import('./curve.js').Mark[]} */ ([]),
      facts: /** @type {Shown} */ (NO_GAME), theme, past: /** @type {import('./curve.js').Past | null} */ (null) };
    this.#memberLegend = memberLegend;
    this.#timeSwitch = this.#createTimeSwitch(signal);
    this.#slots = ALL.map(spec => {
      /** @type {Slot} */
      const slot = {
        version: -1, seen: false, share: 0, drawnAt: -Infinity,
        curve: new Curve({
          spec, plotly, signal, preferences, tips,
          onTime: time => this.#setTime(time),
          onChange: () => this.#wake(slot),
        }),
      };
      return slot;
    });
    this.#list = element('div', { class: 'gd-curves', tabindex: 0, role: 'group', 'aria-label': t('Curves') },
      ...this.#slots.map(s => s.curve.node));
    this.node = element('div', { class: 'gd-side' }, memberLegend.node, this.#list, this.#more);
    // What has no room is named, or nobody would look for it.
    for (const { curve: { node } } of this.#slots) {
      const link = element('button', { type: 'button', hidden: '' });
      link.addEventListener('click', () => node.scrollIntoView({ block: 'nearest' }), { signal });
      this.#links.set(node, link);
    }
    this.#more.append(t('more:') + ' ', ...this.#links.values());
    this.#choose();
    // What is scrolled out of sight is not worth drawing.
    const observer = new IntersectionObserver(entries => {
      for (const { target, isIntersecting, intersectionRatio } of entries) {
        const slot = this.#slots.find(s => s.curve.node === target);
        if (slot) Object.assign(slot, { seen: isIntersecting, share: intersectionRatio });
      }
      this.#offerMore();
      this.#request();
    }, { root: this.#list, threshold: [0, HALF] });
    for (const { curve } of this.#slots) observer.observe(curve.node);
    signal.addEventListener('abort', () => observer.disconnect());
  }

  /** Something changed: all curves are to be drawn, each in its turn.
   * @param {Partial<{numbers: Record<string, number | null>, step: number, marks:
   * import('./curve.js').Mark[], facts: Shown, theme: import('./palette.js').Theme}>} changes */
  show(changes) {
    if (changes.facts && !inSameUnits(alone(changes.facts),
      alone(this.#state.facts))) for (const { curve } of this.#slots) curve.refit();
    Object.assign(this.#state, changes);
    if (changes.facts) {
      this.#memberLegend.show(membersOf(changes.facts));
      this.#choose();
    }
    this.redraw();
  }

  /** A line stands at a step of the past, and the numbers are of that step; or all is live again. That is done at once:
   * the lines themselves are the same. @param {import('./curve.js').Past | null} past */
  look(past) {
    const hidesIt = this.#hides(past) !== this.#hides(this.#state.past);
    this.#state.past = past;
    if (this.#round) this.#round.past = past; // what is still to be drawn in it
    for (const { curve } of this.#slots) this.#attempt(`the curve ${curve.node.dataset.panel}`,
      () => curve.look(past));
    if (hidesIt) this.#redrawNow();
  }

  /** Somebody moves through time: no curve is drawn before they have come to rest. */
  giveWay() {
    this.#restsUntil = Math.max(this.#restsUntil, performance.now() + GIVES_WAY_MS);
  }

  /** Whether the last steps alone do not reach so far back. @param {import('./curve.js').Past | null} past */
  #hides(past) {
    return past !== null && past.at < this.#state.step - RECENT_STEPS;
  }

  /** Shows the panels that have something to say about this game, or about these games. */
  #choose() {
    const { facts } = this.#state;
    const isComparison = membersOf(facts).length > 0;
    let shown = 0;
    ALL.forEach((spec, i) => {
      const { curve } = this.#slots[i];
      const title = this.#attempt(`the curve ${spec.key}`, () => this.#titleIn(spec, isComparison));
      curve.node.toggleAttribute('hidden', title === undefined);
      if (spec.key === 'value') this.#list.toggleAttribute('data-no-value', title === undefined);
      if (title === undefined) return;
      const link = /** @type {HTMLElement} */ (this.#links.get(curve.node));
      if (link.dataset.title !== title) link.replaceChildren(...maths(title));
      link.dataset.title = title;
      this.#attempt(`the curve ${spec.key}`, () => curve.entitle(facts)); // also out of sight
      if (shown++ === 0) curve.adopt(this.#timeSwitch);
    });
    const panels = isComparison ? `compared ${shown}` : String(shown);
    if (panels !== this.#list.dataset.panels) this.#redrawNow(); // each has another height
    this.#list.dataset.panels = panels;
    this.#offerMore();
  }

  /** What a panel is called in this game; undefined where it has nothing to say about it. @param {PanelSpec} spec
   * @param {boolean} isComparison */
  #titleIn(spec, isComparison) {
    const { facts } = this.#state;
    const applies = Boolean(spec.direct) === isComparison && (isComparison || this.#preferences.hasCurve(spec.key))
      && (spec.when?.(facts, this.#history) ?? true);
    return applies ? inGame(spec.title, facts) : undefined;
  }

  /** Names the panels that are mostly out of sight. */
  #offerMore() {
    for (const { curve, share } of this.#slots) this.#links.get(curve.node)?.toggleAttribute('hidden',
      curve.node.hasAttribute('hidden') || share > HALF);
    this.#more.toggleAttribute('hidden', [...this.#links.values()].every(link => link.hidden));
  }

  /** Another member stands out, or other members are shown. */
  compare() {
    this.#redrawNow();
  }

  redraw() {
    this.#version++;
    this.#request();
  }

  clear() {
    this.#zoom = null;
    this.#state.numbers = {};
    this.#state.past = null;
    this.#state.step = 0;
    this.#state.marks = [];
    for (const slot of this.#slots) slot.curve.clear();
    this.#redrawNow();
  }

  /** Something that the eye expects at once: no waiting for the round in progress. */
  #redrawNow() {
    this.#roundBegan = this.#restsUntil = -Infinity;
    for (const slot of this.#slots) slot.drawnAt = -Infinity;
    this.redraw();
  }

  /** Draws the curve that waited longest, unless the curves have
   * had their share of the time; says whether any is waiting.
   * @param {number} now */
  paint(now) {
    // What was in view may have been hidden since: it is of one game, and several are shown now
    const isDue = (/** @type {Slot} */ s) =>
      s.version < this.#version && s.seen && !s.curve.node.hasAttribute('hidden');
    const [slot, ...others] = this.#slots.filter(isDue).sort((a, b) => a.drawnAt - b.drawnAt);
    if (!slot) return false;
    if (now < this.#restsUntil || now - slot.drawnAt < SHORTEST_INTERVAL_MS) return true;
    if (!this.#round || slot.drawnAt >= this.#roundBegan) this.#beginRound(now);
    const { version, ...scene } = /** @type {Round} */ (this.#round);
    slot.version = version;
    slot.drawnAt = now;
    const began = performance.now();
    this.#attempt(`the curve ${slot.curve.node.dataset.panel}`, () => slot.curve.draw(scene));
    const ended = performance.now();
    if (this.isMoving) this.#restsUntil = ended + (ended - began) * (1 / SHARE - 1);
    return others.length > 0;
  }

  /** The curves drawn in one round show the same moment, though they are drawn one after the other.
   * @param {number} now */
  #beginRound(now) {
    this.#roundBegan = now;
    if (membersOf(this.#state.facts).length) this.#choose(); // some panels wait for the history
    this.#round = { version: this.#version, ...this.scene, theme: this.#state.theme };
  }

  /** What the curves show now. */
  get scene() {
    const last = Math.max(this.#state.step, FIRST_STEPS);
    const recent = this.#recent && !this.#hides(this.#state.past);
    const first = recent ? Math.max(0, last - RECENT_STEPS) : 0;
    const { theme, ...state } = this.#state;
    return { ...state, memberLegend: this.#memberLegend, history: this.#history, recent,
      time: this.#zoom ?? /** @type {[number, number]} */ ([first, last]) };
  }

  /** What has something to say about what is on show: key and title of each panel. */
  get panels() {
    const isComparison = membersOf(this.#state.facts).length > 0;
    return ALL.filter(spec => this.#titleIn(spec, isComparison) !== undefined);
  }

  /** @param {[number, number] | null} time */
  #setTime(time) {
    this.#zoom = time;
    this.#redrawNow();
  }

  /** @param {{version: number, drawnAt: number}} slot */
  #wake(slot) {
    slot.version = -1;
    this.#roundBegan = slot.drawnAt = -Infinity;
    this.#request();
  }

  /** @param {AbortSignal} signal */
  #createTimeSwitch(signal) {
    return createSwitch({
      label: t('Time shown'),
      choices: [{ value: 'whole', label: t('whole run') }, { value: 'recent', label: t('last {steps}',
          { steps: RECENT_STEPS }) }],
      value: this.#recent ? 'recent' : 'whole',
      signal,
      onChoose: value => {
        this.#recent = value === 'recent';
        this.#preferences.set('recent', this.#recent);
        this.#zoom = null;
        for (const slot of this.#slots) slot.curve.refit();
        this.#redrawNow();
      },
    }).node;
  }
}

/** The facts of a game that is alone. @param {Shown} shown */
const alone = shown => (shown.stage === 'comparison' ? NO_GAME : shown);
