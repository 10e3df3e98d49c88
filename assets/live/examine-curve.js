// @ts-check
/**
 * Curves of examinations, by Plotly like all curves. One is D's way to its best: V over its steps, between −log 4,
 * which D = 1/2 has, and 2 JSD − log 4, which the best D has.
 */
import { axisTicks, niceTicks } from './axes.js';
import { roomIn } from './canvas.js';
import { baseAxis, baseLayout, Chart } from './chart.js';
import { element } from './dom.js';
import { compact, grouped, known, round } from './numbers.js';
import { t } from './words.js';

const MARGIN = { l: 46, r: 10, t: 8, b: 22 };
const ROOM = 0.16; // of what is reached, above and below

/** @typedef {{steps: number[], values: (number | null)[], bound: number | null, idle: number}} Way */

/** A plot of an examination, in which nothing zooms: it is drawn again once Plotly is there. */
export class StillChart {
  #chart;
  #redraw = () => {};

  /** @param {{plotly: Promise<import('./plotly.d.ts').Plotly>, signal: AbortSignal}} options @param {string} name */
  constructor({ plotly, signal }, name) {
    this.node = element('div', { class: name, role: 'img' });
    const redraw = () => this.#redraw();
    this.#chart = new Chart({ plotly, node: this.node, signal, onZoom: redraw, onReset: redraw, onRelease: redraw });
  }

  /** @param {() => [import('./plotly.d.ts').Line[], import('./plotly.d.ts').Layout]} plot as the node's size is then */
  draw(plot) {
    this.#redraw = () => {
      this.#chart.draw(...plot());
    };
    this.#redraw();
  }
}

export class ApproachCurve extends StillChart {
  /** @param {Way} way @param {import('./palette.js').Theme} theme */
  show({ steps, values, bound, idle }, theme) {
    const last = Math.max(1, steps.at(-1) ?? 1);
    this.node.setAttribute('aria-label',
      t('V from {values} to {at} in {at2} steps of D; the bound is {bound}',
          { values: compact(values[0]), at: compact(values.at(-1)), at2: steps.at(-1), bound: compact(bound) }));
    const theory = [...(known(bound) ? [{ at: bound, label: '2 JSD − log 4', above: true }] : []),
      { at: idle, label: '−log 4', above: false }];
    const reached = [...values.filter(known), ...theory.map(line => line.at)];
    const [least, most] = [Math.min(...reached), Math.max(...reached)];
    const room = ROOM * (most - least) || 0.01;
    const axis = { ...baseAxis(theme), fixedrange: true };
    const measured = values.map(value => value ?? NaN);
    const ink = theme.discriminator;
    this.draw(() => [[
      { x: steps, y: measured, visible: true, line: { color: ink, width: 1.8 },
        hovertemplate: 'V %{y}<extra></extra>' },
      { x: steps.slice(-1), y: measured.slice(-1), visible: true, mode: 'markers', line: { width: 0 },
        marker: { color: ink, size: 6 }, hoverinfo: 'skip' },
    ], {
      ...baseLayout(theme),
      margin: MARGIN,
      xaxis: { ...axis, range: [0, last], tickprefix: t('step') + ' ', hoverformat: ',.0f', ...stepTicks(last) },
      yaxis: { ...axis, range: [least - room, most + room], hoverformat: '.4f', showgrid: true, gridcolor: theme.grid,
        ...axisTicks([least - room, most + room], roomIn(this.node).height - MARGIN.t - MARGIN.b, [], false) },
      shapes: theory.map(({ at }) => ({ type: 'line', layer: 'between', xref: 'paper', x0: 0, x1: 1, y0: at, y1: at,
        line: { color: theme.muted, width: 1, dash: '2px,3px' } })),
      annotations: theory.map(({ at, label, above }) => ({ xref: 'paper', x: 1, xanchor: 'right', xshift: 0, y: at,
        yanchor: above ? 'bottom' : 'top', text: label, showarrow: false, borderpad: 0,
        font: { size: 10.5, color: theme.muted } })),
    }]);
  }
}

/** Round steps; the first is at the axis itself. @param {number} last */
function stepTicks(last) {
  const tickvals = niceTicks([0, last], 4).filter(step => step > 0 && step < 0.95 * last);
  return { tickvals, ticktext: tickvals.map(step => (last < 10 ? round(step) : grouped(step))) };
}
