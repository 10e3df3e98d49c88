// @ts-check
/**
 * The landscape: a plane through the space of both players' parameters, with the field and
 * the path on it, drawn as the phase plane of a scalar game is; and the path angle beside it.
 */
import { niceTicks } from './axes.js';
import { fitCanvas, roomIn } from './canvas.js';
import { baseAxis, baseLayout } from './chart.js';
import { element, write } from './dom.js';
import { StillChart } from './examine-curve.js';
import { atRest, Numbers, ofNoise } from './examine-sections.js';
import { compact, grouped, known, percent, round } from './numbers.js';
import { channels, translucent } from './palette.js';
import { drawFlow, drawFrame, drawNames, drawPath, Flow, namesRoom } from './phase-marks.js';
import { drawAxes } from './plane-marks.js';
import { Viewport } from './viewport.js';
import { said, t } from './words.js';

/** @typedef {import('./palette.js').Theme} Theme */
/** @typedef {import('./types.d.ts').Landscape} Landscape */

/** @type {import('./examine.js').Section} */
export const landscape = {
  what: 'landscape',
  get title() { return t('Landscape'); },
  get answers() { return t('Which way do both players go around here, and does the path turn?'); },
  get hint() { return t('A plane through the space of all parameters of both players, at the present point: along '
    + 'the two principal directions of the path so far (Li et al. 2018), or, while there is none, along '
    + 'the last round’s update and a random direction. Arrows are −v on this plane, v the gradient of '
    + 'each player’s own loss, on one batch; optimisers and learning rates are not in it.'); },
  create({ tips, signal, plotly }) {
    const plane = new LandscapeCanvas();
    const caption = element('p', { class: 'gd-floor' });
    const numbers = new Numbers(tips);
    const angle = new AngleCurve({ plotly, signal }, 'gd-examine-angle');
    const title = element('h4', {}, t('Path angle'));
    tips.set(title, t('Along the straight line from the oldest point kept of the path (0) to the '
      + 'present one (1) and beyond: the cosine between v and the line (Berard et al. 2020). v is the '
      + 'descent field, so the players go along −v: before an attracting point the cosine is negative, '
      + 'behind it positive.'));
    const words = element('p');
    const turning = element('div', {}, title, angle.node, words);
    return {
      node: element('div', {}, plane.node, caption, numbers.node, turning),
      show(result, theme) {
        if (result.what !== 'landscape') return;
        plane.draw(result, theme);
        const [least, most] = extent(result.speeds);
        write(caption, t('colour: |v| from {what} (none) to {what2} (full), on a scale of logarithms',
            { what: compact(10 ** least), what2: compact(10 ** most) }));
        numbers.show(rows(result));
        turning.toggleAttribute('hidden', !result.angle);
        if (!result.angle) return;
        angle.show(result.angle, theme);
        write(words, said(result.angle.words));
      },
    };
  },
};

/** @param {Landscape} result @returns {import('./examine-sections.js').Row[]} */
function rows({ shares, since, speed, sampling_noise: noise, in_plane: inPlane, parameters, samples }) {
  const spread = shares
    ? [{ name: t('spread of the path'), value: shares.map(share => percent(share, 1)).join(', '),
      hint: t('How much of the path’s squared distance from the present point lies along each axis. '
        + 'The path begins at step {since}; what lies across the plane is not seen.', { since: grouped(since) }) }]
    : [];
  return [
    ...spread,
    { name: t('|v| here'), value: compact(speed), floor: atRest(noise),
      hint: t('Length of the whole field at the present point. {of_noise}',
          { of_noise: ofNoise({ sampling_noise: noise, samples }) }) },
    { name: t('of it in the plane'), value: percent(inPlane, 1),
      hint: t('How much of the field at the present point the plane shows, as a share of its length. '
        + 'A plane has 2 of {parameters} directions.', { parameters: grouped(parameters) }) },
    { name: t('samples'), value: grouped(samples), hint: t('Of each law, the same everywhere on the '
      + 'plane.') },
  ];
}

const MARGIN = { left: 46, right: 6, top: 6, bottom: 38 };
const FULL = 0.5; // opacity where the field is fastest

class LandscapeCanvas {
  node = /** @type {HTMLCanvasElement} */ (element('canvas', { class: 'gd-examine-landscape', role: 'img' }));
  #context = /** @type {CanvasRenderingContext2D} */ (this.node.getContext('2d'));
  #view = new Viewport();

  /** @param {Landscape} result @param {Theme} theme */
  draw({ window: home, grid, flow: values, speeds, path, shares, since }, theme) {
    const c = this.#context;
    const ways = shares ? [t('first principal direction of the path'), t('second principal direction')]
      : [t('last round’s update'), t('a random direction')];
    this.node.setAttribute('aria-label',
      t('The field on the plane along {join}, with the present point{what}.',
          { join: ways.join(t(' and ')), what: shares ? ' ' + t('and the path since step {since}', { since }) : '' }));
    if (!fitCanvas(c)) return;
    const { width, height } = roomIn(this.node);
    const view = this.#view;
    view.setHome(home);
    view.place({ width, height }, MARGIN, () => namesRoom(c, view, theme));
    const side = view.box.width;
    c.clearRect(0, 0, width, height);
    drawAxes(c, view, theme);
    drawFrame(c, view, theme);
    drawNames(c, view, theme, ways.map(text => ({ text, ink: theme.text })));
    c.save();
    c.beginPath();
    c.rect(view.box.left, view.box.top, side, side);
    c.clip();
    drawSpeeds(c, view, theme, speeds, grid);
    const flow = new Flow(values.map(value => value ?? NaN), grid, home);
    const scene = { c, view, theme, flow, path, equilibrium: null };
    drawFlow(scene);
    drawPath(scene);
    c.restore();
  }
}

