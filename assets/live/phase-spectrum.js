// @ts-check
/**
 * A small complex plane: what a game does near its equilibrium. Either H's eigenvalues λ with the region in which
 * the rule contracts, or the multipliers of one round, which contracts when they lie inside the unit circle.
 */
import { niceTicks } from './axes.js';
import { fitCanvas, roomIn } from './canvas.js';
import { element } from './dom.js';
import { compact, round } from './numbers.js';
import { translucent } from './palette.js';
import { createSwitch } from './switch.js';
import { headed, said, t, together } from './words.js';

/** @typedef {[re: number, im: number]} Complex */

/** @typedef {import('./types.d.ts').Phase} Phase */

const title = () => t('Eigenvalues of the game at its equilibrium (descent field: stable when Re λ > 0)');
const CHOICES = [
  { value: 'eigenvalues', get label() { return t('eigenvalues λ'); },
    get hint() { return t('{title}. Shaded: where the rule with these step sizes contracts; alternating steps, '
      + 'or unequal ones, have no such region, for it takes more than λ to tell.', { title: title() }); } },
  { value: 'multipliers', get label() { return t('one round'); },
    get hint() { return t('What one round multiplies small distances by, as complex numbers. Shaded: the unit '
      + 'circle, inside which they shrink.'); } },
];
const CIRCLE = /** @type {Complex[]} */ (Array.from({ length: 121 }, (_, k) =>
  [Math.cos((2 * Math.PI * k) / 120), Math.sin((2 * Math.PI * k) / 120)]));
const AT_MOST = 6; // times as far as the eigenvalues lie: a larger boundary is shown where they are, not whole
const AROUND = 2.2; // times as far, then
const ROOM = 1.18;

export class SpectrumCanvas {
  #canvas = /** @type {HTMLCanvasElement} */ (element('canvas', { class: 'gd-spectrum-plane', role: 'img' }));
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d'));
  #choice;
  #wanted;

  /** @param {Pick<import('./stages.js').StageOptions, 'preferences' | 'tips' | 'signal' | 'request'>} options */
  constructor({ preferences, tips, signal, request }) {
    this.#wanted = preferences.get('spectrum', CHOICES[0].value);
    this.#choice = createSwitch({
      label: t('What the complex plane shows'),
      choices: CHOICES,
      value: this.#wanted,
      tips,
      signal,
      onChoose: value => {
        preferences.set('spectrum', value);
        this.#wanted = value;
        request();
      },
    });
    this.node = element('figure', { class: 'gd-spectrum' }, element('figcaption', {}, this.#choice.node), this.#canvas);
  }

  /** @param {Phase} phase @param {import('./palette.js').Theme} theme */
  draw(phase, theme) {
    const c = this.#context;
    const { multipliers } = phase;
    const shows = multipliers ? this.#wanted : 'eigenvalues';
    this.#choice.offer(multipliers ? CHOICES : CHOICES.slice(0, 1), shows);
    const plane = shows === 'multipliers'
      ? { dots: multipliers ?? [], region: CIRCLE, names: ['Re', 'Im'] }
      : { dots: phase.eigenvalues, region: phase.boundary, names: ['Re λ', 'Im λ'] };
    this.#canvas.setAttribute('aria-label',
      together(t('{verdict}.', { verdict: headed(shows === 'multipliers' ? CHOICES[1].hint : title(),
        plane.dots.map(inWords).join(t(' and '))) }), said(phase.words)));
    if (!fitCanvas(c)) return;
    const { width, height } = roomIn(this.#canvas);
    c.clearRect(0, 0, width, height);
    drawPlane(c, { width, height, theme, ...plane });
  }
}

/** @param {Complex} number */
export const inWords = ([re, im]) =>
  (Math.abs(im) < 1e-9 ? compact(re) : `${compact(re)} ${im < 0 ? '−' : '+'} ${compact(Math.abs(im))} i`);

/** @param {CanvasRenderingContext2D} c
 * @param {{width: number, height: number, theme: import('./palette.js').Theme, dots:
 * Complex[], region: Complex[] | null, names: string[], around?: number}} options
 * `around`: how far beyond the dots it is to be seen, times their distance */
