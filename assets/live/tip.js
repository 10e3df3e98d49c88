// @ts-check
/**
 * One quiet explanation at a time, under the pointer's or the keyboard's focus.
 */
import { element, write } from './dom.js';

const DELAY_MS = 120;

export class Tips {
  node = element('div', { class: 'gd-tip', role: 'tooltip', id: `gd-tip-${crypto.getRandomValues(new Uint32Array(1))[0]}`, hidden: '' });
  #signal;
  #timer = 0;
  /** @type {HTMLElement | null} */
  #shown = null;
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
    write(this.node, text);
    this.node.hidden = false;
    target.setAttribute('aria-describedby', this.node.id);
    const at = target.getBoundingClientRect();
    const frame = root.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.node;
    const x = Math.min(Math.max(at.left - frame.left, 0), frame.width - width);
    const below = at.bottom - frame.top + 6;
    const y = below + height > frame.height ? at.top - frame.top - height - 6 : below;
    this.node.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }

  #hide() {
    this.#shown?.removeAttribute('aria-describedby');
    this.#shown = null;
    this.node.hidden = true;
  }
}
