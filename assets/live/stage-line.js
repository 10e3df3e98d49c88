// @ts-check
/**
 * The stage of a game on the line: both densities, D and its best response D*, and below them G as a map from z to x,
 * as in figure 1 of Goodfellow et al. (2014).
 */
import { axisTicks, niceTicks, SteadyRange } from './axes.js';
import { roomIn } from './canvas.js';
import { baseAxis, baseLayout, Chart } from './chart.js';
import { SmallChart } from './comparison-chart.js';
import { element, mathsHtml } from './dom.js';
import { drag } from './help.js';
import { INKS } from './inks.js';
import { Legend } from './legend.js';
import { known, round } from './numbers.js';
import { translucent } from './palette.js';
import { bestResponse, inSameUnits, isProbability, NO_GAME, readingOf, unitOf } from './reading.js';
import { samplesInWords } from './samples-words.js';
import { Spoken } from './spoken.js';
import { MapCanvas } from './stage-line-map.js';
import { t } from './words.js';

/** In drawing order; a layer with an `array` is a line over the grid.
 * @type {(import('./legend.js').Layer & {array?: string, axis?: 'y' | 'y2', fill?: boolean})[]} */
const LAYERS = [
  { key: 'p_r', array: 'p_r', axis: 'y', fill: true, get label() { return t('p_r real'); },
    get hint() { return t('density of the real data'); },
    sample: { ink: 'real', width: 2 } },
  { key: 'p_g_average', array: 'p_g_average', needs: 'p_g_average', axis: 'y', get label() { return t('averaged'); },
    get hint() { return t('density of the generator with averaged weights'); }, sample: { ink: 'generated',
      dash: 'dot', width: 1.4 } },
  { key: 'd_star', array: 'd_star', axis: 'y2', label: r => r.optimal_label, when: r => r.optimal, hint: r =>
    t('{best_response}, where it is determined', { best_response: bestResponse(r) }), sample: { ink: 'discriminator',
      dash: 'dot', width: 1.8 } },
  { key: 'p_g', array: 'p_g', axis: 'y', get label() { return t('p_g generated'); },
    get hint() { return t('density of the generated samples'); },
    sample: { ink: 'generated', dash: 'dash', width: 2.4 } },
  { key: 'd', array: 'd', axis: 'y2', label: r => r.symbol, hint: saysOf,
    sample: { ink: 'discriminator', width: 2.4 } },
  { key: 'samples', get label() { return t('samples'); },
    get hint() { return t('single samples: real above, generated below'); },
    sample: { ink: 'muted', mark: 'rug' } },
  { key: 'map', get label() { return t('map G'); },
    get hint() { return t('each thread leads from a latent z up to x = G(z)'); },
    sample: { ink: 'generated', mark: 'map' } },
];
const LEGEND = ['p_r', 'p_g', 'p_g_average', 'd', 'd_star', 'samples', 'map'];

const MARGIN = { l: 46, r: 30, t: 12, b: 1 };
const WIDE_MARGIN = { ...MARGIN, r: 44 }; // a critic's values may need more digits
const COMPACT_MARGIN = { l: 30, r: 18, t: 8, b: 6 };
const COMPACT_WIDE_MARGIN = { ...COMPACT_MARGIN, r: 34 };
const FLOOR = -0.025; // below zero by this share, so that a line at zero is seen whole
const CEILING = 1.06;
// extent of a critic's axis, where its value at equilibrium is known and where its scale is its own
const NARROWEST = { known: 0.5, free: 0.01 };
const AXIS_NAME = { xref: 'paper', yref: 'paper', y: 1, yanchor: 'middle', showarrow: false, borderpad: 0 };
const PLOTLY_DASH = INKS.stageDashes;

/** @typedef {import('./types.d.ts').LineFacts & {shown?: [number,
 * number]}} Facts `shown`: the window of all of several */

