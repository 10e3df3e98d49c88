// @ts-check
/**
 * How D's values spread over real and over generated pictures: two outlines that close on the equilibrium's value.
 */
import { niceTicks, SteadyRange } from './axes.js';
import { fitCanvas, roomIn } from './canvas.js';
import { element, maths } from './dom.js';
import { percent, round } from './numbers.js';
import { translucent } from './palette.js';
import { Pointer } from './pictures-pointer.js';
import { SteadyScale } from './plane-fields.js';
import { isProbability, NO_GAME, readingOf } from './reading.js';
import { t } from './words.js';

/** @typedef {import('./palette.js').Theme} Theme */

const BELOW_PX = 17; // for the axis
const ABOVE_PX = 4;
const SMALLEST = 0.1; // an outline that is lower than this share does not fill the picture

export class Histogram {
  #canvas = /** @type {HTMLCanvasElement} */ (element('canvas', { role: 'img' }));
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d'));
  #caption = element('figcaption');
  node = element('figure', { class: 'gd-pictures-figure gd-pictures-histogram' }, this.#caption, this.#canvas);
  #top = new SteadyScale();
  #range = new SteadyRange();
  #reading = readingOf(NO_GAME);
  #pointer;

  /** @param {import('./pictures-pointer.js').PointerOptions} options */
  constructor(options) {
    this.#pointer = new Pointer(this.#canvas, options);
  }

  /** @param {import('./reading.js').DiscriminatorReading} reading */
  read(reading) {
    this.#reading = reading;
    this.clear();
    const of = (/** @type {string} */ name, /** @type {string} */ ink) =>
      element('b', { style: `color: var(--gd-${ink})` }, ...maths(name));
    this.#caption.replaceChildren(t('{symbol} of', { symbol: reading.symbol }) + ' ', of(t('real'), 'real'), t(' and '),
      of(t('generated'), 'words'));
  }

  clear() {
    this.#top.clear();
    this.#range.clear();
  }

  /** @param {Float32Array | undefined} real @param {Float32Array | undefined} generated shares (bins)
   * @param {{of: [number, number], isFixed: boolean}} range of the bins, for good or in this frame
   * @param {Theme} theme */
  draw(real, generated, { of: bins, isFixed }, theme) {
    const c = this.#context;
    if (!fitCanvas(c)) return;
    const { width, height } = roomIn(this.#canvas);
    c.clearRect(0, 0, width, height);
    if (!real?.length || generated?.length !== real.length) return;
    const floor = height - BELOW_PX + 0.5;
    const top = this.#top.fit(Math.max(...real, ...generated), SMALLEST);
    const y = (/** @type {number} */ share) => floor - (share / top) * (floor - ABOVE_PX);
    const range = isFixed ? bins : this.#range.fit(bins[0], bins[1]);
    const x = (/** @type {number} */ value) => ((value - range[0]) / (range[1] - range[0])) * width;
    this.#drawAxis(range, width, floor, theme);
    outline(c, real, [x(bins[0]), x(bins[1])], floor, y, theme.real, theme.dark ? 0.22 : 0.16, []);
    outline(c, generated, [x(bins[0]), x(bins[1])], floor, y, theme.generated, theme.dark ? 0.22 : 0.16, [4, 2.5]);
    this.#describe(real, generated, bins);
    this.#readPoint(real, generated, bins, [x(bins[0]), x(bins[1])]);
  }

  /** @param {[number, number]} range @param {number} width @param {number} floor @param {Theme} theme */
  #drawAxis([low, high], width, floor, theme) {
    const c = this.#context;
    const { centre, centre_label: name } = this.#reading;
    const x = (/** @type {number} */ value) => ((value - low) / (high - low)) * width;
    c.lineWidth = 1;
    c.strokeStyle = theme.line;
    c.beginPath();
    c.moveTo(0, floor);
    c.lineTo(width, floor);
    c.stroke();
    const marks = isProbability(this.#reading) ? [{ value: low, label: round(low) },
      { value: high, label: round(high) }] : niceTicks([low, high], 4).map(value => ({ value, label: round(value) }));
    const middle = centre !== null && centre > low && centre < high ? [{ value: centre, label: name }] : [];
    c.font = `11px ${theme.font}`;
    c.textBaseline = 'top';
    for (const { value, label } of [...marks.filter(({ value }) => value !== centre), ...middle]) {
      const half = c.measureText(label).width / 2;
      c.textAlign = 'center';
      c.fillStyle = value === centre ? theme.text : theme.muted;
      c.fillText(label, Math.min(width - half, Math.max(half, x(value))), floor + 4);
    }
    if (!middle.length) return;
    c.setLineDash([2, 4]);
    c.lineWidth = 1.5;
    c.strokeStyle = theme.muted;
    c.beginPath();
    c.moveTo(Math.round(x(middle[0].value)), ABOVE_PX);
    c.lineTo(Math.round(x(middle[0].value)), floor);
    c.stroke();
    c.setLineDash([]);
  }

  /** @param {Float32Array} real @param {Float32Array} generated @param {[number, number]} range */
  #describe(real, generated, range) {
    const most = (/** @type {Float32Array} */ shares) => bin(range, shares.length, shares.indexOf(Math.max(...shares)));
    const words = t('Histogram of {symbol}. Most often it lies in {most} on real pictures, in {most2} '
      + 'on generated ones.', { symbol: this.#reading.symbol, most: most(real), most2: most(generated) });
    if (this.#canvas.getAttribute('aria-label') !== words) this.#canvas.setAttribute('aria-label', words);
  }

  /** @param {Float32Array} real @param {Float32Array} generated @param {[number, number]} range
   * @param {[number, number]} place of the bins in px */
  #readPoint(real, generated, range, [from, to]) {
    if (!this.#pointer.at) return;
    const i = Math.min(real.length - 1,
      Math.max(0, Math.floor(((this.#pointer.at.x - from) / (to - from)) * real.length)));
    this.#pointer.say(t('{symbol} in {bin}\nreal {real} generated {generated}',
        { symbol: this.#reading.symbol,
          bin: bin(range, real.length, i),
          real: percent(real[i], 1),
          generated: percent(generated[i], 1) }));
  }
}

/** "0.40 to 0.45". @param {[number, number]} range @param {number} bins @param {number} i */
function bin([low, high], bins, i) {
  const edge = (/** @type {number} */ k) => round(Number((low + ((high - low) * k) / bins).toPrecision(3)));
  return t('{low} to {high}', { low: edge(i), high: edge(i + 1) });
}

/** @param {CanvasRenderingContext2D} c @param {Float32Array} shares
 * @param {[number, number]} place of the bins in px @param {number} floor @param {(share: number) => number} y
 * @param {string} ink @param {number} fill @param {number[]} dash */
function outline(c, shares, [from, to], floor, y, ink, fill, dash) {
  const step = (to - from) / shares.length;
  c.beginPath();
  c.moveTo(from, floor);
  shares.forEach((share, i) => {
    c.lineTo(from + i * step, y(share));
    c.lineTo(from + (i + 1) * step, y(share));
  });
  c.lineTo(to, floor);
  c.fillStyle = translucent(ink, fill);
  c.fill();
  c.setLineDash(dash);
  c.lineWidth = 1.6;
  c.strokeStyle = ink;
  c.stroke();
  c.setLineDash([]);
}
