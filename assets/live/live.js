// @ts-check
/**
 * The live view as a Streamlit component: mounted once per element,
 * told about new data and themes, taken away without a trace.
 */
import { delay } from './dom.js';
import { LiveView } from './view.js';
import { speak, wished } from './words.js';
import { t } from './words.js';

/** @typedef {{token: string, socket: string, title: string, preset?: string, arriving?: string, link?: string,
 * code?: string, lan?: string, language?: string, hide?: string[], lesson?: import('./lesson.js').LessonStep,
 * record?: string, recording?: import('./recording.js').Recording}} Data
 * `token` opens one run; where there is none yet, `arriving` is what the page's address calls it, `link` the link in
 * that; or `code`, under which it is presented. `socket` is its path relative to the page, `title` names the view to
 * assistive technology, `preset` the ready game that it was begun as; `lan` is the server's address in its own network;
 * `language` is spoken; `hide` are controls that are not to be shown.
 * Of a run that nobody plays, `record` is the id, or `recording` all that is kept of it. */
/** @typedef {{data: Data, parentElement: HTMLElement, setTriggerValue?:
 * (name: string, value: unknown) => void}} Component
 * What is used of Streamlit's v2 component; the trigger `generation` tells the page that another game has begun. */

const PATIENCE_MS = 15_000; // the longest that Plotly waits for what should come before it
const QUIET_MS = 1000; // the longest that it waits for a quiet moment

/** @type {WeakMap<HTMLElement, LiveView>} */
const views = new WeakMap();

/** The view that was begun with the page, before Streamlit had mounted anything: the first mount takes it over.
 * @type {LiveView | null} */
let early = null;
let isMounted = false;
let takeOver = () => {};

/** Begins the view while Streamlit is still on its way.
 * @param {HTMLElement} parent where it stands until then
 * @param {string} arriving what the page's address calls its run @param {string} link the one in it, or '' */
export function begin(parent, arriving, link) {
  if (isMounted) return;
  const base = new URL('.', import.meta.url);
  const taken = new Promise((/** @type {(value: void) => void} */ resolve) => (takeOver = resolve));
  early = new LiveView(parent, ready(wished()), async () => {
    // Fetched now, evaluated once Streamlit has done its own part, which that would hold up
    fetch(plotlyAddress(base), { priority: 'low' }).then(answer => answer.blob()).catch(() => {});
    await Promise.race([taken, delay(PATIENCE_MS)]);
    return withPlotly(base);
  });
  early.update({ parentElement: parent, data: { token: '', arriving, link, socket: 'gandash/live', title: '' } });
}

/** Mounts the view, or tells the mounted one that data or theme may have changed.
 * @param {Component} component
 * @param {URL} base where these modules are served: `.../gandash/assets/live/` */
export function update(component, base) {
  const { parentElement } = component;
  let view = views.get(parentElement);
  isMounted = true;
  if (!view) {
    view = early ?? new LiveView(parentElement, ready(component.data.language), () => withPlotly(base));
    if (early) {
      early.moveTo(parentElement);
      early = null;
      takeOver();
    }
    views.set(parentElement, view);
  }
  view.update(component);
}

/** @param {HTMLElement} parentElement */
export function teardown(parentElement) {
  views.get(parentElement)?.dispose();
  views.delete(parentElement);
}

/** The style sheet stays for the next mount, as Plotly does: they are the page's, not one view's.
 * @returns {Promise<void>} */
const styled = () =>
  appended('link', { rel: 'stylesheet', href: new URL('live.css', import.meta.url).href
    + new URL(import.meta.url).search });

/** What a view needs before it says anything. @param {string} [language] */
const ready = async language => {
  await Promise.all([styled(), language && speak(language)]);
};

/** @param {URL} base */
const plotlyAddress = base => new URL('../plotly.min.js', base).href;

/** Plotly, in a quiet moment: evaluating it takes a second or two
 * of a slow machine, so nothing that can do without waits for it.
 * @param {URL} base @returns {Promise<import('./plotly.d.ts').Plotly>} */
async function withPlotly(base) {
  const isQuiet = 'requestIdleCallback' in window; // Safari does not say when it is
  await new Promise(resolve => (isQuiet ? requestIdleCallback(resolve, { timeout: QUIET_MS }) : setTimeout(resolve)));
  if (!('Plotly' in window)) await appended('script', { src: plotlyAddress(base) });
  return window.Plotly;
}

/** @type {Map<string, Promise<void>>} */
const loading = new Map();

/** An element in the head that loads something, shared by all who want the same.
 * @param {'link' | 'script'} tag @param {Record<string, string>} attributes */
function appended(tag, attributes) {
  const address = attributes.href ?? attributes.src;
  const already = loading.get(address);
  if (already) return already;
  const node = Object.assign(document.createElement(tag), attributes);
  const loaded = new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
    node.onload = () => resolve();
    node.onerror = () => {
      loading.delete(address); // the next mount may have more luck
      node.remove();
      reject(new Error(t('{address} could not be loaded', { address })));
    };
  });
  loading.set(address, loaded);
  document.head.append(node);
  return loaded;
}
