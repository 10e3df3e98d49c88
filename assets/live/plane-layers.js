// @ts-check
/**
 * What is drawn in the plane, layer upon layer: each with its word in the legend, and how it draws itself.
 */
import { translucent } from './palette.js';
import { ARROW_CAP, ARROW_SCALE, drawArrows, drawDots, drawMesh, drawSquares } from './plane-marks.js';
import { drawModes, sharesIn } from './plane-modes.js';
import { atEquilibrium } from './reading.js';
import { t } from './words.js';

/** @typedef {Record<string, Float32Array>} Arrays */

/** What a layer needs to draw itself.
 * @typedef {object} Scene
 * @property {CanvasRenderingContext2D} c
 * @property {import('./viewport.js').Viewport} view
 * @property {Arrays} arrays
 * @property {Facts} facts
 * @property {import('./palette.js').Theme} theme
 * @property {import('./plane-fields.js').Field} field
 * @property {number} size of the field
 * @property {import('./plane-fields.js').Level} level
 * @property {import('./bytes.js').Picture} frame
 * @property {import('./field-raster.js').FieldRaster} raster up to date
 * @property {import('./contour.js').Contour} contour */

/** @typedef {import('./types.d.ts').PlaneFacts & {shown?:
 * import('./types.d.ts').PlaneFacts['window']}} Facts `shown`: the window of all of several */

/** In drawing order.
 * @type {readonly (import('./legend.js').Layer & {draw: (scene: Scene) => void})[]} */
export const LAYERS = [
  {
    key: 'field', get label() { return t('field'); }, draw: drawField, sample: { ink: 'muted', mark: 'field' },
    hint: r => (r.centre === null
      ? t('The field behind the samples. Of {symbol} only differences count: no colour stands for its '
        + 'mean level, and the scale follows its values.', { symbol: r.symbol })
      : t('The field behind the samples. When {at_equilibrium} the colour has drained out of the '
        + 'picture: the equilibrium.', { at_equilibrium: atEquilibrium(r) })),
  },
  {
    key: 'map', needs: 'mesh', get label() { return t('map G'); }, draw: drawMap, sample: { ink: 'generated',
      mark: 'mesh' },
    get hint() { return t('A grid of latents z, warped by G. Each cell holds the same share of p_g, so small cells '
      + 'are dense: the denser, the more opaque.'); },
  },
  {
    key: 'contour', label: r => `${r.symbol} = ${r.centre === null ? 'mean' : r.centre_label}`, draw: drawContours,
      sample: { ink: 'discriminator', width: 1.6 },
    hint: r => (r.centre === null
      ? t('Where {symbol} is half way between its means on real and on generated samples: a level '
        + 'without meaning of its own, that tells its high side from its low one.', { symbol: r.symbol })
      : t('Where D cannot tell: one side it takes for real, the other for generated.{what}',
          { what: (r.optimal ? ' ' + t('Dotted: the same line of {optimal_label}, when the field shows '
          + '{optimal_label}.', { optimal_label: r.optimal_label }) : '') })),
  },
  {
    key: 'real', needs: 'real', get label() { return t('p_r real'); }, draw: ({ c, view, arrays, theme }) =>
      drawDots(c, view, arrays.real, theme),
    sample: { ink: 'real', mark: 'dot' }, get hint() { return t('Real samples: dots.'); },
  },
  {
    key: 'generated', needs: 'generated', get label() { return t('p_g generated'); }, draw: ({ c, view, arrays,
      theme }) =>
      drawSquares(c, view, arrays.generated, theme),
    sample: { ink: 'generated', mark: 'square' },
      get hint() { return t('Generated samples G(z): squares. Their latents z stay the same, so each square can be '
        + 'followed.'); },
  },
  {
    key: 'sample_gradient', needs: 'sample_gradient', label: '−∇_x L_G', draw: ({ c, view, arrays, theme }) =>
      drawArrows(c, view, arrays.generated, arrays.sample_gradient, theme),
    sample: { ink: 'generated', mark: 'arrow' },
    get hint() { return t('Where the generator’s loss draws each sample. As long as the gradient, on one scale for '
      + 'the whole run: where there is none to see, G learns nothing. A gradient of {what} per width of '
      + 'the window is drawn a tenth of it long; at most {round} % of it is drawn.',
        { what: +(0.1 / ARROW_SCALE).toPrecision(2), round: Math.round(100 * ARROW_CAP) }); },
  },
  {
    key: 'shares', needs: 'shares', get label() { return t('% per mode'); }, draw: drawShares, sample: { ink: 'muted',
      mark: 'share' },
    get hint() { return t('How much of p_g lies within 3 standard deviations of each mode. A mode that has nothing '
      + 'is ringed. Under the pointer stands what a perfect generator has there, and by how much chance '
      + 'spreads that.'); },
  },
];
export const LEGEND = ['real', 'generated', 'sample_gradient', 'map', 'contour', 'shares', 'field'];

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
 * @param {CanvasRenderingContext2D} c @param {import('./viewport.js').Viewport} view
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
