// @ts-check
/**
 * A field on a small grid as a smooth picture: orange where it is
 * negative, blue where positive, the page's own background at 0.
 *
 * The values are interpolated, not the colours: half way between
 * orange and blue lies the background, not a muddy mixture.
 */
import { channels } from './palette.js';

const FACTOR = 4; // pixels per grid cell and axis; the browser stretches the rest
const STEPS = 255; // colours on either side of the background
const STRONGEST = { light: 0.6, dark: 0.66 }; // how much of the ink there is at ±1: dots must still stand out

/** Weights of the four nearest samples for each of the FACTOR places within a cell. */
const SMOOTH = weights(catmullRom);
/** The same from the two nearest alone: next to samples that are missing nothing may swing. */
const STRAIGHT = weights(t => [0, 1 - t, t, 0]);

export class FieldRaster {
  #canvas = document.createElement('canvas');
  /** @type {ImageData | null} */
  #image = null;
  #colours = new Uint32Array(2 * STEPS + 1);
  /** @type {import('./palette.js').Theme | null} */
  #theme = null;
  #side = 0;
  #rows = new Float32Array(0);
  #fine = new Float32Array(0);
  #mask = new Float32Array(0);
  #fineMask = new Float32Array(0);
  #filled = new Float32Array(0);

  /** @param {Float32Array} values (n, n) in -1..1, row 0 at the bottom, NaN where there is nothing to show
   * @param {number} n
   * @param {import('./palette.js').Theme} theme */
  paint(values, n, theme) {
    this.#resize(n);
    this.#recolour(theme);
    const pixels = new Uint32Array(/** @type {ImageData} */ (this.#image).data.buffer);
    const colours = this.#colours;
    const side = this.#side;
    const holes = this.#fillHoles(values);
    stretch(holes ? this.#filled : values, n, holes ? STRAIGHT : SMOOTH, this.#rows, this.#fine);
    if (holes) stretch(this.#mask, n, STRAIGHT, this.#rows, this.#fineMask);
    for (let row = 0; row < side; row++) {
      const from = (side - 1 - row) * side;
      const to = row * side;
      for (let i = 0; i < side; i++) {
        const share = holes ? this.#fineMask[from + i] : 1;
        const value = holes && share > 0 ? this.#fine[from + i] / share : this.#fine[from + i];
        const colour = colours[Math.round((value < -1 ? -1 : value > 1 ? 1 : value) * STEPS) + STEPS];
        pixels[to + i] = holes ? (colour & 0xffffff) | (Math.round(255 * share) << 24) : colour;
      }
    }
    const context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d'));
    context.putImageData(/** @type {ImageData} */ (this.#image), 0, 0);
  }

  /** @param {CanvasRenderingContext2D} c @param {number} x @param {number} y @param {number} width
   * @param {number} height in px */
  draw(c, x, y, width, height) {
    if (!this.#image) return;
    c.imageSmoothingEnabled = true;
    c.drawImage(this.#canvas, x, y, width, height);
  }

  /** @param {number} n */
  #resize(n) {
    const side = n * FACTOR;
    if (side === this.#side) return;
    this.#side = side;
    Object.assign(this.#canvas, { width: side, height: side });
    this.#image = new ImageData(side, side);
    this.#rows = new Float32Array(n * side);
    this.#fine = new Float32Array(side * side);
    this.#fineMask = new Float32Array(side * side);
    this.#mask = new Float32Array(n * n);
    this.#filled = new Float32Array(n * n);
  }

  /** Missing samples weigh nothing; says whether there are any.
   * @param {Float32Array} values */
  #fillHoles(values) {
    let holes = false;
    for (let i = 0; i < values.length; i++) {
      const known = values[i] === values[i];
      this.#mask[i] = known ? 1 : 0;
      this.#filled[i] = known ? values[i] : 0;
      holes ||= !known;
    }
    return holes;
  }

  /** @param {import('./palette.js').Theme} theme */
  #recolour(theme) {
    if (theme === this.#theme) return;
    this.#theme = theme;
    const ground = channels(theme.background);
    const inks = [channels(theme.generated), channels(theme.real)];
    const strongest = theme.dark ? STRONGEST.dark : STRONGEST.light;
    for (let i = -STEPS; i <= STEPS; i++) {
      const share = (strongest * Math.abs(i)) / STEPS;
      const [r, g, b] = ground.map((from, k) => Math.round(from + share * (inks[i < 0 ? 0 : 1][k] - from)));
      // little-endian, as all machines with a browser are
      this.#colours[i + STEPS] = (255 << 24) | (b << 16) | (g << 8) | r;
    }
  }
}

/** From (n, n) to FACTOR times as many samples along both axes.
 * @param {Float32Array} values @param {number} n @param {Float32Array} taps
 * @param {Float32Array} rows room for (n, FACTOR n) @param {Float32Array} fine */
function stretch(values, n, taps, rows, fine) {
  const side = n * FACTOR;
  for (let i = 0; i < side; i++) {
    const phase = 4 * (i % FACTOR);
    const [w0, w1, w2, w3] = [taps[phase], taps[phase + 1], taps[phase + 2], taps[phase + 3]];
    const [a, b, c, d] = neighbours(i, n);
    for (let j = 0, at = 0; j < n; j++, at += n) rows[j * side + i] = w0 * values[at + a] + w1 * values[at + b]
      + w2 * values[at + c] + w3 * values[at + d];
  }
  for (let j = 0; j < side; j++) {
    const phase = 4 * (j % FACTOR);
    const [w0, w1, w2, w3] = [taps[phase], taps[phase + 1], taps[phase + 2], taps[phase + 3]];
    const [a, b, c, d] = neighbours(j, n).map(k => k * side);
    for (let i = 0, to = j * side; i < side; i++) fine[to + i] = w0 * rows[a + i] + w1 * rows[b + i] + w2 * rows[c + i]
      + w3 * rows[d + i];
  }
}

/** The four samples around fine sample `i`; at the border the last one stands for those beyond.
 * @param {number} i @param {number} n */
function neighbours(i, n) {
  const first = Math.floor((i + 0.5) / FACTOR - 0.5) - 1;
  return [0, 1, 2, 3].map(k => Math.min(n - 1, Math.max(0, first + k)));
}

/** @param {(t: number) => number[]} kernel weights of the samples at -1, 0, 1, 2 for a place t in 0..1 */
function weights(kernel) {
  const places = Array.from({ length: FACTOR }, (_, phase) => ((phase + 0.5) / FACTOR + 0.5) % 1);
  return Float32Array.from(places.flatMap(kernel));
}

/** @param {number} t */
function catmullRom(t) {
  return [(-t + 2 * t * t - t * t * t) / 2, (2 - 5 * t * t + 3 * t * t * t) / 2, (t + 4 * t * t - 3 * t * t * t) / 2,
    (t * t * t - t * t) / 2];
}
