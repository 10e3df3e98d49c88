// @ts-check
/**
 * One quiet explanation at a time, under the pointer's or the keyboard's focus.
 */
import { element, write } from './dom.js';

const DELAY_MS = 120;
const GAP_PX = 6;
const POINT_PX = 14; // from the pointer

export class Tips {
  node = element('div', { class: 'gd-tip', role: 'tooltip',
    id: `gd-tip-${crypto.getRandomValues(new Uint32Array(1))[0]}`, hidden: '' });
  #signal;
  #timer = 0;
  /** @type {HTMLElement | null} */
  #shown = null;
  #atPoint = false;
  /** @type {WeakMap<HTMLElement, string>} */
  #texts = new WeakMap();

  /** @param {AbortSignal} signal */
  constructor(signal) {
    this.#signal = signal;
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
    window.addEventListener('keydown', event => event.key === 'Escape' && this.#hide(), { signal });
  }

  /** Gives an element its explanation; later calls change the words.
   * @param {HTMLElement} target @param {string} text */
  set(target, text) {
    if (!this.#texts.has(target)) this.#attach(target);
    this.#texts.set(target, text);
    if (this.#shown === target) write(this.node, text);
  }

  /** What is to be read off a point of a picture: it follows the pointer, at once.
   * @param {string} text @param {number} x @param {number} y as in `clientX` and `clientY` */
  showPoint(text, x, y) {
    const root = this.node.parentElement;
    if (!root || (this.#shown && !this.#atPoint)) return;
    this.#atPoint = true;
    write(this.node, text);
    this.node.hidden = false;
    const frame = root.getBoundingClientRect();
    this.#place(x - frame.left + POINT_PX, y - frame.top + POINT_PX, y - frame.top - POINT_PX);
  }

  leavePoint() {
    if (this.#atPoint) this.#hide();
  }

  /** Says no more about what is about to go. @param {HTMLElement} container */
  retire(container) {
    if (this.#atPoint || container.contains(this.#shown)) this.#hide();
  }

  /** @param {HTMLElement} target */
  #attach(target) {
    const signal = this.#signal;
    if (!target.matches('button, select, [tabindex]')) target.tabIndex = 0;
    const later = () => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.#show(target), DELAY_MS);
    };
    const hide = () => {
      clearTimeout(this.#timer);
      if (this.#shown === target) this.#hide();
    };
    target.addEventListener('pointerenter', later, { signal });
    target.addEventListener('focus', later, { signal });
    target.addEventListener('pointerleave', hide, { signal });
    target.addEventListener('pointerdown', hide, { signal });
    target.addEventListener('blur', hide, { signal });
  }

  /** @param {HTMLElement} target */
  #show(target) {
    const text = this.#texts.get(target);
    const root = this.node.parentElement;
    if (!text || !root || !target.isConnected) return;
    this.#shown = target;
    this.#atPoint = false;
    write(this.node, text);
    this.node.hidden = false;
    target.setAttribute('aria-describedby', this.node.id);
    const at = target.getBoundingClientRect();
    const frame = root.getBoundingClientRect();
    this.#place(at.left - frame.left, at.bottom - frame.top + GAP_PX, at.top - frame.top - GAP_PX);
  }

  /** Inside the view: below, or above where there is no room below.
   * @param {number} left @param {number} below @param {number} above */
  #place(left, below, above) {
    const { offsetWidth: width, offsetHeight: height, parentElement: root } = this.node;
    const frame = /** @type {HTMLElement} */ (root);
    const x = Math.min(Math.max(left, 0), frame.clientWidth - width);
    const y = below + height > frame.clientHeight ? above - height : below;
    this.node.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }

  #hide() {
    this.#shown?.removeAttribute('aria-describedby');
    this.#shown = null;
    this.#atPoint = false;
    this.node.hidden = true;
  }
}
