// @ts-check
/**
 * Where the pointer rests over a canvas that is read under it.
 */

/** @typedef {{signal: AbortSignal, tips: import('./tip.js').Tips, request: () =>
 * void}} PointerOptions `request` asks for another drawing, which says what is there */

export class Pointer {
  /** @type {{x: number, y: number} | null} px of the canvas */
  at = null;
  #canvas;
  #tips;

  /** @param {HTMLCanvasElement} canvas @param {PointerOptions} options
   * @param {{byFinger?: boolean}} [how] whether a finger reads too; not where it chooses */
  constructor(canvas, { signal, tips, request }, { byFinger = true } = {}) {
    this.#canvas = canvas;
    this.#tips = tips;
    canvas.addEventListener('pointermove', ({ offsetX: x, offsetY: y, pointerType }) => {
      this.at = pointerType === 'touch' && !byFinger ? null : { x, y };
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
    this.#tips.showPoint(words, left + this.at.x, top + this.at.y);
  }

  leave() {
    this.at = null;
    this.#tips.leavePoint();
  }
}
