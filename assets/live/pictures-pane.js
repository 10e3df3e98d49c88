// @ts-check
/**
 * One picture, as large as its place; and over it where D's gradient points.
 */
import { fitCanvas, roomIn } from './canvas.js';
import { element, write } from './dom.js';
import { channels } from './palette.js';
import { Tiles } from './pictures-tiles.js';

/** @typedef {import('./palette.js').Theme} Theme */
/** @typedef {import('./pictures-tiles.js').Shape} Shape */

const FRAME_PX = 3;
const MOST = 0.98; // of a gradient's pixels this share lies within the scale of its colours
const STRONGEST = 0.9; // ink
const FAINT = 0.55; // how much of the picture's own contrast is seen beneath

export class Pane {
  #canvas = /** @type {HTMLCanvasElement} */ (element('canvas', { role: 'img' }));
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d'));
  #tiles = new Tiles();
  #caption = element('figcaption');
  node = element('figure', { class: 'gd-pane' }, this.#canvas, this.#caption);

  /** @param {string} caption */
  constructor(caption) {
    this.#caption.textContent = caption;
  }

  /** @param {string} words */
  set caption(words) {
    write(this.#caption, words);
  }

  /** @param {string} words */
  set label(words) {
    if (this.#canvas.getAttribute('aria-label') !== words) this.#canvas.setAttribute('aria-label', words);
  }

  /** @param {Uint8Array | null | undefined} bytes (c, h, w); none while it is awaited @param {Shape} shape
   * @param {string | null} colour of the frame @param {Theme} theme */
  draw(bytes, shape, colour, theme) {
    const c = this.#context;
    if (!fitCanvas(c)) return;
    const { width, height } = roomIn(this.#canvas);
    const room = Math.min(width, height);
    c.clearRect(0, 0, width, height);
    const ratio = c.getTransform().a;
    const scale = Math.floor((room - 2 * FRAME_PX) * ratio) / shape[1];
    const size = (scale * shape[1]) / ratio;
    c.fillStyle = colour ?? theme.line;
    if (colour) c.fillRect(0, 0, size + 2 * FRAME_PX, size + 2 * FRAME_PX);
    c.fillStyle = bytes ? theme.line : theme.grid;
    c.fillRect(FRAME_PX - 1, FRAME_PX - 1, size + 2, size + 2);
    if (!bytes) return;
    this.#tiles.paint(bytes, shape, scale);
    this.#tiles.draw(c, 0, FRAME_PX, FRAME_PX, size);
  }
}

/** A picture in pale grey, inked where D's gradient is not 0: blue where
 * a brighter pixel would look more real, orange where more generated.
 * @param {Uint8Array} bytes (c, h, w) @param {Shape} shape @param {Float32Array} gradient (h, w)
 * @param {Theme} theme @returns {Uint8Array} (3, h, w) */
export function inkGradient(bytes, [count, height, width], gradient, theme) {
  const area = height * width;
  const inked = new Uint8Array(3 * area);
  const sizes = Float32Array.from(gradient, value => (Number.isFinite(value) ? Math.abs(value) : 0)).sort();
  const scale = sizes[Math.round(MOST * (area - 1))] || sizes[area - 1] || 1;
  const [low, high] = [theme.background, theme.text].map(channels);
  const inks = [theme.generated, theme.real].map(channels);
  for (let i = 0; i < area; i++) {
    let grey = 0;
    for (let k = 0; k < count; k++) grey += bytes[k * area + i] / (255 * count);
    const share = Math.min(1, Math.abs(gradient[i] || 0) / scale);
    const ink = inks[gradient[i] < 0 ? 0 : 1];
    for (let k = 0; k < 3; k++) {
      // Bright stays bright on a dark page too.
      const [dark, light] = low[k] < high[k] ? [low[k], high[k]] : [high[k], low[k]];
      const beneath = 0.5 * (light + dark) + FAINT * (grey - 0.5) * (light - dark);
      inked[k * area + i] = beneath + STRONGEST * share * (ink[k] - beneath);
    }
  }
  return inked;
}
