// @ts-check
/**
 * The map of a sweep: a cell for each point, small maps side by side for a third axis, curves along the sides, and over
 * the cells the boundary of stability where theory knows it.
 */
import { channels } from './palette.js';
import { share, VERDICT } from './sweep-cells.js';

/** @typedef {import('./sweep-cells.js').Cells} Cells
 * @typedef {import('./sweep-pens.js').Pen} Pen
 * @typedef {import('./palette.js').Theme} Theme
 * @typedef {[number, number, number, number]} Edge
 * @typedef {{x: number, y: number, w: number, h: number, cw: number, ch: number}} Pane its corner, its size, a cell's
 * @typedef {{panes: Pane[], columns: number}} Layout
 * @typedef {[number, number, number]} Place along each axis */

const [TOP, RIGHT, BOTTOM, STRIP, TITLE, GAP] = [26, 8, 44, 30, 20, 18]; // px
const LETTER_PX = 12; // cells below have a hatch instead
const NARROW_PX = 600;
const DIGIT_PX = 6.4;
const WIDE = 1.72; // of a Chinese character, in digits
/** Where the page is dark, verdicts that say little do not shine: grounds by the letter.
 * @type {Record<string, string>} */
const DIM = { '·': '#2b313b', t: '#4a515d' };
const VIRIDIS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

// Lines within a unit cell, a pattern for each verdict; where a cell is too small for a letter
const HATCHES = [[], [[0, 1, 1, 0]], [[0, 0.5, 1, 0.5]], [[0.4, 0.5, 0.6, 0.5]], [], [[0.5, 0, 0.5, 1]],
  [[0, 0, 1, 1]], [[0, 0.3, 1, 0.3], [0, 0.7, 1, 0.7]], [[0.3, 0, 0.3, 1], [0.7, 0, 0.7, 1]],
  [[0, 0, 1, 1], [0, 1, 1, 0]]];

/** A colour of Viridis (van der Walt, Smith 2015), which the colour-blind see, too. @param {number} t from 0 to 1 */
export function viridis(t) {
  const at = Math.min(t * (VIRIDIS.length - 1), VIRIDIS.length - 1 - 1e-9);
  const [low, high] = [VIRIDIS[Math.floor(at)], VIRIDIS[Math.floor(at) + 1]];
  return `rgb(${low.map((c, i) => Math.round(c + (at % 1) * (high[i] - c))).join(',')})`;
}

/** In widths of a digit: a Chinese character is as wide as it is high. @param {string} words */
const widthOf = words => [...words].reduce((sum, sign) => sum + (sign > '\u2e80' ? WIDE : 1), 0);

/** So much of it as has room, in widths of a digit. @param {string} words @param {number} most */
function cut(words, most) {
  if (widthOf(words) <= most + 1) return words;
  const signs = [...words];
  while (widthOf(signs.join('')) > most) signs.pop();
  return `${signs.join('')}…`;
}

/** @param {import('./sweep-cells.js').Verdict} verdict @param {Theme} theme */
export const groundOf = ({ colour, letter }, theme) => (theme.dark && DIM[letter]) || colour;

/** How high the map is to be, at this width, with so much room.
 * @param {Cells} cells @param {number} width @param {number} room */
export const heightAt = (cells, width, room) =>
  (width < NARROW_PX && cells.sizes[2] > 1 ? 300 * cells.sizes[2] : Math.max(280, room));

/** @param {Cells} cells @param {number} width @param {number} height @returns {Layout} */
export function arrange(cells, width, height) {
  const [nx, ny, nz] = cells.sizes;
  const longest = Math.max(...(cells.about.axes[1]?.values ?? ['']).map(widthOf), 2);
  const left = 26 + Math.min(0.3 * width, longest * DIGIT_PX);
  const columns = width < NARROW_PX ? 1 : nz;
  const rows = Math.ceil(nz / columns);
  const top = TOP + STRIP + (nz > 1 ? TITLE : 0);
  const w = (width - left - RIGHT - columns * STRIP - (columns - 1) * GAP) / columns;
  const h = height / rows - top - BOTTOM;
  const panes = Array.from({ length: nz }, (_, z) => ({
    x: left + (z % columns) * (w + STRIP + GAP), y: Math.floor(z / columns) * (height / rows) + top,
    w, h, cw: w / nx, ch: h / ny }));
  return { panes, columns };
}

