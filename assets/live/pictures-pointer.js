// @ts-check
/**
 * Where the pointer rests over a canvas that is read under it.
 */

import { magnification } from './canvas.js';

/** @typedef {{signal: AbortSignal, tips: import('./tip.js').Tips, request: () =>
 * void}} PointerOptions `request` asks for another drawing, which says what is there */

export class Pointer {
  /** @type {{x: number, y: number} | null} in px of what is drawn */
  at = null;
  #canvas;
  #tips;
  #times;

  /** @param {HTMLCanvasElement} canvas @param {PointerOptions} options
   * @param {{byFinger?: boolean, isMagnified?: boolean}} [how] whether a finger reads too, not where it chooses;
   * and whether it is drawn larger in projector mode */
  constructor(canvas, { signal, tips, request }, { byFinger = true, isMagnified = true } = {}) {
    this.#canvas = canvas;
    this.#tips = tips;
    this.#times = () => (isMagnified ? magnification(canvas) : 1);
    canvas.addEventListener('pointermove', ({ offsetX: x, offsetY: y, pointerType }) => {
      const times = this.#times();
      this.at = pointerType === 'touch' && !byFinger ? null : { x: x / times, y: y / times };
      request();
    }, { signal });
    canvas.addEventListener('pointerleave', () => {
      this.leave();
      request();
    }, { signal });
  }

  /** Says what is under it. @param {string} words */
  say(words) {
    if (!this.at) return;
    const { left, top } = this.#canvas.getBoundingClientRect();
    this.#tips.showPoint(words, left + this.#times() * this.at.x, top + this.#times() * this.at.y);
  }

  leave() {
    this.at = null;
    this.#tips.leavePoint();
  }
}
