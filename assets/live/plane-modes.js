// @ts-check
/**
 * The share of the generator's mass at each mode of the data, written beside it; a mode that has none is
 * ringed, calmly: before the first step all are, and whether the game has collapsed is the verdict's to say.
 */
import { fixed, known, percent as inPercent } from './numbers.js';
import { translucent } from './palette.js';
import { letterSize } from './plane-marks.js';
import { t } from './words.js';

/** @typedef {import('./viewport.js').Viewport} Viewport */
/** @typedef {{x: number, y: number, radius: number, labelX: number, labelY: number}} Place px */

const LABEL = { width: 2.9, height: 1.3 }; // of "100 %", in sizes of its letters
const GAP_PX = 4;
const SMALLEST_RADIUS_PX = 7;
const SMALLEST_LABELLED_PX = 360; // in a smaller plane words would cover the modes
const STANDARD_DEVIATIONS = 3; // a sample this near to a mode is of high quality

/** @param {CanvasRenderingContext2D} c @param {Viewport} view @param {number[][]} modes @param {number} std
 * @param {ArrayLike<number>} shares @param {import('./palette.js').Theme} theme */
export function drawModes(c, view, modes, std, shares, theme) {
  const letters = letterSize(view);
  const height = LABEL.height * letters;
  const places = placeLabels(view, modes, std, { width: LABEL.width * letters, height });
  const isLost = (/** @type {unknown} */ _, /** @type {number} */ k) => shares[k] === 0;
  c.beginPath();
  places.filter(isLost).forEach(({ x, y, radius }) => {
    c.moveTo(x + radius, y);
    c.arc(x, y, radius, 0, 2 * Math.PI);
  });
  c.strokeStyle = theme.muted;
  c.lineWidth = 1.3;
  c.setLineDash([4, 3]);
  c.stroke();
  c.setLineDash([]);
  if (Math.min(view.box.width, view.box.height) < SMALLEST_LABELLED_PX) return;

  c.textAlign = 'center';
  c.textBaseline = 'middle';
  places.forEach(({ labelX, labelY }, k) => {
    const lost = isLost(null, k);
    const text = percent(shares[k]);
    c.font = `${lost ? 'bold ' : ''}${letters}px ${theme.font}`;
    // Paper under the words, or dots and field would show through them.
    const width = c.measureText(text).width + 4;
    c.fillStyle = translucent(theme.background, 0.7);
    c.fillRect(labelX - width / 2, labelY - height / 2, width, height);
    c.fillStyle = theme.text;
    c.fillText(text, labelX, labelY + 0.5);
  });
}

/** @typedef {{shares: ArrayLike<number>, samples: number}} Shares of how many samples */
/** @typedef {import('./types.d.ts').PlaneFacts} Facts */

/** p_g's share at each mode. At full speed what was measured is some steps old, and might stand beside modes that the
 * squares have left by now: then they are counted among the squares.
 * @param {import('./bytes.js').Picture} frame @param {Facts} facts @returns {Shares} */
export function sharesIn({ label, arrays }, { modes, mode_std: std, samples }) {
  const { shares, generated } = /** @type {Record<string, Float32Array>} */ (arrays);
  if (label.measured === label.step) return { shares, samples };
  return { shares: countShares(generated, modes, std ?? 0), samples: generated.length / 2 };
}

/** What a point's mode has of p_g, beside what it has of a perfect generator; '' where it is of none.
 * @param {Facts} facts @param {Shares} found @param {number} x @param {number} y */
export function modeInWords({ modes, mode_std: std, mode_shares: perfect }, { shares, samples }, x, y) {
  const k = std ? nearestMode(modes, std, x, y) : -1;
  if (k < 0) return '';
  const noise = Math.sqrt(perfect[k] * (1 - perfect[k]) / samples);
  const expected = `${inPercent(perfect[k], 1)} ± ${fixed(100 * noise, 1)}`;
  return `\n${t('p_g here {share}\u2003a perfect G {expected}', { share: inPercent(shares[k], 1), expected })}`;
}

/** The shares among samples at hand.
 * @param {ArrayLike<number>} points x and y in turn @param {number[][]} modes @param {number} std */
function countShares(points, modes, std) {
  const shares = new Float32Array(modes.length);
  for (let i = 0; i < points.length; i += 2) {
    const k = nearestMode(modes, std, points[i], points[i + 1]);
    if (k >= 0) shares[k] += 2 / points.length;
  }
  return shares;
}

/** Which mode a point is of; -1 where it is beyond 3 standard deviations of any.
 * @param {number[][]} modes @param {number} std @param {number} x @param {number} y */
function nearestMode(modes, std, x, y) {
  let nearest = -1;
  let least = (STANDARD_DEVIATIONS * std) ** 2;
  for (let k = 0; k < modes.length; k++) {
    const square = (x - modes[k][0]) ** 2 + (y - modes[k][1]) ** 2;
    if (square <= least) [nearest, least] = [k, square];
  }
  return nearest;
}

/** @param {number} share */
const percent = share => (!known(share) ? '–' : share > 0 && share < 0.005 ? '<1 %' : `${Math.round(100 * share)} %`);

/** Outward from the middle where the modes surround it, as on a ring; else above each, as on a grid.
 * @param {Viewport} view @param {number[][]} modes @param {number} std
 * @param {{width: number, height: number}} label px @returns {Place[]} */
function placeLabels(view, modes, std, label) {
  const radius = Math.max(SMALLEST_RADIUS_PX, STANDARD_DEVIATIONS * std * view.scale);
  const at = modes.map(([x, y]) => ({ x: view.originX + view.scale * x, y: view.originY - view.scale * y, radius }));
  const middle = { x: mean(at.map(p => p.x)), y: mean(at.map(p => p.y)) };
  const distances = at.map(p => Math.hypot(p.x - middle.x, p.y - middle.y));
  const surround = Math.min(...distances) > 0.5 * Math.max(...distances);
  return at.map((place, k) => {
    const [ux, uy] = surround ? [(place.x - middle.x) / distances[k], (place.y - middle.y) / distances[k]] : [0, -1];
    // So far out that the label's box just clears the circle.
    const reach = radius + GAP_PX + Math.abs(ux) * (label.width / 2) + Math.abs(uy) * (label.height / 2);
    return { ...place, labelX: place.x + reach * ux, labelY: place.y + reach * uy };
  });
}

/** @param {number[]} values */
const mean = values => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
