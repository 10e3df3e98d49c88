// @ts-check
/**
 * What can be taken away of a run: a picture of what is on show, or a film of what was recorded, both drawn here, and
 * the files that the server makes.
 */
import { SIZES, STAGE, VIEW } from './apart.js';
import { element, icon, write } from './dom.js';
import { Filming, number } from './filming.js';
import { inGame } from './panels.js';
import { pictureOf } from './picture.js';
import { t } from './words.js';

const ARROW = 'M7 1.500h2v5.500h3l-4 4-4-4h3zM2 11.500h2V13h8v-1.500h2V15H2z';
const PICTURES = { png: 'PNG', svg: 'SVG' };
const [LEAST_PX, MOST_PX] = [100, 4000];

/** @typedef {import('./recording.js').Recording} Recording */

export class Taking {
  #options;
  #head = element('h2', {}, t('A picture'));
  /** @type {HTMLSelectElement} */
  #what = choice(t('What'));
  #format = choice(t('Format'), PICTURES);
  #theme = choice(t('Theme'), { light: t('light'), dark: t('dark') });
  #width = size(t('Width in px'));
  #height = size(t('Height in px'));
  #save = element('button', { type: 'button', class: 'gd-button gd-primary' }, t('Save picture'));
  #filming = new Filming();
  #files = element('div', { class: 'gd-files' });
  #status = element('p', { role: 'status' });
  #stop = element('button', { type: 'button', class: 'gd-button', hidden: '' }, t('Cancel'));
  node = /** @type {HTMLDialogElement} */ (element('dialog',
    { class: 'gd-taking', 'aria-label': t('Take away: pictures and files') }));
  button = element('button', { type: 'button', class: 'gd-button gd-icon',
    'aria-label': t('Take away: pictures and files') }, icon(ARROW));
  #isChosen = false; // a theme, other than the page's
  /** of what is being made @type {AbortController | null} */
  #making = null;

