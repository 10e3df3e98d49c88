// @ts-check
/**
 * One panel of curves: a title row that is legend, switch and reading at once, the plot, and the ends of its time axis.
 */
import { axisTicks, SteadyRange } from './axes.js';
import { magnification, roomIn } from './canvas.js';
import { baseAxis, baseLayout, Chart } from './chart.js';
import { extremes, notes, outline, spread, tamed } from './curve-parts.js';
import { element, maths, mathsHtml, write } from './dom.js';
import { grouped, known } from './numbers.js';
import { inGame } from './panels.js';
import { INKS } from './inks.js';
import { DASHES, translucent } from './palette.js';
import { Readouts } from './comparison-readouts.js';
import { Spoken } from './spoken.js';
import { createToggle } from './toggle.js';
import { headed, t } from './words.js';

/** @typedef {import('./comparison-members.js').Shown} Shown */
/** @typedef {import('./panels.js').PanelSpec<Shown>} PanelSpec */
/** @typedef {import('./panels.js').Series<Shown>} Series */
/** @typedef {import('./history.js').Line} Line */

/** @typedef {{step: number, label: string, whose?: string}} Mark `whose`, where not all members are meant */

/** Where somebody looks at: a step of the past, and the numbers of its picture.
 * @typedef {{at: number, numbers: Record<string, number | null>}} Past */

/** What a panel needs to draw itself, the same for all panels.
 * @typedef {object} Scene
 * @property {import('./history.js').History} history
 * @property {Record<string, number | null>} numbers of the newest frame
 * @property {number} step of it
 * @property {Past | null} past
 * @property {[number, number]} time the x range
 * @property {boolean} recent single steps instead of the whole run
 * @property {Mark[]} marks
 * @property {import('./comparison-legend.js').MemberLegend} memberLegend whose lines are shown, of a comparison
 * @property {Shown} facts
 * @property {import('./palette.js').Theme} theme */

const MARGIN = { l: 46, r: 10, t: 5, b: 3 };
const DIRECT_MARGIN = { ...MARGIN, r: 52 }; // the readings stand at the right
const FADED = 0.18;
const BAND_OPACITY = 0.16;

export class Curve {
  #spec;
  #chart;
  #signal;
  #preferences;
  #tips;
  #onChange;
  #range = new SteadyRange();
  /** @type {[number, number] | null} */
  #zoom = null;
  /** @type {ReturnType<typeof createToggle>[]} */
  #toggles = [];
  #title = element('h3');
  #aside = element('span', { class: 'gd-aside' });
  #head;
  #body;
  #ends = element('div', { class: 'gd-ends' });
  #start = element('span');
  #end = element('span');
  /** @type {string[]} */
  #labels = [];
  /** @type {(string | undefined)[]} */
  #words = [];
  #readouts = new Readouts();
  #spoken;
  #cursor = element('i', { class: 'gd-cursor', hidden: '' });
  /** as it was drawn last @type {{scene: Scene, shown: boolean[], range: [number, number], height: number,
   * width: number} | null} */
  #drawn = null;

  /** @param {object} options
   * @param {PanelSpec} options.spec @param {Promise<import('./plotly.d.ts').Plotly>} options.plotly
   * @param {AbortSignal} options.signal
   * @param {import('./preferences.js').Preferences} options.preferences @param {import('./tip.js').Tips} options.tips
   * @param {(time: [number, number] | null) => void} options.onTime a new time range for all panels, or none
   * @param {() => void} options.onChange this panel wants to be drawn again */
  constructor({ spec, plotly, signal, preferences, tips, onTime, onChange }) {
    this.#spec = spec;
    this.#signal = signal;
    this.#preferences = preferences;
    this.#tips = tips;
    this.#onChange = onChange;
    this.#head = element('div', { class: 'gd-layers' }, this.#title, this.#aside);
    this.#spoken = new Spoken(signal);
    this.#body = element('div', { class: 'gd-plot', role: 'img', 'aria-describedby': this.#spoken.node.id });
    this.node = element('section', { class: 'gd-curve', 'data-panel': spec.key }, this.#head, this.#body, this.#ends,
      this.#cursor, this.#spoken.node);
    this.#ends.append(this.#start, this.#end);
    if (spec.direct) {
      this.node.dataset.direct = '';
      this.node.append(this.#readouts.node);
    }
    this.#chart = new Chart({
      plotly,
      node: this.#body,
      signal,
      onZoom: ranges => {
        if (ranges.yaxis) this.#zoom = ranges.yaxis;
        if (ranges.xaxis) onTime(ranges.xaxis);
        onChange();
      },
      onReset: () => {
        this.#zoom = null;
        onTime(null);
        onChange();
      },
      onRelease: onChange,
    });
  }

