// @ts-check
/**
 * What a lesson's step asks of the view: which layers and curves are shown, which controls are not, and what has to be
 * seen on the live run before it goes on.
 */

/** @typedef {{column: string, is_below: boolean, limit: number}} Comparison */
/** @typedef {{key: string, generation: number, since: number, rounds: number, verdict: string[],
 * holds: Comparison[]}} Watch
 * All of it must be so at one moment; `rounds` are those after step `since` of the game of this generation. */
/** @typedef {{generation: number, step: number, verdict: string,
 * numbers: Record<string, number | null>}} Seen */
/** @typedef {{step: string, layers: string[] | null, curves: string[] | null, watch: Watch | null}} LessonStep */

export class Lesson {
  /** @type {Watch | null} */
  #watch = null;
  #told = '';
  #step = '';
  /** @type {Seen} */
  #state = { generation: -1, step: 0, verdict: '', numbers: {} };
  #root;
  #tell;
  #lend;

  /** @param {HTMLElement} root
   * @param {{tell: (key: string) => void, lend: (step: LessonStep | null) => void}} options
   * `tell` says to the page that it was seen; `lend` shows what the step wants to be shown */
  constructor(root, { tell, lend }) {
    this.#root = root;
    this.#tell = tell;
    this.#lend = lend;
  }

  /** @param {{hide?: string[], lesson?: LessonStep}} data where one stands, if in a lesson; controls to be hidden */
  stand({ hide = [], lesson: step }) {
    this.#root.dataset.hide = hide.join(' ');
    this.#root.toggleAttribute('data-lesson', step !== undefined);
    this.#watch = step?.watch ?? null;
    const now = step?.step ?? '';
    if (now !== this.#step) this.#lend(step ?? null);
    this.#step = now;
    this.#look();
  }

  /** @param {Partial<Seen> & {generation: number}} state of the live run */
  see(state) {
    const isNew = state.generation !== this.#state.generation;
    if (isNew) this.#state = { generation: -1, step: 0, verdict: '', numbers: {} };
    Object.assign(this.#state, state);
    this.#look();
  }

  #look() {
    const watch = this.#watch;
    if (!watch || watch.key === this.#told || !isSeen(watch, this.#state)) return;
    this.#told = watch.key;
    this.#tell(watch.key);
  }
}

/** @param {Watch} watch @param {Seen} state */
function isSeen({ generation, since, rounds, verdict, holds }, { generation: played, step, verdict: now, numbers }) {
  if (played < generation) return false; // the game before
  if (step - (played > generation ? 0 : since) < rounds) return false;
  if (verdict.length && !verdict.includes(now)) return false;
  return holds.every(({ column, is_below, limit }) => {
    const value = numbers[column];
    return typeof value === 'number' && (is_below ? value < limit : value > limit);
  });
}