/** The speed as colour, a texel for each node, between which the browser blends.
 * @param {CanvasRenderingContext2D} c @param {Viewport} view @param {Theme} theme
 * @param {(number | null)[]} speeds log10, row by row from the lowest @param {number} grid */
function drawSpeeds(c, view, theme, speeds, grid) {
  const [least, most] = extent(speeds);
  const shades = Object.assign(document.createElement('canvas'), { width: grid, height: grid });
  const texels = /** @type {CanvasRenderingContext2D} */ (shades.getContext('2d'));
  const image = texels.createImageData(grid, grid);
  const ink = channels(theme.discriminator);
  speeds.forEach((speed, k) => {
    const share = known(speed) ? (speed - least) / (most - least || 1) : 0;
    image.data.set([...ink, 255 * FULL * share], 4 * ((grid - 1 - Math.floor(k / grid)) * grid + (k % grid)));
  });
  texels.putImageData(image, 0, 0);
  const { left, top, width } = view.box;
  const cell = width / (grid - 1); // nodes lie on the edges of the window, texels around them
  c.drawImage(shades, left - cell / 2, top - cell / 2, width + cell, width + cell);
}

/** @param {(number | null)[]} values @returns {[number, number]} */
function extent(values) {
  const seen = values.filter(known);
  return [Math.min(...seen), Math.max(...seen)];
}

const MARGIN_OF_ANGLE = { l: 46, r: 10, t: 6, b: 18 };
const HIGHEST = 1.08;
const RING_PX = 8;

/** The cosine along the line; where it changes sign from minus to plus there is a ring. */
class AngleCurve extends StillChart {
  /** @param {import('./types.d.ts').PathAngle} angle @param {Theme} theme */
  show({ alphas, cosines, words }, theme) {
    this.node.setAttribute('aria-label', t('Cosine of the path angle along the line to the present '
      + 'point. {words}', { words }));
    const crossings = zerosOf(alphas, cosines);
    const axis = { ...baseAxis(theme), fixedrange: true };
    const range = /** @type {[number, number]} */ ([alphas[0], alphas.at(-1)]);
    const rightmost = range[1] - 0.02 * (range[1] - range[0]);
    const tickvals = niceTicks(range, 6).filter(alpha => alpha !== 1 && alpha < rightmost);
    this.draw(() => [[
      { x: alphas, y: cosines.map(cosine => cosine ?? NaN), visible: true, line: { color: theme.text, width: 1.8 },
        hovertemplate: 'cosine %{y}<extra></extra>' },
      { x: crossings, y: crossings.map(() => 0), visible: true, mode: 'markers', line: { width: 0 }, hoverinfo: 'skip',
        marker: { color: translucent(theme.background, 0.9), size: RING_PX,
          line: { color: theme.discriminator, width: 1.8 } } },
    ], {
      ...baseLayout(theme),
      margin: MARGIN_OF_ANGLE,
      xaxis: { ...axis, range, tickvals, ticktext: tickvals.map(round), hoverformat: '.2f' },
      yaxis: { ...axis, range: [-HIGHEST, HIGHEST], tickvals: [-1, 0, 1], ticktext: ['\u22121', '0', '1'],
        showgrid: true, gridcolor: theme.grid, hoverformat: '.2f' },
      shapes: [
        { type: 'line', layer: 'between', xref: 'paper', x0: 0, x1: 1, y0: 0, y1: 0,
          line: { color: theme.muted, width: 1 } },
        { type: 'line', layer: 'between', yref: 'paper', x0: 1, x1: 1, y0: 0, y1: 1,
          line: { color: theme.value, width: 1, dash: '2px,3px' } },
      ],
      annotations: [{ text: t('now'), x: 1, xanchor: 'center', xshift: 0, yref: 'paper', y: 0, yanchor: 'top',
        yshift: -3,
        showarrow: false, borderpad: 0, font: { size: 10.5, color: theme.value } }],
    }]);
  }
}

/** Where the line between known points comes from below 0 to it. @param {number[]} x @param {(number | null)[]} y */
function zerosOf(x, y) {
  const at = x.flatMap((alpha, k) => (known(y[k]) ? [{ alpha, cosine: /** @type {number} */ (y[k]) }] : []));
  return at.slice(1).flatMap((behind, k) => {
    const before = at[k];
    if (!(before.cosine < 0 && behind.cosine >= 0)) return [];
    return [before.alpha + ((behind.alpha - before.alpha) * before.cosine) / (before.cosine - behind.cosine)];
  });
}
