// @ts-check
/**
 * What the view says to the page around it, if it stands in one.
 */

const FOLLOWED_MS = 300; // changes that follow each other sooner are told together

export class Page {
  /** @type {((name: string, value: unknown) => void) | undefined} */
  #trigger;
  #replays = false;
  #followed = 0;
  #telling = 0;

  /** @type {() => void} */
  #tellMounted = () => {};
  /** Resolved by the first word of Streamlit's. */
  mounted = new Promise((/** @type {(value: void) => void} */ resolve) => (this.#tellMounted = resolve));

  /** @param {((name: string, value: unknown) => void) | undefined} trigger as Streamlit gives it now
   * @param {boolean} replays a file that replays by itself begins no run */
  update(trigger, replays) {
    this.#trigger = trigger;
    this.#replays = replays;
    if (trigger) this.#tellMounted();
  }

  /** Whether there is one that could begin a run. */
  get isThere() {
    return this.#trigger !== undefined && !this.#replays;
  }

  /** @param {string} name @param {unknown} value */
  tell(name, value) {
    this.#trigger?.(name, value);
  }

  /** Its widgets may show settings as they were before the game changed them by itself.
   * @param {import('./run.js').Run} run */
  tellFollowed({ generation, followed }) {
    if (!this.#trigger || followed === this.#followed) return;
    this.#followed = followed;
    clearTimeout(this.#telling);
    this.#telling = window.setTimeout(() => this.tell('generation', `${generation}/${followed}`), FOLLOWED_MS);
  }

  dispose() {
    clearTimeout(this.#telling);
  }
}
