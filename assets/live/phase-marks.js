// @ts-check
/**
 * What stands on the phase plane of a scalar game: the flow, the path, the equilibrium, and the names of the axes.
 */
import { letterSize, markSize, numbersRoom } from './plane-marks.js';
import { translucent } from './palette.js';
import { t } from './words.js';

/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {import('./viewport.js').Viewport} Viewport */
/** @typedef {import('./palette.js').Theme} Theme */

/** What a mark needs to be drawn.
 * @typedef {object} Scene
 * @property {Context} c
 * @property {Viewport} view
 * @property {Theme} theme
 * @property {Flow} flow
 * @property {ArrayLike<number>} path theta and psi in turn, from old to new
 * @property {[number, number] | null} equilibrium null where there is no rest point */

/** -v on a grid over a window, its corners included; between the nodes it is interpolated. */
export class Flow {
  /** @param {ArrayLike<number>} values (n, n, 2), row by row from the lowest psi @param {number} n
   * @param {number[]} window */
  constructor(values, n, [thetaLow, thetaHigh, psiLow, psiHigh]) {
    this.values = values;
    this.n = n;
    this.thetaLow = thetaLow;
    this.thetaHigh = thetaHigh;
    this.psiLow = psiLow;
    this.psiHigh = psiHigh;
    this.step = (thetaHigh - thetaLow) / (n - 1);
    this.fastest = 0;
    for (let i = 0; i < 2 * n * n; i += 2) {
      const speed = Math.hypot(values[i], values[i + 1]);
      if (Number.isFinite(speed)) this.fastest = Math.max(this.fastest, speed);
    }
  }

  /** (d theta, d psi) at a place; null outside the window. @param {number} theta @param {number} psi
   * @returns {[number, number] | null} */
  at(theta, psi) {
    const { values, n } = this;
    const [u, v] = [(theta - this.thetaLow) / this.step, (psi - this.psiLow) / this.step];
    const edge = n - 1 + 1e-6;
    if (!(u >= -1e-6 && v >= -1e-6 && u <= edge && v <= edge)) return null;
    const [i, j] = [u, v].map(place => Math.min(n - 2, Math.max(0, Math.floor(place))));
    const [s, t] = [u - i, v - j];
    const k = 2 * (j * n + i);
    const mix = (/** @type {number} */ at) =>
      (1 - t) * ((1 - s) * values[at] + s * values[at + 2])
        + t * ((1 - s) * values[at + 2 * n] + s * values[at + 2 * n + 2]);
    return [mix(k), mix(k + 1)];
  }
}

const CLOSEST_ARROWS_PX = 20;
// an arrow is as long as this power of its speed: a hundredth of the fastest is still a sixth as long
const COMPRESSION = 0.4;
const FULL_LENGTH = 0.92; // of the distance between two arrows
const HEAD_PX = 3.4;

/** @param {Scene} scene */
export function drawFlow({ c, view, theme, flow }) {
  if (!(flow.fastest > 0)) return;
  const { left, top, width, height } = view.box;
  // However far one zooms, arrows stand about as close: between nodes, or at every other one.
  let step = flow.step;
  while (step * view.scale >= 2 * CLOSEST_ARROWS_PX) step /= 2;
  while (step * view.scale < CLOSEST_ARROWS_PX) step *= 2;
  const [thetaFrom, psiFrom] = view.under(left, top + height);
  const [thetaTo, psiTo] = view.under(left + width, top);
  const full = FULL_LENGTH * step * view.scale;
  const inside = (/** @type {number} */ low, /** @type {number} */ from) => low
    + step * Math.max(0, Math.ceil((from - low) / step));
  c.beginPath();
  for (let psi = inside(flow.psiLow, psiFrom); psi <= Math.min(psiTo, flow.psiHigh + step / 100); psi += step)
    for (let theta = inside(flow.thetaLow, thetaFrom); theta <= Math.min(thetaTo, flow.thetaHigh + step / 100);
      theta += step) {
      const [right, up] = flow.at(theta, psi) ?? [NaN, NaN];
      const speed = Math.hypot(right, up);
      if (!(speed > 0)) continue; // also where it is no number
      const length = full * (speed / flow.fastest) ** COMPRESSION;
      const [ux, uy] = [right / speed, -up / speed];
      const [x, y] = [view.originX + view.scale * theta, view.originY - view.scale * psi];
      const [toX, toY] = [x + (length / 2) * ux, y + (length / 2) * uy];
      c.moveTo(x - (length / 2) * ux, y - (length / 2) * uy);
      c.lineTo(toX, toY);
      const head = Math.min(HEAD_PX, 0.45 * length);
      c.moveTo(toX - head * (ux - 0.6 * uy), toY - head * (uy + 0.6 * ux));
      c.lineTo(toX, toY);
      c.lineTo(toX - head * (ux + 0.6 * uy), toY - head * (uy - 0.6 * ux));
    }
  c.lineWidth = 1;
  c.strokeStyle = translucent(theme.muted, theme.opacities.slope);
  c.stroke();
}

