// @ts-check
/**
 * What can be taken away of a run: a picture of what is on show, drawn here, and the files that the server makes.
 */
import { STAGE } from './apart.js';
import { element, icon, write } from './dom.js';
import { inGame } from './panels.js';
import { pictureOf } from './picture.js';

const ARROW = 'M7 1.500h2v5.500h3l-4 4-4-4h3zM2 11.500h2V13h8v-1.500h2V15H2z';
const SIZES = { stage: [800, 600], panel: [480, 240] };
const [LEAST_PX, MOST_PX] = [100, 4000];

/** @typedef {import('./recording.js').Recording} Recording */

export class Taking {
  #options;
  /** @type {HTMLSelectElement} */
  #what = choice('What');
  #format = choice('Format', { png: 'PNG', svg: 'SVG' });
  #theme = choice('Theme', { light: 'light', dark: 'dark' });
  #width = size('Width in px');
  #height = size('Height in px');
  #save = element('button', { type: 'button', class: 'gd-button gd-primary' }, 'Save picture');
  #files = element('div', { class: 'gd-files' });
  #status = element('p', { role: 'status' });
  #stop = element('button', { type: 'button', class: 'gd-button', hidden: '' }, 'Cancel');
  node = /** @type {HTMLDialogElement} */ (element('dialog',
    { class: 'gd-taking', 'aria-label': 'Take away: pictures and files' }));
  button = element('button', { type: 'button', class: 'gd-button gd-icon',
    'aria-label': 'Take away: pictures and files' }, icon(ARROW));
  /** of what is being made @type {AbortController | null} */
  #making = null;

  /** @param {{moment: () => import('./apart.js').Moment, recording: () => Recording | null, title: () => string,
   * tips: import('./tip.js').Tips, signal: AbortSignal}} options what is on show, and what is kept of it */
  constructor(options) {
    this.#options = options;
    const { signal } = options;
    const close = element('button', { type: 'button', class: 'gd-close', 'aria-label': 'Close' }, '×');
    this.node.append(close,
      element('section', {}, element('h2', {}, 'A picture'),
        element('div', { class: 'gd-choices' }, this.#what, this.#format, this.#theme,
          element('span', { class: 'gd-choices' }, this.#width, '×', this.#height), this.#save)),
      element('section', {}, element('h2', {}, 'The run'), this.#files),
      element('footer', {}, this.#status, this.#stop));
    this.button.addEventListener('click', () => this.open(), { signal });
    options.tips.set(this.button,
      'Pictures of what is on show; the run as one page that replays it, its curves, its settings');
    close.addEventListener('click', () => this.node.close(), { signal });
    this.node.addEventListener('click', event => event.target === this.node && this.node.close(), { signal });
    this.node.addEventListener('close', () => this.#making?.abort(), { signal });
    this.#what.addEventListener('change', () => this.#resize(), { signal });
    this.#save.addEventListener('click', () => this.#take(`${this.#what.value}.${this.#format.value}`,
      stopped => this.#picture(stopped)), { signal });
    this.#stop.addEventListener('click', () => this.#making?.abort(), { signal });
    signal.addEventListener('abort', () => this.#making?.abort());
  }

  open() {
    if (this.node.open) return;
    const { panels, scene } = this.#options.moment();
    const was = this.#what.value;
    this.#what.replaceChildren(element('option', { value: STAGE }, 'Stage'), ...panels.map(({ key, title }) =>
      element('option', { value: key }, inGame(title, scene.facts).replace(/_/g, ''))));
    if (panels.some(({ key }) => key === was)) this.#what.value = was;
    if (this.#what.value !== was) this.#resize();
    write(this.#status, '');
    this.node.showModal();
    this.#offer();
  }

  #resize() {
    const [width, height] = this.#what.value === STAGE ? SIZES.stage : SIZES.panel;
    this.#width.value = String(width);
    this.#height.value = String(height);
  }

  /** The files that there are. */
  async #offer() {
    const recording = this.#options.recording();
    let found = /** @type {{what: string, words: string}[]} */ ([]);
    let why = 'This run is not recorded.';
    try {
      found = await recording?.files?.() ?? [];
      if (recording) why = 'This page has all that there is of it.';
    } catch (error) {
      why = /** @type {Error} */ (error).message;
    }
    const { signal } = this.#options;
    this.#files.replaceChildren(...found.flatMap(({ what, words }) => {
      const button = element('button', { type: 'button', class: 'gd-button' }, what);
      button.addEventListener('click', () => this.#take(what, stopped => /** @type {Recording} */ (recording).file?.(
        what, stopped)), { signal });
      return [button, element('span', {}, words)];
    }));
    if (!found.length) this.#files.replaceChildren(element('p', {}, why));
  }

  /** @param {AbortSignal} stopped */
  async #picture(stopped) {
    const [width, height] = [this.#width, this.#height].map(({ value }) =>
      Math.min(MOST_PX, Math.max(LEAST_PX, Math.round(Number(value)) || 0)));
    const settings = await this.#options.recording()?.settings?.(stopped).catch(() => '') ?? '';
    return pictureOf(this.#options.moment(), {
      what: this.#what.value, format: this.#format.value === 'svg' ? 'svg' : 'png',
      theme: this.#theme.value === 'dark' ? 'dark' : 'light', width, height,
    }, { title: this.#options.title(), settings });
  }

  /** @param {string} name of the file @param {(stopped: AbortSignal) => Promise<Blob> | undefined} make */
  async #take(name, make) {
    this.#making?.abort();
    const making = this.#making = new AbortController();
    this.#stop.hidden = false;
    this.#status.replaceChildren(`Making ${name} … `, element('progress'));
    try {
      const blob = await make(making.signal);
      if (!blob || making.signal.aborted) return;
      const link = /** @type {HTMLAnchorElement} */ (element('a', { href: URL.createObjectURL(blob), download: name }));
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      write(this.#status, `${name} is saved.`);
    } catch (error) {
      if (!making.signal.aborted) write(this.#status, /** @type {Error} */ (error).message);
    } finally {
      if (making.signal.aborted && this.#making === making) write(this.#status, '');
      if (this.#making === making) this.#stop.hidden = true;
    }
  }
}

/** @param {string} label @param {Record<string, string>} [choices] */
const choice = (label, choices = {}) => /** @type {HTMLSelectElement} */ (element('select',
  { class: 'gd-button', 'aria-label': label }, ...Object.entries(choices).map(([value, words]) =>
    element('option', { value }, words))));

/** @param {string} label */
const size = label => /** @type {HTMLInputElement} */ (element('input',
  { type: 'number', class: 'gd-size', min: LEAST_PX, max: MOST_PX, 'aria-label': label }));
