// @ts-check
/**
 * The time slider: it goes through the recorded pictures of a run while training goes on, and back to live.
 * While a picture is on its way only the newest wish is kept.
 */
import { AtHand, beside } from './at-hand.js';
import { element, write } from './dom.js';
import { listenToKeys } from './keys.js';
import { grouped } from './numbers.js';
import { t } from './words.js';

const FRESH_MS = 1000; // so old the list of pictures may be before it is asked for again
const FAR = 10; // pictures that an arrow with Shift goes

/** @typedef {import('./recording.js').Recording} Recording */
/** @typedef {import('./recording.js').RecordedPicture} RecordedPicture */
/** @typedef {{step: number} | {by: number}} Wish a step, or so many pictures on from where one is */

export class Rewind {
  #options;
  #time = /** @type {HTMLInputElement} */ (element('input', { type: 'range', class: 'gd-time', min: 0, max: 1, value: 1,
    'aria-label': t('Time: the recorded pictures of this run') }));
  #words = element('span', { class: 'gd-rewind-words', role: 'status' });
  #branch = element('button', { type: 'button', class: 'gd-button', disabled: '' }, t('Branch here'));
  #live = element('button', { type: 'button', class: 'gd-button gd-back', disabled: '' }, t('Back to live'));
  node = element('div', { class: 'gd-rewind', role: 'group', 'aria-label': t('Time'), hidden: '' },
    this.#time, this.#words, this.#branch, this.#live);
  /** @type {Recording | null} */
  #recording = null;
  /** @type {AtHand | null} */
  #atHand = null;
  #key = '';
  /** @type {import('./types.d.ts').Recorded | null} */
  #about = null;
  #askedAt = -Infinity;
  /** @type {Wish | null} */
  #wish = null;
  #isBusy = false;
  #turn = 0; // what is on its way when it changes is no longer wanted
  #isHeld = false;
  #role = '';
  #isRecord = false; // nobody plays this run: there is no live to go back to
  #isFollowed = false; // somebody else records it, and it is shown from that record
  #step = 0; // of what is played
  /** the step of the picture on show; null: what is played is on show @type {number | null} */
  #at = null;

  /** @param {object} options
   * @param {AbortSignal} options.signal @param {import('./tip.js').Tips} options.tips
   * @param {(picture: RecordedPicture | null) => void} options.onPicture one of the past is to be shown, or live again
   * @param {() => void} options.onMove one is asked for
   * @param {(record: string, step: number) => void} options.onBranch another run is to begin there
   * @param {() => boolean} options.hasPage whether there is anybody who could begin one
   * @param {(words: string) => void} options.onTrouble */
  constructor(options) {
    this.#options = options;
    const { signal, tips } = options;
    this.#time.addEventListener('input', () => this.#slide(), { signal });
    this.#time.addEventListener('pointerdown', () => (this.#isHeld = true), { signal });
    for (const type of ['pointerup', 'pointercancel']) window.addEventListener(type, () => {
      if (!this.#isHeld) return;
      this.#isHeld = false;
      this.#time.blur(); // the arrows go by picture, wherever the pointer was last
      this.#show();
    }, { signal });
    signal.addEventListener('abort', () => this.#atHand?.end());
    this.#live.addEventListener('click', () => this.leave(), { signal });
    this.#branch.addEventListener('click', () => {
      if (this.#at !== null && this.#about) options.onBranch(this.#about.run, this.#at);
    }, { signal });
    tips.set(this.#live, t('What is played, as it is now'));
    tips.set(this.#branch, t('A new run from exactly this step, with whatever you change from here '
      + 'on; this one stays as it is'));
    const move = (/** @type {number} */ by) => (/** @type {KeyboardEvent} */ event) =>
      this.move(event.shiftKey ? by * FAR : by);
    listenToKeys({ ArrowLeft: move(-1), ArrowRight: move(1) }, signal);
  }

  /** What is kept of the run, where anything is. */
  get recording() {
    return this.#recording;
  }

  /** The step of the picture on show; null where what is played is. */
  get at() {
    return this.#at;
  }

  /** Another run, or another game of it: what was on show is over.
   * @param {{record: string, generation: number, status: string, role: string}} run
   * @param {(record: string) => Recording} open */
  follow({ record, generation, status, role }, open) {
    this.#role = role;
    this.#isFollowed = status === 'growing';
    const key = record && `${record} ${generation} ${status === 'recorded'}`;
    if (key === this.#key) return;
    this.#key = key;
    this.#turn++;
    this.#recording = record ? open(record) : null;
    this.#atHand?.end();
    this.#atHand = this.#recording && new AtHand(this.#recording);
    this.#about = null;
    this.#askedAt = -Infinity;
    this.#wish = null;
    this.#isRecord = status === 'recorded';
    this.#at = null;
    this.#step = 0;
    if (this.#isRecord) this.#want({ step: Infinity });
    this.#show();
  }

  /** What is played has come this far. @param {number} step */
  reach(step) {
    this.#step = step;
    this.#show();
  }

  /** So many pictures on, or back. @param {number} by */
  move(by) {
    if (!this.#recording || !(this.#step || this.#isRecord)) return;
    const waiting = this.#wish && 'by' in this.#wish ? this.#wish.by : 0;
    this.#want({ by: waiting + by });
  }

  /** Back to live. */
  leave() {
    this.#wish = null;
    this.#turn++;
    if (this.#isRecord) return;
    const wasPast = this.#at !== null;
    this.#at = null;
    if (wasPast) this.#options.onPicture(null);
    this.#show(); // also where no picture had come yet: the handle was moved
  }

  #slide() {
    const step = Number(this.#time.value);
    if (step >= Number(this.#time.max) && !this.#isRecord) this.leave();
    else this.#want({ step });
  }

  /** @param {Wish} wish */
  #want(wish) {
    this.#wish = wish;
    this.#options.onMove();
    if (!this.#isBusy) this.#fulfil();
  }

  async #fulfil() {
    this.#isBusy = true;
    while (this.#wish && this.#recording && this.#atHand) {
      const turn = this.#turn;
      try {
        await this.#look(this.#recording);
        if (turn !== this.#turn) continue;
        const { pictures, epoch } = /** @type {import('./types.d.ts').Recorded} */ (this.#about);
        const step = this.#wished(pictures);
        this.#wish = null;
        if (step === null || step === this.#at) continue;
        const picture = await this.#atHand.picture(step, epoch);
        if (turn !== this.#turn) continue;
        const [from, to] = [this.#at ?? Infinity, picture.frame.label.step].map(one => nearest(pictures, one));
        this.#at = picture.frame.label.step;
        this.#options.onPicture(picture);
        if (!this.#wish) this.#atHand.ahead(beside(pictures, to, to - from), epoch);
      } catch (error) {
        if (turn !== this.#turn) continue;
        this.#wish = null;
        this.#options.onTrouble(/** @type {Error} */ (error).message);
      } finally {
        this.#show();
      }
    }
    this.#isBusy = false;
  }

  /** Knows which pictures there are. Only the first time somebody waits for that, or who leaves live.
   * @param {Recording} recording */
  async #look(recording) {
    if (this.#about && performance.now() < this.#askedAt + FRESH_MS) return;
    const isNeeded = !this.#about || this.#at === null;
    const key = this.#key;
    this.#askedAt = performance.now();
    const asked = recording.about().then(about => {
      if (key === this.#key) this.#about = about;
    });
    if (isNeeded) await asked;
    else asked.catch(error => console.warn('gandash: which pictures there are could not be asked;', error));
  }

  /** The step of the picture that is wished for; null where none is, or what is played.
   * @param {readonly number[]} steps of all pictures */
  #wished(steps) {
    const wish = this.#wish;
    if (!wish || !steps.length) return null;
    if ('step' in wish) return steps[nearest(steps, wish.step)];
    const before = steps.filter(step => step < this.#step).length; // live is one picture further
    const from = this.#at === null ? before : nearest(steps, this.#at);
    const to = Math.max(0, from + wish.by);
    if (to >= steps.length && !this.#isRecord) {
      this.leave();
      return null;
    }
    return steps[Math.min(to, steps.length - 1)];
  }

  #show() {
    const isPast = this.#at !== null;
    this.node.hidden = !this.#recording;
    this.node.toggleAttribute('data-past', isPast && !this.#isRecord);
    const last = this.#isRecord ? this.#about?.pictures.at(-1) ?? 1 : this.#step;
    this.#time.disabled = !last;
    if (!this.#isHeld) {
      this.#time.max = String(Math.max(1, last));
      this.#time.value = String(this.#at ?? this.#time.max);
    }
    this.#live.hidden = this.#isRecord;
    const isOwn = this.#role !== 'watch' || this.#isRecord || this.#isFollowed;
    const isPlayable = this.#about ? this.#about.playable : !this.#isFollowed;
    this.#branch.hidden = !this.#options.hasPage() || !isOwn || !isPlayable;
    for (const button of [this.#live, this.#branch]) button.toggleAttribute('disabled', !isPast);
    const at = isPast ? t('step {at}', { at: grouped(this.#at ?? 0) }) : t('live');
    write(this.#words, isPast && !this.#isRecord ? t('past: {at}', { at }) : at);
    this.#time.setAttribute('aria-valuetext', isPast ? t('{at}, of the past', { at }) : at);
  }
}

/** The place of the number that is nearest. @param {readonly number[]} sorted @param {number} value */
export function nearest(sorted, value) {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low > 0 && value - sorted[low - 1] <= sorted[low] - value ? low - 1 : low;
}
