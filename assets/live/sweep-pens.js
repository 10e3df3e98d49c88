// @ts-check
/**
 * Two pens with the same few strokes: one draws on a canvas, one writes SVG. So what is taken away is what is seen.
 */

/** @typedef {{fill: string, align?: 'left' | 'center' | 'right', size?: number, bold?: boolean,
 *   turned?: boolean, halo?: string}} Letters `halo`: a ground around them, where lines pass below
 * @typedef {{rect(x: number, y: number, w: number, h: number, fill: string): void,
 *   line(points: number[], ink: string, width: number): void,
 *   pieces(ends: number[], ink: string, width: number): void,
 *   text(x: number, y: number, words: string, letters: Letters): void}} Pen `line`: x, y, x, y, ...; `pieces`:
 *   any number of x, y, x', y', in one stroke, since a thousand of them are dear; `text`: y is the middle of a line */

const SIZE_PX = 11;
const HALO_PX = 5; // half of it on each side of a stroke

/** @implements {Pen} */
export class CanvasPen {
  #c;
  #font;
  #set = ''; // what the canvas has: to set it costs as much as to write

  /** @param {CanvasRenderingContext2D} c @param {string} font */
  constructor(c, font) {
    this.#c = c;
    this.#font = font;
    c.textBaseline = 'middle';
  }

  /** @param {number} x @param {number} y @param {number} w @param {number} h @param {string} fill */
  rect(x, y, w, h, fill) {
    this.#c.fillStyle = fill;
    this.#c.fillRect(x, y, w, h);
  }

  /** @param {number[]} points @param {string} ink @param {number} width */
  line(points, ink, width) {
    const c = this.#c;
    c.strokeStyle = ink;
    c.lineWidth = width;
    c.beginPath();
    c.moveTo(points[0], points[1]);
    for (let i = 2; i < points.length; i += 2) c.lineTo(points[i], points[i + 1]);
    c.stroke();
  }

  /** @param {number[]} ends @param {string} ink @param {number} width */
  pieces(ends, ink, width) {
    const c = this.#c;
    c.strokeStyle = ink;
    c.lineWidth = width;
    c.beginPath();
    for (let i = 0; i < ends.length; i += 4) {
      c.moveTo(ends[i], ends[i + 1]);
      c.lineTo(ends[i + 2], ends[i + 3]);
    }
    c.stroke();
  }

  /** @param {number} x @param {number} y @param {string} words @param {Letters} letters */
  text(x, y, words, { fill, align = 'left', size = SIZE_PX, bold = false, turned = false, halo = '' }) {
    const c = this.#c;
    const font = `${bold ? '600 ' : ''}${size}px ${this.#font}`;
    if (font !== this.#set) c.font = this.#set = font;
    c.fillStyle = fill;
    c.textAlign = align;
    if (halo) {
      c.strokeStyle = halo;
      c.lineWidth = HALO_PX;
      c.lineJoin = 'round';
      c.strokeText(words, x, y);
    }
    if (!turned) {
      c.fillText(words, x, y);
      return;
    }
    c.save();
    c.translate(x, y);
    c.rotate(-Math.PI / 2);
    c.fillText(words, 0, 0);
    c.restore();
  }
}

/** @implements {Pen} */
export class SvgPen {
  #parts = /** @type {string[]} */ ([]);

  /** @param {number} x @param {number} y @param {number} w @param {number} h @param {string} fill */
  rect(x, y, w, h, fill) {
    this.#parts.push(`<rect x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}" fill="${fill}"/>`);
  }

  /** @param {number[]} points @param {string} ink @param {number} width */
  line(points, ink, width) {
    const pairs = points.map(n).join(' ');
    this.#parts.push(`<polyline points="${pairs}" fill="none" stroke="${ink}" stroke-width="${width}"/>`);
  }

  /** @param {number[]} ends @param {string} ink @param {number} width */
  pieces(ends, ink, width) {
    const moves = ends.map((end, i) => `${i % 4 ? (i % 4 === 2 ? 'L' : ' ') : 'M'}${n(end)}`).join('');
    this.#parts.push(`<path d="${moves}" fill="none" stroke="${ink}" stroke-width="${width}"/>`);
  }

  /** @param {number} x @param {number} y @param {string} words @param {Letters} letters */
  text(x, y, words, { fill, align = 'left', size = SIZE_PX, bold = false, turned = false, halo = '' }) {
    const anchor = { left: 'start', center: 'middle', right: 'end' }[align];
    const turn = turned ? ` transform="rotate(-90 ${n(x)} ${n(y)})"` : '';
    const around = !halo ? ''
      : ` stroke="${halo}" stroke-width="${HALO_PX}" stroke-linejoin="round" paint-order="stroke"`;
    this.#parts.push(`<text x="${n(x)}" y="${n(y)}" dominant-baseline="central" text-anchor="${anchor}" fill="${fill}"`
      + ` font-size="${size}"${bold ? ' font-weight="600"' : ''}${around}${turn}>${escaped(words)}</text>`);
  }

  /** The whole file. @param {number} width @param {number} height @param {string} font */
  file(width, height, font) {
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"`
      + ` viewBox="0 0 ${width} ${height}" font-family="${escaped(font)}">${this.#parts.join('\n')}</svg>\n`;
  }
}

/** @param {number} x */
const n = x => Number(x.toFixed(2));

/** @param {string} text */
const escaped = text => text.replace(/[&<>"]/g, sign => `&#${sign.charCodeAt(0)};`);
