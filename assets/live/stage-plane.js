// @ts-check
/**
 * The stage of a game in the plane: the field of D, real and generated samples
 * on it, where the generator is drawn to, and the latent plane as G warps it.
 */
import { Contour } from './contour.js';
import { isBound } from './counted.js';
import { element, write } from './dom.js';
import { FieldRaster } from './field-raster.js';
import { listenToGestures } from './gestures.js';
import { DRAG } from './help.js';
import { Legend } from './legend.js';
import { compact, fixed, grouped, known, typographic } from './numbers.js';
import { translucent } from './palette.js';
import { atEquilibrium, inSameUnits, isProbability, NO_GAME, readingOf, unitOf } from './reading.js';
import { ARROW_CAP, ARROW_SCALE, drawArrows, drawAxes, drawDots, drawMesh, drawSquares } from './plane-marks.js';
import { drawModes, modeInWords, sharesIn } from './plane-modes.js';
import { fieldsOf, FREE, KNOWN, meanLevel, SteadyScale, valueAt } from './plane-fields.js';
import { Spoken } from './spoken.js';
import { createSwitch } from './switch.js';
import { Viewport } from './viewport.js';

/** @typedef {Record<string, Float32Array>} Arrays */

/** In drawing order.
 * @type {readonly (import('./legend.js').Layer & {draw: (scene: Scene) => void})[]} */
const LAYERS = [
  {
    key: 'field', label: 'field', draw: drawField, sample: { ink: 'muted', mark: 'field' },
    hint: r => (r.centre === null
      ? `The field behind the samples. Of ${r.symbol} only differences count: no colour stands for its mean level, `
        + `and the scale follows its values.`
      : `The field behind the samples. When ${atEquilibrium(r)} the colour has drained out of the picture: the `
        + `equilibrium.`),
  },
  {
    key: 'map', needs: 'mesh', label: 'map G', draw: drawMap, sample: { ink: 'generated', mark: 'mesh' },
    hint: 'A grid of latents z, warped by G. Each cell holds the same share of p_g, so small cells are dense: the '
      + 'denser, the more opaque.',
  },
  {
    key: 'contour', label: r => `${r.symbol} = ${r.centre === null ? 'mean' : r.centre_label}`, draw: drawContours,
      sample: { ink: 'discriminator', width: 1.6 },
    hint: r => (r.centre === null
      ? `Where ${r.symbol} is half way between its means on real and on generated samples: a level without meaning `
        + `of its own, that tells its high side from its low one.`
      : `Where D cannot tell: one side it takes for real, the other for generated.`
        + (r.optimal ? ` Dotted: the same line of ${r.optimal_label}, when the field shows ${r.optimal_label}.` : '')),
  },
  {
    key: 'real', needs: 'real', label: 'p_r real', draw: ({ c, view, arrays, theme }) =>
      drawDots(c, view, arrays.real, theme),
    sample: { ink: 'real', mark: 'dot' }, hint: 'Real samples: dots.',
  },
  {
    key: 'generated', needs: 'generated', label: 'p_g generated', draw: ({ c, view, arrays, theme }) =>
      drawSquares(c, view, arrays.generated, theme),
    sample: { ink: 'generated', mark: 'square' },
      hint: 'Generated samples G(z): squares. Their latents z stay the same, so each square can be followed.',
  },
  {
    key: 'sample_gradient', needs: 'sample_gradient', label: '−∇_x L_G', draw: ({ c, view, arrays, theme }) =>
      drawArrows(c, view, arrays.generated, arrays.sample_gradient, theme),
    sample: { ink: 'generated', mark: 'arrow' },
    hint: `Where the generator’s loss draws each sample. As long as the gradient, on one scale for the whole run: `
      + `where there is none to see, G learns nothing. `
      + `A gradient of ${+(0.1 / ARROW_SCALE).toPrecision(2)} per width of the window is drawn a tenth of it long; `
      + `at most ${Math.round(100 * ARROW_CAP)} % of it is drawn.`,
  },
  {
    key: 'shares', needs: 'shares', label: '% per mode', draw: drawShares, sample: { ink: 'muted', mark: 'share' },
    hint: 'How much of p_g lies within 3 standard deviations of each mode. A mode that has nothing is ringed. Under '
      + 'the pointer stands what a perfect generator has there, and by how much chance spreads that.',
  },
];
const LEGEND = ['real', 'generated', 'sample_gradient', 'map', 'contour', 'shares', 'field'];

