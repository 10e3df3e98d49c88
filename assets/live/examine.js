// @ts-check
/**
 * The drawer of examinations: each is computed on request, beside
 * the game, and stands with the step whose state it is of.
 */
import { landscape } from './examine-landscape.js';
import { bestResponse, duality, samples, spectrum } from './examine-sections.js';
import { element, write } from './dom.js';
import { grouped, known, round } from './numbers.js';
import { said, t, together } from './words.js';

/** What the server says of one examination.
 * @typedef {import('./types.d.ts').Finding} Finding */
/** @typedef {import('./types.d.ts').Examinable} Examinable */
/** @typedef {import('./types.d.ts').Result} Result */

/** One kind of examination, as the drawer shows it.
 * @typedef {object} Section
 * @property {Examinable} what
 * @property {string} title
 * @property {string} answers the question that it answers, in a line
 * @property {string} hint what it is and why one would want it
 * @property {(options: {tips: import('./tip.js').Tips, signal: AbortSignal, send: import('./socket.js').Send,
 * plotly: Promise<import('./plotly.d.ts').Plotly>}) => Picture} create */

/** @typedef {object} Picture
 * @property {HTMLElement} node
 * @property {(result: Result, theme: import('./palette.js').Theme) => void} show what its own examination found
 * @property {(run: {role: string, status: string, done: boolean})
 * => void} [allow] what may be done next, where it offers something */

/** @type {Section[]} */
const SECTIONS = [spectrum, landscape, bestResponse, samples, duality];

/** About how long, in words. @param {number | undefined} seconds */
const inWords = seconds => (!known(seconds) ? '' : seconds < 1.5 ? t('About a second here.')
  : t('About {seconds} s here.', { seconds: seconds < 10 ? round(seconds) : 5 * Math.round(seconds / 5) }));

export class Examine {
  #theme;
  /** @type {import('./types.d.ts').RunState['examined']} */
  #examined = {};
  /** seconds that each takes here, as far as they are known @type {import('./types.d.ts').RunState['durations']} */
  #seconds = {};
  #able = false;
  #asked = false;
  #send;
  /** @type {{what: Examinable, button: HTMLElement, onwards: HTMLElement, state: HTMLElement, answers: HTMLElement,
   * said: string, problem: HTMLElement, body: HTMLElement, notes: HTMLElement, picture: Picture, shows: string}[]} */
  #sections;
  #onToggle;
  node = element('aside', { class: 'gd-examine', id: 'gd-examine', 'aria-label': t('Examine the game'), tabindex: -1,
    hidden: '', 'data-testid': 'examine' });

