// @ts-check
/**
 * The stage, a panel of curves, or both side by side once more, out of sight, in another size and another theme: to be
 * taken away as a picture. The same code draws it as what one sees.
 */
import { asSvg } from './as-svg.js';
import { createAttempt } from './attempts.js';
import { factsOf, membersOf, picturesOf } from './comparison-members.js';
import { Curve } from './curve.js';
import { element, write } from './dom.js';
import { applyTheme, readTheme } from './palette.js';
import { createStage } from './stages.js';
import { Tips } from './tip.js';
import { t } from './words.js';

export const STAGE = 'stage';
export const VIEW = 'view'; // the stage with its curves beside it
export const SIZES = { stage: [800, 600], view: [1280, 720], panel: [480, 240] };
const ROUNDS = 3; // of drawing: plotly, style sheets and shared scales come one after the other
const TWICE = 2; // pixels of a canvas for each of the picture's
const PANEL_PX = 150; // the least height of one of several panels
const COLOURS = {
  light: { 'background-color': '#ffffff', 'secondary-background-color': '#f3f4f6', 'text-color': '#1f2937' },
  dark: { 'background-color': '#0e1117', 'secondary-background-color': '#1a1f2a', 'text-color': '#e6e9f0' },
};
const FONT = 'Helvetica, Arial, sans-serif'; // of pictures that are looked at anywhere

/** @typedef {object} Moment what is on show
 * @property {import('./run.js').Run['games']} games
 * @property {import('./bytes.js').Frame | null} frame
 * @property {Omit<import('./curve.js').Scene, 'theme'>} scene of the curves
 * @property {import('./curves.js').PanelSpec[]} panels that have something to say
 * @property {Promise<import('./plotly.d.ts').Plotly>} plotly
 * @property {import('./preferences.js').Preferences} preferences which layers and lines are shown */

/** @typedef {{what: string, theme: 'light' | 'dark', width: number, height: number, scale?: number}} Wanted
 * `what`: the stage, the view, or the key of a panel; in CSS px; `scale`: pixels of a PNG for each */

/** @typedef {(moment: Moment) => unknown} Draw */

export class Apart {
  #end = new AbortController();
  #host;
  #caption = element('p', { class: 'gd-caption' });
  #theme;
  /** @type {Draw[]} */
  #draws;
  #plotly;

  /** @param {Moment} moment @param {Wanted} wanted */
  constructor(moment, { what, theme, width, height, scale = TWICE }) {
    this.#host = element('section', { class: 'gd-live gd-apart', 'aria-hidden': 'true', inert: '',
      'data-layout': 'apart', 'data-scale': scale });
    Object.assign(this.#host.style, { width: `${width}px`, height: `${height}px` });
    for (const [key, value] of Object.entries(COLOURS[theme])) this.#host.style.setProperty(`--st-${key}`, value);
    this.#host.style.setProperty('--st-font', FONT);
    document.body.append(this.#host);
    this.#theme = readTheme(this.#host);
    applyTheme(this.#host, this.#theme);
    this.#plotly = moment.plotly;
    const parts = element('div', { class: 'gd-apart-parts' });
    const place = { parts, theme: this.#theme, signal: this.#end.signal };
    this.#host.append(parts, this.#caption);
    try {
      this.#draws = [
        ...(what === STAGE || what === VIEW ? [stageIn(place, moment)] : []),
        ...(what === STAGE ? [] : panelsIn(place, moment, panelsOf(moment, what, height))),
      ];
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** @param {Moment} moment @param {Wanted} wanted */
  static async open(moment, wanted) {
    await moment.plotly;
    const apart = new Apart(moment, wanted);
    await apart.#draw(moment, ROUNDS + moment.games.length);
    await Promise.all([...apart.#host.querySelectorAll('link')].map(link => link.sheet ?? once(link, 'load')));
    return apart;
  }

  /** Draws another moment of the same run. @param {Moment} moment @param {string} [caption] stands below */
  async show(moment, caption = '') {
    write(this.#caption, caption);
    await this.#draw(moment, moment.games.length); // a comparison paints some of its games at a time
  }

  /** @param {{title: string, settings: string}} about */
  async svg(about) {
    return asSvg(this.#host, this.#theme, await this.#plotly, about);
  }

  end() {
    this.#end.abort();
    this.#host.remove();
  }

  /** @param {Moment} moment @param {number} rounds */
  async #draw(moment, rounds) {
    for (let i = 0; i < rounds; i++) {
      for (const draw of this.#draws) draw(moment);
      await painted();
    }
  }
}

/** @typedef {{parts: HTMLElement, theme: import('./palette.js').Theme, signal: AbortSignal}} Place */

/** @param {Place} place @param {Moment} moment @returns {Draw} */
function stageIn({ parts, theme, signal }, { frame, games, plotly, preferences, scene }) {
  if (!frame) throw new Error(t('There is no picture yet.'));
  const stage = createStage(factsOf({ games }).stage, { plotly, signal, attempt: createAttempt(),
    preferences: preferences.copy(), theme, tips: new Tips(signal), request: () => {},
    memberLegend: scene.memberLegend });
  parts.append(element('div', { class: 'gd-stage-holder' }, stage.node));
  let told = '';
  return ({ frame, games }) => {
    const facts = factsOf({ games });
    if (JSON.stringify(facts) !== told) stage.setFacts(facts);
    told = JSON.stringify(facts);
    stage.showVerdicts?.(games);
    if (frame) stage.draw(picturesOf(frame), frame.label.step);
  };
}

/** The panels that are wanted: one by its key, or as many as find room beside the stage.
 * @param {Moment} moment @param {string} what @param {number} height */
function panelsOf({ panels }, what, height) {
  if (what === VIEW) return panels.slice(0, Math.max(1, Math.floor(height / PANEL_PX)));
  const found = panels.filter(panel => panel.key === what);
  if (!found.length) throw new Error(`This game has no panel ${what}; there are ${panels.map(p => p.key).join(', ')}.`);
  return found;
}

/** @param {Place} place @param {Moment} moment @param {import('./curves.js').PanelSpec[]} specs @returns {Draw[]} */
function panelsIn({ parts, theme, signal }, { plotly, preferences, scene }, specs) {
  const curves = specs.map(spec => new Curve({ spec, plotly, signal, preferences: preferences.copy(),
    tips: new Tips(signal), onTime: () => {}, onChange: () => {} }));
  const side = element('div', { class: 'gd-apart-curves' }, ...curves.map(curve => curve.node));
  // Whose line is whose
  if (membersOf(scene.facts).length) side.prepend(scene.memberLegend.node.cloneNode(true));
  parts.append(side);
  return curves.map(curve => (/** @type {Moment} */ { scene }) => curve.draw({ ...scene, theme }));
}

/** Two animation frames: what was drawn in the first is laid out and painted. */
const painted = () => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));

/** @param {EventTarget} target @param {string} type */
const once = (target, type) => new Promise(resolve => target.addEventListener(type, resolve, { once: true }));
