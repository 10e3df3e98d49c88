// @ts-check
/**
 * What nodes hold, in small: a cloud of samples, some pictures, what D says of real and generated samples.
 */
import { fitCanvas, roomIn } from './canvas.js';
import { isProbability } from './reading.js';

/** @typedef {import('./types.d.ts').LookTold} LookTold */
/** @typedef {import('./types.d.ts').Facts} Facts */
/** @typedef {import('./palette.js').Theme} Theme */

const LATENT_RANGE = /** @type {[number, number]} */ ([-3.2, 3.2]);
const SMALLEST_PX = 8;
const DOT_PX = 1.6;
const PICTURES_IN_ROW = 3;
const EDGE = 0.06; // of the picture, left free

/** @param {HTMLCanvasElement} canvas */
function begin(canvas) {
  const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const { width, height } = roomIn(canvas);
  if (!fitCanvas(c, SMALLEST_PX)) return null;
  c.clearRect(0, 0, width, height);
  return { c, width, height };
}

/** @param {readonly (number | null)[]} values @returns {[number, number]} */
function rangeOf(values) {
  const found = values.filter(v => v !== null);
  const [low, high] = [Math.min(...found), Math.max(...found)];
  if (!found.length) return [-1, 1];
  const pad = 0.08 * (high - low) || Math.max(0.5, 0.1 * Math.abs(low));
  return [low - pad, high + pad];
}

/** Where samples are drawn: the stage's window, where it has one.
 * @param {Facts} facts @param {LookTold} look @returns {[[number, number], [number, number]]} */
function windowOf(facts, look) {
  if (facts.stage === 'line') return [facts.window, [0, 1]];
  if (facts.stage === 'plane') {
    const [left, right, bottom, top] = facts.window;
    return [[left, right], [bottom, top]];
  }
  const { width } = look.fake;
  const both = [...look.real.points, ...look.fake.points];
  const axis = (/** @type {number} */ i) => rangeOf(both.filter((_, j) => j % Math.max(1, width) === i));
  return [axis(0), width > 1 ? axis(1) : [0, 1]];
}

/** @param {HTMLCanvasElement} canvas @param {LookTold | undefined} look @param {'latents' | 'real' | 'fake'} which
 * @param {Facts} facts @param {Theme} theme */
export function drawSamples(canvas, look, which, facts, theme) {
  const room = begin(canvas);
  if (!room || !look) return;
  const cloud = look[which];
  if (cloud.pixels && facts.stage === 'pictures') return drawPictures(room, cloud.pixels, facts.shape);
  const [across, up] = which === 'latents' ? [LATENT_RANGE, LATENT_RANGE] : windowOf(facts, look);
  drawPoints(room, cloud, which === 'latents' ? [widened(cloud.points, across), up] : [across, up],
    which === 'latents' ? theme.muted : which === 'real' ? theme.real : theme.generated, theme.opacities.sample);
}

/** A range that holds all points, of latents that have another law. @param {readonly (number | null)[]} points
 * @param {[number, number]} range @returns {[number, number]} */
const widened = (points, [, high]) => {
  const most = Math.max(high, ...points.map(v => 1.1 * Math.abs(v ?? 0)));
  return [-most, most];
};

/** @param {NonNullable<ReturnType<typeof begin>>} room @param {import('./types.d.ts').Cloud} cloud
 * @param {[[number, number], [number, number]]} window @param {string} ink @param {number} opacity */
function drawPoints({ c, width, height }, { points, width: dimension }, [across, up], ink, opacity) {
  const place = (/** @type {number} */ v, /** @type {[number, number]} */ [low, high], /** @type {number} */ px) =>
    px * (EDGE + (1 - 2 * EDGE) * Math.min(1, Math.max(0, (v - low) / (high - low))));
  c.fillStyle = ink;
  c.globalAlpha = opacity;
  for (let i = 0; i < points.length; i += dimension) {
    const [x, y] = [points[i], points[i + 1]];
    if (x === null || (dimension > 1 && y === null)) continue;
    c.beginPath();
    if (dimension > 1) c.arc(place(x, across, width), height - place(Number(y), up, height), DOT_PX, 0, 2 * Math.PI);
    else c.rect(place(x, across, width) - 0.6, 0.2 * height, 1.2, 0.6 * height);
    c.fill();
  }
  c.globalAlpha = 1;
}

/** @param {NonNullable<ReturnType<typeof begin>>} room @param {string} packed bytes as base64
 * @param {readonly number[]} shape */
function drawPictures({ c, width, height }, packed, [channels, rows, columns]) {
  const bytes = Uint8Array.from(atob(packed), one => one.charCodeAt(0));
  const size = channels * rows * columns;
  const count = Math.floor(bytes.length / size);
  const inRow = Math.max(1, Math.min(count, Math.round(Math.sqrt(count * width / height)) || PICTURES_IN_ROW));
  const side = Math.min(width / inRow, height / Math.ceil(count / inRow));
  const left = (width - inRow * side) / 2;
  const sheet = new OffscreenCanvas(columns, rows);
  const drawn = /** @type {OffscreenCanvasRenderingContext2D} */ (sheet.getContext('2d'));
  c.imageSmoothingEnabled = false;
  for (let i = 0; i < count; i++) {
    const image = drawn.createImageData(columns, rows);
    for (let p = 0; p < rows * columns; p++) {
      const of = (/** @type {number} */ k) => bytes[i * size + Math.min(k, channels - 1) * rows * columns + p];
      image.data.set([of(0), of(1), of(2), 255], 4 * p);
    }
    drawn.putImageData(image, 0, 0);
    c.drawImage(sheet, left + (i % inRow) * side, Math.floor(i / inRow) * side, side - 1, side - 1);
  }
}

/** What D says: ticks of real samples above a line, of generated ones below it, and a bar at each mean.
 * @param {HTMLCanvasElement} canvas @param {LookTold | undefined} look
 * @param {import('./reading.js').DiscriminatorReading} reading @param {Theme} theme */
export function drawSaid(canvas, look, reading, theme) {
  const room = begin(canvas);
  if (!room || !look) return;
  const { c, width, height } = room;
  const [low, high] = isProbability(reading) ? [0, 1] : rangeOf([...look.d_real, ...look.d_fake]);
  const x = (/** @type {number} */ v) => 2 + (width - 4) * Math.min(1, Math.max(0, (v - low) / (high - low)));
  const middle = height / 2;
  c.fillStyle = theme.line;
  c.fillRect(0, middle - 0.5, width, 1);
  const { centre } = reading;
  if (centre !== null && centre > low && centre < high) c.fillRect(x(centre) - 0.5, 0, 1, height);
  for (const [values, mean, ink, up] of /** @type {const} */ ([
    [look.d_real, look.mean_real, theme.real, true], [look.d_fake, look.mean_fake, theme.generated, false]])) {
    c.fillStyle = ink;
    c.globalAlpha = theme.opacities.rug;
    for (const v of values) if (v !== null) c.fillRect(x(v) - 0.6, up ? middle - 0.62 * middle : middle, 1.2,
      0.62 * middle);
    c.globalAlpha = 1;
    if (mean !== null) c.fillRect(x(mean) - 1.2, up ? 0 : middle, 2.4, middle);
  }
}