  /** @param {{moment: () => import('./apart.js').Moment, recording: () => Recording | null, title: () => string,
   * tips: import('./tip.js').Tips, signal: AbortSignal}} options what is on show, and what is kept of it */
  constructor(options) {
    this.#options = options;
    const { signal } = options;
    const close = element('button', { type: 'button', class: 'gd-close', 'aria-label': t('Close') }, '×');
    this.node.append(close,
      element('section', {}, this.#head,
        element('div', { class: 'gd-choices' }, this.#what, this.#format, this.#theme,
          element('span', { class: 'gd-choices' }, this.#width, '×', this.#height), this.#filming.node, this.#save)),
      element('section', {}, element('h2', {}, t('The run')), this.#files),
      element('footer', {}, this.#status, this.#stop));
    this.button.addEventListener('click', () => this.open(), { signal });
    options.tips.set(this.button,
      t('Pictures of what is on show; the run as one page that replays it, its curves, its settings'));
    close.addEventListener('click', () => this.node.close(), { signal });
    this.node.addEventListener('click', event => event.target === this.node && this.node.close(), { signal });
    this.node.addEventListener('close', () => this.#making?.abort(), { signal });
    this.#what.addEventListener('change', () => this.#resize(), { signal });
    this.#theme.addEventListener('change', () => (this.#isChosen = true), { signal });
    this.#format.addEventListener('change', () => this.#showFilming(), { signal });
    this.#save.addEventListener('click', () => this.#take(`${this.#what.value}.${this.#format.value}`,
      (stopped, told) => (this.#isFilm ? this.#film(stopped, told) : this.#picture(stopped))), { signal });
    this.#stop.addEventListener('click', () => this.#making?.abort(), { signal });
    signal.addEventListener('abort', () => this.#making?.abort());
  }

  open() {
    if (this.node.open) return;
    const { panels, scene } = this.#options.moment();
    const was = this.#what.value;
    this.#what.replaceChildren(element('option', { value: STAGE }, t('Stage')),
      element('option', { value: VIEW }, t('Stage and curves')), ...panels.map(({ key, title }) =>
      element('option', { value: key }, inGame(title, scene.facts).replace(/_/g, ''))));
    if ([...this.#what.options].some(({ value }) => value === was)) this.#what.value = was;
    if (this.#what.value !== was) this.#resize();
    write(this.#status, '');
    if (!this.#isChosen) this.#theme.value = this.button.closest('[data-theme]')?.getAttribute('data-theme') ?? 'light';
    this.node.showModal();
    this.#offer();
  }

  #resize() {
    const { value } = this.#what;
    const [width, height] = value === STAGE || value === VIEW ? SIZES[value] : SIZES.panel;
    this.#width.value = String(width);
    this.#height.value = String(height);
  }

  /** The files that there are. */
  async #offer() {
    const recording = this.#options.recording();
    this.#offerFilms(recording);
    let found = /** @type {{what: string, words: string}[]} */ ([]);
    let why = t('This run is not recorded.');
    try {
      found = await recording?.files?.() ?? [];
      if (recording) why = t('This page has all that there is of it.');
    } catch (error) {
      why = /** @type {Error} */ (error).message;
    }
    const { signal } = this.#options;
    this.#files.replaceChildren(...found.flatMap(({ what, words }) => {
      const button = element('button', { type: 'button', class: 'gd-button' }, what);
      button.addEventListener('click', () => this.#take(what, stopped => /** @type {Recording} */ (recording).file?.(
        what, stopped)), { signal });
      return [button, element('span', {}, t(words))];
    }));
    if (!found.length) this.#files.replaceChildren(element('p', {}, why));
  }

  /** @param {Recording | null} recording */
  async #offerFilms(recording) {
    const was = this.#format.value;
    const films = await this.#filming.offer(recording).catch(() => ({}));
    this.#format.replaceChildren(...options({ ...PICTURES, ...films }));
    for (const option of this.#format.options) option.disabled = !(option.value in PICTURES)
      && !this.#filming.canMake(option.value);
    write(this.#head, Object.keys(films).length ? t('A picture, or a film of what was recorded') : t('A picture'));
    if (was in PICTURES || was in films) this.#format.value = was;
    this.#showFilming();
  }

  get #isFilm() {
    return !(this.#format.value in PICTURES);
  }

  #showFilming() {
    this.#filming.node.hidden = !this.#isFilm;
    write(this.#save, this.#isFilm ? t('Save film') : t('Save picture'));
  }

  /** @returns {import('./apart.js').Wanted} */
  get #wanted() {
    const [width, height] = [this.#width, this.#height].map(({ value }) =>
      Math.min(MOST_PX, Math.max(LEAST_PX, Math.round(Number(value)) || 0)));
    return { what: this.#what.value, theme: this.#theme.value === 'dark' ? 'dark' : 'light', width, height };
  }

  /** @param {AbortSignal} stopped */
  async #picture(stopped) {
    const settings = await this.#options.recording()?.settings?.(stopped).catch(() => '') ?? '';
    return pictureOf(this.#options.moment(), { ...this.#wanted, format: this.#format.value },
      { title: this.#options.title(), settings });
  }

  /** @param {AbortSignal} stopped @param {(done: number) => void} told */
  #film(stopped, told) {
    return this.#filming.make(this.#format.value, this.#options.moment(), { ...this.#wanted, scale: 1 },
      /** @type {Recording} */ (this.#options.recording()), stopped, told);
  }

  /** @param {string} name of the file
   * @param {(stopped: AbortSignal, told: (done: number) => void) => Promise<Blob> | undefined} make */
  async #take(name, make) {
    this.#making?.abort();
    const making = this.#making = new AbortController();
    const asked = /** @type {HTMLElement} */ (document.activeElement);
    this.#stop.hidden = false;
    const progress = element('progress');
    this.#status.replaceChildren(t('Making {name} …', { name }) + ' ', progress);
    try {
      const blob = await make(making.signal, done => progress.setAttribute('value', String(done)));
      if (!blob || making.signal.aborted) return;
      const link = /** @type {HTMLAnchorElement} */ (element('a', { href: URL.createObjectURL(blob), download: name }));
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      write(this.#status, t('{name} is saved.', { name }));
    } catch (error) {
      if (!making.signal.aborted) write(this.#status, /** @type {Error} */ (error).message);
    } finally {
      if (making.signal.aborted && this.#making === making) write(this.#status, '');
      if (this.#making === making) {
        if (document.activeElement === this.#stop) asked.focus(); // what is hidden would lose it to the whole page
        this.#stop.hidden = true;
      }
    }
  }
}

/** @param {string} label @param {Record<string, string>} [choices] */
const choice = (label, choices = {}) => /** @type {HTMLSelectElement} */ (element('select',
  { class: 'gd-button', 'aria-label': label }, ...options(choices)));

/** @param {Record<string, string>} choices */
const options = choices => Object.entries(choices).map(([value, words]) => element('option', { value }, words));

/** @param {string} label */
const size = label => number(label, LEAST_PX, MOST_PX);