const SHADES = 24;
const FAINTEST = 0.3;
const FAR_PX = 1e5; // a canvas need not know how far out a game has run
const STEPS_APART_PX = 8; // on average: from here on single steps are told apart by dots
const STEPS_DOTTED = 80;

/** Where the game has been, fading with age, and where it is.
 * @param {Scene} scene */
export function drawPath({ c, view, theme, path }) {
  const count = path.length / 2;
  if (!count) return;
  const far = (/** @type {number} */ px) => Math.min(FAR_PX, Math.max(-FAR_PX, px));
  const x = (/** @type {number} */ k) => far(view.originX + view.scale * path[2 * k]);
  const y = (/** @type {number} */ k) => far(view.originY - view.scale * path[2 * k + 1]);
  c.lineWidth = 0.5 * markSize(view) + 0.4;
  c.lineJoin = 'round';
  for (let shade = 0; shade < SHADES; shade++) {
    const [from, to] = [shade, shade + 1].map(part => Math.round((part / SHADES) * (count - 1)));
    if (from === to) continue;
    c.beginPath();
    for (let k = from; k <= to; k++) (k === from ? c.moveTo : c.lineTo).call(c, x(k), y(k));
    c.strokeStyle = translucent(theme.value, FAINTEST + (1 - FAINTEST) * ((shade + 1) / SHADES) ** 1.6);
    c.stroke();
  }
  drawSteps(c, theme, count, x, y);
  ring(c, x(0), y(0), 1.4 * markSize(view), theme.value, theme.background);
  drawPresent(c, view, theme, x(count - 1), y(count - 1));
}

/** @param {Context} c @param {Theme} theme @param {number} count @param {(k: number) => number} x
 * @param {(k: number) => number} y */
function drawSteps(c, theme, count, x, y) {
  const first = Math.max(1, count - STEPS_DOTTED);
  let length = 0;
  for (let k = first; k < count; k++) length += Math.hypot(x(k) - x(k - 1), y(k) - y(k - 1));
  if (!(length > STEPS_APART_PX * (count - first))) return;
  c.beginPath();
  for (let k = first; k < count; k++) {
    c.moveTo(x(k) + 1.7, y(k));
    c.arc(x(k), y(k), 1.7, 0, 2 * Math.PI);
  }
  c.fillStyle = theme.value;
  c.fill();
}

/** A dot; at the edge, a wedge that points to where it is outside.
 * @param {Context} c @param {Viewport} view @param {Theme} theme @param {number} x @param {number} y */
function drawPresent(c, { box }, theme, x, y) {
  if (!Number.isFinite(x + y)) return;
  const size = 5.5;
  const [right, bottom] = [box.left + box.width, box.top + box.height];
  c.beginPath();
  if (x >= box.left && x <= right && y >= box.top && y <= bottom) c.arc(x, y, size, 0, 2 * Math.PI);
  else {
    const [edgeX, edgeY] = [Math.min(right - 12, Math.max(box.left + 12, x)),
      Math.min(bottom - 12, Math.max(box.top + 12, y))];
    const angle = Math.atan2(y - edgeY, x - edgeX);
    for (const [turn, reach] of [[0, 10], [2.4, 8], [-2.4, 8]]) c.lineTo(edgeX + reach * Math.cos(angle + turn), edgeY
      + reach * Math.sin(angle + turn));
    c.closePath();
  }
  c.fillStyle = theme.value;
  c.fill();
  c.lineWidth = 1.5;
  c.strokeStyle = theme.background;
  c.stroke();
}