/** The point under a pixel. @param {Layout} layout @param {number} px @param {number} py @returns {Place | null} */
export function placeAt({ panes }, px, py) {
  const z = panes.findIndex(p => px >= p.x && px < p.x + p.w && py >= p.y && py < p.y + p.h);
  if (z < 0) return null;
  const { x, y, h, cw, ch } = panes[z];
  return [Math.floor((px - x) / cw), Math.floor((y + h - py) / ch - 1e-9), z];
}

/** @param {Pen} pen @param {Cells} cells @param {Layout} layout @param {string} colour @param {Theme} theme
 * @param {Edge[][]} edges of each pane, in units of cells @param {Place | null} cursor */
export function draw(pen, cells, layout, colour, theme, edges, cursor) {
  const limits = cells.limits(colour);
  layout.panes.forEach((pane, z) => {
    const letters = fill(pen, cells, pane, z, colour, limits, theme);
    label(pen, cells, pane, z, layout, theme);
    curves(pen, cells, pane, z, colour, limits, theme);
    const at = (/** @type {number} */ u, /** @type {number} */ v) => [pane.x + (u + 0.5) * pane.cw,
      pane.y + pane.h - (v + 0.5) * pane.ch];
    for (const [ink, width] of /** @type {[string, number][]} */ ([[theme.background, 5], [theme.text, 2.5]])) {
      if (edges[z]?.length) pen.pieces(edges[z].flatMap(([a, b, c, d]) => [...at(a, b), ...at(c, d)]), ink, width);
    }
    for (const [x, y, word, size, fill, ground] of letters) {
      pen.text(x, y, word, { fill, align: 'center', size, bold: true, halo: edges[z]?.length ? ground : '' });
    }
    if (cursor && cursor[2] === z) {
      const [x, y] = [pane.x + cursor[0] * pane.cw, pane.y + pane.h - (cursor[1] + 1) * pane.ch];
      const around = [x, y, x + pane.cw, y, x + pane.cw, y + pane.ch, x, y + pane.ch, x, y - 1];
      pen.line(around, theme.background, 5);
      pen.line(around, theme.text, 2.5);
    }
  });
}

/** The lines between the cells: their ends. @param {Pane} pane @param {number} nx @param {number} ny */
function between({ x, y, w, h, cw, ch }, nx, ny) {
  const upright = Array.from({ length: nx - 1 }, (_, i) => [x + (i + 1) * cw, y, x + (i + 1) * cw, y + h]);
  const flat = Array.from({ length: ny - 1 }, (_, j) => [x, y + (j + 1) * ch, x + w, y + (j + 1) * ch]);
  return [...upright, ...flat].flat();
}

/** The cells, but for their letters, which it gives back: they stand above whatever is drawn over the cells.
 * @param {Pen} pen @param {Cells} cells @param {Pane} pane @param {number} z @param {string} colour
 * @param {import('./sweep-cells.js').Limits} limits @param {Theme} theme
 * @returns {[number, number, string, number, string, string][]} middle, letter, size, ink, ground */
function fill(pen, cells, pane, z, colour, limits, theme) {
  const [nx, ny] = cells.sizes;
  const { verdicts, seeds } = cells.about;
  const gap = Math.min(1, pane.cw / 8, pane.ch / 8);
  const isRoomy = Math.min(pane.cw, pane.ch) >= LETTER_PX;
  /** Ends of a hatch's lines, by ink. @type {Record<string, number[]>} */
  const hatched = {};
  /** @type {ReturnType<typeof fill>} */
  const letters = [];
  const inks = /** @type {Record<string, string>} */ ({});
  pen.rect(pane.x, pane.y, pane.w, pane.h, theme.grid);
  pen.pieces(between(pane, nx, ny), theme.background, gap); // where games will stand
  for (let i = 0; i < nx; i++)
    for (let j = 0; j < ny; j++) {
      const point = cells.at(i, j, z, colour);
      if (!point) continue;
      const [x, y] = [pane.x + i * pane.cw, pane.y + pane.h - (j + 1) * pane.ch];
      const isNumber = colour !== VERDICT && Number.isFinite(point.value);
      const verdict = verdicts[point.verdict];
      const ground = colour === VERDICT ? groundOf(verdict, theme)
        : isNumber ? viridis(share(point.value, limits)) : theme.line;
      pen.rect(x + gap / 2, y + gap / 2, pane.cw - gap, pane.ch - gap, ground);
      const ink = inks[ground] ??= inkOn(ground);
      if (colour === VERDICT && isRoomy) {
        const size = Math.min(15, 0.62 * Math.min(pane.cw, pane.ch));
        letters.push([x + pane.cw / 2, y + pane.ch / 2, verdict.letter, size, ink, ground]);
      } else if (colour === VERDICT) {
        for (const [a, b, c, d] of HATCHES[point.verdict] ?? []) {
          (hatched[ink] ??= []).push(x + a * pane.cw, y + b * pane.ch, x + c * pane.cw, y + d * pane.ch);
        }
      } else if (!isNumber) (hatched[theme.muted] ??= []).push(x, y, x + pane.cw, y + pane.ch);
      if (seeds > 1 && isRoomy && point.agree < 1) { // how many of the seeds agree: all of them need no bar
        pen.rect(x + 2, y + pane.ch - 4, (pane.cw - 4) * point.agree, 2, ink);
      }
    }
  for (const [ink, ends] of Object.entries(hatched)) pen.pieces(ends, ink, 0.8);
  return letters;
}

