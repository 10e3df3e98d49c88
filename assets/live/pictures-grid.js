// @ts-check
/**
 * A grid of pictures on one canvas, each in a frame of its own
 * colour: read under the pointer, chosen by click or arrow keys.
 */
import { pixelRatio } from './canvas.js';
import { element } from './dom.js';
import { cornerOf, GAP, tileAt } from './pictures-fit.js';
import { Pointer } from './pictures-pointer.js';
import { Tiles } from './pictures-tiles.js';

/** @typedef {object} Shown what the grid shows now
 * @property {import('./pictures-fit.js').Fit} fit
 * @property {Uint8Array} bytes (n, c, h, w)
 * @property {import('./pictures-tiles.js').Shape} shape
 * @property {(i: number) => string | null} [colour] of a frame; null for a plain line
 * @property {(i: number) => string} [says] read under the pointer
 * @property {(i: number) => string} [mark] written into the corner
 * @property {number | null} [selected]
 * @property {number | null} [other] the second of two chosen ones */

/** @typedef {object} ImageGridOptions
 * @property {string} label
 * @property {AbortSignal} signal
 * @property {import('./tip.js').Tips} tips
 * @property {() => void} request
 * @property {(i: number | null, isOther: boolean) => void} [onChoose] `isOther`: with Shift, as the second one */

const NAMED_EVERY_MS = 2000; // the words for those who do not see the pictures
const RING_PX = 2;

export class ImageGrid {
  #options;
  #canvas = /** @type {HTMLCanvasElement} */ (element('canvas', { class: 'gd-image-grid-canvas' }));
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d', { alpha: false }));
  #tiles = new Tiles();
  /** @type {unknown[]} what is on the tiles */
  #painted = [];
  /** @type {Shown | null} */
  #shown = null;
  #pointer;
  /** @type {HTMLElement[]} */
  #cells = [];
  #columns = 0;
  #namedAt = -Infinity;
  #id = `gd-image-grid-${crypto.getRandomValues(new Uint32Array(1))[0]}`;

  /** @param {ImageGridOptions} options */
  constructor(options) {
    this.#options = options;
    const { label, signal, onChoose } = options;
    this.node = element('div', { class: 'gd-image-grid', role: onChoose ? 'grid' : 'img', 'aria-label': label,
      tabindex: onChoose && 0 }, this.#canvas);
    this.#pointer = new Pointer(this.#canvas, options, { byFinger: false, isMagnified: false });
    if (!onChoose) return;
    this.node.setAttribute('aria-keyshortcuts', 'ArrowLeft ArrowRight ArrowUp ArrowDown Home End Escape');
    this.#canvas.addEventListener('click', ({ offsetX, offsetY, shiftKey }) => {
      const i = this.#under(offsetX, offsetY);
      if (i !== null) onChoose(i, shiftKey);
    }, { signal });
    this.node.addEventListener('keydown', event => this.#press(event), { signal });
  }

  /** @param {string} words */
  set label(words) {
    if (this.node.getAttribute('aria-label') !== words) this.node.setAttribute('aria-label', words);
  }

  /** @param {Shown} shown @param {import('./palette.js').Theme} theme */
  draw(shown, theme) {
    this.#shown = shown;
    const { fit, bytes, shape } = shown;
    this.#size(Math.ceil(fit.width), Math.ceil(fit.height));
    if (this.#canvas.style.visibility) this.#canvas.style.visibility = '';
    const wanted = [bytes, fit.scale];
    if (wanted.some((part, i) => part !== this.#painted[i])) this.#tiles.paint(bytes, shape, fit.scale);
    this.#painted = wanted;
    this.#drawAll(shown, theme);
    this.#readPoint(shown);
    this.#name(shown);
  }

  /** Nothing is shown. */
  clear() {
    this.#shown = null;
    this.#painted = [];
    this.#namedAt = -Infinity;
    this.#pointer.at = null;
    this.#canvas.style.visibility = 'hidden';
  }

  /** The canvas is as large as its pictures, not as its place. @param {number} width
   * @param {number} height in CSS px */
  #size(width, height) {
    const canvas = this.#canvas;
    const ratio = pixelRatio(canvas);
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) {
      Object.assign(canvas, { width: w, height: h });
      Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    }
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  /** @param {Shown} shown @param {import('./palette.js').Theme} theme */
  #drawAll(shown, theme) {
    const c = this.#context;
    const { fit, colour, mark, selected = null, other = null } = shown;
    const { size, frame } = fit;
    c.fillStyle = theme.background;
    c.fillRect(0, 0, Math.ceil(fit.width), Math.ceil(fit.height));
    for (let i = 0; i < fit.count; i++) {
      const [x, y] = cornerOf(fit, i);
      if (frame) {
        c.fillStyle = colour?.(i) ?? theme.grid;
        c.fillRect(x - frame, y - frame, size + 2 * frame, size + 2 * frame);
        c.fillStyle = theme.line; // a black picture on a dark page still has its border
        c.fillRect(x - 1, y - 1, size + 2, size + 2);
      }
      this.#tiles.draw(c, i, x, y, size);
      const word = mark?.(i);
      if (word) this.#write(word, x, y, size, theme);
    }
    const hovered = this.#pointer.at && this.#options.onChoose ? this.#under(this.#pointer.at.x, this.#pointer.at.y)
      : null;
    if (hovered !== null) this.#ring(hovered, theme.muted, []);
    if (other !== null && other < fit.count) this.#ring(other, theme.text, [4, 3]);
    if (selected !== null && selected < fit.count) this.#ring(selected, theme.text, []);
  }

  /** @param {number} x @param {number} y */
  #under(x, y) {
    return this.#shown && tileAt(this.#shown.fit, x, y);
  }