/** @type {readonly import('./help.js').Entry[]} */
const GESTURES = [
  [['wheel', 'drag'], 'zoom and move the plane'],
  [['+', '−', '← → ↑ ↓'], 'the same by keys, once the plane is clicked or reached with Tab'],
  [['double click', '0'], 'the whole window again'],
  ...DRAG.map(([keys, does]) => /** @type {import('./help.js').Entry} */ ([keys, `in the curves: ${does}`])),
];

const MARGIN = { left: 28, right: 1, top: 3, bottom: 20 };
const COMPACT_MARGIN = { left: 20, right: 1, top: 3, bottom: 14 };

/** What a layer needs to draw itself.
 * @typedef {object} Scene
 * @property {CanvasRenderingContext2D} c
 * @property {Viewport} view
 * @property {Arrays} arrays
 * @property {Facts} facts
 * @property {import('./palette.js').Theme} theme
 * @property {import('./plane-fields.js').Field} field
 * @property {number} size of the field
 * @property {import('./plane-fields.js').Level} level
 * @property {import('./bytes.js').Picture} frame
 * @property {FieldRaster} raster up to date
 * @property {Contour} contour */

/** @typedef {import('./types.d.ts').PlaneFacts & {shown?:
 * import('./types.d.ts').PlaneFacts['window']}} Facts `shown`: the window of all of several */

export class PlaneStage {
  title = 'In the plane';
  #options;
  #theme;
  /** @type {Facts} */
  #facts = { ...NO_GAME, stage: 'plane', window: [-1, 1, -1, 1] };
  /** @type {import('./bytes.js').Picture | null} */
  #frame = null;
  #legend;
  #canvas;
  #context;
  #view = new Viewport();
  #raster = new FieldRaster();
  #rasterShows = /** @type {unknown[]} */ ([]);
  #values = new Float32Array(0);
  #contour = new Contour();
  #fields = fieldsOf(readingOf(NO_GAME));
  #choice;
  #fieldRow;
  /** @type {import('./plane-fields.js').Level} */
  #level = { middle: 0.5, scale: 0.5 };
  #scale = new SteadyScale();
  #ends = ['low', 'middle', 'high'].map(at => element('span', { 'data-at': at }));
  #homeButton = element('button', { type: 'button', class: 'gd-button gd-home', hidden: '' }, 'whole window');
  #words;
  /** @type {{x: number, y: number} | null} where the pointer rests, in px of the canvas */
  #pointer = null;

