// @ts-check
/**
 * D's way to its best: V over its steps, between −log 4, which D = 1/2 has, and 2 JSD − log 4, which the best D has.
 */
import { niceTicks } from './axes.js';
import { fitCanvas } from './canvas.js';
import { element } from './dom.js';
import { compact, fixed, grouped, known, round } from './numbers.js';

const LEFT_PX = 46;
const BOTTOM_PX = 16;
const TOP_PX = 8;
const RIGHT_PX = 10;
const LETTERS_PX = 10.5;

export class ApproachCanvas {
  node = /** @type {HTMLCanvasElement} */ (element('canvas', { class: 'gd-examine-curve', role: 'img' }));
  #context = /** @type {CanvasRenderingContext2D} */ (this.node.getContext('2d'));

  /** @param {{steps: number[], values: (number | null)[], bound: number | null, idle: number}} way
   * @param {import('./palette.js').Theme} theme */
  draw({ steps, values, bound, idle }, theme) {
    const c = this.#context;
    this.node.setAttribute('aria-label',
      `V from ${compact(values[0])} to ${compact(values.at(-1))} in ${steps.at(-1)} steps of D; the bound is `
        + `${compact(bound)}`);
    if (!fitCanvas(c)) return;
    const [width, height] = [this.node.clientWidth, this.node.clientHeight];
    c.clearRect(0, 0, width, height);
    const lines = [...(known(bound) ? [{ at: bound, label: '2 JSD − log 4', above: true }] : []),
      { at: idle, label: '−log 4', above: false }];
    const seen = /** @type {number[]} */ ([...values.filter(known), ...lines.map(line => line.at)]);
    const [least, most] = [Math.min(...seen), Math.max(...seen)];
    const room = 0.16 * (most - least) || 0.01;
    const [low, high] = [least - room, most + room];
    const last = Math.max(1, steps.at(-1) ?? 1);
    const x = (/** @type {number} */ step) => LEFT_PX + (step / last) * (width - LEFT_PX - RIGHT_PX);
    const y = (/** @type {number} */ v) => TOP_PX + ((high - v) / (high - low)) * (height - TOP_PX - BOTTOM_PX);

    c.font = `${LETTERS_PX}px ${theme.font}`;
    c.fillStyle = theme.muted;
    c.strokeStyle = theme.grid;
    c.lineWidth = 1;
    c.textAlign = 'right';
    c.textBaseline = 'middle';
    const ticks = niceTicks([low, high], 4);
    const digits = Math.max(0, Math.min(5, Math.ceil(-Math.log10(Math.abs(ticks[1] - ticks[0]) || 1))));
    for (const v of ticks) {
      c.beginPath();
      c.moveTo(LEFT_PX, Math.round(y(v)) + 0.5);
      c.lineTo(width - RIGHT_PX, Math.round(y(v)) + 0.5);
      c.stroke();
      c.fillText(fixed(v, digits), LEFT_PX - 5, y(v));
    }
    c.textAlign = 'center';
    c.textBaseline = 'top';
    for (const step of niceTicks([0, last], 4)) {
      if (step > 0 && x(step) < width - 20) c.fillText(last < 10 ? round(step) : grouped(step), x(step),
        height - BOTTOM_PX + 4);
    }

    c.textAlign = 'right';
    c.setLineDash([2, 3]);
    c.strokeStyle = theme.muted;
    for (const { at, label, above } of lines) {
      c.beginPath();
      c.moveTo(LEFT_PX, y(at));
      c.lineTo(width - RIGHT_PX, y(at));
      c.stroke();
      c.textBaseline = above ? 'bottom' : 'top';
      c.fillText(label, width - RIGHT_PX, y(at) + (above ? -2 : 3));
    }
    c.setLineDash([]);

    c.beginPath();
    c.strokeStyle = c.fillStyle = theme.discriminator;
    c.lineWidth = 1.8;
    let begun = false;
    values.forEach((v, k) => {
      if (!known(v)) return;
      (begun ? c.lineTo : c.moveTo).call(c, x(steps[k]), y(v));
      begun = true;
    });
    c.stroke();
    const end = values.at(-1);
    if (known(end)) {
      c.beginPath();
      c.arc(x(last === 1 && steps.at(-1) === 0 ? 0 : last), y(end), 3, 0, 2 * Math.PI);
      c.fill();
    }
  }
}