  /** @param {{send: import('./socket.js').Send, tips: import('./tip.js').Tips, theme:
   * import('./palette.js').Theme, signal: AbortSignal, plotly: Promise<import('./plotly.d.ts').Plotly>,
   * onToggle: (open: boolean) => void}} options */
  constructor({ send, tips, theme, signal, plotly, onToggle }) {
    this.#theme = theme;
    this.#send = send;
    this.#onToggle = onToggle;
    const close = element('button', { type: 'button', class: 'gd-close', 'aria-label': t('Close the examinations') },
      '×');
    close.addEventListener('click', () => this.close(), { signal });
    this.node.append(
      element('header', {}, element('h2', {}, t('Examine')), close),
      element('p', { class: 'gd-examine-words' },
        t('A close look at the state of this very step. It is computed beside the game, which goes '
          + 'on, a little slower.')),
    );
    this.#sections = SECTIONS.map(({ what, title, answers, hint, create }) => {
      const heading = element('h3', {}, title);
      const button = element('button', { type: 'button', class: 'gd-button', 'aria-label': t('Compute: {title}',
          { title }) },
        t('compute'));
      const onwards = element('button',
        { type: 'button', class: 'gd-button', hidden: '', 'aria-label': t('Go on: {title}', { title }) });
      const state = element('span', { class: 'gd-examine-state', role: 'status' });
      const told = element('p', { class: 'gd-examine-answers' }, answers);
      const problem = element('p', { class: 'gd-examine-problem', hidden: '' });
      const notes = element('ul', { class: 'gd-examine-notes' });
      const picture = create({ tips, signal, send, plotly });
      const body = element('div', { hidden: '' }, picture.node, notes);
      tips.set(heading, hint);
      button.addEventListener('click', () =>
        send({ type: 'examine', what, action: this.#isAtIt(what) ? 'stop' : 'begin' }), { signal });
      onwards.addEventListener('click', () => send({ type: 'examine', what, action: 'go_on' }), { signal });
      this.node.append(element('section', { 'data-what': what }, element('header', {}, heading, onwards, button), told,
        state, problem, body));
      return { what, button, onwards, state, answers: told, said: answers, problem, body, notes, picture, shows: '' };
    });
    document.addEventListener('keydown', event => {
      if (event.key === 'Escape' && !event.defaultPrevented && !this.node.hidden
        && !document.querySelector('dialog[open]')) this.close();
    }, { signal });
    const resized = new ResizeObserver(() => this.#draw(true));
    resized.observe(this.node);
    signal.addEventListener('abort', () => resized.disconnect());
  }

  toggle() {
    if (!this.node.hidden) return this.close();
    this.node.hidden = false;
    this.node.focus({ preventScroll: true }); // not on a button: Space still plays
    this.#onToggle(true);
    this.#ask();
    this.#draw(true);
    this.node.scrollIntoView({ block: 'nearest' }); // below the curves, where the page is narrow
  }

  close() {
    this.node.hidden = true;
    this.#onToggle(false);
  }

  /** @param {import('./view.js').Run} run */
  show({ role, status, examined, durations }) {
    this.#examined = examined;
    this.#seconds = durations;
    const able = role === 'steer' && (status === 'running' || status === 'paused');
    this.#able = able;
    if (!this.node.hidden) this.#ask();
    for (const { what, button, onwards, picture } of this.#sections) {
      button.toggleAttribute('disabled', !able);
      onwards.toggleAttribute('disabled', !able);
      picture.allow?.({ role, status, done: Boolean(this.#examined[what]?.done) });
    }
    this.#draw();
  }

  /** @param {import('./palette.js').Theme} theme */
  setTheme(theme) {
    this.#theme = theme;
    this.#draw(true);
  }

  /** @param {Examinable} what */
  #isAtIt(what) {
    return this.#examined[what]?.done === false;
  }

  /** Ask once for each game how long each takes here. */
  #ask() {
    if (Object.keys(this.#seconds).length) this.#asked = false;
    else if (this.#able && !this.#asked) {
      this.#asked = true;
      this.#send({ type: 'estimate' });
    }
  }

  /** @param {boolean} [anew] also what has not changed */
  #draw(anew = false) {
    if (this.node.hidden) return;
    for (const section of this.#sections) {
      const found = this.#examined[section.what];
      const shows = JSON.stringify([found ?? null, this.#seconds[section.what] ?? null]);
      if (shows === section.shows && !anew) continue;
      section.shows = shows;
      const { problem = '', done = false, result = null, doing = '', unfinished = null } = found ?? {};
      const host = /** @type {HTMLElement} */ (section.button.closest('section'));
      host.dataset.done = String(done);
      write(section.button, !found ? t('compute') : done ? t('again') : t('stop'));
      section.onwards.hidden = !(done && unfinished);
      write(section.onwards, unfinished ? t('go on for another {unfinished} s',
          { unfinished: round(unfinished) }) : '');
      write(section.answers, together(section.said, inWords(this.#seconds[section.what])));
      write(section.state, found ? t('step {step}{what}',
          { step: grouped(found.step), what: done ? '' : ` · ${said(doing) || t('at it')} …` }) : '');
      section.problem.hidden = !problem;
      write(section.problem, said(problem));
      section.body.hidden = !result;
      if (!result) continue;
      section.picture.show(result, this.#theme);
      section.notes.replaceChildren(...result.notes.map(note => element('li', {}, said(note))));
    }
  }
}
