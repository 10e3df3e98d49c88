// @ts-check
/**
 * One legend for all curves of a comparison: who has which line. A click hides a
 * member's lines, and pointing at it or coming to it with Tab lets the others fade.
 */
import { LINE_STYLES } from './comparison-members.js';
import { element } from './dom.js';
import { createToggle } from './toggle.js';
import { t } from './words.js';

/** @typedef {import('./comparison-members.js').Member} Member */

export class MemberLegend {
  node = element('div', { class: 'gd-members', role: 'group', 'aria-label': t('Members'), hidden: '' });
  /** the member that stands out, if any @type {number | null} */
  highlighted = null;
  /** @type {Set<number>} */
  #hidden = new Set();
  #options;
  /** @type {AbortController | null} */
  #end = null;
  #shows = '';

  /** @param {{tips: import('./tip.js').Tips, signal: AbortSignal, onChange: () => void}} options */
  constructor(options) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#end?.abort());
  }

  /** @param {number} member */
  isOn(member) {
    return !this.#hidden.has(member);
  }

  /** @param {number | null} member */
  highlight(member) {
    if (member === this.highlighted) return;
    this.highlighted = member;
    [...this.node.children].forEach((button, i) => button.toggleAttribute('data-highlighted', i === member));
    this.#options.onChange();
  }

  /** @param {readonly Member[]} members */
  show(members) {
    const labels = members.map(m => m.label);
    if (JSON.stringify(labels) === this.#shows) return;
    this.#shows = JSON.stringify(labels);
    this.#hidden.clear();
    this.highlighted = null;
    this.#end?.abort();
    this.#end = new AbortController();
    this.node.hidden = !members.length;
    this.node.replaceChildren(...labels.map((label, i) =>
      this.#button(label, i, /** @type {AbortController} */ (this.#end).signal)));
    this.node.append(element('span', { class: 'gd-unseen' },
      t('Each switch hides or shows the lines of one member in all curves.')));
  }

  /** @param {string} label @param {number} i @param {AbortSignal} signal */
  #button(label, i, signal) {
    const { node } = createToggle({
      label, name: t('Lines of {label}', { label }), sample: { ...LINE_STYLES[i], width: 2.2 }, pressed: true, signal,
        tips: this.#options.tips,
      hint: t('{label}\nClick: hide or show its lines.', { label }),
      onToggle: on => {
        if (on) this.#hidden.delete(i);
        else this.#hidden.add(i);
        this.#options.onChange();
      },
    });
    for (const type of ['pointerenter', 'focus']) node.addEventListener(type, () => this.highlight(i), { signal });
    for (const type of ['pointerleave', 'blur']) node.addEventListener(type, () => this.highlight(null), { signal });
    return node;
  }
}
