// @ts-check
/**
 * One Plotly plot that we redraw often: lines, fixed ranges, and a person who may be hovering or dragging in it.
 */

import { magnification } from './canvas.js';
import { SmallChart } from './comparison-chart.js';
import { magnifiedLayout, magnifiedTraces } from './magnify.js';

/** @typedef {import('./palette.js').Theme} Theme */

const CONFIG = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false,
  showAxisDragHandles: false, displaylogo: false };

/** @typedef {object} ChartOptions
 * @property {Promise<import('./plotly.d.ts').Plotly>} plotly when it is there; until
 * then a chart with an axis on the right (the stage's) is sketched on a canvas
 * @property {HTMLElement} node
 * @property {AbortSignal} signal ends the chart
 * @property {(ranges: Record<string, [number, number]>) => void} onZoom new ranges by axis name
 * @property {() => void} onReset a double click, which may be told twice
 * @property {() => void} onRelease the drag that held the drawing back is over */

export class Chart {
  /** null until it is there @type {import('./plotly.d.ts').Plotly | null} */
  #plotly = null;
  /** @type {SmallChart | null} */
  #sketch = null;
  #node;
  #options;
  #drawn = false;
  #held = false;

  /** @param {ChartOptions} options */
  constructor(options) {
    this.#options = options;
    this.#node = options.node;
    const { node, signal } = options;
    // The plot holds still until the button is up: what is selected is what lay under the rectangle.
    node.addEventListener('pointerdown', () => {
      this.#held = true;
    }, { signal, capture: true });
    // Plotly asks by its own clock whether two presses are a double click: of a page that is busy it misses some
    node.addEventListener('mousedown', ({ button, detail }) => {
      if (button === 0 && detail === 2) options.onReset();
    }, { signal, capture: true });
    const release = () => {
      if (!this.#held) return;
      this.#held = false;
      options.onRelease();
    };
    for (const type of ['pointerup', 'pointercancel', 'blur']) window.addEventListener(type, release, { signal });
    signal.addEventListener('abort', () => this.#plotly?.purge(this.#node));
    options.plotly.then(plotly => {
      if (signal.aborted) return;
      this.#plotly = plotly;
      options.onRelease(); // draw again, in full
    }, () => {}); // the view says so
  }

  /** @param {import('./plotly.d.ts').Line[]} data @param {import('./plotly.d.ts').Layout} layout
   * @returns {boolean} whether it was drawn */
  draw(data, layout) {
    const { clientWidth: width, clientHeight: height } = this.#node;
    if (this.#held || width < 40 || height < 40) return false;
    // Plotly writes a zoom into the very arrays it was given.
    const own = (/** @type {import('./plotly.d.ts').Axis} */ axis) =>
      ({ ...axis, range: /** @type {[number, number]} */ ([...axis.range]) });
    const { xaxis, yaxis, yaxis2 } = layout;
    const axes = { xaxis: own(xaxis), yaxis: own(yaxis), ...(yaxis2 ? { yaxis2: own(yaxis2) } : {}) };
    const times = magnification(this.#node);
    const drawn = { ...layout, ...axes };
    const sized = { ...(times === 1 ? drawn : magnifiedLayout(times, drawn)), width, height };
    /** @type {import('./plotly.d.ts').Trace[]} */
    const lines = data.map(line => ({ type: 'scatter', mode: 'lines', ...line }));
    if (!this.#plotly) {
      if (layout.yaxis2) (this.#sketch ??= new SmallChart(this.#node)).draw(lines, layout);
      return Boolean(layout.yaxis2);
    }
    const traces = times === 1 ? lines : magnifiedTraces(times, lines);
    if (this.#drawn) {
      this.#plotly.react(this.#node, traces, sized, CONFIG);
    } else {
      this.#drawn = true;
      this.#node.replaceChildren(); // the sketch
      this.#plotly.newPlot(this.#node, traces, sized, CONFIG);
      const plot = /** @type {import('./plotly.d.ts').Plot} */ (this.#node);
      plot.on('plotly_relayout', changes => this.#report(changes));
      plot.on('plotly_doubleclick', () => this.#options.onReset());
    }
    return true;
  }

  /** `plotly_relayout` comes from a person's hand alone: we redraw with `react`, which does not send it.
   * @param {Record<string, unknown>} changes */
  #report(changes) {
    /** @type {Record<string, [number, number]>} */
    const ranges = {};
    for (const name of Object.keys(changes)) {
      const axis = name.match(/^([xy]axis\d*)\.range\[0\]$/)?.[1];
      if (axis) ranges[axis] = [Number(changes[`${axis}.range[0]`]), Number(changes[`${axis}.range[1]`])];
    }
    if (Object.keys(ranges).length) this.#options.onZoom(ranges);
  }
}

/** What all plots share: the page's own background, its font, no
 * boxes. Numbers under the pointer get their format from the axis
 * (`hoverformat`), not from the template: only there does Plotly write a true minus sign.
 * @param {Theme} theme */
export function baseLayout(theme) {
  return {
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { family: theme.font, size: 11, color: theme.muted },
    showlegend: false,
    separators: '.,', // as in numbers.js
    hovermode: 'x unified',
    dragmode: 'zoom',
    hoverlabel: { bgcolor: theme.background, bordercolor: theme.line,
      font: { family: theme.font, size: 12, color: theme.text } },
  };
}

/** @param {Theme} theme */
export function baseAxis(theme) {
  return {
    automargin: false,
    zeroline: false,
    showgrid: false,
    showline: false,
    ticks: '',
    ticklabeloverflow: 'allow', // else every label is measured at every redraw
    tickfont: { size: 11, color: theme.muted },
    ticklabelstandoff: 5,
    tickmode: 'array',
    tickvals: /** @type {number[]} */ ([]),
    ticktext: /** @type {string[]} */ ([]),
    showspikes: false,
    spikemode: 'across',
    spikethickness: -2, // negative: without the white border around it
    spikedash: 'solid',
    spikecolor: theme.line,
  };
}
