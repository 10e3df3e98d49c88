// @ts-check
/**
 * What stands on the plane: samples, arrows, the warped grid, level lines, the modes' shares and
 * the axes. Each is one path or a few, for a canvas without a graphics card pays by the path.
 */
import { niceTicks } from './axes.js';
import { round } from './numbers.js';
import { translucent } from './palette.js';

/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {import('./viewport.js').Viewport} Viewport */
/** @typedef {import('./palette.js').Theme} Theme */
/** @typedef {ArrayLike<number>} Points x and y in turn */

/** The size of a mark for a picture of this size, in px. @param {Viewport} view */
export const markSize = ({ box }) => Math.min(4, Math.max(1.8, Math.min(box.width, box.height) / 230));

/** Of numbers and words in a picture of this size, in px: a large one may be on a wall. @param {Viewport} view */
export const letterSize = ({ box }) => (Math.min(box.width, box.height) > 700 ? 13 : 11);

/** Real samples: dots. @param {Context} c @param {Viewport} view @param {Points} points @param {Theme} theme */
export function drawDots(c, view, points, theme) {
  const radius = markSize(view);
  const { originX, originY, scale } = view;
  c.beginPath();
  for (let i = 0; i < points.length; i += 2) {
    const x = originX + scale * points[i];
    const y = originY - scale * points[i + 1];
    c.moveTo(x + radius, y);
    c.arc(x, y, radius, 0, 2 * Math.PI);
  }
  c.fillStyle = translucent(theme.real, theme.opacities.sample);
  c.fill();
}

/** Generated samples: squares. @param {Context} c @param {Viewport} view @param {Points} points @param {Theme} theme */
export function drawSquares(c, view, points, theme) {
  const side = 1.8 * markSize(view);
  const { originX, originY, scale } = view;
  c.beginPath();
  for (let i = 0; i < points.length; i += 2) c.rect(originX + scale * points[i] - side / 2,
    originY - scale * points[i + 1] - side / 2, side, side);
  c.fillStyle = translucent(theme.generated, theme.opacities.sample);
  c.fill();
}

/** An arrow's length is its gradient times this times the window's
 * extent squared: the same picture in another unit of x looks the same. */
export const ARROW_SCALE = 0.018;
/** Longer than this share of the window they would hide the picture. */
export const ARROW_CAP = 0.1;
const SHORTEST_ARROW_PX = 0.5;
const HEAD_PX = 3.5;

/** Where the generator's loss would have each sample go, in one step's direction. @param {Context} c
 * @param {Viewport} view
 * @param {Points} from @param {Points} arrows @param {Theme} theme */
export function drawArrows(c, view, from, arrows, theme) {
  const { originX, originY, scale, extent } = view;
  const perUnit = ARROW_SCALE * extent * extent * scale;
  const cap = ARROW_CAP * extent * scale;
  c.beginPath();
  for (let i = 0; i < from.length; i += 2) {
    const size = Math.hypot(arrows[i], arrows[i + 1]);
    const length = Math.min(cap, perUnit * size);
    if (!(length > SHORTEST_ARROW_PX)) continue; // also where the gradient is no number
    const x = originX + scale * from[i];
    const y = originY - scale * from[i + 1];
    const ux = arrows[i] / size;
    const uy = -arrows[i + 1] / size;
    const toX = x + length * ux;
    const toY = y + length * uy;
    c.moveTo(x, y);
    c.lineTo(toX, toY);
    if (length < 2 * HEAD_PX) continue;
    c.moveTo(toX - HEAD_PX * (ux - 0.6 * uy), toY - HEAD_PX * (uy + 0.6 * ux));
    c.lineTo(toX, toY);
    c.lineTo(toX - HEAD_PX * (ux + 0.6 * uy), toY - HEAD_PX * (uy - 0.6 * ux));
  }
  c.lineWidth = 1.1;
  c.strokeStyle = translucent(theme.generated, 0.9);
  c.stroke();
}

const SHADES = 8;
const DARKEST = 0.5;
const DENSEST = 3; // in decades above a uniform density over the window, from where on a cell is as opaque as it gets

/** A grid of latents as G warps it. Its cells hold equal probability,
 * so a small cell is a dense one: the opacity says how dense,
 * on a scale of logarithms that begins at a uniform density over the window.
 * @param {Context} c @param {Viewport} view @param {Points} mesh (side, side, 2) @param {number} side nodes
 * @param {Theme} theme */
