// @ts-check
/**
 * The stage or a panel as a file: SVG or PNG, with the run's settings in it.
 */
import { drawApart } from './apart.js';
import { asSvg } from './as-svg.js';

/** @typedef {import('./apart.js').Wanted & {format: 'svg' | 'png', scale?: number}} Wanted
 * `scale`: pixels of a PNG for each CSS px */

/** @param {import('./apart.js').Moment} moment @param {Wanted} wanted @param {{title: string, settings: string}} about
 * @returns {Promise<Blob>} */
export async function pictureOf(moment, wanted, about) {
  const plotly = await moment.plotly;
  const svg = await drawApart(moment, wanted, (node, theme) => asSvg(node, theme, plotly, about));
  const text = new XMLSerializer().serializeToString(svg);
  if (wanted.format === 'svg') return new Blob([text], { type: 'image/svg+xml' });
  return withText(await rastered(text, wanted), { Title: about.title, Software: 'gandash', Comment: about.settings });
}

/** @param {string} svg @param {Wanted} wanted @returns {Promise<Uint8Array<ArrayBuffer>>} PNG */
async function rastered(svg, { width, height, scale = 2 }) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = Object.assign(document.createElement('canvas'), { width: width * scale, height: height * scale });
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ resolve) => canvas.toBlob(resolve));
  if (!blob) throw new Error(`A picture of ${canvas.width} × ${canvas.height} pixels is too large for this browser.`);
  return new Uint8Array(await blob.arrayBuffer());
}

const HEAD = 8 + 25; // PNG's signature and its first chunk, IHDR

/** @param {Uint8Array<ArrayBuffer>} png @param {Record<string, string>} texts */
export function withText(png, texts) {
  const chunks = Object.entries(texts).map(([key, text]) => chunk('iTXt', [...new TextEncoder().encode(key), 0, 0, 0, 0,
    0, ...new TextEncoder().encode(text)]));
  return new Blob([png.slice(0, HEAD), ...chunks, png.slice(HEAD)], { type: 'image/png' });
}

/** @param {string} type @param {number[]} data */
function chunk(type, data) {
  const body = Uint8Array.from([...new TextEncoder().encode(type), ...data]);
  const bytes = new Uint8Array(body.length + 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(body, 4);
  view.setUint32(4 + body.length, crc32(body));
  return bytes;
}

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