  /** @param {number} i @param {string} ink @param {number[]} dash */
  #ring(i, ink, dash) {
    const { fit } = /** @type {Shown} */ (this.#shown);
    const { frame, size } = fit;
    const [x, y] = cornerOf(fit, i);
    const out = frame + GAP / 2;
    const c = this.#context;
    c.setLineDash(dash);
    c.lineWidth = RING_PX;
    c.strokeStyle = ink;
    c.strokeRect(x - out, y - out, size + 2 * out, size + 2 * out);
    c.setLineDash([]);
  }

  /** @param {string} word @param {number} x @param {number} y @param {number} size
   * @param {import('./palette.js').Theme} theme */
  #write(word, x, y, size, theme) {
    const c = this.#context;
    const letters = Math.max(9, Math.min(13, size / 4));
    c.font = `600 ${letters}px ${theme.font}`;
    c.textAlign = 'right';
    c.textBaseline = 'bottom';
    const width = c.measureText(word).width + 4;
    c.fillStyle = theme.background;
    c.fillRect(x + size - width, y + size - letters - 1, width, letters + 1);
    c.fillStyle = theme.text;
    c.fillText(word, x + size - 2, y + size + 1);
  }

  /** What is under the pointer, also while it rests and the game goes on. @param {Shown} shown */
  #readPoint({ says, selected }) {
    if (!this.#pointer.at) return;
    const i = this.#under(this.#pointer.at.x, this.#pointer.at.y);
    // what is chosen is said beside the grid
    if (i === null || !says || i === selected) return this.#options.tips.leavePoint();
    this.#pointer.say(says(i));
  }

  /** A grid's rows and cells, for those who hear it. @param {Shown} shown */
  #name({ fit, says, selected = null }) {
    if (!this.#options.onChoose) return;
    if (this.#cells.length !== fit.count || this.#columns !== fit.columns) this.#build(fit);
    const now = performance.now();
    const active = selected === null ? null : this.#cells[selected];
    if (active) this.node.setAttribute('aria-activedescendant', active.id);
    else this.node.removeAttribute('aria-activedescendant');
    if (active && says) active.setAttribute('aria-label', says(/** @type {number} */ (selected)).replace('\n', ', '));
    if (now - this.#namedAt < NAMED_EVERY_MS) return;
    this.#namedAt = now;
    this.#cells.forEach((cell, i) => {
      cell.setAttribute('aria-selected', String(i === selected));
      if (says) cell.setAttribute('aria-label', says(i).replace('\n', ', '));
    });
  }

  /** @param {import('./pictures-fit.js').Fit} fit */
  #build({ count, columns, rows }) {
    this.#cells = Array.from({ length: count }, (_, i) =>
      element('span', { role: 'gridcell', id: `${this.#id}-${i}`, 'aria-selected': false }));
    this.#columns = columns;
    this.#namedAt = -Infinity;
    const lines = Array.from({ length: rows }, (_, row) =>
      element('span', { role: 'row' }, ...this.#cells.slice(row * columns, (row + 1) * columns)));
    this.node.replaceChildren(this.#canvas, element('span', { class: 'gd-unseen', role: 'presentation' }, ...lines));
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const { onChoose } = this.#options;
    if (!this.#shown || !onChoose || event.ctrlKey || event.metaKey || event.altKey) return;
    const { fit, selected = null, other = null } = this.#shown;
    const at = (event.shiftKey && other !== null ? other : selected) ?? null;
    const to = reached(event.key, at, fit);
    if (to === undefined) return;
    event.preventDefault();
    if (to === at && to !== null) return; // at the edge; a second click would let go of it
    const isOther = event.shiftKey && selected !== null && to !== null;
    // the next key may come before the next drawing
    this.#shown = { ...this.#shown, [isOther ? 'other' : 'selected']: to };
    onChoose(to, isOther);
  }
}

/** Where a key leads from a picture; null: nowhere; undefined: another key.
 * @param {string} key @param {number | null} from @param {import('./pictures-fit.js').Fit} fit */
function reached(key, from, { columns, count }) {
  if (key === 'Escape') return null;
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
  if (step === undefined) return undefined;
  if (from === null) return 0;
  const to = from + step;
  return to >= 0 && to < count ? to : from;
}
