// @ts-check
/**
 * A chart on a canvas, of the same lines and layout as a Plotly one: where many stand side by side, each
 * has a millisecond or two, and nobody zooms into a thumbnail; and where plotly.js is not there yet.
 */
import { fitCanvas, roomIn } from './canvas.js';
import { element } from './dom.js';

/** @typedef {[number, number]} Range */
/** @typedef {import('./plotly.d.ts').Line} Line */
/** @typedef {import('./plotly.d.ts').Layout} Layout */
/** @typedef {import('./plotly.d.ts').Stroke} Stroke */

export class SmallChart {
  #canvas = /** @type {HTMLCanvasElement} */ (element('canvas', { class: 'gd-small-chart' }));
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d'));

  /** @param {HTMLElement} node */
  constructor(node) {
    node.append(this.#canvas);
  }

  /** @param {readonly Line[]} lines
   * @param {Layout} layout of which it draws ticks of both axes, lines and words at the upper edge */
  draw(lines, { margin, xaxis, yaxis, yaxis2 = yaxis, shapes, annotations, font }) {
    const c = this.#context;
    if (!fitCanvas(c)) return;
    const { width, height } = roomIn(this.#canvas);
    const box = { left: margin.l, right: width - margin.r, top: margin.t, bottom: height - margin.b };
    c.clearRect(0, 0, width, height);
    const toX = scale(xaxis.range, box.left, box.right);
    /** @type {Record<string, (value: number) => number>} */
    const toY = { y: scale(yaxis.range, box.bottom, box.top), y2: scale(yaxis2.range, box.bottom, box.top) };
    const level = (/** @type {number} */ y, /** @type {Stroke} */ line) => {
      if (y < box.top || y > box.bottom) return;
      pen(c, line);
      c.beginPath();
      c.moveTo(box.left, y);
      c.lineTo(box.right, y);
      c.stroke();
    };
    for (const value of yaxis2.tickvals) level(toY.y2(value), { color: yaxis2.gridcolor, width: 1 });
    for (const { yref = 'y', y0, line } of shapes) level(toY[yref](y0), line);
    ticks(c, yaxis2, toY.y2, { ...box, x: box.right + 5, align: 'left' }, font.family);
    ticks(c, yaxis, toY.y, { ...box, x: box.left - 5, align: 'right' }, font.family);
    for (const { text, x, xanchor, xshift, font: own } of annotations) {
      c.font = `${own.size}px ${font.family}`;
      c.fillStyle = own.color;
      c.textAlign = /** @type {CanvasTextAlign} */ (xanchor);
      c.fillText(text, box.left + x * (box.right - box.left) + xshift, box.top);
    }
    c.save();
    c.beginPath();
    c.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    c.clip();
    for (const line of lines) if (line.visible) curve(c, line, toX, toY[line.yaxis ?? 'y']);
    c.restore();
  }
}

/** @param {CanvasRenderingContext2D} c @param {Line} line @param {(x: number) => number} toX
 * @param {(y: number) => number} toY */
function curve(c, { x, y, line, fill, fillcolor = 'transparent', opacity = 1 }, toX, toY) {
  const trace = () => {
    let isOpen = false; // a value that is no number parts the line
    for (let i = 0; i < x.length; i++) {
      if (!Number.isFinite(y[i])) isOpen = false;
      else if (isOpen) c.lineTo(toX(x[i]), toY(y[i]));
      else {
        c.moveTo(toX(x[i]), toY(y[i]));
        isOpen = true;
      }
    }
  };
  if (fill) {
    c.beginPath();
    trace();
    c.lineTo(toX(x[x.length - 1]), toY(0));
    c.lineTo(toX(x[0]), toY(0));
    c.fillStyle = fillcolor;
    c.fill();
  }
  pen(c, line);
  c.globalAlpha = opacity;
  c.beginPath();
  trace();
  c.stroke();
  c.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} c @param {Stroke} line */
function pen(c, { color = 'transparent', width, dash = 'solid' }) {
  c.strokeStyle = color;
  c.lineWidth = width;
  c.lineJoin = 'round';
  c.setLineDash(dash === 'solid' ? [] : dash.split(',').map(Number.parseFloat));
}

/** @param {CanvasRenderingContext2D} c @param {import('./plotly.d.ts').Axis} axis @param {(y: number) => number} toY
 * @param {{x: number, align: CanvasTextAlign, top: number, bottom: number}} place @param {string} family */
function ticks(c, { tickvals, ticktext, tickfont }, toY, { x, align, top, bottom }, family) {
  c.font = `${tickfont.size}px ${family}`;
  c.fillStyle = tickfont.color;
  c.textAlign = align;
  c.textBaseline = 'middle';
  tickvals.forEach((value, i) => {
    const y = toY(value);
    if (y >= top && y <= bottom) c.fillText(ticktext[i], x, y);
  });
}

/** @param {Range} range @param {number} from @param {number} to */
const scale = ([low, high], from, to) => (/** @type {number} */ value) => from
  + ((value - low) / (high - low)) * (to - from);
