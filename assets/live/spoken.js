// @ts-check
/**
 * The sentence for those who do not see the picture: said anew every two seconds at most, and the last one always,
 * so that it is not of an older step than what stands still.
 */
import { element, write } from './dom.js';

const EVERY_MS = 2000;

export class Spoken {
  node = element('p', { class: 'gd-unseen', id: `gd-words-${crypto.getRandomValues(new Uint32Array(1))[0]}` });
  #due = -Infinity;
  #timer = 0;
  #compose = () => '';

  /** @param {AbortSignal} signal */
  constructor(signal) {
    signal.addEventListener('abort', () => this.hurry());
  }

  /** @param {() => string} compose makes the sentence, once it is due */
  tell(compose) {
    this.#compose = compose;
    if (this.#timer) return; // the newest is said when it is due
    const wait = this.#due - performance.now();
    if (wait > 0) this.#timer = setTimeout(() => this.#say(), wait);
    else this.#say();
  }

  #say() {
    this.#timer = 0;
    this.#due = performance.now() + EVERY_MS;
    write(this.node, this.#compose());
  }

  /** What was to be said is of no use any more; what comes next is said at once. */
  hurry() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#due = -Infinity;
  }
}
