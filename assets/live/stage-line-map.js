// @ts-check
/**
 * Under the densities, on one canvas and over the same x axis: the ticks of x, rugs
 * of real and generated samples, and the threads that lead from each latent z to
 * its x = G(z). Some 400 strokes a frame: little for a canvas, too much for SVG.
 */

import { fitCanvas, roomIn } from './canvas.js';
import { t } from './words.js';

/** @typedef {object} Scene
 * @property {{l: number, r: number}} margin of the plot above
 * @property {import('./palette.js').Theme} theme
 * @property {[number, number]} range of x
 * @property {{value: number, label: string}[]} ticks of x
 * @property {[number, number]} latentWindow
 * @property {number} latentDimension
 * @property {Record<string, import('./bytes.js').NumberArray>} arrays of the frame
 * @property {boolean} [compact] without names of its rows
 * @property {boolean} samples whether the rugs are shown
 * @property {boolean} threads whether the map is shown */

const TICKS = 14; // y of the tick labels, in px
const REAL = [24, 36];
const GENERATED = [41, 53];
const SHORTEST = GENERATED[1] + 54; // px: threads in less room would say nothing
const LATENTS = 34; // height of the z row with its ticks, from the bottom

export class MapCanvas {
  #canvas;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
  }

  /** @param {Scene} scene @returns {boolean} whether there was room */
  draw(scene) {
    const { width, height } = roomIn(this.#canvas);
    const c = this.#canvas.getContext('2d');
    if (!c || width < 40 || !fitCanvas(c, TICKS)) return false;
    c.clearRect(0, 0, width, height);

    const { l: left, r } = scene.margin;
    const right = width - r;
    const toX = scale(scene.range, left, right);
    const toZ = scale(scene.latentWindow, left, right);
    const bottom = height - LATENTS;
    this.#ticks(c, scene, toX, left, right);
    const hasRugs = scene.samples && height > GENERATED[1];
    if (hasRugs) this.#rugs(c, scene, toX, left, right);
    if (scene.threads && height > SHORTEST) this.#threads(c, { ...scene, samples: hasRugs }, toX, toZ,
      { left, right, bottom });
    return true;
  }

  /** @param {CanvasRenderingContext2D} c @param {Scene} scene @param {(x: number) => number} toX
   * @param {number} left @param {number} right */
  #ticks(c, { theme, ticks, compact }, toX, left, right) {
    write(c, theme, theme.muted, 'center');
    c.strokeStyle = theme.line;
    c.beginPath();
    for (const { value, label } of ticks) {
      const x = toX(value);
      c.moveTo(x, 0);
      c.lineTo(x, 4);
      if (x > left + 4 && x < right - 4) c.fillText(label, x, TICKS);
    }
    c.stroke();
    c.textAlign = 'right';
    if (!compact) c.fillText('x', left - 8, TICKS);
  }

  /** @param {CanvasRenderingContext2D} c @param {Scene} scene @param {(x: number) => number} toX
   * @param {number} left @param {number} right */
  #rugs(c, { theme, arrays, compact }, toX, left, right) {
    const rows = /** @type {const} */ ([
      [arrays.real, REAL, theme.real, theme.real, t('real')],
      [arrays.generated, GENERATED, theme.generated, theme.words, 'G(z)'],
    ]);
    for (const [values, [from, to], ink, words, label] of rows) {
      write(c, theme, words, 'right');
      if (!compact) c.fillText(label, left - 8, (from + to) / 2 + 0.5);
      c.strokeStyle = ink;
      c.globalAlpha = theme.opacities.rug;
      c.lineWidth = 1.2;
      c.beginPath();
      for (const value of values ?? []) {
        const x = toX(value);
        if (x < left || x > right) continue;
        c.moveTo(x, from);
        c.lineTo(x, to);
      }
      c.stroke();
      c.globalAlpha = 1;
    }
  }

  /** @param {CanvasRenderingContext2D} c @param {Scene} scene @param {(x: number) => number} toX
   * @param {(z: number) => number} toZ
   * @param {{left: number, right: number, bottom: number}} box */
  #threads(c, { theme, arrays, compact, samples, latentWindow, latentDimension }, toX, toZ, { left, right, bottom }) {
    const top = samples ? GENERATED[1] + 2 : TICKS + 10;
    const { latents, generated } = arrays;
    const bend = 0.5 * (bottom - top);
    c.strokeStyle = theme.line;
    c.lineWidth = 1;
    c.beginPath();
    c.moveTo(left, bottom + 0.5);
    c.lineTo(right, bottom + 0.5);
    c.stroke();
    write(c, theme, theme.muted, 'right');
    if (!compact) c.fillText(latentDimension > 1 ? 'z₁' : 'z', left - 8, bottom);
    c.textAlign = 'center';
    for (const z of latentTicks(latentWindow)) c.fillText(z.label, toZ(z.value), bottom + 15);
    if (!latents || !generated) return;

    c.save();
    c.beginPath();
    c.rect(left, top, right - left, bottom - top + 6);
    c.clip(); // a sample outside the window leaves through its side
    c.strokeStyle = theme.generated;
    c.globalAlpha = theme.opacities.thread;
    c.beginPath();
    for (let i = 0; i < latents.length; i++) {
      const [x, z] = [toX(generated[i]), toZ(latents[i])];
      c.moveTo(x, top);
      c.bezierCurveTo(x, top + bend, z, bottom - bend, z, bottom);
    }
    c.stroke();
    c.restore();
    c.fillStyle = theme.muted;
    c.beginPath();
    for (const latent of latents) {
      const z = toZ(latent);
      c.moveTo(z + 2.2, bottom);
      c.arc(z, bottom, 2.2, 0, 2 * Math.PI);
    }
    c.fill();
  }
}

/** @param {[number, number]} range @param {number} left @param {number} right */
const scale = ([low, high], left, right) => (/** @type {number} */ value) => left
  + ((value - low) / (high - low)) * (right - left);

/** @param {CanvasRenderingContext2D} c @param {import('./palette.js').Theme} theme @param {string} ink
 * @param {CanvasTextAlign} align */
function write(c, theme, ink, align) {
  c.font = `11px ${theme.font}`;
  c.textBaseline = 'middle';
  c.textAlign = align;
  c.fillStyle = ink;
}

/** @param {[number, number]} window */
function latentTicks([low, high]) {
  const values = [-2, -1, 0, 1, 2].filter(z => z >= low && z <= high);
  return values.map(value => ({ value, label: String(value).replace('-', '\u2212') }));
}
