// @ts-check
/**
 * The stage or a panel of curves once more, out of sight, in another size and another theme: to be taken away as a
 * picture. The same code draws it as what one sees.
 */
import { createAttempt } from './attempts.js';
import { picturesOf, factsOf } from './comparison-members.js';
import { Curve } from './curve.js';
import { element } from './dom.js';
import { applyTheme, readTheme } from './palette.js';
import { createStage } from './stages.js';
import { Tips } from './tip.js';

export const STAGE = 'stage';
const ROUNDS = 3; // of drawing: plotly, style sheets and shared scales come one after the other
const TWICE = 2; // pixels of a canvas for each of the picture's
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

/** @typedef {{what: string, theme: 'light' | 'dark', width: number, height: number}} Wanted
 * `what`: the stage, or the key of a panel; in CSS px */

/** @template T @param {Moment} moment @param {Wanted} wanted
 * @param {(node: HTMLElement, theme: import('./palette.js').Theme) => Promise<T>} take makes the picture of it
 * @returns {Promise<T>} */
export async function drawApart(moment, { what, theme: name, width, height }, take) {
  const end = new AbortController();
  const host = element('section', { class: 'gd-live gd-apart', 'aria-hidden': 'true', inert: '', 'data-layout': 'apart',
    'data-scale': TWICE });
  Object.assign(host.style, { width: `${width}px`, height: `${height}px` });
  for (const [key, value] of Object.entries(COLOURS[name])) host.style.setProperty(`--st-${key}`, value);
  host.style.setProperty('--st-font', FONT);
  document.body.append(host);
  try {
    const theme = readTheme(host);
    applyTheme(host, theme);
    const plotly = await moment.plotly;
    const draw = what === STAGE ? stageIn(host, moment, theme, end.signal) : panelIn(host, moment, what, theme,
      end.signal);
    for (let i = 0; i < ROUNDS + moment.games.length; i++) { // a comparison paints some of its games at a time
      draw();
      await painted();
    }
    await Promise.all([...host.querySelectorAll('link')].map(link => link.sheet ?? once(link, 'load')));
    draw();
    await plotly;
    await painted();
    return await take(host, theme);
  } finally {
    end.abort();
    host.remove();
  }
}

/** @param {HTMLElement} host @param {Moment} moment @param {import('./palette.js').Theme} theme
 * @param {AbortSignal} signal */
function stageIn(host, { games, frame, plotly, preferences, scene }, theme, signal) {
  if (!frame) throw new Error('There is no picture yet.');
  const facts = factsOf({ games });
  const stage = createStage(facts.stage, { plotly, signal, attempt: createAttempt(), preferences: preferences.copy(),
    theme, tips: new Tips(signal), request: () => {}, memberLegend: scene.memberLegend });
  host.append(element('div', { class: 'gd-stage-holder' }, stage.node));
  stage.setFacts(facts);
  stage.showVerdicts?.(games);
  return () => stage.draw(picturesOf(frame), frame.label.step);
}

/** @param {HTMLElement} host @param {Moment} moment @param {string} key @param {import('./palette.js').Theme} theme
 * @param {AbortSignal} signal */
function panelIn(host, { panels, plotly, preferences, scene }, key, theme, signal) {
  const spec = panels.find(panel => panel.key === key);
  if (!spec) throw new Error(`This game has no panel ${key}; there are ${panels.map(p => p.key).join(', ')}.`);
  const curve = new Curve({ spec, plotly, signal, preferences: preferences.copy(), tips: new Tips(signal),
    onTime: () => {}, onChange: () => {} });
  host.append(curve.node);
  return () => curve.draw({ ...scene, theme });
}

/** Two animation frames: what was drawn in the first is laid out and painted. */
const painted = () => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));

/** @param {EventTarget} target @param {string} type */
const once = (target, type) => new Promise(resolve => target.addEventListener(type, resolve, { once: true }));
