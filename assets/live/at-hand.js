// @ts-check
/**
 * The recorded pictures of one run that are at hand: those that were on show last, and those beside the one that is,
 * which are fetched before somebody asks for them.
 */
import { readPicture } from './recording.js';

export const MOST_BYTES = 16 * 2 ** 20;

/** @typedef {import('./recording.js').RecordedPicture} RecordedPicture */

export class AtHand {
  #recording;
  /** by step, what was used last at the end @type {Map<number, {picture: RecordedPicture, bytes: number}>} */
  #kept = new Map();
  #bytes = 0;
  /** by step @type {Map<number, Promise<RecordedPicture>>} */
  #coming = new Map();
  #epoch = 0;
  /** steps that may be asked for next, the likeliest first @type {number[]} */
  #next = [];
  #isFetching = false;
  #isOver = false;

  /** @param {Pick<import('./recording.js').Recording, 'picture'>} recording */
  constructor(recording) {
    this.#recording = recording;
  }

  /** What it holds in memory. */
  get bytes() {
    return this.#bytes;
  }

  /** The picture of a step, at once where it is at hand. What was to be fetched ahead is not: this one has the way.
   * @param {number} step @param {number} epoch how often the run was set back: its pictures may be others since */
  async picture(step, epoch) {
    this.#next = [];
    this.#enter(epoch);
    return this.#kept.has(step) ? this.#used(step) : this.#fetch(step);
  }

  /** Fetches these too, one after the other.
   * @param {readonly number[]} steps the likeliest first @param {number} epoch */
  async ahead(steps, epoch) {
    this.#enter(epoch);
    this.#next = [...steps];
    if (this.#isFetching) return;
    this.#isFetching = true;
    for (let step = this.#next.shift(); step !== undefined && !this.#isOver; step = this.#next.shift()) {
      if (this.#kept.has(step)) continue;
      await this.#fetch(step).catch(() => {}); // who asks for it is told why it does not come
    }
    this.#isFetching = false;
  }

  /** Nobody looks at this run any more. */
  end() {
    this.#isOver = true;
    this.#clear();
  }

  /** @param {number} epoch */
  #enter(epoch) {
    if (epoch !== this.#epoch) this.#clear();
    this.#epoch = epoch;
  }

  #clear() {
    this.#kept.clear();
    this.#coming.clear();
    this.#next = [];
    this.#bytes = 0;
  }

  /** @param {number} step */
  #used(step) {
    const found = /** @type {{picture: RecordedPicture, bytes: number}} */ (this.#kept.get(step));
    this.#kept.delete(step);
    this.#kept.set(step, found);
    return found.picture;
  }

  /** @param {number} step */
  #fetch(step) {
    const already = this.#coming.get(step);
    if (already) return already;
    const coming = this.#recording.picture(step, this.#epoch).then(bytes => {
      const picture = readPicture(bytes);
      // Another step's, where this one has been thinned out; and what was asked for before all was cleared
      const isWanted = picture.frame.label.step === step && this.#coming.get(step) === coming;
      if (isWanted) this.#keep(step, picture, bytes.byteLength);
      return picture;
    }).finally(() => {
      if (this.#coming.get(step) === coming) this.#coming.delete(step);
    });
    this.#coming.set(step, coming);
    return coming;
  }

  /** @param {number} step @param {RecordedPicture} picture @param {number} bytes */
  #keep(step, picture, bytes) {
    this.#kept.set(step, { picture, bytes });
    this.#bytes += bytes;
    for (const [oldest, { bytes: freed }] of this.#kept) {
      if (this.#bytes <= MOST_BYTES) break;
      this.#kept.delete(oldest);
      this.#bytes -= freed;
    }
  }
}

/** The steps beside the one on show, those first that lie where one is going. @param {readonly number[]} steps of all
 * pictures @param {number} at place among them @param {number} by so many pictures on was the last move */
export function beside(steps, at, by) {
  const on = by > 0 ? 1 : -1;
  const places = [at + by, at + on, at + 2 * on, at - on, at + 3 * on];
  return [...new Set(places)].filter(place => place !== at && place in steps).map(place => steps[place]);
}
