// @ts-check
/**
 * The stage of a game in the plane: the field of D, real and generated samples
 * on it, where the generator is drawn to, and the latent plane as G warps it.
 */
import { fitCanvas, magnification, roomIn } from './canvas.js';
import { Contour } from './contour.js';
import { element, write } from './dom.js';
import { FieldRaster } from './field-raster.js';
import { listenToGestures } from './gestures.js';
import { drag } from './help.js';
import { Legend } from './legend.js';
import { compact, fixed, known, typographic } from './numbers.js';
import { inSameUnits, isProbability, NO_GAME, readingOf, unitOf } from './reading.js';
import { LAYERS, LEGEND } from './plane-layers.js';
import { drawAxes, numbersRoom } from './plane-marks.js';
import { modeInWords, sharesIn } from './plane-modes.js';
import { fieldsOf, FREE, KNOWN, meanLevel, SteadyScale, valueAt } from './plane-fields.js';
import { samplesInWords } from './samples-words.js';
import { Spoken } from './spoken.js';
import { createSwitch } from './switch.js';
import { Viewport } from './viewport.js';
import { t } from './words.js';

/** @typedef {import('./plane-layers.js').Arrays} Arrays */

/** @returns {readonly import('./help.js').Entry[]} */
const gestures = () => [
  [[t('wheel'), t('drag')], t('zoom and move the plane')],
  [['+', '−', '← → ↑ ↓'], t('the same by keys, once the plane is clicked or reached with Tab')],
  [[t('double click'), '0'], t('the whole window again')],
  ...drag().map(([keys, does]) => /** @type {import('./help.js').Entry} */ ([keys, t('in the curves: {does}',
      { does })])),
];

const MARGIN = { left: 28, right: 1, top: 3, bottom: 20 };
const COMPACT_MARGIN = { left: 20, right: 1, top: 3, bottom: 14 };

/** @typedef {import('./plane-layers.js').Facts} Facts */

export class PlaneStage {
  title = t('In the plane');
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
  #homeButton = element('button', { type: 'button', class: 'gd-button gd-home', hidden: '' }, t('whole window'));
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
      label: t('What the field shows'),
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
        'aria-label': t('Real and generated samples in the plane, over the field of the '
          + 'discriminator. Plus and minus zoom, arrows pan, 0 resets.'),
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
      this.#pointer = pointerType === 'touch' ? null : this.#at(x, y);
      request();
    }, { signal });
    // A finger has no place to rest: a tap reads the point, another one takes the words away.
    this.#canvas.addEventListener('click', event => {
      const { offsetX: x, offsetY: y, pointerType } = /** @type {PointerEvent} */ (event);
      if (pointerType !== 'touch') return;
      this.#pointer = this.#pointer ? null : this.#at(x, y);
      request();
    }, { signal });
    this.#canvas.addEventListener('pointerleave', ({ pointerType }) => {
      if (pointerType === 'touch') return;
      this.#pointer = null;
      tips.leavePoint();
    }, { signal });
  }

  get gestures() {
    return gestures();
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
    this.#words.tell(() => samplesInWords(this.#facts, frame.label.numbers));
    return isPainted;
  }

  redraw() {
    const c = this.#context;
    const theme = this.#theme;
    if (!this.#fit()) return false;
    c.fillStyle = theme.background;
    const room = roomIn(this.#canvas);
    c.fillRect(0, 0, room.width, room.height);
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

  /** A place of the canvas in px of what is drawn. @param {number} x @param {number} y in CSS px */
  #at(x, y) {
    const times = magnification(this.#canvas);
    return { x: x / times, y: y / times };
  }

  /** Sizes canvas and viewport; false when there is no room to draw. */
  #fit() {
    if (!fitCanvas(this.#context)) return false;
    const margin = this.#options.compact ? COMPACT_MARGIN : MARGIN;
    this.#view.place(roomIn(this.#canvas), margin, () => numbersRoom(this.#context, this.#view, this.#theme));
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
    const best = reading.optimal ? `\u2003${reading.optimal_label} `
      + (known(star) ? says(star) : t('undetermined')) : '';
    const values = d === null ? t('outside the window') : `${reading.symbol} ${says(d)}${best}`;
    const mode = this.#frame && arrays.shares && this.#legend.isOn('shares')
      ? modeInWords(this.#facts, sharesIn(this.#frame, this.#facts), x, y) : '';
    const { left, top } = this.#canvas.getBoundingClientRect();
    const times = magnification(this.#canvas);
    this.#options.tips.showPoint(`${place}\n${values}${mode}`, left + times * px, top + times * py);
  }
}
