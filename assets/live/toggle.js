// @ts-check
/**
 * A legend entry that is a switch: a sample of the line, its name, and its current value where it has one.
 */
import { element, maths, write } from './dom.js';
import { DASHES } from './palette.js';

/** Samples that are no lines, 20 x 10; the filled ones are solid. */
const MARKS = {
  rug: { path: 'M3 1v8M6 1v8M11 1v8M13 1v8M17 1v8', fill: false },
  map: { path: 'M3 0C3 6 9 4 9 10M8 0C8 6 11 4 11 10M17 0C17 6 13 4 13 10', fill: false },
  mesh: { path: 'M1 2.5C7 0 13 0 19 2.5M1 8C7 6 13 6 19 8M2.5 1V9.5M8 0V8.5M13 0V8.5M17.5 1V9.5', fill: false },
  arrow: { path: 'M2 8.5L16 2M11.5 1.5L16 2L13.5 6', fill: false },
  graph: { path: 'M2.5 5a1.7 1.7 0 1 0 3.4 0a1.7 1.7 0 1 0-3.4 0M14 5a1.7 1.7 0 1 0 3.4 0a1.7 1.7 0 1 0-3.4 0M6 5H14',
    fill: false },
  share: { path: 'M10 1.2A3.8 3.8 0 1 1 9.99 1.2Z', fill: false },
  dot: { path: 'M10 1.5A3.5 3.5 0 1 1 9.99 1.5Z', fill: true },
  square: { path: 'M6.5 1.5h7v7h-7Z', fill: true },
  field: { path: 'M1 1h18v8H1Z', fill: true },
};

/** @typedef {keyof typeof MARKS} Mark */
/** @typedef {{ink: import('./palette.js').Ink, dash?: string, width?: number, mark?: Mark}} Sample */

/** @param {{label: string, name?: string, sample: Sample, pressed: boolean, hint?: string, tips?:
 * import('./tip.js').Tips, width?: number, signal: AbortSignal, onToggle: (pressed: boolean) => void}} options
 * `name` is spoken before the label, where that alone is too short; `width` keeps room for a value, in characters. */
export function createToggle({ label, name, sample, pressed, hint, tips, width, signal, onToggle }) {
  const value = element('span', { class: 'gd-value' });
  if (width) value.style.minWidth = `${width}ch`;
  const button = element('button', { type: 'button', class: 'gd-toggle', 'aria-pressed': pressed });
  button.style.setProperty('--ink', `var(--gd-${sample.ink})`);
  if (hint) tips?.set(button, hint);
  const words = element('span', { class: 'gd-toggle-label' }, ...maths(label));
  button.append(drawSample(sample), ...(name ? [element('span', { class: 'gd-unseen' }, `${name} `)] : []), words);
  if (width) button.append(value);
  button.addEventListener('click', () => {
    const now = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(now));
    onToggle(now);
  }, { signal });
  let named = label;
  const rename = (/** @type {string} */ now, /** @type {string} */ explained) => {
    tips?.set(button, explained);
    if (now !== named) words.replaceChildren(...maths((named = now)));
  };
  return { node: button, rename, show: (/** @type {string} */ text) => write(value, text) };
}

/** @param {Sample} sample */
export function drawSample({ dash = 'solid', width = 2, mark }) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 20 10');
  svg.setAttribute('class', 'gd-sample');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(svg.namespaceURI, 'path');
  const shape = mark && MARKS[mark];
  path.setAttribute('d', shape ? shape.path : 'M0 5H20');
  path.setAttribute('stroke-width', String(mark ? 1.2 : width));
  if (mark) svg.dataset.mark = mark;
  if (shape?.fill) path.setAttribute('fill', 'var(--ink)');
  if (!mark && dash !== 'solid') path.setAttribute('stroke-dasharray', DASHES[dash].replace(/px/g, ''));
  svg.append(path);
  return svg;
}
