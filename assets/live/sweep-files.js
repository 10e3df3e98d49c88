// @ts-check
/** The map of a sweep as a picture to take away, as it stands on the page but for the cursor. */
import { element } from './dom.js';
import { CanvasPen, SvgPen } from './sweep-pens.js';
import { arrange, draw } from './sweep-picture.js';

const GONE_MS = 2000; // by then the browser has what it saves
const SCALE = 2; // of a PNG

/** @typedef {{cells: import('./sweep-cells.js').Cells, width: number, height: number, colour: string,
 *   theme: import('./palette.js').Theme, edges: import('./sweep-picture.js').Edge[][]}} Map */

/** @param {Map} map */
export function saveSvg({ cells, width, height, colour, theme, edges }) {
  const pen = new SvgPen();
  pen.rect(0, 0, width, height, theme.background);
  draw(pen, cells, arrange(cells, width, height), colour, theme, edges, null);
  save(new Blob([pen.file(width, height, theme.font)], { type: 'image/svg+xml' }), 'sweep.svg');
}

/** @param {Map} map */
export function savePng({ cells, width, height, colour, theme, edges }) {
  const canvas = /** @type {HTMLCanvasElement} */ (element('canvas', { width: SCALE * width, height: SCALE * height }));
  const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  c.scale(SCALE, SCALE);
  const pen = new CanvasPen(c, theme.font);
  pen.rect(0, 0, width, height, theme.background);
  draw(pen, cells, arrange(cells, width, height), colour, theme, edges, null);
  canvas.toBlob(blob => blob && save(blob, 'sweep.png'), 'image/png');
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = /** @type {HTMLAnchorElement} */ (element('a', { href: address, download: name }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), GONE_MS);
}
