// @ts-check
/**
 * The stage of a game of pictures: a grid of generated ones from fixed latents, real
 * ones beneath, each in a frame that says what D makes of it; and one of them close up.
 */
import { pixelRatio } from './canvas.js';
import { element, write } from './dom.js';
import { addressOf } from './files.js';
import { Legend } from './legend.js';
import { compact, fixed, grouped, known } from './numbers.js';
import { CloseUp } from './pictures-closeup.js';
import { FrameColours } from './pictures-colours.js';
import { fitSome, fitTiles } from './pictures-fit.js';
import { Histogram } from './pictures-histogram.js';
import { ClassShares } from './pictures-classes.js';
import { ALWAYS, gestures, LAYERS, LEGEND, VIEWS } from './pictures-layers.js';
import { SelectionRequest } from './pictures-selection.js';
import { Walk } from './pictures-walk.js';
import { ImageGrid } from './pictures-grid.js';
import { inSameUnits, isProbability, NO_GAME, readingOf } from './reading.js';
import { Spoken } from './spoken.js';
import { createSwitch } from './switch.js';
import { before, t } from './words.js';

const HEAD_PX = 20; // a heading over a grid
const SIDE_PX = 178; // at least, for what stands beside the grid
const SIDE_SHARE = 0.26;
const GAP_PX = 16;
const WALK_PX = 74; // a walk needs this room where the real pictures are
const SMALLEST_PX = 22; // of a picture in a small stage
const FIGURE_SHARE = { alone: 0.29, both: 0.2 }; // of the side's height, for each figure beneath the close-up
const SIDE_GAP_PX = 8;

/** @typedef {{generated: Uint8Array, real: Uint8Array, d_generated:
 * Float32Array, d_real: Float32Array, histogram_real: Float32Array,
 * histogram_generated: Float32Array, shares?: Float32Array, map?:
 * Uint8Array, saliency?: Float32Array, nearest?: Uint8Array,
 * walk?: Uint8Array, between?: Uint8Array}} Arrays of a frame */

