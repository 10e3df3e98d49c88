// @ts-check
/**
 * The stage of a scalar game, each player of which has one parameter (the Dirac-GAN, the bilinear game): the plane of
 * both, with the flow that drives them and the path they took, and beside it what a round does near the equilibrium.
 */
import { fitCanvas, magnification, roomIn } from './canvas.js';
import { element, write } from './dom.js';
import { listenToGestures } from './gestures.js';
import { drag } from './help.js';
import { Legend } from './legend.js';
import { compact, known, typographic } from './numbers.js';
import { drawChosen, drawEquilibrium, drawFlow, drawFrame, drawNames, drawPath, Flow, namesRoom }
  from './phase-marks.js';
import { inWords, SpectrumCanvas } from './phase-spectrum.js';
import { drawAxes } from './plane-marks.js';
import { NO_GAME } from './reading.js';
import { Spoken } from './spoken.js';
import { Viewport } from './viewport.js';
import { before, said, t } from './words.js';

/** In drawing order; the spectrum has a picture of its own.
 * @type {readonly (import('./legend.js').Layer & {draw?: (scene: import('./phase-marks.js').Scene) => void})[]} */
const LAYERS = [
  {
    key: 'flow', get label() { return t('flow −v'); }, draw: drawFlow, sample: { ink: 'muted', mark: 'arrow' },
    get hint() { return t('Where both players would go from every place: v is the gradient of each one’s own loss, '
      + 'and each descends. Lengths are compressed: a hundredth of the speed is drawn a sixth as long.'); },
  },
  {
    key: 'path', get label() { return t('path'); }, draw: drawPath, sample: { ink: 'value', width: 2.2 },
    get hint() { return t('Where the game has been, fading with age, from the small ring to the dot. Steps that are '
      + 'long enough are dotted.'); },
  },
  {
    key: 'equilibrium', get label() { return t('equilibrium'); }, draw: drawEquilibrium, sample: { ink: 'text',
      mark: 'share' },
    get hint() { return t('Where neither player wants to move: the discriminator is flat, and the generator is on '
      + 'the data unless the words above say otherwise.'); },
  },
  {
    key: 'spectrum', get label() { return t('eigenvalues'); }, sample: { ink: 'value', mark: 'dot' },
    get hint() { return t('The game near its equilibrium. λ are the eigenvalues of the Jacobian of v: stable for '
      + 'small steps when Re λ > 0. With Re λ = 0 the flow circles, and plain steps spiral out. Instance '
      + 'noise is averaged over.'); },
  },
];
const LEGEND = ['path', 'flow', 'equilibrium', 'spectrum'];

/** @returns {readonly import('./help.js').Entry[]} */
const gestures = () => [
  [[t('click')], t('begin anew from here')],
  [[t('wheel'), t('drag')], t('zoom and move the plane')],
  [['+', '−', '← → ↑ ↓'], t('the same by keys, once the plane is clicked or reached with Tab')],
  [[t('double click'), '0'], t('the whole window again')],
  ...drag().map(([keys, does]) => /** @type {import('./help.js').Entry} */ ([keys, t('in the curves: {does}',
      { does })])),
];

const MARGIN = { left: 46, right: 1, top: 3, bottom: 38 };
// px, and of the plane's side: the corner that a circle from the start leaves free
const INSET = { least: 114, most: 270, share: 0.29 };
const INSET_HEAD_PX = 37; // its caption and border, and some air
const CLICK_PX = 4; // a pointer that went farther has dragged
const CLICK_MS = 260; // the second click of a double click comes sooner
const CHOSEN_MS = 4000; // by then the game has begun anew, or was refused

/** @typedef {import('./types.d.ts').PhaseFacts & {shown?:
 * import('./types.d.ts').PhaseFacts['window']}} Facts `shown`: the window of all of several */

