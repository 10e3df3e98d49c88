// @ts-check
/**
 * The column of curves: they share one time axis, and take turns at being drawn so that no frame pays for all of them.
 */
import { Curve } from './curve.js';
import { element } from './dom.js';
import { PANELS } from './panels.js';

const SHORTEST_INTERVAL_MS = 140; // a curve that moves more often than this says no more
const PATIENCE_MS = 90; // at least one curve is drawn in this time, whatever the budget
const RECENT_STEPS = 1000;
const FIRST_STEPS = 100; // the time axis is at least this long

/** @typedef {import('./curve.js').Scene & {version: number}} Round the moment that the curves show, and its version */

export class Curves {
  #preferences;
  #request;
  #history;
  /** @type {{curve: Curve, version: number, seen: boolean, drawnAt: number}[]} */
  #slots;
  /** @type {[number, number] | null} */
  #zoom = null;
  #recent;
  #roundBegan = -Infinity;
  #drawnAt = -Infinity;
  /** @type {Round | null} */
  #round = null;
  #version = 0; // grows with everything that changes the picture
  #state;

  /** @param {object} options
   * @param {any} options.plotly @param {AbortSignal} options.signal
   * @param {import('./preferences.js').Preferences} options.preferences
   * @param {import('./history.js').History} options.history
   * @param {import('./palette.js').Theme} options.theme
   * @param {() => void} options.request asks for a call of `paint` at the next animation frame */
  constructor({ plotly, signal, preferences, history, theme, request }) {
    this.#preferences = preferences;
    this.#request = request;
    this.#history = history;
    this.#recent = preferences.get('recent', false);
    this.#state = { numbers: {}, step: 0, marks: /** @type {{step: number, label: string}[]} */ ([]), facts: /** @type {any} */ ({}), theme };
    const timeSwitch = this.#timeSwitch(signal);
    this.#slots = PANELS.map((spec, i) => {
      /** @type {{curve: Curve, version: number, seen: boolean, drawnAt: number}} */
      const slot = {
        version: -1, seen: false, drawnAt: -Infinity,
        curve: new Curve({
          spec, plotly, signal, preferences,
          extra: i === 0 ? timeSwitch : undefined,
          onTime: time => this.#setTime(time),
          onChange: () => this.#wake(slot),
        }),
      };
      return slot;
    });
    this.node = element('div', { class: 'gd-curves', tabindex: 0, role: 'group', 'aria-label': 'Curves' }, ...this.#slots.map(s => s.curve.node));
    // What is scrolled out of sight is not worth drawing.
    const observer = new IntersectionObserver(entries => {
      for (const { target, isIntersecting } of entries) {
        const slot = this.#slots.find(s => s.curve.node === target);
        if (slot) slot.seen = isIntersecting;
      }
      this.#request();
    });
    for (const { curve } of this.#slots) observer.observe(curve.node);
    signal.addEventListener('abort', () => observer.disconnect());
  }

  /** Something changed: all curves are to be drawn, each in its turn.
   * @param {Partial<{numbers: Record<string, number | null>, step: number, marks: {step: number, label: string}[], facts: any, theme: import('./palette.js').Theme}>} changes */
  show(changes) {
    Object.assign(this.#state, changes);
    this.redraw();
  }

  redraw() {
    this.#version++;
    this.#request();
  }

  clear() {
    this.#zoom = null;
    this.#state.numbers = {};
    this.#state.step = 0;
    this.#state.marks = [];
    for (const slot of this.#slots) slot.curve.clear();
    this.#redrawNow();
  }

  /** Something that the eye expects at once: no waiting for the round in progress. */
  #redrawNow() {
    this.#roundBegan = -Infinity;
    for (const slot of this.#slots) slot.drawnAt = -Infinity;
    this.redraw();
  }

  /** Draws the curves that waited longest, until `deadline`; says whether more are waiting. On a machine that is too slow for
   * that, the stage comes first, and a curve now and then.
   * @param {number} now @param {number} deadline */
  paint(now, deadline) {
    const waiting = this.#slots.filter(s => s.version < this.#version && s.seen).sort((a, b) => a.drawnAt - b.drawnAt);
    let drawn = 0;
    for (const slot of waiting) {
      if (now - slot.drawnAt < SHORTEST_INTERVAL_MS || (performance.now() > deadline && now - this.#drawnAt < PATIENCE_MS)) break;
      if (!this.#round || slot.drawnAt >= this.#roundBegan) this.#beginRound(now);
      const { version, ...scene } = /** @type {Round} */ (this.#round);
      slot.version = version;
      slot.drawnAt = this.#drawnAt = now;
      slot.curve.draw(scene);
      drawn++;
    }
    return drawn < waiting.length;
  }

  /** The curves drawn in one round show the same moment, though they are drawn one after the other.
   * @param {number} now */
  #beginRound(now) {
    this.#roundBegan = now;
    const last = Math.max(this.#state.step, FIRST_STEPS);
    const first = this.#recent ? Math.max(0, last - RECENT_STEPS) : 0;
    this.#round = { version: this.#version, ...this.#state, history: this.#history, recent: this.#recent, time: this.#zoom ?? [first, last] };
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
  #timeSwitch(signal) {
    const choices = [{ label: 'whole run', recent: false }, { label: `last ${RECENT_STEPS}`, recent: true }];
    const buttons = choices.map(({ label, recent }) => {
      const button = element('button', { type: 'button', 'aria-pressed': this.#recent === recent }, label);
      button.addEventListener('click', () => {
        this.#recent = recent;
        this.#preferences.set('recent', recent);
        this.#zoom = null;
        buttons.forEach((b, i) => b.setAttribute('aria-pressed', String(choices[i].recent === recent)));
        for (const slot of this.#slots) slot.curve.refit();
        this.#redrawNow();
      }, { signal });
      return button;
    });
    return element('div', { class: 'gd-switch', role: 'group', 'aria-label': 'Time shown' }, ...buttons);
  }
}
