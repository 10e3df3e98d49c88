// @ts-check
/**
 * Projector mode: larger letters and lines, more contrast, and no controls, for a room that looks at a wall. The
 * address says it, so a lecturer can keep it among the bookmarks; `p` and a button turn it on and off, Escape off.
 */
import { element, icon } from './dom.js';
import { addressOf } from './files.js';
import { listenToKeys, MODAL } from './keys.js';
import { t } from './words.js';

const NAME = 'projector';
const ICON = 'M1.5 2h13v1.5h-.7V10H9l2.4 3.6-1.2.9L8 11.3l-2.2 3.2-1.2-.9L7 10H2.2V3.5h-.7zM3.7 3.5v5h8.6v-5z';
// A view this large is drawn as it is; on a larger one everything is so many times as large.
const ROOM = { width: 853, height: 480 };
const LEAST_VIEW_PX = 640; // as wide is the view still, in its own px, beside a lesson
const RANGE = /** @type {const} */ ([1.15, 3]);

export class Projector {
  button = element('button', { type: 'button', class: 'gd-button gd-icon gd-projector', 'aria-pressed': 'false',
    'aria-label': t('Projector mode'), 'aria-keyshortcuts': 'p' }, icon(ICON));
  #style = element('link', { rel: 'stylesheet', href: addressOf('projector.css') });
  #root;
  #onChange;
  #signal;

  /** @param {HTMLElement} root of the view
   * @param {{signal: AbortSignal, tips: import('./tip.js').Tips, onChange: () => void}} options */
  constructor(root, { signal, tips, onChange }) {
    this.#root = root;
    this.#onChange = onChange;
    this.#signal = signal;
    const toggle = () => this.#turn(!this.#isOn);
    tips.set(this.button,
      t('Projector mode: larger letters and lines, more contrast, controls away; p or Escape leaves it'));
    this.button.addEventListener('click', toggle, { signal });
    listenToKeys({ p: toggle }, signal);
    document.addEventListener('keydown', event => {
      if (event.key === 'Escape' && !event.defaultPrevented && this.#isOn && !document.querySelector(MODAL))
        this.#turn(false);
    }, { signal });
    window.addEventListener('resize', () => this.fit(), { signal });
    signal.addEventListener('abort', () => document.documentElement.removeAttribute('data-gd-projector'));
    this.#show(new URL(location.href).searchParams.get(NAME) === '1');
  }

  get #isOn() {
    return NAME in this.#root.dataset;
  }

  /** @param {boolean} on */
  #turn(on) {
    // The rest of it stays letter by letter: as it is written, a link is as short as it can be
    const rest = location.search.slice(1).split('&').filter(part => part && part.split('=')[0] !== NAME);
    const query = [...(on ? [`${NAME}=1`] : []), ...rest].join('&');
    history.replaceState(history.state, '', `${location.pathname}${query && `?${query}`}${location.hash}`);
    this.#show(on);
    this.#onChange();
  }

  /** @param {boolean} on */
  #show(on) {
    this.#root.toggleAttribute(`data-${NAME}`, on);
    document.documentElement.toggleAttribute('data-gd-projector', on); // the page beside it: see live.css
    this.button.setAttribute('aria-pressed', String(on));
    if (on && !this.#style.isConnected) {
      this.#style.addEventListener('load', () => this.#onChange(), { signal: this.#signal });
      this.#root.prepend(this.#style);
    }
    this.fit();
  }

  /** As large as the window gives room for. */
  fit() {
    if (!this.#isOn) {
      delete this.#root.dataset.magnified;
      this.#root.style.removeProperty('--gd-times');
      return;
    }
    const wanted = Math.min(window.innerWidth / ROOM.width, window.innerHeight / ROOM.height,
      this.#root.clientWidth / LEAST_VIEW_PX);
    const times = Math.max(RANGE[0], Math.min(RANGE[1], wanted)).toFixed(2);
    this.#root.dataset.magnified = times;
    this.#root.style.setProperty('--gd-times', times);
  }
}
