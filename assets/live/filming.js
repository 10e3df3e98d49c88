// @ts-check
/**
 * A film of what was recorded: its frames are drawn here, one for each recorded picture, and the server makes one file
 * of them.
 */
import { element } from './dom.js';
import { grouped } from './numbers.js';
import { framesOf } from './picture.js';
import { t } from './words.js';

/** @typedef {import('./recording.js').Recording} Recording */

const NAMES = { gif: 'GIF', webp: 'WebP', mp4: 'MP4' };
const PER_SECOND = 10;
const DRAWN = 0.95; // of all that is to be done

export class Filming {
  #first = number(t('First step'), 0);
  #last = number(t('Last step'), 0);
  #perSecond = number(t('Pictures a second'), 1);
  node = element('span', { class: 'gd-choices', hidden: '' },
    element('span', { class: 'gd-choices' }, t('steps'), this.#first, t('to'), this.#last),
    element('span', { class: 'gd-choices' }, this.#perSecond, t('pictures a second')));
  /** @type {import('./recording.js').Films | null} */
  #films = null;
  #run = '';

  /** Which kinds can be made of a run: their names. @param {Recording | null} recording
   * @returns {Promise<Record<string, string>>} */
  async offer(recording) {
    if (!recording?.films) return {};
    const [films, about] = await Promise.all([recording.films(), recording.about()]);
    if (!about.pictures.length) return {};
    this.#films = films;
    const [first, last] = [about.pictures[0], about.pictures[about.pictures.length - 1]];
    const isWhole = this.#run !== about.run || this.#last.value === this.#last.max; // it has grown since
    for (const field of [this.#first, this.#last]) Object.assign(field, { min: String(first), max: String(last) });
    if (this.#run !== about.run) Object.assign(this.#first, { value: String(first) });
    if (isWhole) this.#last.value = String(last);
    this.#perSecond.max = String(films.fastest);
    this.#perSecond.value ||= String(PER_SECOND);
    this.#run = about.run;
    return Object.fromEntries(Object.entries(NAMES).map(([form, name]) => [form,
      films.forms.includes(form) ? name : t('{name} (needs imageio-ffmpeg on the server)', { name })]));
  }

  /** Whether the server can make this kind. @param {string} form */
  canMake(form) {
    return this.#films?.forms.includes(form) ?? false;
  }

  /** @param {string} form @param {import('./apart.js').Moment} moment @param {import('./apart.js').Wanted} wanted
   * @param {Recording} recording @param {AbortSignal} stopped @param {(done: number) => void} told
   * @returns {Promise<Blob>} */
  async make(form, moment, wanted, recording, stopped, told) {
    const { frames, pixels, fastest } = /** @type {import('./recording.js').Films} */ (this.#films);
    const { pictures, epoch } = await recording.about();
    const [first, last] = [this.#first, this.#last].map(({ value }) => Number(value));
    const between = pictures.filter(step => step >= first && step <= last);
    if (!between.length) throw new Error(t('No picture was recorded from step {first} to {last}.',
        { first: grouped(first), last: grouped(last) }));
    const steps = some(between, frames);
    if (steps.length * wanted.width * wanted.height > pixels) {
      throw new Error(t('{length} frames of {width} × {height} are too much for one film: choose '
        + 'fewer steps or a smaller size.', { length: steps.length, width: wanted.width, height: wanted.height }));
    }
    const parts = [];
    for await (const frame of framesOf(moment, wanted, steps, step => recording.picture(step, epoch))) {
      stopped.throwIfAborted();
      parts.push(new Uint32Array([frame.size]), frame);
      told(DRAWN * parts.length / 2 / steps.length);
    }
    const perSecond = Math.min(fastest, Math.max(1, Math.round(Number(this.#perSecond.value)) || PER_SECOND));
    return /** @type {NonNullable<Recording['film']>} */ (recording.film?.bind(recording))(form, perSecond,
      new Blob(parts), stopped);
  }
}

/** At most so many of these steps: each k-th, and the last. @param {readonly number[]} steps @param {number} most */
export function some(steps, most) {
  const apart = Math.ceil(steps.length / most);
  return [...steps.slice(0, -1).filter((_, i) => i % apart === 0).slice(0, most - 1), ...steps.slice(-1)];
}

/** @param {string} label @param {number} min @param {number} [max] */
export const number = (label, min, max) => /** @type {HTMLInputElement} */ (element('input',
  { type: 'number', class: 'gd-size', min, max, 'aria-label': label }));
