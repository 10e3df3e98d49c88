// @ts-check
/**
 * A legend entry that is a switch: a sample of the line, its name, and its current value where it has one.
 */
import { element, maths, write } from './dom.js';
import { DASHES } from './palette.js';

/** @typedef {{ink: import('./palette.js').Ink, dash?: string, width?: number, mark?: 'rug' | 'map' | 'none'}} Sample */

/** @param {{label: string, name?: string, sample: Sample, pressed: boolean, hint?: string, width?: number, signal: AbortSignal, onToggle: (pressed: boolean) => void}} options
 * `name` is spoken where the label alone is too short; `width` keeps room for a value, in characters. */
export function createToggle({ label, name, sample, pressed, hint, width, signal, onToggle }) {
  const value = element('span', { class: 'gd-value' });
  if (width) value.style.minWidth = `${width}ch`;
  const button = element('button', { type: 'button', class: 'gd-toggle', 'aria-pressed': pressed, title: hint, 'aria-label': name });
  button.style.setProperty('--ink', `var(--gd-${sample.ink})`);
  if (sample.mark !== 'none') button.append(drawSample(sample));
  button.append(element('span', { class: 'gd-toggle-label' }, ...maths(label)));
  if (width) button.append(value);
  button.addEventListener('click', () => {
    const now = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(now));
    onToggle(now);
  }, { signal });
  return { node: button, show: (/** @type {string} */ text) => write(value, text) };
}

/** @param {Sample} sample */
function drawSample({ dash = 'solid', width = 2, mark }) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 20 10');
  svg.setAttribute('class', 'gd-sample');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(svg.namespaceURI, 'path');
  const shapes = { rug: 'M3 1v8M6 1v8M11 1v8M13 1v8M17 1v8', map: 'M3 0C3 6 9 4 9 10M8 0C8 6 11 4 11 10M17 0C17 6 13 4 13 10' };
  path.setAttribute('d', mark === 'rug' || mark === 'map' ? shapes[mark] : 'M0 5H20');
  path.setAttribute('stroke-width', String(mark ? 1.2 : width));
  if (!mark && dash !== 'solid') path.setAttribute('stroke-dasharray', DASHES[dash].replace(/px/g, ''));
  svg.append(path);
  return svg;
}