export function drawPlane(c, { width, height, theme, dots, region, names, around = AROUND }) {
  const [reLow, reHigh, imHigh] = extent(dots, region, around);
  const scale = Math.min(width / (reHigh - reLow), height / (2 * imHigh));
  const [middleX, middleY] = [width / 2 - (scale * (reLow + reHigh)) / 2, height / 2];
  const x = (/** @type {number} */ re) => middleX + scale * re;
  const y = (/** @type {number} */ im) => middleY - scale * im;
  if (region) {
    c.beginPath();
    region.forEach(([re, im], k) => (k ? c.lineTo : c.moveTo).call(c, x(re), y(im)));
    c.closePath();
    c.fillStyle = translucent(theme.discriminator, theme.dark ? 0.2 : 0.14);
    c.fill();
    c.lineWidth = 1.2;
    c.strokeStyle = translucent(theme.discriminator, 0.85);
    c.stroke();
  }
  const taken = dots.some(([re, im]) => x(re) > width - NAME_PX && Math.abs(im) * scale < LETTERS_PX + 8);
  drawCross(c, { width, height, theme, x, y, scale, names, reAtLeft: taken });
  for (const [re, im] of dots) {
    c.beginPath();
    c.arc(x(re), y(im), 4, 0, 2 * Math.PI);
    c.fillStyle = theme.value;
    c.fill();
    c.lineWidth = 1.2;
    c.strokeStyle = theme.background;
    c.stroke();
  }
}

const LETTERS_PX = 10.5;
const NAME_PX = 34; // as long as an axis's name, and some room
const TICKS = 5;

/** The axes through 0, with a number or two on each.
 * @param {CanvasRenderingContext2D} c
 * @param {{width: number, height: number, theme: import('./palette.js').Theme, x: (re: number) =>
 * number, y: (im: number) => number, scale: number, names: string[], reAtLeft: boolean}} options */
function drawCross(c, { width, height, theme, x, y, scale, names, reAtLeft }) {
  const [x0, y0] = [x(0), y(0)].map(at => Math.round(at) + 0.5);
  c.beginPath();
  c.moveTo(0, y0);
  c.lineTo(width, y0);
  c.moveTo(x0, 0);
  c.lineTo(x0, height);
  c.font = `${LETTERS_PX}px ${theme.font}`;
  c.fillStyle = theme.muted;
  c.textAlign = 'center';
  c.textBaseline = 'top';
  for (const value of niceTicks([-x0 / scale, (width - x0) / scale], TICKS)) {
    const at = x(value);
    if (!value || at < 14 || at > width - 10) continue;
    c.moveTo(at, y0 - 2.5);
    c.lineTo(at, y0 + 2.5);
    c.fillText(round(value), at, y0 + 4);
  }
  // Beside the axis where there is room, so that the dots on it are left free.
  const leftOf = x0 > NAME_PX;
  c.textAlign = leftOf ? 'right' : 'left';
  c.textBaseline = 'middle';
  for (const value of niceTicks([(y0 - height) / scale, y0 / scale], TICKS)) {
    const at = y(value);
    if (!value || at < 22 || at > height - 8) continue;
    c.moveTo(x0 - 2.5, at);
    c.lineTo(x0 + 2.5, at);
    c.fillText(round(value), x0 + (leftOf ? -6 : 7), at);
  }
  c.lineWidth = 1;
  c.strokeStyle = theme.muted;
  c.stroke();
  c.fillStyle = theme.text;
  c.textAlign = reAtLeft ? 'left' : 'right';
  c.textBaseline = 'bottom';
  c.fillText(names[0], reAtLeft ? 2 : width - 2, y0 - 3);
  c.textAlign = leftOf ? 'right' : 'left';
  c.textBaseline = 'top';
  c.fillText(names[1], x0 + (leftOf ? -5 : 6), 2);
}

/** What is shown: the dots, 0, and as much of the region as leaves the dots apart.
 * @param {Complex[]} dots @param {Complex[] | null} region @param {number} far
 * @returns {[reLow: number, reHigh: number, imHigh: number]} */
function extent(dots, region, far) {
  const reach = Math.max(0, ...dots.map(([re, im]) => Math.hypot(re, im)).filter(Number.isFinite)) || 1;
  const size = Math.max(0, ...(region ?? []).map(([re, im]) => Math.hypot(re, im)));
  const whole = region && size <= AT_MOST * reach;
  const seen = [...dots, ...(whole ? region : [])].filter(([re, im]) => Number.isFinite(re + im));
  const around = whole ? 0.12 * size : (far / ROOM) * reach;
  const [low, high] = [Math.min(-around, ...seen.map(([re]) => re)), Math.max(around, ...seen.map(([re]) => re))];
  const up = Math.max(around, ...seen.map(([, im]) => Math.abs(im)));
  const room = (ROOM - 1) * Math.max(high - low, 2 * up) / 2;
  return [low - room, high + room, up + room];
}