export class PicturesStage {
  title = t('Pictures');
  #options;
  #theme;
  /** @type {import('./types.d.ts').PictureFacts} */
  #facts = {
    ...NO_GAME, stage: 'pictures', shape: [1, 1, 1], pictures: 0, grid_columns: 1, real_pictures: 0, map_side: 0,
      walk: 0,
    nearest: false, counted_by: null, modes: [], mode_weights: [], perfect_quality: null,
  };
  /** @type {import('./bytes.js').Picture | null} */
  #frame = null;
  #legend;
  #selection;
  #colours = new FrameColours();
  #choice;
  #ends = ['low', 'middle', 'high'].map(at => element('span', { 'data-at': at }));
  #fieldRow;
  #aside = element('span', { class: 'gd-aside' });
  #generated;
  #map;
  #real;
  #closeUp;
  #walk;
  #histogram;
  #classes;
  #heads = { generated: element('h3', { class: 'gd-image-grid-head' }, t('Generated')),
    real: element('h3', { class: 'gd-image-grid-head' }, t('Real')) };
  #beneath;
  #grids;
  #hint = element('p', { class: 'gd-pictures-hint' });
  #side;
  #body;
  #words;
  #awaitsSecond = false;

  /** @param {import('./stages.js').StageOptions} options */
  constructor(options) {
    this.#options = options;
    this.#theme = options.theme;
    this.#words = new Spoken(options.signal);
    const { signal, request, tips } = options;
    this.#selection = new SelectionRequest({ signal, send: command => this.#options.send?.(command) });
    this.#legend = new Legend(LAYERS, LEGEND, options);
    this.#choice = createSwitch({
      label: t('Which generated pictures are shown'), choices: VIEWS, value: 'grid', tips, signal,
      onChoose: value => this.#set({ map: value === 'map' }),
    });
    const [low, middle, high] = this.#ends;
    const scale = element('span', { class: 'gd-scale' }, low,
      element('span', { class: 'gd-scale-bar gd-scale-full' }, middle), high);
    this.#fieldRow = element('div', { class: 'gd-field' }, this.#choice.node, this.#aside,
      this.#legend.entry('frames'), scale);
    this.#generated = new ImageGrid({ label: t('Generated pictures'), signal, tips, request, onChoose: options.compact
      ? undefined : (i, isOther) => this.#choose(i, isOther) });
    this.#generated.node.setAttribute('aria-describedby', this.#words.node.id);
    this.#map = new ImageGrid({ label: t('The plane of both latents, a generated picture at each '
      + 'place'), signal, tips,
      request });
    this.#real = new ImageGrid({ label: t('Real pictures'), signal, tips, request });
    this.#closeUp = new CloseUp({ signal, tips, onClose: () => this.#choose(null, false), onWalk: () =>
      this.#awaitSecond(!this.#awaitsSecond) });
    this.#walk = new Walk({ signal, tips, request, onShare: share => this.#set({ share }), onClose: () =>
      this.#set({ other: null }) });
    this.#histogram = new Histogram(options);
    this.#classes = new ClassShares(options);
    this.#beneath = element('div', { class: 'gd-image-grid-beneath' }, this.#heads.real, this.#real.node,
      this.#walk.node);
    this.#map.node.hidden = true;
    this.#grids = element('div', { class: 'gd-image-grids' }, this.#heads.generated, this.#generated.node,
      this.#map.node, this.#beneath);
    this.#side = element('div', { class: 'gd-pictures-side' }, this.#hint, this.#closeUp.node, this.#classes.node,
      this.#histogram.node);
    this.#body = element('div', { class: 'gd-pictures' }, this.#grids, this.#side);
    this.node = element('div', { class: 'gd-stage gd-stage-plane gd-stage-pictures' }, this.#styles(),
      this.#legend.node, this.#fieldRow, this.#body, this.#words.node);
    this.node.toggleAttribute('data-compact', Boolean(options.compact));
  }

  /** The style sheet of this stage, which comes and goes with it. */
  #styles() {
    const link = element('link', { rel: 'stylesheet', href: addressOf('pictures.css') });
    link.addEventListener('load', () => this.#options.request(), { signal: this.#options.signal });
    return link;
  }

  get gestures() {
    return this.#options.compact ? [] : gestures();
  }

  get layers() {
    return this.#options.compact ? [this.#fieldRow] : [this.#legend.node, this.#fieldRow];
  }

  get guide() {
    const { guide } = this.#legend;
    return this.#options.compact ? [ALWAYS[0], guide[0]] : [ALWAYS[0], ...guide, ALWAYS[1]];
  }

  /** @param {import('./types.d.ts').PictureFacts} facts */
  setFacts(facts) {
    const same = inSameUnits(facts, this.#facts);
    this.#facts = facts;
    if (!same || !this.#frame) {
      const reading = readingOf(facts);
      this.#legend.read(reading);
      this.#colours.read(reading);
      this.#histogram.read(reading);
    }
    this.#choice.node.toggleAttribute('hidden', !facts.map_side || Boolean(this.#options.compact));
    this.#closeUp.setFacts(facts);
    write(this.#aside, this.#options.compact ? '' : sizes(facts));
    const offers = [facts.nearest && t('the nearest real one'), t('where D’s gradient points'), facts.walk
      && t('a walk to another')].filter(Boolean);
    write(this.#hint, t('Click a generated picture to see it close up: {join}.', { join: offers.join(', ') }));
    this.#words.hurry();
    this.#options.request();
  }

  /** @param {import('./palette.js').Theme} theme */
  setTheme(theme) {
    this.#theme = theme;
    this.#options.request();
  }

  clear() {
    this.#frame = null;
    this.#selection.clear();
    this.#awaitSecond(false);
    this.#colours.clear();
    this.#histogram.clear();
    this.#classes.clear();
    for (const part of [this.#generated, this.#map, this.#real, this.#walk]) part.clear();
    for (const { node } of [this.#closeUp, this.#walk, this.#classes, this.#histogram]) node.hidden = true;
    this.#options.tips.leavePoint();
    this.#words.hurry();
    this.#options.request();
  }

  /** @param {readonly import('./bytes.js').Picture[]} pictures one */
  draw([frame]) {
    this.#frame = frame;
    this.#selection.hear(frame.label.image_grid?.close_up);
    const isPainted = this.redraw();
    this.#words.tell(() => this.#inWords(frame));
    return isPainted;
  }

  redraw() {
    const { shape, pictures: count } = this.#facts;
    const frame = this.#frame;
    if (!frame || !count || frame.arrays.generated?.length !== count * shape[0] * shape[1] * shape[2]) return false;
    const arrays = /** @type {Arrays} */ (frame.arrays);
    this.#colours.fit(arrays, this.#theme, (unit, scale) =>
      this.#options.scales?.share('frames', unit, this, [0, scale])[1] ?? scale);
    this.#ends.forEach((end, i) => write(end, this.#colours.ends[i]));
    if (this.#options.compact) return this.#drawSmall(arrays);
    this.#legend.match({ ...arrays, classes: frame.label.image_grid?.classes_of_generated ?? undefined });
    const { selected, other, map } = this.#selection.now;
    const showsMap = map && this.#facts.map_side > 0;
    const walks = other !== null && selected !== null && this.#facts.walk > 0;
    const showsReal = this.#legend.isOn('real_row') && Boolean(arrays.real?.length);
    const fit = this.#arrange(showsReal, walks);
    if (!fit) return false;
    this.#choice.offer(VIEWS, showsMap ? 'map' : 'grid');
    const mapped = showsMap && arrays.map?.length ? arrays.map : null;
    const isMapHere = mapped !== null;
    this.#generated.node.toggleAttribute('hidden', isMapHere);
    this.#map.node.toggleAttribute('hidden', !isMapHere);
    write(this.#heads.generated, isMapHere ? t('Generated: G(z) over the plane of z, z₁ to the right, '
      + 'z₂ upwards')
      : t('Generated: G(z) of latents z that stay the same'));
    if (mapped) this.#drawMap(mapped, fit);
    else this.#drawGenerated(arrays, fit);
    this.#real.node.toggleAttribute('hidden', !showsReal || walks);
    this.#heads.real.toggleAttribute('hidden', !showsReal || walks);
    this.#walk.node.toggleAttribute('hidden', !walks);
    if (walks) this.#drawWalk(arrays);
    else if (showsReal) this.#drawReal(arrays, fit);
    this.#drawSide(arrays);
    return true;
  }

  /** Finds the pictures' size and divides the stage accordingly; null when there is no room to draw.
   * @param {boolean} showsReal @param {boolean} walks */
  #arrange(showsReal, walks) {
    const isNarrow = Boolean(this.node.closest('[data-layout="narrow"]'));
    const { clientWidth } = this.#body;
    const { clientHeight } = isNarrow ? this.#grids : this.#body;
    if (clientWidth < 60 || clientHeight < 60) return null;
    const { shape, pictures: count, real_pictures: real, grid_columns: preferred } = this.#facts;
    const side = isNarrow ? 0 : Math.max(SIDE_PX, Math.round(SIDE_SHARE * clientWidth)) + GAP_PX;
    const room = { count, preferred, side: shape[1], width: clientWidth - side,
      height: clientHeight - HEAD_PX * (showsReal || walks ? 2 : 1), ratio: pixelRatio(this.node) };
    const reserve = showsReal || walks ? WALK_PX : 0;
    const [one, two] = [1, 2].map(below => fitTiles({ ...room, below: showsReal ? below : 0, reserve }));
    const rows = real > one.columns && two.size > 0.9 * one.size ? 2 : 1;
    const fit = rows === 2 ? two : one;
    const wide = Math.min(room.width, Math.max(Math.ceil(fit.width), Math.round(0.5 * clientWidth)));
    this.#body.style.setProperty('--gd-image-grids', `${wide}px`);
    return { ...fit, realRows: rows, wide };
  }

  /** @param {Arrays} arrays @param {import('./pictures-fit.js').Fit} fit */
  #drawGenerated(arrays, fit) {
    const { selected, other } = this.#selection.now;
    const classes = this.#frame?.label.image_grid?.classes_of_generated;
    const named = (/** @type {number} */ i) =>
      (classes?.[i] === undefined || classes[i] === null ? '' : '\n' + t('read as {what}', { what: classes[i] }));
    this.#generated.draw({
      fit, bytes: arrays.generated, shape: this.#facts.shape, selected, other,
      colour: this.#coloured(arrays.d_generated),
      says: i => `${t('generated {number}', { number: i + 1 })}\u2003`
        + `${this.#colours.inWords(arrays.d_generated?.[i])}${named(i)}`,
      mark: this.#legend.isOn('classes') && classes ? i => String(classes[i] ?? '') : undefined,
    }, this.#theme);
  }

  /** @param {Arrays} arrays @param {import('./pictures-fit.js').Fit & {realRows: number}} fit */
  #drawReal(arrays, { realRows, ...fit }) {
    const { shape, real_pictures: all } = this.#facts;
    const count = Math.min(all, realRows * fit.columns);
    const rows = Math.ceil(count / fit.columns);
    this.#real.label = t('{count} real pictures; {in_words} on average',
        { count, in_words: this.#colours.inWords(mean(arrays.d_real)) });
    this.#real.draw({
      fit: { ...fit, count, rows, height: rows * fit.pitch + 2 }, bytes: arrays.real, shape,
      colour: this.#coloured(arrays.d_real),
      says: i => `${t('real {number}', { number: i + 1 })}\u2003${this.#colours.inWords(arrays.d_real?.[i])}`,
    }, this.#theme);
  }

  /** @param {Uint8Array} bytes @param {import('./pictures-fit.js').Fit} grid */
  #drawMap(bytes, grid) {
    const { shape, map_side: columns } = this.#facts;
    const room = { count: columns * columns, columns, side: shape[1], width: grid.width, height: grid.height,
      ratio: pixelRatio(this.node) };
    this.#map.draw({ fit: fitTiles({ ...room, bare: 1 }), bytes, shape }, this.#theme);
  }

  /** @param {Arrays} arrays */
  #drawWalk(arrays) {
    const { selected, other, share } = this.#selection.now;
    const { shape, walk: steps } = this.#facts;
    const isOurs = this.#isSeen('selected') && this.#isSeen('other');
    const between = this.#frame?.label.image_grid?.close_up?.d_between;
    this.#walk.draw({
      from: /** @type {number} */ (selected), to: /** @type {number} */ (other), share,
      walk: isOurs ? arrays.walk : undefined, picture: isOurs ? arrays.between : undefined,
      says: this.#colours.inWords(isOurs ? between : null), colour: isOurs && known(between)
        ? this.#coloured(new Float32Array([between]))?.(0) ?? null : null,
    }, shape, steps, this.#theme);
  }

  /** @param {Arrays} arrays */
  #drawSide(arrays) {
    const { selected } = this.#selection.now;
    const { image_grid: grid } = /** @type {import('./bytes.js').Picture} */ (this.#frame).label;
    const isChosen = selected !== null && selected < this.#facts.pictures;
    this.#closeUp.node.toggleAttribute('hidden', !isChosen);
    this.#hint.toggleAttribute('hidden', isChosen);
    if (isChosen) this.#drawCloseUp(arrays, selected);
    const showsHistogram = this.#legend.isOn('histogram') && grid !== null;
    const counted = this.#legend.isOn('shares') ? this.#counted(arrays.shares) : null;
    const share = showsHistogram && counted ? FIGURE_SHARE.both : FIGURE_SHARE.alone;
    const showsClasses = counted !== null && (!isChosen || this.#hasRoomFor(showsHistogram ? 2 : 1, share));
    this.#histogram.node.toggleAttribute('hidden', !showsHistogram);
    this.#classes.node.toggleAttribute('hidden', !showsClasses);
    this.#side.style.setProperty('--gd-figure', percentage(showsClasses ? share : FIGURE_SHARE.alone));
    if (showsClasses) this.#classes.draw(counted, this.#theme);
    if (showsHistogram) this.#histogram.draw(arrays.histogram_real, arrays.histogram_generated, {
      of: grid.histogram_range, isFixed: isProbability(readingOf(this.#facts)),
    }, this.#theme);
  }

  /** What generated pictures are counted by; null where they are not. @param {Float32Array | undefined} shares
   * @returns {import('./pictures-classes.js').Counted | null} */
  #counted(shares) {
    const { modes: names, mode_weights: weights, counted_by: countedBy, samples } = this.#facts;
    const { reverse_kl: floor } = this.#facts.floors;
    if (!countedBy || names.length !== shares?.length) return null;
    const { numbers, measured, step } = /** @type {import('./bytes.js').Picture} */ (this.#frame).label;
    return { shares, weights, names, countedBy, numbers, samples, floor, step: measured === step ? null : measured };
  }

  /** Whether so many figures leave the close-up its height; a narrow page has all the room. @param {number} figures
   * @param {number} share of the height */
  #hasRoomFor(figures, share) {
    if (this.node.closest('[data-layout="narrow"]')) return true;
    return this.#closeUp.height <= this.#side.clientHeight * (1 - figures * share) - figures * SIDE_GAP_PX;
  }

  /** @param {Arrays} arrays @param {number} selected */
  #drawCloseUp(arrays, selected) {
    const { shape } = this.#facts;
    const { image_grid: grid } = /** @type {import('./bytes.js').Picture} */ (this.#frame).label;
    const size = shape[0] * shape[1] * shape[2];
    const isOurs = this.#isSeen('selected');
    const named = grid?.classes_of_generated?.[selected] ?? null;
    this.#closeUp.draw({
      index: selected, says: this.#colours.inWords(arrays.d_generated?.[selected]),
        colour: this.#coloured(arrays.d_generated)?.(selected) ?? null,
      named, bytes: arrays.generated.subarray(selected * size, (selected + 1) * size),
      nearest: isOurs ? arrays.nearest : undefined, near: isOurs ? grid?.close_up.nearest : undefined, saliency: isOurs
        ? arrays.saliency : undefined,
    }, this.#theme);
  }

  /** A small stage: the grid alone, with as many pictures as can be told apart. @param {Arrays} arrays */
  #drawSmall(arrays) {
    const { clientWidth: width, clientHeight: height } = this.#body;
    if (width < 60 || height < 60) return false;
    const { shape, pictures: count } = this.#facts;
    const fit = fitSome({ count, side: shape[1], width, height, ratio: pixelRatio(this.node) }, SMALLEST_PX);
    this.#generated.label =
      t('{count} generated pictures; {in_words} on average',
          { count: fit.count, in_words: this.#colours.inWords(mean(arrays.d_generated)) });
    this.#generated.draw({
      fit, bytes: arrays.generated, shape: this.#facts.shape, colour: this.#coloured(arrays.d_generated),
      says: i => `${t('generated {number}', { number: i + 1 })}\u2003${this.#colours.inWords(arrays.d_generated?.[i])}`,
    }, this.#theme);
    return true;
  }

  /** @param {Float32Array | undefined} values
   * @returns {((i: number) => string | null) | undefined} none where frames are switched off */
  #coloured(values) {
    return values && this.#legend.isOn('frames') ? i => this.#colours.of(values[i]) : undefined;
  }

  /** Whether the frame was made for what is chosen now. @param {'selected' | 'other'} what */
  #isSeen(what) {
    return (this.#frame?.label.image_grid?.close_up?.[what] ?? null) === this.#selection.now[what];
  }

  /** @param {number | null} i @param {boolean} isOther */
  #choose(i, isOther) {
    const { selected, other } = this.#selection.now;
    if (i === null && this.#awaitsSecond) return this.#awaitSecond(false);
    const asSecond = i !== null && selected !== null && (isOther || this.#awaitsSecond);
    this.#awaitSecond(false);
    if (asSecond) this.#set({ other: i === other ? null : i });
    else this.#set({ selected: i === selected ? null : i, ...(i === null ? { other: null } : {}) });
  }

  /** @param {boolean} now */
  #awaitSecond(now) {
    this.#awaitsSecond = now;
    this.#closeUp.awaitsSecond = now;
    this.#generated.node.toggleAttribute('data-awaiting', now);
  }

  /** @param {Partial<import('./pictures-selection.js').Selection>} change */
  #set(change) {
    const refusal = this.#refusal;
    if (refusal) this.#options.say?.(refusal);
    else if (this.#selection.set(change)) this.#options.request();
  }

  /** Why nothing else can be looked at closely: the one frame for all is the steering viewer's, the past is over. */
  get #refusal() {
    if (this.node.closest('[data-status="recorded"]'))
      return t('A recorded run shows pictures close up where somebody looked at them so while it was '
        + 'played.');
    if (this.node.closest('[data-past]'))
      return t('The past is shown as it was, close-ups too. Go back to live to look at other pictures '
        + 'closely.');
    return this.node.closest('[data-role="steer"]') ? '' : t('Whoever steers this run chooses what '
      + 'all see close up.');
  }

  /** @param {import('./bytes.js').Picture} frame */
  #inWords({ label: { numbers }, arrays }) {
    const average = (/** @type {string} */ name) =>
      this.#colours.inWords(mean(/** @type {Float32Array | undefined} */ (arrays[name])));
    const classes = this.#facts.modes.length;
    const modes = classes && known(numbers.modes)
      ? before(t('Generated pictures reach {modes} of {classes} {what}.',
          { modes: numbers.modes, classes, what: this.#facts.counted_by ?? t('classes') })) : '';
    const quality = known(numbers.frechet)
      ? ' ' + t('Fréchet distance {frechet}, precision {precision}, recall {recall}.',
          { frechet: compact(numbers.frechet),
            precision: fixed(numbers.precision, 2),
            recall: fixed(numbers.recall, 2) }) : '';
    return t('{modes}{average} on average on real, {average2} on generated pictures.{quality}',
        { modes, average: average('d_real'), average2: average('d_generated'), quality });
  }
}

/** @param {Float32Array | undefined} values */
function mean(values) {
  return values?.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
}

/** @param {number} share */
const percentage = share => `${100 * share}%`;

/** How large the players are, and where they play. @param {import('./types.d.ts').PictureFacts} facts */
function sizes({ parameters: { generator, discriminator }, device }) {
  return t('G {generator} · D {discriminator} parameters · on {device}',
    { generator: grouped(generator), discriminator: grouped(discriminator), device });
}
