// @ts-check
/**
 * The newest value of each line, at its end, moved apart where they would overlap.
 */
import { element, write } from './dom.js';

/** @typedef {{y: number, text: string, ink: string, label: string,
 * faded: boolean}} Readout `y` in px of the plot, where the line ends */

const LINE_PX = 12;

export class Readouts {
  node = element('div', { class: 'gd-readouts' });

  /** @param {Readout[]} readouts @param {number} top of the plot in px @param {number} height of the plot in px
   * @param {number} times how many CSS px each of these is */
  show(readouts, top, height, times) {
    while (this.node.childElementCount < readouts.length) this.node.append(element('span', {},
      element('i', { class: 'gd-unseen' }), element('b')));
    const at = apart(readouts.map(r => Math.min(height, Math.max(0, r.y))),
      Math.min(LINE_PX, height / Math.max(1, readouts.length)), height);
    [...this.node.children].forEach((child, i) => {
      const span = /** @type {HTMLElement} */ (child);
      const readout = readouts[i];
      span.hidden = !readout;
      if (!readout) return;
      span.style.setProperty('--ink', `var(--gd-${readout.ink})`);
      span.style.transform = `translateY(${Math.round(times * (top + at[i] - LINE_PX / 2))}px)`;
      span.toggleAttribute('data-faded', readout.faded);
      write(/** @type {Node} */ (span.firstChild), `${readout.label} `);
      write(/** @type {Node} */ (span.lastChild), readout.text);
    });
  }
}

/** Places in the order of the wished ones, at least `gap` apart,
 * inside 0 to `height`, and close to where they were wished.
 * @param {number[]} wished @param {number} gap @param {number} height @returns {number[]} */
export function apart(wished, gap, height) {
  const order = wished.map((_, i) => i).sort((a, b) => wished[a] - wished[b]);
  const at = [...wished];
  const [first, last] = [gap / 2, height - gap / 2];
  let edge = first - gap;
  for (const i of order) edge = at[i] = Math.max(at[i], edge + gap);
  edge = last + gap;
  for (const i of order.toReversed()) edge = at[i] = Math.min(at[i], edge - gap);
  return at;
}
