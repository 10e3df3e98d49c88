// @ts-check
/**
 * A walk between two latents: the pictures along the way, and a slider to stop anywhere between.
 */
import { pixelRatio } from './canvas.js';
import { element, write } from './dom.js';
import { percent } from './numbers.js';
import { fitTiles } from './pictures-fit.js';
import { Pane } from './pictures-pane.js';
import { ImageGrid } from './pictures-grid.js';
import { t } from './words.js';

const HEADER_PX = 22;
const SLIDER_PX = 22;
const GAP_PX = 10;
const BETWEEN = 0.24; // of the width, at most, for the picture between

/** @typedef {object} Between
 * @property {number} from @property {number} to pictures of the grid
 * @property {number} share of the way
 * @property {Uint8Array} [walk] (k, c, h, w) @property {Uint8Array} [picture] (c, h, w), once they have come
 * @property {string} says "D 0.482", of the picture between
 * @property {string | null} colour of its frame */

export class Walk {
  #grid;
  #pane = new Pane('');
  #title = element('h3');
  #says = element('span', { class: 'gd-closeup-says' });
  #slider = /** @type {HTMLInputElement} */ (element('input', { type: 'range', min: 0, max: 1, step: 0.01 }));
  #steps = element('div', { class: 'gd-walk-steps' });
  node;

  /** @param {{signal: AbortSignal, tips: import('./tip.js').Tips, request: ()
   * => void, onShare: (share: number) => void, onClose: () => void}} options */
  constructor({ onShare, onClose, ...options }) {
    const { signal } = options;
    this.#grid = new ImageGrid({ label: t('Pictures along the walk'), ...options });
    const close = element('button', { type: 'button', class: 'gd-close', 'aria-label': t('End the walk') }, '×');
    this.#steps.append(this.#grid.node, this.#slider);
    this.node = element('section', { class: 'gd-walk', 'aria-label': t('A walk between two latents'), hidden: '' },
      element('header', {}, this.#title, this.#says, close),
      element('div', { class: 'gd-walk-way' }, this.#steps, this.#pane.node));
    this.#slider.addEventListener('input', () => onShare(Number(this.#slider.value)), { signal });
    close.addEventListener('click', onClose, { signal });
  }

  clear() {
    this.#grid.clear();
  }

  /** @param {Between} between @param {import('./pictures-tiles.js').Shape} shape @param {number} count of steps
   * @param {import('./palette.js').Theme} theme */
  draw({ from, to, share, walk, picture, says, colour }, shape, count, theme) {
    const names = t('picture {what} to picture {what2}', { what: from + 1, what2: to + 1 });
    write(this.#title, t('From {names}', { names }));
    write(this.#says, t('{share} of the way: {says}', { share: percent(share), says }));
    if (document.activeElement !== this.#slider || Number(this.#slider.value) !== share) this.#slider.value =
      String(share);
    this.#slider.setAttribute('aria-label', t('Between {names}', { names }));
    this.#slider.setAttribute('aria-valuetext', t('{share} of the way, {says}', { share: percent(share), says }));
    this.#pane.label = t('The picture {share} of the way from {names}, {says}',
        { share: percent(share), names, says });
    const height = Math.floor(Math.min(BETWEEN * this.node.clientWidth, this.node.clientHeight - HEADER_PX));
    const width = this.node.clientWidth - height - GAP_PX;
    if (width < 60 || height < SLIDER_PX) return;
    const fit = fitTiles({ count, side: shape[1], columns: count, width, height: height - SLIDER_PX,
      ratio: pixelRatio(this.node), bare: 2 });
    // The slider's ends stand under the middles of the first and the last picture.
    this.#steps.style.setProperty('--gd-walk', `${Math.round(fit.width)}px`);
    this.#steps.style.setProperty('--gd-half', `${Math.round(fit.pitch / 2)}px`);
    this.node.style.setProperty('--gd-between', `${height}px`);
    if (walk) this.#grid.draw({ fit, bytes: walk, shape }, theme);
    this.#pane.draw(picture, shape, colour, theme);
  }
}