  /** @param {import('./stages.js').StageOptions} options */
  constructor(options) {
    this.#options = options;
    this.#theme = options.theme;
    this.#words = new Spoken(options.signal);
    const { signal, preferences, tips, request, scales } = options;
    scales?.join(this.#view, signal);
    const moved = () => (scales ? scales.follow(this.#view) : request());
    this.#legend = new Legend(LAYERS, LEGEND, { preferences, tips, signal, request });
    this.#choice = createSwitch({
      label: 'What the field shows',
      choices: this.#fields,
      value: this.#field.value,
      tips,
      signal,
      onChoose: value => {
        preferences.set('field', value);
        request();
      },
    });
    const [low, middle, high] = this.#ends;
    const scale = element('span', { class: 'gd-scale' }, low, element('span', { class: 'gd-scale-bar' }, middle), high);
    this.#fieldRow = element('div', { class: 'gd-field' }, this.#legend.entry('field'), this.#choice.node, scale);
    this.#canvas = /** @type {HTMLCanvasElement} */ (element('canvas', {
      class: 'gd-plane', tabindex: 0, role: 'img',
        'aria-label': 'Real and generated samples in the plane, over the field of the discriminator. Plus and minus '
          + 'zoom, arrows pan, 0 resets.',
      'aria-describedby': this.#words.node.id, 'aria-keyshortcuts': '+ - 0 ArrowLeft ArrowRight ArrowUp ArrowDown',
    }));
    this.#context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d', { alpha: false }));
    this.node = element('div', { class: 'gd-stage gd-stage-plane' }, this.#legend.node, this.#fieldRow,
      element('div', { class: 'gd-plot' }, this.#canvas, this.#homeButton), this.#words.node);
    this.#showEnds();
    this.#homeButton.addEventListener('click', () => {
      this.#view.reset();
      moved();
    }, { signal });
    listenToGestures(this.#canvas, this.#view, { signal, onChange: moved });
    this.#canvas.addEventListener('pointermove', ({ offsetX: x, offsetY: y, pointerType }) => {
      this.#pointer = pointerType === 'touch' ? null : { x, y };
      request();
    }, { signal });
    // A finger has no place to rest: a tap reads the point, another one takes the words away.
    this.#canvas.addEventListener('click', event => {
      const { offsetX: x, offsetY: y, pointerType } = /** @type {PointerEvent} */ (event);
      if (pointerType !== 'touch') return;
      this.#pointer = this.#pointer ? null : { x, y };
      request();
    }, { signal });
    this.#canvas.addEventListener('pointerleave', ({ pointerType }) => {
      if (pointerType === 'touch') return;
      this.#pointer = null;
      tips.leavePoint();
    }, { signal });
  }

  get gestures() {
    return GESTURES;
  }

  get layers() {
    return [this.#legend.node, this.#fieldRow];
  }

  get guide() {
    return this.#legend.guide;
  }

  /** @param {Facts} facts */
  setFacts(facts) {
    const same = inSameUnits(facts, this.#facts);
    this.#facts = facts;
    this.#view.setHome(facts.shown ?? facts.window);
    if (!same) {
      const reading = readingOf(facts);
      this.#fields = fieldsOf(reading);
      this.#scale.clear();
      this.#legend.read(reading);
      this.#choice.offer(this.#fields, this.#field.value);
      this.#words.hurry();
      if (this.#frame) return; // its D is in the old units; a frame in the new ones follows
    }
    this.#options.request();
  }

  /** What the field shows: what was chosen, if it has a meaning in this game. */
  get #field() {
    const wanted = this.#options.preferences.get('field', 'd');
    return this.#fields.find(f => f.value === wanted) ?? this.#fields[0];
  }

  /** @param {import('./palette.js').Theme} theme */
  setTheme(theme) {
    this.#theme = theme;
    this.#options.request();
  }

  clear() {
    this.#frame = null;
    this.#scale.clear();
    this.#view.reset();
    this.#words.hurry();
    this.#options.request();
  }

  /** @param {readonly import('./bytes.js').Picture[]} pictures one */
  draw([frame]) {
    this.#frame = frame;
    const isPainted = this.redraw();
    this.#words.tell(() => this.#inWords(frame.label.numbers));
    return isPainted;
  }

  redraw() {
    const c = this.#context;
    const theme = this.#theme;
    if (!this.#fit()) return false;
    c.fillStyle = theme.background;
    c.fillRect(0, 0, this.#canvas.clientWidth, this.#canvas.clientHeight);
    const arrays = /** @type {Arrays} */ (this.#frame?.arrays ?? {});
    if (this.#frame) this.#legend.match(arrays);
    drawAxes(c, this.#view, theme);
    if (!arrays.d) return false;
    const size = Math.round(Math.sqrt(arrays.d.length));
    this.#setLevel(arrays, size);
    this.#showEnds();
    if (this.#legend.isOn('field')) this.#paintField(arrays, size);
    const { left, top, width, height } = this.#view.box;
    c.save();
    c.beginPath();
    c.rect(left, top, width, height);
    c.clip();
    const frame = /** @type {import('./bytes.js').Picture} */ (this.#frame);
    const scene = { c, view: this.#view, frame, arrays, facts: this.#facts, theme, field: this.#field,
      level: this.#level, size, raster: this.#raster, contour: this.#contour };
    for (const layer of LAYERS) if (this.#legend.isOn(layer.key)
      && (!layer.needs || arrays[layer.needs])) layer.draw(scene);
    c.restore();
    this.#canvas.toggleAttribute('data-zoomed', !this.#view.isHome);
    this.#homeButton.toggleAttribute('hidden', this.#view.isHome);
    this.#readPoint(arrays, size);
    return true;
  }

  /** Sizes canvas and viewport; false when there is no room to draw. */
  #fit() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (width < 60 || height < 60) return false;
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.#canvas.width !== w || this.#canvas.height !== h) Object.assign(this.#canvas, { width: w, height: h });
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const margin = this.#options.compact ? COMPACT_MARGIN : MARGIN;
    const [roomX, roomY] = [width - margin.left - margin.right, height - margin.top - margin.bottom];
    const side = Math.min(roomX, roomY);
    this.#view.box = { left: margin.left + Math.round((roomX - side) / 2), top: margin.top
      + Math.round((roomY - side) / 2), width: side, height: side };
    return true;
  }

  /** Paints the raster anew only when its frame, choice or theme is another: panning needs none of that.
   * @param {Arrays} arrays @param {number} size */
  #paintField({ d, d_star: star }, size) {
    const { middle, scale } = this.#level;
    const shows = [d, this.#field, this.#theme, middle, scale];
    if (shows.every((part, i) => part === this.#rasterShows[i])) return;
    this.#rasterShows = shows;
    if (this.#values.length !== d.length) this.#values = new Float32Array(d.length);
    const { of, uses } = this.#field;
    for (let i = 0; i < d.length; i++) {
      const value = of(d[i], uses && star ? star[i] : NaN, this.#level);
      this.#values[i] = value > 1 ? 1 : value < -1 ? -1 : value;
    }
    this.#raster.paint(this.#values, size, this.#theme);
  }

  #showEnds() {
    const words = this.#field.ends(this.#level);
    this.#ends.forEach((end, i) => write(end, words[i]));
  }

  /** Where a critic's colours begin and end; those of a probability do so by nature.
   * @param {Arrays} arrays @param {number} size */
  #setLevel(arrays, size) {
    const { centre, low, high } = readingOf(this.#facts);
    const middle = centre ?? meanLevel(arrays, size, this.#facts.window);
    if (isProbability(readingOf(this.#facts))) {
      this.#level = { middle, scale: 0.5 };
      return;
    }
    let extreme = Math.max(0, ...[low, high].filter(known).map(end => Math.abs(end - middle)));
    for (const value of arrays.d) extreme = Math.max(extreme, Math.abs(value - middle)); // NaN stays without a say
    if (!Number.isFinite(extreme)) extreme = 0;
    const scale = this.#scale.fit(extreme, centre === null ? FREE : KNOWN);
    const [, shared] = this.#options.scales?.share('field', unitOf(readingOf(this.#facts)), this, [0, scale])
      ?? [0, scale];
    this.#level = { middle, scale: shared };
  }

  /** D and D* under the pointer, also while it rests and the game goes on. @param {Arrays} arrays
   * @param {number} size */
  #readPoint(arrays, size) {
    if (!this.#pointer || this.#canvas.hasAttribute('data-held')) return this.#options.tips.leavePoint();
    const { x: px, y: py } = this.#pointer;
    const [x, y] = this.#view.under(px, py);
    const digits = Math.max(1, Math.ceil(Math.log10(this.#view.scale / 2)));
    const read = (/** @type {Float32Array | undefined} */ values) =>
      (values ? valueAt(values, size, this.#facts.window, x, y) : null);
    const [d, star] = [read(arrays.d), read(arrays.d_star)];
    const place = `x ${typographic(x.toFixed(digits))}\u2003y ${typographic(y.toFixed(digits))}`;
    const reading = readingOf(this.#facts);
    const says = isProbability(reading) ? fixed : compact;
    const best = reading.optimal ? `\u2003${reading.optimal_label} ${known(star) ? says(star) : 'undetermined'}` : '';
    const values = d === null ? 'outside the window' : `${reading.symbol} ${says(d)}${best}`;
    const mode = this.#frame && arrays.shares && this.#legend.isOn('shares')
      ? modeInWords(this.#facts, sharesIn(this.#frame, this.#facts), x, y) : '';
    const { left, top } = this.#canvas.getBoundingClientRect();
    this.#options.tips.showPoint(`${place}\n${values}${mode}`, left + px, top + py);
  }

  /** @param {Record<string, number | null>} numbers */
  #inWords(numbers) {
    const modes = this.#facts.modes.length;
    const covered = modes && known(numbers.modes)
      ? `Generated samples reach ${numbers.modes} of ${modes} modes; ${fixed(100 * (numbers.high_quality ?? 0), 0)} `
        + `% of them lie close to one. ` : '';
    return `${covered}${readingOf(this.#facts).symbol} is ${fixed(numbers.mean_d_real, 2)} on average `
      + `on real and ${fixed(numbers.mean_d_fake, 2)} on generated samples. `
      + `JSD ${isBound(this.#facts) ? 'at least ' : ''}${fixed(numbers.jsd)} nats`
      + `${known(numbers.jsd_step) ? ` at step ${grouped(numbers.jsd_step)}` : ''}.`;
  }
}

/** @param {Scene} scene */
function drawField({ c, view, facts, theme, raster, field }) {
  const [xLow, xHigh, yLow, yHigh] = facts.window;
  const x = view.originX + view.scale * xLow;
  const y = view.originY - view.scale * yHigh;
  const [width, height] = [view.scale * (xHigh - xLow), view.scale * (yHigh - yLow)];
  if (field.uses) hatch(c, view, { x, y, width, height }, theme);
  raster.draw(c, x, y, width, height);
}

const HATCH_PX = 8;

/** Undetermined is not one half: the ground shows hatched where the raster has holes.
 * @param {CanvasRenderingContext2D} c @param {Viewport} view
 * @param {{x: number, y: number, width: number, height: number}} area @param {import('./palette.js').Theme} theme */
function hatch(c, { box }, area, theme) {
  const [left, top] = [Math.max(box.left, area.x), Math.max(box.top, area.y)];
  const [right, bottom] = [Math.min(box.left + box.width, area.x + area.width),
    Math.min(box.top + box.height, area.y + area.height)];
  if (right <= left || bottom <= top) return;
  c.save();
  c.beginPath();
  c.rect(left, top, right - left, bottom - top);
  c.clip();
  c.beginPath();
  for (let x = left - (bottom - top); x < right; x += HATCH_PX) {
    c.moveTo(x, bottom);
    c.lineTo(x + (bottom - top), top);
  }
  c.strokeStyle = theme.line;
  c.lineWidth = 1;
  c.stroke();
  c.restore();
}

/** @param {Scene} scene */
function drawMap({ c, view, arrays, theme }) {
  drawMesh(c, view, arrays.mesh, Math.round(Math.sqrt(arrays.mesh.length / 2)), theme);
}

/** @param {Scene} scene */
function drawContours({ c, view, arrays, facts, theme, field, level, size, contour }) {
  const [xLow, xHigh, yLow, yHigh] = facts.window;
  const [stepX, stepY] = [(xHigh - xLow) / size, (yHigh - yLow) / size];
  // The field is known at the cells' middles; a line that comes to the last of them goes on to the window's edge.
  const reach = (/** @type {number} */ k) => (k <= 0 ? 0 : k >= size - 1 ? size : k + 0.5);
  const toX = (/** @type {number} */ i) => view.originX + view.scale * (xLow + reach(i) * stepX);
  const toY = (/** @type {number} */ j) => view.originY - view.scale * (yLow + reach(j) * stepY);
  const stroke = (/** @type {Float32Array} */ values, /** @type {number[]} */ dash) => {
    c.beginPath();
    contour.trace(values, size, level.middle, (i, j, first) =>
      (first ? c.moveTo(toX(i), toY(j)) : c.lineTo(toX(i), toY(j))));
    c.setLineDash(dash);
    c.lineWidth = 1.6;
    c.strokeStyle = translucent(theme.discriminator, visibility(values, level));
    c.stroke();
    c.setLineDash([]);
  };
  if (field.uses && arrays.d_star) stroke(arrays.d_star, [2, 4]);
  stroke(arrays.d, []);
}

// mean distance of D from its middle, as a share of the scale, from where on a boundary is a boundary
const PLAIN_OPINION = 0.08;

/** Of a D that is at its middle nearly everywhere the boundary
 * wanders about and means nothing: it fades as the colour does.
 * @param {Float32Array} values @param {import('./plane-fields.js').Level} level */
function visibility(values, { middle, scale }) {
  let sum = 0;
  let count = 0;
  for (const value of values)
    if (value === value) {
      sum += Math.abs(value - middle) / scale;
      count++;
    }
  return 0.95 * Math.min(1, Math.max(0.2, sum / Math.max(1, count) / PLAIN_OPINION));
}

/** @param {Scene} scene */
function drawShares({ c, view, frame, facts, theme }) {
  const { modes, mode_std: std } = facts;
  if (!modes.length) return;
  drawModes(c, view, modes, std ?? 0, sharesIn(frame, facts).shares, theme);
}
