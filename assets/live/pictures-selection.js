// @ts-check
/**
 * What somebody looks at closely: one chosen picture, perhaps a second one and a place between both,
 * or the whole map. The trainer is asked for it and says with every frame what the frame was made for.
 */

/** @typedef {{selected: number | null, other: number | null, share: number, map: boolean}} Selection */

/** @type {Selection} */
const NOWHERE = { selected: null, other: null, share: 0.5, map: false };
const OURS_MS = 1500; // an answer within this time may be to an earlier wish of ours, and changes nothing
const SEND_EVERY_MS = 60; // while a slider is dragged

export class SelectionRequest {
  /** @type {Selection} */
  now = NOWHERE;
  #send;
  #signal;
  #heard = '';
  #sentAt = -Infinity;
  #timer = 0;

  /** @param {{send: import('./socket.js').Send, signal: AbortSignal}} options */
  constructor({ send, signal }) {
    this.#send = send;
    this.#signal = signal;
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  /** @param {Partial<Selection>} change @returns {boolean} whether it is another one */
  set(change) {
    const wanted = { ...this.now, ...change };
    if (wanted.selected === null || wanted.other === wanted.selected) wanted.other = null;
    if (JSON.stringify(wanted) === JSON.stringify(this.now)) return false;
    this.now = wanted;
    const wait = this.#sentAt + SEND_EVERY_MS - performance.now();
    clearTimeout(this.#timer);
    if (wait <= 0) this.#tell();
    else this.#timer = window.setTimeout(() => this.#signal.aborted || this.#tell(), wait);
    return true;
  }

  /** Takes over what another viewer, or this page before it was reloaded, has asked for.
   * @param {import('./types.d.ts').CloseUp | undefined} closeUp of a frame's label */
  hear(closeUp) {
    const { selected = null, other = null, share = NOWHERE.share, map = false } = closeUp ?? {};
    const heard = { selected, other, share, map };
    const words = JSON.stringify(heard);
    if (words === this.#heard) return;
    this.#heard = words;
    if (performance.now() - this.#sentAt > OURS_MS) this.now = heard;
  }

  /** A new game, of which nothing has been asked. */
  clear() {
    clearTimeout(this.#timer);
    this.now = NOWHERE;
    this.#heard = JSON.stringify(NOWHERE);
    this.#sentAt = -Infinity;
  }

  #tell() {
    this.#sentAt = performance.now();
    this.#send({ type: 'show_close_up', ...this.now });
  }
}