  /** Something to stand in the middle under the time axis. @param {HTMLElement} extra */
  adopt(extra) {
    if (extra.parentElement !== this.#ends) this.#end.before(extra);
  }

  /** A new game: old extremes say nothing about it. */
  clear() {
    this.#drawn = null;
    this.#cursor.hidden = true;
    this.#range.clear();
    this.#zoom = null;
  }

  /** The range follows what is looked at, so another look may need another range. */
  refit() {
    this.#range.clear();
  }

  /** @param {Scene} scene */
  draw(scene) {
    this.entitle(scene.facts);
    const since = this.#spec.since?.(scene.facts) ?? 0;
    const lines = this.#spec.series.map(series => untilNow(after(since, readLine(series, scene)), series, scene));
    const { series: all } = this.#spec;
    const shown = all.map(series => applies(series, scene.facts) && this.#isOn(series, scene.memberLegend));
    const range = this.#zoom ?? this.#fit(lines, shown, scene);
    const room = roomIn(this.#body);
    const height = room.height - MARGIN.t - MARGIN.b;
    const width = room.width - this.#margin.l - this.#margin.r;
    this.#chart.draw(this.#traces(lines, shown, scene), this.#layout(range, height, width, scene));
    this.#drawn = { scene, shown, range, height, width };
    this.#tell();
    this.#spoken.tell(() => this.#inWords());
    write(this.#start, grouped(scene.time[0]));
    write(this.#end, t('step {time}', { time: grouped(scene.time[1]) }));
  }

  /** Another step is looked at, or none of the past. @param {Past | null} past */
  look(past) {
    if (!this.#drawn) return;
    this.#drawn.scene = { ...this.#drawn.scene, past };
    this.#tell();
    this.#spoken.tell(() => this.#inWords());
  }

  /** Says the numbers of the step that is looked at, and where that is. */
  #tell() {
    if (!this.#drawn) return;
    const { scene, shown, range, height, width } = this.#drawn;
    if (this.#spec.direct) this.#readOut(shown, range, height, scene);
    else this.#spec.series.forEach((series, i) => this.#toggles[i]?.show(this.#reading(series, scene)));
    const [first, last] = scene.time;
    const share = scene.past ? (scene.past.at - first) / (last - first) : -1;
    this.#cursor.hidden = !(share >= 0 && share <= 1);
    const x = magnification(this.#body) * (this.#margin.l + share * width) - 1;
    this.#cursor.style.transform = `translateX(${x.toFixed(1)}px)`;
  }

  /** What it shows now. */
  #inWords() {
    if (!this.#drawn) return '';
    const { scene, shown } = this.#drawn;
    const { series: all, reading } = this.#spec;
    const said = all.map((series, i) => (!shown[i] ? '' : `${this.#labels[i]} ${(this.#spec.direct
      ? reading(drawn(series, scene), scene.facts) : this.#reading(series, scene)) || t('not known')}`));
    return t('Steps {first} to {last}; {at}: {said}.', { first: grouped(scene.time[0]), last: grouped(scene.time[1]),
      at: scene.past ? t('at step {step}', { step: grouped(scene.past.at) }) : t('now'),
      said: said.filter(Boolean).join(', ') });
  }

  get #margin() {
    return this.#spec.direct ? DIRECT_MARGIN : MARGIN;
  }

  /** The number in the title row is the newest frame's where it has one, so that it agrees with the line of theory.
   * @param {Series} series @param {Scene} scene */
  #reading(series, scene) {
    if (series.reading) return series.reading(measured(series, scene), scene.facts);
    return this.#spec.reading(drawn(series, scene), scene.facts);
  }

  /** The newest value of each line at its end. @param {boolean[]} shown @param {[number, number]} range
   * @param {number} height @param {Scene} scene */
  #readOut(shown, range, height, scene) {
    const at = (/** @type {number} */ value) =>
      (this.#spec.log ? Math.log10(Math.max(value, Number.MIN_VALUE)) : value);
    const { highlighted } = scene.memberLegend;
    const readouts = this.#spec.series.flatMap((series, i) => {
      const value = shown[i] ? drawn(series, scene) : null;
      if (!known(value)) return [];
      const y = ((range[1] - at(value)) / (range[1] - range[0])) * height;
      return [{ y, text: this.#spec.reading(value, scene.facts), ink: series.ink, label: this.#labels[i],
        faded: highlighted !== null && highlighted !== series.member }];
    });
    this.#readouts.show(readouts, MARGIN.t, height, magnification(this.#body));
  }

  /** @param {Series} series @param {Scene['memberLegend']} [memberLegend] */
  #isOn(series, memberLegend) {
    if (series.member !== undefined) return memberLegend?.isOn(series.member) ?? true;
    return this.#preferences.get(`curve.${this.#spec.key}.${series.column}`, true);
  }

  /** Some names depend on the game (which loss is "the other"), so the switches are made when it is known.
   * @param {Shown} facts */
  entitle(facts) {
    const title = inGame(this.#spec.title, facts);
    write(this.#aside, this.#spec.aside?.(facts) ?? '');
    const labels = this.#spec.series.map(series => inGame(series.label, facts));
    const names = this.#spec.series.map(series => inGame(series.name, facts));
    this.#spec.series.forEach((series, i) => this.#toggles[i]?.node.toggleAttribute('hidden', !applies(series, facts)));
    const words = [title, ...labels, ...names];
    if (words.join() === this.#words.join()) return;
    this.#words = words;
    this.#labels = labels;
    this.#title.replaceChildren(...maths(title));
    this.#body.setAttribute('aria-label', t('{title} over training steps', { title }));
    if (this.#spec.direct) return;
    for (const toggle of this.#toggles) toggle.node.remove();
    this.#toggles = this.#spec.series.map((series, i) =>
      createToggle({
        label: labels[i],
        name: headed(title, names[i] ?? labels[i]),
        hint: names[i],
        tips: this.#tips,
        sample: { ink: series.ink, dash: series.dash, width: series.width },
        pressed: this.#isOn(series),
        width: series.room ?? 5.5,
        signal: this.#signal,
        onToggle: on => {
          this.#preferences.set(`curve.${this.#spec.key}.${series.column}`, on);
          this.#range.clear();
          this.#onChange();
        },
      }),
    );
    this.#spec.series.forEach((series, i) => this.#toggles[i].node.toggleAttribute('hidden', !applies(series, facts)));
    this.#aside.before(...this.#toggles.map(toggle => toggle.node));
  }

  /** @param {Line[]} lines @param {boolean[]} shown @param {Scene} scene @returns {[number, number]} */
  #fit(lines, shown, scene) {
    const { log } = this.#spec;
    const fixed = this.#spec.fixed?.(scene.facts);
    const narrowest = inGame(this.#spec.narrowest, scene.facts);
    if (fixed) return [fixed[0] - 0.03, fixed[1] + 0.03];
    const values = this.#spec.references(scene.facts).map(r => r.value);
    /** @type {number[][]} */
    const spans = [];
    lines.forEach((line, i) => {
      if (!shown[i]) return;
      const { least = -Infinity } = this.#spec.series[i];
      const reached = this.#spec.direct ? extremes(line.mean, 0.01)
        : [...extremes(line.mean, 0), ...extremes(line.low, 0.01), ...extremes(line.high, 0.01)];
      if (reached.length) spans.push(reached.map(value => Math.max(value, least)));
    });
    values.push(...(this.#spec.direct && !log ? tamed(spans, narrowest) : spans).flat());
    const finite = values.filter(v => Number.isFinite(v) && (!log || v > 0)).map(v => (log ? Math.log10(v) : v));
    if (!finite.length) return log ? [-4, 0] : [0, 1];
    return this.#range.fit(Math.min(...finite), Math.max(...finite), narrowest);
  }

  /** @param {Line[]} lines @param {boolean[]} shown @param {Scene} scene */
  #traces(lines, shown, { theme, recent, history, memberLegend: { highlighted } }) {
    /** @type {import('./plotly.d.ts').Line[]} */
    const bands = [];
    /** @type {import('./plotly.d.ts').Line[]} */
    const means = [];
    for (const [i, series] of this.#spec.series.entries()) {
      const line = lines[i];
      const visible = shown[i];
      if (!recent && history.stride > 1 && !this.#spec.direct)
        bands.push({
          visible,
          ...outline(line),
          fill: 'toself',
          fillcolor: translucent(theme[series.ink], BAND_OPACITY),
          line: { width: 0 },
          hoverinfo: 'skip',
        });
      const name = mathsHtml(this.#labels[i]);
      means.push({
        visible,
        x: line.step,
        y: line.mean,
        line: { color: theme[series.ink], width: series.width ?? 1.5, dash: DASH(series.dash), shape: series.shape
          ?? 'linear', simplify: true },
        opacity: series.member === undefined || highlighted === null || highlighted === series.member ? 1 : FADED,
        hovertemplate: `${name} %{y${series.format ? `:${series.format}` : ''}}<extra></extra>`,
      });
    }
    return [...bands, ...means];
  }

  /** @param {[number, number]} range @param {number} height @param {number} width @param {Scene} scene
   * @returns {import('./plotly.d.ts').Layout} */
  #layout(range, height, width, scene) {
    const { theme, time, facts } = scene;
    const references = this.#spec.references(facts);
    const axis = baseAxis(theme);
    const lines = references.map(r => ({
      type: 'line', layer: 'between', ...(r.since ? { x0: r.since, x1: Math.max(time[1], r.since) }
        : { xref: 'paper', x0: 0, x1: 1 }), y0: r.value, y1: r.value,
      line: { color: r.ink ? theme[r.ink] : theme.muted, width: 1.3, dash: '1.5px,3px' },
    }));
    const reached = scene.marks.filter(mark => mark.step <= scene.step); // noise that fades has marks to come
    const marks = spread(reached, time, width);
    return {
      ...baseLayout(theme),
      margin: this.#margin,
      xaxis: { ...axis, range: time, showticklabels: false, showline: true, linecolor: theme.line, linewidth: 1,
        showspikes: true, tickprefix: t('step') + ' ', hoverformat: ',.0f' },
      yaxis: { ...axis, range, hoverformat: '.4~g', type: this.#spec.log ? 'log' : 'linear',
        ...axisTicks(range, height, references, this.#spec.log ?? false, this.#spec.tick), showgrid: true,
        gridcolor: theme.grid },
      shapes: [
        ...lines,
        ...marks.map(m => ({ type: 'line', yref: 'paper', y0: 0, y1: 1, x0: m.step, x1: m.step,
          line: { color: theme.muted, width: 1 }, opacity: theme.opacities.mark })),
      ],
      annotations: [...notes(references, range, this.#spec.log ?? false, theme),
        ...marks.filter(m => m.text).map(m => ({
        x: m.step, xanchor: m.left ? 'right' : 'left', xshift: m.left ? -3 : 3, yref: 'paper',
          ...(this.#spec.headed ? { y: 0, yanchor: 'bottom' } : { y: 1, yanchor: 'top' }), text: mathsHtml(m.text),
          showarrow: false,
        font: { size: 10, color: theme.muted }, borderpad: 0, bgcolor: translucent(theme.background, 0.75),
      }))],
    };
  }
}

/** @type {Record<string, string>} */
const CURVE_DASHES = INKS.curveDashes;

/** @param {string | undefined} dash */
const DASH = dash => CURVE_DASHES[dash ?? ''] ?? DASHES[dash ?? 'solid'];

/** The newest value of a line as it was measured, or that of the step that is looked at.
 * @param {Series} series @param {Scene} scene */
const measured = ({ column }, { history, numbers, past }) =>
  (past ? past.numbers[column] ?? history.at(column, past.at) : numbers[column] ?? history.latest(column));

/** The same as it is drawn. @param {Series} series @param {Scene} scene */
function drawn(series, scene) {
  const value = measured(series, scene);
  return value !== null && series.derive ? series.derive(value, scene.facts) : value;
}

/** @param {Series} series @param {Scene} scene @returns {Line} */
function readLine({ column, derive }, { history, recent, time, facts }) {
  const line = recent ? history.recent(column, time[0]) : history.whole(column);
  if (!derive) return line;
  const derived = (/** @type {number[]} */ values) => values.map(value => derive(value, facts));
  return { step: line.step, mean: derived(line.mean), low: derived(line.low), high: derived(line.high) };
}

/** What is measured every so many steps is held in between; the newest frame's number may be younger. The line goes
 * on to it, so that its end and the number beside its name are one. @param {Line} line @param {Series} series
 * @param {Scene} scene @returns {Line} */
function untilNow(line, { column, derive, held }, { numbers, facts }) {
  const [whose, name] = column.includes('/') ? column.split(/(?<=\/)/) : ['', column];
  const step = (name === 'jsd' ? numbers[`${whose}jsd_step`] : null) ?? numbers[`${whose}measured`];
  const read = numbers[column];
  if (!held || !known(read) || !known(step)) return line;
  const value = derive ? derive(read, facts) : read;
  const since = line.mean.findLastIndex(other => other !== line.mean.at(-1)) + 1; // it holds its last value
  if (line.step[since] >= step || value === line.mean[since]) return line; // neither where nothing was measured yet
  const end = (/** @type {number[]} */ values, /** @type {number} */ last) => [...values.slice(0, since + 1), last];
  return { step: end(line.step, step), mean: end(line.mean, value), low: end(line.low, value),
    high: end(line.high, value) };
}

/** The line from a step on. @param {number} since @param {Line} line @returns {Line} */
function after(since, line) {
  const first = since > 0 ? line.step.findIndex(step => step >= since) : 0;
  if (first === 0) return line;
  const rest = (/** @type {number[]} */ values) => (first < 0 ? [] : values.slice(first));
  return { step: rest(line.step), mean: rest(line.mean), low: rest(line.low), high: rest(line.high) };
}

/** @param {Series} series @param {Shown} facts */
const applies = (series, facts) => series.when?.(facts) ?? true;