/** A cross in a ring. @param {Scene} scene */
export function drawEquilibrium({ c, view, theme, equilibrium }) {
  if (!equilibrium) return;
  const [theta, psi] = equilibrium;
  const [x, y] = [view.originX + view.scale * theta, view.originY - view.scale * psi];
  const radius = 2.1 * markSize(view);
  const arm = 1.9 * radius;
  c.beginPath();
  c.moveTo(x - arm, y);
  c.lineTo(x + arm, y);
  c.moveTo(x, y - arm);
  c.lineTo(x, y + arm);
  c.moveTo(x + radius, y);
  c.arc(x, y, radius, 0, 2 * Math.PI);
  c.lineWidth = 4;
  c.strokeStyle = translucent(theme.background, 0.8);
  c.stroke();
  c.lineWidth = 1.5;
  c.strokeStyle = theme.text;
  c.stroke();
}

/** Where somebody wants the game to begin anew, until it does. @param {Context} c @param {Viewport} view
 * @param {Theme} theme @param {[number, number]} place */
export function drawChosen(c, view, theme, [theta, psi]) {
  c.setLineDash([3, 3]);
  ring(c, view.originX + view.scale * theta, view.originY - view.scale * psi, 2.6 * markSize(view), theme.value);
  c.setLineDash([]);
}

/** @param {Context} c @param {number} x @param {number} y @param {number} radius @param {string} ink
 * @param {string} [fill] */
function ring(c, x, y, radius, ink, fill) {
  c.beginPath();
  c.arc(x, y, radius, 0, 2 * Math.PI);
  if (fill) {
    c.fillStyle = fill;
    c.fill();
  }
  c.lineWidth = 1.5;
  c.strokeStyle = ink;
  c.stroke();
}

const NAME_PX = 34; // from the edge of the plane to the foot of a name beside it, and more where numbers need more
const GAP_PX = 5; // between such a name and the numbers

/** @param {Context} c @param {Viewport} view @param {Theme} theme */
const nameAt = (c, view, theme) => Math.max(NAME_PX, numbersRoom(c, view, theme) + GAP_PX);

/** The room in px that numbers and name need left of the plane. @param {Context} c @param {Viewport} view
 * @param {Theme} theme */
export const namesRoom = (c, view, theme) => nameAt(c, view, theme) + letterSize(view) + 1;

/** What moves along which axis, each name in its ink. @param {Context} c @param {Viewport} view @param {Theme} theme
 * @param {readonly {text: string, ink: string}[]} [names] along the
 * bottom and up the left side; the players', where nothing else is said */
export function drawNames(c, view, theme, names =
  [{ text: t('θ (generator)'), ink: theme.words }, { text: t('ψ (discriminator)'), ink: theme.discriminator }]) {
  const { left, top, width, height } = view.box;
  const letters = letterSize(view) + 1;
  const beside = nameAt(c, view, theme);
  c.font = `${letters}px ${theme.font}`;
  c.textAlign = 'center';
  c.textBaseline = 'alphabetic';
  c.fillStyle = names[0].ink;
  c.fillText(names[0].text, left + width / 2, top + height + 2 * letters + 6);
  c.save();
  c.translate(left - beside, top + height / 2);
  c.rotate(-Math.PI / 2);
  c.fillStyle = names[1].ink;
  c.fillText(names[1].text, 0, 0);
  c.restore();
}

/** The frame of the plane and its axes through the origin. @param {Context} c @param {Viewport} view
 * @param {Theme} theme */
export function drawFrame(c, { box: { left, top, width, height }, originX, originY }, theme) {
  c.strokeStyle = theme.line;
  c.lineWidth = 1;
  c.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
  c.beginPath();
  const [x, y] = [Math.round(originX) + 0.5, Math.round(originY) + 0.5];
  if (x > left && x < left + width) {
    c.moveTo(x, top);
    c.lineTo(x, top + height);
  }
  if (y > top && y < top + height) {
    c.moveTo(left, y);
    c.lineTo(left + width, y);
  }
  c.stroke();
}