export function drawMesh(c, view, mesh, side, theme) {
  const { originX, originY, scale, extent } = view;
  const x = (/** @type {number} */ k) => originX + scale * mesh[2 * k];
  const y = (/** @type {number} */ k) => originY - scale * mesh[2 * k + 1];
  const mass = 1 / (side - 1) ** 2;
  /** @type {number[][]} */
  const shades = Array.from({ length: SHADES + 1 }, () => []);
  for (let j = 0; j < side - 1; j++)
    for (let i = 0; i < side - 1; i++) {
      const k = j * side + i;
      const area = areaOf(mesh, k, k + 1, k + side + 1, k + side);
      const decades = Math.log10((mass * extent * extent) / Math.abs(area));
      if (!(decades > 0)) continue; // thin, or not a number
      shades[Math.ceil(SHADES * Math.min(1, decades / DENSEST))].push(area > 0 ? k : -k - 1);
    }
  for (let shade = 1; shade <= SHADES; shade++) {
    if (!shades[shade].length) continue;
    c.beginPath();
    for (const code of shades[shade]) {
      // All cells run round the same way: one that G folded over would else cut a hole into the one beneath.
      const k = code < 0 ? -code - 1 : code;
      const [second, fourth] = code < 0 ? [k + side, k + 1] : [k + 1, k + side];
      c.moveTo(x(k), y(k));
      c.lineTo(x(second), y(second));
      c.lineTo(x(k + side + 1), y(k + side + 1));
      c.lineTo(x(fourth), y(fourth));
      c.closePath();
    }
    c.fillStyle = translucent(theme.generated, (DARKEST * shade) / SHADES);
    c.fill();
  }
  c.beginPath();
  for (let j = 0; j < side; j++) for (let i = 0; i < side; i++) (i === 0 ? c.moveTo : c.lineTo).call(c,
    x(j * side + i), y(j * side + i));
  for (let i = 0; i < side; i++) for (let j = 0; j < side; j++) (j === 0 ? c.moveTo : c.lineTo).call(c,
    x(j * side + i), y(j * side + i));
  c.lineWidth = 0.8; // samples and arrows lie over it
  c.strokeStyle = translucent(theme.generated, theme.opacities.mesh);
  c.stroke();
}

/** Signed area of the quadrilateral a b c d, in units of x squared.
 * @param {Points} mesh @param {number} a @param {number} b @param {number} c @param {number} d */
function areaOf(mesh, a, b, c, d) {
  const [acx, acy] = [mesh[2 * c] - mesh[2 * a], mesh[2 * c + 1] - mesh[2 * a + 1]];
  const [bdx, bdy] = [mesh[2 * d] - mesh[2 * b], mesh[2 * d + 1] - mesh[2 * b + 1]];
  return (acx * bdy - acy * bdx) / 2;
}

const TICK_EVERY_PX = 90;
const NUMBER_PX = 6; // from the plane's edge to the numbers beside it

/** The round values along both axes, as far as they are in sight. @param {Viewport} view */
function ticksOf(view) {
  const { left, top, width, height } = view.box;
  const [xLow, yLow] = view.under(left, top + height);
  const [xHigh, yHigh] = view.under(left + width, top);
  const count = Math.min(width, height) / TICK_EVERY_PX / Math.min(xHigh - xLow, yHigh - yLow);
  return { across: niceTicks([xLow, xHigh], count * (xHigh - xLow)),
    up: niceTicks([yLow, yHigh], count * (yHigh - yLow)) };
}

/** The room in px that the numbers left of the plane need, each as wide as if it were negative: where one moves across
 * 0, the plane stands still. A number that is cut off loses its sign first.
 * @param {Context} c @param {Viewport} view @param {Theme} theme */
export function numbersRoom(c, view, theme) {
  c.font = `${letterSize(view)}px ${theme.font}`;
  const widths = ticksOf(view).up.map(value => c.measureText(round(-Math.abs(value))).width);
  return NUMBER_PX + Math.ceil(Math.max(0, ...widths));
}

/** Ticks and their numbers, outside the box. @param {Context} c @param {Viewport} view @param {Theme} theme */
export function drawAxes(c, view, theme) {
  const { left, top, width, height } = view.box;
  const [bottom, right] = [top + height, left + width];
  const { across, up } = ticksOf(view);
  const letters = letterSize(view);
  c.font = `${letters}px ${theme.font}`;
  c.fillStyle = theme.muted;
  c.strokeStyle = theme.line;
  c.lineWidth = 1;
  c.beginPath();
  c.textAlign = 'center';
  c.textBaseline = 'alphabetic';
  for (const value of across) {
    const x = Math.round(view.originX + view.scale * value) + 0.5;
    if (x < left + 12 || x > right - 12) continue;
    c.moveTo(x, bottom);
    c.lineTo(x, bottom + 3);
    c.fillText(round(value), x, bottom + letters + 3);
  }
  c.textAlign = 'right';
  c.textBaseline = 'middle';
  for (const value of up) {
    const y = Math.round(view.originY - view.scale * value) + 0.5;
    if (y < top + 6 || y > bottom - 6) continue;
    c.moveTo(left - 3, y);
    c.lineTo(left, y);
    c.fillText(round(value), left - NUMBER_PX, y);
  }
  c.stroke();
}
