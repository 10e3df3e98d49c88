// @ts-check
/**
 * Shows the run to a room: a code, its link and QR code, how many look on, and the lesson's question with the votes.
 */
import { element, icon, write } from './dom.js';
import { tellPointer } from './pointer.js';
import { isOwnMachine, reach } from './share.js';
import { questionOf } from './tally.js';
import { said, t, tn } from './words.js';

const SCREEN = 'M1.500 2h13v9h-13zM3 3.500v6h10v-6zM7.250 11h1.500v1.500H11V14H5v-1.500h2.250z';

/** @typedef {import('./types.d.ts').Presenting} Told */
/** @type {Told} */
const NOTHING = { type: 'presenting', code: '', viewers: 0, can_ask: false, question: null, word_wanted: false,
  trouble: '' };

export class Presenting {
  button = element('button', { type: 'button', class: 'gd-button gd-icon gd-present-button', 'aria-label': t('Present'),
    hidden: '' }, icon(SCREEN));
  node = /** @type {HTMLDialogElement} */ (element('dialog', { class: 'gd-help gd-share gd-present',
    'aria-label': t('Present') }));
  #live = element('div', { class: 'gd-presenting', role: 'group', 'aria-label': t('Presenting'), hidden: '' });
  #question = element('div', { class: 'gd-asked', hidden: '' });
  strip = element('div', {}, this.#live, this.#question);
  #code = element('b');
  #viewers = element('span', { role: 'status' });
  #ask;
  #reveal;
  #title = element('h2');
  #image = /** @type {HTMLImageElement} */ (element('img', { class: 'gd-code', alt: '' }));
  #large = element('p', { class: 'gd-present-code' });
  #address = element('p', { class: 'gd-present-address' });
  #words = element('p');
  #form;
  #word = /** @type {HTMLInputElement} */ (element('input', { type: 'password', autocomplete: 'off',
    maxlength: 200, 'aria-label': t('Access word') }));
  /** The server's address in its own network. */
  lan = '';
  #told = NOTHING;
  #signal;
  #isWanted = false; // the dialog is to show the code once there is one

  /** @param {{root: HTMLElement, send: import('./socket.js').Send, tips: import('./tip.js').Tips,
   * signal: AbortSignal}} options */
  constructor({ root, send, tips, signal }) {
    this.#signal = signal;
    const button = (/** @type {string} */ label, /** @type {() => void} */ press) => {
      const node = element('button', { type: 'button', class: 'gd-button' }, label);
      node.addEventListener('click', press, { signal });
      return node;
    };
    this.#ask = button(t('Ask the room'), () => send({ type: 'ask' }));
    this.#reveal = button(t('Reveal'), () => send({ type: 'reveal' }));
    const stop = () => {
      this.node.close();
      send({ type: 'stop_presenting' });
    };
    this.#live.append(element('span', { class: 'gd-on-air', 'aria-hidden': 'true' }), t('Presenting') + ' ', this.#code,
      this.#viewers, button(t('Show code'), () => this.#open()), this.#ask, this.#reveal,
      button(t('Stop presenting'), stop));
    const begin = () => send({ type: 'present', word: this.#word.value });
    this.#form = element('form', { class: 'gd-present-word' }, this.#word,
      element('button', { class: 'gd-button gd-primary' }, t('Present')));
    this.#form.addEventListener('submit', event => {
      event.preventDefault();
      begin();
      this.#word.value = '';
    }, { signal });
    const close = element('button', { type: 'button', class: 'gd-close', 'aria-label': t('Close') }, '×');
    close.addEventListener('click', () => this.node.close(), { signal });
    this.node.append(close, this.#title, this.#image, this.#large, this.#address, this.#words, this.#form);
    this.node.addEventListener('click', event => event.target === this.node && this.node.close(), { signal });
    this.button.addEventListener('click', () => {
      this.#isWanted = true;
      if (this.#told.code) this.#open();
      else begin();
    }, { signal });
    tips.set(this.button,
      t('Show this run to a room: a code that others open, who see it live and cannot steer it'));
    tips.set(this.#ask, t('The question of this step, to all who look on; each votes once'));
    tellPointer(root, send, () => this.#told.code !== '', signal);
  }

  /** @param {{role: string}} run */
  allow({ role }) {
    this.button.hidden = role !== 'steer';
    if (role !== 'steer') this.show(NOTHING);
  }

  /** @param {Told} told */
  show(told) {
    const isNew = told.code !== this.#told.code;
    this.#told = told;
    this.#live.hidden = !told.code;
    write(this.#code, told.code);
    write(this.#viewers, tn('{count} looks on', '{count} look on', told.viewers));
    this.#ask.hidden = !told.can_ask;
    this.#reveal.hidden = !told.question || told.question.right !== null;
    this.#question.hidden = !told.question;
    this.#question.replaceChildren(...(told.question ? [questionOf(told.question, 0, null, this.#signal)] : []));
    if (told.word_wanted) this.#askForWord(said(told.trouble));
    else if (told.code && isNew && this.#isWanted) this.#open();
    else if (!told.code && isNew && this.node.open) this.node.close();
  }

  /** @param {string} trouble */
  #askForWord(trouble) {
    this.#lay(false);
    write(this.#title, t('Present'));
    write(this.#words, trouble || t('This server asks those who present for a word. Whoever runs it knows it.'));
    if (!this.node.open) this.node.showModal();
    this.#word.focus();
  }

  #open() {
    this.#isWanted = false;
    this.#lay(true);
    const isLocal = isOwnMachine(location.hostname);
    const page = new URL('watch', isLocal && this.lan ? this.lan : document.baseURI);
    page.search = page.hash = '';
    const address = `${page}?code=${this.#told.code}`;
    this.#image.src = new URL(`gandash/code.svg?text=${encodeURIComponent(address)}`, document.baseURI).href;
    write(this.#title, t('Look on live'));
    write(this.#large, this.#told.code);
    write(this.#address, `${page.host}${page.pathname}`);
    write(this.#words, t('Open that address and type the code, or take the whole link, {address} – {reach}',
      { address, reach: reach(isLocal, this.lan) }));
    if (!this.node.open) this.node.showModal();
  }

  /** @param {boolean} withCode */
  #lay(withCode) {
    for (const node of [this.#image, this.#large, this.#address]) node.hidden = !withCode;
    this.#form.hidden = withCode;
  }
}
