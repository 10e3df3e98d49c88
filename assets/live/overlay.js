// @ts-check
/**
 * What has to be said in words: a card on the stage when the game cannot go on, and calm notices.
 */
import { element, write } from './dom.js';
import { said, t } from './words.js';

const TOAST_MS = 6000;

/** @typedef {{label: string, command: import('./types.d.ts').Saying}} Action */

/** @type {Partial<Record<import('./run.js').Status, {title: string, actions: Action[]}>>} */
const CARDS = {
  diverged: {
    get title() { return t('Diverged'); },
    actions: [
      { get label() { return t('Back to the last finite state'); }, command: { type: 'rewind' } },
      { get label() { return t('Restart'); }, command: { type: 'restart', new_seed: false } },
    ],
  },
  failed: { get title() { return t('Something broke'); }, actions: [] },
  ended: { get title() { return t('This run has ended'); }, actions: [] },
  unreached: { get title() { return t('No connection to the trainer'); }, actions: [] },
};

export class Overlay {
  #send;
  #signal;
  #title = element('h2');
  #reason = element('p');
  #actions = element('div', { class: 'gd-actions' });
  card = element('div', { class: 'gd-card', role: 'alertdialog', 'aria-label': t('The run stands still'), hidden: '' },
    this.#title, this.#reason, this.#actions);
  toasts = element('div', { class: 'gd-toasts', role: 'status', 'aria-live': 'polite' });
  #notice = '';
  /** @type {HTMLElement | null} the notice's own */
  #noticed = null;
  #shows = '';
  /** @type {Set<number>} */
  #timers = new Set();

  /** @param {{send: import('./socket.js').Send, signal: AbortSignal}} options */
  constructor({ send, signal }) {
    this.#send = send;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#timers.forEach(timer => clearTimeout(timer)));
  }

  /** @param {import('./run.js').Run} run */
  show({ status, reason, role, notice }) {
    const spec = CARDS[status];
    this.card.hidden = !spec;
    if (spec) {
      write(this.#title, spec.title);
      write(this.#reason, said(reason));
      const shows = `${status} ${role}`;
      if (shows !== this.#shows) this.#actions.replaceChildren(...(role === 'steer' ? spec.actions
        : []).map((action, i) => this.#button(action, i === 0)));
      this.#shows = shows;
      this.card.dataset.status = status;
    }
    const words = said(notice);
    if (words !== this.#notice) {
      this.#notice = words;
      this.#noticed?.remove(); // what the server no longer says is no longer so
      this.#noticed = words ? this.say(words, false) : null;
    }
  }

  /** @param {string} text @param {boolean} [passing] whether it leaves by itself */
  say(text, passing = true) {
    const close = element('button', { type: 'button', class: 'gd-close', 'aria-label': t('Dismiss') }, '×');
    const toast = element('div', { class: 'gd-toast' }, element('span', {}, text), close);
    close.addEventListener('click', () => toast.remove(), { signal: this.#signal });
    this.toasts.append(toast);
    while (this.toasts.childElementCount > 3) this.toasts.firstElementChild?.remove();
    if (!passing) return toast;
    const timer = window.setTimeout(() => {
      toast.remove();
      this.#timers.delete(timer);
    }, TOAST_MS);
    this.#timers.add(timer);
    return toast;
  }

  /** @param {Action} action @param {boolean} primary */
  #button({ label, command }, primary) {
    const node = element('button', { type: 'button', class: `gd-button${primary ? ' gd-primary' : ''}` }, label);
    node.addEventListener('click', () => this.#send(command), { signal: this.#signal });
    return node;
  }
}