/** @param {Pen} pen @param {Cells} cells @param {Pane} pane @param {number} z @param {Layout} layout
 * @param {Theme} theme */
function label(pen, cells, pane, z, { columns }, theme) {
  const [across, up, side] = cells.about.axes;
  const fill = theme.muted;
  const below = pane.y + pane.h;
  const longest = Math.max(...across.values.map(widthOf)) * DIGIT_PX + 10;
  const every = Math.ceil(longest / pane.cw);
  across.values.forEach((words, i) => {
    if (i % every === 0) pen.text(pane.x + (i + 0.5) * pane.cw, below + 11, words, { fill, align: 'center' });
  });
  pen.text(pane.x + pane.w / 2, below + 30, across.name, { fill: theme.text, align: 'center', size: 12 });
  if (side) {
    pen.text(pane.x + pane.w / 2, pane.y - STRIP - 18, `${side.name} = ${side.values[z]}`,
      { fill: theme.text, align: 'center', size: 12, bold: true });
  }
  if (!up || z % columns) return;
  const high = Math.ceil(14 / pane.ch);
  const most = Math.floor((pane.x - 26) / DIGIT_PX);
  up.values.forEach((words, j) => {
    if (j % high) return;
    pen.text(pane.x - 6, below - (j + 0.5) * pane.ch, cut(words, most), { fill, align: 'right' });
  });
  pen.text(9, pane.y + pane.h / 2, up.name, { fill: theme.text, align: 'center', size: 12, turned: true });
}

/** Along the upper side over the columns, along the right one over the rows.
 * @param {Pen} pen @param {Cells} cells @param {Pane} pane @param {number} z @param {string} colour
 * @param {import('./sweep-cells.js').Limits} limits @param {Theme} theme */
function curves(pen, cells, pane, z, colour, limits, theme) {
  const reach = STRIP - 8;
  const [bottom, left] = [pane.y - 4, pane.x + pane.w + 4];
  pen.line([pane.x, bottom, pane.x + pane.w, bottom], theme.line, 1);
  /** @type {(t: number, i: number) => number[]} */
  const over = (t, i) => [pane.x + (i + 0.5) * pane.cw, bottom - t * reach];
  stroke(pen, cells.marginal(0, z, colour, limits), over, theme.text);
  if (cells.sizes[1] < 2) return;
  pen.line([left, pane.y, left, pane.y + pane.h], theme.line, 1);
  /** @type {(t: number, i: number) => number[]} */
  const beside = (t, i) => [left + t * reach, pane.y + pane.h - (i + 0.5) * pane.ch];
  stroke(pen, cells.marginal(1, z, colour, limits), beside, theme.text);
}

/** @param {Pen} pen @param {number[]} values @param {(t: number, i: number) => number[]} at @param {string} ink */
function stroke(pen, values, at, ink) {
  let points = /** @type {number[]} */ ([]);
  for (const [i, value] of [...values, NaN].entries()) {
    if (!Number.isNaN(value)) points.push(...at(value, i));
    else {
      if (points.length === 2) pen.rect(points[0] - 1.5, points[1] - 1.5, 3, 3, ink);
      else if (points.length) pen.line(points, ink, 1.5);
      points = [];
    }
  }
}

/** Black or white, whichever has more contrast to this ground (WCAG 2's relative luminance). @param {string} ground */
export function inkOn(ground) {
  const [r, g, b] = channels(ground).map(c => (c > 10 ? ((c / 255 + 0.055) / 1.055) ** 2.4 : c / 255 / 12.92));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? '#111111' : '#ffffff';
}