export class PhaseStage {
  title = t('Scalar games');
  #options;
  #theme;
  /** @type {Facts} */
  #facts = {
    ...NO_GAME, stage: 'phase', window: [-1, 1, -1, 1], equilibrium: null,
    phase: { grid: 0, eigenvalues: [], multipliers: null, modulus: null, boundary: null, words: '' },
  };
  /** @type {import('./bytes.js').Picture | null} */
  #frame = null;
  /** @type {Flow | null} */
  #flow = null;
  #legend;
  #spectrum;
  #canvas;
  #context;
  #view = new Viewport();
  #says = element('p', { class: 'gd-phase-says' });
  #homeButton = element('button', { type: 'button', class: 'gd-button gd-home', hidden: '' }, t('whole window'));
  #words;
  /** @type {{x: number, y: number} | null} where the pointer rests, in px of the canvas */
  #pointer = null;
  /** @type {[number, number] | null} where somebody wants the game to begin anew */
  #chosen = null;
  #timer = 0;

  /** @param {import('./stages.js').StageOptions} options */
  constructor(options) {
    this.#options = options;
    this.#theme = options.theme;
    this.#words = new Spoken(options.signal);
    const { signal, request, scales } = options;
    scales?.join(this.#view, signal);
    const moved = () => (scales ? scales.follow(this.#view) : request());
    this.#legend = new Legend(LAYERS, LEGEND, options);
    this.#spectrum = new SpectrumCanvas(options);
    this.#canvas = /** @type {HTMLCanvasElement} */ (element('canvas', {
      class: 'gd-plane gd-phase', tabindex: 0, role: 'img',
      'aria-label': t('The plane of both parameters, theta of the generator to the right and psi of '
        + 'the discriminator upwards: the flow, the path and the equilibrium. Plus and minus zoom, arrows '
        + 'pan, 0 resets. A click begins the game anew from there.'),
      'aria-describedby': this.#words.node.id, 'aria-keyshortcuts': '+ - 0 ArrowLeft ArrowRight ArrowUp ArrowDown',
    }));
    this.#context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d', { alpha: false }));
    this.#legend.node.append(element('span', { class: 'gd-aside gd-if-steering' }, t('click: begin anew from here')));
    this.node = element(
      'div', { class: 'gd-stage gd-stage-plane gd-stage-phase' },
      this.#legend.node, this.#says, element('div', { class: 'gd-plot' }, this.#canvas, this.#homeButton),
        this.#spectrum.node, this.#words.node,
    );
    this.#homeButton.addEventListener('click', () => {
      this.#view.reset();
      moved();
    }, { signal });
    listenToGestures(this.#canvas, this.#view, { signal, onChange: moved });
    this.#listenToPointer();
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  /** What is to be read under the pointer, and clicks, which choose where to begin anew. */
  #listenToPointer() {
    const { signal, request, tips } = this.#options;
    this.#canvas.addEventListener('pointermove', ({ offsetX: x, offsetY: y, pointerType }) => {
      this.#pointer = pointerType === 'touch' ? null : this.#at(x, y);
      request();
    }, { signal });
    this.#canvas.addEventListener('pointerleave', () => {
      this.#pointer = null;
      tips.leavePoint();
    }, { signal });
    let pressed = { x: NaN, y: NaN, at: { x: NaN, y: NaN } };
    let wandered = false;
    const farFrom = (/** @type {MouseEvent} */ { clientX, clientY }) =>
      Math.hypot(clientX - pressed.x, clientY - pressed.y) > CLICK_PX;
    this.#canvas.addEventListener('pointerdown', event => {
      wandered = !event.isPrimary; // a second finger pinches
      if (event.isPrimary) pressed = { x: event.clientX, y: event.clientY, at: this.#at(event.offsetX, event.offsetY) };
    }, { signal });
    this.#canvas.addEventListener('pointermove', event => {
      wandered ||= farFrom(event) && event.buttons !== 0;
    }, { signal });
    this.#canvas.addEventListener('click', event => {
      if (wandered || farFrom(event)) return;
      clearTimeout(this.#timer);
      this.#chosen = null;
      // Of two clicks neither chooses: they show the whole window. Where the pointer went down, not
      // where the click says: that one comes in whole pixels, and the point would not be the one read.
      const place = event.detail > 1 ? null : this.#placeUnder(pressed.at.x, pressed.at.y);
      if (place) this.#timer = window.setTimeout(() => this.#choose(place), CLICK_MS);
    }, { signal });
  }

  /** A place of the canvas in px of what is drawn. @param {number} x @param {number} y in CSS px */
  #at(x, y) {
    const times = magnification(this.#canvas);
    return { x: x / times, y: y / times };
  }

  /** The point of the plane under a point of the canvas, in as many digits as can be told apart; null beside the plane.
   * @param {number} px @param {number} py @returns {[number, number] | null} */
  #placeUnder(px, py) {
    const { left, top, width, height } = this.#view.box;
    if (px < left || py < top || px > left + width || py > top + height) return null;
    const [theta, psi] = this.#view.under(px, py).map(value => Number(value.toFixed(this.#digits)) || 0);
    return [theta, psi];
  }

  get #digits() {
    return Math.max(1, Math.ceil(Math.log10(this.#view.scale / 2)));
  }

  /** @param {[number, number]} place */
  #choose(place) {
    const { tellPage } = this.#options;
    if (!tellPage || !this.#canvas.closest('[data-role="steer"]')) return; // who watches changes nothing
    this.#chosen = place;
    tellPage('start', place);
    this.#options.request();
    this.#timer = window.setTimeout(() => {
      this.#chosen = null;
      this.#options.request();
    }, CHOSEN_MS);
  }

  get gestures() {
    return gestures();
  }

  get layers() {
    return [this.#legend.node];
  }

  get guide() {
    return this.#legend.guide;
  }

  /** @param {Facts} facts */
  setFacts(facts) {
    this.#facts = facts;
    this.#flow = null;
    this.#view.setHome(facts.shown ?? facts.window);
    write(this.#says, said(facts.phase.words));
    this.#says.dataset.tone = toneOf(facts.phase.modulus);
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
    this.#flow = null;
    // else it is the same game from elsewhere, and who chose it may have zoomed in to do so
    if (!this.#chosen) this.#view.reset();
    this.#chosen = null;
    this.#words.hurry();
    this.#options.request();
  }

  /** @param {readonly import('./bytes.js').Picture[]} pictures one */
  draw([frame]) {
    if (frame.arrays.flow !== this.#frame?.arrays.flow) this.#flow = null;
    this.#frame = frame;
    const isPainted = this.redraw();
    this.#words.tell(() => this.#inWords());
    return isPainted;
  }

  redraw() {
    const { phase, window: home, equilibrium } = this.#facts;
    const [c, theme, view] = [this.#context, this.#theme, this.#view];
    const hasSpectrum = this.#legend.isOn('spectrum');
    this.#spectrum.node.toggleAttribute('hidden', !hasSpectrum);
    if (!fitCanvas(c)) return false;
    this.#place();
    if (hasSpectrum) this.#spectrum.draw(phase, theme);
    c.fillStyle = theme.background;
    const room = roomIn(this.#canvas);
    c.fillRect(0, 0, room.width, room.height);
    const arrays = /** @type {Record<string, Float32Array>} */ (this.#frame?.arrays ?? {});
    drawAxes(c, view, theme);
    drawNames(c, view, theme);
    drawFrame(c, view, theme);
    if (!arrays.flow || arrays.flow.length !== 2 * phase.grid ** 2) return false;
    this.#flow ??= new Flow(arrays.flow, phase.grid, home);
    const { left, top, width, height } = view.box;
    c.save();
    c.beginPath();
    c.rect(left, top, width, height);
    c.clip();
    const scene = { c, view, theme, flow: this.#flow, path: arrays.path ?? [], equilibrium };
    for (const layer of LAYERS) if (this.#legend.isOn(layer.key)) layer.draw?.(scene);
    if (this.#chosen) drawChosen(c, view, theme, this.#chosen);
    c.restore();
    this.#canvas.toggleAttribute('data-zoomed', !view.isHome);
    this.#homeButton.toggleAttribute('hidden', view.isHome);
    this.#readPoint();
    return true;
  }

  /** The plane is square, to the left and at the bottom: what
   * room is left goes to the other picture, in the corner above. */
  #place() {
    const { width, height } = roomIn(this.#canvas);
    const roomY = height - MARGIN.top - MARGIN.bottom;
    const put = (/** @type {number} */ left) => {
      const roomX = width - left - MARGIN.right;
      const side = Math.min(roomX, roomY);
      // a narrow strip beside it would help nobody
      if (roomX - side < INSET.least / 2) left += roomX - side;
      this.#view.box = { left, top: MARGIN.top + roomY - side, width: side, height: side };
      return Math.max(roomX, roomY) - side;
    };
    let spare = put(MARGIN.left);
    const least = namesRoom(this.#context, this.#view, this.#theme);
    if (this.#view.box.left < least) spare = put(least);
    const inset = INSET.share * this.#view.box.width - INSET_HEAD_PX + spare / 2;
    this.node.style.setProperty('--gd-inset', `${Math.round(Math.min(INSET.most, Math.max(INSET.least, inset)))}px`);
  }

  /** The place under the pointer and the flow there, also while it rests and the game goes on. */
  #readPoint() {
    const { tips } = this.#options;
    const place = this.#pointer && this.#placeUnder(this.#pointer.x, this.#pointer.y);
    if (!this.#pointer || !place || this.#canvas.hasAttribute('data-held')) return tips.leavePoint();
    const [theta, psi] = place.map(value => typographic(value.toFixed(this.#digits)));
    const flow = this.#flow?.at(...this.#view.under(this.#pointer.x, this.#pointer.y));
    const says = flow ? `−v = (${compact(flow[0])}, ${compact(flow[1])})` : t('outside the window');
    const { left, top } = this.#canvas.getBoundingClientRect();
    const times = magnification(this.#canvas);
    tips.showPoint(`θ ${theta}\u2003ψ ${psi}\n${says}`, left + times * this.#pointer.x,
      top + times * this.#pointer.y);
  }

  #inWords() {
    const { path } = this.#frame?.arrays ?? {};
    const { equilibrium, phase } = this.#facts;
    if (!path?.length) return '';
    const last = path.length - 2;
    const [theta, psi] = equilibrium ?? [NaN, NaN];
    const away = (/** @type {number} */ at) => compact(Math.hypot(path[at] - theta, path[at + 1] - psi));
    const stands = equilibrium
      ? t(': {away} away from the equilibrium at {theta} and {psi}, {away2} at the beginning of the '
        + 'path', { away: away(last), theta: compact(theta), psi: compact(psi), away2: away(0) })
      : '';
    const eigenvalues = phase.eigenvalues.length ? before(t('Eigenvalues {values}.',
      { values: phase.eigenvalues.map(inWords).join(t(' and ')) })) : '';
    return t('Theta is {path} and psi {path2}{stands}. {eigenvalues}{known}{words}',
        { path: compact(path[last]),
          path2: compact(path[last + 1]),
          stands,
          eigenvalues,
          known: known(phase.modulus) ? '' : before(t('Modulus unknown.')),
          words: phase.words });
  }
}

const NEUTRAL = 1e-6; // a modulus nearer to 1 than this is neither in nor out

/** @param {number | null | undefined} modulus of a round */
const toneOf = modulus => (!known(modulus) || Math.abs(modulus - 1) < NEUTRAL ? '' : modulus < 1 ? 'good' : 'bad');