export class LineStage {
  title = t('On the line');
  #options;
  #theme;
  /** @type {Facts} */
  #facts = NO_GAME;
  /** @type {import('./bytes.js').Picture | null} */
  #frame = null;
  #chart;
  #map;
  /** @type {Record<string, [number, number]>} */
  #zoom = {};
  #top = new DensityTop();
  #heard = new SteadyRange();
  #legend;
  #plot;
  #words;

  /** @param {import('./stages.js').StageOptions} options */
  constructor(options) {
    this.#options = options;
    this.#theme = options.theme;
    const { signal, preferences, tips, request } = options;
    this.#legend = new Legend(LAYERS, LEGEND, { preferences, tips, signal, request });
    this.#words = new Spoken(signal);
    const described = { 'aria-describedby': this.#words.node.id };
    const plot = element('div', { class: 'gd-plot gd-stage-plot', role: 'img', ...described });
    this.#plot = plot;
    this.#name();
    const canvas = /** @type {HTMLCanvasElement} */ (element('canvas',
      { class: 'gd-stage-map', role: 'img', 'aria-label': t('Samples, and the map from z to x'), ...described }));
    this.node = element('div', { class: 'gd-stage' }, this.#legend.node, plot, canvas, this.#words.node);
    this.#map = new MapCanvas(canvas);
    this.#chart = options.compact ? new SmallChart(plot) : this.#createChart();
  }

  #createChart() {
    const { plotly, signal, request } = this.#options;
    return new Chart({
      plotly,
      node: this.#plot,
      signal,
      onZoom: ranges => {
        Object.assign(this.#zoom, ranges);
        request();
      },
      onReset: () => {
        this.#zoom = {};
        request();
      },
      onRelease: request,
    });
  }

  get layers() {
    return [this.#legend.node];
  }

  get guide() {
    return this.#legend.guide;
  }

  get gestures() {
    return this.#options.compact ? [] : drag();
  }

  /** @param {Facts} facts */
  setFacts(facts) {
    const same = inSameUnits(facts, this.#facts);
    this.#facts = facts;
    if (!same) {
      this.#heard.clear();
      delete this.#zoom.yaxis2;
      this.#legend.read(readingOf(facts));
      this.#name();
      if (this.#frame) return; // its D is in the old units; a frame in the new ones follows
    }
    this.#options.request();
  }

  #name() {
    const { symbol, optimal, optimal_label: best } = readingOf(this.#facts);
    this.#plot.setAttribute('aria-label',
      t('Densities of real and generated data{what}, over x',
          { what: optimal ? t(', {symbol} and {best}', { symbol, best }) : ' ' + t('and {symbol}', { symbol }) }));
  }

  get #margin() {
    const isNarrow = isProbability(readingOf(this.#facts));
    if (this.#options.compact) return isNarrow ? COMPACT_MARGIN : COMPACT_WIDE_MARGIN;
    return isNarrow ? MARGIN : WIDE_MARGIN;
  }

  /** @param {import('./palette.js').Theme} theme */
  setTheme(theme) {
    this.#theme = theme;
    this.#options.request();
  }

  clear() {
    this.#frame = null;
    this.#zoom = {};
    this.#top = new DensityTop();
    this.#heard.clear();
    this.#options.request();
  }

  /** @param {readonly import('./bytes.js').Picture[]} pictures one */
  draw([frame]) {
    this.#frame = frame;
    this.#words.tell(() => samplesInWords(this.#facts, frame.label.numbers));
    return this.redraw();
  }

  redraw() {
    const arrays = this.#frame?.arrays ?? {};
    if (this.#frame) this.#legend.match(arrays);
    const range = this.#zoom.xaxis ?? this.#facts.shown ?? this.#facts.window;
    const [samples, threads] = [this.#legend.isOn('samples'), this.#legend.isOn('map')];
    this.node.dataset.below = threads ? 'map' : samples ? 'rugs' : 'axis'; // what needs room below the densities
    const ticks = niceTicks(range, Math.max(3, roomIn(this.node).width / (this.#options.compact ? 55 : 80)));
    const hasChart = this.#chart.draw(this.#traces(arrays), this.#layout(range, arrays));
    const hasMap = this.#map.draw({
      compact: this.#options.compact,
      margin: this.#margin,
      theme: this.#theme,
      range,
      ticks: ticks.map(value => ({ value, label: round(value) })),
      latentWindow: this.#facts.latent.window,
      latentDimension: this.#facts.latent.dimension,
      arrays,
      samples,
      threads,
    });
    return hasChart || hasMap;
  }

  /** @param {Record<string, import('./bytes.js').NumberArray>} arrays @returns {import('./plotly.d.ts').Line[]} */
  #traces(arrays) {
    const reading = readingOf(this.#facts);
    return LAYERS.filter(layer => layer.array && arrays[layer.array] && this.#legend.has(layer)).map(layer => {
      const name = typeof layer.label === 'function' ? layer.label(reading) : layer.label;
      const ink = this.#theme[layer.sample.ink];
      return {
        visible: this.#legend.isOn(layer.key),
        x: arrays.grid,
        y: arrays[/** @type {string} */ (layer.array)],
        yaxis: layer.axis,
        line: { color: ink, width: layer.sample.width ?? 2,
          dash: PLOTLY_DASH[/** @type {'solid'} */ (layer.sample.dash ?? 'solid')] },
        opacity: layer.key === 'p_g_average' ? 0.8 : 1,
        ...(layer.fill ? { fill: 'tozeroy', fillcolor: translucent(ink, this.#theme.dark ? 0.18 : 0.13) } : {}),
        hovertemplate: `${mathsHtml(name)} %{y}<extra></extra>`,
      };
    });
  }

  /** @param {[number, number]} range @param {Record<string, import('./bytes.js').NumberArray>} arrays
   * @returns {import('./plotly.d.ts').Layout} */
  #layout(range, arrays) {
    const theme = this.#theme;
    const axis = baseAxis(theme);
    const top = this.#shared('density', '', arrays.p_g, [0, this.#top.fit(arrays)])[1];
    const density = this.#zoom.yaxis ?? [FLOOR * top, CEILING * top];
    const { compact } = this.#options;
    const ticks = niceTicks(density, 3);
    const reading = readingOf(this.#facts);
    const says = this.#zoom.yaxis2 ?? this.#shared('D', unitOf(reading), arrays.d, this.#heardRange(reading, arrays));
    const { centre } = reading;
    return {
      ...baseLayout(theme),
      margin: this.#margin,
      xaxis: { ...axis, range, showticklabels: false, showspikes: true, tickprefix: 'x = ', hoverformat: '.2f' },
      yaxis: { ...axis, range: density, hoverformat: '.3f', tickvals: ticks, ticktext: ticks.map(round) },
      yaxis2: {
        ...axis,
        hoverformat: '.3f',
        range: says,
        overlaying: 'y',
        side: 'right',
        ...heardTicks(reading, says, roomIn(this.#plot).height - MARGIN.t - MARGIN.b, compact ? HALVES : QUARTERS),
        tickfont: { size: compact ? 11 : 12, color: theme.discriminator },
        showgrid: true,
        gridcolor: theme.grid,
      },
      shapes: [
        ...(centre === null ? [] : [{ type: 'line', layer: 'between', xref: 'paper', x0: 0, x1: 1, yref: 'y2',
          y0: centre, y1: centre, line: { color: theme.muted, width: 1.5, dash: '2px,4px' } }]),
        { type: 'line', layer: 'below', xref: 'paper', x0: 0, x1: 1, yref: 'y', y0: 0, y1: 0,
          line: { color: theme.line, width: 1 } },
      ],
      annotations: compact ? [] : [
        { ...AXIS_NAME, text: t('density'), x: 0, xanchor: 'left', xshift: 2 - MARGIN.l,
          font: { size: 11, color: theme.muted } },
        { ...AXIS_NAME, text: isProbability(reading) ? reading.symbol : reading.label, x: 1, xanchor: 'left',
          xshift: 8, font: { size: 12, color: theme.discriminator } },
      ],
    };
  }

  /** The range of an axis, which stages side by side have in common as soon as there is something to draw.
   * @param {string} name @param {string} unit @param {unknown} isDrawn
   * @param {[number, number]} range @returns {[number, number]} */
  #shared(name, unit, isDrawn, range) {
    return (isDrawn ? this.#options.scales?.share(name, unit, this, range) : undefined) ?? range;
  }

  /** The range of D's axis: 0 to 1 for a probability, fitted to a
   * critic's values, and to those of its best response as far as
   * they would not squash it: these may go to infinity.
   * @param {import('./reading.js').DiscriminatorReading} reading
   * @param {Record<string, import('./bytes.js').NumberArray>} arrays
   * @returns {[number, number]} */
  #heardRange(reading, arrays) {
    if (isProbability(reading)) return [FLOOR, CEILING];
    const { low, high, centre, optimal } = reading;
    const values = Array.from(arrays.d ?? []).filter(Number.isFinite);
    values.push(...[low, centre, high].filter(known)); // labels and margins are seen, but the critic may go beyond
    if (!values.length) return [-1, 1];
    let [from, to] = [Math.min(...values), Math.max(...values)];
    const reach = to - from;
    if (optimal && this.#legend.isOn('d_star')) {
      const best = Array.from(arrays.d_star ?? []).filter(Number.isFinite);
      [from, to] = [Math.max(from - reach, Math.min(from, ...best)), Math.min(to + reach, Math.max(to, ...best))];
    }
    return this.#heard.fit(from, to, centre === null ? NARROWEST.free : NARROWEST.known);
  }
}

/** @param {import('./reading.js').DiscriminatorReading} reading */
function saysOf(reading) {
  if (isProbability(reading)) return t('the discriminator’s belief that x is real');
  const free = reading.centre === null ? ' ' + t('Only differences count: adding a constant changes '
    + 'nothing.') : '';
  return t('the score that the discriminator gives to x: higher where it looks real. No probability: '
    + 'it may leave 0 to 1.{free}', { free });
}

const QUARTERS = [{ value: 0, label: '0' }, { value: 0.25, label: '¼' }, { value: 0.75, label: '¾' },
  { value: 1, label: '1' }];

const HALVES = QUARTERS.filter(({ value }) => value === 0 || value === 1);

/** The value at equilibrium by its name, and round ones.
 * @param {import('./reading.js').DiscriminatorReading} reading @param {[number, number]} range
 * @param {number} height in px
 * @param {readonly import('./axes.js').Reference[]} shares of a probability */
function heardTicks(reading, range, height, shares) {
  const { centre, centre_label: label } = reading;
  const references = centre === null ? [] : [{ value: centre, label }];
  if (!isProbability(reading)) return axisTicks(range, height, references, false);
  const ticks = [...shares, ...references];
  return { tickvals: ticks.map(t => t.value), ticktext: ticks.map(t => t.label) };
}

/** The density at the top of the stage. p_r sets the scale; a spike of
 * p_g may raise it in a few steps, up to twice, and is cut off beyond. */
class DensityTop {
  #level = 1;

  /** @param {Record<string, import('./bytes.js').NumberArray>} arrays */
  fit({ p_r, p_g }) {
    if (!p_r || !p_g) return 1;
    const real = highest(p_r);
    const need = highest(p_g) / real;
    const LEVELS = [1.15, 1.5, 2];
    const wanted = LEVELS.findIndex(level => need * 1.04 <= level);
    const up = wanted < 0 ? LEVELS.length - 1 : wanted;
    // Down only when there is clear room to spare, so that the axis does not flicker between two levels.
    if (up > this.#level || need * 1.2 <= LEVELS[up]) this.#level = up;
    return real * LEVELS[this.#level];
  }
}

/** @param {import('./bytes.js').NumberArray} values */
const highest = values => Math.max(1e-6, ...Array.from(values).filter(Number.isFinite));
