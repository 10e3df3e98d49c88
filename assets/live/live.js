// @ts-check
/**
 * The live view as a Streamlit component: mounted once per element, told about new data and themes, taken away without a trace.
 */
import { lighten } from './lighten.js';
import { LiveView } from './view.js';

/** @typedef {{token: string, socket: string, title: string, preset: string}} Data
 * `token` opens one run, `socket` is its path relative to the page, `title` names the view to assistive technology,
 * `preset` the ready game that it was begun as. */
/** @typedef {{data: Data, parentElement: HTMLElement, setTriggerValue?: (name: string, value: unknown) => void}} Component
 * What is used of Streamlit's v2 component; the trigger `generation` tells the page that another game has begun. */

/** @type {WeakMap<HTMLElement, LiveView>} */
const views = new WeakMap();

/** Mounts the view, or tells the mounted one that data or theme may have changed.
 * @param {Component} component
 * @param {URL} base where these modules are served: `.../gandash/assets/live/` */
export function update(component, base) {
  const { parentElement } = component;
  let view = views.get(parentElement);
  if (!view) {
    view = new LiveView(parentElement, () => load(base));
    views.set(parentElement, view);
  }
  view.update(component);
}

/** @param {HTMLElement} parentElement */
export function teardown(parentElement) {
  views.get(parentElement)?.dispose();
  views.delete(parentElement);
}

/** Plotly, once the page has it and the style sheet. Both stay for the next mount: they are the page's, not one view's.
 * @param {URL} base @returns {Promise<any>} */
async function load(base) {
  await Promise.all([
    appended('link', { rel: 'stylesheet', href: new URL('live.css', import.meta.url).href + new URL(import.meta.url).search }),
    'Plotly' in window || appended('script', { src: new URL('../plotly.min.js', base).href }),
  ]);
  return lighten(/** @type {any} */ (window).Plotly);
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
      reject(new Error(`${address} could not be loaded`));
    };
  });
  loading.set(address, loaded);
  document.head.append(node);
  return loaded;
}
